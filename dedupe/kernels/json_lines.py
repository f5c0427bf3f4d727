r"""JSON lines in; where the values of their fields stand, and the strings they mean, out.

    {"id": "a", "text": "..."}\n...  ->  find_values()   ->  a place for each key of each line
    places of one key                ->  json_strings    ->  the bytes of an Arrow column

Only lines that every reader of JSON takes alike are read: an object of known
keys, each once, in valid UTF-8. At the first other line reading stops, and a
more patient reader has it. So nothing is decided here, and no Python object is
made of a record.

Axes: B bytes, K keys, N lines that hold a record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe.kernels._compile import kernel
from dedupe.kernels.json_strings import (
    CONTROL,
    ESCAPED,
    MISSING,
    NULL,
    OTHER,
    STRING,
    escaped,
    holds_of,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

DONE, UNKNOWN_KEY, NOT_PLAIN = 0, 1, 2
"""Why `find_values` ended."""

# Bytes that are compared at once.
_STEP_BYTES = 32
# Deeper values are left to Python: each level is a bit of one word. So are longer numbers.
_DEEPEST = 60
_LONGEST_NUMBER = 100
_BLANK, _TAB, _NEWLINE, _RETURN = np.uint8(32), np.uint8(9), np.uint8(10), np.uint8(13)
_QUOTE, _BACKSLASH, _COMMA, _COLON = np.uint8(34), np.uint8(92), np.uint8(44), np.uint8(58)
_OPEN, _CLOSE, _OPEN_LIST, _CLOSE_LIST = (np.uint8(ord(mark)) for mark in "{}[]")
_MINUS, _POINT, _ZERO, _NINE = (np.uint8(ord(mark)) for mark in "-.09")
_DELETE, _WIDE, _C1 = np.uint8(0x7F), np.uint8(0x80), np.uint8(0xC2)
_N = np.uint8(ord("n"))
_ONE_BIT = np.uint64(1)


@kernel
def find_values(
    data: NDArray[np.uint8],
    keys: NDArray[np.uint8],
    key_offsets: NDArray[np.int64],
    n_keys: int,
    progress: NDArray[np.int64],
    unknown: NDArray[np.int64],
    starts: NDArray[np.int32],
    ends: NDArray[np.int32],
    kinds: NDArray[np.uint8],
    lines: NDArray[np.int64],
) -> int:
    """Find the values of lines, until one is not plain or has a key that is not known.

    Shapes (B bytes, K keys at most, N lines at most)
        data         uint8 (B,)    whole lines, the last with its newline too; may be read-only
        keys         uint8         key k is keys[key_offsets[k]:key_offsets[k+1]]
        progress     int64 (3,)    byte, record and line to go on from; written
        unknown      int64 (2,)    start and end in data of a key that is not known
        starts, ends int32 (K, N)  of each value; of a string, what is between its quotes
        kinds        uint8 (K, N)  all 0 before; a kind and what the string holds
        lines        int64 (N,)    number of each record's line, from 0
    Returns DONE, UNKNOWN_KEY or NOT_PLAIN; after UNKNOWN_KEY the same call goes on,
    with one key more.
    """
    at, row, line = progress[0], progress[1], progress[2]
    while at < data.shape[0]:
        begin = at
        at = _skip(data, at)
        if data[at] != _NEWLINE:
            at = _fill_record(
                data, at, keys, key_offsets, n_keys, row, unknown, starts, ends, kinds
            )
            if at < 0:
                kinds[:, row] = 0
                progress[0], progress[1], progress[2] = begin, row, line
                return -at
            lines[row] = line
            row += 1
        at += 1
        line += 1
    progress[0], progress[1], progress[2] = at, row, line
    return DONE


@kernel
def _fill_record(
    data: NDArray[np.uint8],
    at: int,
    keys: NDArray[np.uint8],
    key_offsets: NDArray[np.int64],
    n_keys: int,
    row: int,
    unknown: NDArray[np.int64],
    starts: NDArray[np.int32],
    ends: NDArray[np.int32],
    kinds: NDArray[np.uint8],
) -> int:
    """Read the object at data[at], alone on its line; returns the byte of its newline.

    Returns -UNKNOWN_KEY or -NOT_PLAIN where it cannot.
    """
    if data[at] != _OPEN:
        return -NOT_PLAIN
    at = _skip(data, at + 1)
    place = -1
    more = data[at] != _CLOSE
    while more:
        if data[at] != _QUOTE:
            return -NOT_PLAIN
        key_start = at + 1
        key_end, holds = _string_end(data, key_start)
        if key_end < 0 or holds:
            return -NOT_PLAIN
        # Records of one file mostly name their fields in one order.
        place = _place_of(data, key_start, key_end, keys, key_offsets, n_keys, place + 1)
        if place < 0:
            unknown[0], unknown[1] = key_start, key_end
            return -UNKNOWN_KEY
        at = _skip(data, key_end + 1)
        if data[at] != _COLON or kinds[place, row] != MISSING:
            return -NOT_PLAIN
        start = _skip(data, at + 1)
        if data[start] == _QUOTE:
            start += 1
            end, holds = _string_end(data, start)
            at = end + 1
            kind = STRING | holds
        else:
            kind = NULL if data[start] == _N else OTHER
            end = _value_end(data, start)
            at = end
        if end < 0:
            return -NOT_PLAIN
        starts[place, row] = start
        ends[place, row] = end
        kinds[place, row] = kind
        at = _skip(data, at)
        more = data[at] == _COMMA
        if more:
            at = _skip(data, at + 1)
    if data[at] != _CLOSE:
        return -NOT_PLAIN
    at = _skip(data, at + 1)
    return at if data[at] == _NEWLINE else -NOT_PLAIN


@kernel
def _skip(data: NDArray[np.uint8], at: int) -> int:
    while data[at] == _BLANK or data[at] == _TAB or data[at] == _RETURN:
        at += 1
    return at


@kernel
def _place_of(
    data: NDArray[np.uint8],
    start: int,
    end: int,
    keys: NDArray[np.uint8],
    key_offsets: NDArray[np.int64],
    n_keys: int,
    guess: int,
) -> int:
    """Return the number of a key, or -1; `guess` is looked at first, then those after it."""
    for n in range(n_keys):
        place = guess + n
        if place >= n_keys:
            place -= n_keys
        begin = key_offsets[place]
        if key_offsets[place + 1] - begin != end - start:
            continue
        same = True
        for i in range(end - start):
            same &= data[start + i] == keys[begin + i]
        if same:
            return place
    return -1


@kernel
def _string_end(data: NDArray[np.uint8], start: int) -> tuple[int, int]:
    """Return where the string ends whose first byte is data[start], and what it holds.

    -1 where it is no string, or not UTF-8.
    """
    at = start
    holds = 0
    last_step = data.shape[0] - _STEP_BYTES
    while True:
        while at <= last_step:
            # Without a way out, this loop becomes a few wide comparisons.
            found = np.uint8(0)
            for i in range(_STEP_BYTES):
                byte = data[np.uint64(at + i)]
                found |= np.uint8(byte == _QUOTE) | np.uint8(byte == _BACKSLASH)
                found |= np.uint8(byte < _BLANK) | np.uint8(byte >= _DELETE)
            if found:
                break
            at += _STEP_BYTES
        # Where one such byte stands, others are near.
        stop = at + _STEP_BYTES
        while at < stop:
            byte = data[at]
            if byte == _QUOTE:
                return at, holds
            if byte == _BACKSLASH:
                code, width = escaped(data, at)
                if width == 0:
                    return -1, 0
                at += width
                holds |= ESCAPED | holds_of(code)
            elif byte < _BLANK:
                return -1, 0
            elif byte < _WIDE:
                if byte == _DELETE:
                    holds |= CONTROL
                at += 1
            else:
                width = _wide_width(data, at)
                if width == 0:
                    return -1, 0
                if byte == _C1 and data[at + 1] < 0xA0:
                    holds |= CONTROL
                at += width


@kernel
def _wide_width(data: NDArray[np.uint8], at: int) -> int:
    """Return the bytes of the code point past ASCII at data[at], 0 where it is not UTF-8.

    Source  The Unicode Standard, table 3-7: well-formed byte sequences.
    """
    lead = np.int64(data[at])
    second = np.int64(data[at + 1])
    if 0xC2 <= lead < 0xE0:
        return 2 if second & 0xC0 == 0x80 else 0
    if 0xE0 <= lead < 0xF0:
        low = 0xA0 if lead == 0xE0 else 0x80
        high = 0x9F if lead == 0xED else 0xBF
        if second < low or second > high:
            return 0
        return 3 if np.int64(data[at + 2]) & 0xC0 == 0x80 else 0
    if 0xF0 <= lead < 0xF5:
        low = 0x90 if lead == 0xF0 else 0x80
        high = 0x8F if lead == 0xF4 else 0xBF
        if second < low or second > high or np.int64(data[at + 2]) & 0xC0 != 0x80:
            return 0
        return 4 if np.int64(data[at + 3]) & 0xC0 == 0x80 else 0
    return 0


@kernel
def _value_end(data: NDArray[np.uint8], at: int) -> int:
    """Return the byte after the value at data[at], whatever is nested in it; -1 if it is none."""
    # One bit for each bracket that is open, the innermost lowest: 1 for an object.
    objects = np.uint64(0)
    depth = 0
    while True:
        byte = data[at]
        if byte in (_OPEN, _OPEN_LIST):
            if depth == _DEEPEST:
                return -1
            is_object = byte == _OPEN
            at = _skip(data, at + 1)
            if data[at] != (_CLOSE if is_object else _CLOSE_LIST):
                objects = (objects << _ONE_BIT) | np.uint64(is_object)
                depth += 1
                if is_object:
                    at = _member_start(data, at)
                if at < 0:
                    return -1
                continue
            at += 1
        elif byte == _QUOTE:
            at = _string_end(data, at + 1)[0] + 1
            if at == 0:
                return -1
        else:
            at = _scalar_end(data, at)
            if at < 0:
                return -1
        while depth > 0:
            at = _skip(data, at)
            is_object = objects & _ONE_BIT == _ONE_BIT
            if data[at] == _COMMA:
                at = _skip(data, at + 1)
                if is_object:
                    at = _member_start(data, at)
                break
            if data[at] != (_CLOSE if is_object else _CLOSE_LIST):
                return -1
            at += 1
            objects >>= _ONE_BIT
            depth -= 1
        if depth == 0 or at < 0:
            return at


@kernel
def _member_start(data: NDArray[np.uint8], at: int) -> int:
    """Return where the value begins whose key begins at data[at], or -1."""
    if data[at] != _QUOTE:
        return -1
    end = _string_end(data, at + 1)[0]
    if end < 0:
        return -1
    at = _skip(data, end + 1)
    return _skip(data, at + 1) if data[at] == _COLON else -1


@kernel
def _scalar_end(data: NDArray[np.uint8], at: int) -> int:
    """Return the byte after a number, true, false or null; -1 for all else.

    Numbers with exponents and very long ones are left to the patient reader: it
    knows which of them are infinite.
    """
    start = at
    if _is_word(data, at, (116, 114, 117, 101)) or _is_word(data, at, (110, 117, 108, 108)):
        return at + 4
    if data[at] == 102:
        return at + 5 if _is_word(data, at + 1, (97, 108, 115, 101)) else -1
    if data[at] == _MINUS:
        at += 1
    first = at
    while _ZERO <= data[at] <= _NINE:
        at += 1
    if at == first or (data[first] == _ZERO and at > first + 1):
        return -1
    if data[at] == _POINT:
        point = at
        at += 1
        while _ZERO <= data[at] <= _NINE:
            at += 1
        if at == point + 1:
            return -1
    # What may not follow a number is found by who reads on, but for exponents.
    if np.int64(data[at]) | 32 == 0x65 or at - start > _LONGEST_NUMBER:
        return -1
    return at


@kernel
def _is_word(data: NDArray[np.uint8], at: int, word: tuple[int, int, int, int]) -> bool:
    """Say whether four bytes stand at `at`; a newline ends the look."""
    n_same = 0
    while n_same < len(word) and data[at + n_same] == word[n_same]:
        n_same += 1
    return n_same == len(word)
