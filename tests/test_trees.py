"""Sums of regression trees: every row and tree at once equals a walk down each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe.kernels.trees import fill_tree_sums

if TYPE_CHECKING:
    from numpy.typing import NDArray

N_FEATURES = 3


class Grown(NamedTuple):
    feature: list[Any]
    threshold: list[float]
    left: list[Any]
    right: list[Any]
    leaf: list[float]


def grow(rng: np.random.Generator, depth: int) -> Grown:
    """Grow a tree whose nodes stand before what is below them."""
    tree = Grown([], [], [], [], [])
    _add(tree, rng, depth)
    return tree


def _add(tree: Grown, rng: np.random.Generator, depth: int) -> int:
    node = len(tree.feature)
    is_leaf = depth == 0 or rng.random() < 0.3
    # Few values, so that many rows stand exactly at a threshold.
    for column, value in zip(tree, (-1, rng.integers(5) / 4, 0, 0, rng.normal()), strict=True):
        column.append(value)
    if not is_leaf:
        tree.feature[node] = int(rng.integers(N_FEATURES))
        tree.left[node] = _add(tree, rng, depth - 1)
        tree.right[node] = _add(tree, rng, depth - 1)
    return node


def walked(trees: list[Grown], row: NDArray[np.float64], bias: float) -> float:
    total = bias
    for tree in trees:
        node = 0
        while tree.feature[node] >= 0:
            goes_left = row[tree.feature[node]] <= tree.threshold[node]
            node = tree.left[node] if goes_left else tree.right[node]
        total += tree.leaf[node]
    return total


def padded(trees: list[Grown], column: str, kind: type, fill: float) -> NDArray[Any]:
    table: NDArray[Any] = np.full((len(trees), max(len(tree.leaf) for tree in trees)), fill, kind)
    for row, tree in zip(table, trees, strict=True):
        row[: len(tree.leaf)] = getattr(tree, column)
    return table


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**32 - 1),
    n_rows=st.integers(0, 8) | st.sampled_from([63, 64, 65, 130]),
    n_trees=st.integers(1, 5),
)
def test_tree_sums__equal_a_walk_down_every_tree(seed: int, n_rows: int, n_trees: int) -> None:
    rng = np.random.default_rng(seed)
    trees = [grow(rng, int(rng.integers(5))) for _ in range(n_trees)]
    values = rng.integers(5, size=(n_rows, N_FEATURES)) / 4
    out = np.full(n_rows, np.nan)
    fill_tree_sums(
        values, padded(trees, "feature", np.int64, -1), padded(trees, "threshold", np.float64, 0),
        padded(trees, "left", np.int64, 0), padded(trees, "right", np.int64, 0),
        padded(trees, "leaf", np.float64, 0), 0.25, out,
    )  # fmt: skip
    # The trees are added in their order: sums are equal to the last bit.
    assert out.tolist() == [walked(trees, row, 0.25) for row in values]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_tree_sums__what_is_no_number_goes_right(value: float) -> None:
    stump = Grown([0, -1, -1], [0.5, 0, 0], [1, 0, 0], [2, 0, 0], [0.0, 1.0, 2.0])
    out = np.empty(1)
    fill_tree_sums(
        np.full((1, N_FEATURES), value), padded([stump], "feature", np.int64, -1),
        padded([stump], "threshold", np.float64, 0), padded([stump], "left", np.int64, 0),
        padded([stump], "right", np.int64, 0), padded([stump], "leaf", np.float64, 0), 0.0, out,
    )  # fmt: skip
    assert out[0] == walked([stump], np.array([value]), 0.0)
