"""Crowds of near-copies: few pairs of each, whatever the order of rows."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import pytest

from dedupe.candidates.crowds import thin_crowds

N_SLOTS = 128


def thinned(
    pairs: list[tuple[int, int]], equal: list[int], priority: list[int]
) -> set[tuple[int, int]]:
    packed = np.array([a << 32 | b for a, b in pairs], np.uint64)
    kept = thin_crowds(packed, np.array(equal, np.int32), N_SLOTS, np.array(priority, np.uint64))
    return {pair for pair, keep in zip(pairs, kept.tolist(), strict=True) if keep}


def slowly_thinned(
    pairs: list[tuple[int, int]], equal: list[int], priority: list[int]
) -> set[tuple[int, int]]:
    slots = dict(zip(pairs, equal, strict=True))
    alike = {pair for pair in pairs if slots[pair] >= 0.25 * N_SLOTS}
    degree = Counter(one for pair in alike for one in pair)
    crowded = {one for pair in alike if max(degree[end] for end in pair) > 64 for one in pair}
    of_crowd = {pair for pair in alike if crowded.issuperset(pair)}
    kept = set(pairs) - of_crowd
    for own in crowded:
        own_pairs = {a + b - own: (a, b) for a, b in of_crowd if own in (a, b)}
        smallest = sorted(own_pairs, key=lambda one: (priority[one], one))
        likest = sorted(smallest, key=lambda one: -(slots[own_pairs[one]] * 8 // N_SLOTS))
        kept |= {own_pairs[one] for one in (*smallest[:8], *likest[:8])}
    return kept


@pytest.mark.parametrize("seed", range(8))
def test_crowds__are_thinned_as_slowly_done(seed: int) -> None:
    rng = np.random.default_rng(seed)
    pairs = [pair for pair in combinations(range(150), 2) if rng.random() < 0.7]
    equal = rng.integers(10, N_SLOTS + 1, len(pairs)).tolist()
    priority = rng.integers(0, 90, 150).tolist()
    kept = thinned(pairs, equal, priority)
    assert kept == slowly_thinned(pairs, equal, priority)
    assert len(kept) < len(pairs)


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
