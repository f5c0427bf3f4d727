"""The tables of a run, looked up by document and by story.

clues table, pairs and passages tables  ->  ClueTable, PairTable
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from dedupe.attribute.evidence import Pair
from dedupe.attribute.signals import derives
from dedupe.clean.clue import Clue

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa
    from numpy.typing import NDArray

# Pairs looked up at once.
_BLOCK = 4096
_SPANS = ("a_start", "a_end", "b_start", "b_end")


class ClueTable:
    """Clues by document."""

    def __init__(self, table: pa.Table) -> None:
        """Read a table of `clues_schema()`, in any order."""
        documents: NDArray[np.int64] = table.column("document").to_numpy()
        order = np.argsort(documents, kind="stable")
        self._documents = documents[order]
        ordered = table.take(order) if np.any(np.diff(documents) < 0) else table
        self._clues = list(map(Clue, *(ordered.column(name).to_pylist() for name in Clue._fields)))
        self._places = _runs(self._documents)

    def of(self, row: int) -> list[Clue]:
        """Return the clues of one document, in the order of the table."""
        place = self._places.get(row)
        return self._clues[place[0] : place[1]] if place else []

    def named(self) -> Iterator[tuple[int, Clue]]:
        """Yield documents and their clues that name somebody."""
        for row, clue in zip(self._documents.tolist(), self._clues, strict=True):
            if clue.name is not None:
                yield row, clue

    def deriving(self) -> list[int]:
        """Return the documents with a clue that may make them copies by itself."""
        found = [derives(clue.kind, clue.rule, clue.name) for clue in self._clues]
        rows: list[int] = np.unique(self._documents[np.array(found, dtype=bool)]).tolist()
        return rows


class PairTable:
    """Verified pairs and their passages, by story."""

    def __init__(self, pairs: pa.Table, passages: pa.Table, stories: NDArray[np.int64]) -> None:
        """Read the tables.

        Args:
            pairs: verified pairs; a and b are rows of the documents.
            passages: aligned passages, sorted by pair.
            stories: int64 (D,), the story of each document.
        """
        self._columns = [
            pairs.column(name).combine_chunks()
            for name in ("relation", "resemblance", "containment_a", "containment_b")
        ]
        self._rows = np.stack([_array(pairs, "a"), _array(pairs, "b")], axis=1)
        self._spans = np.stack([_array(passages, name) for name in _SPANS], axis=1)
        self._span_ends = np.searchsorted(_array(passages, "pair"), np.arange(len(self._rows) + 1))
        label, other = stories[self._rows].T
        inner = np.flatnonzero(label == other)
        inner = inner[np.argsort(label[inner], kind="stable")]
        self._places = _runs(label[inner])
        self._inner = inner
        self._block_start = 0
        self._block: list[Pair] = []
        self._outer = np.flatnonzero(label != other)

    def within(self, label: int) -> list[Pair]:
        """Return the pairs of one story; cheapest for stories in their order."""
        if label not in self._places:
            return []
        first, last = self._places[label]
        if first < self._block_start or last > self._block_start + len(self._block):
            places = self._inner[first : max(last, first + _BLOCK)]
            self._block_start, self._block = first, list(self._pairs(places))
        return self._block[first - self._block_start : last - self._block_start]

    def crossing(self, relations: frozenset[str]) -> Iterator[Pair]:
        """Yield the pairs of two stories that stand in one of some relations."""
        import pyarrow as pa
        import pyarrow.compute as pc

        wanted = pc.is_in(self._columns[0].take(self._outer), pa.array(sorted(relations)))
        return self._pairs(self._outer[np.asarray(wanted)])

    def _pairs(self, places: NDArray[np.int64]) -> Iterator[Pair]:
        """Yield some pairs with their passages."""
        if not len(places):
            return
        columns = (column.take(places).to_pylist() for column in self._columns)
        firsts, lasts = self._span_ends[places].tolist(), self._span_ends[places + 1].tolist()
        spans = (
            list(map(tuple, self._spans[first:last].tolist())) if last > first else []
            for first, last in zip(firsts, lasts, strict=True)
        )
        rows = self._rows[places].T.tolist()
        yield from map(Pair, places.tolist(), *rows, *columns, spans)


def _runs(values: NDArray[np.int64]) -> dict[int, tuple[int, int]]:
    """Return where each of some sorted values begins, and where it ends."""
    distinct, firsts = np.unique(values, return_index=True)
    places = [*firsts.tolist(), len(values)]
    return dict(zip(distinct.tolist(), itertools.pairwise(places), strict=True))


def _array(table: pa.Table, name: str) -> NDArray[np.int64]:
    column: NDArray[np.int64] = table.column(name).to_numpy()
    return column
