"""Gains of edges in, the heaviest tree out: Edmonds' arborescence.

    gains  ->  fill_tree()  ->  one parent for each node

Taking each node's best parent alone can close a circle; this is the best choice
without one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe.kernels._compile import kernel
from dedupe.kernels.totals import total

if TYPE_CHECKING:
    from numpy.typing import NDArray


@kernel
def fill_tree(gains: NDArray[np.float64], parent: NDArray[np.int64]) -> None:
    """Write the parent of each node in the heaviest tree; ties go to the lowest node.

    Shapes
        gains   float64 (N, N)  gains[i, j] of i being the parent of j, -inf where
                it cannot be; node 0 is the root; the diagonal is overwritten
        parent  int64   (N,)    overwritten; -1 for the root
    Cost    O(N^2) for each circle found, at most N of them.
    Source  Edmonds 1967; Chu and Liu 1965.
    """
    n = len(gains)
    for j in range(n):
        gains[j, j] = -np.inf
        parent[j] = 0
        for i in range(1, n):
            if gains[i, j] > gains[parent[j], j]:
                parent[j] = i
    parent[0] = -1
    inside = _circle(parent)
    n_inside = total(inside)
    if not n_inside:
        return
    # Shrink the circle to one node, solve what is left, and open it where that pays most.
    last = n - n_inside
    outside, circle = np.empty(last, np.int64), np.empty(n_inside, np.int64)
    n_out = n_in = 0
    for i in range(n):
        if inside[i]:
            circle[n_in] = i
            n_in += 1
        else:
            outside[n_out] = i
            n_out += 1
    shrunk, solved = np.full((last + 1, last + 1), -np.inf), np.empty(last + 1, np.int64)
    enters, leaves = np.full(last, circle[0]), np.full(last, circle[0])
    for i in range(last):
        node = outside[i]
        for j in range(last):
            shrunk[i, j] = gains[node, outside[j]]
        for member in circle:
            gain = gains[node, member] - gains[parent[member], member]
            if gain > shrunk[i, last]:
                shrunk[i, last], enters[i] = gain, member
            if gains[member, node] > shrunk[last, i]:
                shrunk[last, i], leaves[i] = gains[member, node], member
    fill_tree(shrunk, solved)
    for i in range(1, last):
        parent[outside[i]] = leaves[i] if solved[i] == last else outside[solved[i]]
    parent[enters[solved[last]]] = outside[solved[last]]


@kernel
def _circle(parent: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Mark the nodes of one circle, if there is any."""
    state = np.zeros(len(parent), np.int64)
    inside = np.zeros(len(parent), np.bool_)
    for first in range(1, len(parent)):
        node = first
        while node > 0 and state[node] == 0:
            state[node] = first
            node = parent[node]
        if node > 0 and state[node] == first:
            while not inside[node]:
                inside[node] = True
                node = parent[node]
            return inside
    return inside
