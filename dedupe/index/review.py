"""Old pairs measured again with what is known now: of words, and of outlets' furniture.

A pair is judged when its later document comes. A small collection knows little
then: which words are common, what an outlet prints on every page. A run over
the whole would judge with all of it. So after each commit a few earlier
documents are taken up again in turn, and the recent pages of an outlet whose
furniture has just been learned; only pairs whose verdict was close to the edge
are measured. Where a verdict changes, the stories are clustered anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe.clean import clean
from dedupe.index.edges import edges_of
from dedupe.index.frequency import weigh_old
from dedupe.index.outlets import furniture_of
from dedupe.index.records import MEASURED, as_table
from dedupe.sketch import sketch
from dedupe.storage.tables import GROUPED
from dedupe.verify import given_pairs, verify

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from dedupe.index.held import Held
    from dedupe.index.records import Stored
    from dedupe.settings import Settings
    from dedupe.storage.store import Store

_SETTLED_TEXTS = 30_000
"""Texts from which on statistics change too little to matter (benchmarks/index.py)."""

_PER_DOCUMENT = 1
"""Documents taken up again for each one added (benchmarks/index.py --equality)."""

_GROWTH = 2
"""A new turn begins when the collection has grown so much since the last one began."""

_CLOSE_ODDS = 4.0
"""A pair further from the edge stands, whatever is learned (benchmarks/index.py --equality)."""

# Log-odds that change less are as they were: the story is not settled anew.
_CHANGED_ODDS = 0.25

_MOST_AROUND, _MOST_CONCERNED = 20, 100
"""Documents of one story, and of one commit, that are measured again when furniture was learned."""


def take_turn(store: Store, n_added: int) -> list[int]:
    """Return the documents whose turn it is, and move on."""
    counts = store.counts
    if counts["n_texts"] > _SETTLED_TEXTS:
        return []
    cursor, end = counts.get("review_next", 1), counts.get("review_end", 0)
    if cursor > end:
        if counts["n_docs"] < _GROWTH * end:
            return []
        cursor, end = 1, counts["n_docs"]
    after = min(cursor + max(1, _PER_DOCUMENT * n_added), end + 1)
    counts["review_next"], counts["review_end"] = after, end
    return list(range(cursor, after))


def around(numbers: Iterable[int], held: Held) -> list[int]:
    """Return documents and those in whose stories, or near them, they stand."""
    numbers = list(numbers)[:_MOST_CONCERNED]
    held.load_places(numbers)
    live = {place.component for one in numbers if (place := held.place(one)).state <= GROUPED}
    stories = {held.place(one).story for one in numbers if held.is_live(one)}
    found = set(numbers)
    for table, keys in (("components", live), ("stories", stories)):
        for row in held.catalog.get_many(table, keys).values():
            found.update(np.frombuffer(row[0], np.int64)[:_MOST_AROUND].tolist())
    return sorted(found)[: 2 * _MOST_CONCERNED]


def review(
    numbers: Iterable[int], held: Held, settings: Settings, cleaned: Iterable[int]
) -> list[int]:
    """Measure close pairs of documents with earlier ones again; returns whose edges changed.

    Args:
        numbers: the documents.
        held: the index.
        settings: of the index.
        cleaned: documents of which cleaning now keeps less; their equal-text pairs are measured
            again, since what they shared may be furniture.
    """
    cleaned = set(cleaned)
    numbers = sorted(set(numbers))
    held.load_places(numbers)
    live = held.documents(one for one in numbers if held.is_live(one))
    documents = {one.number: one for one in live if len(one.edges)}
    asked = [
        (number, other)
        for number, one in documents.items()
        for other in one.edges["other"][_doubtful(one, cleaned)].tolist()
    ]
    held.load_places(other for _, other in asked)
    asked = [pair for pair in asked if held.is_live(pair[1])]
    if not asked:
        return []
    measured = _measured(asked, held, settings)
    others: dict[int, set[int]] = {}
    for number, other in asked:
        others.setdefault(number, set()).add(other)
    changed = []
    for number, one in documents.items():
        edges = _renewed(one, others.get(number, set()), measured)
        if edges is not None:
            held.catalog.put("documents", [one.row_with(edges)])
            changed.append(number)
    return changed


def _doubtful(one: Stored, cleaned: set[int]) -> NDArray[np.bool_]:
    """Say which edges of a document may be others by what is known now."""
    odds = one.edges["odds"]
    concerned = one.number in cleaned or _among(one, cleaned)
    return np.asarray((np.abs(odds) < _CLOSE_ODDS) | ((odds > 0) & concerned))


def _among(one: Stored, numbers: set[int]) -> NDArray[np.bool_]:
    """Say which edges of a document lead to some others; few edges are asked one by one."""
    return np.array([other in numbers for other in one.edges["other"].tolist()], np.bool_)


def _measured(
    asked: list[tuple[int, int]], held: Held, settings: Settings
) -> dict[int, NDArray[np.void]]:
    numbers = sorted({number for pair in asked for number in pair})
    rows = {number: row for row, number in enumerate(numbers)}
    table = as_table(held.documents(numbers), MEASURED)
    kept = clean(table, settings, furniture_of(held.catalog, table))
    sketches = sketch(kept, settings)
    weights = weigh_old(sketches, held.store)
    b, a = (np.array([rows[pair[side]] for pair in asked], np.int64) for side in (0, 1))
    candidates = given_pairs(a, b, sketches, weights, settings)
    pairs, passages = verify(candidates, table, kept, settings)
    return edges_of(pairs, passages, np.array(numbers, np.int64))


def _renewed(
    one: Stored, asked: set[int], measured: dict[int, NDArray[np.void]]
) -> NDArray[np.void] | None:
    """Return a document's edges with those measured again; None when none has changed."""
    taken = _among(one, asked)
    new = measured.get(one.number, one.edges[:0])
    before = dict(zip(one.edges["other"][taken].tolist(), one.edges["odds"][taken], strict=True))
    same = len(before) == len(new) and all(
        abs(before[other] - odds) < _CHANGED_ODDS
        for other, odds in zip(new["other"].tolist(), new["odds"], strict=True)
    )
    if same:
        return None
    edges = np.concatenate([one.edges[~taken], new])
    return edges[np.argsort(edges["other"], kind="stable")]
