"""Weights of one story's copy edges in, the chance of every origin and parent out.

    affinity, order, edges, roots, pulls, priors  ->  fill_marginals()

What is summed, and why, stands in dedupe/attribute/model.py. Most stories have
one work or two, whose trees can be written down; of more, all trees are summed
at once by determinants and inverses of N x N.

Axes: N works, V absent sources.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from dedupe.kernels._compile import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

FIRM_ORDER = 2.2
"""Two good clocks order two works at about nine to one, in log-odds."""

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
        affinity, order, edges  (N, N)  see attribute.model.Weights; not changed
        roots                   (N,)
        pulls                   (V, N)
        prior                   (V,)
        origin                  (N+V,)    overwritten; sums to 1
        parent                  (N+V, N)  overwritten; column j sums to 1 - origin[j];
                                without columns, origins alone are found
    Cost    3 + V inverses and as many determinants, O(N^3) each; none for N <= 2.
    Source  Koo, Globerson, Carreras and Collins 2007: marginals of single-root
            trees from the inverse of the Laplacian (Tutte 1984).
    """
    n_works = len(roots)
    parent[:] = 0.0
    if n_works <= 2 and parent.shape[1] == 0:
        parent = np.zeros((len(origin), n_works))
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
    origin[0] = (1.0 - prior.sum()) * math.exp(roots[0])
    total = origin[0]
    for v in range(len(prior)):
        origin[1 + v] = prior[v] * math.exp(pulls[v, 0])
        total += origin[1 + v]
    origin /= total
    parent[1:, 0] = origin[1:]


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
    ahead = order[0, 1]
    first, second = math.exp(max(ahead, 0.0)), math.exp(max(-ahead, 0.0))
    # Of works alone the one parent's weight is fixed: order acts on the roots.
    to_second = math.exp(edges[0, 1] + roots[0]) / second
    to_first = math.exp(edges[1, 0] + roots[1]) / first
    works = (1.0 - prior.sum()) * (to_second + to_first) / (1.0 / first + 1.0 / second)
    share = to_second / (to_second + to_first)
    forward, backward = affinity[0, 1] * math.exp(ahead), affinity[0, 1] * math.exp(-ahead)
    direct_0 = (1 + affinity[0, 1]) / (1 + backward)
    direct_1 = (1 + affinity[0, 1]) / (1 + forward)
    forward, backward = forward * direct_1, backward * direct_0
    by_order = direct_0 * direct_1 + direct_0 * forward + direct_1 * backward
    forward *= math.exp(edges[0, 1])
    backward *= math.exp(edges[1, 0])
    n_absent = len(prior)
    total = works
    for v in range(n_absent):
        pull_0, pull_1 = math.exp(pulls[v, 0]) * direct_0, math.exp(pulls[v, 1]) * direct_1
        origin[2 + v] = prior[v] * (pull_0 * pull_1 + pull_0 * forward + pull_1 * backward)
        origin[2 + v] /= by_order
        total += origin[2 + v]
    works /= total
    origin[0], origin[1] = works * share, works * (1 - share)
    parent[0, 1], parent[1, 0] = origin[0], origin[1]
    for v in range(n_absent):
        pull_0, pull_1 = math.exp(pulls[v, 0]) * direct_0, math.exp(pulls[v, 1]) * direct_1
        trees = pull_0 * pull_1 + pull_0 * forward + pull_1 * backward
        to_1, to_0 = pull_0 * forward / trees, pull_1 * backward / trees
        origin[2 + v] /= total
        parent[0, 1] += origin[2 + v] * to_1
        parent[1, 0] += origin[2 + v] * to_0
        parent[2 + v, 0] = origin[2 + v] * (1 - to_0)
        parent[2 + v, 1] = origin[2 + v] * (1 - to_1)


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
    n_works, n_absent = len(roots), len(prior)
    only_origins = parent.shape[1] == 0
    plain = affinity / max(n_works - 1, 1)
    for i in range(n_works):
        plain[i, i] = 0.0
    favoured = plain * np.exp(order)
    pulled = np.exp(edges)
    first = _first(order)
    ordered = _ordered(plain, favoured)
    chance, below = np.empty(n_works), np.empty((n_works, n_works))
    blank = _fill_rooted_in_works(plain, np.zeros(n_works), chance, below)
    log_base = blank + np.log(np.maximum(chance, _SMALLEST))
    by_order = _sum_of_works(ordered, first - log_base)
    ordered_works = ordered * pulled
    by_all = _fill_rooted_in_works(ordered_works, first + roots - log_base, chance, below)
    log_mass = np.empty(1 + n_absent)
    log_mass[0] = math.log(1.0 - prior.sum()) + by_all - by_order
    # Beside the works, an absent source is one more possible parent of weight 1.
    direct = (1.0 + _column_sums(plain)) / (1.0 + _column_sums(favoured))
    ordered = favoured * direct
    by_order = _sum_of_absent(ordered, direct)
    weights = ordered * pulled
    for v in range(n_absent):
        by_all = _sum_of_absent(weights, direct * np.exp(pulls[v]))
        log_mass[1 + v] = math.log(prior[v]) + by_all - by_order
    mass = np.exp(log_mass - log_mass.max())
    mass /= mass.sum()
    origin[:n_works] = mass[0] * chance
    origin[n_works:] = mass[1:]
    _tidy(origin)
    if only_origins:
        return
    _fill_near_root(ordered_works, chance, below)
    parent[:n_works] = mass[0] * below
    children, others = np.empty(n_works), np.empty((n_works, n_works))
    for v in range(n_absent):
        _fill_rooted_in_absent(weights, direct * np.exp(pulls[v]), children, others)
        parent[:n_works] += mass[1 + v] * others
        parent[n_works + v] = mass[1 + v] * children
    for i in range(n_works + n_absent):
        _tidy(parent[i])


