"""Leaders of one component in; which of them tell one story, out: as a run would cluster them."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from dedupe.clean import clean
from dedupe.cluster import UNIT, cluster
from dedupe.index.copies import Printed
from dedupe.index.edges import group_tables
from dedupe.index.frequency import weigh_old
from dedupe.index.held import Held
from dedupe.index.outlets import furniture_of
from dedupe.index.records import MEASURED, PUBLISHED, as_table
from dedupe.published import published_by
from dedupe.sketch import sketch
from dedupe.verify import OnDemand, mark_roundups
from dedupe.verify.roundups import MOST_HOLDERS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    import pyarrow as pa
    from numpy.typing import NDArray

    from dedupe.index.placing import Places
    from dedupe.settings import Settings
    from dedupe.storage.store import Store


def clustered(leaders: list[int], places: Places, store: Store, settings: Settings) -> list[int]:
    """Return a label for each leader: those of one story have one."""
    if len(leaders) == 1:
        return [0]
    printed = Printed(leaders, places, store)

    def measured(asked: list[tuple[int, int]]) -> list[float]:
        look = _Look(store, settings, printed.numbers, places)
        rows = np.searchsorted(printed.numbers, np.sort(asked, axis=1))
        return list(look.same_story_odds(*rows.T).tolist())

    edges = printed.edges(measured)
    if len(leaders) == 2:
        return _two(edges[max(leaders)])
    speakers = printed.speakers()
    rows = {leader: row for row, leader in enumerate(speakers)}
    pairs, passages = group_tables(sorted(edges.items()), rows)
    look = _Look(store, settings, [*speakers.values()], places)
    pairs = mark_roundups(pairs, passages, look)
    labels = cluster(pairs, np.arange(len(rows)), look.same_story_odds)
    return [int(labels[rows[number]]) for number in leaders]


def _two(edges: NDArray[np.void]) -> list[int]:
    """Return the labels of two leaders: no third can speak for or against; as cluster() would."""
    return [0, 0 if len(edges) and edges["odds"].mean() * UNIT >= 1 else 1]


class _Look:
    """Measures pairs of a component that no one has measured yet.

    Args:
        store: the index.
        settings: of the index.
        numbers: the document that speaks for each row.
        places: who else follows their leaders.
    """

    def __init__(
        self, store: Store, settings: Settings, numbers: list[int], places: Places
    ) -> None:
        self._store, self._settings = store, settings
        self._numbers, self._places = numbers, places

    def same_story_odds(self, a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return log-odds of same_story for rows a < b, as verify.OnDemand does."""
        rows = np.unique(np.concatenate([a, b]))
        return self._on_demand(rows).same_story_odds(
            np.searchsorted(rows, a), np.searchsorted(rows, b)
        )

    def subject_odds(self, x: int, y: int) -> float:
        """Return log-odds that two documents are of one subject, as verify.OnDemand does."""
        rows = np.unique(np.array([x, y]))
        return self._on_demand(rows).subject_odds(0, len(rows) - 1)

    def n_outlets(self, rows: Collection[int]) -> int:
        """Return how many outlets documents are of, as verify.OnDemand does."""
        leaders = [self._places.leader(self._numbers[row]) for row in sorted(rows)]
        followers = (self._places.followers_of(one)[:MOST_HOLDERS] for one in leaders)
        numbers = [*leaders, *chain.from_iterable(followers)]
        return published_by(self._table(numbers, PUBLISHED)).n_outlets(range(len(numbers)))

    def _on_demand(self, rows: NDArray[np.int64]) -> OnDemand:
        table = self._table(self._numbers[row] for row in rows.tolist())
        kept = clean(table, self._settings, furniture_of(self._store.catalog, table))
        sketches = sketch(kept, self._settings)
        weights = weigh_old(sketches, self._store)
        return OnDemand(sketches, weights, published_by(table), kept, self._settings)

    def _table(self, numbers: Iterable[int], schema: pa.Schema = MEASURED) -> pa.Table:
        # Read anew: a newcomer is in the catalogue by now, and in no earlier Held.
        return as_table(Held(self._store).documents(numbers), schema)
