"""Arrays larger than memory: in files, mapped, and out of memory when it runs short.

    Spill  --empty, grow-->  arrays like any other

The first bytes stay in memory; what comes after the budget is a mapped file
without a name, which vanishes with the process, however that ends. Mapped pages
are the system's to drop: while a run works, `held` keeps watch, and drops all of
them when too many are in memory. They come back from the file as they are asked for.
"""

from __future__ import annotations

import contextlib
import functools
import math
import mmap
import os
import tempfile
import threading
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe.arrays.growth import Growing
from dedupe.arrays.joined import InMemory, Joined
from dedupe.errors import OutputError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import pyarrow as pa
    from numpy.typing import DTypeLike, NDArray

_IN_MEMORY_BYTES = 256_000_000
"""Arrays that may stay in memory, in sum, where nobody limits it."""
_MAPPED_BYTES, _MAPPED_BYTES_PER_DOCUMENT = 256_000_000, 1_000
"""Mapped pages that may be in memory at once where nobody limits it; with a limit, what it leaves.

Signatures and samples of a document are some 1,200: fewer would come and go again and again.
"""
_CANNOT_LEAVE = ((400_000_000, 2_900), (600_000_000, 1_200))
"""Bytes of any run, and of each document, that memory cannot do without, measured at 10,000 to
100,000 documents and at 100,000 to a million: the least of both (benchmarks/README.md)."""
# Between two looks at memory by a thread of its own.
_WATCH_SECONDS = 0.02
_FULL, _ROOM_BYTES = 80, 200_000_000
"""Percent of the limit at which mapped pages go, and what must be free then at the least.

They come back faster than they are watched: a text that is read brings those beside it.
"""
# Zeros written at once where the system has no call that makes room in a file.
_WRITTEN_AT_ONCE = 1 << 22


