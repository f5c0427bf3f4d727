"""Stories by cohesion: planted shapes, the oracle, and independence of order."""

from __future__ import annotations

import heapq
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe.cluster import cluster
from tests import reference_cluster as reference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import NDArray

    Rows = NDArray[np.int64]
    Measure = Callable[[Rows, Rows], NDArray[np.float64]]

Pair = tuple[int, int]
UNLIKE, LIKE = -8.0, 3.0
_push = heapq.heappush


def pairs_table(
    odds: Mapping[Pair, float],
    near: Iterable[Pair] = (),
    held: Mapping[int, int] | None = None,
    share: float = 0.5,
) -> pa.Table:
    """`held` says which rows stand whole in which, of which they make up a share."""
    rows = sorted(odds)
    alike = set(near)
    whole = set((held or {}).items())
    return pa.table(
        {
            "a": pa.array([a for a, _ in rows], pa.int64()),
            "b": pa.array([b for _, b in rows], pa.int64()),
            "resemblance": pa.array([0.95 if row in alike else 0.5 for row in rows], pa.float64()),
            "aligned_a": pa.array([1.0 if row in whole else share for row in rows], pa.float64()),
            "aligned_b": pa.array(
                [1.0 if row[::-1] in whole else share for row in rows], pa.float64()
            ),
            "same_story_odds": pa.array([odds[row] for row in rows], pa.float64()),
        }
    )


def always(odds: float) -> Measure:
    def measure(a: Rows, b: Rows) -> NDArray[np.float64]:
        assert (a < b).all()
        return np.full(len(a), odds)

    return measure


def never(a: Rows, b: Rows) -> NDArray[np.float64]:
    raise AssertionError(f"asked for {a.tolist()}, {b.tolist()}, though all pairs are known")


def stories(labels: NDArray[np.int64]) -> set[frozenset[int]]:
    found: dict[int, set[int]] = {}
    for row, label in enumerate(labels.tolist()):
        found.setdefault(label, set()).add(row)
    assert all(label == min(members) for label, members in found.items())
    return {frozenset(members) for members in found.values()}


def within(*groups: Iterable[int], odds: float = LIKE) -> dict[Pair, float]:
    return {pair: odds for group in groups for pair in combinations(sorted(group), 2)}


# --- planted shapes


def test_cluster__no_pairs_leave_every_document_alone() -> None:
    assert cluster(pairs_table({}), np.arange(3), never).tolist() == [0, 1, 2]
    assert cluster(pairs_table({}), np.arange(0), never).tolist() == []


def test_cluster__a_chain_whose_ends_share_nothing_does_not_join_them() -> None:
    labels = cluster(pairs_table({(0, 1): LIKE, (1, 2): LIKE}), np.arange(3), always(UNLIKE))
    assert labels[0] != labels[2]
    assert len(stories(labels)) == 2


def test_cluster__a_long_chain_falls_into_its_pairs() -> None:
    chain = {(row, row + 1): LIKE for row in range(9)}
    found = stories(cluster(pairs_table(chain), np.arange(10), always(UNLIKE)))
    assert max(map(len, found)) == 2


def test_cluster__versions_of_a_running_story_stay_together() -> None:
    # Each shares much with the next; of the last, the first shares little, but some.
    n_versions = 8
    odds = {
        (i, j): LIKE + 2 - 1.2 * (j - i) for i, j in combinations(range(n_versions), 2) if j - i < 4
    }
    measured = always(0.5)
    assert cluster(pairs_table(odds), np.arange(n_versions), measured).tolist() == [0] * n_versions


def test_cluster__a_star_of_copies_is_one_story_if_its_points_are_alike() -> None:
    star = {(0, row): LIKE for row in range(1, 12)}
    assert set(cluster(pairs_table(star), np.arange(12), always(LIKE)).tolist()) == {0}


def test_cluster__a_round_up_does_not_join_the_stories_it_quotes() -> None:
    star = {(0, row): 1.0 for row in range(1, 6)}
    found = stories(cluster(pairs_table(star), np.arange(6), always(UNLIKE)))
    assert max(map(len, found)) == 2


@pytest.mark.parametrize("bridge", [1.0, LIKE, 7.9])
def test_cluster__one_pair_between_two_dense_groups_does_not_join_them(bridge: float) -> None:
    odds = within(range(5), range(5, 10)) | {(4, 5): bridge}
    labels = cluster(pairs_table(odds), np.arange(10), always(UNLIKE))
    assert labels[0] != labels[9]
    assert {frozenset(range(4)), frozenset(range(6, 10))} == {
        frozenset(story - {4, 5}) for story in stories(labels)
    } - {frozenset()}


