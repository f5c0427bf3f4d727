"""Arrays that grow where they stand: equal to their parts joined."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe.arrays import growth
from dedupe.arrays.growth import Growth


@settings(deadline=None, max_examples=100)
@given(
    parts=st.lists(st.lists(st.integers(0, 2**32 - 1), max_size=5), max_size=8),
    large_bytes=st.integers(0, 40),
    can_move=st.sampled_from([sys.platform == "linux", False]),
)
def test_growth__is_all_parts_wherever_they_stand(
    parts: list[list[int]], large_bytes: int, can_move: bool
) -> None:
    growing = Growth(np.uint32)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(growth, "_LARGE_BYTES", large_bytes)
        patched.setattr(growth, "_CAN_MOVE", can_move)
        for part in parts:
            growing.add(np.array(part, np.uint32))
        whole = growing.whole()
    assert whole.tolist() == [value for part in parts for value in part]
    assert whole.dtype == np.uint32
    assert growing.n_bytes == whole.nbytes


def test_growth__many_pages_are_moved_as_they_are() -> None:
    growing = Growth(np.int64)
    for start in range(0, 3_000_000, 100_000):
        growing.add(np.arange(start, start + 100_000))
    assert np.array_equal(growing.whole(), np.arange(3_000_000))


def test_growth__parts_may_stand_apart_and_not_be_written() -> None:
    growing = Growth(np.int64)
    every_other = np.arange(2_000_000)[::2]
    every_other.flags.writeable = False
    growing.add(every_other)
    growing.add(every_other)
    assert np.array_equal(growing.whole(), np.tile(every_other, 2))
