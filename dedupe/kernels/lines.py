"""UTF-8 texts in; the lines that are blocks of them, out.

    bytes  ->  fill_lines()  ->  lines that are not blank
    lines  ->  join_lines()  ->  each joined to the one that it goes on from

Axes: B bytes, L lines of one text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe.kernels._compile import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Lines are taken as wrapped when none is longer than this, and those that go on
# in the next line are as long as a column of print.
_WRAPPED_LONGEST = 100
_WRAPPED_MEAN = 45
_WRAPPED_LINES = 3
# A line of so many bytes may be a sentence that the next one goes on with.
_GOING_ON = 28

_NEWLINE = np.uint8(10)


@kernel
def fill_lines(
    data: NDArray[np.uint8],
    start: int,
    end: int,
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    is_apart: NDArray[np.bool_],
) -> int:
    """Write the lines of one text that are not blank; returns how many.

    is_apart says that a blank line, an indent or nothing at all stands before.
    """
    n_lines = 0
    at = start
    apart = True
    while at < end:
        line_end = next_newline(data, at, end)
        stop = line_end
        indented = data[at] == 32 or data[at] == 9
        while at < stop and data[at] <= 32:
            at += 1
        while stop > at and data[stop - 1] <= 32:
            stop -= 1
        if at < stop:
            starts[n_lines] = at
            ends[n_lines] = stop
            is_apart[n_lines] = apart or indented
            n_lines += 1
            apart = False
        else:
            apart = True
        at = line_end + 1
    return n_lines


@kernel
def next_newline(data: NDArray[np.uint8], start: int, end: int) -> int:
    """Return where the next newline stands, or `end`."""
    at = start
    while at + 32 <= end:
        # Without a way out, this loop becomes one wide comparison.
        found = np.uint8(0)
        for i in range(32):
            found |= np.uint8(data[np.uint64(at + i)] == _NEWLINE)
        if found:
            break
        at += 32
    while at < end and data[at] != _NEWLINE:
        at += 1
    return at


@kernel
def is_wrapped(
    n_lines: int,
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    is_apart: NDArray[np.bool_],
) -> bool:
    """Say whether the lines of a text are paragraphs cut at a column."""
    n_going_on = 0
    n_bytes = 0
    for n in range(n_lines):
        size = ends[n] - starts[n]
        if size > _WRAPPED_LONGEST:
            return False
        if n + 1 < n_lines and not is_apart[n + 1]:
            n_going_on += 1
            n_bytes += size
    return n_going_on >= _WRAPPED_LINES and n_bytes >= _WRAPPED_MEAN * n_going_on


@kernel
def join_lines(
    data: NDArray[np.uint8],
    wrapped: bool,
    n_lines: int,
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    is_apart: NDArray[np.bool_],
) -> int:
    """Join each line to the one it goes on from, in place; returns how many are left.

    Where lines are wrapped, a line goes on from any that is not apart from it.
    Elsewhere, as in texts whose links were set on lines of their own, it must go
    on within the sentence.
    """
    n_joined = 0
    for n in range(n_lines):
        joins = n_joined > 0
        if joins and wrapped:
            joins = not is_apart[n]
        elif joins:
            joins = not is_apart[n] and _goes_on(
                data, starts[n_joined - 1], ends[n_joined - 1], starts[n], ends[n]
            )
        if not joins:
            starts[n_joined] = starts[n]
            is_apart[n_joined] = is_apart[n]
            n_joined += 1
        ends[n_joined - 1] = ends[n]
    return n_joined


@kernel
def _goes_on(data: NDArray[np.uint8], start: int, end: int, next_start: int, next_end: int) -> bool:
    """Say whether a line goes on, mid-sentence, from the block data[start:end]."""
    last = data[end - 1]
    if last == 0x2C:
        return end - start >= _GOING_ON and data[next_start] >= 0x61
    first = data[next_start]
    if first in (0x2C, 0x2E, 0x3B):
        return next_end - next_start > 1
    ends_word = 0x61 <= last <= 0x7A or last in (0x22, 0x27, 0x29)
    return end - start >= _GOING_ON and ends_word and 0x61 <= first <= 0x7A
