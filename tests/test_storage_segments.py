"""Segments and the postings of a whole index, against a slow look-up; and what damage does."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedupe.errors import CorruptIndexError
from dedupe.kernels import postings as kernels
from dedupe.kernels.checksums import checksum_rows
from dedupe.storage.folder import Folder
from dedupe.storage.merging import FAN_IN, Merge, choose, fit
from dedupe.storage.postings import Postings, Tail
from dedupe.storage.segments import ABOUT, N_STEPS, Hits, Name, Segment, SegmentWriter, bits_of
from tests.reference_postings import ranges

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    with contextlib.closing(Folder(tmp_path)) as opened:
        yield opened


def made(n_docs: int, per_document: int, seed: int = 1) -> NDArray[np.uint64]:
    """Return sorted postings, a good part of them under shared keys."""
    random = np.random.default_rng(seed)
    keys = random.integers(0, 2**32, n_docs * per_document, np.uint64)
    shared = random.integers(0, 50, len(keys)) == 0
    keys[shared] = random.integers(0, 2**32, 5, np.uint64)[random.integers(0, 5, shared.sum())]
    documents = np.repeat(np.arange(n_docs, dtype=np.uint64), per_document)
    return np.unique((keys << np.uint64(24)) | documents)


def written(
    folder: Folder, file: str, postings: NDArray[np.uint64], n_docs: int, first: int
) -> Name:
    writer = SegmentWriter(folder, file, first, [np.zeros(n_docs, ABOUT)], 0)
    for part in np.array_split(postings, 7):
        writer.add(part)
    return writer.finish()


@pytest.mark.parametrize(
    ("n_docs", "n_postings"), [(1 << 21, 1), (1, 1 << 29)], ids=["documents", "postings"]
)
def test_choose__never_more_than_one_segment_can_number(n_docs: int, n_postings: int) -> None:
    def names(n_docs: int, n_postings: int) -> list[Name]:
        return [Name("", 1, n_docs, n_postings, 0, 0)] * FAN_IN

    fewer = names(n_docs - (n_docs > 1), n_postings - (n_postings > 1))
    assert choose(fewer) == fewer
    assert choose(names(n_docs, n_postings)) == []
    assert fit([])


def as_list(hits: Hits) -> list[tuple[int, int, int]]:
    return list(zip(*(column.tolist() for column in hits), strict=True))


def found_by_parts(segment: Segment, keys: NDArray[np.uint64], n_at_once: int) -> list[Hits]:
    """Look keys up, a few at a time."""
    return [segment.hits(keys[i : i + n_at_once]) for i in range(0, len(keys), n_at_once)]


def held_ranges(
    postings: NDArray[np.uint64], keys: NDArray[np.uint64]
) -> list[tuple[int, int, int]]:
    """Return place, first and last row of each key that is held, the slow way."""
    found = enumerate(ranges(postings, keys))
    return [(place, start, end) for place, (start, end) in found if start < end]


@given(
    st.lists(st.integers(0, 2**32 - 1), max_size=60),
    st.lists(st.integers(0, 2**32 - 1), max_size=20),
)
def test_fill_hits__finds_what_a_walk_finds(held: list[int], asked: list[int]) -> None:
    values = [(key << 24) | (i % 7) for i, key in enumerate(held)]
    postings = np.array(sorted(values), np.uint64)
    keys = np.array(sorted([*asked, *held[:10]]), np.uint64)
    found = np.empty((3, len(keys)), np.int64)
    n_hits = kernels.fill_hits(postings, keys, *found)
    assert as_list(Hits(*found[:, :n_hits])) == held_ranges(postings, keys)


def test_segment__finds_every_key_and_no_other(folder: Folder) -> None:
    postings = made(40, 50)
    segment = Segment(folder, written(folder, "a.postings", postings, 40, 11))
    known = np.unique(postings >> np.uint64(24))
    keys = np.sort(np.concatenate([known, known + np.uint64(1), known - np.uint64(1)]))
    keys &= np.uint64(2**32 - 1)
    assert as_list(segment.hits(keys)) == held_ranges(postings, keys)
    twice = np.repeat(keys, 2)
    assert as_list(segment.hits(twice)) == held_ranges(postings, twice)
    whole = segment.documents(np.array([0]), np.array([len(postings)]))
    assert whole.tolist() == [(value & 0xFFFFFF) + 11 for value in postings.tolist()]


@pytest.mark.parametrize("n_at_once", [1, 3])
def test_segment__few_keys_are_searched_for_and_many_passed_by_with_one_answer(
    folder: Folder, n_at_once: int
) -> None:
    postings = made(40, 50)
    segment = Segment(folder, written(folder, "a.postings", postings, 40, 1))
    known = np.unique(postings >> np.uint64(24))
    every = segment.hits(known)
    assert len(postings) > kernels.SCANNED_ROWS * n_at_once
    some = found_by_parts(segment, known, n_at_once)
    assert np.concatenate([hits.starts for hits in some]).tolist() == every.starts.tolist()
    assert np.concatenate([hits.ends for hits in some]).tolist() == every.ends.tolist()


@pytest.mark.parametrize("rests", [[0] * 3000, list(range(3000)), [65535] * 3000, [7] * 1500 + [9]])
def test_segment__finds_keys_that_lie_unevenly(folder: Folder, rests: list[int]) -> None:
    postings = np.array([(rest << 24) | i for i, rest in enumerate(rests)], np.uint64)
    name = written(folder, "a.postings", postings, len(rests), 1)
    keys = np.array([0, 1, 6, 7, 8, 9, 2999, 3000, 65535], np.uint64)
    assert as_list(Segment(folder, name).hits(keys)) == held_ranges(postings, keys)


def test_segment__of_many_documents_keeps_their_numbers_and_every_bit_of_a_key(
    folder: Folder,
) -> None:
    postings = made(9000, 3)
    segment = Segment(folder, written(folder, "a.postings", postings, 9000, 1))
    known = np.unique(postings >> np.uint64(24))
    assert as_list(segment.hits(known)) == held_ranges(postings, known)
    assert segment.postings(0, N_STEPS, 1).tolist() == postings.tolist()
    merge = Merge(folder, [segment, _after(folder, segment)], "merged.postings")
    name = merge.step(10**9)
    assert name is not None
    both = np.sort(np.concatenate([postings, postings + np.uint64(9000)]))
    assert Segment(folder, name).postings(0, N_STEPS, 1).tolist() == both.tolist()


def _after(folder: Folder, segment: Segment) -> Segment:
    """Return another segment of the same postings, of the documents that follow."""
    postings, n_docs = segment.postings(0, N_STEPS, 1), segment.name.n_docs
    return Segment(folder, written(folder, "b.postings", postings, n_docs, 1 + n_docs))


def test_merge__has_the_postings_of_all_its_segments(folder: Folder) -> None:
    parts = [made(30, 20, seed) for seed in range(4)]
    segments = [
        Segment(folder, written(folder, f"{i}.postings", part, 30, 1 + 30 * i))
        for i, part in enumerate(parts)
    ]
    merge = Merge(folder, segments, "merged.postings")
    name = None
    while name is None:
        name = merge.step(100)
    merged = Segment(folder, name)
    shifted = [part + np.uint64(30 * i) for i, part in enumerate(parts)]
    expected = np.sort(np.concatenate(shifted))
    assert merged.postings(0, N_STEPS, 1).tolist() == expected.tolist()
    assert merged.name.level == 1
    assert merged.name.n_docs == 120


def test_merge__leaves_out_dropped_documents_but_for_spared_postings(folder: Folder) -> None:
    postings = made(10, 20)
    segment = Segment(folder, written(folder, "a.postings", postings, 10, 1))
    dropped = np.zeros(10, np.bool_)
    dropped[3] = True
    spared = postings[postings & np.uint64(0xFFFFFF) == 3][:1]
    name = Merge(folder, [segment], "b.postings", dropped, spared).step(10**6)
    assert name is not None
    documents = Segment(folder, name).postings(0, N_STEPS, 1) & np.uint64(0xFFFFFF)
    assert (documents == 3).sum() == 1
    assert (documents != 3).sum() == (postings & np.uint64(0xFFFFFF) != 3).sum()


def test_segment__every_changed_byte_is_found(folder: Folder) -> None:
    postings = made(40, 60)
    name = written(folder, "a.postings", postings, 40, 1)
    path = folder.path / "a.postings"
    whole = path.read_bytes()
    random = np.random.default_rng(0)
    for place in [0, 20, 4095, 4096, len(whole) - 1, *random.integers(0, len(whole), 40).tolist()]:
        changed = bytearray(whole)
        changed[place] ^= 1 << int(random.integers(8))
        path.write_bytes(changed)
        with pytest.raises(CorruptIndexError, match=r"a\.postings: damaged"):
            Segment(folder, name).check()


@given(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=40), st.data())
def test_checksum_rows__sees_rows_that_change_and_rows_that_change_places(
    values: list[int], data: st.DataObject
) -> None:
    rows = np.array(values, np.uint32)
    before = checksum_rows(rows, 0, len(rows))
    one = data.draw(st.integers(0, len(rows) - 1))
    other = data.draw(st.integers(0, len(rows) - 1))
    exchanged = rows.copy()
    exchanged[[one, other]] = rows[[other, one]]
    assert (checksum_rows(exchanged, 0, len(rows)) == before) == (rows[one] == rows[other])
    changed = rows.copy()
    changed[one] ^= np.uint32(data.draw(st.integers(1, 2**32 - 1)))
    assert checksum_rows(changed, 0, len(rows)) != before
    assert checksum_rows(rows, 0, len(rows) - 1) != before


@pytest.mark.parametrize("n_at_once", [1, 10**6])
def test_segment__a_changed_row_is_never_read_in_silence(folder: Folder, n_at_once: int) -> None:
    postings = made(40, 60)
    name = written(folder, "a.postings", postings, 40, 1)
    path = folder.path / "a.postings"
    changed = bytearray(path.read_bytes())
    directory = (1 << bits_of(40)) + 1
    changed[4096 + 4 * (directory + 700)] ^= 1
    path.write_bytes(changed)
    segment = Segment(folder, name)
    known = np.unique(postings >> np.uint64(24))
    with pytest.raises(CorruptIndexError):
        found_by_parts(segment, known, n_at_once)


def test_postings__a_key_above_its_cap_leads_to_its_oldest_documents(folder: Folder) -> None:
    common = np.uint64(77) << np.uint64(24)
    first = np.array([common | np.uint64(i) for i in range(20)], np.uint64)
    name = written(folder, "a.postings", first, 20, 1)
    tail = Tail.empty(21).with_next(first, np.zeros(20, ABOUT))
    postings = Postings(folder, [name], tail)
    found = postings.find(np.array([77, 78], np.uint64), 40)
    assert found.counts.tolist() == [40, 0]
    assert sorted(found.document.tolist()) == list(range(1, 41))
    found = postings.find(np.array([77], np.uint64), 30)
    assert found.counts.tolist() == [40]
    assert found.document.tolist() == [1, 2, 3]


def test_tail__joins_its_pieces_so_that_there_are_never_many() -> None:
    tail = Tail.empty(1)
    for i in range(200):
        tail = tail.with_next(np.array([(i << 24)], np.uint64), np.zeros(1, ABOUT))
    assert len(tail.pieces) <= 8
    assert tail.postings().tolist() == [(i << 24) | i for i in range(200)]
