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
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

UNSEEN_PRIOR = 0.15
"""Chance that an origin is none of the works in hand, before any evidence."""


class Posterior(NamedTuple):
    """What is known after all evidence of one story.

    Shapes (N works, V absent sources; the last absent one is unnamed)
        origin   float64 (N+V,)    probability of each being the origin; sums to 1
        parent   float64 (N+V, N)  parent[i, j]: probability that j was copied from i;
                                   column j sums to 1 - origin[j]
    """

    origin: NDArray[np.float64]
    parent: NDArray[np.float64]


def posterior(
    affinity: NDArray[np.float64],
    edges: NDArray[np.float64],
    roots: NDArray[np.float64],
    absent_edges: NDArray[np.float64],
    absent_prior: NDArray[np.float64],
) -> Posterior:
    """Weigh every origin and every parent of one story.

    Shapes (N works, V absent sources)
        affinity      (N, N)  symmetric weight of an edge before evidence, > 0 off the diagonal
        edges         (N, N)  log-odds that j was copied from i
        roots         (N,)    log-odds that a work is the origin
        absent_edges  (V, N)  log-odds that j was copied from an absent source
        absent_prior  (V,)    chance of each absent source to be the origin; their sum
                              leaves the rest to the works, in equal shares

    Cost: 2 + V inverses of N x N, O(N^3) each.
    """
    n_works = len(roots)
    n_absent = len(absent_prior)
    plain = _without_diagonal(affinity) / max(n_works - 1, 1)
    weights = plain * np.exp(edges)
    log_mass = np.empty(1 + n_absent)
    shares = []

    prior = (1 - absent_prior.sum()) / n_works
    base_log, base_share = _rooted_in_works(plain, np.zeros(n_works))
    base = base_log + np.log(np.maximum(base_share.origin, 1e-300))
    log_mass[0], share = _rooted_in_works(weights, np.log(prior) + roots - base)
    shares.append(share)
    for place in range(n_absent):
        pull = np.exp(absent_edges[place])
        with_evidence, marginals = _rooted_in_absent(weights, pull, place, n_absent)
        without, _ = _rooted_in_absent(plain, np.ones(n_works), place, n_absent)
        log_mass[1 + place] = np.log(absent_prior[place]) + with_evidence - without
        shares.append(marginals)

    mass = np.exp(log_mass - log_mass.max())
    mass /= mass.sum()
    origin = np.zeros(n_works + n_absent)
    parent = np.zeros((n_works + n_absent, n_works))
    origin[:n_works] = mass[0] * share.origin
    parent[:n_works] = mass[0] * share.parent
    for place, marginals in enumerate(shares[1:]):
        origin[n_works + place] = mass[1 + place]
        parent += mass[1 + place] * marginals.parent
    return Posterior(origin, np.clip(parent, 0.0, 1.0))


def _without_diagonal(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    copy = np.array(matrix, dtype=np.float64)
    np.fill_diagonal(copy, 0.0)
    return copy


def _laplacian(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    laplacian = -weights
    laplacian[np.diag_indices_from(laplacian)] = weights.sum(axis=0)
    return laplacian


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
    weights: NDArray[np.float64], pull: NDArray[np.float64], place: int, n_absent: int
) -> tuple[float, Posterior]:
    """Sum over trees rooted in one absent source, which may have several children."""
    n_works = len(weights)
    laplacian = _laplacian(weights)
    laplacian[np.diag_indices_from(laplacian)] += pull
    _, log_sum = np.linalg.slogdet(laplacian)
    inverse = np.linalg.inv(laplacian)
    stay = np.diag(inverse)
    parent = np.zeros((n_works + n_absent, n_works))
    parent[:n_works] = weights * (stay[None, :] - inverse.T)
    parent[n_works + place] = pull * stay
    return float(log_sum), Posterior(np.zeros(n_works), parent)
