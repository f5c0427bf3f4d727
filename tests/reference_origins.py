"""The model of origins in plain NumPy, and the heaviest tree: slow, and easy to check.

Weights  ->  by_determinants()  ->  Posterior
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from origin_model import Posterior

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from origin_model import Weights

_SMALLEST = 1e-300
_FIRM_ORDER = 2.2


def by_determinants(given: Weights) -> Posterior:
    """Sum over all trees by determinants and inverses, for any number of works."""
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
