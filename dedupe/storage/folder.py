"""The folder of an index: one writer at a time, and writes that are on disk when they return."""

from __future__ import annotations

import fcntl
import os
import zlib
from typing import TYPE_CHECKING

from dedupe.errors import CorruptIndexError, IndexBusyError, StoreError

if TYPE_CHECKING:
    from pathlib import Path

CATALOG, SEAL, SUFFIX = "catalog.sqlite", "catalog.seal", ".postings"
NOTE = "catalog.commits"
"""Number of the last commit that was told to be on disk, while a writer has the index open."""

_CHUNK_BYTES = 1 << 20
_LOOKS_AT_NOTE = 5


def take_lock(folder: Path) -> int:
    """Become the writer of a folder; returns the descriptor that holds the lock.

    It is on the folder itself, for a file in it could be deleted and made anew.
    It goes with the process that holds it, however that ends.

    Raises:
        IndexBusyError: another process writes here.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        if isinstance(error, BlockingIOError):
            raise IndexBusyError(
                f"{folder}: this index is open for writing already, mostly in another process; "
                "wait until it is closed there, or open it with read_only=True"
            ) from None
        raise
    return descriptor


def write_all(descriptor: int, data: bytes | memoryview, at: int | None = None) -> None:
    """Write all bytes, however few the system takes at a time: at a place, or after the last."""
    left = memoryview(data).cast("B")
    while left:
        done = os.write(descriptor, left) if at is None else os.pwrite(descriptor, left, at)
        at = None if at is None else at + done
        left = left[done:]


def seal(folder: Path) -> None:
    """Note the checksum of a closed catalogue, of its unused bytes too."""
    path = folder / f"{SEAL}.new"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        write_all(descriptor, _sum_of_catalog(folder))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    path.replace(folder / SEAL)
    sync_folder(folder)


def break_seal(folder: Path) -> None:
    """Take the checksum away before the catalogue is written to."""
    if (folder / SEAL).exists():
        (folder / SEAL).unlink()
        sync_folder(folder)


def seal_is_false(folder: Path) -> bool:
    """Say whether there is a checksum, and the catalogue has another."""
    try:
        return (folder / SEAL).read_bytes() != _sum_of_catalog(folder)
    except FileNotFoundError:
        return False


def _sum_of_catalog(folder: Path) -> bytes:
    crc = 0
    with (folder / CATALOG).open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            crc = zlib.crc32(chunk, crc)
    return f"{crc:08x}\n".encode()


def note_commit(folder: Path, number: int) -> None:
    """Note that a commit is on disk, so that its loss would be seen.

    SQLite takes a write-ahead log that is damaged or gone for one that ends
    sooner. The note is written after each commit and needs no sync of its own:
    it outlives the process, and after a power cut it may be older than the
    catalogue, but is never newer.
    """
    descriptor = os.open(folder / NOTE, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        # As long as the one before, and in one write, so that nobody reads half of it.
        write_all(descriptor, _note(number), 0)
    finally:
        os.close(descriptor)


def noted_commit(folder: Path) -> int:
    """Return the number of the last commit noted; 0 without a note.

    Raises:
        CorruptIndexError: the note is not as it was written.
    """
    for _ in range(_LOOKS_AT_NOTE):
        try:
            data = (folder / NOTE).read_bytes()
        except FileNotFoundError:
            return 0
        if not data.strip(b"\0"):
            # A power cut may have come between its name and its first bytes.
            return 0
        number = data.partition(b" ")[0]
        if number.isdigit() and data == _note(int(number)):
            return int(number)
    raise CorruptIndexError(
        f"{folder / NOTE}: damaged, it is not as it was written; restore the index from a copy, "
        "or build it anew"
    )


def drop_note(folder: Path) -> None:
    """Take the note away, when all commits are in a catalogue that is closed."""
    (folder / NOTE).unlink(missing_ok=True)


def _note(number: int) -> bytes:
    digits = f"{number:020}".encode()
    return digits + f" {zlib.crc32(digits):08x}\n".encode()


def sync_folder(folder: Path) -> None:
    """Put the names in a folder on disk, as fsync of a file does not."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_orphans(folder: Path, named: set[str]) -> None:
    """Delete segment files that no catalogue row names: what a crash left half-done."""
    for path in folder.glob(f"*{SUFFIX}"):
        if path.name not in named:
            path.unlink(missing_ok=True)


def make_folder(folder: Path) -> None:
    """Create a folder for a new index.

    Raises:
        StoreError: a file stands there, or a folder that holds something else.
    """
    if folder.exists() and not folder.is_dir():
        raise StoreError(f"{folder}: is a file; an index is a folder, give another name")
    if folder.is_dir() and any(folder.iterdir()):
        if (folder / CATALOG).exists():
            return
        raise StoreError(f"{folder}: holds something else than an index; give an empty folder")
    folder.mkdir(parents=True, exist_ok=True)
