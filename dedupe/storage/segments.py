"""One immutable file of sorted postings: written once, checked where it is read.

    header | rows | directory | documents | checksums of the rows, by block

The header, 4 KB, says how many there are of each and holds a checksum of each
part; the catalogue holds the header's. So a changed byte is found: the small
parts are checked when the file is opened, a block of rows when it is first
read. The file is synced before any catalogue row names it.
"""

from __future__ import annotations

import mmap
import os
import struct
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe.errors import CorruptIndexError, StoreError
from dedupe.storage.folder import sync_folder, write_all

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_MAGIC, _FORMAT = b"dedupe.postings\n", 2
_HEADER = struct.Struct("<16sIQQQQQQ")
_HEADER_BYTES = 4096

_LEAST_BITS = 12
"""Bits of a document, and of a bucket, in the smallest segments."""
N_STEPS = 1 << _LEAST_BITS
"""Equal ranges of keys that merges read together."""

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
    """

    def __init__(self, folder: Path, name: Name) -> None:
        from dedupe.kernels import postings as kernels

        self.name = name
        self._path = folder / name.file
        with self._path.open("rb") as file:
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
        parts = []
        at = _HEADER_BYTES
        for length in _lengths(n_rows, n_docs):
            parts.append(data[at : at + length])
            at += length
        if at != size:
            raise self._damaged("its length is wrong")
        for part, mark in zip(parts[1:], marks, strict=True):
            if int(kernels.checksum(part, 0, len(part))) != mark:
                raise self._damaged("its tables have changed")
        self._rows = parts[0].view(np.uint32)
        self._bits = bits_of(n_docs)
        # Copies: in the file the tables may lie at odd places, which kernels do not take.
        self._directory = np.frombuffer(parts[1].tobytes(), np.uint32)
        self.about = np.frombuffer(parts[2].tobytes(), ABOUT)
        self._sums = np.frombuffer(parts[3].tobytes(), np.uint64)
        self.minutes = span_of(self.about)
        self._checked = np.zeros(len(self._sums), np.uint8)

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
        """Check every block anew.

        Raises:
            CorruptIndexError: one has changed.
        """
        self._checked[:] = 0
        self._ensure(np.array([0]), np.array([self.name.n_postings]))

    def _ensure(self, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> None:
        from dedupe.kernels import postings as kernels

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
    from dedupe.kernels import postings as kernels

    return int(kernels.checksum(np.frombuffer(header, np.uint8), 0, len(header))) >> 1


def bits_of(n_docs: int) -> int:
    """Return the bits of a document in a segment, which are those of a bucket too."""
    return max(_LEAST_BITS, (n_docs - 1).bit_length())


def _lengths(n_rows: int, n_docs: int) -> tuple[int, int, int, int]:
    """Return the bytes of rows, directory, documents and checksums."""
    from dedupe.kernels import postings as kernels

    n_blocks = -(-n_rows // kernels.BLOCK_ROWS)
    return n_rows * 4, ((1 << bits_of(n_docs)) + 1) * 4, n_docs * ABOUT.itemsize, n_blocks * 8


class SegmentWriter:
    """Writes one segment, its postings in pieces of rising keys.

    Args:
        folder: the index.
        file: name to be.
        first: number of the first document.
        about: `ABOUT` of every document.
        level: of the segment.
    """

    def __init__(
        self, folder: Path, file: str, first: int, about: NDArray[np.void], level: int
    ) -> None:
        self._folder = folder
        self._path = folder / file
        self._first, self._about, self._level = first, about, level
        self._bits = bits_of(len(about))
        self._counts = np.zeros(1 << self._bits, np.int64)
        self._pending = np.zeros(0, np.uint32)
        self._sums: list[NDArray[np.uint64]] = []
        self._n_rows = 0
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o644)
        write_all(self._descriptor, bytes(_HEADER_BYTES))

    def add(self, postings: NDArray[np.uint64]) -> None:
        """Append sorted postings, none smaller than those before."""
        from dedupe.kernels import postings as kernels

        rows = np.empty(len(postings), np.uint32)
        kernels.fill_rows(postings, self._bits, rows, self._counts)
        self._n_rows += len(postings)
        pending = np.concatenate([self._pending, rows])
        whole = len(pending) - len(pending) % kernels.BLOCK_ROWS
        self._write_rows(pending[:whole])
        self._pending = pending[whole:]

    def sync(self) -> None:
        """Put what was written on disk, so that the end has little left to do."""
        os.fsync(self._descriptor)

    def _write_rows(self, rows: NDArray[np.uint32]) -> None:
        from dedupe.kernels import postings as kernels

        sums = np.empty(-(-len(rows) // kernels.BLOCK_ROWS), np.uint64)
        kernels.fill_checksums(rows, sums)
        self._sums.append(sums)
        write_all(self._descriptor, rows.data)

    def finish(self) -> Name:
        """Write the tables and the header, and sync all of it."""
        from dedupe.kernels import postings as kernels
        from dedupe.ragged import running_total

        self._write_rows(self._pending)
        directory = running_total(self._counts).astype(np.uint32)
        tables = [directory, self._about, np.concatenate(self._sums)]
        marks = []
        for table in tables:
            part = np.frombuffer(table.tobytes(), np.uint8)
            marks.append(int(kernels.checksum(part, 0, len(part))))
            write_all(self._descriptor, part.data)
        n_docs = len(self._about)
        header = _HEADER.pack(_MAGIC, _FORMAT, self._n_rows, self._first, n_docs, *marks)
        header = header.ljust(_HEADER_BYTES, b"\0")
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        write_all(self._descriptor, header)
        os.fsync(self._descriptor)
        self._close()
        sync_folder(self._folder)
        return Name(
            self._path.name, self._first, n_docs, self._n_rows, self._level, header_mark(header)
        )

    def abandon(self) -> None:
        """Close and delete the file."""
        self._close()
        self._path.unlink(missing_ok=True)

    def _close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
