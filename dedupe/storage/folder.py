"""The folder of an index: one writer at a time, and writes that are on disk when they return."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import zlib
from typing import TYPE_CHECKING

from dedupe.errors import CorruptIndexError, IndexBusyError, StoreError
from dedupe.in_place import make_durably
from dedupe.storage import locks

if TYPE_CHECKING:
    from pathlib import Path

CATALOG, SEAL, SUFFIX = "catalog.sqlite", "catalog.seal", ".postings"
LOG, SHARED = f"{CATALOG}-wal", f"{CATALOG}-shm"
"""SQLite's own: commits that are not yet in the catalogue, and what its processes share."""

NOTE = "catalog.commits"
"""Number of the last commit that was told to be on disk, while a writer has the index open."""

_log = logging.getLogger(__name__)

# Bytes read at once for the checksum of the catalogue.
_CHUNK_BYTES = 1 << 20
# A writer may replace the note between two reads of it.
_LOOKS_AT_NOTE = 5


class Folder:
    """The folder of an index, open: its files are found by its descriptor, not by its path.

    So nothing is read, written or deleted in another folder that takes its path meanwhile.
    Only SQLite, which knows no descriptors, needs the path: when it opens the catalogue.

    Args:
        path: the folder, without symbolic links, for they may lead elsewhere later.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._opened = os.fstat(self._descriptor)

    def __str__(self) -> str:
        """Return its path, as messages name it."""
        return str(self.path)

    def lock(self) -> None:
        """Become its writer, until it is closed.

        The lock is on the folder itself, for a file in it could be deleted and made
        anew. It goes with the process that holds it, however that ends.

        Raises:
            IndexBusyError: another process writes here.
        """
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise IndexBusyError(
                f"{self}: this index is open for writing already, mostly in another process; "
                "wait until it is closed there, or open it with read_only=True"
            ) from None

    def is_at_its_path(self) -> bool:
        """Say whether its path still leads to it, and to no other folder."""
        try:
            return os.path.samestat(self.path.stat(), self._opened)
        except OSError:
            return False

    def is_same(self, other: Folder) -> bool:
        """Say whether two are one folder, whatever their paths, and whether open or closed."""
        return os.path.samestat(self._opened, other._opened)

    def can_be_written(self) -> bool:
        """Say whether this process may make files in it, and the file system takes any."""
        return os.access(".", os.W_OK, dir_fd=self._descriptor)

    def open(self, name: str, flags: int = os.O_RDONLY) -> int:
        """Open one of its files; returns the descriptor."""
        if flags & os.O_CREAT:
            # What is written is written here, not where a symbolic link leads.
            flags |= os.O_NOFOLLOW
        return os.open(name, flags | os.O_CLOEXEC, 0o644, dir_fd=self._descriptor)

    def read(self, name: str) -> bytes:
        """Return the bytes of a small file."""
        with os.fdopen(self.open(name), "rb") as file:
            return file.read()

    def stat(self, name: str) -> os.stat_result | None:
        """Return what the system says of one of its files, None without it."""
        try:
            return os.stat(name, dir_fd=self._descriptor, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def names(self) -> list[str]:
        """Return the names of its files, sorted."""
        return sorted(os.listdir(self._descriptor))  # noqa: PTH208 - of a descriptor

    def delete(self, name: str) -> None:
        """Delete one of its files, if it is there."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self._descriptor)

    def rename(self, name: str, to: str) -> None:
        """Give a file the name of another, which it replaces."""
        os.replace(name, to, src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor)

    def sync(self) -> None:
        """Put its names on disk, as fsync of a file does not."""
        os.fsync(self._descriptor)

    def close(self) -> None:
        """Close it; another process may write then."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def write_all(descriptor: int, data: bytes | memoryview, at: int | None = None) -> None:
    """Write all bytes, however few the system takes at a time: at a place, or after the last."""
    left = memoryview(data).cast("B")
    while left:
        done = os.write(descriptor, left) if at is None else os.pwrite(descriptor, left, at)
        at = None if at is None else at + done
        left = left[done:]


def seal(folder: Folder) -> None:
    """Note the checksum of a closed catalogue, of its unused bytes too."""
    unfinished = f"{SEAL}.new"
    descriptor = folder.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    try:
        write_all(descriptor, _sum_of_catalog(folder))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    folder.rename(unfinished, SEAL)
    folder.sync()


def break_seal(folder: Folder) -> None:
    """Take the checksum away before the catalogue is written to."""
    if folder.stat(SEAL):
        folder.delete(SEAL)
        folder.sync()


def seal_is_false(folder: Folder) -> bool:
    """Say whether there is a checksum, and the catalogue has another."""
    try:
        return folder.read(SEAL) != _sum_of_catalog(folder)
    except FileNotFoundError:
        return False


def _sum_of_catalog(folder: Folder) -> bytes:
    crc = at = 0
    with locks.reading(folder, CATALOG) as descriptor:
        while chunk := os.pread(descriptor, _CHUNK_BYTES, at):
            crc = zlib.crc32(chunk, crc)
            at += len(chunk)
    return f"{crc:08x}\n".encode()


def note_commit(folder: Folder, number: int) -> None:
    """Note that a commit is on disk, so that its loss would be seen.

    SQLite takes a write-ahead log that is damaged or gone for one that ends
    sooner. The note is written after each commit and needs no sync of its own:
    it outlives the process, and after a power cut it may be older than the
    catalogue, but is never newer.
    """
    descriptor = folder.open(NOTE, os.O_WRONLY | os.O_CREAT)
    try:
        # As long as the one before, and in one write, so that nobody reads half of it.
        write_all(descriptor, _note(number), 0)
    finally:
        os.close(descriptor)


def noted_commit(folder: Folder) -> int:
    """Return the number of the last commit noted; 0 without a note.

    Raises:
        CorruptIndexError: the note is not as it was written.
    """
    for _ in range(_LOOKS_AT_NOTE):
        try:
            data = folder.read(NOTE)
        except FileNotFoundError:
            return 0
        if not data.strip(b"\0"):
            # A power cut may have come between its name and its first bytes.
            return 0
        number = data.partition(b" ")[0]
        if number.isdigit() and data == _note(int(number)):
            return int(number)
    raise CorruptIndexError(
        f"{folder}/{NOTE}: damaged, it is not as it was written; restore the index from a copy, "
        "or build it anew"
    )


def _note(number: int) -> bytes:
    digits = f"{number:020}".encode()
    return digits + f" {zlib.crc32(digits):08x}\n".encode()


def remove_orphans(folder: Folder, named: set[str]) -> None:
    """Delete segment files that no catalogue row names: what was merged, or left half-done."""
    for name in folder.names():
        if name.endswith(SUFFIX) and name not in named:
            remove_orphan(folder, name)


def remove_orphan(folder: Folder, name: str) -> None:
    """Delete a segment file that no row names; one that cannot be deleted does no harm."""
    try:
        folder.delete(name)
    except OSError as error:
        _log.warning(
            "%s/%s: an old segment could not be deleted (%s); that is tried again whenever the "
            "index is opened for writing",
            folder,
            name,
            error.strerror,
        )


def make_folder(folder: Path) -> None:
    """Create a folder for a new index; its name is on disk then.

    Raises:
        StoreError: a file stands there, or a folder that holds something else.
    """
    if folder.exists() and not folder.is_dir():
        raise StoreError(f"{folder}: is a file; an index is a folder, give another name")
    if folder.is_dir() and any(folder.iterdir()):
        if (folder / CATALOG).exists():
            return
        raise StoreError(f"{folder}: holds something else than an index; give an empty folder")
    make_durably(folder)
