"""Features in, the sum of a set of regression trees out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dedupe.kernels._compile import kernel

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@kernel
def fill_tree_sums(
    values: NDArray[np.float64],
    feature: NDArray[np.int64],
    threshold: NDArray[np.float64],
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    leaf: NDArray[np.float64],
    bias: float,
    out: NDArray[np.float64],
) -> None:
    """Add up the leaves that each row falls into.

    Shapes (P rows, F features, T trees, N nodes of the largest tree)
        values     float64 (P, F)
        feature    int64   (T, N)  column to test; -1 in a leaf
        threshold  float64 (T, N)  at most this goes left
        left       int64   (T, N)  node to go to; `right` otherwise
        leaf       float64 (T, N)  value of a leaf
        out        float64 (P,)    overwritten: bias and the trees in their order
    """
    for p in range(values.shape[0]):
        total = bias
        for tree in range(feature.shape[0]):
            node = 0
            while feature[tree, node] >= 0:
                if values[p, feature[tree, node]] <= threshold[tree, node]:
                    node = left[tree, node]
                else:
                    node = right[tree, node]
            total += leaf[tree, node]
        out[p] = total
