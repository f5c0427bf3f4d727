"""UTF-8 texts in; their blocks out: where each lies, what it hashes to, how it looks.

    bytes    ->  fill_blocks()   ->  places, hashes and traits of blocks
    phrases  ->  fill_phrases()  ->  the table in which blocks are looked up

A block is a line; where lines are wrapped (mail, newswire), it is a paragraph.
Only the head of a block is read: what tells furniture from prose stands there,
and most bytes of most news are then passed over at the speed of a search for
the next newline.

Axes: B bytes, D documents, K blocks, P phrases.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe.kernels import fold
from dedupe.kernels._compile import kernel
from dedupe.kernels.eight_bytes import EACH_20, count_word_bytes, eight_bytes, reversed_bytes
from dedupe.kernels.hashing import MULTIPLY, mix
from dedupe.kernels.lines import fill_lines, is_wrapped, join_lines

if TYPE_CHECKING:
    from numpy.typing import NDArray

HEAD_BYTES = 96
"""Bytes of a block that are read."""

N_TRAITS = 8
TOKENS, CAPITALS, NUMBERS, COMMAS, SEPARATORS, ENDING, PHRASE, MARKS = range(N_TRAITS)
"""Columns of `traits`: counts in the head, then ENDING, PHRASE and MARKS as below."""

NO_END, SENTENCE_END, ELLIPSIS, COLON = 0, 1, 2, 3

WHOLE, PREFIX, ANYWHERE = 16, 32, 64
"""Added to the kind of a phrase: how much of a block it must be to count."""

HAS_COPYRIGHT, HAS_AT, HAS_ADDRESS, STARTS_LOWER, AFTER_BLANK, STARTS_QUOTED = 1, 2, 4, 8, 16, 32

KIND = 15
"""Bits of a phrase that are its kind; the others say how it stands."""
NOTICE = 11
"""The kind that is looked for all over the head of a block, however long that is."""
# Words of the longest phrase of dedupe/clean/phrases.txt.
_PHRASE_WORDS = 5
# A phrase is looked for all over a block of at most so many tokens, else in front only.
_SEARCHED_TOKENS = 24
FIRST_WORDS = 4096
"""Places of a table of the phrases' first words: most words are none of them."""
_BEGINS_OTHER, _BEGINS_NOTICE = 1, 2
_PLACE = np.uint64(FIRST_WORDS - 1)

_ZERO = np.uint64(0)
_ONE = np.uint64(1)
_SHIFT_8 = np.uint64(8)
_SHIFT_56 = np.uint64(56)
_ASCII = np.uint64(0x80)
_STEP_BYTES = 8
# Of ASCII digits and small letters, the letters have this bit in their byte.
_LETTER_BITS = np.uint64(0x4040404040404040)


