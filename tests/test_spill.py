"""Arrays in files without a name: equal to those in memory, gone with the process."""

from __future__ import annotations

import errno
import functools
import gc
import os
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe import OutputError, Settings, SettingsError, find_duplicates
from dedupe import clean as cleaning
from dedupe.arrays import spill
from dedupe.arrays.spill import MEMORY, Spill
from dedupe.clean import clues
from dedupe.documents import SCHEMA, documents_table, spilled_table, text_bytes
from dedupe.read import read
from tests import mixed_scripts
from tests.test_pipeline import PAGES, SEEDS, shown

pytestmark = pytest.mark.needs_jit


@settings(max_examples=60)
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


def test_put__what_is_done_stays_equal_and_leaves_memory_only_where_it_must(
    tmp_path: Path,
) -> None:
    array, names = np.arange(12.0).reshape(4, 3), pa.array(["a", None, "ß", ""])
    place = Spill(tmp_path)
    assert place.put(array) is array
    assert place.column(names).chunk(0).equals(names)
    assert place.spilled_bytes == 0
    small = Spill(tmp_path, 8)
    put, column = small.put(array), small.column(names)
    small.drop()
    assert put.tolist() == array.tolist()
    assert column.combine_chunks().equals(names)
    assert small.spilled_bytes > array.nbytes


def test_empty__keeps_what_is_written_though_pages_are_dropped(tmp_path: Path) -> None:
    place = Spill(tmp_path, 8)
    array = place.empty((1000, 3), np.int64)
    array[:] = np.arange(3000).reshape(1000, 3)
    place.drop()
    assert array.tolist() == np.arange(3000).reshape(1000, 3).tolist()
    assert place.spilled_bytes == 24_000
    assert list(tmp_path.iterdir()) == []


def test_spill__maps_go_with_the_arrays_that_look_into_them(tmp_path: Path) -> None:
    place = Spill(tmp_path, limit_bytes=8)
    (tmp_path / "file").write_bytes(b"words")
    arrays = [place.empty((2, 3), np.int64), place.opened(tmp_path / "file")]
    growing = place.grow(np.uint8)
    growing.add(np.ones(9, np.uint8))
    arrays.append(growing.whole())
    del growing
    place.rest()
    assert len(place._maps) == 3
    arrays[1] = arrays[1][1:3]
    place.drop()
    assert arrays[1].tobytes() == b"or"
    del arrays[0]
    gc.collect()
    assert len(place._maps) == 2
    arrays.clear()
    gc.collect()
    assert len(place._maps) == 0


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
        monkeypatch.setattr(place, "new_file", always)
        with pytest.raises(OutputError, match="No space left"):
            place.grow(np.int64).add(np.zeros(100, np.int64))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("limit", [8, 0])
def test_held__drops_pages_when_there_are_too_many(
    limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spill, "_MAPPED_BYTES", 0)
    monkeypatch.setattr(spill, "_IN_MEMORY_BYTES", 0)
    sizes = iter([(7, 0), *[(9, 1)] * 10_000])
    monkeypatch.setattr(spill, "_resident_bytes", lambda _: next(sizes))
    place = Spill(limit_bytes=limit)
    dropped = threading.Event()
    monkeypatch.setattr(place, "drop", dropped.set)
    array = place.empty(1000, np.int64)
    with place.held():
        assert dropped.wait(60)
    assert len(array) == 1000


def test_look__drops_pages_without_waiting_for_the_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spill, "_WATCH_SECONDS", 3600)
    whole = 7
    monkeypatch.setattr(spill, "_resident_bytes", lambda _: (whole, 0))
    place = Spill(limit_bytes=spill._ROOM_BYTES + 10)
    array = place.empty(spill._ROOM_BYTES, np.uint8)
    dropped = []
    monkeypatch.setattr(place, "drop", lambda: dropped.append(True))
    place.look()
    assert not dropped
    with place.held():
        place.look()
        assert not dropped
        whole = 11
        place.look()
    assert dropped == [True]
    assert len(array) == spill._ROOM_BYTES


