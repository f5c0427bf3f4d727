"""UTF-8 bytes in; the hashes of their tokens, and nothing else, out.

A third of the time of `text.fill_tokens`: ASCII, nearly all of most news, is read
64 bytes a step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe.kernels import fold
from dedupe.kernels._compile import kernel
from dedupe.kernels.eight_bytes import (
    EACH_20,
    EACH_80,
    STEP_BYTES,
    count_word_bytes,
    eight_bytes,
    reversed_bytes,
    trailing_zeros,
    word_bits,
)
from dedupe.kernels.hashing import absorb, mix
from dedupe.kernels.text import pack_wide, wide_code_point

if TYPE_CHECKING:
    from numpy.typing import NDArray

_IGNORED = fold.IGNORED
_STANDS_ALONE = fold.STANDS_ALONE
_ZERO = np.uint64(0)
_ONE = np.uint64(1)
_SHIFT_8 = np.uint64(8)
# Each has a bit of a word.
_BLOCK_BYTES = 64


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
    wide_end = min(end, data.shape[0] - STEP_BYTES)
    last_block = data.shape[0] - _BLOCK_BYTES - STEP_BYTES
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
                    hashes[n_tokens] = mix(absorb(state, word))
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
                    if n_packed == STEP_BYTES:
                        state = absorb(state, word)
                    word = reversed_bytes(eight | EACH_20) >> np.uint64(64 - 8 * found)
                    n_packed = found
                    at += found
                    if found < STEP_BYTES:
                        break
                if n_packed:
                    continue
            if n_packed == STEP_BYTES:
                state = absorb(state, word)
                word = _ZERO
                n_packed = 0
            word = (word << _SHIFT_8) | np.uint64(entry & 0x7F)
            n_packed += 1
            at += 1
            continue
        code, width = wide_code_point(data, at, end)
        at += width
        entry = np.int64(entries[(np.int64(pages[code >> 8]) << 8) + (code & 255)])
        if entry == _IGNORED:
            continue
        if in_token and (entry < _IGNORED or entry & _STANDS_ALONE):
            hashes[n_tokens] = mix(absorb(state, word))
            n_tokens += 1
            in_token = False
        if entry < _IGNORED:
            continue
        if not in_token:
            in_token = True
            state = seed
            word = _ZERO
            n_packed = 0
        state, word, n_packed = pack_wide(code, entry, expansions, state, word, n_packed)
        if entry & _STANDS_ALONE:
            hashes[n_tokens] = mix(absorb(state, word))
            n_tokens += 1
            in_token = False
    if in_token:
        hashes[n_tokens] = mix(absorb(state, word))
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
    for i in range(STEP_BYTES):
        eight = eight_bytes(data, at + STEP_BYTES * i)
        wide |= eight
        inside |= word_bits(eight) << np.uint64(STEP_BYTES * i)
    n_bytes = min(_BLOCK_BYTES, end - at)
    if wide & EACH_80:
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
        first = trailing_zeros(firsts)
        length = trailing_zeros(afters) - first
        firsts &= firsts - _ONE
        afters &= afters - _ONE
        state = seed
        begin = at + first
        while length > STEP_BYTES:
            state = absorb(state, reversed_bytes(eight_bytes(data, begin) | EACH_20))
            begin += STEP_BYTES
            length -= STEP_BYTES
        word = reversed_bytes(eight_bytes(data, begin) | EACH_20)
        hashes[n_tokens] = mix(absorb(state, word >> np.uint64(64 - 8 * length)))
        n_tokens += 1
    if firsts != _ZERO:
        return at + trailing_zeros(firsts), n_tokens
    return at + n_bytes, n_tokens


@kernel
def _count_ascii(data: NDArray[np.uint8], at: int) -> int:
    """Count the bytes from `at` on before one of a wider code point, which must be there."""
    n_bytes = 0
    while data[at + n_bytes] < 0x80:
        n_bytes += 1
    return n_bytes