@kernel
def _tidy(chances: NDArray[np.float64]) -> None:
    """Keep chances between 0 and 1, without the digits that rounding left."""
    for i in range(len(chances)):
        chances[i] = np.rint(min(max(chances[i], 0.0), 1.0) * _DIGITS) / _DIGITS


@kernel
def _column_sums(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    sums = np.zeros(matrix.shape[1])
    for i in range(matrix.shape[0]):
        sums += matrix[i]
    return sums


@kernel
def _ordered(plain: NDArray[np.float64], favoured: NDArray[np.float64]) -> NDArray[np.float64]:
    """Favour earlier parents, and leave the total weight of each work's parents as it was."""
    total, scale = _column_sums(favoured), _column_sums(plain)
    for j in range(len(total)):
        scale[j] = scale[j] / total[j] if total[j] > 0 else 1.0
    return favoured * scale


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
def _laplacian(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    laplacian = -weights
    sums = _column_sums(weights)
    for i in range(len(weights)):
        laplacian[i, i] = sums[i]
    return laplacian


@kernel
def _sum_of_works(weights: NDArray[np.float64], log_roots: NDArray[np.float64]) -> float:
    """Return the logarithm of the sum over trees rooted in exactly one work."""
    shift = log_roots.max()
    rooted = _laplacian(weights)
    rooted[0] = np.exp(log_roots - shift)
    return _eliminate(rooted, np.empty((len(weights), 0))) + shift


@kernel
def _sum_of_absent(weights: NDArray[np.float64], pull: NDArray[np.float64]) -> float:
    """Return the logarithm of the sum over trees rooted in one absent source."""
    laplacian = _laplacian(weights)
    for i in range(len(pull)):
        laplacian[i, i] += pull[i]
    return _eliminate(laplacian, np.empty((len(weights), 0)))


@kernel
def _fill_rooted_in_works(
    weights: NDArray[np.float64],
    log_roots: NDArray[np.float64],
    chance: NDArray[np.float64],
    below: NDArray[np.float64],
) -> float:
    """Sum over trees rooted in exactly one work; returns the logarithm of the sum.

    Shapes
        chance  float64 (N,)    overwritten: of each work to be the root
        below   float64 (N, N)  overwritten: [i, j], that i is the parent of j
    """
    n_works = len(weights)
    if n_works == 1:
        chance[0], below[0, 0] = 1.0, 0.0
        return float(log_roots[0])
    shift = log_roots.max()
    rooted = _laplacian(weights)
    rooted[0] = np.exp(log_roots - shift)
    roots = rooted[0].copy()
    inverse = np.eye(n_works)
    log_sum = _eliminate(rooted, inverse)
    for i in range(n_works):
        chance[i] = max(roots[i] * inverse[i, 0], 0.0)
    chance /= chance.sum()
    for i in range(n_works):
        for j in range(n_works):
            stay = inverse[j, j] if j > 0 else 0.0
            move = inverse[j, i] if i > 0 else 0.0
            below[i, j] = weights[i, j] * (stay - move)
    return float(log_sum + shift)


@kernel
def _fill_rooted_in_absent(
    weights: NDArray[np.float64],
    pull: NDArray[np.float64],
    children: NDArray[np.float64],
    below: NDArray[np.float64],
) -> None:
    """Share out the trees rooted in one absent source, which may have several children.

    Shapes
        children  float64 (N,)    overwritten: that a work is the source's own child
        below     float64 (N, N)  overwritten: [i, j], that i is the parent of j
    """
    n_works = len(weights)
    laplacian = _laplacian(weights)
    for i in range(n_works):
        laplacian[i, i] += pull[i]
    inverse = np.eye(n_works)
    _eliminate(laplacian, inverse)
    for i in range(n_works):
        children[i] = pull[i] * inverse[i, i]
        for j in range(n_works):
            below[i, j] = weights[i, j] * (inverse[j, j] - inverse[j, i])


@kernel
def _fill_near_root(
    weights: NDArray[np.float64], chance: NDArray[np.float64], below: NDArray[np.float64]
) -> None:
    """Let the likeliest root have as many children as all other works together.

    Syndication goes out from the source: by counting trees alone, a copy would
    come from one of three hundred siblings. Origins stay as they are; only
    parents below the likeliest root change.
    """
    n_works = len(weights)
    if n_works < 2:
        return
    _tidy(chance)
    root = np.argmax(chance)
    rest, pull = np.empty((n_works - 1, n_works - 1)), np.empty(n_works - 1)
    for i in range(n_works - 1):
        above = i + (i >= root)
        pull[i] = weights[root, above] * (n_works - 1)
        for j in range(n_works - 1):
            rest[i, j] = weights[above, j + (j >= root)]
    children, among = np.empty(n_works - 1), np.empty((n_works - 1, n_works - 1))
    _fill_rooted_in_absent(rest, pull, children, among)
    for j in range(n_works - 1):
        work = j + (j >= root)
        left = 1.0 - chance[work]
        below[root, work] = children[j] * left
        for i in range(n_works - 1):
            below[i + (i >= root), work] = among[i, j] * left


@kernel
def _eliminate(matrix: NDArray[np.float64], right: NDArray[np.float64]) -> float:
    """Solve matrix @ x = right in place of right; returns log |det matrix|.

    Shapes
        matrix  float64 (N, N)  destroyed
        right   float64 (N, R)  overwritten: x; R may be 0
    Source  Gauss and Jordan, with partial pivoting. No BLAS: stories are small,
            and loading it takes longer than most runs spend here.
    """
    n = len(matrix)
    only_sum = right.shape[1] == 0
    log_sum = 0.0
    for k in range(n):
        pivot = k
        for i in range(k + 1, n):
            if abs(matrix[i, k]) > abs(matrix[pivot, k]):
                pivot = i
        if pivot != k:
            for j in range(k, n):
                matrix[k, j], matrix[pivot, j] = matrix[pivot, j], matrix[k, j]
            for j in range(right.shape[1]):
                right[k, j], right[pivot, j] = right[pivot, j], right[k, j]
        log_sum += math.log(abs(matrix[k, k]))
        scale = 1.0 / matrix[k, k]
        for j in range(k, n):
            matrix[k, j] *= scale
        for j in range(right.shape[1]):
            right[k, j] *= scale
        for i in range(k + 1 if only_sum else 0, n):
            factor = matrix[i, k]
            if i == k or factor == 0.0:
                continue
            for j in range(k, n):
                matrix[i, j] -= factor * matrix[k, j]
            for j in range(right.shape[1]):
                right[i, j] -= factor * right[k, j]
    return log_sum
