"""Words of a list, found where they begin: most bytes of a text are looked at once.

    bytes, Lexicon  ->  find_words()  ->  places, and the kinds of words that begin there

Three bytes say whether any word of the list may begin at a place; only there
are the tries walked, and they end the walk after a few bytes more. A word of
letters begins where a word of the text does: not after an ASCII letter or digit.

Axes: B bytes, T tries, Q states, C classes of bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe.kernels._compile import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

SKIPPED = -1
"""Class of bytes that are passed over, so that "Harbor Light" is "harborlight"."""

_BLANK, _NO_KEY = np.uint8(32), np.uint32(0)


class Lexicon(NamedTuple):
    """Words by their bytes, in one trie or several, and what may begin a word.

    Shapes
        first     uint32 (256,)    of a byte as the first of three; with `second` of
                                   the next and `third` of the last, their key
        openings  uint8 (K,)       by key: bit t is set where a word of trie t may begin
        roots     int64 (T,)       root of each trie
        classes   int16 (T, 256)   class of each byte in each trie; 0 for bytes in no
                                   word, or SKIPPED
        step      int32 (Q, C)     next state; 0, which is no trie's root, where no word
                                   goes on
        bits      int64 (Q,)       kinds of the word that ends in this state
        whole     int64 (Q,)       kinds that only count before no ASCII letter or digit
    """

    first: NDArray[np.uint32]
    second: NDArray[np.uint32]
    third: NDArray[np.uint32]
    openings: NDArray[np.uint8]
    roots: NDArray[np.int64]
    classes: NDArray[np.int16]
    step: NDArray[np.int32]
    bits: NDArray[np.int64]
    whole: NDArray[np.int64]


@kernel
def _is_alphanumeric(byte: np.uint8) -> bool:
    value = np.int64(byte)
    lower = value | 32
    return bool((value >= 48 and value <= 57) or (lower >= 97 and lower <= 122))


@kernel
def with_room(rows: NDArray[np.int64], n_rows: int) -> NDArray[np.int64]:
    """Return rows, or a longer copy where so many are all there is room for."""
    if n_rows < len(rows):
        return rows
    longer = np.empty((2 * n_rows, rows.shape[1]), np.int64)
    for row in range(n_rows):
        for column in range(rows.shape[1]):
            longer[row, column] = rows[row, column]
    return longer


@kernel
def find_words(
    data: NDArray[np.uint8],
    bounds: tuple[int, int, int, int],
    lexicon: Lexicon,
    found: NDArray[np.int64],
    n_found: int,
) -> tuple[NDArray[np.int64], int]:
    """Append (byte, kinds) of every place of a text where words of the lexicon begin.

    Shapes (F room for places)
        data     uint8 (B,)    UTF-8; may be read-only
        bounds   the text's first byte and end, and those of what is to be read of it
        found    int64 (F, 2)  F > 0; its first n_found rows are taken
        returns  `found`, or a longer copy of it, and the new n_found
    Cost    three look-ups a byte, all near each other; where a word may begin,
            one step for each byte of the longest that does.
    """
    begin, end, start, stop = bounds
    first, second, third, openings = lexicon.first, lexicon.second, lexicon.third, lexicon.openings
    classes, step = lexicon.classes, lexicon.step
    bits, whole = lexicon.bits, lexicon.whole
    # The first two of three bytes are looked up once: as they come in.
    byte = data[start + 1] if start + 1 < end else _BLANK
    key = first[data[start]] + second[byte] if start < stop else _NO_KEY
    for i in range(start, stop):
        following = data[i + 2] if i + 2 < end else _BLANK
        tries = np.int64(openings[key + third[following]])
        key = first[byte] + second[following]
        byte = following
        if tries == 0:
            continue
        if i > begin and _is_alphanumeric(data[i]) and _is_alphanumeric(data[i - 1]):
            continue
        kinds = np.int64(0)
        for t in range(len(lexicon.roots)):
            if not (tries >> t) & 1:
                continue
            state = np.int64(lexicon.roots[t])
            for at in range(i, end):
                code = np.int64(classes[t, data[at]])
                if code == SKIPPED:
                    continue
                state = np.int64(step[state, code])
                if state == 0:
                    break
                kinds |= bits[state]
                if whole[state] and not (at + 1 < end and _is_alphanumeric(data[at + 1])):
                    kinds |= whole[state]
        if kinds:
            found = with_room(found, n_found)
            found[n_found, 0] = i
            found[n_found, 1] = kinds
            n_found += 1
    return found, n_found
