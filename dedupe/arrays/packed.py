"""Two rows as one number, by which pairs of them are sorted, counted and found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LOW_32 = np.uint64(0xFFFFFFFF)
_SHIFT_32 = np.uint64(32)


def pack(a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Pack rows a and b, a in the upper half: packed pairs sort by a, then by b."""
    return (a.astype(np.uint64) << _SHIFT_32) | b.astype(np.uint64)


def unpack(packed: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return rows a and b of packed pairs."""
    return (packed >> _SHIFT_32).astype(np.int64), (packed & _LOW_32).astype(np.int64)