# --- tables


@settings(max_examples=60)
@given(
    batches=st.lists(st.lists(mixed_scripts.texts, max_size=3), max_size=4),
    limit=st.sampled_from([8, 0]),
)
def test_spilled_table__is_all_batches_in_one_piece(batches: list[list[str]], limit: int) -> None:
    tables = [documents_table({"text": text, "id": text[:2]} for text in one) for one in batches]
    found = spilled_table(tables, Spill(limit_bytes=limit))
    expected = pa.concat_tables([SCHEMA.empty_table(), *tables])
    assert found.schema.equals(SCHEMA)
    assert found.equals(expected)
    data, offsets = text_bytes(found)
    assert offsets[-1] - offsets[0] == len(data)
    assert not len(data) or not data.flags.writeable


def test_table__of_a_spill_is_the_tables_joined(tmp_path: Path) -> None:
    tables = [pa.table({"a": [1, 2], "b": ["x", None]}), pa.table({"a": [3], "b": ["y"]})]
    for place in (Spill(tmp_path, 8), MEMORY):
        assert place.table(tables).equals(pa.concat_tables(tables))
    assert list(tmp_path.iterdir()) == []


# --- whole runs


@pytest.fixture
def any_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spill, "_CANNOT_LEAVE", ((0, 0),))


@pytest.mark.usefixtures("any_limit")
@pytest.mark.parametrize("shuffled", [False, True])
def test_find_duplicates__a_limit_of_nothing_spills_all_and_changes_nothing(
    tmp_path: Path, *, shuffled: bool
) -> None:
    pages = PAGES[::-1] if shuffled else PAGES
    place = Spill(tmp_path, 8)
    found = find_duplicates(pages, spill=place)
    assert shown(found) == shown(find_duplicates(PAGES))
    assert found.run["spilled_bytes"] > 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("any_limit")
def test_find_duplicates__of_inputs_on_disk_is_that_of_inputs_in_memory(tmp_path: Path) -> None:
    place = Spill(tmp_path, 8)
    reading = read([SEEDS], spill=place)
    assert reading.documents.equals(read([SEEDS]).documents)
    found = find_duplicates(reading.documents, spill=place)
    assert shown(found) == shown(find_duplicates(reading.documents))


@pytest.mark.usefixtures("any_limit")
def test_find_duplicates__a_full_disk_is_told_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(spill, "_allocate", full)
    with pytest.raises(OutputError, match="No space left"):
        find_duplicates(PAGES, spill=Spill(tmp_path, 8))
    assert list(tmp_path.iterdir()) == []


def test_find_duplicates__a_limit_too_small_is_refused_with_the_least_that_works() -> None:
    with pytest.raises(SettingsError, match=r"100MB are too little for .* least .* 4\d\dMB"):
        find_duplicates(PAGES, Settings(memory_limit="100MB"))


def test_clean__batches_of_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    table = read([SEEDS]).documents
    expected, furniture = cleaning.clean_and_learn(table, Settings())
    monkeypatch.setattr(cleaning, "_BLOCKS_AT_ONCE", 3)
    monkeypatch.setattr(cleaning.furniture, "_ONE_PART", 1)
    kept, learned = cleaning.clean_and_learn(table, Settings(threads=3), spill=Spill(limit_bytes=8))
    assert kept.spans.tolist() == expected.spans.tolist()
    assert kept.offsets.tolist() == expected.offsets.tolist()
    assert learned.keys.tolist() == furniture.keys.tolist()
    assert len(learned.keys)


def test_harvest__batches_of_documents_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    table = read([SEEDS]).documents
    kept = cleaning.clean(table, Settings())
    expected = clues.harvest(table, kept)
    monkeypatch.setattr(clues, "_AT_ONCE", 7)
    assert clues.harvest(table, kept).equals(expected)
    assert expected.num_rows
