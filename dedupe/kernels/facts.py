"""What a text says and how: narration outside quotation marks, numbers, names.

Axes: T tokens. A name is a capitalised token that does not begin a sentence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe.kernels._compile import kernel
from dedupe.kernels.sorting import sort_distinct
from dedupe.kernels.text import CAPITALISED, NUMBER, QUOTED, SENTENCE_START

if TYPE_CHECKING:
    from numpy.typing import NDArray

NUMBER_MASK = np.int64(NUMBER)
NAME_MASK = np.int64(CAPITALISED | SENTENCE_START)
NAME = np.int64(CAPITALISED)
_QUOTED = np.int64(QUOTED)


@kernel
def fill_narration(
    flags: NDArray[np.uint8],
    start: int,
    n_tokens: int,
    n_shingles: int,
    shingle_words: int,
    outside: NDArray[np.bool_],
) -> int:
    """Say which shingles have no token inside quotation marks, bool (S,); returns how many."""
    length = min(shingle_words, n_tokens)
    last_quoted = np.int64(-1)
    for i in range(length - 1):
        if np.int64(flags[start + i]) & _QUOTED:
            last_quoted = np.int64(i)
    count = np.int64(0)
    for i in range(n_shingles):
        if np.int64(flags[start + i + length - 1]) & _QUOTED:
            last_quoted = np.int64(i + length - 1)
        outside[i] = last_quoted < i
        count += np.int64(last_quoted < i)
    return count


@kernel
def count_facts(flags: NDArray[np.uint8], start: int, end: int) -> tuple[int, int]:
    """Count the numbers, and the names within sentences, among tokens [start, end)."""
    n_numbers = np.int64(0)
    n_names = np.int64(0)
    for i in range(start, end):
        flag = np.int64(flags[i])
        n_numbers += np.int64(flag & NUMBER_MASK != 0)
        n_names += np.int64(flag & NAME_MASK == NAME)
    return n_numbers, n_names


@kernel
def count_gap_facts(
    hashes: NDArray[np.uint64],
    flags: NDArray[np.uint8],
    a_from: int,
    a_to: int,
    b_from: int,
    b_to: int,
    mask: int,
    wanted: int,
) -> tuple[int, int]:
    """Return how many facts two gaps share, and how many change from one to the other.

    Facts are the tokens whose masked flags are as wanted; gaps are short, so
    each of one is looked for in the other.
    """
    n_a = np.int64(0)
    n_b = np.int64(0)
    same = np.int64(0)
    for j in range(b_from, b_to):
        n_b += np.int64(np.int64(flags[j]) & mask == wanted)
    for i in range(a_from, a_to):
        if np.int64(flags[i]) & mask != wanted:
            continue
        n_a += 1
        for j in range(b_from, b_to):
            if hashes[i] == hashes[j]:
                same += 1
                break
    return same, max(min(n_a, n_b) - same, 0)


@kernel
def sorted_facts(
    hashes: NDArray[np.uint64],
    flags: NDArray[np.uint8],
    start: int,
    n_tokens: int,
    flag_mask: int,
    wanted: int,
    out: NDArray[np.uint64],
) -> int:
    """Write the distinct tokens whose masked flags are as wanted, rising; returns their count."""
    count = 0
    for i in range(start, start + n_tokens):
        if np.int64(flags[i]) & flag_mask == wanted:
            out[count] = hashes[i]
            count += 1
    return sort_distinct(out, 0, count)


@kernel
def count_common(
    left: NDArray[np.uint64], n_left: int, right: NDArray[np.uint64], n_right: int
) -> int:
    """Count the numbers that stand in both rising lists."""
    i = j = count = 0
    while i < n_left and j < n_right:
        x = left[i]
        y = right[j]
        count += np.int64(x == y)
        i += np.int64(x <= y)
        j += np.int64(y <= x)
    return count
