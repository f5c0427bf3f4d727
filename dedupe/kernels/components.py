"""Pairs in, what they connect out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dedupe.kernels._compile import kernel

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@kernel
def fill_components(a: NDArray[np.int64], b: NDArray[np.int64], labels: NDArray[np.int32]) -> None:
    """Write the smallest row that pairs connect each row with.

    Shapes
        a, b    int64 (P,)
        labels  int32 (D,)  each its own row; overwritten
    Source  Tarjan and van Leeuwen 1984, union by index with path halving.
    """
    for p in range(a.size):
        x = _root(labels, a[p])
        y = _root(labels, b[p])
        labels[max(x, y)] = min(x, y)
    for row in range(labels.size):
        labels[row] = _root(labels, row)


@kernel
def _root(labels: NDArray[np.int32], row: int) -> int:
    while labels[row] != row:
        labels[row] = labels[labels[row]]
        row = labels[row]
    return row