class Spill:
    """Where arrays are made that may leave memory.

    Args:
        folder: where files go; None for the system's folder of temporary files.
        limit_bytes: memory that the process should stay below; 0 for no limit.
    """

    def __init__(self, folder: str | Path | None = None, limit_bytes: int = 0) -> None:
        self._folder = Path(folder) if folder else Path(tempfile.gettempdir())
        self._limit = limit_bytes
        self._left = min(_IN_MEMORY_BYTES, limit_bytes // 8) if limit_bytes else _IN_MEMORY_BYTES
        self._most_mapped = 1 << 62 if limit_bytes else _MAPPED_BYTES
        # A map goes with the last array that looks into it.
        self._maps: weakref.WeakSet[mmap.mmap] = weakref.WeakSet()
        self._maps_lock = threading.Lock()
        self._being_written: list[mmap.mmap] = []
        self._look: Callable[[], None] | None = None
        self.spilled_bytes = 0

    def empty(self, shape: int | tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """Return an array to be written, as np.empty does.

        Raises:
            OutputError: the folder is full, or cannot be written.
        """
        size = math.prod(shape if isinstance(shape, tuple) else (shape,))
        n_bytes = size * np.dtype(dtype).itemsize
        if self.takes(n_bytes):
            return np.empty(shape, dtype)
        with self.failing(), self.new_file() as file:
            # A hole in a mapped file on a full disk would kill the process, not raise.
            _allocate(file.fileno(), n_bytes)
            mapped = self._map(file.fileno(), n_bytes, mmap.ACCESS_WRITE)
            self.spilled_bytes += n_bytes
            # Or the system would make pieces of up to 2 MB of it, and a number that is read
            # later would bring a whole one into memory.
            mapped.madvise(mmap.MADV_RANDOM)
            self._being_written.append(mapped)
            return np.frombuffer(mapped, dtype).reshape(shape)

    def put(self, array: NDArray[Any]) -> NDArray[Any]:
        """Return an array that is done, itself or as a copy that may leave memory.

        Raises:
            OutputError: the folder is full, or cannot be written.
        """
        if self.takes(array.nbytes):
            return array
        copy = self.empty(array.shape, array.dtype)
        copy[...] = array
        return copy

    def opened(self, path: Path) -> NDArray[np.uint8]:
        """Map a file read-only; it must not change on disk meanwhile.

        Raises:
            OSError, ValueError: it cannot be read, or is empty.
        """
        with path.open("rb") as file:
            return np.frombuffer(self._map(file.fileno(), 0, mmap.ACCESS_READ), np.uint8)

    def grow(self, dtype: DTypeLike, *, read_only: bool = False) -> Growing:
        """Return an array that grows at its end."""
        return Growing(self, dtype, read_only=read_only)

    def takes(self, n_bytes: int) -> bool:
        """Say whether so many bytes more may stay in memory, and count them if so."""
        if n_bytes and n_bytes > self._left:
            return False
        self._left -= n_bytes
        return True

    def gives(self, n_bytes: int) -> None:
        """Take back bytes that left memory."""
        self._left += n_bytes

    def at_most(self, n_bytes: int) -> int:
        """Return how many bytes work in hand may take where it would like so many."""
        return min(n_bytes, self._limit // 16) if self._limit else n_bytes

    def new_file(self) -> Any:
        """Open a file that goes when it is closed and no longer mapped."""
        return tempfile.TemporaryFile(dir=self._folder, prefix=".dedupe-")

    @contextlib.contextmanager
    def failing(self) -> Iterator[None]:
        """Tell what the system refuses while the block runs.

        Raises:
            OutputError: the folder is full, or cannot be written.
        """
        try:
            yield
        except OSError as error:
            raise OutputError(
                f"{self._folder}: has no room for what memory does not hold "
                f"({error.strerror or error}); free some, or set TMPDIR to another disk"
            ) from error

    def mapped(self, file: int, n_bytes: int, access: int, dtype: DTypeLike) -> NDArray[Any]:
        """Return the first bytes of an open file as an array that may leave memory.

        `access` is as mmap takes it.
        """
        mapped = self._map(file, n_bytes, access)
        self.spilled_bytes += n_bytes
        return np.frombuffer(mapped, dtype)

    def _map(self, file: int, n_bytes: int, access: int) -> mmap.mmap:
        mapped = mmap.mmap(file, n_bytes, access=access)
        with self._maps_lock:
            self._maps.add(mapped)
        return mapped

    def check(self, n_docs: int) -> None:
        """Check the memory limit against the number of documents, and size the mapped share by it.

        Raises:
            SettingsError: it is too small; the message names the smallest that will do.
        """
        self._most_mapped = max(self._most_mapped, n_docs * _MAPPED_BYTES_PER_DOCUMENT)
        least = min(base + n_docs * each for base, each in _CANNOT_LEAVE)
        if self._limit and self._limit < least:
            raise SettingsError(
                f"memory_limit: {self._limit // 1_000_000:,}MB are too little for {n_docs:,} "
                f"documents; the least that works is {-(-least // 1_000_000)}MB"
            )

    def drop(self) -> None:
        """Put all mapped pages out of memory; what was written stays in the files."""
        with self._maps_lock:
            maps = list(self._maps)
        for mapped in maps:
            with contextlib.suppress(ValueError, OSError):
                mapped.madvise(mmap.MADV_DONTNEED)

    def rest(self) -> None:
        """Give back to the system, between two stages, what the one before has freed."""
        import pyarrow as pa

        for mapped in self._being_written:
            mapped.madvise(mmap.MADV_NORMAL)
        self._being_written.clear()
        pa.default_memory_pool().release_unused()
        _trim()

    def table(self, tables: Iterable[pa.Table]) -> pa.Table:
        """Join tables of one schema into one that may leave memory.

        Raises:
            OutputError: the folder is full, or cannot be written.
        """
        joined = self.joined()
        for table in tables:
            joined.add(table)
        return joined.whole()

    def column(self, values: pa.Array) -> pa.ChunkedArray:
        """Return a column that is done, itself or as a copy that may leave memory.

        Raises:
            OutputError: the folder is full, or cannot be written.
        """
        import pyarrow as pa

        if self.takes(values.nbytes):
            return pa.chunked_array([values])
        return self.table([pa.table({"": values})]).column(0)

    def joined(self) -> Joined:
        """Return a table that grows at its end."""
        return Joined(self)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Keep memory below the limit while the block runs, where the system tells its size."""
        try:
            statm = os.open("/proc/self/statm", os.O_RDONLY)
        except OSError:
            yield
            return
        done = threading.Event()
        self._look = functools.partial(self._drop_if_full, statm, _resident_bytes(statm)[1])
        watch = threading.Thread(target=self._watch, args=(done,), name="dedupe-spill", daemon=True)
        watch.start()
        try:
            yield
        finally:
            done.set()
            watch.join()
            self._look = None
            os.close(statm)

    def look(self) -> None:
        """Drop mapped pages now if there are too many, while `held`.

        Call it between pieces of work: on a busy machine the watching thread may wake too late.
        """
        look = self._look
        if look:
            look()

    def _watch(self, done: threading.Event) -> None:
        while not done.wait(_WATCH_SECONDS):
            self.look()

    def _drop_if_full(self, statm: int, unmapped: int) -> None:
        if not self._maps:
            return
        whole, mapped = _resident_bytes(statm)
        most = min(self._limit * _FULL // 100, self._limit - _ROOM_BYTES)
        if (self._limit and whole > most) or mapped - unmapped > self._most_mapped:
            self.drop()


class _Memory(Spill):
    def opened(self, path: Path) -> NDArray[np.uint8]:
        return np.frombuffer(path.read_bytes(), np.uint8)

    def takes(self, n_bytes: int) -> bool:  # noqa: ARG002 - there is room for all
        return True

    def joined(self) -> Joined:
        """Return a table that grows at its end."""
        return InMemory()


MEMORY = _Memory()
"""Where everything stays in memory."""


def _trim() -> None:
    """Let the allocator give freed memory back, where it knows how to."""
    import ctypes

    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)


def _allocate(file: int, n_bytes: int) -> None:
    """Reserve the blocks of a file."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file, 0, n_bytes)
        return
    for start in range(0, n_bytes, _WRITTEN_AT_ONCE):
        os.write(file, bytes(min(_WRITTEN_AT_ONCE, n_bytes - start)))


def _resident_bytes(statm: int) -> tuple[int, int]:
    """Return how much of this process is in memory, and how much of that is mapped files.

    From an open file: each look at another would wait for its turn among busy threads.
    """
    fields = os.pread(statm, 256, 0).split()
    return int(fields[1]) * mmap.PAGESIZE, int(fields[2]) * mmap.PAGESIZE
