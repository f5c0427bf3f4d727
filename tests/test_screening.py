"""Screening: what sketches of a pair share, which pairs go on, and two nets as one."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe.candidates import screening as stage
from dedupe.kernels import screening as kernels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

few_hashes = st.integers(0, 12) | st.integers(0, 2**64 - 1)
shingle_sets = st.lists(st.frozensets(few_hashes, max_size=10), min_size=2, max_size=5)
packed_pairs = st.frozensets(
    st.tuples(st.integers(0, 4), st.integers(5, 9)).map(lambda rows: rows[0] << 32 | rows[1])
)


def ragged(sets: Sequence[frozenset[int]]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    values = [value for members in sets for value in sorted(members)]
    sizes = [len(members) for members in sets]
    return np.array(values, np.uint64), np.cumsum([0, *sizes]).astype(np.int64)


@settings(max_examples=100)
@given(sets=shingle_sets, data=st.data())
def test_screened__counts_shared_shingles_their_weight_and_equal_slots(
    sets: list[frozenset[int]], data: st.DataObject
) -> None:
    hashes, offsets = ragged(sets)
    slots = st.lists(st.integers(0, 2), min_size=5, max_size=5)
    signatures = data.draw(st.lists(slots, min_size=len(sets), max_size=len(sets)))
    # Powers of two add without rounding, whatever the order.
    weight = defaultdict(float, {value: 2.0 ** (value % 5) for value in hashes.tolist()})
    rows = list(combinations(range(len(sets)), 2))
    packed = np.array([i << 32 | j for i, j in rows], np.uint64)
    shared, equal = np.zeros(len(rows), np.int32), np.zeros(len(rows), np.int32)
    share = np.zeros((len(rows), 2), np.float32)
    order = np.array(data.draw(st.permutations(range(len(rows)))))
    weights = np.array([weight[value] for value in hashes.tolist()], np.float32)
    totals = np.array([sum(weight[value] for value in values) for values in sets])
    for first, last in ((0, 1), (1, len(rows))):
        kernels.fill_screened(
            packed, order, first, last, hashes, weights, offsets, totals,
            np.array(signatures, np.uint32), shared, share, equal,
        )  # fmt: skip
    assert shared.tolist() == [len(sets[i] & sets[j]) for i, j in rows]
    for pair, (i, j) in enumerate(rows):
        both = sum(weight[value] for value in sets[i] & sets[j])
        expected = [np.float32(both / max(totals[row], 1e-9)) for row in (i, j)]
        assert share[pair].tolist() == expected
    agree = [
        sum(x == y for x, y in zip(signatures[i], signatures[j], strict=True)) for i, j in rows
    ]
    assert equal.tolist() == agree


# Sampled shingles of ten documents, shingles shared and equal slots of each pair.
sampled_counts = st.lists(st.integers(0, 9), min_size=10, max_size=10)
counted = st.lists(
    st.tuples(
        st.integers(0, 4), st.integers(5, 9), st.integers(0, 9), st.integers(0, 6)
    )
)  # fmt: skip


def columns(
    pairs: list[tuple[int, int, int, int]],
) -> tuple[NDArray[np.uint64], NDArray[np.int32], NDArray[np.int32]]:
    packed = np.array([a << 32 | b for a, b, _, _ in pairs], np.uint64)
    shared = np.array([count for _, _, count, _ in pairs], np.int32)
    return packed, shared, np.array([slots for *_, slots in pairs], np.int32)


@settings(max_examples=100)
@given(pairs=counted, sizes=sampled_counts, floor=st.sampled_from([0.0, 0.25, 0.5]))
def test_enough__is_half_of_the_floor(
    pairs: list[tuple[int, int, int, int]], sizes: list[int], floor: float
) -> None:
    packed, shared, _ = columns(pairs)
    out = np.empty(len(packed) + 1, np.uint64)
    offsets = np.cumsum([0, *sizes])
    n_out = kernels.fill_enough(packed, shared, offsets, floor, out)
    assert out[:n_out].tolist() == [
        a << 32 | b for a, b, count, _ in pairs if count >= floor * min(sizes[a], sizes[b]) / 2
    ]


@settings(max_examples=100)
@given(pairs=counted, sizes=sampled_counts, floor=st.sampled_from([0.0, 0.25, 0.5]))
def test_likely__reaches_the_floor_or_fills_a_band(
    pairs: list[tuple[int, int, int, int]], sizes: list[int], floor: float
) -> None:
    packed, shared, slots = columns(pairs)
    out = np.empty(len(packed) + 1, np.int64)
    offsets = np.cumsum([0, *sizes])
    n_out = kernels.fill_likely(packed, shared, slots, offsets, floor, 3, out)
    assert out[:n_out].tolist() == [
        place
        for place, (a, b, count, equal) in enumerate(pairs)
        if count >= max(1, floor * min(sizes[a], sizes[b])) or equal >= 3
    ]


@settings(max_examples=100)
@given(one=packed_pairs, other=packed_pairs)
def test_join__names_the_nets_of_each_pair(one: frozenset[int], other: frozenset[int]) -> None:
    nets = np.array(sorted(one), np.uint64), np.array(sorted(other), np.uint64)
    packed, found_by = stage.join(nets, (1, 2))
    assert packed.tolist() == sorted(one | other)
    assert found_by.tolist() == [
        (pair in one) + 2 * (pair in other) for pair in sorted(one | other)
    ]


@settings(max_examples=60)
@given(
    rows=st.lists(st.tuples(st.integers(0, 9), st.integers(10, 200_000)), max_size=12),
    small=st.booleans(),
)
def test_by_tile__pairs_of_two_tiles_stand_together_in_their_order(
    rows: list[tuple[int, int]], small: bool
) -> None:
    rows = [(a, b % 100) for a, b in rows] if small else rows
    packed = np.array([a << 32 | b for a, b in rows], np.uint64)
    order = stage._by_tile(packed).tolist()
    tile = 1 << 15
    assert order == sorted(range(len(rows)), key=lambda i: (rows[i][0] // tile, rows[i][1] // tile))
