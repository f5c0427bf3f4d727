"""Probabilities of parents in, one tree out: the tree that a report draws.

    parent marginals  ->  likeliest_tree()  ->  one parent for each work

Taking each work's likeliest parent alone can close a circle; Edmonds'
arborescence (Edmonds, 1967; Chu and Liu, 1965) is the likeliest choice without
one. It only draws: every probability comes from the sum over all trees.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def likeliest_tree(weights: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the parent of each node in the heaviest tree.

    Args:
        weights: float64 (N, N); weights[i, j] is the gain of i being the parent
            of j, -inf where it cannot be. Node 0 is the root.

    Returns:
        int64 (N,): parents; -1 for the root. Ties go to the lowest node.

    Cost: O(N^2) for each circle found, at most N of them.
    """
    gains = np.array(weights, dtype=np.float64)
    np.fill_diagonal(gains, -np.inf)
    parent: NDArray[np.int64] = np.argmax(gains, axis=0).astype(np.int64)
    parent[0] = -1
    circle = _circle(parent)
    if not circle:
        return parent
    return _open_circle(gains, parent, circle)


def _circle(parent: NDArray[np.int64]) -> list[int]:
    """Return the nodes of one circle, or none."""
    state = np.zeros(len(parent), dtype=np.int64)
    for first in range(1, len(parent)):
        path = []
        node = first
        while node > 0 and state[node] == 0:
            state[node] = first
            path.append(node)
            node = int(parent[node])
        if node > 0 and state[node] == first:
            return sorted(path[path.index(node) :])
    return []


def _open_circle(
    gains: NDArray[np.float64], parent: NDArray[np.int64], circle: list[int]
) -> NDArray[np.int64]:
    """Shrink a circle to one node, solve what is left, and open the circle where it pays most."""
    inside = np.array(circle)
    outside = np.setdiff1d(np.arange(len(parent)), inside)
    shrunk = np.full((len(outside) + 1, len(outside) + 1), -np.inf)
    shrunk[:-1, :-1] = gains[np.ix_(outside, outside)]
    kept = gains[parent[inside], inside]
    entering = gains[np.ix_(outside, inside)] - kept
    shrunk[:-1, -1] = entering.max(axis=1)
    leaving = gains[np.ix_(inside, outside)]
    shrunk[-1, :-1] = leaving.max(axis=0)
    solved = likeliest_tree(shrunk)

    answer: NDArray[np.int64] = parent.copy()
    for place, node in enumerate(outside):
        above = int(solved[place])
        if above == len(outside):
            answer[node] = inside[int(leaving[:, place].argmax())]
        else:
            answer[node] = outside[above] if above >= 0 else -1
    source = int(solved[-1])
    answer[inside[int(entering[source].argmax())]] = outside[source]
    return answer