@kernel
def fill_blocks(
    data: NDArray[np.uint8],
    text_offsets: NDArray[np.int64],
    first: int,
    last: int,
    pages: NDArray[np.uint16],
    entries: NDArray[np.uint32],
    seed: np.uint64,
    phrase_keys: NDArray[np.uint64],
    phrase_kinds: NDArray[np.uint8],
    phrase_starts: NDArray[np.uint8],
    max_lines: int,
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    hashes: NDArray[np.uint64],
    traits: NDArray[np.uint8],
    n_blocks: NDArray[np.int64],
    text_hashes: NDArray[np.uint64],
) -> int:
    """Write the blocks of documents [first, last), one after another; returns how many.

    Shapes (B bytes, D documents, K blocks of these documents, P phrase slots)
        data           uint8  (B,)    UTF-8; may be read-only
        text_offsets   int64  (D+1,)  text d is data[text_offsets[d]:text_offsets[d+1]]
        phrase_*       as `fill_phrases` writes them
        starts, ends   int64  (K,)    bytes of data, blanks around cut off
        hashes         uint64 (K,)    equal for equal folded heads and, where the
                                      block is longer than its head, equal length
        traits         uint8  (K, N_TRAITS)
        n_blocks       int64  (D,)    written in [first, last)
        text_hashes    uint64 (D,)    equal for equal blocks in equal order
    max_lines  lines of the longest of these texts, at least
    Edge    a line without a word is no block.
    """
    line_starts = np.empty(max_lines, np.int64)
    line_ends = np.empty(max_lines, np.int64)
    is_apart = np.empty(max_lines, np.bool_)
    tokens = np.empty(HEAD_BYTES, np.uint64)
    at = 0
    for d in range(first, last):
        n_lines = fill_lines(
            data, text_offsets[d], text_offsets[d + 1], line_starts, line_ends, is_apart
        )
        wrapped = is_wrapped(n_lines, line_starts, line_ends, is_apart)
        n_lines = join_lines(data, wrapped, n_lines, line_starts, line_ends, is_apart)
        begin = at
        text_hash = seed
        for n in range(n_lines):
            head_end = _head_end(data, line_starts[n], line_ends[n])
            row = traits[at]
            n_tokens = _fill_head(data, line_starts[n], head_end, pages, entries, seed, tokens, row)
            if n_tokens == 0:
                continue
            whole = head_end == line_ends[n]
            value = _ZERO if whole else np.uint64(line_ends[n] - line_starts[n])
            for i in range(n_tokens):
                value = mix(value ^ tokens[i])
            text_hash = mix(text_hash ^ value)
            starts[at] = line_starts[n]
            ends[at] = line_ends[n]
            hashes[at] = value
            row[ENDING] = _ending(data, line_starts[n], line_ends[n], pages, entries)
            if is_apart[n]:
                row[MARKS] |= np.uint8(AFTER_BLANK)
            row[PHRASE] = _find_phrase(
                tokens, n_tokens, whole, phrase_keys, phrase_kinds, phrase_starts
            )
            at += 1
        n_blocks[d] = at - begin
        text_hashes[d] = text_hash
    return at


@kernel
def _head_end(data: NDArray[np.uint8], start: int, end: int) -> int:
    """Return where the head of a block ends: never within a code point."""
    if end - start <= HEAD_BYTES:
        return end
    at = start + HEAD_BYTES
    while at > start and np.int64(data[at]) & 0xC0 == 0x80:
        at -= 1
    return at


@kernel
def _fill_head(
    data: NDArray[np.uint8],
    start: int,
    end: int,
    pages: NDArray[np.uint16],
    entries: NDArray[np.uint32],
    seed: np.uint64,
    tokens: NDArray[np.uint64],
    row: NDArray[np.uint8],
) -> int:
    """Hash the words of a head data[start:end] and count what it holds; returns its tokens.

    Words are cut and folded as in `text.fill_tokens`, save that a code point
    which folds to several is taken as it is: this hash tells blocks apart, and
    is never compared with that of a word elsewhere.
    """
    row[:] = 0
    n_tokens = 0
    in_token = False
    is_number = np.uint8(0)
    state = seed
    word = _ZERO
    last_step = data.shape[0] - _STEP_BYTES
    at = start
    while at < end:
        byte = data[at]
        width = 1
        if byte < 0x80:
            code = int(np.int64(byte))
            entry = np.int64(entries[code])
        else:
            width = int(_width(byte))
            code = _code_point(data, at, min(end, at + width))
            entry = np.int64(entries[(np.int64(pages[code >> 8]) << 8) + (code & 255)])
        if in_token and (entry < fold.IGNORED or entry & fold.STANDS_ALONE):
            tokens[n_tokens] = mix(state ^ word)
            n_tokens += 1
            row[NUMBERS] += is_number
            in_token = False
        if entry < fold.IGNORED:
            if code > 32:
                _count_mark(data, start, at, code, int(entry), row)
            at += width
            continue
        if entry == fold.IGNORED:
            at += width
            continue
        if not in_token:
            in_token = True
            is_number = np.uint8(1)
            state = seed
            word = _ZERO
            if entry & fold.IS_UPPER:
                row[CAPITALS] += np.uint8(1)
        if byte < 0x80 and word == _ZERO and at <= last_step:
            # Eight bytes at once: nearly all bytes of most news are of ASCII words.
            eight = eight_bytes(data, at)
            found = min(count_word_bytes(eight), end - at)
            word = reversed_bytes(eight | EACH_20) >> np.uint64(64 - 8 * found)
            if word & _LETTER_BITS:
                is_number = np.uint8(0)
            if found == _STEP_BYTES:
                state = (state ^ word) * MULTIPLY
                word = _ZERO
            at += found
            continue
        if not entry & fold.IS_DIGIT:
            is_number = np.uint8(0)
        if byte < 0x80:
            word = (word << _SHIFT_8) | np.uint64(entry & 0x7F)
            if word >> _SHIFT_56:
                state = (state ^ word) * MULTIPLY
                word = _ZERO
            at += 1
            continue
        is_itself = entry & (fold.IS_ITSELF | fold.EXPANDS)
        folded = np.uint64(code if is_itself else entry & fold.CODE_POINT)
        if folded < _ASCII:
            word = (word << _SHIFT_8) | folded
            if word >> _SHIFT_56:
                state = (state ^ word) * MULTIPLY
                word = _ZERO
        else:
            state = (((state ^ word) * MULTIPLY) ^ folded) * MULTIPLY
            word = _ZERO
        at += width
        if entry & fold.STANDS_ALONE:
            tokens[n_tokens] = mix(state ^ word)
            n_tokens += 1
            row[NUMBERS] += is_number
            in_token = False
    if in_token:
        tokens[n_tokens] = mix(state ^ word)
        n_tokens += 1
        row[NUMBERS] += is_number
    row[TOKENS] = np.uint8(n_tokens)
    if 0x61 <= data[start] <= 0x7A:
        row[MARKS] |= np.uint8(STARTS_LOWER)
    return n_tokens


