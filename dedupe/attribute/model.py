"""Evidence between works in, the probability of every possible origin out.

    weights of copy edges, priors  ->  posterior()  ->  P(origin), P(parent)

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
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

UNSEEN_PRIOR = 0.15
"""Chance that an origin is none of the works in hand, before any evidence."""

_SMALLEST = 1e-300
# Two good clocks order two works at about nine to one.
_FIRM_ORDER = 2.2


class Posterior(NamedTuple):
    """What is known after all evidence of one story.

    Shapes (N works, V absent sources; the last absent one is unnamed)
        origin   float64 (N+V,)    probability of each being the origin; sums to 1
        parent   float64 (N+V, N)  parent[i, j]: probability that j was copied from i;
                                   column j sums to 1 - origin[j]
    """

    origin: NDArray[np.float64]
    parent: NDArray[np.float64]


class Weights(NamedTuple):
    """Evidence of one story, as log-odds.

    Shapes (N works, V absent sources)
        affinity      (N, N)  symmetric weight of an edge before evidence, > 0 off the diagonal
        order         (N, N)  that i came before j, by clocks and the like; order.T == -order
        edges         (N, N)  that j was copied from i, by all other evidence
        roots         (N,)    that a work is the origin
        absent_edges  (V, N)  that j was copied from an absent source
        absent_prior  (V,)    chance of each absent source to be the origin; their sum
                              leaves the rest to the works, in equal shares
    """

    affinity: NDArray[np.float64]
    order: NDArray[np.float64]
    edges: NDArray[np.float64]
    roots: NDArray[np.float64]
    absent_edges: NDArray[np.float64]
    absent_prior: NDArray[np.float64]


def posterior(given: Weights) -> Posterior:
    """Weigh every origin and every parent of one story.

    Cost: 5 + V inverses of N x N, O(N^3) each; none for one work or two, which
    most stories have, and whose trees can be written down.
    """
    n_works = len(given.roots)
    if n_works == 1:
        return _of_one(given)
    if n_works == 2:
        return _of_two(given)
    return by_determinants(given)


def by_determinants(given: Weights) -> Posterior:
    """Do what `posterior` does, for any number of works."""
    n_works, n_absent = len(given.roots), len(given.absent_prior)
    plain = _without_diagonal(given.affinity) / max(n_works - 1, 1)
    ordered = _ordered(plain, given.order)
    first = _first(given.order)
    weights = ordered * np.exp(given.edges)

    blank, base = _rooted_in_works(plain, np.zeros(n_works))
    log_base = blank + np.log(np.maximum(base.origin, _SMALLEST))
    prior = 1.0 - given.absent_prior.sum()
    by_order = _sum_of_works(ordered, first - log_base)
    by_all, among_works = _rooted_in_works(weights, first + given.roots - log_base)
    log_mass = [np.log(prior) + by_all - by_order]
    shares = [_near_root(weights, among_works)]
    # Beside the works, an absent source is one more possible parent of weight 1.
    ordered, direct = _ordered_below_absent(plain, given.order)
    weights = ordered * np.exp(given.edges)
    by_order, _ = _rooted_in_absent(ordered, direct)
    for place in range(n_absent):
        by_all, below = _rooted_in_absent(weights, direct * np.exp(given.absent_edges[place]))
        log_mass.append(np.log(given.absent_prior[place]) + by_all - by_order)
        shares.append(below)
    return _mixed(np.array(log_mass), shares, n_works)


def origins(given: Weights) -> NDArray[np.float64]:
    """Return the probability of each origin alone: what `posterior` says, without parents.

    Cost: 3 + V determinants of N x N and one inverse.
    """
    n_works = len(given.roots)
    if n_works <= 2:
        return posterior(given).origin
    plain = _without_diagonal(given.affinity) / max(n_works - 1, 1)
    ordered = _ordered(plain, given.order)
    first = _first(given.order)
    weights = ordered * np.exp(given.edges)
    blank, base = _rooted_in_works(plain, np.zeros(n_works))
    log_base = blank + np.log(np.maximum(base.origin, _SMALLEST))
    by_order = _sum_of_works(ordered, first - log_base)
    by_all, among = _rooted_in_works(weights, first + given.roots - log_base)
    ordered, direct = _ordered_below_absent(plain, given.order)
    weights = ordered * np.exp(given.edges)
    pulls = direct * np.exp(np.vstack([np.zeros((1, n_works)), given.absent_edges]))
    laplacians = np.stack([_laplacian(ordered), *[_laplacian(weights)] * len(given.absent_prior)])
    steps = np.arange(n_works)
    laplacians[:, steps, steps] += pulls
    _, log_sums = np.linalg.slogdet(laplacians)
    of_works = np.log(1.0 - given.absent_prior.sum()) + by_all - by_order
    of_absent = np.log(given.absent_prior) + log_sums[1:] - log_sums[0]
    log_mass = np.concatenate([[of_works], of_absent])
    mass = np.exp(log_mass - log_mass.max())
    mass /= mass.sum()
    return np.concatenate([mass[0] * among.origin, mass[1:]])


def _ordered(plain: NDArray[np.float64], order: NDArray[np.float64]) -> NDArray[np.float64]:
    """Favour earlier parents, and leave the total weight of each work's parents as it was."""
    favoured = plain * np.exp(order)
    total = favoured.sum(axis=0)
    scale = np.divide(plain.sum(axis=0), total, out=np.ones_like(total), where=total > 0)
    ordered: NDArray[np.float64] = favoured * scale
    return ordered


