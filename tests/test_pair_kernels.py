"""Candidate pairs and overlaps against their oracle, and the laws of both."""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dedupe.kernels import pairs as kernels
from dedupe.kernels.hashing import mix
from tests import reference_pairs as reference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

N_HUBS = 3
few_hashes = st.integers(0, 12).map(lambda x: x * 0x9E3779B97F4A7C15 % 2**64)
shingle_sets = st.lists(st.frozensets(few_hashes, max_size=10), min_size=2, max_size=5)


def ragged(sets: Sequence[frozenset[int]]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    values = [value for members in sets for value in sorted(members)]
    sizes = [len(members) for members in sets]
    return np.array(values, np.uint64), np.cumsum([0, *sizes]).astype(np.int64)


def fill_linked(
    buckets: Sequence[Sequence[int]], priority: Sequence[int], cap: int
) -> tuple[list[int], int]:
    members = np.array([row for bucket in buckets for row in bucket], np.int64)
    bounds = np.cumsum([0, *map(len, buckets)]).astype(np.int64)
    n_expected = kernels.count_linked(bounds, cap, N_HUBS)
    out = np.zeros(n_expected, np.uint64)
    n_out = kernels.fill_linked(members, bounds, np.array(priority, np.uint64), cap, N_HUBS, out)
    return sorted(out[:n_out].tolist()), n_expected


@settings(max_examples=150)
@given(
    buckets=st.lists(
        st.lists(st.integers(0, 11), min_size=2, max_size=12, unique=True), max_size=6
    ),
    priority=st.lists(st.integers(0, 2**64 - 1) | st.just(7), min_size=12, max_size=12),
    cap=st.integers(2, 8),
)
@example(buckets=[[0, 1, 2]], priority=[0] * 12, cap=2)
@example(buckets=[[3, 1, 2, 0, 4]], priority=[5] * 12, cap=2)
def test_linked__equals_the_oracle(buckets: list[list[int]], priority: list[int], cap: int) -> None:
    pairs, n_expected = fill_linked(buckets, priority, cap)
    assert pairs == reference.linked(buckets, priority, cap)
    assert len(pairs) == n_expected


@settings(max_examples=50)
@given(order=st.permutations(range(9)), cap=st.sampled_from([4, 20]))
def test_linked__order_within_a_bucket_changes_nothing(order: list[int], cap: int) -> None:
    priority = [3, 1, 3, 3, 0, 2, 3, 3, 3]
    assert fill_linked([order], priority, cap) == fill_linked([list(range(9))], priority, cap)


def test_linked__a_bucket_of_ten_thousand_stays_linear() -> None:
    bounds = np.array([0, 10_000], np.int64)
    assert kernels.count_linked(bounds, 64, N_HUBS) == 3 * 9_997 + 3


@settings(max_examples=50)
@given(one=st.integers(0, 2**31 - 1), other=st.integers(0, 2**31 - 1))
def test_pack_pair__sorts_as_its_rows_do(one: int, other: int) -> None:
    packed = int(kernels.pack_pair(one, other))
    assert packed == int(kernels.pack_pair(other, one))
    assert divmod(packed, 2**32) == (min(one, other), max(one, other))


@settings(max_examples=80)
@given(
    rows=st.lists(st.lists(st.integers(0, 1), min_size=6, max_size=6), min_size=1, max_size=8),
    data=st.data(),
)
def test_bands__keys_are_equal_for_equal_slots_only(
    rows: list[list[int]], data: st.DataObject
) -> None:
    chosen = data.draw(st.lists(st.integers(0, len(rows) - 1), min_size=1))
    first_band = data.draw(st.sampled_from([0, 1]))
    keys = np.zeros((2 - first_band, len(chosen)), np.uint64)
    signatures, numbers = np.array(rows, np.uint32), np.array(chosen, np.int64)
    kernels.fill_bands(signatures, numbers, 0, len(chosen), first_band, 3, keys)
    for band, found in enumerate(keys, start=first_band):
        slots = [rows[row][3 * band : 3 * band + 3] for row in chosen]
        for i, j in combinations(range(len(chosen)), 2):
            assert (found[i] == found[j]) == (slots[i] == slots[j])


def test_bands__tell_permuted_slots_apart_and_write_their_range_only() -> None:
    keys = np.zeros((1, 4), np.uint64)
    signatures = np.array([[1, 2, 3], [2, 1, 3], [3, 2, 1]], np.uint32)
    kernels.fill_bands(signatures, np.array([0, 1, 2, 0]), 0, 3, 0, 3, keys)
    assert len(set(keys[0].tolist())) == 4
    assert keys[0, 3] == 0


@settings(max_examples=150)
@given(sets=shingle_sets, frozen=st.booleans())
def test_overlaps__equal_set_intersection(sets: list[frozenset[int]], frozen: bool) -> None:
    hashes, offsets = ragged(sets)
    hashes.setflags(write=not frozen)
    rows = [(i, j) for i in range(len(sets)) for j in range(len(sets))]
    a, b = (np.array(side, np.int64) for side in zip(*rows, strict=True))
    shared = np.full(len(rows), -1, np.int32)
    kernels.fill_overlaps(a, b, 0, len(rows), hashes, offsets, shared)
    assert shared.tolist() == [len(sets[i] & sets[j]) for i, j in rows]


@settings(max_examples=80)
@given(
    sets=st.lists(
        # Of few low and few high bits: they meet in one place of the table, or in one bit.
        st.frozensets(st.sampled_from([h << 58 | m << 20 | n for h in (0, 9) for m in (0, 1, 2)
                                       for n in (0, 1, 8, 63)]), max_size=24),
        min_size=2, max_size=4,
    ),
)  # fmt: skip
def test_overlaps__of_hashes_that_crowd_one_place_equal_set_intersection(
    sets: list[frozenset[int]],
) -> None:
    hashes, offsets = ragged(sets)
    rows = [(i, j) for i in range(len(sets)) for j in range(len(sets))] * 2
    a, b = (np.array(side, np.int64) for side in zip(*rows, strict=True))
    shared = np.full(len(rows), -1, np.int32)
    kernels.fill_overlaps(a, b, 0, len(rows), hashes, offsets, shared)
    assert shared.tolist() == [len(sets[i] & sets[j]) for i, j in rows]


def test_overlaps__writes_its_own_range_only() -> None:
    hashes, offsets = ragged([frozenset({1, 2}), frozenset({2, 3})])
    ones = np.array([0, 0, 0], np.int64), np.array([1, 1, 1], np.int64)
    shared = np.full(3, -1, np.int32)
    kernels.fill_overlaps(*ones, 1, 2, hashes, offsets, shared)
    assert shared.tolist() == [-1, 1, -1]


@settings(max_examples=60)
@given(st.lists(st.lists(st.tuples(few_hashes, st.integers(1, 9)), max_size=6), min_size=1))
def test_content_keys__weigh_each_word_by_its_place(
    documents: list[list[tuple[int, int]]],
) -> None:
    words = [word for one in documents for word in one]
    hashes = np.array([value for value, _ in words], np.uint64)
    ends = np.cumsum([length for _, length in words]).astype(np.int32)
    starts = ends - np.array([length for _, length in words], np.int32)
    offsets = np.cumsum([0, *map(len, documents)]).astype(np.int64)
    keys = np.empty(len(documents), np.uint64)
    kernels.fill_content_keys(hashes, starts, ends, offsets, keys)
    for key, one in zip(keys.tolist(), documents, strict=True):
        hashed = sum(value * (2 * at + 1) for at, (value, _) in enumerate(one))
        lengths = sum(
            length * 0x9E3779B97F4A7C15**at for at, (_, length) in enumerate(reversed(one))
        )
        assert key % 2**32 == hashed % 2**32
        assert key >> 32 == int(mix(np.uint64(lengths % 2**64))) >> 32


# --- blocks of pairs


@given(
    pairs=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)).filter(lambda p: p[0] != p[1])),
    sizes=st.lists(st.integers(0, 9), min_size=7, max_size=7),
    most_bytes=st.integers(0, 30),
    most_pairs=st.integers(1, 5),
)
def test_fill_block_bounds__each_block_is_as_long_as_its_limits_allow(
    pairs: list[tuple[int, int]], sizes: list[int], most_bytes: int, most_pairs: int
) -> None:
    a, b = (np.array([pair[side] for pair in pairs], np.int64) for side in (0, 1))
    bounds = np.empty(len(pairs) + 1, np.int64)
    n_blocks = kernels.fill_block_bounds(
        a, b, np.array(sizes, np.int64), most_bytes, most_pairs, bounds
    )

    def fits(start: int, end: int) -> bool:
        texts = {document for pair in pairs[start:end] for document in pair}
        n_bytes = sum(sizes[document] for document in texts)
        return end - start == 1 or (end - start <= most_pairs and n_bytes <= most_bytes)

    assert bounds[: n_blocks + 1].tolist() == sorted({0, len(pairs), *bounds[:n_blocks].tolist()})
    for start, end in pairwise(bounds[: n_blocks + 1].tolist()):
        assert fits(start, end)
        assert end == len(pairs) or not fits(start, end + 1)
