"""Packed pairs and sketches in; which pairs may lie above the floor out.

Axes: P pairs, D documents, R sampled shingles, K signature slots.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe.kernels._compile import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SHIFT_32 = np.uint64(32)
_LOW_32 = np.uint64(0xFFFFFFFF)
# A text of which no shingle is known shares nothing.
_LEAST_TOTAL = 1e-9


@kernel
def fill_screened(
    pairs: NDArray[np.uint64],
    order: NDArray[np.int64],
    first: int,
    last: int,
    hashes: NDArray[np.uint64],
    weights: NDArray[np.float32],
    offsets: NDArray[np.int64],
    totals: NDArray[np.float64],
    signatures: NDArray[np.uint32],
    shared: NDArray[np.int32],
    share: NDArray[np.float32],
    equal_slots: NDArray[np.int32],
) -> None:
    """Compare the sampled shingles and the signatures of the pairs at order[first:last].

    Shapes
        pairs       uint64  (P,)
        order       int64   (P,)   places in pairs
        hashes      uint64  (R,)   sampled shingles of each document, rising
        weights     float32 (R,)   inverse document frequency of each
        offsets     int64   (D+1,)
        totals      float64 (D,)   weight of all of a document's
        signatures  uint32  (D, K)
        shared, equal_slots  (P,)  written at those places
        share       float32 (P, 2) too: of the weight of a's, and of b's, what is shared
    """
    for p in range(first, last):
        place = order[p]
        a = np.int64(pairs[place] >> _SHIFT_32)
        b = np.int64(pairs[place] & _LOW_32)
        i = offsets[a]
        j = offsets[b]
        end_i = offsets[a + 1]
        end_j = offsets[b + 1]
        count = 0
        weight = np.float32(0)
        while i < end_i and j < end_j:
            left = hashes[i]
            right = hashes[j]
            if left == right:
                count += 1
                weight += weights[i]
            # Without branches: which side advances is a coin toss to the processor.
            i += np.int64(left <= right)
            j += np.int64(right <= left)
        shared[place] = count
        share[place, 0] = np.float32(np.float64(weight) / max(totals[a], _LEAST_TOTAL))
        share[place, 1] = np.float32(np.float64(weight) / max(totals[b], _LEAST_TOTAL))
        row_a = signatures[a]
        row_b = signatures[b]
        equal = np.int32(0)
        for slot in range(row_a.size):
            equal += np.int32(row_a[slot] == row_b[slot])
        equal_slots[place] = equal


@kernel
def _smaller(pair: np.uint64, offsets: NDArray[np.int64]) -> int:
    """Return the fewer sampled shingles of a packed pair's documents."""
    a = np.int64(pair >> _SHIFT_32)
    b = np.int64(pair & _LOW_32)
    return min(offsets[a + 1] - offsets[a], offsets[b + 1] - offsets[b])


@kernel
def fill_enough(
    pairs: NDArray[np.uint64],
    counts: NDArray[np.int32],
    offsets: NDArray[np.int64],
    floor: float,
    out: NDArray[np.uint64],
) -> int:
    """Write the pairs whose shared shingles are half of the floor; returns how many.

    Shapes
        pairs    uint64 (P,)
        counts   int32  (P,)   sampled shingles that both have
        offsets  int64  (D+1,) of the sampled shingles of each document
        floor    share of the fewer sampled shingles
        out      uint64 (P,)   overwritten
    """
    n_out = 0
    for p in range(pairs.size):
        out[n_out] = pairs[p]
        n_out += np.int64(counts[p] >= floor * _smaller(pairs[p], offsets) / 2)
    return n_out


@kernel
def fill_likely(
    pairs: NDArray[np.uint64],
    shared: NDArray[np.int32],
    equal_slots: NDArray[np.int32],
    offsets: NDArray[np.int64],
    floor: float,
    least_slots: int,
    out: NDArray[np.int64],
) -> int:
    """Write the places of pairs that may lie above the floor; returns how many.

    Shapes
        pairs        uint64 (P,)
        shared       int32  (P,)   sampled shingles that both have
        equal_slots  int32  (P,)
        offsets      int64  (D+1,) of the sampled shingles of each document
        floor        share of the fewer sampled shingles, one at the least
        least_slots  equal slots that will do as well
        out          int64  (P,)   overwritten
    """
    n_out = 0
    for p in range(pairs.size):
        least = max(1.0, floor * _smaller(pairs[p], offsets))
        out[n_out] = p
        n_out += np.int64((shared[p] >= least) | (equal_slots[p] >= least_slots))
    return n_out


@kernel
def merge_nets(
    one: NDArray[np.uint64],
    other: NDArray[np.uint64],
    one_bit: int,
    other_bit: int,
    pairs: NDArray[np.uint64],
    nets: NDArray[np.uint8],
) -> int:
    """Merge the pairs of two nets; returns how many there are.

    Shapes (P, Q pairs)
        one, other  uint64 (P,), (Q,)  rising and distinct
        pairs       uint64 (P + Q,)    overwritten: rising and distinct
        nets        uint8  (P + Q,)    overwritten: the bits of the nets that hold each
    """
    i = j = n_out = 0
    while i < one.size or j < other.size:
        in_one = j == other.size or (i < one.size and one[i] <= other[j])
        in_other = i == one.size or (j < other.size and other[j] <= one[i])
        pairs[n_out] = one[i] if in_one else other[j]
        nets[n_out] = one_bit * np.int64(in_one) + other_bit * np.int64(in_other)
        i += np.int64(in_one)
        j += np.int64(in_other)
        n_out += 1
    return n_out