@kernel
def _count_mark(
    data: NDArray[np.uint8],
    start: int,
    at: int,
    code: int,
    entry: int,
    row: NDArray[np.uint8],
) -> None:
    """Count one mark that is no letter: the code point at data[at] of a block from `start`."""
    if code in (0x2C, 0x3B, 0x060C, 0x3001, 0x3002, 0xFF0C):
        row[COMMAS] += np.uint8(1)
    elif code in (0x7C, 0x3E, 0xB7, 0xBB, 0x203A, 0x2022):
        row[SEPARATORS] += np.uint8(1)
    elif code == 0x40:
        row[MARKS] |= np.uint8(HAS_AT)
    elif code == 0xA9:
        row[MARKS] |= np.uint8(HAS_COPYRIGHT)
    elif code == 0x2F and at > start and data[at - 1] == 0x2F:
        row[MARKS] |= np.uint8(HAS_ADDRESS)
    elif at == start and fold.QUOTE_OPEN <= entry <= fold.SINGLE_OPEN:
        row[MARKS] |= np.uint8(STARTS_QUOTED)


@kernel
def _width(lead: np.uint8) -> int:
    """Return the bytes of a code point by its first."""
    if lead >= 0xF0:
        return 4
    if lead >= 0xE0:
        return 3
    return 2 if lead >= 0xC0 else 1


@kernel
def _ending(
    data: NDArray[np.uint8],
    start: int,
    end: int,
    pages: NDArray[np.uint16],
    entries: NDArray[np.uint32],
) -> np.uint8:
    """Say how a block ends: closing quotes and brackets are passed over."""
    at = end
    for _ in range(4):
        if at <= start:
            return np.uint8(NO_END)
        begin = at - 1
        while begin > start and np.int64(data[begin]) & 0xC0 == 0x80:
            begin -= 1
        code = _code_point(data, begin, at)
        if code == 0x2026 or (code == 0x2E and begin > start and data[begin - 1] == 0x2E):
            return np.uint8(ELLIPSIS)
        entry = np.int64(entries[(np.int64(pages[code >> 8]) << 8) + (code & 255)])
        if entry == fold.SENTENCE_END:
            return np.uint8(SENTENCE_END)
        if code in (0x3A, 0xFF1A):
            return np.uint8(COLON)
        is_quote = fold.QUOTE_OPEN <= entry <= fold.APOSTROPHE
        if not is_quote and code > 32 and code not in (0x29, 0x5D):
            return np.uint8(NO_END)
        at = begin
    return np.uint8(NO_END)


