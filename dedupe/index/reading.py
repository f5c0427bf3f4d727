"""A story of an index, read as a run over a collection reads one.

    documents of a story  ->  attributed()  ->  Attributed: relations, parents, origin, passages

It is worked out when it is asked for: most crawlers only ask which story it is.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dedupe.attribute import attribute
from dedupe.attribute.origin import CANNOT_TELL
from dedupe.candidates import find_candidates
from dedupe.clean import Kept, clean, kept_ranges
from dedupe.clean.clues import harvest
from dedupe.comparison import Passage
from dedupe.index.frequency import weigh_old
from dedupe.index.outlets import furniture_of
from dedupe.published import published_by
from dedupe.sketch import sketch
from dedupe.verify import OnDemand, mark_roundups, verify

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from dedupe.attribute import Attribution
    from dedupe.settings import Settings
    from dedupe.storage.store import Store

MOST_READ = 300
"""Documents of one story that are read for its origin: the oldest."""


class Account(NamedTuple):
    """What a story that was read tells of one of its documents; see `Match` of the same."""

    relation: str
    parent: str | None
    origin: dict[str, Any]
    passages: list[tuple[str, Passage]]
    coverage: dict[str, float]


class Attributed(NamedTuple):
    """Documents of one story, and where it came from.

    Attributes:
        table: the documents, by id.
        kept: what is kept of their texts.
        pairs: measured pairs of its rows.
        passages: of these pairs.
        origins: what attribution says.
    """

    table: pa.Table
    kept: Kept
    pairs: pa.Table
    passages: pa.Table
    origins: Attribution

    def row(self, document: str) -> int:
        """Return the row of a document."""
        return int(self.table.column("id").to_pylist().index(document))

    def relation(self, document: str) -> str:
        """Return how a document relates to its parent, a word of docs/output.md."""
        return str(self.origins.relation[self.row(document)])

    def parent(self, document: str) -> str | None:
        """Return the id of the likely parent, or its outlet's name when it is not there."""
        row = self.row(document)
        parent = int(self.origins.parent[row])
        if parent >= 0:
            return str(self.table.column("id")[parent].as_py())
        name = self.origins.parent_name[row]
        return None if name is None else str(name)

    @property
    def origin(self) -> dict[str, Any]:
        """Who likely wrote it first, as in stories.jsonl."""
        stories = self.origins.stories
        # A single that is derived from nothing known has no row there.
        return dict(stories[0]["origin"] if stories else CANNOT_TELL)

    def account(self, document: str) -> Account:
        """Return all that is told of a document."""
        return Account(
            self.relation(document), self.parent(document), self.origin,
            self.passages_with(document), self.coverage(document),
        )  # fmt: skip

    def passages_with(self, document: str) -> list[tuple[str, Passage]]:
        """Return what a document shares with the others: (other's id, passage), its side a."""
        row = self.row(document)
        ids = self.table.column("id").to_pylist()
        of_pair = self.passages.column("pair").to_numpy()
        a = self.pairs.column("a").to_numpy()[of_pair]
        b = self.pairs.column("b").to_numpy()[of_pair]
        places = np.flatnonzero((a == row) | (b == row))
        found = []
        for place, one in zip(places.tolist(), self.passages.take(places).to_pylist(), strict=True):
            own, other = (one["a_start"], one["a_end"]), (one["b_start"], one["b_end"])
            if a[place] == row:
                found.append((ids[b[place]], Passage(*own, *other)))
            else:
                found.append((ids[a[place]], Passage(*other, *own)))
        return found

    def coverage(self, document: str) -> dict[str, float]:
        """Return what share of a document's kept code points its passages with each other cover."""
        ranges = kept_ranges(self.kept, self.row(document))
        is_kept = np.zeros(max((end for _, end in ranges), default=0), np.bool_)
        for start, end in ranges:
            is_kept[start:end] = True
        found: dict[str, NDArray[np.bool_]] = {}
        for other, passage in self.passages_with(document):
            is_shared = found.setdefault(other, np.zeros_like(is_kept))
            is_shared[passage.a_start : passage.a_end] = True
        n_kept = max(int(is_kept.sum()), 1)
        return {
            other: int((is_shared & is_kept).sum()) / n_kept for other, is_shared in found.items()
        }


def attributed(table: pa.Table, store: Store, settings: Settings) -> Attributed:
    """Attribute documents as one story, with the word statistics of the index."""
    import pyarrow.compute as pc

    table = table.take(pc.sort_indices(table.column("id"))).combine_chunks()
    every = dataclasses.replace(settings, all_passages=True)
    kept = clean(table, every, furniture_of(store.catalog, table))
    sketches = sketch(kept, every)
    weights = weigh_old(sketches, store)
    published = published_by(table)
    precedence = published.precedence(sketches.text_hashes, sketches.n_words)
    candidates = find_candidates(sketches, weights, every, published=published)
    pairs, passages = verify(candidates, table, kept, every)
    on_demand = OnDemand(sketches, weights, published, kept, every)
    pairs = mark_roundups(pairs, passages, on_demand, precedence)
    names = settings.known_names()
    clues = harvest(table, kept, names, settings.threads)
    stories = np.zeros(table.num_rows, np.int64)
    origins = attribute(
        table, stories, pairs, passages, clues, names,
        n_threads=settings.threads, precedence=precedence,
    )  # fmt: skip
    return Attributed(table, kept, pairs, passages, origins)
