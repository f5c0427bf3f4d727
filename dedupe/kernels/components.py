"""Pairs in, what they connect out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dedupe.kernels._compile import kernel

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@kernel
def merge_groups(a: NDArray[np.int64], b: NDArray[np.int64], groups: NDArray[np.integer]) -> None:
    """Give connected rows one number: the smallest row among them.

    Shapes (P pairs, D rows)
        a, b    int64 (P,)  rows that belong together
        groups  int64 or int32 (D,)  each row's own number before, or a smaller one of its
                            group; overwritten
    Source  Tarjan and van Leeuwen 1984, union by index with path halving.
    """
    for p in range(a.shape[0]):
        one, other = a[p], b[p]
        while groups[one] != one:
            groups[one] = groups[groups[one]]
            one = groups[one]
        while groups[other] != other:
            groups[other] = groups[groups[other]]
            other = groups[other]
        groups[max(one, other)] = min(one, other)
    for row in range(groups.shape[0]):
        # A root is smaller than its rows, so it has its final number already.
        groups[row] = groups[groups[row]]
