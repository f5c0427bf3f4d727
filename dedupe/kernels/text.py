"""UTF-8 bytes in; tokens and shingles out.

    bytes  ->  fill_tokens()   ->  token hashes, byte offsets, flags
    bytes  ->  fill_token_hashes()  ->  the same hashes alone, in a third of the time
    hashes ->  fill_shingles() ->  one hash for each run of k tokens

Axes: B bytes, T tokens, S shingles, D documents. Hashes are uint64, seeded.
Scratch arrays are as long as the longest text may need: `max_tokens`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe.kernels import fold
from dedupe.kernels._compile import kernel

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

_MULTIPLY_1 = np.uint64(0xFF51AFD7ED558CCD)
_MULTIPLY_2 = np.uint64(0xC4CEB9FE1A85EC53)
_POLYNOMIAL = np.uint64(0x9E3779B97F4A7C15)
_SHIFT_33 = np.uint64(33)
_SHIFT_32 = np.uint64(32)
_SHIFT_8 = np.uint64(8)
_ZERO = np.uint64(0)
_NO_FLAGS = np.uint8(0)
_NOT_NUMBER = np.uint8(0xFF ^ 2)
_SPACE = np.uint8(32)
_ONE = np.uint64(1)
_SHIFT_7 = np.uint64(7)
_SHIFT_56 = np.uint64(56)
# Eight bytes at once: the same number in each.
_EACH_1 = np.uint64(0x0101010101010101)
EACH_20 = np.uint64(0x2020202020202020)
_EACH_7F = np.uint64(0x7F7F7F7F7F7F7F7F)
_EACH_80 = np.uint64(0x8080808080808080)
# Added to a byte below 0x80, these carry into its high bit from "0", ":", "a" and "{" on.
_FROM_0 = np.uint64(0x5050505050505050)
_PAST_9 = np.uint64(0x4646464646464646)
_FROM_A = np.uint64(0x1F1F1F1F1F1F1F1F)
_PAST_Z = np.uint64(0x0505050505050505)
_STEP_BYTES = 8
_BLOCK_BYTES = 64
_GATHER = np.uint64(0x0102040810204080)
_LOW_BYTE = np.uint64(0xFF)

# A quotation left open ends with its paragraph: at a blank line, or at the end
# of a line too long to be one that was wrapped at 80 columns.
_WRAPPED_LINE_BYTES = 120


def max_tokens(n_bytes: int) -> int:
    """Return how many tokens a text of `n_bytes` can hold: two bytes each, at least."""
    return n_bytes // 2 + 1


@kernel
def mix(x: np.uint64) -> np.uint64:
    """Spread every bit of a uint64 over all others.

    Source  Appleby 2011, the finaliser of MurmurHash3, a bijection.
    """
    x ^= x >> _SHIFT_33
    x *= _MULTIPLY_1
    x ^= x >> _SHIFT_33
    x *= _MULTIPLY_2
    return x ^ (x >> _SHIFT_33)


@kernel
def _absorb(state: np.uint64, word: np.uint64) -> np.uint64:
    state = (state ^ word) * _MULTIPLY_1
    return state ^ (state >> _SHIFT_32)


@kernel
def _wide_code_point(data: NDArray[np.uint8], at: int, end: int) -> tuple[int, int]:
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
    while at < end:
        byte = data[at]
        width = 1
        if byte < 0x80:
            code = np.int64(byte)
            entry = np.int64(entries[code])
        else:
            code, width = _wide_code_point(data, at, end)
            entry = np.int64(entries[(np.int64(pages[code >> 8]) << 8) + (code & 255)])
        if entry == _IGNORED:
            at += width
            if after_word:
                ends[n_tokens if in_token else n_tokens - 1] = at
            continue
        if in_token and (entry < _IGNORED or entry & _STANDS_ALONE):
            hashes[n_tokens] = mix(_absorb(state, word))
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
            if byte < 0x80:
                # The rest of an ASCII word runs here: nearly all bytes of most news.
                while True:
                    if n_packed == 8:
                        state = _absorb(state, word)
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
                state, word, n_packed = _pack_wide(code, entry, expansions, state, word, n_packed)
                if entry & _STANDS_ALONE:
                    hashes[n_tokens] = mix(_absorb(state, word))
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
        hashes[n_tokens] = mix(_absorb(state, word))
        flags[n_tokens] = token_flags
        n_tokens += 1
    return n_tokens


@kernel
def fill_token_hashes(
    data: NDArray[np.uint8],
    start: int,
    end: int,
    pages: NDArray[np.uint16],
    entries: NDArray[np.uint32],
    expansions: NDArray[np.uint32],
    seed: np.uint64,
    n_tokens: int,
    hashes: NDArray[np.uint64],
) -> int:
    """Append the hashes that `fill_tokens` would write, and nothing else; returns the new count.

    Shapes (B bytes, T scratch tokens)
        data    uint8  (B,)  valid UTF-8; may be read-only (Arrow)
        hashes  uint64 (T,)
    ASCII is read 64 bytes a step, see `_fill_block`; what it leaves, code point by
    code point, until a token is whole. Cost O(bytes).
    """
    at = start
    wide_end = min(end, data.shape[0] - _STEP_BYTES)
    last_block = data.shape[0] - _BLOCK_BYTES - _STEP_BYTES
    next_block = at
    in_token = False
    state = seed
    word = _ZERO
    n_packed = 0
    while at < end:
        if not in_token and next_block <= at <= last_block:
            before = at
            at, n_tokens = _fill_block(data, at, end, seed, n_tokens, hashes)
            if at - before < _BLOCK_BYTES // 2:
                # What is not ASCII is near; a block of it would be read in vain.
                next_block = at + _BLOCK_BYTES // 2
            continue
        byte = data[at]
        if byte < 0x80:
            entry = np.int64(entries[byte])
            if entry < _IGNORED:
                if in_token:
                    hashes[n_tokens] = mix(_absorb(state, word))
                    n_tokens += 1
                    in_token = False
                at += 1
                continue
            if not in_token:
                in_token = True
                state = seed
                word = _ZERO
                n_packed = 0
                while at <= wide_end:
                    eight = eight_bytes(data, at)
                    found = min(count_word_bytes(eight), end - at)
                    if found == 0:
                        break
                    if n_packed == _STEP_BYTES:
                        state = _absorb(state, word)
                    word = reversed_bytes(eight | EACH_20) >> np.uint64(64 - 8 * found)
                    n_packed = found
                    at += found
                    if found < _STEP_BYTES:
                        break
                if n_packed:
                    continue
            if n_packed == _STEP_BYTES:
                state = _absorb(state, word)
                word = _ZERO
                n_packed = 0
            word = (word << _SHIFT_8) | np.uint64(entry & 0x7F)
            n_packed += 1
            at += 1
            continue
        code, width = _wide_code_point(data, at, end)
        at += width
        entry = np.int64(entries[(np.int64(pages[code >> 8]) << 8) + (code & 255)])
        if entry == _IGNORED:
            continue
        if in_token and (entry < _IGNORED or entry & _STANDS_ALONE):
            hashes[n_tokens] = mix(_absorb(state, word))
            n_tokens += 1
            in_token = False
        if entry < _IGNORED:
            continue
        if not in_token:
            in_token = True
            state = seed
            word = _ZERO
            n_packed = 0
        state, word, n_packed = _pack_wide(code, entry, expansions, state, word, n_packed)
        if entry & _STANDS_ALONE:
            hashes[n_tokens] = mix(_absorb(state, word))
            n_tokens += 1
            in_token = False
    if in_token:
        hashes[n_tokens] = mix(_absorb(state, word))
        n_tokens += 1
    return n_tokens


@kernel
def _fill_block(
    data: NDArray[np.uint8],
    at: int,
    end: int,
    seed: np.uint64,
    n_tokens: int,
    hashes: NDArray[np.uint64],
) -> tuple[int, int]:
    """Append the hashes of the ASCII words that end in data[at:at + 64]; returns where to go on.

    One bit for each byte says whether it is of a word, so that where words begin
    and end is known for all of them before any is hashed: no word waits for the
    one before it, and no branch depends on the length of one word. A word that
    the block cuts, or that a wider code point touches, is left whole.
    Source  the bit masks of Langdale and Lemire 2019, "Parsing gigabytes of JSON
            per second", in 64-bit arithmetic.
    """
    inside = _ZERO
    wide = _ZERO
    for i in range(_STEP_BYTES):
        eight = eight_bytes(data, at + _STEP_BYTES * i)
        wide |= eight
        bits = _gathered_bits(~_other_bytes(eight) & _EACH_80)
        inside |= bits << np.uint64(_STEP_BYTES * i)
    n_bytes = min(_BLOCK_BYTES, end - at)
    if wide & _EACH_80:
        n_bytes = min(n_bytes, _count_ascii(data, at))
    if n_bytes < _BLOCK_BYTES:
        inside &= (_ONE << np.uint64(n_bytes)) - _ONE
    shifted = inside << _ONE
    firsts = inside & ~shifted
    afters = shifted & ~inside
    if n_bytes < min(_BLOCK_BYTES, end - at):
        # A wider code point may go on with the word before it.
        afters &= ~(_ONE << np.uint64(n_bytes))
    while afters != _ZERO:
        first = _trailing_zeros(firsts)
        length = _trailing_zeros(afters) - first
        firsts &= firsts - _ONE
        afters &= afters - _ONE
        state = seed
        begin = at + first
        while length > _STEP_BYTES:
            state = _absorb(state, reversed_bytes(eight_bytes(data, begin) | EACH_20))
            begin += _STEP_BYTES
            length -= _STEP_BYTES
        word = reversed_bytes(eight_bytes(data, begin) | EACH_20)
        hashes[n_tokens] = mix(_absorb(state, word >> np.uint64(64 - 8 * length)))
        n_tokens += 1
    if firsts != _ZERO:
        return at + _trailing_zeros(firsts), n_tokens
    return at + n_bytes, n_tokens


@kernel
def _count_ascii(data: NDArray[np.uint8], at: int) -> int:
    """Count the bytes from `at` on before one of a wider code point, which must be there."""
    n_bytes = 0
    while data[at + n_bytes] < 0x80:
        n_bytes += 1
    return n_bytes


@kernel
def _gathered_bits(high_bits: np.uint64) -> np.uint64:
    """Return the high bits of eight bytes as the low eight bits of a number."""
    return ((high_bits >> _SHIFT_7) * _GATHER) >> _SHIFT_56


@kernel
def _trailing_zeros(bits: np.uint64) -> int:
    """Count the zeros below the lowest bit that is set; 64 where none is.

    Source  the population count of Hacker's Delight (Warren 2002), of the bits
            below: compilers know it, and make one instruction of the whole.
    """
    below = (bits - _ONE) & ~bits
    below -= (below >> _ONE) & np.uint64(0x5555555555555555)
    pairs = np.uint64(0x3333333333333333)
    below = (below & pairs) + ((below >> np.uint64(2)) & pairs)
    below = (below + (below >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((below * _EACH_1) >> _SHIFT_56)


@kernel
def eight_bytes(data: NDArray[np.uint8], at: int) -> np.uint64:
    """Return data[at:at + 8] as a number, its first byte lowest: one load, compiled."""
    eight = _ZERO
    for i in range(_STEP_BYTES):
        eight |= np.uint64(data[np.uint64(at + i)]) << np.uint64(8 * i)
    return eight


@kernel
def reversed_bytes(eight: np.uint64) -> np.uint64:
    """Return a number with its first byte last: one instruction, compiled."""
    turned = _ZERO
    for i in range(_STEP_BYTES):
        turned |= ((eight >> np.uint64(8 * i)) & _LOW_BYTE) << np.uint64(56 - 8 * i)
    return turned


@kernel
def count_word_bytes(eight: np.uint64) -> int:
    """Count the ASCII letters and digits that eight bytes begin with, 0 to 8."""
    lowest = _other_bytes(eight) >> _SHIFT_7
    below = (lowest - _ONE) & ~lowest & _EACH_1
    return np.int64((below * _EACH_1) >> _SHIFT_56)


@kernel
def _other_bytes(eight: np.uint64) -> np.uint64:
    """Set the high bit of each of eight bytes that is no ASCII letter or digit."""
    ascii_bits = eight & _EACH_7F
    folded = ascii_bits | EACH_20
    is_digit = (ascii_bits + _FROM_0) & ~(ascii_bits + _PAST_9)
    is_letter = (folded + _FROM_A) & ~(folded + _PAST_Z)
    return ~((is_digit | is_letter) & ~eight) & _EACH_80


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
def _pack_wide(
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
            state = _absorb(state, word)
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
def fill_shingles(
    tokens: NDArray[np.uint64], n_tokens: int, shingle_words: int, out: NDArray[np.uint64]
) -> int:
    """Hash every run of `shingle_words` tokens, in order; returns how many there are.

    Shapes (T tokens)
        tokens  uint64 (T,)  token hashes; the first n_tokens count
        out     uint64 (T,)  shingle i starts at token i; overwritten
    Edge    a text shorter than one shingle has one: all of its tokens.
    Source  Karp and Rabin 1987, a polynomial modulo 2**64 (which wraps
            exactly), each value then mixed.
    """
    if n_tokens == 0:
        return 0
    length = min(shingle_words, n_tokens)
    if length == 3:
        # The same sum, none of which waits for the one before it.
        square = _POLYNOMIAL * _POLYNOMIAL
        for i in range(n_tokens - 2):
            first, second, third = tokens[i], tokens[i + 1], tokens[i + 2]
            out[i] = mix(first * square + second * _POLYNOMIAL + third)
        return n_tokens - 2
    top = np.uint64(1)
    rolling = _ZERO
    for i in range(length):
        rolling = rolling * _POLYNOMIAL + tokens[i]
        if i:
            top *= _POLYNOMIAL
    out[0] = mix(rolling)
    for i in range(length, n_tokens):
        rolling = (rolling - tokens[i - length] * top) * _POLYNOMIAL + tokens[i]
        out[i - length + 1] = mix(rolling)
    return n_tokens - length + 1


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
