"""Index: opened once, asked and added to by any thread."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from dedupe.index.adding import Added, Terms, add_table, parts_of
from dedupe.index.asked import as_name, as_since, table_of
from dedupe.index.held import Held
from dedupe.index.keys import id_keys
from dedupe.index.lookup import commit_before, members_of, versions_of
from dedupe.index.open_index import OpenIndex
from dedupe.index.records import FIELDS, as_rows, pack_about
from dedupe.index.stories import Changes, Regrouping
from dedupe.index.telling import tell_added, tell_query, tell_story
from dedupe.storage.tables import ERASED, GROUPED, REMOVED, STATE_NAMES, Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from dedupe.documents import Document
    from dedupe.index.answers import IndexStory, Match
    from dedupe.storage.store import Store

_AT_ONCE = 100
"""Documents in memory together, of one look at the index."""
_BYTES_OF_ONE = np.dtype(np.int64).itemsize
"""Bytes of the member list of a one-document story."""


class Index(OpenIndex):
    """Stories that grow as documents come in; on disk, safe against crashes.

    Any number of threads may use one Index. One process writes; others open it
    with `read_only`. In a forked child it can be read, not written.

    Args:
        path: folder; made when there is none.
        settings: of a new index; None takes the defaults. Its seed is replaced
            by a secret one.
        window: compare only documents that appeared within so much time of each
            other, as in "30d" or "12h". It is kept with a new index. None takes
            the one that is kept, or compares with all; another than is kept
            holds for this opening, and what was compared before stays as it is.
            A document without a date counts as appeared when it is added.
        read_only: never write.

    Raises:
        StoreError: no index, or one of another format, or another's folder.
        IndexBusyError: another process writes it.
        CorruptIndexError: it is damaged.
        SettingsError: settings other than those it was made with, but for the seed and
            those that change no judgement (`Settings.differing`).
    """

    def add(self, document: Document | Mapping[str, Any] | str) -> Match:
        """Add a document, durably; returns where it stands.

        An id given before gets a new version; a document that the index holds
        just so changes nothing.

        Raises:
            InputError: a document without text, or of another type.
            StoreError: read-only, or the disk is full; then nothing has changed.
        """
        return self.add_many([document])[0]

    def add_many(
        self, documents: pa.Table | Iterable[Document | Mapping[str, Any] | str]
    ) -> list[Match]:
        """Add documents in one commit: all of them or, on an error, none.

        They count in the order of their ids, not as given: of those that tell a new story
        the smallest id names it, and of equal texts the smallest is the new one. Documents
        are read by the thousand, each thousand after the one before; under a window, those
        that appeared near each other.

        A document without an id is named by its url or, without one, by its text.
        Of an id that is there twice the second is a new version of the first, as
        it would be in a later call; a story that begins with it is named `ID#2`.

        Args:
            documents: Document, dict or str, many; or a pyarrow Table.

        Raises:
            As `add`; InputError also for a row of a table without a text.
        """
        table = table_of(documents)
        if not table.num_rows:
            return []
        with self._writing() as store:
            added: dict[int, Added] = {}
            changes, held, terms = Changes(), Held(store), self._terms()
            for rows in parts_of(table, terms):
                new, changed = add_table(table.take(pa.array(rows)), held, terms)
                added |= zip(rows.tolist(), new, strict=True)
                changes.include(changed)
                held = held.later(changed.judged)
            self._record(store, len(added))
            in_order = [added[row] for row in range(table.num_rows)]
            return tell_added(in_order, changes, held, self._reading, self.settings)

    def query(self, document: Document | Mapping[str, Any] | str) -> Match:
        """Say where a document would stand; changes nothing.

        By the likeliest of the few documents that are read for it. Where several stories
        are near, `add`, which reads more of them and settles all their pairs at once, may
        say otherwise.

        Raises:
            InputError: a document without text.
        """
        table = table_of([document]).combine_chunks()
        with self._reading() as held:
            return tell_query(table, held, self._reading, self._terms())

    def _terms(self) -> Terms:
        return Terms(self.settings, self.window_minutes, int(time.time() // 60))

    def remove(self, document: str) -> bool:
        """Take a document out; says whether it was there. Its text goes with `compact`.

        Raises:
            InputError: not an id.
            StoreError: as `add`.
        """
        document = as_name(document)
        with self._writing() as store:
            held = Held(store)
            versions = versions_of(held, document, self.settings)
            found = [one for one in versions if held.is_live(one.number)]
            if not found:
                return False
            regrouping = Regrouping(held, self.settings)
            regrouping.add([], {found[0].number: (REMOVED, 0)})
            store.counts["n_live"] -= 1
            self._record(store, 0)
            return True

    def story(self, name: str) -> IndexStory | None:
        """Return the story of that name, or else of the document of that id; None without any.

        They differ where a document has a new version that tells another story: the story
        keeps its name. Where a document stands now, `history` says.

        Raises:
            InputError: not a name.
        """
        name = as_name(name)
        with self._reading() as held:
            versions = versions_of(held, name, self.settings)
            # A story that begins with a later version of an id is named ID#VERSION.
            likely = [*versions, *versions_of(held, name.rpartition("#")[0], self.settings)]
            likely = [one for one in likely if one.story_name == name]
            named = [one.number for one in likely if members_of(held, one.number)]
            live = [one.number for one in versions if held.is_live(one.number)]
            named += [held.place(one).story for one in live]
            if not named:
                return None
            return tell_story(named[0], held, self._reading, self.settings)

    def stories(self, since: datetime | int | None = None) -> Iterator[IndexStory]:
        """Yield the stories of two documents and more, each as it stands when its turn comes.

        Between two of them others may write, and so may the loop itself.

        With `since`, those of one document are among them if it was ever taken
        for one story with others, or near to one: a document may show that a
        story was two. So each document whose story is another now stands in a
        story that is yielded; only removed documents are in none.

        Args:
            since: only those whose documents changed after this moment, of UTC where it
                names no zone, or after the commit of this number; see `IndexStory.changed`.

        Raises:
            InputError: `since` is neither.
        """
        since = as_since(since)
        with self._reading() as held:
            after = commit_before(held.store, since)
            numbers = [
                number
                for number, members, _, changed in held.catalog.every("stories")
                if changed > after and (since is not None or len(members) > _BYTES_OF_ONE)
            ]
        return self._stories(numbers, 2 if since is None else 1)

    def _stories(self, numbers: list[int], least: int) -> Iterator[IndexStory]:
        for number in numbers:
            with self._reading() as held:
                # It may have been merged into another meanwhile, or taken apart.
                if len(members_of(held, number)) < least:
                    continue
                story = tell_story(number, held, self._reading, self.settings)
            yield story

    def history(self, document: str) -> list[dict[str, Any]]:
        """Return every version of a document that was added, oldest first: its fields and state.

        Of the current one `story` names where it stands; of others it is None.

        `published` and `fetched` are the moments its page states, a clock without
        a zone read as UTC; `published_until` and `fetched_until` are the latest
        that these clocks may mean.

        Raises:
            InputError: not an id.
        """
        document = as_name(document)
        with self._reading() as held:
            found = []
            for one in versions_of(held, document, self.settings):
                state = STATE_NAMES[held.place(one.number).state]
                fields = {} if state == "erased" else as_rows([one])[0]
                story = None
                if state == "current":
                    story = held.document(held.place(one.number).story).story_name
                found.append(
                    fields | {"id": one.id, "version": one.version, "state": state, "story": story}
                )
            return found

    def __len__(self) -> int:
        """Count the current documents."""
        with self._reading() as held:
            return held.store.counts["n_live"]

    def __contains__(self, document: str) -> bool:
        """Say whether a document is current.

        Raises:
            InputError: not an id.
        """
        document = as_name(document)
        with self._reading() as held:
            versions = versions_of(held, document, self.settings)
            return any(held.is_live(one.number) for one in versions)

    def check(self) -> list[str]:
        """Read every byte; returns what is damaged, one line each.

        While a writer has it open, or after one was killed or closed it while another process
        was reading, a changed byte that no answer depends on is not found.
        """
        with self._reading() as held:
            return held.store.check()

    def compact(self) -> None:
        """Write the postings as one segment, and drop the texts of removed documents.

        Of 2²⁴ versions or 2³² postings and more the segments stay as they are, and the log
        says so.
        """
        with self._lock:
            spared = {}
            with self._writing() as store:
                every = ((number, Place(*row)) for number, *row in store.catalog.every("places"))
                gone = {number: place for number, place in every if place.state > GROUPED}
                numbers = list(gone)
                for first in range(0, len(numbers), _AT_ONCE):
                    for stored in Held(store).documents(numbers[first : first + _AT_ONCE]):
                        spared[stored.number] = int(id_keys([stored.id], self.settings)[0])
                        if gone[stored.number].state == REMOVED:
                            nothing = [stored.id, *[None] * (len(FIELDS) - 1)]
                            about = pack_about(nothing, stored.version, 0)
                            store.catalog.put("documents", [(stored.number, about, b"", b"")])
                            place = gone[stored.number]._replace(state=ERASED)
                            store.catalog.put("places", [(stored.number, *place)])
            store.compact(spared)

    def stats(self) -> dict[str, Any]:
        """Return counts and sizes."""
        with self._reading() as held:
            store = held.store
            catalog, postings = store.catalog, store.postings
            files = [store.folder.stat(name) for name in store.folder.names()]
            n_bytes = sum(file.st_size for file in files if file)
            text = catalog.size_of("documents", "text") + catalog.size_of("documents", "about")
            n_docs = store.counts["n_docs"]
            return {
                "documents": store.counts["n_live"],
                "versions": n_docs,
                "texts": store.counts["n_texts"],
                "commits": store.counts["n_commits"],
                "segments": [one.name._asdict() for one in postings.segments],
                "recent_documents": len(postings.tail.about),
                "bytes": n_bytes,
                "bytes_of_text_and_metadata": text,
                "bytes_per_document_beside": (n_bytes - text) / max(n_docs, 1),
                "window_minutes": self.window_minutes,
                "settings": self.settings.to_dict() | {"seed": "secret"},
            }

    def export(self) -> Iterator[dict[str, Any]]:
        """Yield every current document with its story, oldest first; clocks as in `history`.

        A hundred at a time as they then stand: while others write, stories may be
        merged or parted between two of them.
        """
        with self._reading() as held:
            last = held.store.counts["n_docs"]
        for first in range(1, last + 1, _AT_ONCE):
            numbers = range(first, min(first + _AT_ONCE, last + 1))
            with self._reading() as held:
                held.load_places(numbers)
                live = [number for number in numbers if held.is_live(number)]
                rows = as_rows(held.documents(live))
                stories = held.documents(held.place(number).story for number in live)
                names = [story.story_name for story in stories]
            for row, name in zip(rows, names, strict=True):
                yield row | {"story": name}

    def _record(self, store: Store, n_docs: int) -> None:
        before = store.catalog.get("commits", store.counts["n_commits"])
        store.counts["n_commits"] += 1
        # A clock may be set back, and commits are looked for by a time that never falls.
        now = max(time.time(), before[0] if before else 0.0)
        store.catalog.put("commits", [(store.counts["n_commits"], now, n_docs)])
