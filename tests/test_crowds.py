"""Crowds of near-copies: few pairs of each, whatever the order of rows."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from dedupe.crowds import thin_crowds

N_SLOTS = 128


def thinned(
    pairs: list[tuple[int, int]], equal: list[int], priority: list[int]
) -> set[tuple[int, int]]:
    a, b = np.array(pairs, np.int64).T
    kept = thin_crowds(a, b, np.array(equal, np.int32), N_SLOTS, np.array(priority, np.uint64))
    return {pair for pair, keep in zip(pairs, kept.tolist(), strict=True) if keep}


def test_crowds__near_copies_keep_the_same_few_partners() -> None:
    pairs = list(combinations(range(200), 2))
    kept = thinned(pairs, [N_SLOTS] * len(pairs), list(range(200)))
    assert len(kept) <= 8 * 200
    assert all((0, other) in kept for other in range(1, 200))


def test_crowds__a_few_copies_keep_all_their_pairs() -> None:
    pairs = list(combinations(range(20), 2))
    assert thinned(pairs, [N_SLOTS] * len(pairs), list(range(20))) == set(pairs)


def test_crowds__pairs_with_a_document_outside_all_stay() -> None:
    crowd = list(combinations(range(100), 2))
    outside = [(member, 100) for member in range(100)]
    equal = [N_SLOTS] * len(crowd) + [20] * len(outside)
    kept = thinned(crowd + outside, equal, list(range(101)))
    assert set(outside) <= kept
    assert len(kept) < len(crowd)


def test_crowds__the_order_of_rows_changes_nothing() -> None:
    rng = np.random.default_rng(3)
    name = rng.permutation(80)
    pairs = list(combinations(range(80), 2))
    renamed = [tuple(sorted((int(name[a]), int(name[b])))) for a, b in pairs]
    priority = rng.permutation(1000)[:80]
    moved = np.zeros(80, np.int64)
    moved[name] = priority
    equal = [N_SLOTS] * len(pairs)
    kept = thinned(pairs, equal, priority.tolist())
    again = thinned([(a, b) for a, b in renamed], equal, moved.tolist())
    assert again == {tuple(sorted((int(name[a]), int(name[b])))) for a, b in kept}


def test_crowds__those_who_met_only_a_part_of_it_belong_to_it() -> None:
    centre = [(0, other) for other in range(1, 121)]
    cliques = [pair for first in (1, 41, 81) for pair in combinations(range(first, first + 40), 2)]
    kept = thinned(centre + cliques, [N_SLOTS] * (len(centre) + len(cliques)), list(range(121)))
    assert set(centre) <= kept
    assert len(kept) <= 8 * 121


def test_crowds__a_form_printed_twice_keeps_the_pair_of_its_reprints() -> None:
    pairs = list(combinations(range(200), 2))
    reprints = {(first, first + 1) for first in range(0, 200, 2)}
    equal = [N_SLOTS * 9 // 10 if pair in reprints else N_SLOTS // 3 for pair in pairs]
    kept = thinned(pairs, equal, list(range(200)))
    assert reprints <= kept
    assert len(kept) <= 16 * 200
