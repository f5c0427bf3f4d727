"""What happened to documents, and stories as they stand, in; Match and IndexStory, out.

They are told at once, and hold a way to read more: relations, parents and
origin are worked out when they are asked for, from the story as it then is.
Of documents added together, one reading of a story answers for all.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from dedupe.errors import StoreError
from dedupe.index.answers import UNCHANGED, IndexStory, Match
from dedupe.index.lookup import members_of
from dedupe.index.matching import match, read
from dedupe.index.reading import MOST_READ, attributed
from dedupe.index.records import FIELDS, as_table
from dedupe.storage.tables import ERASED
from dedupe.verify import mark_roundups

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from contextlib import AbstractContextManager

    from dedupe.index.adding import Added, Terms
    from dedupe.index.held import Held
    from dedupe.index.reading import Attributed
    from dedupe.index.stories import Changes
    from dedupe.settings import Settings

    Reading = Callable[[], AbstractContextManager[Held]]
    """Opens the index for a question."""

_STORIES_KEPT = 32
"""Stories of one call that are kept as they were read: 0.1 MB each of a few articles."""

MOST_ASKED = 8
"""Documents read and measured for a query (benchmarks/index.py)."""


class StoriesOnDemand:
    """The stories of documents that one call added, each read once for all who ask in turn.

    The last few are kept, and only while the index stays as it is.

    Args:
        newcomers: numbers of the documents.
        reading: opens the index.
        settings: of the index.
    """

    def __init__(self, newcomers: Collection[int], reading: Reading, settings: Settings) -> None:
        self._newcomers = frozenset(newcomers)
        self._reading, self._settings = reading, settings
        self._n_commits = 0
        self._read: dict[tuple[int, ...], Attributed] = {}

    def around(self, number: int) -> Attributed:
        """Attribute the story of one of them, as it stands now.

        Raises:
            StoreError: its text is erased.
        """
        with self._reading() as held:
            if held.store.counts["n_commits"] != self._n_commits:
                self._n_commits = held.store.counts["n_commits"]
                self._read.clear()
            chosen = read_for(number, held, self._newcomers)
            if chosen not in self._read:
                table = as_table(held.documents(chosen))
                self._read[chosen] = attributed(table, held.store, self._settings)
                if len(self._read) > _STORIES_KEPT:
                    del self._read[next(iter(self._read))]
            return self._read[chosen]


def tell_added(
    added: list[Added], changes: Changes, held: Held, reading: Reading, settings: Settings
) -> list[Match]:
    """Tell where new documents have gone.

    Args:
        added: the documents.
        changes: what their commit did.
        held: the index after it.
        reading: opens it again.
        settings: of the index.
    """
    told_before = [one.number for one in added if one.number not in changes.story_of]
    held.load_places(told_before)
    stories = changes.story_of | {one: held.place(one).story for one in told_before}
    stories = {one.number: stories[one.number] for one in added}
    into: dict[int, list[int]] = {}
    for old, story in changes.merged:
        into.setdefault(story, []).append(old)
    own = {one.number for one in added}
    merged = [old for story in set(stories.values()) for old in into.get(story, ())]
    held.load([*({*stories.values()} - own), *merged])
    on_demand = StoriesOnDemand(own, reading, settings)

    def told(one: Added) -> Match:
        story = stories[one.number]
        return Match(
            document=one.name,
            story=one.story_name if story == one.number else held.document(story).story_name,
            is_new_story=story == one.number and one.change != UNCHANGED,
            is_new_text=one.is_new_text,
            probability=one.probability,
            nearest=one.nearest,
            merged=tuple(held.document(old).story_name for old in into.get(story, ())),
            change=one.change,
            _read=functools.partial(on_demand.around, one.number),
        )

    return [told(one) for one in added]


def tell_query(table: pa.Table, held: Held, reading: Reading, terms: Terms) -> Match:
    """Tell where a document would stand.

    Args:
        table: of one document.
        held: the index.
        reading: opens it again.
        terms: on which it would be added.
    """
    settings = terms.settings
    batch = read(table, held, settings, terms.now, terms.window)
    matched = match(batch, held, settings, MOST_ASKED)
    pairs = matched.pairs
    asked = matched.on_demand
    if pairs.num_rows > 1 and asked is not None:
        hashes, n_words = asked.sketches.text_hashes, asked.sketches.n_words
        precedence = asked.published.precedence(hashes, n_words)
        pairs = mark_roundups(pairs, matched.passages, asked, precedence)
    name = str(table.column("id")[0].as_py())
    odds = pairs.column("same_story_odds").to_numpy()
    likely = pairs.column("probability").to_numpy()
    others = [matched.old[row - 1] for row in pairs.column("b").to_pylist()]
    order = np.lexsort((pairs.column("b").to_numpy(), -odds)).tolist()
    best = others[order[0]] if order and odds[order[0]] > 0 else None
    # The document itself, when the index holds it, tells its story but is no relative.
    relatives = [place for place in order if others[place].id != name]
    nearest = max(relatives, key=lambda place: likely[place], default=None)
    story = None if best is None else held.place(best.number).story
    text_hash = int(batch.sketches.text_hashes[0])

    def look() -> Attributed:
        with reading() as now:
            members = [] if story is None else members_of(now, story)
            old = [one for one in now.documents(members[:MOST_READ]) if one.id != name]
            everyone = pa.concat_tables([table, as_table(old)])
            return attributed(everyone.combine_chunks(), now.store, settings)

    return Match(
        document=name,
        story=name if story is None else held.document(story).story_name,
        is_new_story=story is None,
        is_new_text=text_hash not in {one.text_hash for one in matched.old},
        probability=0.0 if nearest is None else float(likely[nearest]),
        nearest=None if nearest is None else others[nearest].id,
        merged=(),
        _read=look,
    )


def tell_story(number: int, held: Held, reading: Reading, settings: Settings) -> IndexStory:
    """Tell a story, by its number.

    Args:
        number: of the story.
        held: the index.
        reading: opens it again.
        settings: of the index.
    """
    members = members_of(held, number)
    row = held.catalog.get("stories", number)
    merged = np.frombuffer(row[1], np.int64).tolist() if row else []
    documents = held.documents(members)
    held.load([number, *merged])
    place = FIELDS.index("source")
    sources = {one.fields[place] for one in documents if one.fields[place]}

    def look() -> Attributed:
        with reading() as now:
            now.load_places(members)
            live = (one for one in members if now.is_live(one))
            chosen = read_for(next(live, members[0]), now)
            return attributed(as_table(now.documents(chosen)), now.store, settings)

    return IndexStory(
        story=held.document(number).story_name,
        documents=tuple(one.id for one in documents),
        sources=tuple(sorted(sources)),
        merged=tuple(held.document(one).story_name for one in merged),
        changed=row[2] if row else 0,
        _read=look,
    )


def read_for(number: int, held: Held, newcomers: Collection[int] = ()) -> tuple[int, ...]:
    """Return the documents that are read for the story of one of them.

    The oldest, and of a story with more the document itself, among as many of its newcomers:
    or each of a thousand copies that came together would have the oldest read for it again.

    Raises:
        StoreError: its text is erased.
    """
    place = held.place(number)
    if place.state == ERASED:
        raise StoreError(
            f'{held.store.folder}: the document "{held.document(number).id}" was removed, and '
            "its text erased; ask for the story of another"
        )
    members = members_of(held, place.story)
    oldest, later = members[:MOST_READ], members[MOST_READ:]
    if number in oldest:
        return tuple(oldest)
    beside = [one for one in later if one in newcomers]
    if number not in beside:
        return tuple(sorted([*oldest, number]))
    first = beside.index(number) // MOST_READ * MOST_READ
    return (*oldest, *beside[first : first + MOST_READ])