def _ordered_below_absent(
    plain: NDArray[np.float64], order: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Do the same where an absent source of weight 1, and of no clock, is a parent too."""
    favoured = plain * np.exp(order)
    direct = (1.0 + plain.sum(axis=0)) / (1.0 + favoured.sum(axis=0))
    return favoured * direct, direct


def _near_root(weights: NDArray[np.float64], among: Posterior) -> Posterior:
    """Let the likeliest root have as many children as all other works together.

    Syndication goes out from the source: by counting trees alone, a copy would
    come from one of three hundred siblings. Origins stay as they are; only
    parents below the likeliest root change.
    """
    n_works = len(weights)
    root = int(np.argmax(among.origin))
    others = np.delete(np.arange(n_works), root)
    if n_works < 2:
        return among
    _, below = _rooted_in_absent(
        weights[np.ix_(others, others)], weights[root, others] * (n_works - 1)
    )
    parent = np.zeros_like(weights)
    parent[np.ix_(others, others)] = below.parent
    parent[root, others] = below.origin
    parent *= 1.0 - among.origin
    parent[:, root] = among.parent[:, root]
    return Posterior(among.origin, parent)


def _first(order: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the log-odds, by order, that each work is the first.

    A work behind another needs one broken clock, whatever its rank. A work
    ahead of m others gains the odds of m to one: had it been a copy like them,
    it would hold this place by chance. With two works that is their log-odds.
    """
    behind = np.clip(order, 0.0, None).max(axis=0)
    ahead = np.clip(order / _FIRM_ORDER, 0.0, 1.0).sum(axis=1)
    gain = np.log(np.maximum((1.0 + ahead) / 2.0, 1.0))
    first: NDArray[np.float64] = gain * np.clip(1.0 - behind / _FIRM_ORDER, 0.0, 1.0) - behind
    return first


def _of_one(given: Weights) -> Posterior:
    """Weigh the one work against each absent source, its only possible parents."""
    prior = given.absent_prior.tolist()
    mass = [(1.0 - sum(prior)) * math.exp(given.roots[0])]
    for chance, pull in zip(prior, given.absent_edges[:, 0].tolist(), strict=True):
        mass.append(chance * math.exp(pull))
    total = sum(mass)
    origin = [each / total for each in mass]
    return Posterior(np.array(origin), np.array([0.0, *origin[1:]])[:, None])


def _of_two(given: Weights) -> Posterior:
    """Sum over the two trees of two works, and the three below each absent source."""
    prior = given.absent_prior
    affinity, order = float(given.affinity[0, 1]), float(given.order[0, 1])
    first = math.exp(max(order, 0.0))
    second = math.exp(max(-order, 0.0))
    # Of works alone the one parent's weight is fixed: order acts on the roots.
    to_second = math.exp(float(given.edges[0, 1] + given.roots[0])) / second
    to_first = math.exp(float(given.edges[1, 0] + given.roots[1])) / first
    works = (1.0 - prior.sum()) * (to_second + to_first) / (1.0 / first + 1.0 / second)
    share = to_second / (to_second + to_first)
    mass = [works]

    forward, backward = affinity * math.exp(order), affinity * math.exp(-order)
    direct_0, direct_1 = (1 + affinity) / (1 + backward), (1 + affinity) / (1 + forward)
    forward, backward = forward * direct_1, backward * direct_0
    by_order = direct_0 * direct_1 + direct_0 * forward + direct_1 * backward
    forward *= math.exp(float(given.edges[0, 1]))
    backward *= math.exp(float(given.edges[1, 0]))
    # Parents by origin: of the second from the first, of the first from the
    # second, and of both from the absent source.
    parents = [(share, 1 - share, 0.0, 0.0)]
    for chance, pull in zip(prior.tolist(), given.absent_edges.tolist(), strict=True):
        pull_0, pull_1 = math.exp(pull[0]) * direct_0, math.exp(pull[1]) * direct_1
        trees = pull_0 * pull_1, pull_0 * forward, pull_1 * backward
        total = sum(trees)
        mass.append(chance * total / by_order)
        to_1, to_0 = trees[1] / total, trees[2] / total
        parents.append((to_1, to_0, 1 - to_0, 1 - to_1))
    chances = [each / sum(mass) for each in mass]
    to_1, to_0 = (
        sum(chance * each[place] for chance, each in zip(chances, parents, strict=True))
        for place in (0, 1)
    )
    direct = [
        (chance * each[2], chance * each[3])
        for chance, each in zip(chances[1:], parents[1:], strict=True)
    ]
    origin = np.array([chances[0] * share, chances[0] * (1 - share), *chances[1:]])
    return Posterior(origin, np.array([(0.0, to_1), (to_0, 0.0), *direct]))


def _mixed(log_mass: NDArray[np.float64], shares: list[Posterior], n_works: int) -> Posterior:
    """Mix what follows from each kind of origin, by the chance of that kind."""
    mass = np.exp(log_mass - log_mass.max())
    mass /= mass.sum()
    n_absent = len(shares) - 1
    parent = np.zeros((n_works + n_absent, n_works))
    for place, share in enumerate(shares):
        parent[:n_works] += mass[place] * share.parent
        if place > 0:
            parent[n_works + place - 1] = mass[place] * share.origin
    origin = np.concatenate([mass[0] * shares[0].origin, mass[1:]])
    return Posterior(origin, np.clip(parent, 0.0, 1.0))


def _without_diagonal(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    copy = np.array(matrix, dtype=np.float64)
    np.fill_diagonal(copy, 0.0)
    return copy


def _laplacian(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    laplacian = -weights
    laplacian.flat[:: len(weights) + 1] = weights.sum(axis=0)
    return laplacian


def _sum_of_works(weights: NDArray[np.float64], log_roots: NDArray[np.float64]) -> float:
    """Return the logarithm of the sum over trees rooted in exactly one work."""
    shift = float(log_roots.max())
    rooted = _laplacian(weights)
    rooted[0] = np.exp(log_roots - shift)
    return float(np.linalg.slogdet(rooted)[1]) + shift


def _rooted_in_works(
    weights: NDArray[np.float64], log_roots: NDArray[np.float64]
) -> tuple[float, Posterior]:
    """Sum over trees rooted in exactly one work.

    Returns the logarithm of the sum, and the marginals given such a tree.
    """
    if len(weights) == 1:
        return float(log_roots[0]), Posterior(np.ones(1), np.zeros((1, 1)))
    shift = float(log_roots.max())
    rooted = _laplacian(weights)
    rooted[0] = np.exp(log_roots - shift)
    _, log_sum = np.linalg.slogdet(rooted)
    inverse = np.linalg.inv(rooted)
    origin = np.clip(rooted[0] * inverse[:, 0], 0.0, None)
    origin /= origin.sum()
    stay = np.diag(inverse).copy()
    stay[0] = 0.0
    move = inverse.T.copy()
    move[0] = 0.0
    return float(log_sum) + shift, Posterior(origin, weights * (stay[None, :] - move))


def _rooted_in_absent(
    weights: NDArray[np.float64], pull: NDArray[np.float64]
) -> tuple[float, Posterior]:
    """Sum over trees rooted in one absent source, which may have several children.

    Returns the logarithm of the sum, and the marginals given such a tree;
    `origin` holds the chance of each work to be the source's own child.
    """
    laplacian = _laplacian(weights)
    laplacian.flat[:: len(weights) + 1] += pull
    _, log_sum = np.linalg.slogdet(laplacian)
    inverse = np.linalg.inv(laplacian)
    stay = np.diag(inverse)
    return float(log_sum), Posterior(pull * stay, weights * (stay[None, :] - inverse.T))
