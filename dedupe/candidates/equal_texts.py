"""Sketches in; which documents hold one text, and which of them are measured for it, out.

    sketches                ->  representatives()  ->  the row that names each text
    pairs of texts, copies  ->  Copies.pairs_of()  ->  pairs of documents

The nets see each text once. But what a pair of texts means depends on who printed
them, and when: one outlet's next version is an update, a form that it filled in anew
on another day is a new one. So the pairs that are measured are those of documents
that one outlet printed, where any outlet printed both texts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe.arrays.ragged import group_starts, ranges_of, rank_within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe.published import Published
    from dedupe.sketch import Sketches

MOST_OUTLETS = 4
"""Outlets, at most, whose documents are measured for two texts that each of them printed: a
bound on work."""


def names_its_text(sketches: Sketches) -> NDArray[np.bool_]:
    """Say which documents name their text, one for each text, bool (D,)."""
    return np.equal(representatives(sketches), np.arange(len(sketches.n_words)))


def representatives(sketches: Sketches) -> NDArray[np.int64]:
    """Map each document to the smallest row of equal folded text, int64 (D,).

    Texts without words stand for themselves.
    """
    keys = sketches.text_hashes
    order = np.argsort(keys, kind="stable")
    starts = group_starts(keys[order])
    chosen = np.empty(len(keys), np.int64)
    chosen[order] = np.repeat(order[starts], np.diff(starts, append=len(keys)))
    return np.where(sketches.n_words > 0, chosen, np.arange(len(keys)))


class Copies:
    """The documents of each text, and who printed them first.

    Args:
        text: int64 (D,), the row that names the text of each document.
        outlets: uint64 (D,), the outlet of each; 0 where unknown.
        precedence: int64 (D,), the place of each by time, among those of texts with copies.
    """

    def __init__(
        self, text: NDArray[np.int64], outlets: NDArray[np.uint64], precedence: NDArray[np.int64]
    ) -> None:
        self._text, self._outlets, self._precedence = text, outlets, precedence
        self._n_copies = np.bincount(text, minlength=len(text))
        rows = np.flatnonzero(self._n_copies[text] > 1)
        rows = rows[np.lexsort((precedence[rows], text[rows]))]
        starts = group_starts(text[rows])
        self._first = np.arange(len(text))
        self._first[text[rows[starts]]] = rows[starts]

    @classmethod
    def of(cls, text: NDArray[np.int64], sketches: Sketches, published: Published | None) -> Copies:
        """Find the copies of each text, by its `representatives`.

        Where nothing is published, the first row is the first.
        """
        if published is None:
            return cls(text, np.zeros(len(text), np.uint64), np.arange(len(text)))
        # A document alone with its text is the first of it whenever it came.
        rows = np.flatnonzero(np.bincount(text, minlength=len(text))[text] > 1)
        precedence = np.zeros(len(text), np.int64)
        precedence[rows] = published.of(rows).precedence(
            sketches.text_hashes[rows], sketches.n_words[rows]
        )
        return cls(text, published.outlets, precedence)

    def with_first(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Pair each copy with the first document of its text: m copies, m - 1 pairs."""
        first = self._first[self._text]
        copies = np.flatnonzero(first != np.arange(len(first)))
        return first[copies], copies

    def pairs_of(
        self, a: NDArray[np.int64], b: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Choose the documents that are measured for pairs of texts.

        Those are the first documents of each outlet that printed both, of the outlets that
        had both first; without any, the first documents of the two texts.

        Args:
            a: int64 (P,), rows that name texts.
            b: int64 (P,), others.

        Returns:
            The place of the pair of texts, int64 (N,), rising, and a document of each side.
        """
        copied = np.flatnonzero((self._n_copies[a] > 1) | (self._n_copies[b] > 1))
        pair, one, other = self._of_one_outlet(a[copied], b[copied])
        alone = np.ones(len(a), np.bool_)
        alone[copied[pair]] = False
        rest = np.flatnonzero(alone)
        place = np.concatenate([copied[pair], rest])
        order = np.argsort(place, kind="stable")
        one = np.concatenate([one, self._first[a[rest]]])[order]
        other = np.concatenate([other, self._first[b[rest]]])[order]
        return place[order], one, other

    def _of_one_outlet(
        self, a: NDArray[np.int64], b: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Return the documents by which some outlets printed both texts of a pair."""
        rows, text, outlet = self._first_of_outlets(np.concatenate([a, b]))
        n_outlets = int(outlet.max(initial=0)) + 1
        keys = text * n_outlets + outlet
        bounds = [np.searchsorted(text, (side, side + 1)) for side in (a, b)]
        counts = [ends - starts for starts, ends in bounds]
        # The outlets of the text that fewer printed are looked for among the other's.
        fewer = counts[1] < counts[0]
        start, count = (np.where(fewer, *both[::-1]) for both in (
            (bounds[0][0], bounds[1][0]), counts))  # fmt: skip
        pair = np.repeat(np.arange(len(a)), count)
        own = ranges_of(start, count)
        wanted = np.where(fewer, a, b)[pair] * n_outlets + outlet[own]
        near = np.searchsorted(keys, wanted).clip(max=max(len(keys) - 1, 0))
        found = np.flatnonzero(keys[near] == wanted) if len(keys) else np.zeros(0, np.int64)
        pair, own, near = pair[found], rows[own[found]], rows[near[found]]
        both_by = np.maximum(self._precedence[own], self._precedence[near])
        order = np.lexsort((both_by, pair))
        order = order[rank_within(pair[order]) < MOST_OUTLETS]
        pair, own, near = pair[order], own[order], near[order]
        swapped = fewer[pair]
        return pair, np.where(swapped, near, own), np.where(swapped, own, near)

    def _first_of_outlets(
        self, texts: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Return the first document of each text and outlet, by both: row, text, outlet.

        Outlets are numbered anew; documents of unknown ones are left out.
        """
        wanted = np.zeros(len(self._text), np.bool_)
        wanted[texts] = True
        rows = np.flatnonzero(wanted[self._text] & (self._outlets > 0))
        _, outlet = np.unique(self._outlets[rows], return_inverse=True)
        text = self._text[rows]
        order = np.lexsort((self._precedence[rows], outlet, text))
        rows, text, outlet = rows[order], text[order], outlet[order]
        begins = np.ones(len(rows), np.bool_)
        begins[1:] = (text[1:] != text[:-1]) | (outlet[1:] != outlet[:-1])
        return rows[begins], text[begins], outlet[begins]
