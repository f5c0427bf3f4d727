"""One passage of two texts in; what one changed of the other, word by word, out.

    texts + passage  ->  substitutions()  ->  [Edit(kind, a_start, a_end, b_start, b_end)]

Words are compared folded, as everywhere: case, accents and marks are no change.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from dedupe.clean.kept import code_points, keep_all
from dedupe.documents import documents_table
from dedupe.errors import InputError
from dedupe.settings import Settings
from dedupe.shingle import shingle

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Block = tuple[int, int, int, int]

MAX_CELLS = 4_000_000
"""Word pairs compared at once, one byte each: passages of 2,000 words on both sides.

Longer ones are first cut where both have a shingle that neither repeats.
"""


class Edit(NamedTuple):
    """A run of words of one passage, and what it is on the other side.

    Half-open code point ranges of both texts as given, from the first letter of
    the run's first word to the last of its last: spaces and marks between two
    runs belong to neither. An insertion is empty in a, a deletion in b; the
    empty range stands where the words would.
    """

    kind: Literal["equal", "substituted", "inserted", "deleted"]
    a_start: int
    a_end: int
    b_start: int
    b_end: int


class _Words(NamedTuple):
    """Words of one side: hashes, and first and last code point in the whole text."""

    hashes: NDArray[np.uint64]
    starts: list[int]
    ends: list[int]
    start: int


def substitutions(text_a: str, text_b: str, passage: Sequence[int]) -> list[Edit]:
    """Say which words of a passage are equal, substituted, inserted (in b) or deleted (from a).

    Args:
        text_a: a text as given.
        text_b: the other.
        passage: a_start, a_end, b_start, b_end in code points, as in
            `Comparison.passages`; swapping the sides mirrors the answer.

    Returns:
        Runs in order, rising on both sides, which together hold every word of
        the passage once; no two neighbours are of one kind.

    Raises:
        InputError: the passage does not lie in the texts.
    """
    a_start, a_end, b_start, b_end = passage
    if not (0 <= a_start <= a_end <= len(text_a) and 0 <= b_start <= b_end <= len(text_b)):
        raise InputError(
            f"passage {tuple(passage)} does not lie in texts of {len(text_a)} and {len(text_b)} "
            "code points; offsets are of the texts as given"
        )
    parts = text_a[a_start:a_end], text_b[b_start:b_end]
    # Of equally good answers one is taken, and it must not depend on which side is a.
    flipped = parts[1] < parts[0]
    sides = _words(parts, (a_start, b_start))
    one, other = sides[::-1] if flipped else sides
    matches = _matches(one.hashes, other.hashes)
    runs = [
        (kind, block[2:] + block[:2] if flipped else block)
        for kind, block in _runs(matches, len(one.hashes), len(other.hashes))
    ]
    return [_edit(equal, block, *sides) for equal, block in runs]


def _words(parts: tuple[str, str], starts: tuple[int, int]) -> list[_Words]:
    kept = keep_all(documents_table(parts))
    found = shingle(kept, np.arange(2), Settings(threads=1))
    sides = []
    for row, start in enumerate(starts):
        tokens = slice(found.token_offsets[row], found.token_offsets[row + 1])
        text = kept.data[kept.text_offsets[row] : kept.text_offsets[row + 1]]
        first, last = (
            (start + code_points(text, positions[tokens].astype(np.int64))).tolist()
            for positions in (found.token_starts, found.token_ends)
        )
        sides.append(_Words(found.token_hashes[tokens], first, last, start))
    return sides


def _matches(a: NDArray[np.uint64], b: NDArray[np.uint64]) -> list[tuple[int, int]]:
    """Pair equal words of both, rising on both sides."""
    from dedupe.kernels.edits import fill_matches

    pairs: list[tuple[int, int]] = []
    corners = [(0, 0), *_landmarks(a, b), (len(a), len(b))]
    for (i, j), (i_end, j_end) in pairwise(corners):
        n_a, n_b = i_end - i, j_end - j
        # Texts of a few words over and over have no landmarks: left unmatched, not slow.
        if 0 < n_a * n_b <= MAX_CELLS:
            match = np.empty(n_a, np.int64)
            fill_matches(a[i:i_end], b[j:j_end], np.empty((n_a, n_b), np.uint8), match)
            pairs += [(i + at, j + int(match[at])) for at in np.flatnonzero(match >= 0).tolist()]
    return pairs


def _landmarks(a: NDArray[np.uint64], b: NDArray[np.uint64]) -> list[tuple[int, int]]:
    """Return where shingles stand that are single in both, the longest rising row of them.

    None where the passage is small enough to be compared whole. The idea is
    Cohen's patience diff (2010): words that neither side repeats cannot be
    matched wrongly.
    """
    if len(a) * len(b) <= MAX_CELLS:
        return []
    places = [_single_places(side) for side in (a, b)]
    _, in_a, in_b = np.intersect1d(places[0][0], places[1][0], return_indices=True)
    pairs = sorted(zip(places[0][1][in_a].tolist(), places[1][1][in_b].tolist(), strict=True))
    return [pairs[at] for at in _longest_rising([j for _, j in pairs])]


def _single_places(side: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return the shingles that stand once, and where, both (S,)."""
    from dedupe.kernels.shingles import fill_shingles
    from dedupe.shingle import SHINGLE_WORDS

    shingles = np.empty(len(side), np.uint64)
    n_shingles = fill_shingles(side, len(side), SHINGLE_WORDS, shingles)
    distinct, first, counts = np.unique(
        shingles[:n_shingles], return_index=True, return_counts=True
    )
    return distinct[counts == 1], first[counts == 1]


def _longest_rising(values: list[int]) -> list[int]:
    """Return the places of a longest rising subsequence (Schensted 1961)."""
    tails: list[int] = []
    ends: list[int] = []
    before = [-1] * len(values)
    for place, value in enumerate(values):
        at = bisect_left(tails, value)
        before[place] = ends[at - 1] if at else -1
        tails[at : at + 1] = [value]
        ends[at : at + 1] = [place]
    row = []
    place = ends[-1] if ends else -1
    while place >= 0:
        row.append(place)
        place = before[place]
    return row[::-1]


def _runs(matches: list[tuple[int, int]], n_a: int, n_b: int) -> Iterator[tuple[bool, Block]]:
    """Yield runs of equal words and what lies between them: whether equal, and token ranges."""
    i = j = at = 0
    while i < n_a or j < n_b:
        to_i, to_j = matches[at] if at < len(matches) else (n_a, n_b)
        if (to_i, to_j) != (i, j):
            yield False, (i, to_i, j, to_j)
        i, j = to_i, to_j
        while at < len(matches) and matches[at] == (i, j):
            i, j, at = i + 1, j + 1, at + 1
        if i > to_i:
            yield True, (to_i, i, to_j, j)


def _edit(equal: bool, block: Block, a: _Words, b: _Words) -> Edit:
    in_a, in_b = _span(a, *block[:2]), _span(b, *block[2:])
    if equal:
        return Edit("equal", *in_a, *in_b)
    if block[0] == block[1]:
        return Edit("inserted", *in_a, *in_b)
    return Edit("deleted" if block[2] == block[3] else "substituted", *in_a, *in_b)


def _span(words: _Words, first: int, last: int) -> tuple[int, int]:
    if first < last:
        return words.starts[first], words.ends[last - 1]
    at = words.ends[first - 1] if first else words.start
    return at, at