@kernel
def _code_point(data: NDArray[np.uint8], start: int, end: int) -> int:
    """Decode the one code point that is data[start:end]; 0 where it is cut or stray."""
    lead = np.int64(data[start])
    if end - start == 1:
        return int(lead) if lead < 0x80 else 0
    if end - start != _width(data[start]):
        return 0
    code = lead & (0xFF >> (end - start + 1))
    for at in range(start + 1, end):
        code = (code << 6) | (np.int64(data[at]) & 0x3F)
    return int(code) if code < 0x110000 else 0


@kernel
def _find_phrase(
    tokens: NDArray[np.uint64],
    n_tokens: int,
    whole: bool,
    keys: NDArray[np.uint64],
    kinds: NDArray[np.uint8],
    starts: NDArray[np.uint8],
) -> np.uint8:
    """Return the kind of the first phrase found, the longest at its place, plus how it stands.

    0 when there is none; else a kind and WHOLE, PREFIX or ANYWHERE; both the
    first two when the block is a phrase that others may begin with.
    """
    is_short = whole and n_tokens <= _SEARCHED_TOKENS
    for i in range(n_tokens):
        every_kind = i == 0 or is_short
        wanted = _BEGINS_OTHER | _BEGINS_NOTICE if every_kind else _BEGINS_NOTICE
        if np.int64(starts[tokens[i] & _PLACE]) & wanted == 0:
            continue
        found = 0
        value = _ZERO
        for j in range(i, min(n_tokens, i + _PHRASE_WORDS)):
            value = mix(value ^ tokens[j])
            known = _kind_of(value, keys, kinds)
            if known == 0 or not (every_kind or known & KIND == NOTICE):
                continue
            stands = ANYWHERE
            if i == 0:
                stands = WHOLE if whole and j + 1 == n_tokens else PREFIX
            if stands == WHOLE and known & ~KIND > WHOLE:
                found = (known & KIND) | WHOLE | PREFIX
            elif stands <= known & ~KIND:
                found = (known & KIND) | stands
        if found:
            return np.uint8(found)
    return np.uint8(0)


@kernel
def _kind_of(value: np.uint64, keys: NDArray[np.uint64], kinds: NDArray[np.uint8]) -> int:
    """Look a phrase up: open addressing, an empty slot is 0."""
    mask = np.uint64(keys.shape[0] - 1)
    slot = value & mask
    while keys[slot] != _ZERO:
        if keys[slot] == value:
            return int(np.int64(kinds[slot]))
        slot = (slot + _ONE) & mask
    return 0


@kernel
def fill_phrases(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    given: NDArray[np.uint8],
    pages: NDArray[np.uint16],
    entries: NDArray[np.uint32],
    seed: np.uint64,
    keys: NDArray[np.uint64],
    kinds: NDArray[np.uint8],
    starts: NDArray[np.uint8],
) -> int:
    """Write the table of phrases; returns the number of the first phrase too long, or -1.

    Shapes (N phrases, P slots, a power of two above 2 N)
        data     uint8  (B,)    phrase n is data[offsets[n]:offsets[n+1]]
        given    uint8  (N,)    its kind (1 to 15) and the widest way it may stand:
                                WHOLE, PREFIX or ANYWHERE
        keys     uint64 (P,)    all 0 before
        kinds    uint8  (P,)
        starts   uint8  (4096,) all 0 before; by 12 bits of the first word
    """
    tokens = np.empty(HEAD_BYTES, np.uint64)
    row = np.empty(N_TRAITS, np.uint8)
    mask = np.uint64(keys.shape[0] - 1)
    for n in range(given.shape[0]):
        n_tokens = _fill_head(data, offsets[n], offsets[n + 1], pages, entries, seed, tokens, row)
        if n_tokens == 0 or n_tokens > _PHRASE_WORDS:
            return n
        begins = _BEGINS_NOTICE if given[n] & KIND == NOTICE else _BEGINS_OTHER
        starts[tokens[0] & _PLACE] |= np.uint8(begins)
        value = _ZERO
        for i in range(n_tokens):
            value = mix(value ^ tokens[i])
        slot = value & mask
        while keys[slot] != _ZERO and keys[slot] != value:
            slot = (slot + _ONE) & mask
        keys[slot] = value
        kinds[slot] = given[n]
    return -1
