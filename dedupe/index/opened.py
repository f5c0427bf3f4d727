"""Index: opened once, asked and added to by any thread."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import secrets
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import orjson
import pyarrow as pa

from dedupe.errors import SettingsError, StoreError
from dedupe.index.adding import Added, add_table, parts_of, table_of
from dedupe.index.answers import IndexStory, Match
from dedupe.index.asked import as_folder, as_name, as_settings, as_since, parse_window
from dedupe.index.keys import id_keys
from dedupe.index.lookup import commit_before, is_live, members_of, versions_of
from dedupe.index.matching import fetch, match, read
from dedupe.index.outlets import missing_pages
from dedupe.index.reading import MOST_READ, attributed
from dedupe.index.records import FIELDS, as_table, pack_about
from dedupe.index.stories import Changes, Regrouping
from dedupe.settings import Settings
from dedupe.storage.catalog import ERASED, GROUPED, REMOVED
from dedupe.storage.store import Store
from dedupe.verify import mark_roundups

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime
    from types import TracebackType

    from dedupe.documents import Document
    from dedupe.index.reading import Attributed
    from dedupe.index.records import Stored

_OPENED: weakref.WeakSet[Index] = weakref.WeakSet()
_LEFT_BEHIND: list[Store] = []
"""Stores of a parent process: kept, so that nothing closes them here."""


class Index:
    """Stories that grow as documents come in; on disk, safe against crashes.

    Any number of threads may use one Index. One process writes; others open it
    with `read_only`. In a forked child it can be read, not written.

    Args:
        path: folder; made when there is none.
        settings: of a new index; None takes the defaults. Its seed is replaced
            by a secret one.
        window: compare only documents that appeared within so much time of each
            other, as in "30d" or "12h"; None compares with all.
        read_only: never write.

    Raises:
        StoreError: no index, or one of another format, or another's folder.
        IndexBusyError: another process writes it.
        CorruptIndexError: it is damaged.
        SettingsError: settings other than those it was made with.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        settings: Settings | None = None,
        *,
        window: str | None = None,
        read_only: bool = False,
    ) -> None:
        self.path = as_folder(path)
        self._asked = as_settings(settings)
        self._window = None if window is None else parse_window(window)
        self._lock = threading.RLock()
        self._pid = os.getpid()
        self._open(read_only=read_only)
        _OPENED.add(self)

    def _open(self, *, read_only: bool) -> None:
        made = dataclasses.replace(self._asked or Settings(), seed=secrets.randbits(63))
        meta = {
            "settings": orjson.dumps(made.to_dict()),
            "window": orjson.dumps(self._window or 0),
        }
        self._store: Store | None = Store(self.path, read_only=read_only, meta=meta)
        kept = Settings.from_dict(orjson.loads(self._store.catalog.need("meta", "settings")[0]))
        threads = self._asked.threads if self._asked else kept.threads
        self.settings = dataclasses.replace(kept, threads=threads)
        self._check_settings()
        window = orjson.loads(self._store.catalog.need("meta", "window")[0])
        self.window_minutes: int = window if self._window is None else self._window

    def _check_settings(self) -> None:
        if self._asked is not None:
            asked = dataclasses.replace(self._asked, seed=self.settings.seed)
            for name, value in asked.to_dict().items():
                if value != getattr(self.settings, name):
                    self.close()
                    raise SettingsError(
                        f"{self.path}: was made with {name} {getattr(self.settings, name)}, "
                        f"not {value}; open it without settings, or make a new index"
                    )

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

        Args:
            documents: Document, dict or str, many; or a pyarrow Table.

        Raises:
            As `add`.
        """
        table = table_of(documents)
        if not table.num_rows:
            return []
        with self._lock, self._writing() as store:
            added: list[Added] = []
            changes = Changes()
            for part in parts_of(table):
                new, changed = add_table(
                    part, store, self.settings, self.window_minutes, int(time.time() // 60)
                )
                added += new
                changes.include(changed)
            self._record(store, len(added), changes)
            return [self._match(store, one, changes) for one in added]

    def query(self, document: Document | Mapping[str, Any] | str) -> Match:
        """Say where a document would stand; changes nothing.

        Raises:
            InputError: a document without text.
        """
        table = table_of([document]).combine_chunks()
        with self._lock, self._reading() as store:
            batch = read(table, store, self.settings, int(time.time() // 60))
            matched = match(batch, store, self.settings, self.window_minutes)
            pairs = matched.pairs
            if pairs.num_rows > 1:
                pairs = mark_roundups(pairs, matched.passages, matched.on_demand.one_subject)
            one = str(table.column("id")[0].as_py())
            odds = pairs.column("same_story_odds").to_numpy()
            likely = pairs.column("probability").to_numpy()
            rows = pairs.column("b").to_numpy() - 1
            if not len(odds):
                return self._queried(store, one, table, None, None, 0.0)
            nearest = matched.old[rows[np.lexsort((rows, -odds, -likely))[0]]]
            best = int(np.lexsort((rows, -odds))[0])
            story = matched.old[rows[best]].number if odds[best] > 0 else None
            return self._queried(store, one, table, story, nearest.id, float(likely.max()))

    def _queried(
        self,
        store: Store,
        one: str,
        table: pa.Table,
        member: int | None,
        nearest: str | None,
        probability: float,
    ) -> Match:
        story = None if member is None else store.catalog.place(member).story

        def look() -> Attributed:
            with self._lock, self._reading() as now:
                members = [] if story is None else members_of(now, story)
                old = [old for old in fetch(now, members[:MOST_READ]) if old.id != one]
                everyone = pa.concat_tables([table, as_table(old)])
                return attributed(everyone.combine_chunks(), now, self.settings)

        name = one if story is None else fetch(store, [story])[0].story_name
        return Match(
            document=one, story=name, is_new_story=story is None, probability=probability,
            nearest=nearest, merged=(), _read=look,
        )  # fmt: skip

    def remove(self, document: str) -> bool:
        """Take a document out; says whether it was there. Its text goes with `compact`.

        Raises:
            InputError: not an id.
            StoreError: as `add`.
        """
        document = as_name(document)
        with self._lock, self._writing() as store:
            found = [
                one for one in versions_of(store, document, self.settings) if is_live(store, one)
            ]
            if not found:
                return False
            regrouping = Regrouping(store, self.settings)
            regrouping.add([], {found[0].number: (REMOVED, 0)})
            store.counts["n_live"] -= 1
            self._record(store, 0, regrouping.changes)
            return True

    def story(self, name: str) -> IndexStory | None:
        """Return the story of that name, or else of the document of that id; None without any.

        Raises:
            InputError: not a name.
        """
        name = as_name(name)
        with self._lock, self._reading() as store:
            versions = versions_of(store, name, self.settings)
            live = [one.number for one in versions if is_live(store, one)]
            for one in versions:
                if members_of(store, one.number):
                    return self._story(store, one.number)
            return self._story(store, store.catalog.place(live[0]).story) if live else None

    def stories(self, since: datetime | int | None = None) -> Iterator[IndexStory]:
        """Yield the stories of two documents and more, each as it stands when its turn comes.

        Between two of them others may write, and so may the loop itself.

        Args:
            since: only those changed after this moment, or after the commit of
                this number; see `IndexStory.changed`.

        Raises:
            InputError: `since` is neither.
        """
        since = as_since(since)
        with self._lock, self._reading() as store:
            after = commit_before(store, since)
            numbers = [
                number
                for number, members, _, changed in store.catalog.every("stories")
                if changed > after and len(members) > 8
            ]
        return self._stories(numbers)

    def _stories(self, numbers: list[int]) -> Iterator[IndexStory]:
        for number in numbers:
            with self._lock, self._reading() as store:
                # It may have been merged into another meanwhile, or taken apart.
                if len(members_of(store, number)) < 2:
                    continue
                story = self._story(store, number)
            yield story

    def history(self, document: str) -> list[dict[str, Any]]:
        """Return every version of a document that was added, oldest first: its fields and state.

        Raises:
            InputError: not an id.
        """
        document = as_name(document)
        states = ("current", "current", "replaced", "removed", "erased")
        with self._lock, self._reading() as store:
            found = []
            for one in versions_of(store, document, self.settings):
                state = states[store.catalog.place(one.number).state]
                fields = {} if state == "erased" else as_table([one]).to_pylist()[0]
                found.append(fields | {"id": one.id, "version": one.version, "state": state})
            return found

    def __len__(self) -> int:
        """Count the current documents."""
        with self._lock, self._reading() as store:
            return store.counts["n_live"]

    def __contains__(self, document: str) -> bool:
        """Say whether a document is current.

        Raises:
            InputError: not an id.
        """
        document = as_name(document)
        with self._lock, self._reading() as store:
            return any(is_live(store, one) for one in versions_of(store, document, self.settings))

    def check(self) -> list[str]:
        """Read every byte; returns what is damaged, one line each."""
        with self._lock, self._reading() as store:
            faults = store.check()
            return faults or [f"{self.path}: {fault}" for fault in missing_pages(store.catalog)]

    def compact(self) -> None:
        """Write the postings as one segment, and drop the texts of removed documents."""
        with self._lock:
            store = self._writable()
            spared = {}
            with store.transaction():
                for number, *place in list(store.catalog.every("places")):
                    if place[0] > GROUPED:
                        spared[number] = int(
                            id_keys([fetch(store, [number])[0].id], self.settings)[0]
                        )
                    if place[0] == REMOVED:
                        self._erase(store, number, place)
            store.compact(spared)

    def _erase(self, store: Store, number: int, place: list[int]) -> None:
        stored = fetch(store, [number])[0]
        nothing = pack_about([stored.id, *[None] * (len(FIELDS) - 1)], stored.version, 0)
        store.catalog.put("documents", [(number, nothing, b"", b"")])
        store.catalog.put("places", [(number, ERASED, *place[1:])])

    def stats(self) -> dict[str, Any]:
        """Return counts and sizes."""
        with self._lock, self._reading() as store:
            catalog, postings = store.catalog, store.postings
            files = {path.name: path.stat().st_size for path in sorted(self.path.iterdir())}
            text = catalog.size_of("documents", "text") + catalog.size_of("documents", "about")
            n_docs = store.counts["n_docs"]
            return {
                "documents": store.counts["n_live"],
                "versions": n_docs,
                "texts": store.counts["n_texts"],
                "commits": store.counts["n_commits"],
                "segments": [one.name._asdict() for one in postings.segments],
                "recent_documents": len(postings.tail.about),
                "bytes": sum(files.values()),
                "bytes_of_text_and_metadata": text,
                "bytes_per_document_beside": (sum(files.values()) - text) / max(n_docs, 1),
                "window_minutes": self.window_minutes,
                "settings": self.settings.to_dict() | {"seed": "secret"},
            }

    def export(self) -> Iterator[dict[str, Any]]:
        """Yield every current document with its story, oldest first."""
        with self._lock, self._reading() as store:
            last = store.counts["n_docs"]
        for number in range(1, last + 1):
            with self._lock, self._reading() as store:
                place = store.catalog.place(number)
                if place.state > GROUPED:
                    continue
                row = as_table(fetch(store, [number])).to_pylist()[0]
                name = fetch(store, [place.story])[0].story_name
            yield row | {"story": name}

    def close(self) -> None:
        """Close the files; another process may write then."""
        with self._lock:
            if self._store is not None and self._pid == os.getpid():
                self._store.close()
            self._store = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Store]:
        """Give the store, at one state of the catalogue."""
        store = self._opened()
        store.refresh()
        with store.catalog.snapshot():
            yield store

    @contextlib.contextmanager
    def _writing(self) -> Iterator[Store]:
        """Give the store, inside a transaction."""
        store = self._writable()
        with store.transaction():
            yield store

    def _opened(self) -> Store:
        if self._store is None:
            raise StoreError(f"{self.path}: this index is closed; open it anew")
        if self._pid != os.getpid():
            # SQLite's connection must not cross a fork, not even to be closed.
            _LEFT_BEHIND.append(self._store)
            self._pid = os.getpid()
            self._open(read_only=True)
        return self._store

    def _writable(self) -> Store:
        if self._store is not None and self._pid != os.getpid():
            raise StoreError(
                f"{self.path}: was opened before this process was forked; here it can only be "
                "read. Open it in the process that writes"
            )
        return self._opened()

    def _after_fork(self) -> None:
        self._lock = threading.RLock()
        if self._store is not None:
            self._store.leave_after_fork()

    def _record(self, store: Store, n_docs: int, changes: Changes) -> None:
        store.counts["n_commits"] += 1
        what = {
            "touched": sorted(changes.touched),
            "merged": changes.merged,
            "split": changes.split,
        }
        row = (store.counts["n_commits"], time.time(), n_docs, orjson.dumps(what))
        store.catalog.put("commits", [row])

    def _match(self, store: Store, added: Added, changes: Changes) -> Match:
        story = store.catalog.place(added.number).story
        gone = [old for old, into in changes.merged if into == story]

        def look() -> Attributed:
            with self._lock, self._reading() as now:
                return self._attributed(now, fetch(now, [added.number])[0])

        return Match(
            document=added.name,
            story=added.story_name
            if story == added.number
            else fetch(store, [story])[0].story_name,
            is_new_story=story == added.number and not added.is_known,
            probability=added.probability,
            nearest=added.nearest,
            merged=tuple(one.story_name for one in fetch(store, gone)),
            _read=look,
        )

    def _story(self, store: Store, number: int) -> IndexStory:
        members = members_of(store, number)
        documents = fetch(store, members)
        row = store.catalog.get("stories", number)
        merged = np.frombuffer(row[1], np.int64).tolist() if row else []
        place = FIELDS.index("source")
        sources = {one.fields[place] for one in documents if one.fields[place]}

        def look() -> Attributed:
            with self._lock, self._reading() as now:
                live = (one for one in documents if is_live(now, one))
                return self._attributed(now, next(live, documents[0]))

        return IndexStory(
            story=fetch(store, [number])[0].story_name,
            documents=tuple(one.id for one in documents),
            sources=tuple(sorted(sources)),
            merged=tuple(one.story_name for one in fetch(store, merged)),
            changed=row[2] if row else 0,
            _read=look,
        )

    def _attributed(self, store: Store, document: Stored) -> Attributed:
        """Attribute the story of a document; of a very large one the oldest, and the document.

        Raises:
            StoreError: its text is erased.
        """
        place = store.catalog.place(document.number)
        if place.state == ERASED:
            raise StoreError(
                f'{self.path}: the document "{document.id}" was removed, and its text erased; '
                "ask for the story of another"
            )
        members = members_of(store, place.story)
        chosen = sorted({*members[:MOST_READ], document.number})
        return attributed(as_table(fetch(store, chosen)), store, self.settings)


def _forked() -> None:
    for index in list(_OPENED):
        index._after_fork()  # noqa: SLF001 - of this module


os.register_at_fork(after_in_child=_forked)
