"""One immutable file of sorted postings: written once, checked where it is read.

    header | directory | rows | documents | checksums of the rows, by block

The header, 4 KB, says how many there are of each and holds a checksum of each
part; the catalogue holds the header's. So a changed byte is found: the small
parts are checked when the file is opened, a block of rows when it is first
read. All but the checksums stay in the mapped file, and what is written goes
there at once: memory does not grow with a segment. The file is synced before
any catalogue row names it.
"""

from __future__ import annotations

import mmap
import os
import struct
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe.errors import CorruptIndexError, StoreError
from dedupe.storage.folder import write_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from dedupe.storage.folder import Folder

_MAGIC, _FORMAT = b"dedupe.postings\n", 4
_HEADER = struct.Struct("<16sIQQQQQQ")
# A page of memory, so that what follows the header begins on one.
_HEADER_BYTES = 4096

_LEAST_BITS = 12
"""Bits of a document, and of a bucket, in the smallest segments."""
N_STEPS = 1 << _LEAST_BITS
"""Equal ranges of keys that merges read together."""

ROW_BITS = 32
"""Bits of a row's number in the directory."""

ABOUT = np.dtype([("n_sampled", "<u2"), ("minute", "<i4")])
"""What a segment keeps of each document: its sampled shingles, its clock in minutes since 1970."""


class Name(NamedTuple):
    """A segment as the catalogue names it.

    Attributes:
        file: name in the folder.
        first: number of its first document.
        n_docs: documents, numbered without gaps; some may have no postings.
        n_postings: rows.
        level: 0 when new; one more for each merge.
        mark: checksum of the header.
    """

    file: str
    first: int
    n_docs: int
    n_postings: int
    level: int
    mark: int


class Hits(NamedTuple):
    """Keys that a segment holds.

    Shapes (H keys held)
        key           int64 (H,)  places among the keys asked for, rising
        starts, ends  int64 (H,)  its rows
    """

    key: NDArray[np.int64]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]


