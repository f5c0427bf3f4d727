"""Sorted runs of pairs against a counter."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe import runs
from dedupe.runs import PairRuns, ranges
from dedupe.spill import Spill

lists = st.lists(st.lists(st.integers(0, 40), max_size=9), max_size=6)


def added(parts: list[list[int]], spill: Spill) -> PairRuns:
    found = PairRuns(spill)
    for part in parts:
        found.add(np.array(part, np.uint64))
    return found


@settings(deadline=None, max_examples=150)
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
