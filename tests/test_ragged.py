"""Ragged arrays against lists."""

from __future__ import annotations

from itertools import groupby, pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe.arrays.ragged import (
    batch_bounds,
    group_starts,
    ranges_of,
    rank_within,
    running_total,
    sorted_distinct,
)


@settings(max_examples=150)
@given(sizes=st.lists(st.integers(0, 9), max_size=12), batch=st.integers(1, 12))
def test_batch_bounds__cut_all_rows_into_rising_ranges(sizes: list[int], batch: int) -> None:
    bounds = batch_bounds(np.array(sizes, np.int64), batch)
    assert bounds[0] == 0
    assert bounds[-1] == len(sizes)
    assert all(start < end for start, end in pairwise(bounds))
    for start, end in pairwise(bounds):
        # Its first row may reach over from the batch before.
        assert sum(sizes[start + 1 : end]) <= batch


@settings(max_examples=80)
@given(counts=st.lists(st.integers(0, 5), max_size=8))
def test_running_total__gives_offsets(counts: list[int]) -> None:
    offsets = running_total(np.array(counts, np.int32))
    assert offsets.dtype == np.int64
    assert np.diff(offsets).tolist() == counts
    assert offsets[0] == 0


@settings(max_examples=80)
@given(ranges=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 4)), max_size=8))
def test_ranges_of__are_the_places_one_after_another(ranges: list[tuple[int, int]]) -> None:
    starts, counts = np.array(ranges, np.int64).reshape(-1, 2).T
    expected = [place for start, count in ranges for place in range(start, start + count)]
    assert ranges_of(starts, counts).tolist() == expected


@settings(max_examples=80)
@given(values=st.lists(st.integers(0, 5), max_size=12))
def test_sorted_distinct__equals_a_set(values: list[int]) -> None:
    assert sorted_distinct(np.array(values, np.uint64)).tolist() == sorted(set(values))


@settings(max_examples=80)
@given(keys=st.lists(st.integers(0, 2), max_size=12))
def test_rank_within__counts_from_where_each_run_begins(keys: list[int]) -> None:
    runs = [len(list(run)) for _, run in groupby(keys)]
    given = np.array(keys, np.uint64)
    assert group_starts(given).tolist() == running_total(np.array(runs, np.int64))[:-1].tolist()
    assert rank_within(given).tolist() == [rank for n_equal in runs for rank in range(n_equal)]
