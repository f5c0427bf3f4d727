"""Weights of one story's copy edges in, the chance of every origin and parent out.

    affinity, order, edges, roots, pulls, priors  ->  fill_marginals()

A story is a directed tree whose root is the origin: one of the works in hand,
a credited source that is absent, or one nobody named. The directed matrix-tree
theorem sums over all trees at once: the determinant of a Laplacian is the total
weight of the trees of one root, and its inverse holds every edge's share (Koo,
Globerson, Carreras and Collins, 2007; the single-root form for works).

Sums over trees of different node sets cannot be compared as they stand: a tree
that also spans an absent node has more edges, and a plain super-root drifts to
that node as works are added. So each sum is divided by its value without
evidence and multiplied by an explicit prior.

Order is evidence of a kind of its own. In every pile of copies one is the
earliest and one the longest, whether or not the original is among them: clocks
and lengths say which of the works came first, and nothing of whether all came
from elsewhere. They enter both sums, so that they move no chance between the
works and the absent sources. Nor does a work pay for each that is earlier: one
broken clock of its own explains them all.

Most stories have one work or two, whose trees can be written down; of more, all
trees are summed at once by determinants and inverses of N x N.

Loops, not array expressions: each of those is a function of its own to compile,
and together they took longer than a run.

Axes: N works, V absent sources.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from dedupe.kernels._compile import kernel
from dedupe.kernels.elimination import eliminate
from dedupe.kernels.totals import largest

if TYPE_CHECKING:
    from numpy.typing import NDArray

FIRM_ORDER = 2.2
"""Two good clocks order two works at about nine to one, in log-odds. Half or twice as much makes
.865 or .869 of origins of test trees right, not .867 (benchmarks/origins.py)."""

# A chance whose logarithm still is a number.
_SMALLEST = 1e-300
# Equal chances must not be told apart by the rounding of the sums they come from.
_DIGITS = 1e12


@kernel
def fill_marginals(
    affinity: NDArray[np.float64],
    order: NDArray[np.float64],
    edges: NDArray[np.float64],
    roots: NDArray[np.float64],
    pulls: NDArray[np.float64],
    prior: NDArray[np.float64],
    origin: NDArray[np.float64],
    parent: NDArray[np.float64],
) -> None:
    """Write the chance of each origin, and of each parent of each work.

    Shapes, all float64
        affinity  (N, N)  symmetric weight of an edge before evidence, > 0 off the diagonal
        order     (N, N)  log-odds that i came before j, by clocks and the like; order.T == -order
        edges     (N, N)  log-odds that j was copied from i, by all other evidence
        roots     (N,)    log-odds that a work is the origin
        pulls     (V, N)  log-odds that j was copied from an absent source; the last is unnamed
        prior     (V,)    chance of each absent source to be the origin; their sum leaves the
                          rest to the works, in equal shares
        origin                  (N+V,)    overwritten; sums to 1
        parent                  (N+V, N)  overwritten; column j sums to 1 - origin[j];
                                without rows, origins alone are found
    Cost    3 + V inverses and as many determinants, O(N^3) each; none for N <= 2.
    Source  Koo, Globerson, Carreras and Collins 2007: marginals of single-root
            trees from the inverse of the Laplacian (Tutte 1984).
    """
    n_works = len(roots)
    if n_works == 1:
        _fill_of_one(roots, pulls, prior, origin, parent)
    elif n_works == 2:
        _fill_of_two(affinity, order, edges, roots, pulls, prior, origin, parent)
    else:
        fill_by_determinants(affinity, order, edges, roots, pulls, prior, origin, parent)


@kernel
def _fill_of_one(
    roots: NDArray[np.float64],
    pulls: NDArray[np.float64],
    prior: NDArray[np.float64],
    origin: NDArray[np.float64],
    parent: NDArray[np.float64],
) -> None:
    """Weigh the one work against each absent source, its only possible parents."""
    n_absent = len(prior)
    origin[0] = (1.0 - _total(prior)) * math.exp(roots[0])
    for v in range(n_absent):
        origin[1 + v] = prior[v] * math.exp(pulls[v, 0])
    total = _total(origin)
    for i in range(1 + n_absent):
        origin[i] /= total
    if len(parent):
        parent[0, 0] = 0.0
        for v in range(n_absent):
            parent[1 + v, 0] = origin[1 + v]


@kernel
def _fill_of_two(
    affinity: NDArray[np.float64],
    order: NDArray[np.float64],
    edges: NDArray[np.float64],
    roots: NDArray[np.float64],
    pulls: NDArray[np.float64],
    prior: NDArray[np.float64],
    origin: NDArray[np.float64],
    parent: NDArray[np.float64],
) -> None:
    """Sum over the two trees of two works, and the three below each absent source."""
    n_absent = len(prior)
    ahead, alike = order[0, 1], affinity[0, 1]
    first, second = math.exp(max(ahead, 0.0)), math.exp(max(-ahead, 0.0))
    # Of works alone the one parent's weight is fixed: order acts on the roots.
    to_second = math.exp(edges[0, 1] + roots[0]) / second
    to_first = math.exp(edges[1, 0] + roots[1]) / first
    works = (1.0 - _total(prior)) * (to_second + to_first) / (1.0 / first + 1.0 / second)
    share = to_second / (to_second + to_first)
    forward, backward = alike * math.exp(ahead), alike * math.exp(-ahead)
    direct_0, direct_1 = (1 + alike) / (1 + backward), (1 + alike) / (1 + forward)
    forward, backward = forward * direct_1, backward * direct_0
    by_order = direct_0 * direct_1 + direct_0 * forward + direct_1 * backward
    forward *= math.exp(edges[0, 1])
    backward *= math.exp(edges[1, 0])
    total = works
    below = np.empty((n_absent, 2))
    for v in range(n_absent):
        pull_0, pull_1 = math.exp(pulls[v, 0]) * direct_0, math.exp(pulls[v, 1]) * direct_1
        trees = pull_0 * pull_1 + pull_0 * forward + pull_1 * backward
        origin[2 + v] = prior[v] * trees / by_order
        # Below this source: the first from the second, the second from the first.
        below[v, 0], below[v, 1] = pull_1 * backward / trees, pull_0 * forward / trees
        total += origin[2 + v]
    works /= total
    origin[0], origin[1] = works * share, works * (1 - share)
    for v in range(n_absent):
        origin[2 + v] /= total
    if len(parent):
        parent[0, 0] = parent[1, 1] = 0.0
        parent[0, 1], parent[1, 0] = origin[0], origin[1]
        for v in range(n_absent):
            parent[1, 0] += origin[2 + v] * below[v, 0]
            parent[0, 1] += origin[2 + v] * below[v, 1]
            for j in range(2):
                parent[2 + v, j] = origin[2 + v] * (1 - below[v, j])


@kernel
def fill_by_determinants(
    affinity: NDArray[np.float64],
    order: NDArray[np.float64],
    edges: NDArray[np.float64],
    roots: NDArray[np.float64],
    pulls: NDArray[np.float64],
    prior: NDArray[np.float64],
    origin: NDArray[np.float64],
    parent: NDArray[np.float64],
) -> None:
    """Do what `fill_marginals` does, for any number of works."""
    n, n_absent = len(roots), len(prior)
    plain, works, absent = np.empty((n, n)), np.empty((n, n)), np.empty((n, n))
    direct = _fill_ordered(affinity, order, plain, works, absent)
    first, none = _first(order), np.empty(0)
    inverse, chance, blank = np.empty((n, n)), np.empty(n), np.empty((0, n))
    # Without evidence each sum would be this: what is mere shape is divided out.
    log_sum = _log_trees(plain, none, np.zeros(n), inverse, chance)
    log_roots = np.empty(n)
    for i in range(n):
        log_roots[i] = first[i] - log_sum - math.log(max(chance[i], _SMALLEST))
    log_mass = np.empty(1 + n_absent)
    log_mass[0] = -_log_trees(works, none, log_roots, blank, none)
    by_order = _log_trees(absent, direct, none, blank, none)
    for i in range(n):
        log_roots[i] += roots[i]
        for j in range(n):
            pulled = math.exp(edges[i, j])
            works[i, j] *= pulled
            absent[i, j] *= pulled
    log_mass[0] += math.log(1.0 - _total(prior))
    log_mass[0] += _log_trees(works, none, log_roots, inverse, chance)
    pulled_by = np.empty((n_absent, n))
    for v in range(n_absent):
        for j in range(n):
            pulled_by[v, j] = direct[j] * math.exp(pulls[v, j])
        by_all = _log_trees(absent, pulled_by[v], none, blank, none)
        log_mass[1 + v] = math.log(prior[v]) + by_all - by_order
    _fill_mixed(log_mass, chance, origin)
    if len(parent) == 0:
        return
    mass = max(0.0, 1.0 - _total(origin[n:]))
    _fill_near_root(works, chance, inverse, mass, parent)
    for v in range(n_absent):
        _log_trees(absent, pulled_by[v], none, inverse, chance)
        for i in range(n):
            parent[n + v, i] = origin[n + v] * chance[i]
            for j in range(n):
                below = absent[i, j] * (inverse[j, j] - inverse[j, i])
                parent[i, j] += origin[n + v] * below
    for i in range(n + n_absent):
        _tidy(parent[i])


@kernel
def _fill_mixed(
    log_mass: NDArray[np.float64], chance: NDArray[np.float64], origin: NDArray[np.float64]
) -> None:
    """Share out 1 among the works, taken together, and the absent sources."""
    n_works, highest, total = len(chance), log_mass[0], 0.0
    for v in range(len(log_mass)):
        highest = max(highest, log_mass[v])
    for v in range(len(log_mass)):
        log_mass[v] = math.exp(log_mass[v] - highest)
        total += log_mass[v]
    for i in range(n_works):
        origin[i] = log_mass[0] / total * chance[i]
    for v in range(1, len(log_mass)):
        origin[n_works + v - 1] = log_mass[v] / total
    _tidy(origin)


@kernel
def _total(values: NDArray[np.float64]) -> float:
    total = 0.0
    for i in range(len(values)):
        total += values[i]
    return total


@kernel
def _tidy(chances: NDArray[np.float64]) -> None:
    """Keep chances between 0 and 1, without the digits that rounding left."""
    for i in range(len(chances)):
        chances[i] = np.rint(min(max(chances[i], 0.0), 1.0) * _DIGITS) / _DIGITS


@kernel
def _fill_ordered(
    affinity: NDArray[np.float64],
    order: NDArray[np.float64],
    plain: NDArray[np.float64],
    works: NDArray[np.float64],
    absent: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Write weights without evidence, and those that favour earlier parents.

    The total weight of each work's parents stays as it was: of works alone, or
    beside an absent source of weight 1 and of no clock. Returns that source's
    own weights then.
    """
    n = len(affinity)
    direct = np.empty(n)
    for j in range(n):
        total = favoured = 0.0
        for i in range(n):
            plain[i, j] = affinity[i, j] / (n - 1) if i != j else 0.0
            works[i, j] = plain[i, j] * math.exp(order[i, j])
            total += plain[i, j]
            favoured += works[i, j]
        direct[j] = (1.0 + total) / (1.0 + favoured)
        scale = total / favoured if favoured > 0 else 1.0
        for i in range(n):
            absent[i, j] = works[i, j] * direct[j]
            works[i, j] *= scale
    return direct