def test_cluster__a_weak_pair_between_dense_groups_leaves_both_whole() -> None:
    odds = within(range(5), range(5, 10)) | {(4, 5): LIKE - 1}
    found = stories(cluster(pairs_table(odds), np.arange(10), always(UNLIKE)))
    assert found == {frozenset(range(5)), frozenset(range(5, 10))}


def two_halves(
    rows: tuple[int, ...], held: bool, share: float = 0.5
) -> tuple[NDArray[np.int64], set[Pair]]:
    """Cluster a text, its two halves, and another that is like the second; say what was asked."""
    whole, first, second, other = rows
    known = {(whole, first): 6.0, (second, whole): 5.0, (second, other): 2.0, (whole, other): -2.0}
    odds = {(min(pair), max(pair)): value for pair, value in known.items()}
    asked: set[Pair] = set()

    def measure(a: Rows, b: Rows) -> NDArray[np.float64]:
        asked.update(zip(a.tolist(), b.tolist(), strict=True))
        return np.full(len(a), UNLIKE)

    parts = {first: whole, second: whole} if held else {}
    return cluster(pairs_table(odds, held=parts, share=share), np.arange(4), measure), asked


@pytest.mark.parametrize("rows", [(0, 1, 2, 3), (3, 2, 1, 0), (1, 3, 0, 2)])
def test_cluster__two_parts_of_one_text_that_share_nothing_are_one_story(
    rows: tuple[int, ...],
) -> None:
    whole, first, second, other = rows
    labels, _ = two_halves(rows, held=False)
    assert labels[second] == labels[other] != labels[whole]
    labels, asked = two_halves(rows, held=True)
    assert labels[second] == labels[whole] == labels[first] != labels[other]
    assert (min(first, second), max(first, second)) not in asked


def test_cluster__two_parts_of_one_text_that_share_a_little_do_not_part_each_other() -> None:
    odds = {(0, 1): 3.0, (0, 2): 3.0, (1, 2): UNLIKE}
    assert cluster(pairs_table(odds), np.arange(3), never).tolist() != [0, 0, 0]
    assert cluster(pairs_table(odds, held={1: 0, 2: 0}), np.arange(3), never).tolist() == [0, 0, 0]


def test_cluster__slight_parts_of_a_page_may_be_of_several_stories() -> None:
    labels, asked = two_halves((0, 1, 2, 3), held=True, share=0.1)
    assert labels.tolist() == [0, 0, 2, 2]
    assert (1, 2) in asked


def test_cluster__of_parts_of_one_text_none_joins_what_is_like_neither() -> None:
    # Nothing speaks against, and one pair for: but the text itself is another story.
    odds = {(0, 1): LIKE, (0, 2): LIKE, (2, 3): 1.0}
    labels = cluster(pairs_table(odds, held={1: 0, 2: 0}), np.arange(4), always(UNLIKE))
    assert labels.tolist() == [0, 0, 0, 3]


def test_cluster__pairs_that_no_net_found_join_groups_when_they_measure_alike() -> None:
    odds = within(range(3), range(3, 6)) | {(2, 3): 1.0}
    assert set(cluster(pairs_table(odds), np.arange(6), always(LIKE)).tolist()) == {0}


def test_cluster__a_pair_told_late_weighs_what_it_would_have_weighed_before() -> None:
    # Of the three pairs of a chain one was not measured: two for do not outvote it.
    odds = {(0, 1): 3.0, (1, 2): 2.8}
    assert cluster(pairs_table(odds), np.arange(3), always(-7.0)).tolist() == [0, 0, 2]
    assert cluster(pairs_table(odds | {(0, 2): -7.0}), np.arange(3), never).tolist() == [0, 0, 2]
    assert cluster(pairs_table(odds), np.arange(3), always(-2.5)).tolist() == [0, 0, 0]


