"""Where what two texts share begins in, whom each names in that sentence before it, out.

    tokens of a pair, a place in each  ->  fill_opening_names()  ->  how many names of each

A form filled in anew begins with its subject and goes on in the same words: "Marlow Bank
raises its prime rate". A copy of another outlet has its own byline and dateline, and what
it took over begins with a sentence.

Axes: P pairs, T tokens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe.kernels._compile import kernel
from dedupe.kernels.text import CAPITALISED, NUMBER, SENTENCE_START

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe.kernels.telling import Tokens

_CAPITALISED = np.int64(CAPITALISED)
_SENTENCE_START = np.int64(SENTENCE_START)
_CAPITAL_OR_NUMBER = np.int64(CAPITALISED | NUMBER)
_ASCII, _HYPHEN = 0x80, 45
# Marks that may stand before a word of a name: blank, " & ' ( , . < >
_WITHIN_NAMES = (32, 34, 38, 39, 40, 44, 46, 60, 62)
# UTF-8 of the long dashes, U+2012 to U+2015.
_DASHES = (0xE2, 0x80, 0x92, 0x95)
_LEADING, _LOWER, _LETTERS = 0xC0, 0x20, 64
_ALIKE = 2 / 3
"""Share of letters in common from which on two words are one name spelled otherwise: so are 30 of
39 pairs of spellings (Hester and Esther, Yusef and Yousuf), and a fiftieth of all pairs of names
in benchmarks/fiction.py."""


class Opening(NamedTuple):
    """Tokens first to last of a document: its sentence, before what is shared."""

    document: int
    first: int
    last: int


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
                              place, that stand nowhere in the other text, nor nearly so in its sentence
    Edge    0 where the place begins a sentence of either text, or is a capital or a number, as
            in a dateline: a sentence also begins with a capital behind a dash, a newline and
            most other marks.
    Cost    words of the two beginnings times words of the texts
    """
    for p in range(first, last):
        out[p] = 0
        in_a = tokens.bounds[a[p]] + places[p, 0]
        in_b = tokens.bounds[b[p]] + places[p, 1]
        if min(places[p, 0], places[p, 1]) < 0 or not _goes_on(tokens, in_a, in_b):
            continue
        one = Opening(a[p], _sentence(tokens, a[p], in_a), in_a)
        other = Opening(b[p], _sentence(tokens, b[p], in_b), in_b)
        if one.first < one.last and other.first < other.last:
            out[p, 0] = _count_others(tokens, one, other)
            out[p, 1] = _count_others(tokens, other, one)


@kernel
def _goes_on(tokens: Tokens, i: int, j: int) -> bool:
    """Say whether two tokens are the same word, no number, in small letters in both."""
    flags = np.int64(tokens.flags[i]) | np.int64(tokens.flags[j])
    return bool(tokens.hashes[i] == tokens.hashes[j] and flags & _CAPITAL_OR_NUMBER == 0)


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
    """Say whether the bytes between two words set off what follows, as those of a dateline do."""
    for at in range(start, end):
        byte = np.int64(data[at])
        if byte == _HYPHEN:
            # Alone it joins two words, beside a blank it is a dash.
            if end - start > 1:
                return True
        elif byte < _ASCII:
            if byte not in _WITHIN_NAMES:
                return True
        elif byte == _DASHES[0] and data[at + 1] == _DASHES[1]:
            if _DASHES[2] <= data[at + 2] <= _DASHES[3]:
                return True
    return False


@kernel
def _count_others(tokens: Tokens, one: Opening, other: Opening) -> int:
    """Count names of one beginning that the other text does not have, however spelled."""
    count = 0
    for i in range(one.first, one.last):
        if np.int64(tokens.flags[i]) & _CAPITALISED:
            found = False
            for j in range(tokens.bounds[other.document], tokens.bounds[other.document + 1]):
                found = found or tokens.hashes[i] == tokens.hashes[j]
            for j in range(other.first, other.last):
                if not found and np.int64(tokens.flags[j]) & _CAPITALISED:
                    found = _are_alike(tokens, one.document, i, other.document, j)
            count += np.int64(not found)
    return count


@kernel
def _are_alike(tokens: Tokens, a: int, i: int, b: int, j: int) -> bool:
    """Say whether two words have `_ALIKE` of their letters in common, in whatever order."""
    in_a, in_b = np.zeros(_LETTERS, np.int64), np.zeros(_LETTERS, np.int64)
    n_letters = _count_letters(tokens, a, i, in_a) + _count_letters(tokens, b, j, in_b)
    return bool(2 * np.minimum(in_a, in_b).sum() >= _ALIKE * n_letters)


@kernel
def _count_letters(tokens: Tokens, document: int, token: int, counts: NDArray[np.int64]) -> int:
    """Count each letter of a word, in small letters as far as one byte tells it; returns all."""
    base, n_letters = tokens.bases[document], 0
    for at in range(base + tokens.starts[token], base + tokens.ends[token]):
        byte = np.int64(tokens.data[at])
        # The first byte of several tells the script.
        if byte < _LEADING:
            counts[(byte | _LOWER) % _LETTERS] += 1
            n_letters += 1
    return n_letters