@kernel
def _first(order: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the log-odds, by order, that each work is the first.

    A work behind another needs one broken clock, whatever its rank. A work
    ahead of m others gains the odds of m to one: had it been a copy like them,
    it would hold this place by chance. With two works that is their log-odds.
    """
    n_works = len(order)
    first = np.zeros(n_works)
    for j in range(n_works):
        behind = ahead = 0.0
        for i in range(n_works):
            behind = max(behind, order[i, j])
            ahead += min(max(order[j, i] / FIRM_ORDER, 0.0), 1.0)
        gain = math.log(max((1.0 + ahead) / 2.0, 1.0))
        first[j] = gain * min(max(1.0 - behind / FIRM_ORDER, 0.0), 1.0) - behind
    return first


@kernel
def _log_trees(
    weights: NDArray[np.float64],
    pull: NDArray[np.float64],
    log_roots: NDArray[np.float64],
    inverse: NDArray[np.float64],
    chance: NDArray[np.float64],
) -> float:
    """Sum over all trees; returns the logarithm of the sum.

    Shapes
        weights    float64 (N, N)  of edges
        pull       float64 (N,)    of edges from one absent root, which may have
                                   several children; or empty
        log_roots  float64 (N,)    that a work is the only root; or empty
        inverse    float64 (N, N)  overwritten: of the Laplacian; or (0, N)
        chance     float64 (N,)    overwritten: of each work to be the root, or
                                   the absent root's child
    """
    n = len(weights)
    in_works = len(log_roots) > 0
    shift = -np.inf
    matrix = np.empty((n, n))
    for j in range(n):
        total = 0.0
        for i in range(n):
            matrix[i, j] = -weights[i, j]
            total += weights[i, j]
        matrix[j, j] = total
        if in_works:
            shift = max(shift, log_roots[j])
        else:
            matrix[j, j] += pull[j]
    if in_works:
        for j in range(n):
            matrix[0, j] = math.exp(log_roots[j] - shift)
    for i in range(len(inverse)):
        for j in range(n):
            inverse[i, j] = 1.0 if i == j else 0.0
    log_sum = eliminate(matrix, inverse)
    if len(inverse) == 0:
        return log_sum + shift if in_works else log_sum
    total = 0.0
    for i in range(n):
        if in_works:
            chance[i] = max(math.exp(log_roots[i] - shift) * inverse[i, 0], 0.0)
        else:
            chance[i] = pull[i] * inverse[i, i]
        total += chance[i]
    if not in_works:
        return log_sum
    for i in range(n):
        chance[i] /= total
    return log_sum + shift


@kernel
def _fill_near_root(
    weights: NDArray[np.float64],
    chance: NDArray[np.float64],
    inverse: NDArray[np.float64],
    mass: float,
    parent: NDArray[np.float64],
) -> None:
    """Write the parents of works below works, and let the likeliest root have half of them.

    Syndication goes out from the source: by counting trees alone, a copy would
    come from one of three hundred siblings. So the likeliest root has as many
    children as all other works together.

    Args:
        weights: float64 (N, N)
        chance: float64 (N,), of each work to be the root
        inverse: float64 (N, N), of the Laplacian rooted in works
        mass: that the root is a work
        parent: float64 (N+V, N), of which the works' rows are overwritten
    """
    n = len(weights)
    _tidy(chance)
    root = largest(chance)
    rest, pull = np.empty((n - 1, n - 1)), np.empty(n - 1)
    for i in range(n - 1):
        above = i + (i >= root)
        pull[i] = weights[root, above] * (n - 1)
        for j in range(n - 1):
            rest[i, j] = weights[above, j + (j >= root)]
    among, children = np.empty((n - 1, n - 1)), np.empty(n - 1)
    _log_trees(rest, pull, np.empty(0), among, children)
    for i in range(n):
        stay = inverse[root, root] if root > 0 else 0.0
        move = inverse[root, i] if i > 0 else 0.0
        parent[i, root] = mass * weights[i, root] * (stay - move)
    for j in range(n - 1):
        below = j + (j >= root)
        left = mass * (1.0 - chance[below])
        parent[below, below] = 0.0
        parent[root, below] = children[j] * left
        for i in range(n - 1):
            parent[i + (i >= root), below] = rest[i, j] * (among[j, j] - among[j, i]) * left