class Segment:
    """A segment opened for reading.

    Args:
        folder: the index.
        name: what the catalogue says of it.

    Raises:
        CorruptIndexError: header, directory or documents are not as written.
        StoreError: it may not be read, or is of another format.
    """

    def __init__(self, folder: Folder, name: Name) -> None:
        self.name = name
        self._path = folder.path / name.file
        try:
            descriptor = folder.open(name.file)
        except PermissionError as error:
            raise StoreError(
                f"{self._path}: cannot be read ({error.strerror}); let this account read it"
            ) from error
        with os.fdopen(descriptor, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size < _HEADER_BYTES:
                raise self._damaged("it is too short")
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        data = np.frombuffer(self._map, np.uint8)
        if header_mark(data[:_HEADER_BYTES].tobytes()) != name.mark:
            raise self._damaged("its header has changed")
        magic, version, n_rows, first, n_docs, *marks = _HEADER.unpack_from(self._map)
        if magic != _MAGIC or version != _FORMAT:
            raise StoreError(f"{self._path}: format {version}, this version reads {_FORMAT}")
        if (n_rows, first, n_docs) != (name.n_postings, name.first, name.n_docs):
            raise self._damaged("it is another segment than the catalogue names")
        if size != _HEADER_BYTES + sum(_lengths(n_rows, n_docs)):
            raise self._damaged("its length is wrong")
        directory, rows, about, sums = _parts(data, n_rows, n_docs)
        self._tables = list(zip((directory, about, sums), marks, strict=True))
        self._check_tables()
        self._rows, self._directory = rows.view(np.uint32), directory.view(np.uint32)
        self._bits = bits_of(n_docs)
        self.about = about.view(ABOUT)
        # A copy: in the file they may lie at odd places, which kernels do not take.
        self._sums = np.frombuffer(sums.tobytes(), np.uint64)
        self.minutes = span_of(self.about)
        self._checked = np.zeros(len(self._sums), np.uint8)

    def _check_tables(self) -> None:
        from dedupe.kernels import checksums as kernels

        for table, mark in self._tables:
            if int(kernels.checksum(table, 0, len(table))) != mark:
                raise self._damaged("its tables have changed")

    def hits(self, keys: NDArray[np.uint64]) -> Hits:
        """Return which of these keys, uint64 (N,) rising, it holds, and their rows.

        Raises:
            CorruptIndexError: a block of rows that is needed has changed.
        """
        from dedupe.kernels import postings as kernels

        found = np.empty((3, len(keys)), np.int64)
        bad, n_hits = kernels.fill_segment_hits(
            self._rows, self._directory, self._bits, keys, self._sums, self._checked, *found
        )
        if bad >= 0:
            raise self._damaged(f"block {bad} of its rows has changed")
        return Hits(*found[:, :n_hits])

    def documents(self, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the document numbers of row ranges, one after another."""
        from dedupe.kernels import postings as kernels

        self._ensure(starts, ends)
        out = np.empty(int((ends - starts).sum()), np.int64)
        kernels.fill_documents(self._rows, self._bits, starts, ends, out)
        return out + self.name.first

    def postings(self, first_step: int, last_step: int, first: int) -> NDArray[np.uint64]:
        """Read the postings of keys in some of `N_STEPS` equal ranges.

        Args:
            first_step: the first of the ranges.
            last_step: after the last.
            first: documents are counted from this number.
        """
        from dedupe.kernels import postings as kernels

        shift = self._bits - _LEAST_BITS
        low, high = first_step << shift, last_step << shift
        start, end = int(self._directory[low]), int(self._directory[high])
        self._ensure(np.array([start]), np.array([end]))
        out = np.empty(end - start, np.uint64)
        kernels.fill_postings(
            self._rows, self._directory, self._bits, low, high, self.name.first - first, out
        )
        return out

    def check(self) -> None:
        """Check the tables and every block anew.

        Raises:
            CorruptIndexError: one has changed.
        """
        self._check_tables()
        self._checked[:] = 0
        self.check_rows()

    def check_rows(self) -> None:
        """Check every block that was not yet read.

        Raises:
            CorruptIndexError: one has changed.
        """
        self._ensure(np.array([0]), np.array([self.name.n_postings]))

    def _ensure(self, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> None:
        from dedupe.kernels import checksums as kernels

        bad = kernels.first_damaged_row(self._rows, starts, ends, self._sums, self._checked)
        if bad >= 0:
            raise self._damaged(f"block {bad} of its rows has changed")

    def _damaged(self, how: str) -> CorruptIndexError:
        return CorruptIndexError(
            f"{self._path}: damaged, {how}; restore the index from a copy, or build it anew"
        )


def span_of(about: NDArray[np.void]) -> tuple[int, int]:
    """Return the earliest and the latest clock of documents, in minutes; (0, -1) of none."""
    if not len(about):
        return 0, -1
    return int(about["minute"].min()), int(about["minute"].max())


def header_mark(header: bytes) -> int:
    """Return the checksum of a header, 63 bits: SQLite's integers are signed."""
    from dedupe.kernels import checksums as kernels

    return int(kernels.checksum(np.frombuffer(header, np.uint8), 0, len(header))) >> 1


def bits_of(n_docs: int) -> int:
    """Return the bits of a document in a segment, which are those of a bucket too."""
    return max(_LEAST_BITS, (n_docs - 1).bit_length())


def _lengths(n_rows: int, n_docs: int) -> tuple[int, int, int, int]:
    """Return the bytes of directory, rows, documents and checksums."""
    from dedupe.kernels import checksums as kernels

    n_blocks = -(-n_rows // kernels.BLOCK_ROWS)
    return ((1 << bits_of(n_docs)) + 1) * 4, n_rows * 4, n_docs * ABOUT.itemsize, n_blocks * 8


def _parts(data: NDArray[np.uint8], n_rows: int, n_docs: int) -> list[NDArray[np.uint8]]:
    """Cut the bytes of a segment into directory, rows, documents and checksums."""
    ends = np.cumsum(_lengths(n_rows, n_docs)) + _HEADER_BYTES
    return np.split(data, [_HEADER_BYTES, *ends.tolist()])[1:-1]


class SegmentWriter:
    """Writes one segment, its postings in pieces of rising keys.

    Args:
        folder: the index.
        file: name to be.
        first: number of the first document.
        about: `ABOUT` of the documents, in pieces.
        level: of the segment.
    """

    def __init__(
        self, folder: Folder, file: str, first: int, about: Sequence[NDArray[np.void]], level: int
    ) -> None:
        self._folder, self._file = folder, file
        self._first, self._about, self._level = first, about, level
        self._n_docs = sum(map(len, about))
        self._bits = bits_of(self._n_docs)
        self._n_opened = 0
        self._pending = np.zeros(0, np.uint32)
        self._sums: list[NDArray[np.uint64]] = []
        self._n_rows = 0
        self._descriptor = folder.open(file, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        os.lseek(self._descriptor, _HEADER_BYTES + _lengths(0, self._n_docs)[0], os.SEEK_SET)

    def add(self, postings: NDArray[np.uint64]) -> None:
        """Append sorted postings, none smaller than those before."""
        from dedupe.kernels import postings as kernels
        from dedupe.kernels.checksums import BLOCK_ROWS

        if not len(postings):
            return
        last = int(postings[-1]) >> (kernels.KEY_BITS - self._bits + kernels.DOCUMENT_BITS)
        rows = np.empty(len(postings), np.uint32)
        opened = np.empty(last + 1 - self._n_opened, np.uint32)
        kernels.fill_rows(postings, self._bits, self._n_rows, self._n_opened, rows, opened)
        self._write_opened(opened)
        self._n_rows += len(postings)
        pending = np.concatenate([self._pending, rows])
        whole = len(pending) - len(pending) % BLOCK_ROWS
        self._write_rows(pending[:whole])
        self._pending = pending[whole:]

    def _write_opened(self, starts: NDArray[np.uint32]) -> None:
        """Write where the next buckets begin."""
        write_all(self._descriptor, starts.data, _HEADER_BYTES + 4 * self._n_opened)
        self._n_opened += len(starts)

    def sync(self) -> None:
        """Put what was written on disk, so that the end has little left to do."""
        os.fsync(self._descriptor)

    def _write_rows(self, rows: NDArray[np.uint32]) -> None:
        from dedupe.kernels import checksums as kernels

        sums = np.empty(-(-len(rows) // kernels.BLOCK_ROWS), np.uint64)
        kernels.fill_checksums(rows, sums)
        self._sums.append(sums)
        write_all(self._descriptor, rows.data)

    def finish(self) -> Name:
        """Write the tables and the header, and sync all of it."""
        n_entries = (1 << self._bits) + 1
        self._write_rows(self._pending)
        self._write_opened(np.full(n_entries - self._n_opened, self._n_rows, np.uint32))
        for table in (*self._about, *self._sums):
            write_all(self._descriptor, table.tobytes())
        n_docs, marks = self._n_docs, self._marks()
        header = _HEADER.pack(_MAGIC, _FORMAT, self._n_rows, self._first, n_docs, *marks)
        header = header.ljust(_HEADER_BYTES, b"\0")
        write_all(self._descriptor, header, 0)
        os.fsync(self._descriptor)
        self._close()
        self._folder.sync()
        return Name(self._file, self._first, n_docs, self._n_rows, self._level, header_mark(header))

    def _marks(self) -> list[int]:
        """Return the checksums of the tables, as they stand in the file."""
        from dedupe.kernels import checksums as kernels

        data = np.frombuffer(mmap.mmap(self._descriptor, 0, access=mmap.ACCESS_READ), np.uint8)
        directory, _, about, sums = _parts(data, self._n_rows, self._n_docs)
        return [int(kernels.checksum(part, 0, len(part))) for part in (directory, about, sums)]

    def abandon(self) -> None:
        """Close and delete the file."""
        self._close()
        self._folder.delete(self._file)

    def _close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
