"""The tables of a run, looked up by document and by story.

clues table, pairs and passages tables  ->  ClueTable, PairTable
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from dedupe.arrays.packed import pack
from dedupe.arrays.ragged import ranges_of, running_total
from dedupe.arrays.spill import MEMORY
from dedupe.attribute.evidence import Pair
from dedupe.attribute.relations import BY_CLOSENESS
from dedupe.attribute.signals import derives
from dedupe.clean.clue import Clue
from dedupe.documents import one_array

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from dedupe.arrays.spill import Spill

# Clues that are objects at one time.
_AT_ONCE = 10_000
_SPANS = ("a_start", "a_end", "b_start", "b_end")


class ClueTable:
    """Clues by document.

    Attributes:
        documents: int64, those that have any, rising.
    """

    def __init__(self, table: pa.Table) -> None:
        """Read a table of `clues_schema()`, in any order."""
        documents: NDArray[np.int64] = table.column("document").to_numpy()
        order = np.argsort(documents, kind="stable")
        self._table = table.take(order) if np.any(np.diff(documents) < 0) else table
        self._documents = documents[order]
        self.documents = np.unique(self._documents)
        self._held: dict[int, list[Clue]] = {}

    def hold(self, rows: NDArray[np.int64]) -> None:
        """Look up the clues of some documents at once, and keep them at hand."""
        firsts = np.searchsorted(self._documents, rows)
        counts = np.searchsorted(self._documents, rows, "right") - firsts
        clues = _clues(self._table.take(ranges_of(firsts, counts)))
        counted = zip(rows.tolist(), counts.tolist(), strict=True)
        self._held = {row: list(itertools.islice(clues, n)) for row, n in counted}

    def of(self, row: int) -> list[Clue]:
        """Return the clues of one document, in the order of the table."""
        if row not in self._held:
            first, last = np.searchsorted(self._documents, [row, row + 1]).tolist()
            self._held[row] = list(_clues(self._table.slice(first, last - first)))
        return self._held[row]

    def named(self) -> Iterator[tuple[int, Clue]]:
        """Yield documents and their clues that name somebody."""
        named = self._table.filter(self._table.column("name").is_valid())
        return zip(_array(named, "document").tolist(), _clues(named), strict=True)

    def naming(self) -> NDArray[np.int64]:
        """Return the documents of `named`, as often as each names somebody."""
        named: NDArray[np.bool_] = self._table.column("name").is_valid().to_numpy()
        return self._documents[named]

    def deriving(self) -> NDArray[np.int64]:
        """Return the documents with a clue that may make them copies by itself."""
        kind, rule, name = (one_array(self._table.column(of)) for of in ("kind", "rule", "name"))
        kinds, rules = kind.dictionary_encode(), rule.dictionary_encode()
        # Of a name it matters that there is one.
        cases = itertools.product(
            kinds.dictionary.to_pylist(), rules.dictionary.to_pylist(), (None, "")
        )
        derived = np.array([derives(*case) for case in cases], np.bool_)
        told = derived.reshape(len(kinds.dictionary), len(rules.dictionary), 2)
        is_named = name.is_valid().to_numpy(zero_copy_only=False).astype(np.int64)
        found = told[kinds.indices.to_numpy(), rules.indices.to_numpy(), is_named]
        rows: NDArray[np.int64] = np.unique(self._documents[found])
        return rows


def _clues(table: pa.Table) -> Iterator[Clue]:
    """Yield the rows of a table of clues, of which few are in memory as objects."""
    for start in range(0, table.num_rows, _AT_ONCE):
        some = table.slice(start, _AT_ONCE)
        yield from map(Clue, *(some.column(name).to_pylist() for name in Clue._fields))


class PairTable:
    """Verified pairs and their passages, by story.

    Shapes (P pairs)
        rows        int64 (P, 2)  the two documents
        relation    int8  (P,)    place in BY_CLOSENESS
        resemblance, containment_a, containment_b   float64 (P,)
        spans       int64 (G, 4)  passages: where they begin and end in a, and in b
        span_ends   int64 (P+1,)  pair p has passages [span_ends[p], span_ends[p+1])
    """

    def __init__(
        self,
        pairs: pa.Table,
        passages: pa.Table,
        stories: NDArray[np.int64],
        precedence: NDArray[np.int64],
        spill: Spill = MEMORY,
    ) -> None:
        """Read the tables.

        Args:
            pairs: verified pairs; a and b are rows of the documents.
            passages: aligned passages, sorted by pair.
            stories: int64 (D,), the story of each document.
            precedence: int64 (D,), the place of each document, by which a story's pairs stand.
            spill: where rows and spans go that memory does not hold.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        relation = pc.index_in(pairs.column("relation"), value_set=pa.array(BY_CLOSENESS))
        self.relation = relation.to_numpy().astype(np.int8)
        self.resemblance, self.containment_a, self.containment_b = (
            pairs.column(name).to_numpy()
            for name in ("resemblance", "containment_a", "containment_b")
        )
        self.rows = _side_by_side(pairs, ("a", "b"), spill)
        self.spans = _side_by_side(passages, _SPANS, spill)
        counts = np.bincount(_array(passages, "pair"), minlength=len(self.rows))
        self.span_ends = running_total(counts)
        label = stories[self.rows[:, 0]]
        together = label == stories[self.rows[:, 1]]
        inner = np.flatnonzero(together)
        ends = np.sort(precedence[self.rows[inner]], axis=1)
        self._inner = inner[np.lexsort((pack(ends[:, 0], ends[:, 1]), label[inner]))]
        self._labels = label[self._inner]
        self._outer = np.flatnonzero(~together)

    def within(self, labels: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the pairs of some stories.

        Args:
            labels: the stories, rising.

        Returns:
            int64 (Q,), places of pairs by story; and int64 (S+1,), where each story's begin.
        """
        firsts = np.searchsorted(self._labels, labels)
        counts = np.searchsorted(self._labels, labels, side="right") - firsts
        return self._inner[ranges_of(firsts, counts)], running_total(counts)

    def crossing(self, n_relations: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the places of the pairs of two stories that stand in one of some relations."""
        places: NDArray[np.int64] = self._outer[np.isin(self.relation[self._outer], n_relations)]
        return places

    def pairs(self, places: NDArray[np.int64]) -> list[Pair]:
        """Return some pairs with their passages."""
        firsts, lasts = self.span_ends[places].tolist(), self.span_ends[places + 1].tolist()
        spans = (
            list(map(tuple, self.spans[first:last].tolist())) if last > first else []
            for first, last in zip(firsts, lasts, strict=True)
        )
        relations = (BY_CLOSENESS[number] for number in self.relation[places].tolist())
        measures = (
            column[places].tolist()
            for column in (self.resemblance, self.containment_a, self.containment_b)
        )
        rows = self.rows[places].T.tolist()
        return list(map(Pair, places.tolist(), *rows, relations, *measures, spans))


def _side_by_side(table: pa.Table, names: Sequence[str], spill: Spill) -> NDArray[np.int64]:
    """Return some columns as those of one array, int64 (N, names)."""
    rows: NDArray[np.int64] = spill.empty((table.num_rows, len(names)), np.int64)
    for place, name in enumerate(names):
        rows[:, place] = _array(table, name)
    return rows


def _array(table: pa.Table, name: str) -> NDArray[np.int64]:
    column: NDArray[np.int64] = table.column(name).to_numpy()
    return column
