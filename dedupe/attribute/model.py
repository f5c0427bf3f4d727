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

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

UNSEEN_PRIOR = 0.15
"""Chance that an origin is none of the works in hand, before any evidence. Of .075, .15 and .3:
of unseen origins of test trees .74, .77 and .82 are told, and .98, .97 and .92 of what is told to
be unseen is (benchmarks/origins.py); those of census and spotify are surer the less it is."""


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
    """Weigh every origin and every parent of one story: see kernels/origins.py."""
    from dedupe.kernels.origins import fill_marginals

    n_works, n_absent = len(given.roots), len(given.absent_prior)
    origin, parent = np.empty(n_works + n_absent), np.empty((n_works + n_absent, n_works))
    fill_marginals(*given, origin, parent)
    return Posterior(origin, parent)
