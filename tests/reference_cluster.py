"""Greedy additive edge contraction by definition: every sum taken anew at every step."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

Pair = tuple[int, int]


def contract(weights: Mapping[Pair, int], n_docs: int) -> list[int]:
    """Join the two groups of largest weight, while any is positive; returns story labels.

    `weights` has an integer for every pair of documents a < b. Of equal sums
    the groups of smaller first members are joined first.
    """
    groups = [{row} for row in range(n_docs)]
    while True:
        sums = {
            (min(x), min(y)): sum(weights[min(i, j), max(i, j)] for i in x for j in y)
            for x, y in combinations(sorted(groups, key=min), 2)
        }
        positive = [(-weight, names) for names, weight in sums.items() if weight > 0]
        if not positive:
            return [min(next(group for group in groups if row in group)) for row in range(n_docs)]
        _, (x, y) = min(positive)
        joined = {row for group in groups if min(group) in {x, y} for row in group}
        groups = [group for group in groups if min(group) not in {x, y}] + [joined]
