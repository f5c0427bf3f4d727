"""Catalogue and postings as one thing that commits, or does not.

A commit appends documents and their postings. Postings of some thousands of
documents become a segment, eight segments one larger, all within commits: a
segment is on disk before the row that names it, and a file that no row names
is deleted when the index is opened.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
from typing import TYPE_CHECKING

import numpy as np
import orjson

from dedupe.errors import CorruptIndexError, DedupeError, StoreError
from dedupe.storage import merging
from dedupe.storage.catalog import Catalog
from dedupe.storage.folder import (
    CATALOG,
    NOTE,
    SUFFIX,
    Folder,
    break_seal,
    make_folder,
    note_commit,
    noted_commit,
    remove_orphan,
    remove_orphans,
    seal,
    seal_is_false,
)
from dedupe.storage.postings import Postings, Tail
from dedupe.storage.segments import ABOUT
from dedupe.storage.tables import ERASED, GROUPED, REMOVED, REPLACED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from dedupe.storage.segments import Name, Segment

logger = logging.getLogger(__name__)

TAIL_DOCUMENTS = 8192
"""Documents whose postings are kept in memory and in catalogue rows (benchmarks/index.py)."""

_STEP_FACTOR = 8
"""Postings merged for each one added: three levels of merges are done well before the next."""

# Postings merged after a commit, at the least: merges end though documents come one by one.
_LEAST_STEP = 50_000

_LOOKS = 5
"""How often a reader looks for a list of segments that are all still there."""


class Store:
    """An index on disk.

    Args:
        path: where; see `Folder`.
        read_only: never write; any number of readers may read beside the writer.
        meta: facts to keep with a new index.

    Raises:
        StoreError: there is no index, or one of another format.
        IndexBusyError: another process writes it.
        CorruptIndexError: it is damaged.
    """

    def __init__(self, path: Path, *, read_only: bool, meta: dict[str, bytes]) -> None:
        self.read_only = read_only
        self._version = -1
        self._is_settled = False
        self._merge: merging.Merge | None = None
        self._replaced: list[str] = []
        try:
            if not read_only:
                make_folder(path)
            self.folder = Folder(path)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise StoreError(f"{path}: holds no index; add documents to make one") from error
        except OSError as error:
            raise _not_opened(path, error) from error
        try:
            if not read_only:
                self.folder.lock()
                self._look_before_writing()
                break_seal(self.folder)
            self._open(meta)
        except OSError as error:
            self.close()
            raise _not_opened(path, error) from error
        except BaseException:
            self.close()
            raise

    def _look_before_writing(self) -> None:
        """Refuse another format, or lost commits, before a byte of what is there is changed.

        A writer's connection would go on from a damaged write-ahead log, and
        delete it when it closes; a reader's leaves it as it is.
        """
        if self.folder.stat(CATALOG):
            look = Catalog(self.folder, read_only=True, alone=True)
            with contextlib.closing(look) as catalog:
                with catalog.snapshot():
                    counts = None if catalog.is_new else catalog.need("meta", "counts")[0]
                self._refuse_loss(orjson.loads(counts)["n_commits"] if counts else 0)

    def _refuse_loss(self, n_commits: int, n_noted: int | None = None) -> None:
        """Raise when commits are missing that were told to be on disk."""
        n_noted = noted_commit(self.folder) if n_noted is None else n_noted
        if n_commits < n_noted:
            raise CorruptIndexError(
                f"{self.folder}: damaged, it ends with commit {n_commits} and commits up to "
                f"{n_noted} were on disk: {CATALOG}-wal is damaged or missing. Put that file "
                "back as it was, restore the index from a copy, or build it anew"
            )

    def _open(self, meta: dict[str, bytes]) -> None:
        self.catalog = Catalog(self.folder, read_only=self.read_only)
        self._made = self.folder.stat(CATALOG)
        if self.catalog.is_new:
            if self.read_only:
                self._refuse_loss(0)
                raise StoreError(f"{self.folder}: holds no index yet")
            counts = orjson.dumps({"n_docs": 0, "n_texts": 0, "n_live": 0, "n_commits": 0})
            self.catalog.create(meta | {"counts": counts})
            self.folder.sync()
        with self.snapshot():
            pass
        self._require_in_place()

    def _is_in_place(self) -> bool:
        """Say whether the folder is where it was opened, and holds the catalogue opened there.

        SQLite finds that by its path.
        """
        there = self.folder.stat(CATALOG)
        is_same = bool(there and self._made and os.path.samestat(there, self._made))
        return is_same and self.folder.is_at_its_path()

    def _require_in_place(self) -> None:
        if not self._is_in_place():
            raise StoreError(
                f"{self.folder}: the index was moved or deleted while it was open; nothing was "
                "written since. Close it, and open it where it is now"
            )

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """Show one state, the newest, whatever a writer does meanwhile.

        A reader may find that the writer has merged a segment away since it
        read the list; the next list names what replaced it.
        """
        self._settle()
        for attempt in range(_LOOKS):
            n_noted = self._follow()
            with self.catalog.snapshot():
                try:
                    if self._is_behind():
                        self._load()
                except FileNotFoundError as error:
                    if attempt + 1 < _LOOKS:
                        continue
                    raise self._missing(error) from error
                self._refuse_loss(self.counts["n_commits"], n_noted)
                yield
                return

    def _follow(self) -> int:
        """Open anew, as a reader, a catalogue that could not be followed; returns the commit noted.

        That is read before the catalogue, for meanwhile another process may commit.
        """
        while True:
            n_noted = noted_commit(self.folder) if self._is_behind() else 0
            if not self.catalog.is_outdated():
                return n_noted
            fresh = Catalog(self.folder, read_only=True)
            self._require_in_place()
            self.catalog.close()
            self.catalog, self._version = fresh, -1

    def _is_behind(self) -> bool:
        """Say whether another process has committed since a reader looked."""
        return self.read_only and self.catalog.version() != self._version

    def _settle(self) -> None:
        """Take up, as the writer, what is on disk: at first, and after a commit that failed.

        Of one that was interrupted, by Ctrl-C or an exception of a signal handler, only the
        catalogue knows whether it was made.
        """
        if self._is_settled or self.read_only:
            return
        self.catalog.give_up()
        self._replaced.clear()
        self._give_up_merge()
        n_noted = noted_commit(self.folder)
        try:
            with self.catalog.snapshot():
                self._load()
        except FileNotFoundError as error:
            raise self._missing(error) from error
        self._refuse_loss(self.counts["n_commits"], n_noted)
        remove_orphans(self.folder, {s.name.file for s in self.postings.segments})
        self._note()
        self._is_settled = True

    def _load(self) -> None:
        """Read the list of segments and the newest postings, inside a snapshot."""
        version = self.catalog.version()
        self.counts: dict[str, int] = orjson.loads(self.catalog.need("meta", "counts")[0])
        names = self.catalog.segments()
        after = 1
        for name in names:
            if name.first != after:
                raise self._damaged("a segment is missing from its list")
            after += name.n_docs
        tail = Tail.empty(after)
        for first, n_docs, postings, about in self.catalog.every("recent"):
            if first != after:
                raise self._damaged("recent documents are missing from its list")
            after += n_docs
            tail = tail.with_next(np.frombuffer(postings, np.uint64), np.frombuffer(about, ABOUT))
        if after != self.counts["n_docs"] + 1:
            raise self._damaged("its newest documents are missing")
        known = getattr(self, "postings", None) or Postings(self.folder, [], tail)
        self.postings = known.replaced(names, tail)
        self._version = version

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what is written inside, or none of it.

        Raises:
            StoreError: the index was opened read-only, or was moved, deleted or replaced since.
        """
        if self.read_only:
            raise StoreError(f"{self.folder}: opened read-only; open it for writing to change it")
        self._settle()
        self._require_in_place()
        self._is_settled = False
        n_before = self.counts["n_docs"]
        try:
            with self.catalog.transaction():
                yield
                self._tidy(self.counts["n_docs"] - n_before)
                self.catalog.put("meta", [("counts", orjson.dumps(self.counts))])
        except BaseException as error:
            # What fails here fails again, or is mended, when the index is used next.
            with contextlib.suppress(OSError, DedupeError):
                self._settle()
            if isinstance(error, OSError):
                raise StoreError(
                    f"{self.folder}: {error.strerror}; nothing of this commit was kept, the index "
                    "is as before"
                ) from error
            raise
        self._note()
        for file in self._replaced:
            # Readers that have it open keep it; others find the new list.
            remove_orphan(self.folder, file)
        self._replaced.clear()
        self._is_settled = True

    def _note(self) -> None:
        """Note the commit; it is on disk, and so no failure to note it is one of the commit."""
        try:
            note_commit(self.folder, self.counts["n_commits"])
        except OSError as error:
            logger.warning("%s: a commit could not be noted (%s)", self.folder, error.strerror)

    def append(self, postings: NDArray[np.uint64], about: NDArray[np.void]) -> None:
        """Add the postings of the next documents, counted from the first of them, sorted."""
        row = (self.counts["n_docs"] + 1, len(about), postings.tobytes(), about.tobytes())
        self.catalog.put("recent", [row])
        self.counts["n_docs"] += len(about)
        names = [segment.name for segment in self.postings.segments]
        self.postings = self.postings.replaced(names, self.postings.tail.with_next(postings, about))

    def _tidy(self, n_added: int) -> None:
        """Turn a long tail into a segment, and go on merging."""
        if len(self.postings.tail.about) >= TAIL_DOCUMENTS:
            self._write_tail()
        if self._merge is None:
            self._begin_merge()
        if self._merge is not None:
            names = [segment.name for segment in self.postings.segments]
            per_document = merging.count_postings(names) // max(1, merging.count_docs(names))
            name = self._merge.step(max(_LEAST_STEP, n_added * per_document * _STEP_FACTOR))
            if name is not None:
                self._end_merge(self._merge, name)

    def _write_tail(self) -> None:
        tail = self.postings.tail
        name = self.postings.write_tail(_file_name())
        self.catalog.delete("recent", [row[0] for row in self.catalog.every("recent")])
        self.catalog.put_segment(name)
        names = [segment.name for segment in self.postings.segments]
        after = tail.first + len(tail.about)
        self._take_up([*names, name], Tail.empty(after))

    def _begin_merge(self) -> None:
        chosen = {name.file for name in merging.choose([s.name for s in self.postings.segments])}
        if chosen:
            segments = [s for s in self.postings.segments if s.name.file in chosen]
            self._merge = merging.Merge(self.folder, segments, _file_name())

    def _end_merge(self, merge: merging.Merge, name: Name) -> None:
        gone = {segment.name.file: segment.name for segment in merge.segments}
        self._merge = None
        self.catalog.delete("segments", [old.first for old in gone.values()])
        self.catalog.put_segment(name)
        names = [s.name for s in self.postings.segments if s.name.file not in gone]
        names = sorted([*names, name], key=lambda one: one.first)
        self._take_up(names, self.postings.tail)
        self._replaced += gone

    def _take_up(self, names: list[Name], tail: Tail) -> None:
        """Go on with other segments; what was just written is read back and checked.

        A question that meets many blocks for the first time would wait for as many checks:
        at a million documents the dearest of a hundred took 5.1 ms.
        """
        before = self.postings.segments
        self.postings = self.postings.replaced(names, tail)
        for segment in self.postings.segments:
            if segment not in before:
                segment.check_rows()

    def _give_up_merge(self) -> None:
        if self._merge is not None:
            with contextlib.suppress(OSError):
                self._merge.abandon()
            self._merge = None

    def compact(self, spared: dict[int, int]) -> None:
        """Write all postings as one segment, and leave out those of documents that are gone.

        Of more than one segment can number the segments stay as they are, and the log says so.

        Args:
            spared: by document that is gone but remembered: the key of its id.
        """
        self._give_up_merge()
        with self.transaction():
            if len(self.postings.tail.about):
                self._write_tail()
            segments = self.postings.segments
            if not merging.fit([segment.name for segment in segments]):
                logger.warning(
                    "%s: holds more documents or postings than one segment can; its segments "
                    "stay as they are", self.folder,
                )  # fmt: skip
            elif segments:
                self._merge_all(segments, spared)
        self.catalog.vacuum()

    def _merge_all(self, segments: list[Segment], spared: dict[int, int]) -> None:
        from dedupe.kernels.postings import DOCUMENT_BITS

        dropped = np.zeros(merging.count_docs([segment.name for segment in segments]), np.bool_)
        for number, state, _, _, leader in self.catalog.every("places"):
            forwards = leader != number
            dropped[number - 1] = state in {REPLACED, REMOVED, ERASED} and not forwards
        kept = [(key << DOCUMENT_BITS) | (number - 1) for number, key in spared.items()]
        merge = merging.Merge(
            self.folder, segments, _file_name(), dropped, np.array(kept, np.uint64)
        )
        self._merge = merge
        name = None
        while name is None:
            name = merge.step(1_000_000)
        self._end_merge(merge, name)

    def check(self) -> list[str]:
        """Return what is wrong with any file.

        Bytes of the catalogue that no answer depends on are told by its seal alone, which it
        has when it was closed.
        """
        faults = self._read_anew() or self._missing_rows() or self._astray()
        if seal_is_false(self.folder):
            faults.append(f"{self.folder}: damaged, the catalogue has changed since it was closed")
        for segment in self.postings.segments:
            try:
                segment.check()
            except CorruptIndexError as error:
                faults.append(str(error))
        return faults

    def _read_anew(self) -> list[str]:
        """Return what is wrong with the catalogue as it is on disk.

        A connection that was open keeps pages in memory, which may be damaged on disk since.
        """
        if not self._is_in_place():
            return self.catalog.check()
        try:
            fresh = Catalog(self.folder, read_only=True)
            with contextlib.closing(fresh), fresh.snapshot():
                return fresh.check()
        except CorruptIndexError as error:
            return [str(error)]

    def _missing_rows(self) -> list[str]:
        """Say which tables do not have a row for each of what is counted."""
        counted = {"documents": "n_docs", "places": "n_docs", "commits": "n_commits"}
        return [
            str(self._damaged(f"{table} 1 to {n_rows} are not all there"))
            for table, n_rows in ((table, self.counts[name]) for table, name in counted.items())
            if self.catalog.extent(table) != (n_rows, n_rows)
        ]

    def _astray(self) -> list[str]:
        """Say which stories and components do not list the documents that stand in them."""
        standing: dict[str, list[tuple[int, int]]] = {"stories": [], "components": []}
        for number, *place in self.catalog.every("places"):
            state, story, component, leader = place
            if state == GROUPED:
                standing["stories"].append((story, number))
                if leader == number:
                    standing["components"].append((component, number))
        faults = []
        for table, places in standing.items():
            listed = {
                (number, one)
                for number, packed, *_ in self.catalog.every(table)
                for one in np.frombuffer(packed, np.int64).tolist()
            }
            if astray := listed.symmetric_difference(places):
                number, one = min(astray)
                how = f"row {number} of {table} is missing, or wrong about document {one}"
                faults.append(str(self._damaged(how)))
        return faults

    def close(self) -> None:
        """Close all files, and let another process write."""
        self._give_up_merge()
        if hasattr(self, "catalog"):
            is_writer = not self.read_only and hasattr(self, "postings")
            whole = is_writer and self.catalog.checkpoint()
            self.catalog.close()
            if whole:
                # Without a seal an index is as good, only checked less closely.
                with contextlib.suppress(OSError):
                    seal(self.folder)
                    # All commits are in the catalogue, which is closed.
                    self.folder.delete(NOTE)
        self.folder.close()

    def _missing(self, error: FileNotFoundError) -> CorruptIndexError:
        return CorruptIndexError(f"{self.folder}/{error.filename}: the segment is missing")

    def _damaged(self, how: str) -> CorruptIndexError:
        return CorruptIndexError(
            f"{self.folder}: damaged, {how}; restore the index from a copy, or build it anew"
        )


def _not_opened(path: Path, error: OSError) -> StoreError:
    return StoreError(
        f"{path}: cannot be opened as an index ({error.strerror}); give a folder that can be made, "
        "read and written"
    )


def _file_name() -> str:
    return f"{secrets.token_hex(8)}{SUFFIX}"
