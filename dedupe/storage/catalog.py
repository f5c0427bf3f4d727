"""The catalogue of an index: documents, stories, edges and segments, in SQLite.

Every table is read by row number, and every row bears a checksum of its own
values: SQLite has none, and a changed byte must not pass for a document. What
refers to a row fails loudly when the row is gone.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
import time
from typing import TYPE_CHECKING, Any

from dedupe.errors import CorruptIndexError, StoreError
from dedupe.storage import locks
from dedupe.storage.folder import CATALOG, LOG, SHARED
from dedupe.storage.segments import Name
from dedupe.storage.tables import SCHEMA, TABLES, mark_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dedupe.storage.folder import Folder

FORMAT = 7

_NOTHING_KEPT = "; nothing of this commit was kept, the index is as before"
# SQLite waits so long for another process before it says that the catalogue is busy.
_BUSY_MILLISECONDS = 10_000
# A writer that closes waits so long for readers: a question takes a few milliseconds, and an index
# is as good where its log stays beside it.
_CLOSING_MILLISECONDS = 100
# A writer that opens or closes meanwhile changes which files are there: then it is tried again.
_TRIES, _SECONDS_BETWEEN = 5, 0.05
# Keys of one query, of the 999 that every SQLite takes.
_KEYS_AT_ONCE = 200
# The log of writes goes into the catalogue when it has 8 MB.
_CHECKPOINT_PAGES = 500
_PAGE_BYTES = 16_384
"""A page holds ten articles and wastes half of one (benchmarks/index.py)."""


class _Connection(sqlite3.Connection):
    """Raises `sqlite3.DatabaseError` also where SQLite's own message is no text.

    Of a damaged schema it quotes bytes that need not be UTF-8.
    """

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        """Run one statement."""
        try:
            return super().execute(*arguments)
        except UnicodeDecodeError as error:
            raise sqlite3.DatabaseError("its schema is not text") from error

    def executemany(self, *arguments: Any) -> sqlite3.Cursor:
        """Run one statement for each row."""
        try:
            return super().executemany(*arguments)
        except UnicodeDecodeError as error:
            raise sqlite3.DatabaseError("its schema is not text") from error


class Catalog:
    """The SQLite file of an index.

    Even who only reads a database writes beside it, where SQLite's processes tell each
    other what they read. Where that is not allowed, a catalogue that was closed is read
    as a file that does not change; `is_outdated` says when it did.

    Args:
        folder: the index.
        read_only: never write.
        alone: nobody else has it open, nor will meanwhile: write nothing beside it either.

    Raises:
        StoreError: there is none, or of another format.
        CorruptIndexError: it is damaged.
    """

    def __init__(self, folder: Folder, *, read_only: bool, alone: bool = False) -> None:
        self._folder, self._path = folder, folder.path / CATALOG
        self._read_only, self._alone = read_only, alone
        self._fixed: tuple[int, ...] | None = None
        self._open()

    def _open(self) -> None:
        found = self._folder.stat(CATALOG)
        if found and stat.S_ISLNK(found.st_mode):
            # The lock is on the folder: who writes where the link leads would not be noticed.
            raise StoreError(
                f"{self._path}: is a symbolic link, and an index is a folder with files of its "
                "own; give the folder to which it leads"
            )
        if not self._read_only:
            self._connect("rwc")
        elif not found:
            raise StoreError(f"{self._folder}: holds no index; add documents to make one")
        elif self._folder.can_be_written() and not self._alone:
            self._connect("ro")
        else:
            self._connect_without_writing()

    def _connect_without_writing(self) -> None:
        for _ in range(_TRIES):
            state = self._state()
            self._fixed = None if self._has_log() else state
            try:
                return self._connect("ro&immutable=1" if self._fixed else "ro")
            except StoreError:
                if self._fixed or self._folder.stat(SHARED):
                    raise
            # A writer may be about to make that file, or to take the log away.
            time.sleep(_SECONDS_BETWEEN)
        raise StoreError(
            f"{self._path}: was not closed when it was last written, and so cannot be read by who "
            "may not write beside it; open the index once with an account that may, or copy its "
            "folder, all files of it, to where you may write"
        )

    def _connect(self, mode: str) -> None:
        from urllib.parse import quote

        try:
            self._base = sqlite3.connect(
                f"file:{quote(os.fsencode(self._path))}?mode={mode}", uri=True,
                isolation_level=None, check_same_thread=False, cached_statements=64,
                factory=_Connection,
            )  # fmt: skip
        except sqlite3.Error as error:
            raise StoreError(f"{self._path}: cannot be opened ({error})") from error
        self._file: tuple[int, int] | None = locks.take_up(self._folder, CATALOG)
        try:
            self._set_up()
        except BaseException:
            self.close()
            raise

    def _set_up(self) -> None:
        with self._damage():
            self._base.execute(f"PRAGMA busy_timeout={_BUSY_MILLISECONDS}")
            self._check_format()
            if not self._read_only:
                self._base.execute(f"PRAGMA page_size={_PAGE_BYTES}")
                self._base.execute("PRAGMA journal_mode=WAL")
                self._base.execute("PRAGMA synchronous=FULL")
                self._base.execute(f"PRAGMA wal_autocheckpoint={_CHECKPOINT_PAGES}")

    def _check_format(self) -> None:
        (version,) = self._base.execute("PRAGMA user_version").fetchone()
        if version not in {0, FORMAT}:
            raise StoreError(
                f"{self._folder}: index format {version}, this version reads {FORMAT}; "
                "open it with the version that wrote it, or add its documents to a new index"
            )
        if not version and self._base.execute("SELECT 1 FROM sqlite_master").fetchone():
            raise StoreError(f"{self._path}: is a database of something else; give an empty folder")

    def _has_log(self) -> bool:
        """Say whether there are commits beside the file."""
        log = self._folder.stat(LOG)
        return bool(log and log.st_size)

    def _state(self) -> tuple[int, ...]:
        """Return what is another when anything was written to the file."""
        file = self._folder.stat(CATALOG)
        return (file.st_ino, file.st_size, file.st_mtime_ns) if file else ()

    def is_outdated(self) -> bool:
        """Say whether there was a commit since it was opened as a file that does not change."""
        return self._fixed is not None and (self._has_log() or self._state() != self._fixed)

    @property
    def is_new(self) -> bool:
        """Say whether nothing was ever written."""
        with self._damage():
            row = self._base.execute("PRAGMA user_version").fetchone()
            return bool(row[0] == 0)

    def create(self, meta: dict[str, bytes]) -> None:
        """Write the tables and the first facts, all at once."""
        with self.transaction():
            for sql in SCHEMA.values():
                self._base.execute(sql)
            self.put("meta", meta.items())
            self._base.execute(f"PRAGMA user_version={FORMAT}")

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Write all of what is put inside, or nothing."""
        with self._damage(kept=_NOTHING_KEPT):
            try:
                self._base.execute("BEGIN IMMEDIATE")
                yield
                self._base.execute("COMMIT")
            except BaseException:
                # What was wrong first is told; a transaction that stays is given up later.
                with contextlib.suppress(StoreError):
                    self.give_up()
                raise

    def give_up(self) -> None:
        """Roll back what is open; a full disk may have done so already.

        Raises:
            StoreError: it cannot be rolled back now.
        """
        with self._damage():
            if self._base.in_transaction:
                self._base.execute("ROLLBACK")

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read one state, whatever a writer does meanwhile.

        Raises:
            StoreError: it was opened as a file that does not change, and did meanwhile.
        """
        if self._base.in_transaction:
            yield
            return
        with self._damage():
            try:
                self._base.execute("BEGIN")
                yield
            finally:
                self.give_up()
                if self._fixed is not None and self._state() != self._fixed:
                    raise StoreError(
                        f"{self._path}: another process wrote it while it was read, and this one "
                        "may not write beside it what would have kept them apart; ask again"
                    )

    def version(self) -> int:
        """Return a number that changes when another process has committed."""
        with self._damage():
            return int(self._base.execute("PRAGMA data_version").fetchone()[0])

    def put(self, table: str, rows: Iterable[Sequence[Any]]) -> None:
        """Write or replace rows, each its key and values."""
        columns = TABLES[table]
        holders = ", ".join("?" * (len(columns) + 1))
        self._base.executemany(
            f"INSERT OR REPLACE INTO {table} VALUES ({holders})",
            [(*row, mark_of(table, row)) for row in rows],
        )

    def get(self, table: str, key: int | str) -> tuple[Any, ...] | None:
        """Return the values of a row without its key, or None.

        Raises:
            CorruptIndexError: the row is not as it was written.
        """
        columns = TABLES[table]
        row = self._base.execute(
            f"SELECT * FROM {table} WHERE {columns[0]} = ?",
            (key,),
        ).fetchone()
        return None if row is None else self._checked(table, row)[1:]

    def need(self, table: str, key: int | str) -> tuple[Any, ...]:
        """Return the values of a row that must be there.

        Raises:
            CorruptIndexError: it is missing, or not as it was written.
        """
        row = self.get(table, key)
        if row is None:
            raise self._damaged(f"row {key} of {table} is missing")
        return row

    def get_many(self, table: str, keys: Iterable[int]) -> dict[int, tuple[Any, ...]]:
        """Return the values, without their keys, of those rows that are there.

        Raises:
            CorruptIndexError: one is not as it was written.
        """
        wanted = sorted(set(keys))
        column = TABLES[table][0]
        found: dict[int, tuple[Any, ...]] = {}
        for start in range(0, len(wanted), _KEYS_AT_ONCE):
            part = wanted[start : start + _KEYS_AT_ONCE]
            holders = ",".join("?" * len(part))
            sql = f"SELECT * FROM {table} WHERE {column} IN ({holders})"
            for row in self._base.execute(sql, part):
                found[row[0]] = self._checked(table, row)[1:]
        return found

    def every(self, table: str) -> Iterator[tuple[Any, ...]]:
        """Yield every row, key first."""
        for row in self._base.execute(f"SELECT * FROM {table} ORDER BY 1"):
            yield self._checked(table, row)

    def delete(self, table: str, keys: Iterable[int]) -> None:
        """Delete rows."""
        column = TABLES[table][0]
        self._base.executemany(
            f"DELETE FROM {table} WHERE {column} = ?",
            [(key,) for key in keys],
        )

    def segments(self) -> list[Name]:
        """Return the segments, by first document."""
        return [
            Name(file, first, n_docs, n_postings, level, mark)
            for first, file, n_docs, n_postings, level, mark in self.every("segments")
        ]

    def put_segment(self, name: Name) -> None:
        """Name a segment."""
        row = (name.first, name.file, name.n_docs, name.n_postings, name.level, name.mark)
        self.put("segments", [row])

    def check(self) -> list[str]:
        """Return what is wrong with the file, by SQLite's own check and every row's."""
        try:
            found = [row[0] for row in self._base.execute("PRAGMA integrity_check")]
            faults = [f"{self._path}: {line}" for line in found if line != "ok"]
            if self._schema() != SCHEMA:
                faults.append(f"{self._path}: its tables are not those that were made")
        except sqlite3.DatabaseError as error:
            return [f"{self._path}: {error}"]
        for table in TABLES:
            try:
                for _ in self.every(table):
                    pass
            except CorruptIndexError as error:
                faults.append(str(error))
            except sqlite3.DatabaseError as error:
                faults.append(f"{self._path}: {table}: {error}")
        return faults

    def _schema(self) -> dict[str, str]:
        rows = self._base.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
        return dict(rows.fetchall())

    def extent(self, table: str) -> tuple[int, int]:
        """Count the rows of a table, and return the largest key, or 0."""
        column = TABLES[table][0]
        row = self._base.execute(f"SELECT count(*), max({column}) FROM {table}").fetchone()
        return int(row[0]), int(row[1] or 0)

    def size_of(self, table: str, column: str) -> int:
        """Add up the bytes of a column."""
        row = self._base.execute(f"SELECT sum(length({column})) FROM {table}")
        return int(row.fetchone()[0] or 0)

    def vacuum(self) -> None:
        """Give back the room of what was deleted."""
        with self._damage():
            self._base.execute("VACUUM")
            self._base.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def checkpoint(self) -> bool:
        """Move all that was committed into the one file, before it is closed.

        Returns whether that was done: it is not while another process goes on reading one state.
        """
        try:
            self._base.execute(f"PRAGMA busy_timeout={_CLOSING_MILLISECONDS}")
            busy, *_ = self._base.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.DatabaseError:
            return False
        return not busy

    def close(self) -> None:
        """Close the file."""
        self._base.close()
        if self._file:
            locks.let_go(self._file)
            self._file = None

    def _checked(self, table: str, row: tuple[Any, ...]) -> tuple[Any, ...]:
        if row[-1] != mark_of(table, row[:-1]):
            raise self._damaged(f"row {row[0]} of {table} has changed")
        return row[:-1]

    def _damaged(self, how: str) -> CorruptIndexError:
        return CorruptIndexError(
            f"{self._path}: damaged, {how}; restore the index from a copy, or build it anew"
        )

    @contextlib.contextmanager
    def _damage(self, kept: str = "") -> Iterator[None]:
        """Turn SQLite's errors into ours, which end with what became of a commit."""
        try:
            yield
        except sqlite3.OperationalError as error:
            raise StoreError(f"{self._path}: {error}{kept}") from error
        except sqlite3.DatabaseError as error:
            raise self._damaged(str(error)) from error
