"""Parts of an array in; the array, which grew where it stands, out.

    Growth  --add, add, ...-->  whole()

Parts that are joined at the end are in memory twice, and pages that are asked of the
system for the first time take longer than what is then copied into them.
"""

from __future__ import annotations

import contextlib
import mmap
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

# Smaller arrays wait in parts, which are joined by one copy.
_LARGE_BYTES = 1 << 22
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
