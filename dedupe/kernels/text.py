"""UTF-8 bytes in; tokens, with what each looks like and where it stands, out.

    bytes      ->  fill_tokens()       ->  token hashes, byte offsets, flags
    positions  ->  fill_code_points()  ->  byte offsets as code points

`token_hashes.py` makes the same hashes alone, sooner. Axes: B bytes, T tokens.
Hashes are uint64, seeded. Scratch arrays are as long as the longest text may
need: `max_tokens`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe.kernels import fold
from dedupe.kernels._compile import kernel
from dedupe.kernels.eight_bytes import (
    EACH_20,
    EACH_40,
    STEP_BYTES,
    count_word_bytes,
    eight_bytes,
    reversed_bytes,
)
from dedupe.kernels.hashing import absorb, mix

if TYPE_CHECKING:
    from numpy.typing import NDArray

QUOTED = np.uint8(1)
NUMBER = np.uint8(2)
CAPITALISED = np.uint8(4)
SENTENCE_START = np.uint8(8)

_IGNORED = fold.IGNORED
_SENTENCE_END = fold.SENTENCE_END
_NEWLINE = fold.NEWLINE
_QUOTE_OPEN = fold.QUOTE_OPEN
_QUOTE_CLOSE = fold.QUOTE_CLOSE
_QUOTE_TOGGLE = fold.QUOTE_TOGGLE
_SINGLE_OPEN = fold.SINGLE_OPEN
_IS_ITSELF = fold.IS_ITSELF
_IS_UPPER = fold.IS_UPPER
_IS_DIGIT = fold.IS_DIGIT
_STANDS_ALONE = fold.STANDS_ALONE
_EXPANDS = fold.EXPANDS
_CODE_POINT = fold.CODE_POINT

_SHIFT_8 = np.uint64(8)
_ZERO = np.uint64(0)
_NO_FLAGS = np.uint8(0)
_NOT_NUMBER = np.uint8(0xFF ^ 2)
_SPACE = np.uint8(32)

# A quotation left open ends with its paragraph: at a blank line, or at the end
# of a line too long to be one that was wrapped at 80 columns.
_WRAPPED_LINE_BYTES = 120


def max_tokens(n_bytes: int) -> int:
    """Return how many tokens a text of `n_bytes` can hold: two bytes each, at least."""
    return n_bytes // 2 + 1


@kernel
def wide_code_point(data: NDArray[np.uint8], at: int, end: int) -> tuple[int, int]:
    """Decode the code point at a byte of 0x80 or more; returns it and its width.

    Edge    a sequence cut by `end` or a stray continuation byte reads as one
            separator (U+0000) of width 1, never past `end`.
    """
    lead = np.int64(data[at])
    if 0xC0 <= lead < 0xE0 and at + 1 < end:
        return ((lead & 0x1F) << 6) | (np.int64(data[at + 1]) & 0x3F), 2
    if 0xE0 <= lead < 0xF0 and at + 2 < end:
        high = ((lead & 0x0F) << 12) | ((np.int64(data[at + 1]) & 0x3F) << 6)
        return high | (np.int64(data[at + 2]) & 0x3F), 3
    if 0xF0 <= lead < 0xF5 and at + 3 < end:
        high = ((lead & 0x07) << 18) | ((np.int64(data[at + 1]) & 0x3F) << 12)
        low = ((np.int64(data[at + 2]) & 0x3F) << 6) | (np.int64(data[at + 3]) & 0x3F)
        code = high | low
        return (code if code < 0x110000 else 0), 4
    return 0, 1


@kernel
def fill_tokens(
    data: NDArray[np.uint8],
    start: int,
    end: int,
    pages: NDArray[np.uint16],
    entries: NDArray[np.uint32],
    expansions: NDArray[np.uint32],
    seed: np.uint64,
    n_tokens: int,
    hashes: NDArray[np.uint64],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    flags: NDArray[np.uint8],
) -> int:
    """Append the tokens of data[start:end] after the first `n_tokens`; returns the new count.

    Shapes (B bytes, T scratch tokens)
        data    uint8  (B,)  valid UTF-8; may be read-only (Arrow)
        hashes  uint64 (T,)  of the folded code points and the seed
        starts  int64  (T,)  first byte of the token in data
        ends    int64  (T,)  byte after its last
        flags   uint8  (T,)  QUOTED, NUMBER, CAPITALISED, SENTENCE_START
    A token is a run of letters, marks and digits; in scripts written without
    spaces, one character; an accent or an invisible character behind it belongs
    to it. Two tokens hash alike when their folded forms are
    equal, whatever their encoding, case, accents or quote marks.
    """
    at = start
    line_start = start
    in_token = False
    token_flags = _NO_FLAGS
    state = seed
    word = _ZERO
    n_packed = 0
    quote = 0
    sentence_start = True
    after_word = False
    wide_end = min(end, data.shape[0] - STEP_BYTES)
    while at < end:
        byte = data[at]
        width = 1
        if byte < 0x80:
            code = np.int64(byte)
            entry = np.int64(entries[code])
        else:
            code, width = wide_code_point(data, at, end)
            entry = np.int64(entries[(np.int64(pages[code >> 8]) << 8) + (code & 255)])
        if entry == _IGNORED:
            at += width
            if after_word:
                ends[n_tokens if in_token else n_tokens - 1] = at
            continue
        if in_token and (entry < _IGNORED or entry & _STANDS_ALONE):
            hashes[n_tokens] = mix(absorb(state, word))
            flags[n_tokens] = token_flags
            n_tokens += 1
            in_token = False
        if entry > _IGNORED:
            if not in_token:
                in_token = True
                starts[n_tokens] = at
                token_flags = _first_flags(entry, quote, sentence_start)
                sentence_start = False
                state = seed
                word = _ZERO
                n_packed = 0
            if not entry & _IS_DIGIT:
                token_flags &= _NOT_NUMBER
            if byte < 0x80 and n_packed == 0 and at <= wide_end:
                # Most words are ASCII, and not longer than the eight bytes that are read at once.
                while at <= wide_end:
                    eight = eight_bytes(data, at)
                    found = min(count_word_bytes(eight), end - at)
                    if found == 0:
                        break
                    if n_packed == STEP_BYTES:
                        state = absorb(state, word)
                    unused = np.uint64(64 - 8 * found)
                    word = reversed_bytes(eight | EACH_20) >> unused
                    # Letters have a bit that digits have not.
                    if (eight & EACH_40) << unused:
                        token_flags &= _NOT_NUMBER
                    n_packed = found
                    at += found
                    if found < STEP_BYTES:
                        break
                width = 0
            elif byte < 0x80:
                while True:
                    if n_packed == STEP_BYTES:
                        state = absorb(state, word)
                        word = _ZERO
                        n_packed = 0
                    word = (word << _SHIFT_8) | np.uint64(entry & 0x7F)
                    n_packed += 1
                    at += 1
                    if at == end or data[at] >= 0x80:
                        break
                    entry = np.int64(entries[data[at]])
                    if entry <= _IGNORED:
                        break
                    if not entry & _IS_DIGIT:
                        token_flags &= _NOT_NUMBER
                width = 0
            else:
                state, word, n_packed = pack_wide(code, entry, expansions, state, word, n_packed)
                if entry & _STANDS_ALONE:
                    hashes[n_tokens] = mix(absorb(state, word))
                    flags[n_tokens] = token_flags
                    at += width
                    ends[n_tokens] = at
                    n_tokens += 1
                    in_token = False
                    after_word = True
                    continue
            ends[n_tokens] = at + width
            after_word = True
        else:
            if entry != 0:
                following = data[at + width] if at + width < end else _SPACE
                if entry == _NEWLINE:
                    if following == 10 or at - line_start > _WRAPPED_LINE_BYTES:
                        quote = 0
                        sentence_start = True
                    line_start = at
                elif entry == _SENTENCE_END:
                    sentence_start = True
                else:
                    quote = _next_quote(entry, quote, following, after_word)
            after_word = False
        at += width
    if in_token:
        hashes[n_tokens] = mix(absorb(state, word))
        flags[n_tokens] = token_flags
        n_tokens += 1
    return n_tokens


@kernel
def _first_flags(entry: int, quote: int, sentence_start: bool) -> np.uint8:
    flags = NUMBER
    if quote:
        flags |= QUOTED
    if entry & _IS_UPPER:
        flags |= CAPITALISED
    if sentence_start:
        flags |= SENTENCE_START
    return flags


@kernel
def pack_wide(
    code: int,
    entry: int,
    expansions: NDArray[np.uint32],
    state: np.uint64,
    word: np.uint64,
    n_packed: int,
) -> tuple[np.uint64, np.uint64, int]:
    """Pack the folded form of a code point past ASCII: three bytes each, one if it folds to ASCII.

    No code point has a first of three bytes above 0x10, and no packed ASCII
    byte is below 0x30, so two token spellings never pack alike.
    """
    place = entry & _CODE_POINT
    n_folded = np.int64(expansions[place]) if entry & _EXPANDS else np.int64(1)
    for step in range(n_folded):
        folded = place
        if entry & _IS_ITSELF:
            folded = code
        elif entry & _EXPANDS:
            folded = np.int64(expansions[place + 1 + step])
        n_bytes = 1 if folded < 0x80 else 3
        if n_packed + n_bytes > 8:
            state = absorb(state, word)
            word = _ZERO
            n_packed = 0
        word = (word << np.uint64(8 * n_bytes)) | np.uint64(folded)
        n_packed += n_bytes
    return state, word, n_packed


@kernel
def _next_quote(entry: int, quote: int, following: np.uint8, after_word: bool) -> int:
    """Return the quotation state after a mark: 0 none, 1 double, 2 single."""
    if entry == _QUOTE_OPEN:
        return 1
    if entry == _QUOTE_CLOSE:
        return 0
    if entry == _QUOTE_TOGGLE:
        return 0 if quote == 1 else 1
    if quote == 1:
        return 1
    if entry == _SINGLE_OPEN:
        return 2
    # Between letters it is an apostrophe; before a word it opens, after one it closes.
    if following >= 0x41:
        return quote if after_word else 2
    return 0


@kernel
def fill_code_points(
    data: NDArray[np.uint8],
    text_starts: NDArray[np.int64],
    positions: NDArray[np.int64],
    out: NDArray[np.int64],
) -> None:
    """Turn byte positions in texts into code point positions.

    Shapes (N positions)
        text_starts  int64 (N,)  first byte of each position's text in data
        positions    int64 (N,)  bytes from there
        out          int64 (N,)  overwritten
    Cost    each byte once where positions are sorted by text and place; else, for
            each position that comes before the last one, its text from the start
    """
    text_start = np.int64(-1)
    at = np.int64(0)
    count = 0
    for n in range(positions.size):
        end = text_starts[n] + positions[n]
        if text_starts[n] != text_start or end < at:
            text_start = text_starts[n]
            at = text_start
            count = 0
        while at < end:
            count += np.int64(np.int64(data[at]) & 0xC0 != 0x80)
            at += 1
        out[n] = count
