"""Evidence of one story in; the chance of each origin and parent, out: the model, asked by itself.

    evidence, affinity  ->  summed()  ->  Scores  ->  posterior()  ->  Posterior

A run weighs all its stories in one kernel; here is one of them at a time, for fitting
and for tests. What is summed, and why, stands in dedupe/kernels/origins.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe.attribute.evidence import CAP, UNSEEN_PRIOR
from dedupe.attribute.reasons import Reasons

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from dedupe.attribute.evidence import Evidence


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


class Posterior(NamedTuple):
    """What is known after all evidence of one story.

    Shapes (N works, V absent sources; the last absent one is unnamed)
        origin   float64 (N+V,)    probability of each being the origin; sums to 1
        parent   float64 (N+V, N)  parent[i, j]: probability that j was copied from i;
                                   column j sums to 1 - origin[j]
    """

    origin: NDArray[np.float64]
    parent: NDArray[np.float64]


class Scores(NamedTuple):
    """Evidence of one story, added up.

    Attributes:
        weights: as the model takes it.
        standing: float64 (N,), `weights.roots` without the evidence that a work
            names an absent source: a copy that kept its credit is no further
            from the origin than one that lost it.
        absent: names of the absent sources; the last is None, the unnamed one.
    """

    weights: Weights
    standing: NDArray[np.float64]
    absent: list[str | None]


def summed(affinity: NDArray[np.float64], evidence: Sequence[Evidence]) -> Scores:
    """Add up evidence of one story: the strongest of each group on each target, capped.

    Args:
        affinity: float64 (N, N), see `Weights`.
        evidence: between the N works.
    """
    from dedupe.kernels.graphs import MOST_ABSENT
    from dedupe.kernels.sums import fill_sums

    reasons = Reasons(1)
    reasons.say([(0, item) for item in evidence], np.zeros(len(evidence), np.int64))
    n_works = len(affinity)
    order, edges, (roots, standing) = (
        np.zeros(shape) for shape in ((n_works, n_works), (n_works, n_works), (2, n_works))
    )
    pulls = np.zeros((MOST_ABSENT, n_works))
    absent = np.full(MOST_ABSENT, -1)
    n_absent = fill_sums(
        reasons.weighing(), 0, len(evidence), -1, CAP, order, edges, roots, standing, pulls, absent
    )
    prior = np.full(n_absent, UNSEEN_PRIOR / n_absent)
    weights = Weights(affinity, order, edges, roots, pulls[:n_absent], prior)
    names = [*reasons.names, None]
    return Scores(weights, standing, [names[place] for place in absent[:n_absent].tolist()])


def posterior(given: Weights) -> Posterior:
    """Weigh every origin and every parent of one story: see kernels/origins.py."""
    from dedupe.kernels.origins import fill_marginals

    n_works, n_absent = len(given.roots), len(given.absent_prior)
    origin, parent = np.empty(n_works + n_absent), np.empty((n_works + n_absent, n_works))
    fill_marginals(*given, origin, parent)
    return Posterior(origin, parent)
