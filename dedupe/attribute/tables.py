"""The tables of a run, looked up by document and by story.

clues table, pairs and passages tables  ->  ClueTable, PairTable
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe.attribute.evidence import Pair
from dedupe.attribute.said import derives
from dedupe.clean.clue import Clue

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa
    from numpy.typing import NDArray

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

    def of(self, row: int) -> list[Clue]:
        """Return the clues of one document, in the order of the table."""
        first, last = np.searchsorted(self._documents, [row, row + 1])
        return self._clues[first:last]

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


class _Columns(NamedTuple):
    a: NDArray[np.int64]
    b: NDArray[np.int64]
    relation: list[str]
    resemblance: NDArray[np.float64]
    containment_a: NDArray[np.float64]
    containment_b: NDArray[np.float64]


class PairTable:
    """Verified pairs and their passages, by story."""

    def __init__(self, pairs: pa.Table, passages: pa.Table, stories: NDArray[np.int64]) -> None:
        """Read the tables.

        Args:
            pairs: verified pairs; a and b are rows of the documents.
            passages: aligned passages, sorted by pair.
            stories: int64 (D,), the story of each document.
        """
        self._columns = _Columns(
            a=_array(pairs, "a"),
            b=_array(pairs, "b"),
            relation=pairs.column("relation").to_pylist(),
            resemblance=pairs.column("resemblance").to_numpy(),
            containment_a=pairs.column("containment_a").to_numpy(),
            containment_b=pairs.column("containment_b").to_numpy(),
        )
        self._spans = np.stack([_array(passages, name) for name in _SPANS], axis=1)
        self._span_pair = _array(passages, "pair")
        label = stories[self._columns.a]
        same = label == stories[self._columns.b]
        inner = np.flatnonzero(same)
        self._inner = inner[np.argsort(label[inner], kind="stable")]
        self._inner_label = label[self._inner]
        self._outer = np.flatnonzero(~same)

    def within(self, label: int) -> list[Pair]:
        """Return the pairs of one story."""
        first, last = np.searchsorted(self._inner_label, [label, label + 1])
        return [self._pair(int(place)) for place in self._inner[first:last]]

    def crossing(self, relations: frozenset[str]) -> Iterator[Pair]:
        """Yield the pairs of two stories that stand in one of some relations."""
        for place in self._outer.tolist():
            if self._columns.relation[place] in relations:
                yield self._pair(place)

    def _pair(self, place: int) -> Pair:
        first, last = np.searchsorted(self._span_pair, [place, place + 1])
        columns = self._columns
        spans = self._spans[first:last].tolist() if last > first else []
        return Pair(
            place,
            int(columns.a[place]),
            int(columns.b[place]),
            columns.relation[place],
            float(columns.resemblance[place]),
            float(columns.containment_a[place]),
            float(columns.containment_b[place]),
            [(s[0], s[1], s[2], s[3]) for s in spans],
        )


def _array(table: pa.Table, name: str) -> NDArray[np.int64]:
    column: NDArray[np.int64] = table.column(name).to_numpy()
    return column
