"""Where the shingles of one text stand, and how far a match runs.

A hash table of one text's shingles, in arrays: heads[slot] is the last place of
a shingle, following[i] an earlier place of the same one.

Axes: T tokens, S shingles of the text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe.kernels._compile import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe.kernels.align import Pair

MAX_PLACES = 16
"""A shingle that stands more often than this in one text tells no place.

Without a bound, texts of one repeated word would cost the square of their length.
"""


@kernel
def build_table(
    shingles: NDArray[np.uint64],
    n_shingles: int,
    mask: int,
    heads: NDArray[np.int32],
    following: NDArray[np.int32],
    n_places: NDArray[np.int32],
) -> None:
    """Index shingles by hash: heads[slot] is the last place of one, following[i] an earlier."""
    heads[: mask + 1] = -1
    for i in range(n_shingles):
        slot = np.int64(shingles[i] & np.uint64(mask))
        while heads[slot] >= 0 and shingles[heads[slot]] != shingles[i]:
            slot = (slot + 1) & mask
        following[i] = heads[slot]
        n_places[i] = 1 if heads[slot] < 0 else n_places[heads[slot]] + 1
        heads[slot] = i


@kernel
def find_shingle(
    shingle: np.uint64, shingles: NDArray[np.uint64], mask: int, heads: NDArray[np.int32]
) -> int:
    """Return the last place of a shingle in the text, -1 when it is not there."""
    slot = np.int64(shingle & np.uint64(mask))
    while heads[slot] >= 0:
        if shingles[heads[slot]] == shingle:
            return np.int64(heads[slot])
        slot = (slot + 1) & mask
    return np.int64(-1)


@kernel
def free_run(
    hashes: NDArray[np.uint64], pair: Pair, i: int, j: int, taken: NDArray[np.bool_]
) -> int:
    """Return how many tokens from i in a and from j in b are equal and not taken in a."""
    length = np.int64(0)
    while (
        i + length < pair.n_a
        and j + length < pair.n_b
        and not taken[i + length]
        and hashes[pair.start_a + i + length] == hashes[pair.start_b + j + length]
    ):
        length += 1
    return length
