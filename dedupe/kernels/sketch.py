"""Shingle hashes in, MinHash signatures out: Fast Similarity Sketching.

A signature is a row of uint32 slots; the share of slots in which two rows
agree estimates the resemblance (Jaccard) of the two sets of shingles.

    row[:] = EMPTY
    for each shingle hash, as it arrives:  update_signature(row, hash)
    at the end of the document:            fill_empty_slots(hashes, row)

Classical MinHash reads every hash once for each slot. Here a hash enters one
slot a round, and rounds after the first are made only while slots are empty:
none for a long article, one or two for a usual one, many for a headline. Filling
empty slots by copies of full ones (one-permutation hashing) costs as much and
has two to three times the variance on short texts: benchmarks/sketch.py.

Hashes are 64-bit, well mixed and seeded by the caller; equal hashes are one
shingle, in any order and number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe.kernels._compile import kernel
from dedupe.kernels.hashing import GOLDEN, MULTIPLY

if TYPE_CHECKING:
    from numpy.typing import NDArray

EMPTY = np.uint32(0xFFFFFFFF)
"""A slot no shingle has entered; no slot of a finished signature, unless all are."""

_LOW = np.uint64(0xFFFFFFFF)
_32 = np.uint64(32)
_29 = np.uint64(29)
_STEP = GOLDEN


@kernel
def rehash(value: np.uint64, nth: np.uint64) -> np.uint64:
    """Return the hash of a shingle for round `nth`; round 0 takes it as it is.

    One multiplication between two xor-shifts: enough for hashes that are well
    mixed already, and only for those.
    """
    value = value + nth * _STEP
    value = (value ^ (value >> _32)) * MULTIPLY
    return value ^ (value >> _29)


@kernel
def slot_of(value: np.uint64, n_slots: np.uint64) -> np.int64:
    """Return the slot a hash enters: its high 32 bits, scaled to the slots."""
    return np.int64(((value >> _32) * n_slots) >> _32)


@kernel
def update_signature(row: NDArray[np.uint32], value: np.uint64) -> None:
    """Enter one shingle hash into a signature: the first round.

    Shapes (K slots)
        row      uint32 (K,)  all EMPTY before the first shingle; updated
        value    uint64       shingle hash; high half names the slot, low half
                              competes in it for the minimum
    """
    # Always storing is faster than asking first: the branch is hard to predict.
    slot = slot_of(value, np.uint64(row.shape[0]))
    row[slot] = min(row[slot], np.uint32(value & _LOW))


@kernel
def fill_empty_slots(hashes: NDArray[np.uint64], row: NDArray[np.uint32]) -> None:
    """Finish a signature: make further rounds until no slot is empty.

    Shapes (S shingles, K slots)
        hashes   uint64 (S,)  every hash that was entered; any order, repeats
                              allowed, may be read-only
        row      uint32 (K,)  after the first round; finished in place
    Error   the share of equal slots is an unbiased estimate of Jaccard J; its
            standard error is at most about sqrt(J*(1-J)/K), 0.044 at J=0.5,
            K=128, for sets of any two sizes, short ones included.
    Edge    no shingles: the row stays all EMPTY; the caller drops it, or every
            empty text becomes a duplicate of every other.
    Cost    O(S + K log K) hashes expected; nothing beyond a look at the row
            when the first round has filled it.
    Source  Dahlgaard, Knudsen, Thorup 2017, "Fast Similarity Sketching": K
            rounds in which each hash chooses its slot, an earlier round beating
            a later one, then K in which all hashes enter one given slot.
            Here rounds end when no slot is empty.
    """
    n_slots = row.shape[0]
    if hashes.shape[0] == 0:
        return
    settled = np.empty(n_slots, np.uint32)
    for nth in range(1, n_slots):
        if _mark_settled(row, settled) == n_slots:
            return
        _fill_round(hashes, np.uint64(nth), settled, row)
    for slot in range(n_slots):
        if row[slot] == EMPTY:
            row[slot] = least_of(hashes, np.uint64(n_slots + slot))


@kernel
def _mark_settled(row: NDArray[np.uint32], settled: NDArray[np.uint32]) -> int:
    """Mark full slots by EMPTY, the others by 0; count the full ones."""
    n_settled = 0
    for slot in range(row.shape[0]):
        settled[slot] = EMPTY if row[slot] != EMPTY else np.uint32(0)
        n_settled += row[slot] != EMPTY
    return n_settled


@kernel
def _fill_round(
    hashes: NDArray[np.uint64],
    nth: np.uint64,
    settled: NDArray[np.uint32],
    row: NDArray[np.uint32],
) -> None:
    """Enter every hash once more; a settled slot turns it into EMPTY, which loses."""
    n_slots = np.uint64(row.shape[0])
    for i in range(hashes.shape[0]):
        value = rehash(hashes[i], nth)
        slot = slot_of(value, n_slots)
        row[slot] = min(row[slot], np.uint32(value & _LOW) | settled[slot])


@kernel
def least_of(hashes: NDArray[np.uint64], nth: np.uint64) -> np.uint32:
    """Return the least low half in a round; below EMPTY, so that the slot is full."""
    least = EMPTY - np.uint32(1)
    for i in range(hashes.shape[0]):
        least = min(least, np.uint32(rehash(hashes[i], nth) & _LOW))
    return least
