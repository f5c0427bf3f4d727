"""Where what two texts share begins in, whom each names in that sentence before it, out.

    tokens of a pair, a place in each  ->  fill_opening_names()  ->  how many names of each

A form filled in anew begins with its subject and goes on in the same words: "Marlow Bank
raises its prime rate". A copy of another outlet has its own byline and dateline, and what
it took over begins with a sentence.

Axes: P pairs, T tokens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe.kernels._compile import kernel
from dedupe.kernels.text import CAPITALISED, SENTENCE_START

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe.kernels.telling import Tokens

_CAPITALISED = np.int64(CAPITALISED)
_SENTENCE_START = np.int64(SENTENCE_START)
_NEWLINE, _CLOSING, _HYPHEN, _COLON = 10, 41, 45, 58
# UTF-8 of the long dashes, U+2012 to U+2015.
_DASHES = (0xE2, 0x80, 0x92, 0x95)


@kernel
def fill_opening_names(
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    places: NDArray[np.int64],
    first: int,
    last: int,
    tokens: Tokens,
    out: NDArray[np.int32],
) -> None:
    """Count names before what documents a[i] and b[i] share, i from `first` to `last`.

    Shapes
        a, b    int64 (P,)
        places  int64 (P, 2)  tokens of a and of b at which it begins; -1 where nothing does
        out     int32 (P, 2)  overwritten: capitalised tokens of the same sentence, before the
                              place, that stand nowhere in the other text
    Edge    0 where the place begins a sentence of either text, or is capitalised itself: a
            sentence also begins with a capital behind a newline, colon, bracket or dash.
    Cost    words of the two beginnings times words of the texts
    """
    for p in range(first, last):
        out[p] = 0
        in_a = tokens.bounds[a[p]] + places[p, 0]
        in_b = tokens.bounds[b[p]] + places[p, 1]
        if min(places[p, 0], places[p, 1]) < 0 or not _goes_on(tokens, in_a, in_b):
            continue
        from_a, from_b = _sentence(tokens, a[p], in_a), _sentence(tokens, b[p], in_b)
        if from_a < in_a and from_b < in_b:
            out[p, 0] = _count_others(tokens, from_a, in_a, b[p])
            out[p, 1] = _count_others(tokens, from_b, in_b, a[p])


@kernel
def _goes_on(tokens: Tokens, i: int, j: int) -> bool:
    """Say whether two tokens are the same word, in small letters in both."""
    flags = np.int64(tokens.flags[i]) | np.int64(tokens.flags[j])
    return bool(tokens.hashes[i] == tokens.hashes[j] and flags & _CAPITALISED == 0)


@kernel
def _sentence(tokens: Tokens, document: int, at: int) -> int:
    """Return the first token of the sentence that holds a token of a document."""
    base = tokens.bases[document]
    while at > tokens.bounds[document]:
        flags = np.int64(tokens.flags[at])
        if flags & _SENTENCE_START:
            break
        between = base + np.int64(tokens.ends[at - 1]), base + np.int64(tokens.starts[at])
        if flags & _CAPITALISED and _breaks(tokens.data, between[0], between[1]):
            break
        at -= 1
    return at


@kernel
def _breaks(data: NDArray[np.uint8], start: int, end: int) -> bool:
    """Say whether bytes between two words set off what follows, as those of a dateline do."""
    for at in range(start, end):
        byte = np.int64(data[at])
        if byte in (_NEWLINE, _CLOSING, _COLON):
            return True
        if byte == _HYPHEN and end - start > 1:
            return True
        if byte == _DASHES[0] and data[at + 1] == _DASHES[1]:
            if _DASHES[2] <= data[at + 2] <= _DASHES[3]:
                return True
    return False


@kernel
def _count_others(tokens: Tokens, first: int, last: int, other: int) -> int:
    """Count capitalised tokens first to last that stand nowhere in the other document."""
    count = 0
    for i in range(first, last):
        if np.int64(tokens.flags[i]) & _CAPITALISED:
            found = False
            for j in range(tokens.bounds[other], tokens.bounds[other + 1]):
                found = found or tokens.hashes[i] == tokens.hashes[j]
            count += np.int64(not found)
    return count
