"""Features in, the sum of a set of regression trees out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe.kernels._compile import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

_AT_ONCE = 64
"""Rows that go through a tree together: what they need of it stays in the nearest cache."""


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
        left       int64   (T, N)  node to go to; `right` otherwise: both come after their own
        leaf       float64 (T, N)  value of a leaf
        out        float64 (P,)    overwritten: bias and the trees in their order
    All nodes of a tree are asked, from the last to the first, each by all rows at once: no
    row's way is guessed, and several rows fit in one instruction.
    """
    n_features, n_nodes = values.shape[1], feature.shape[1]
    columns = np.zeros((n_features, _AT_ONCE))
    below = np.zeros((n_nodes, _AT_ONCE))
    for start in range(0, values.shape[0], _AT_ONCE):
        n = min(_AT_ONCE, values.shape[0] - start)
        for i in range(n):
            out[start + i] = bias
            for f in range(n_features):
                columns[f, i] = values[start + i, f]
        for tree in range(feature.shape[0]):
            for node in range(n_nodes - 1, -1, -1):
                asked = feature[tree, node]
                if asked < 0:
                    _fill_row(below[node], leaf[tree, node], n)
                    continue
                _fill_chosen(
                    columns[asked], threshold[tree, node],
                    below[left[tree, node]], below[right[tree, node]], below[node], n,
                )  # fmt: skip
            for i in range(n):
                out[start + i] += below[0, i]


@kernel
def _fill_row(row: NDArray[np.float64], value: float, n: int) -> None:
    for i in range(n):
        row[i] = value


@kernel
def _fill_chosen(
    column: NDArray[np.float64],
    threshold: float,
    left: NDArray[np.float64],
    right: NDArray[np.float64],
    out: NDArray[np.float64],
    n: int,
) -> None:
    """Write what lies left where a column is at most the threshold, else what lies right."""
    for i in range(n):
        low, high = left[i], right[i]
        out[i] = low if column[i] <= threshold else high
