from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from origin_model import Weights, posterior

from dedupe.attribute.evidence import UNSEEN_PRIOR
from dedupe.kernels.arborescence import fill_tree
from tests.reference_origins import by_determinants

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

PRIOR = np.array([UNSEEN_PRIOR])
MANY = pytest.param(300, marks=pytest.mark.needs_jit)


def blank(n_works: int, n_absent: int = 1) -> Weights:
    square = np.zeros((n_works, n_works))
    return Weights(
        affinity=np.ones((n_works, n_works)),
        order=square,
        edges=square,
        roots=np.zeros(n_works),
        absent_edges=np.zeros((n_absent, n_works)),
        absent_prior=np.full(n_absent, UNSEEN_PRIOR / n_absent),
    )


def drawn(n_works: int, n_absent: int, seed: int) -> Weights:
    random = np.random.default_rng(seed)
    affinity = random.uniform(0.05, 1, (n_works, n_works))
    order = random.uniform(-2, 2, (n_works, n_works))
    return blank(n_works, n_absent)._replace(
        affinity=np.maximum(affinity, affinity.T),
        order=order - order.T,
        edges=random.uniform(-4, 4, (n_works, n_works)),
        roots=random.uniform(-4, 4, n_works),
        absent_edges=random.uniform(0, 4, (n_absent, n_works)),
    )


def all_trees(n_works: int, n_roots: int) -> Iterator[tuple[int, list[int]]]:
    """Enumerate (root, parents) over works; parent n_works stands for an absent root."""
    for parents in itertools.product(range(-1, n_works + n_roots), repeat=n_works):
        roots = [work for work, above in enumerate(parents) if above == -1]
        absent = any(above >= n_works for above in parents)
        if (len(roots) == 1) == absent or len(roots) > 1:
            continue
        if all(reaches_root(parents, work, n_works) for work in range(n_works)):
            yield (roots[0] if roots else n_works), list(parents)


def reaches_root(parents: tuple[int, ...], work: int, n_works: int) -> bool:
    for _ in range(n_works + 1):
        if parents[work] in {-1, n_works}:
            return True
        work = parents[work]
    return False


def by_enumeration(given: Weights) -> NDArray[np.float64]:
    """The definition, tree by tree, without order: P(origin) of each work and one absent source."""
    n_works = len(given.roots)
    plain, informed = np.zeros((2, n_works + 1))
    for root, parents in all_trees(n_works, 1):
        affinity = evidence = 1.0
        for work, above in enumerate(parents):
            if above == n_works:
                evidence *= math.exp(given.absent_edges[0, work])
            elif above >= 0:
                affinity *= given.affinity[above, work] / max(n_works - 1, 1)
                evidence *= math.exp(given.edges[above, work])
        plain[root] += affinity
        informed[root] += affinity * evidence
    prior = np.append(np.full(n_works, (1 - UNSEEN_PRIOR) / n_works), UNSEEN_PRIOR)
    mass = prior * np.exp(np.append(given.roots, 0.0)) * informed / plain
    answer: NDArray[np.float64] = mass / mass.sum()
    return answer


@pytest.mark.parametrize("n_works", [1, 2, 10, MANY])
def test_posterior__without_evidence_unseen_keeps_its_prior(n_works: int) -> None:
    origin = posterior(blank(n_works)).origin
    assert origin[-1] == pytest.approx(UNSEEN_PRIOR, abs=1e-9)
    assert origin[:-1] == pytest.approx((1 - UNSEEN_PRIOR) / n_works, abs=1e-9)


@pytest.mark.parametrize("n_works", [2, 10, MANY])
def test_posterior__order_alone_picks_the_first_and_says_nothing_of_the_unseen(
    n_works: int,
) -> None:
    later = np.triu(np.full((n_works, n_works), 2.0), 1)
    origin = posterior(blank(n_works)._replace(order=later - later.T)).origin
    assert origin[-1] == pytest.approx(UNSEEN_PRIOR, abs=1e-9)
    assert int(np.argmax(origin)) == 0
    assert origin[0] > 0.6


def test_posterior__a_pair_ordered_by_clocks_has_the_odds_of_its_clocks() -> None:
    order = np.array([[0.0, 1.5], [-1.5, 0.0]])
    origin = posterior(blank(2)._replace(order=order)).origin
    assert origin[0] / origin[1] == pytest.approx(math.exp(1.5))


