"""Slow, obvious Python beside each kernel: what it must compute, by definition.

Nothing here is shared with the kernels, constants included: an oracle that
imports what it judges agrees with its mistakes. Numbers are Python integers,
cut to 64 bits where the machine would cut them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

EMPTY = 2**32 - 1


def signature(hashes: Iterable[int], n_slots: int) -> list[int]:
    """Return the Fast Similarity Sketch of a set of 64-bit hashes.

    In round r < n_slots a hash competes in the slot it names; in round
    n_slots + j all compete in slot j. A slot belongs to the first round that
    reaches it, and there to the smallest value.
    """
    shingles = set(hashes)
    slots = []
    for slot in range(n_slots):
        value = EMPTY
        for nth in [*range(n_slots), n_slots + slot]:
            in_round = [rehash(shingle, nth) for shingle in shingles]
            if nth < n_slots:
                in_round = [h for h in in_round if (h >> 32) * n_slots >> 32 == slot]
            value = min((h & EMPTY for h in in_round), default=EMPTY)
            if value != EMPTY:
                break
        slots.append(min(value, EMPTY - 1) if shingles else EMPTY)
    return slots


def rehash(shingle: int, nth: int) -> int:
    """Return a 64-bit hash of a hash; round 0 takes it as it is."""
    if nth == 0:
        return shingle
    value = (shingle + nth * 0x9E3779B97F4A7C15) % 2**64
    value = (value ^ (value >> 32)) * 0xFF51AFD7ED558CCD % 2**64
    return value ^ (value >> 29)
