"""Leaders of one component in; which of them tell one story, out: as a run would cluster them."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from dedupe.clean import clean
from dedupe.cluster import CLIP, UNIT, cluster
from dedupe.index.edges import group_tables
from dedupe.index.frequency import weigh_old
from dedupe.index.held import Held
from dedupe.index.outlets import furniture_of
from dedupe.index.records import MEASURED, as_table
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
    if len(leaders) == 2:
        return _two(leaders[0], leaders[1], places)
    among = set(leaders)
    owned = [(number, _edges_among(number, among, places)) for number in leaders]
    speakers = {number: _speaker(number, places) for number in leaders}
    ordered = sorted(leaders, key=speakers.__getitem__)
    rows = {number: row for row, number in enumerate(ordered)}
    pairs, passages = group_tables(owned, rows)
    look = _Look(store, settings, [speakers[number][1] for number in ordered], places)
    pairs = mark_roundups(pairs, passages, look)
    labels = cluster(pairs, np.arange(len(ordered)), look.same_story_odds)
    return [int(labels[rows[number]]) for number in leaders]


def _two(one: int, other: int, places: Places) -> list[int]:
    """Return the labels of two leaders: no third can speak for or against; as cluster() would."""
    odds: list[float] = []
    for number, wanted in ((one, other), (other, one)):
        edges = places.edges(number)
        ends = zip(edges["other"].tolist(), edges["odds"].tolist(), strict=True)
        odds += [value for end, value in ends if places.leader(end) == wanted]
    units = sum(round(min(max(value, -CLIP), CLIP) * UNIT) for value in odds)
    return [0, 0 if odds and units >= len(odds) else 1]


def _speaker(leader: int, places: Places) -> tuple[str, int]:
    """Return who speaks for a leader where clustering looks closer, by id and number.

    As in a run: of texts nearly equal to it, the one of smallest id; of many, of the first.
    """
    equals = [leader, *places.followers_of(leader)[:MOST_HOLDERS]]
    return min((places.name(one), one) for one in equals)


def _edges_among(number: int, leaders: set[int], places: Places) -> NDArray[np.void]:
    """Return the edges of a leader to others of these, through whoever leads their ends.

    Where it has one to a leader itself, those to its followers are left out, but for what they
    say: as clustering does, their log-odds are averaged. Pieces stand elsewhere in them.
    """
    edges = places.edges(number)
    if not len(edges):
        return edges
    ends = edges["other"].tolist()
    led = [places.leader(end) for end in ends]
    met = leaders.intersection(ends)
    kept = [
        i
        for i, (end, one) in enumerate(zip(ends, led, strict=True))
        if one in leaders and one != number and (end == one or one not in met)
    ]
    odds = np.clip(edges["odds"], -CLIP, CLIP)
    edges = edges[kept].copy()
    edges["other"] = [led[i] for i in kept]
    if len(kept) < len(led):
        ends_led = np.array(led)
        edges["odds"] = [odds[ends_led == one].mean() for one in edges["other"]]
    return edges


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
        return published_by(self._table(numbers)).n_outlets(range(len(numbers)))

    def _on_demand(self, rows: NDArray[np.int64]) -> OnDemand:
        table = self._table(self._numbers[row] for row in rows.tolist())
        kept = clean(table, self._settings, furniture_of(self._store.catalog, table))
        sketches = sketch(kept, self._settings)
        weights = weigh_old(sketches, self._store)
        return OnDemand(sketches, weights, published_by(table), kept, self._settings)

    def _table(self, numbers: Iterable[int]) -> pa.Table:
        # Read anew: a newcomer is in the catalogue by now, and in no earlier Held.
        return as_table(Held(self._store).documents(numbers), MEASURED)
