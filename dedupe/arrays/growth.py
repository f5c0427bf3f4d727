"""Parts of an array in; the array, which grew where it stands, out.

    Growth  --add, add, ...-->  whole()     in memory
    Growing --add, add, ...-->  whole()     in memory, or in a file when it is large

Parts that are joined at the end are in memory twice, and pages that are asked of the
system for the first time take longer than what is then copied into them.
"""

from __future__ import annotations

import contextlib
import mmap
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe.errors import OutputError

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

    from dedupe.arrays.spill import Spill

# Smaller arrays wait in parts, which are joined by one copy.
_LARGE_BYTES = 1 << 22
_WRITTEN_AT_ONCE = 1 << 16
"""Bytes of a file: Linux keeps in one piece what is written at once, up to 2 MB, and a number that
is read brings a whole piece into memory, but 64 KB at the least."""
_CAN_MOVE = sys.platform == "linux"
"""The system moves the pages of an array that has no room left, and copies none."""


class Growth:
    """An array in memory that grows at its end.

    Args:
        dtype: of its values.
    """

    def __init__(self, dtype: DTypeLike) -> None:
        self._dtype = np.dtype(dtype)
        self._parts: list[NDArray[Any]] = []
        self._map: mmap.mmap | None = None
        self.n_bytes = 0

    def add(self, part: NDArray[Any]) -> None:
        """Append a part, one-dimensional; it must not change afterwards."""
        end = self.n_bytes + part.nbytes
        if end <= _LARGE_BYTES or not _CAN_MOVE:
            self._parts.append(part)
            self.n_bytes = end
            return
        if self._map is None:
            self._map = mmap.mmap(-1, 2 * end, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
            with contextlib.suppress(OSError):
                self._map.madvise(mmap.MADV_HUGEPAGE)
        if end > len(self._map):
            self._map.resize(2 * end)
        waiting, self._parts = [*self._parts, part], []
        at = end - sum(one.nbytes for one in waiting)
        for one in waiting:
            self._map[at : at + one.nbytes] = np.ascontiguousarray(one).view(np.uint8).data
            at += one.nbytes
        self.n_bytes = end

    def whole(self) -> NDArray[Any]:
        """Return the array; nothing can be added afterwards."""
        if self._map is None:
            parts, self._parts = self._parts, []
            if len(parts) == 1:
                return parts[0]
            return np.concatenate([np.zeros(0, self._dtype), *parts])
        grown, self._map = self._map, None
        grown.resize(self.n_bytes)
        return np.frombuffer(grown, self._dtype)


class Growing:
    """An array that grows at its end, and leaves memory when it is large.

    Args:
        spill: where it goes.
        dtype: of its values.
        read_only: whether `whole` may not be written.
    """

    def __init__(self, spill: Spill, dtype: DTypeLike, *, read_only: bool) -> None:
        self._spill = spill
        self._dtype = np.dtype(dtype)
        self._read_only = read_only
        self._held = Growth(dtype)
        self._file: Any = None
        self._n_bytes = 0

    def add(self, part: NDArray[Any]) -> None:
        """Append a part, one-dimensional; it must not change afterwards.

        Raises:
            OutputError: the folder is full, or cannot be written.
        """
        if self._file is None and not self._spill.takes(part.nbytes):
            with self._spill.failing():
                self._file = self._spill.new_file()
            self._spill.gives(self._n_bytes)
            self._write(self._held.whole())
        self._n_bytes += part.nbytes
        if self._file is None:
            self._held.add(part)
        else:
            self._write(part)

    def whole(self) -> NDArray[Any]:
        """Return the array; nothing can be added afterwards."""
        if self._file is None:
            array = self._held.whole()
            array = array.view() if self._read_only or array.flags.writeable else array.copy()
            array.flags.writeable = not self._read_only
            return array
        access = mmap.ACCESS_READ if self._read_only else mmap.ACCESS_WRITE
        with self._spill.failing(), self._file as file:
            file.flush()
            return self._spill.mapped(file.fileno(), self._n_bytes, access, self._dtype)

    def _write(self, part: NDArray[Any]) -> None:
        try:
            data = np.ascontiguousarray(part).view(np.uint8).data
            with self._spill.failing():
                for start in range(0, len(data), _WRITTEN_AT_ONCE):
                    self._file.write(data[start : start + _WRITTEN_AT_ONCE])
        except OutputError:
            with contextlib.suppress(OSError):
                self._file.close()
            raise