def test_cluster__parts_of_one_story_may_stand_in_several_of_its_versions() -> None:
    # 3 and 4 stand in 0 and in 1, versions of one story; each is likeliest of another one.
    odds = {(0, 1): 3.0, (0, 3): 3.5, (1, 3): 3.4, (0, 4): 2.8, (1, 4): 3.5}
    pairs = pairs_table(odds, held={3: 0, 4: 1})
    assert cluster(pairs, np.arange(5), always(UNLIKE)).tolist() == [0, 0, 2, 0, 4]
    both = pairs.set_column(4, "aligned_b", pa.array([0.5, 1.0, 1.0, 1.0, 1.0]))
    assert cluster(both, np.arange(5), always(UNLIKE)).tolist() == [0, 0, 2, 0, 0]


def test_cluster__negative_pairs_join_nothing() -> None:
    assert cluster(pairs_table({(0, 1): -0.1, (1, 2): 0.0}), np.arange(3), never).tolist() == [
        0,
        1,
        2,
    ]


def test_cluster__near_equal_texts_follow_one_leader() -> None:
    # The leader's pair against row 3 speaks for both of its followers.
    near = [(0, 1), (0, 2)]
    odds = {(0, 1): LIKE, (0, 2): LIKE, (0, 3): -4.0, (1, 3): -4.0, (2, 3): 2.0}
    assert cluster(pairs_table(odds, near), np.arange(4), never).tolist() == [0, 0, 0, 3]


def test_cluster__a_chain_of_near_equal_texts_is_not_one_story() -> None:
    near = [(row, row + 1) for row in range(11)]
    odds = dict.fromkeys(near, LIKE)
    found = stories(cluster(pairs_table(odds, near), np.arange(12), always(UNLIKE)))
    # Two leaders, each with a follower: their ends still share most of their shingles.
    assert max(map(len, found)) == 4


def test_cluster__near_equal_texts_that_are_other_stories_stay_apart() -> None:
    # One template filled twice: nearly equal, yet judged different.
    assert cluster(pairs_table({(0, 1): -2.0}, [(0, 1)]), np.arange(2), never).tolist() == [0, 1]


