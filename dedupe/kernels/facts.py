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
def fill_facts(
    hashes: NDArray[np.uint64],
    flags: NDArray[np.uint8],
    n_tokens: int,
    out: NDArray[np.uint64],
    counts: NDArray[np.int64],
) -> None:
    """Write the distinct numbers of a text, then its distinct names within sentences.

    Shapes (T tokens)
        hashes, flags  (T,)        of the tokens; the first n_tokens count
        out            uint64 (T,) overwritten: both rising
        counts         int64 (2,)  overwritten: how many numbers, and how many names
    """
    counts[0] = _fill_sorted(hashes, flags, n_tokens, NUMBER_MASK, NUMBER_MASK, out)
    counts[1] = _fill_sorted(hashes, flags, n_tokens, NAME_MASK, NAME, out[counts[0] :])


@kernel
def _fill_sorted(
    hashes: NDArray[np.uint64],
    flags: NDArray[np.uint8],
    n_tokens: int,
    flag_mask: int,
    wanted: int,
    out: NDArray[np.uint64],
) -> int:
    """Write the distinct tokens whose masked flags are as wanted, rising; returns their count."""
    count = 0
    for i in range(n_tokens):
        if np.int64(flags[i]) & flag_mask == wanted:
            out[count] = hashes[i]
            count += 1
    return sort_distinct(out, 0, count)


@kernel
def count_common(values: NDArray[np.uint64], i: int, end_i: int, j: int, end_j: int) -> int:
    """Count what stands in both of two rising ranges of values, from i and from j on."""
    count = 0
    while i < end_i and j < end_j:
        left = values[i]
        right = values[j]
        count += np.int64(left == right)
        i += np.int64(left <= right)
        j += np.int64(right <= left)
    return count
