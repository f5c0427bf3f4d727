"""Arrays in files without a name: equal to those in memory, gone with the process."""

from __future__ import annotations

import errno
import functools
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe import OutputError, spill
from dedupe.spill import MEMORY, Spill


@settings(deadline=None, max_examples=60)
@given(
    parts=st.lists(st.lists(st.integers(0, 2**32 - 1), max_size=5), max_size=6),
    limit=st.sampled_from([8, 8 * 24, 0]),
    read_only=st.booleans(),
)
def test_grow__is_all_parts_wherever_it_is_kept(
    parts: list[list[int]], limit: int, read_only: bool
) -> None:
    place = Spill(limit_bytes=limit)
    growing = place.grow(np.uint32, read_only=read_only)
    for part in parts:
        growing.add(np.array(part, np.uint32))
    whole = growing.whole()
    place.drop()
    assert whole.tolist() == [value for part in parts for value in part]
    assert whole.dtype == np.uint32
    assert not len(whole) or whole.flags.writeable is not read_only
    total = sum(map(len, parts)) * 4
    assert place.spilled_bytes == (total if limit and total > limit // 8 else 0)


def test_empty__keeps_what_is_written_though_pages_are_dropped(tmp_path: Path) -> None:
    place = Spill(tmp_path, 8)
    array = place.empty((1000, 3), np.int64)
    array[:] = np.arange(3000).reshape(1000, 3)
    place.drop()
    assert array.tolist() == np.arange(3000).reshape(1000, 3).tolist()
    assert place.spilled_bytes == 24_000
    assert list(tmp_path.iterdir()) == []


def test_memory__spills_nothing() -> None:
    MEMORY.empty(1 << 20, np.int64)
    assert MEMORY.spilled_bytes == 0


def test_empty__of_nothing_is_no_file(tmp_path: Path) -> None:
    assert Spill(tmp_path, 8).empty((0, 3), np.int64).shape == (0, 3)


@pytest.mark.parametrize("how", ["empty", "grow"])
def test_spill__a_full_disk_is_told_and_nothing_is_left(
    how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(spill, "_allocate", full)
    place = Spill(tmp_path, 8)
    if how == "empty":
        with pytest.raises(OutputError, match="No space left"):
            place.empty(100, np.int64)
    else:
        # No disk is as full as /dev/full.
        always = functools.partial(Path("/dev/full").open, "wb", buffering=0)
        monkeypatch.setattr(place, "_file", always)
        with pytest.raises(OutputError, match="No space left"):
            place.grow(np.int64).add(np.zeros(100, np.int64))
    assert list(tmp_path.iterdir()) == []


def test_held__drops_pages_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spill, "_MAPPED_BYTES", 0)
    mapped = iter([0, 0, *[1] * 10_000])
    monkeypatch.setattr(spill, "_resident_bytes", lambda: (1, next(mapped)))
    place = Spill(limit_bytes=8)
    dropped = []
    monkeypatch.setattr(place, "drop", lambda: dropped.append(True))
    array = place.empty(1000, np.int64)
    with place.held():
        while not dropped:
            pass
    assert len(array) == 1000
