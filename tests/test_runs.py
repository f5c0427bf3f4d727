"""Sorted runs of pairs against a counter."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe.arrays.spill import MEMORY, Spill
from dedupe.candidates import runs
from dedupe.candidates.runs import PairRuns, ranges
from dedupe.kernels import merging

if TYPE_CHECKING:
    from numpy.typing import NDArray

lists = st.lists(st.lists(st.integers(0, 40), max_size=9), max_size=6)


def added(parts: list[list[int]], spill: Spill) -> PairRuns:
    found = PairRuns(spill)
    for part in parts:
        found.add(np.array(part, np.uint64))
    return found


@settings(max_examples=150)
@given(one=lists, other=lists, run=st.sampled_from([1, 4, 1000]), size=st.sampled_from([1, 16, 99]))
def test_runs__in_ranges_are_each_pair_once_with_its_count(
    one: list[list[int]], other: list[list[int]], run: int, size: int
) -> None:
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
        patch.setattr(runs, "_RUN", run)
        both = [added(parts, Spill(Path(folder), 8)) for parts in (one, other)]
        cuts = list(ranges(both, size))
        assert cuts[0][0] == 0
        assert all(end == start for (_, end), (start, _) in pairwise(cuts))
        for parts, found in zip((one, other), both, strict=True):
            pieces = [found.between(low, high) for low, high in cuts]
            pairs = [value for packed, _ in pieces for value in packed.tolist()]
            counts = [value for _, times in pieces for value in times.tolist()]
            expected = Counter(value for part in parts for value in part)
            assert pairs == sorted(expected)
            assert dict(zip(pairs, counts, strict=True)) == expected


@settings(max_examples=80)
@given(one=lists, run=st.sampled_from([1, 4, 1000]), spilled=st.booleans())
def test_finished__another_goes_on_from_the_runs(
    one: list[list[int]],
    run: int,
    spilled: bool,
) -> None:
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
        patch.setattr(runs, "_RUN", run)
        spill = Spill(Path(folder), 8) if spilled else MEMORY
        again = PairRuns(spill, added(one, spill).finished())
        again.add(np.array([7, 7], np.uint64))
        pairs, counts = again.between(0, 2**64 - 1)
        expected = Counter([7, 7, *(value for part in one for value in part)])
        assert dict(zip(pairs.tolist(), counts.tolist(), strict=True)) == expected


counters = st.dictionaries(st.integers(0, 30) | st.integers(0, 2**64 - 1), st.integers(1, 9))


def columns(counted: Counter[int]) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
    pairs = sorted(counted)
    return np.array(pairs, np.uint64), np.array([counted[pair] for pair in pairs], np.int32)


@settings(max_examples=100)
@given(one=counters, other=counters)
def test_merge_counted__adds_the_counts_of_equal_pairs(
    one: dict[int, int], other: dict[int, int]
) -> None:
    n_most = len(one) + len(other)
    merged, counts = np.empty(n_most, np.uint64), np.empty(n_most, np.int32)
    both = columns(Counter(one)), columns(Counter(other))
    n_merged = merging.merge_counted(*both[0], *both[1], merged, counts)
    expected = columns(Counter(one) + Counter(other))
    assert merged[:n_merged].tolist() == expected[0].tolist()
    assert counts[:n_merged].tolist() == expected[1].tolist()


@settings(max_examples=100)
@given(counted=counters)
def test_count_sorted__writes_each_pair_once_in_place(counted: dict[int, int]) -> None:
    pairs = np.array(sorted(Counter(counted).elements()), np.uint64)
    counts = np.empty(len(pairs), np.int32)
    n_distinct = merging.count_sorted(pairs, pairs, counts)
    expected = columns(Counter(counted))
    assert pairs[:n_distinct].tolist() == expected[0].tolist()
    assert counts[:n_distinct].tolist() == expected[1].tolist()