def test_posterior__a_work_without_a_clock_is_neither_first_nor_late() -> None:
    order = np.zeros((3, 3))
    order[0, 1], order[1, 0] = 2.0, -2.0
    origin = posterior(blank(3)._replace(order=order)).origin
    assert origin[0] >= origin[2] > origin[1]


@settings(max_examples=40)
@given(st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_posterior__equals_the_sum_over_all_trees(n_works: int, seed: int) -> None:
    weights = drawn(n_works, 1, seed)._replace(order=np.zeros((n_works, n_works)))
    assert posterior(weights).origin == pytest.approx(by_enumeration(weights), abs=1e-9)


@settings(max_examples=60)
@given(st.integers(1, 9), st.integers(1, 3), st.integers(0, 2**32 - 1))
def test_posterior__equals_the_determinants_in_plain_numpy(
    n_works: int, n_absent: int, seed: int
) -> None:
    weights = drawn(n_works, n_absent, seed)
    short, long = posterior(weights), by_determinants(weights)
    assert short.origin == pytest.approx(long.origin, abs=1e-9)
    assert short.parent == pytest.approx(long.parent, abs=1e-9)


@settings(max_examples=25)
@given(st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_posterior__each_work_has_a_parent_or_is_the_origin(n_works: int, seed: int) -> None:
    known = posterior(drawn(n_works, 2, seed))
    assert known.origin.sum() == pytest.approx(1)
    assert known.parent.sum(axis=0) == pytest.approx(1 - known.origin[:n_works], abs=1e-6)


def test_posterior__order_of_works_changes_nothing() -> None:
    straight = drawn(5, 1, 7)
    order = np.array([3, 0, 4, 1, 2])
    square = np.ix_(order, order)
    shuffled = straight._replace(
        affinity=straight.affinity[square],
        order=straight.order[square],
        edges=straight.edges[square],
        roots=straight.roots[order],
        absent_edges=straight.absent_edges[:, order],
    )
    assert posterior(shuffled).origin[:-1] == pytest.approx(posterior(straight).origin[order])


@pytest.mark.needs_jit
def test_posterior__300_works_at_the_caps_do_not_overflow() -> None:
    n_works = 300
    known = posterior(
        blank(n_works, 2)._replace(
            order=np.subtract.outer(np.arange(n_works), np.arange(n_works)) / -75.0,
            edges=np.triu(np.full((n_works, n_works), 8.0)),
            roots=np.linspace(-8.0, 8.0, n_works),
            absent_edges=np.full((2, n_works), 4.0),
        )
    )
    assert np.isfinite(known.origin).all()
    assert np.isfinite(known.parent).all()
    assert known.origin.sum() == pytest.approx(1)


@pytest.mark.needs_jit
def test_posterior__papers_that_credit_one_agency_are_siblings_under_it() -> None:
    n_works = 200
    pull = np.vstack([np.full(n_works, 3.5), np.zeros(n_works)])
    known = posterior(blank(n_works, 2)._replace(roots=np.full(n_works, -2.0), absent_edges=pull))
    assert (known.parent[n_works] > 0.9).all()


def likeliest_tree(gains: NDArray[np.float64]) -> NDArray[np.int64]:
    parent = np.empty(len(gains), np.int64)
    fill_tree(gains.copy(), parent)
    return parent


def test_tree__a_circle_of_likeliest_parents_is_opened_where_it_pays_most() -> None:
    weights = np.full((4, 4), -10.0)
    weights[1, 2] = weights[2, 3] = weights[3, 1] = -0.1
    weights[0, 2] = -1.0
    assert likeliest_tree(weights).tolist() == [-1, 3, 0, 2]


@settings(max_examples=60)
@given(st.integers(2, 5), st.integers(0, 2**32 - 1))
def test_tree__is_the_heaviest_of_all(n_nodes: int, seed: int) -> None:
    weights = np.random.default_rng(seed).normal(size=(n_nodes, n_nodes))
    best = max(
        sum(weights[above, node + 1] for node, above in enumerate(parents))
        for parents in itertools.product(range(n_nodes), repeat=n_nodes - 1)
        if is_tree(parents)
    )
    found = likeliest_tree(weights)
    assert found[0] == -1
    assert is_tree(tuple(found[1:].tolist()))
    assert sum(weights[found[node], node] for node in range(1, n_nodes)) == pytest.approx(best)


def is_tree(parents: tuple[int, ...]) -> bool:
    for start in range(1, len(parents) + 1):
        node = start
        for _ in range(len(parents) + 1):
            node = parents[node - 1] if node else 0
        if node:
            return False
    return True
