"""Strings of JSON in; what they mean, as the bytes of an Arrow column, out.

places of one key, from json_lines  ->  fill_strings()  ->  bytes, offsets
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe.kernels._compile import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

MISSING, NULL, STRING, OTHER = 0, 1, 2, 3
"""Kinds of a value, in the two low bits."""
KIND = np.uint8(3)
ESCAPED, WHITE, CONTROL = 4, 8, 16
"""What a string holds: escapes; tabs or line ends; other control characters."""

MARGIN = 64
"""Bytes that `fill_strings` may write beyond the strings."""

_STEP_BYTES = 32
_BLANK = np.uint8(32)
_BACKSLASH = np.uint8(92)
_DELETE, _C1 = np.uint8(0x7F), np.uint8(0xC2)


@kernel
def holds_of(code: int) -> int:
    """Return what a string holds with this code point: WHITE, CONTROL or 0."""
    if code in (9, 10, 13):
        return WHITE
    return CONTROL if code < 32 or 0x7F <= code < 0xA0 else 0


@kernel
def escaped(data: NDArray[np.uint8], at: int) -> tuple[int, int]:
    r"""Return the code point of the escape at data[at], a backslash, and its width; 0 if none.

    A lone surrogate is none: JSON can write it, Unicode cannot mean it.
    """
    letter = data[at + 1]
    for mark, code in (
        (34, 34), (92, 92), (47, 47), (110, 10), (116, 9), (114, 13), (98, 8), (102, 12),
    ):  # fmt: skip
        if letter == mark:
            return code, 2
    if letter != 117:
        return 0, 0
    code = _hexadecimal(data, at + 2)
    if code < 0 or 0xDC00 <= code < 0xE000:
        return 0, 0
    if code < 0xD800 or code >= 0xE000:
        return code, 6
    if data[at + 6] != _BACKSLASH or data[at + 7] != 117:
        return 0, 0
    low = _hexadecimal(data, at + 8)
    if low < 0xDC00 or low >= 0xE000:
        return 0, 0
    return 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00), 12


@kernel
def _hexadecimal(data: NDArray[np.uint8], at: int) -> int:
    """Return the number that four digits mean, or -1; a newline ends the look."""
    code = 0
    for i in range(4):
        byte = np.int64(data[at + i])
        lower = byte | 32
        if 48 <= byte <= 57:
            digit = byte - 48
        elif 97 <= lower <= 102:
            digit = lower - 87
        else:
            return -1
        code = code * 16 + digit
    return code


@kernel
def fill_strings(
    data: NDArray[np.uint8],
    starts: NDArray[np.int32],
    ends: NDArray[np.int32],
    kinds: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    out: NDArray[np.uint8],
) -> None:
    """Write the strings of one key, one after another, control characters as spaces.

    Shapes (B bytes, N records)
        starts, ends  int32 (N,)    as `find_values` wrote them
        kinds         uint8 (N,)    what is no STRING counts as an empty one
        offsets       int64 (N+1,)  of each string in out; overwritten
        out           uint8         as long as all strings in data, and MARGIN
    Tabs and line ends are no control characters here.
    """
    to = 0
    offsets[0] = 0
    for n in range(kinds.shape[0]):
        if kinds[n] & KIND == STRING:
            start, end = np.int64(starts[n]), np.int64(ends[n])
            if kinds[n] & np.uint8(ESCAPED | CONTROL):
                to = _unescape(data, start, end, out, to)
            else:
                for i in range(end - start):
                    out[np.uint64(to + i)] = data[np.uint64(start + i)]
                to += end - start
        offsets[n + 1] = to


@kernel
def _unescape(data: NDArray[np.uint8], at: int, end: int, out: NDArray[np.uint8], to: int) -> int:
    """Write what the string data[at:end] means to out[to:]; returns the byte after it."""
    while at < end:
        while at + _STEP_BYTES <= end:
            found = np.uint8(0)
            for i in range(_STEP_BYTES):
                byte = data[np.uint64(at + i)]
                out[np.uint64(to + i)] = byte
                found |= np.uint8(byte == _BACKSLASH) | np.uint8(byte == _DELETE)
                found |= np.uint8(byte == _C1)
            if found:
                break
            at += _STEP_BYTES
            to += _STEP_BYTES
        stop = min(end, at + _STEP_BYTES)
        while at < stop:
            byte = data[at]
            if byte == _BACKSLASH:
                code, width = escaped(data, at)
                at += width
                to = _encode(_BLANK if holds_of(code) == CONTROL else code, out, to)
            elif byte == _DELETE:
                out[to] = _BLANK
                at += 1
                to += 1
            elif byte == _C1 and data[at + 1] < 0xA0:
                out[to] = _BLANK
                at += 2
                to += 1
            else:
                out[to] = byte
                at += 1
                to += 1
    return to


@kernel
def _encode(code: int, out: NDArray[np.uint8], to: int) -> int:
    """Write a code point as UTF-8; returns the byte after it."""
    if code < 0x80:
        out[to] = code
        return to + 1
    if code < 0x800:
        out[to] = 0xC0 | (code >> 6)
        out[to + 1] = 0x80 | (code & 0x3F)
        return to + 2
    if code < 0x10000:
        out[to] = 0xE0 | (code >> 12)
        out[to + 1] = 0x80 | ((code >> 6) & 0x3F)
        out[to + 2] = 0x80 | (code & 0x3F)
        return to + 3
    out[to] = 0xF0 | (code >> 18)
    out[to + 1] = 0x80 | ((code >> 12) & 0x3F)
    out[to + 2] = 0x80 | ((code >> 6) & 0x3F)
    out[to + 3] = 0x80 | (code & 0x3F)
    return to + 4
