"""Two texts and where what they share begins in; names in that sentence before it, out.

    tokens of a pair, a place in each  ->  fill_opening_names()  ->  how many names of each

A form filled in anew begins with its subject, and goes on in the same words: "Marlow Bank
raises its prime rate". A copy of another outlet has its own byline and dateline, but what
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
# UTF-8 of the long dashes, U+2012 to U+2015: two bytes, and the third of each.
_DASHES, _LONG = (0xE2, 0x80), (0x92, 0x93, 0x94, 0x95)
_LEADING, _LOWER, _LETTERS = 0xC0, 0x20, 64
_LONGEST = 40
"""Tokens of a beginning, at most, or it is none: a bound on work. Twice or half as much changes no
pair of Reuters."""
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
                              place, for which nothing stands in the other text
    Edge    zeros where the place begins a sentence of either text, or is a capital or a number
            as in a dateline. A sentence also begins with a capital behind a dash, a newline and
            most other marks. A name spelled nearly as one of the other sentence is that one.
    Cost    `_LONGEST` times the words of the texts, at most
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
    """Return the first token of the sentence that holds a token of a document.

    The token itself where the first is too far away.
    """
    base, first = tokens.bases[document], at
    while first > tokens.bounds[document] and at - first <= _LONGEST:
        flags = np.int64(tokens.flags[first])
        if flags & _SENTENCE_START:
            break
        start, end = base + np.int64(tokens.ends[first - 1]), base + np.int64(tokens.starts[first])
        if flags & _CAPITALISED and _breaks(tokens.data, start, end):
            break
        first -= 1
    return first if at - first <= _LONGEST else at


@kernel
def _breaks(data: NDArray[np.uint8], start: int, end: int) -> bool:
    """Say whether the bytes between two words set off what follows, as those of a dateline do."""
    for at in range(start, end):
        byte = np.int64(data[at])
        if byte == _HYPHEN:
            # Alone it joins two words, beside a blank it is a dash.
            found = end - start > 1
        elif byte < _ASCII:
            found = byte not in _WITHIN_NAMES
        else:
            found = byte == _DASHES[0] and data[at + 1] == _DASHES[1] and data[at + 2] in _LONG
        if found:
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