def test_cluster__a_star_of_many_copies_costs_in_proportion(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    n_copies = 3000
    asked: list[int] = []
    pushed: list[Any] = []

    def measure(a: Rows, b: Rows) -> NDArray[np.float64]:
        asked.append(len(a))
        return np.full(len(b), LIKE)

    def push(queue: list[Any], item: Any) -> None:
        pushed.append(item)
        _push(queue, item)

    monkeypatch.setattr(heapq, "heappush", push)
    star = {(0, row): LIKE for row in range(1, n_copies)}
    assert set(cluster(pairs_table(star), np.arange(n_copies), measure).tolist()) == {0}
    assert max(asked) <= 16
    assert len(asked) <= n_copies
    assert len(pushed) <= 2 * n_copies


def test_cluster__a_star_of_near_equal_texts_asks_for_nothing() -> None:
    star = {(0, row): LIKE for row in range(1, 3000)}
    assert set(cluster(pairs_table(star, star), np.arange(3000), never).tolist()) == {0}


def test_cluster__components_ask_together_and_each_is_told_its_own() -> None:
    asked: list[set[Pair]] = []

    def measure(a: Rows, b: Rows) -> NDArray[np.float64]:
        asked.append(set(zip(a.tolist(), b.tolist(), strict=True)))
        # Documents of the second chain are unlike; each end of a chain asks of the other end.
        return np.where(a < 3, LIKE, UNLIKE)

    chains = {(first, first + 1): 1.0 for first in (0, 1, 3, 4, 6)}
    found = stories(cluster(pairs_table(chains), np.arange(8), measure))
    assert found == {frozenset({0, 1, 2}), frozenset({3, 4}), frozenset({5}), frozenset({6, 7})}
    assert asked == [{(0, 2), (3, 5)}]


# --- the oracle and the laws


@st.composite
def graphs(draw: st.DrawFn) -> tuple[int, dict[Pair, float]]:
    n_docs = draw(st.integers(1, 7))
    odds = st.integers(-8 * 8, 8 * 8).map(lambda eighths: eighths / 8)
    return n_docs, {pair: draw(odds) for pair in combinations(range(n_docs), 2)}


@settings(max_examples=150)
@given(graph=graphs())
def test_cluster__equals_the_oracle_when_all_pairs_are_known(
    graph: tuple[int, dict[Pair, float]],
) -> None:
    n_docs, odds = graph
    units = {pair: round(value * 1024) for pair, value in odds.items()}
    expected = reference.contract(units, n_docs)
    # Only pairs within reach of positive ones are looked at, so all of those are known.
    assert cluster(pairs_table(odds), np.arange(n_docs), never).tolist() == expected


@settings(max_examples=80)
@given(graph=graphs(), data=st.data())
def test_cluster__never_joins_unmeasured_groups(
    graph: tuple[int, dict[Pair, float]], data: st.DataObject
) -> None:
    n_docs, odds = graph
    known = {pair: value for pair, value in odds.items() if data.draw(st.booleans())}
    asked: set[Pair] = set()

    def measure(a: Rows, b: Rows) -> NDArray[np.float64]:
        rows = list(zip(a.tolist(), b.tolist(), strict=True))
        asked.update(rows)
        return np.array([odds[pair] for pair in rows])

    labels = cluster(pairs_table(known), np.arange(n_docs), measure)
    assert asked <= set(odds)
    # Whatever is joined hangs together by pairs that are known, or were measured.
    for story in stories(labels):
        seen = {pair for pair in combinations(sorted(story), 2) if pair in known or pair in asked}
        reached = {min(story)}
        for _ in story:
            reached |= {row for pair in seen if reached & set(pair) for row in pair}
        assert reached == set(story)


@settings(max_examples=80)
@given(graph=graphs(), data=st.data())
def test_cluster__order_of_the_pairs_changes_nothing(
    graph: tuple[int, dict[Pair, float]], data: st.DataObject
) -> None:
    n_docs, odds = graph
    table = pairs_table(odds)
    order = data.draw(st.permutations(range(table.num_rows)))
    expected = cluster(table, np.arange(n_docs), never).tolist()
    assert (
        cluster(table.take(pa.array(order, pa.int64())), np.arange(n_docs), never).tolist()
        == expected
    )


@settings(max_examples=100)
@given(
    graph=graphs(),
    rise=st.lists(st.integers(1, 4), min_size=7, max_size=7),
)
def test_cluster__documents_in_between_change_no_story(
    graph: tuple[int, dict[Pair, float]], rise: list[int]
) -> None:
    n_docs, odds = graph
    rows = np.cumsum(rise)[:n_docs].tolist()
    expected = cluster(pairs_table(odds), np.arange(n_docs), never).tolist()
    moved = {(rows[a], rows[b]): value for (a, b), value in odds.items()}
    labels = cluster(pairs_table(moved), np.arange(rows[-1] + 1), never)
    assert labels[rows].tolist() == [rows[label] for label in expected]


@settings(max_examples=100)
@given(sizes=st.lists(st.integers(1, 6), min_size=1, max_size=4), data=st.data())
def test_cluster__separate_stories_are_found_whatever_their_rows(
    sizes: list[int], data: st.DataObject
) -> None:
    n_docs = sum(sizes)
    rows = data.draw(st.permutations(range(n_docs)))
    groups, at = [], 0
    for size in sizes:
        groups.append(frozenset(rows[at : at + size]))
        at += size
    assert stories(cluster(pairs_table(within(*groups)), np.arange(n_docs), never)) == set(groups)


def test_cluster__sums_of_log_odds_do_not_depend_on_order() -> None:
    # As floats, .1 + .2 + .3 - .6 is above or below 0 by the order of the sum.
    odds = {(0, 1): 8.0, (0, 2): 0.1, (1, 2): -0.1, (0, 3): -0.3, (1, 3): 0.3}
    odds |= {(2, 3): -1.0}
    labels = [
        cluster(pairs_table(odds).take(pa.array(order)), np.arange(4), never).tolist()
        for order in ([0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0], [2, 0, 4, 1, 3, 5])
    ]
    assert labels == [[0, 0, 2, 3]] * 3


# --- crowds


def stars(n_docs: int, n_hubs: int) -> dict[Pair, float]:
    return {(hub, row): LIKE for row in range(n_docs) for hub in range(min(n_hubs, row))}


def test_cluster__a_hundred_thousand_near_copies_are_one_story() -> None:
    rows = np.arange(1, 100_000)
    table = pa.table(
        {
            "a": np.zeros(len(rows), np.int64),
            "b": rows,
            "resemblance": np.full(len(rows), 0.95),
            "aligned_a": np.full(len(rows), 0.95),
            "aligned_b": np.full(len(rows), 0.95),
            "same_story_odds": np.full(len(rows), LIKE),
        }
    )
    assert not cluster(table, np.arange(100_000), never).any()


def test_cluster__a_crowd_of_rewrites_needs_no_further_look() -> None:
    assert not cluster(pairs_table(stars(2_000, 8)), np.arange(2_000), never).any()
