"""Candidate pairs: what must be found, what must not, and how many there may be."""

from __future__ import annotations

import dataclasses
from collections import Counter, defaultdict
from itertools import combinations, pairwise
from math import log1p
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe import candidates as finding
from dedupe.candidates import (
    BANDS,
    EXACT,
    RARE,
    Candidates,
    equal_texts,
    find_candidates,
    screening,
    weigh,
    weighted,
)
from dedupe.candidates.buckets import group, link
from dedupe.clean import keep_all
from dedupe.documents import documents_table
from dedupe.settings import Settings
from dedupe.sketch import Sketches, sketch
from tests import mixed_scripts
from tests import reference_pairs as reference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

SMALL = Settings(threads=1, n_slots=32, rare_sampling=2)
N_HUBS = 3
Pair = tuple[int, int]


def read(texts: Sequence[str], chosen: Settings = SMALL) -> Sketches:
    return sketch(keep_all(documents_table(texts)), chosen)


def find(texts: Sequence[str], chosen: Settings = SMALL) -> Candidates:
    sketches = read(texts, chosen)
    return find_candidates(sketches, weigh(sketches), chosen)


def pairs_of(candidates: Candidates) -> list[Pair]:
    return list(zip(candidates.a.tolist(), candidates.b.tolist(), strict=True))


def sampled(sketches: Sketches) -> list[set[int]]:
    bounds = sketches.offsets.tolist()
    return [set(sketches.sampled[start:end].tolist()) for start, end in pairwise(bounds)]


def share_a_band(one: Sequence[int], other: Sequence[int], rows: int) -> bool:
    starts = range(0, len(one) // rows * rows, rows)
    return any(one[at : at + rows] == other[at : at + rows] for at in starts)


def connected(pairs: Iterable[Pair], n_docs: int) -> int:
    """Count the groups that the pairs connect."""
    roots = list(range(n_docs))

    def root(row: int) -> int:
        while roots[row] != row:
            row = roots[row]
        return row

    for one, other in pairs:
        roots[root(one)] = root(other)
    return sum(root(row) == row for row in range(n_docs))


# --- the nets

collections = st.lists(mixed_scripts.articles, min_size=2, max_size=7)


@settings(max_examples=80)
@given(texts=collections, rows=st.sampled_from([2, 3]))
def test_candidates__distinct_texts_that_share_a_band_are_all_found(
    texts: list[str], rows: int
) -> None:
    chosen = Settings(threads=1, n_slots=32, band_rows=rows)
    sketches = read(texts, chosen)
    found = find_candidates(sketches, weigh(sketches), chosen)
    nets = dict(zip(pairs_of(found), found.nets.tolist(), strict=True))
    signatures = sketches.signatures.tolist()
    first = finding.names_its_text(sketches)
    for a, b in combinations(range(len(texts)), 2):
        if first[a] and first[b] and sketches.n_words[a] and sketches.n_words[b]:
            expected = share_a_band(signatures[a], signatures[b], rows)
            assert bool(nets.get((a, b), 0) & BANDS) == expected


@settings(max_examples=80)
@given(texts=collections)
def test_candidates__enough_shared_rare_shingles_are_found_and_none_are_not(
    texts: list[str],
) -> None:
    chosen = Settings(threads=1, n_slots=32, rare_sampling=1)
    sketches = read(texts, chosen)
    found = find_candidates(sketches, weigh(sketches), chosen)
    nets = dict(zip(pairs_of(found), found.nets.tolist(), strict=True))
    sets = sampled(sketches)
    first = finding.names_its_text(sketches)
    for a, b in combinations(range(len(texts)), 2):
        shared = len(sets[a] & sets[b])
        floor = chosen.containment_floor * min(len(sets[a]), len(sets[b]))
        if first[a] and first[b] and shared >= max(1, floor):
            assert nets[a, b] & RARE
        if not shared:
            assert not nets.get((a, b), 0) & RARE


@settings(max_examples=80)
@given(texts=collections)
def test_candidates__pairs_rise_each_once_and_shares_are_shares(texts: list[str]) -> None:
    found = find(texts)
    pairs = pairs_of(found)
    assert pairs == sorted(set(pairs))
    assert all(a < b for a, b in pairs)
    assert (found.nets > 0).all()
    assert ((found.shared_weight >= 0) & (found.shared_weight <= 1 + 1e-5)).all()
    assert len(found.nets) == len(found.shared_weight) == len(pairs) <= found.n_found + len(texts)


@settings(max_examples=60)
@given(texts=st.lists(st.sampled_from(["", "...", "Tide", "tide!", "The crew left"]), max_size=9))
def test_candidates__copies_are_linked_once_to_the_first_and_enter_no_net(
    texts: list[str],
) -> None:
    found = find(texts)
    folded = [
        "".join(char for char in text.lower() if char.isalpha() or char == " ") for text in texts
    ]
    firsts = {text: row for row, text in reversed(list(enumerate(folded)))}
    copies = {(firsts[text], row) for row, text in enumerate(folded) if text and firsts[text] < row}
    exact = {pair for pair, net in zip(pairs_of(found), found.nets, strict=True) if net & EXACT}
    assert exact == copies
    is_copy = {row for _, row in copies}
    others = set(pairs_of(found)) - exact
    assert not is_copy & {row for pair in others for row in pair}


def test_candidates__texts_without_words_are_no_candidates() -> None:
    assert pairs_of(find(["", "", "...", "\u2014", "\x00", " "])) == []


def test_candidates__an_excerpt_too_short_for_bands_is_found_by_its_rare_shingles() -> None:
    words = [f"word{number}" for number in range(900)]
    found = find([" ".join(words), " ".join(words[400:430]), "another matter altogether"])
    assert pairs_of(found) == [(0, 1)]
    assert found.nets.tolist() == [RARE]


def test_candidates__of_no_documents_and_of_one() -> None:
    assert pairs_of(find([])) == []
    assert pairs_of(find(["The tide rose"])) == []


# --- order and threads


@settings(max_examples=40)
@given(texts=collections, data=st.data(), cap=st.sampled_from([2, 64]))
def test_candidates__permuted_documents_give_permuted_pairs(
    texts: list[str], data: st.DataObject, cap: int
) -> None:
    chosen = Settings(threads=1, n_slots=32, rare_sampling=2, bucket_cap=cap, rare_cap=cap)
    texts = list(dict.fromkeys(texts))
    # Texts of equal shingles in another order have equal priority: their row decides.
    texts = [text for text, times in _by_shingles(texts) if times == 1]
    order = data.draw(st.permutations(range(len(texts))))
    expected = {frozenset(pair) for pair in pairs_of(find(texts, chosen))}
    found = pairs_of(find([texts[row] for row in order], chosen))
    assert {frozenset((order[a], order[b])) for a, b in found} == expected


def _by_shingles(texts: Sequence[str]) -> list[tuple[str, int]]:
    signatures = [tuple(row) for row in read(texts).signatures.tolist()]
    times = Counter(signatures)
    return [(text, times[row]) for text, row in zip(texts, signatures, strict=True)]


def test_candidates__threads_and_steps_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    words = [f"word{number % 37}" for number in range(200)]
    texts = [" ".join(words[start : start + 40]) for start in range(0, 160, 3)]
    expected = find(texts)
    monkeypatch.setattr(screening, "_SCREEN_STEP", 7)
    found = find(texts, Settings(threads=4, n_slots=32, rare_sampling=2))
    assert pairs_of(found) == pairs_of(expected)
    assert found.nets.tolist() == expected.nets.tolist()
    assert found.shared_weight.tolist() == expected.shared_weight.tolist()
    assert (found.n_found, found.n_capped) == (expected.n_found, expected.n_capped)


# --- large buckets


def near_copies(n_docs: int) -> list[str]:
    """Make texts of thirty common words and one of their own: they share nearly all."""
    common = [f"common{number}" for number in range(30)]
    return [
        " ".join([*common[: row % 25], f"own{row}", *common[row % 25 :]]) for row in range(n_docs)
    ]


def template(n_docs: int) -> list[str]:
    """Fill one form again and again: much in common, slots that differ."""
    return [
        f"The market at Port Ellery closed at {row * 7 % 991} points on day {row} of the year, "
        f"up {row % 13} from the day before, with {row * 31 % 9973} lots sold in the hall"
        for row in range(n_docs)
    ]


def most_pairs(sketches: Sketches, chosen: Settings) -> int:
    """Bound the pairs: a row of a bucket costs half of those in a full one, or the hubs."""
    per_document = max((chosen.bucket_cap - 1) / 2, N_HUBS)
    per_shingle = max((chosen.rare_cap - 1) / 2, N_HUBS)
    n_bands = chosen.n_slots // chosen.band_rows
    n_docs = len(sketches.n_words)
    return int(n_docs * n_bands * per_document + len(sketches.sampled) * per_shingle)


@pytest.mark.needs_jit
@pytest.mark.parametrize("make", [near_copies, template])
def test_candidates__two_thousand_of_a_kind_stay_linear_and_connected(
    make: Callable[[int], list[str]],
) -> None:
    chosen = Settings(threads=1, n_slots=32, rare_sampling=4, bucket_cap=8, rare_cap=8)
    n_docs = 2000
    texts = make(n_docs)
    sketches = read(texts, chosen)
    found = find_candidates(sketches, weigh(sketches), chosen)
    assert found.n_found <= most_pairs(sketches, chosen) < n_docs * (n_docs - 1) // 20
    assert sum(found.n_capped.values()) > 0
    assert connected(pairs_of(found), n_docs) == 1


def test_candidates__fifty_of_a_kind_are_all_paired_below_the_cap() -> None:
    texts = near_copies(50)
    found = find(texts, Settings(threads=1, n_slots=64))
    assert len(pairs_of(found)) == 50 * 49 // 2
    assert found.n_capped["bands"] == 0


def test_candidates__an_excerpt_of_a_much_copied_story_is_found() -> None:
    common = [f"common{number}" for number in range(60)]
    texts = [" ".join([*common, f"own{row}", f"else{row}", f"more{row}"]) for row in range(60)]
    texts.append(" ".join(common[10:40]))
    chosen = Settings(threads=1, n_slots=32, bucket_cap=8, rare_cap=8)
    found = find(texts, chosen)
    assert any(60 in pair for pair in pairs_of(found))


def test_candidates__copies_of_one_text_are_linear() -> None:
    found = find(["The tide rose over the quay"] * 300)
    assert pairs_of(found) == [(0, row) for row in range(1, 300)]
    assert set(found.nets.tolist()) == {EXACT}


# --- weights


@settings(max_examples=80)
@given(texts=collections)
def test_weigh__counts_documents_once_for_each_text(texts: list[str]) -> None:
    sketches = read(texts)
    weights = weigh(sketches)
    sets = sampled(sketches)
    first = finding.names_its_text(sketches).tolist()
    frequency = Counter(value for row, values in enumerate(sets) if first[row] for value in values)
    expected = [
        np.float32(log1p(sum(first) / frequency[value]))
        for values in sets
        for value in sorted(values)
    ]
    assert weights.weights.tolist() == pytest.approx([float(value) for value in expected])
    totals = [sum(log1p(sum(first) / frequency[value]) for value in values) for values in sets]
    assert weights.totals.tolist() == pytest.approx(totals, rel=1e-5)


@settings(max_examples=60)
@given(texts=collections, rare_cap=st.sampled_from([2, 64]))
def test_weigh_and_pair__weighs_and_finds_as_one_after_the_other(
    texts: list[str], rare_cap: int
) -> None:
    chosen = dataclasses.replace(SMALL, rare_cap=rare_cap)
    sketches = read(texts, chosen)
    weights, rare = finding.weigh_and_pair(sketches, chosen)
    for found, expected in zip(weights, weigh(sketches), strict=True):
        np.testing.assert_array_equal(found, expected)
    together = find_candidates(sketches, weights, chosen, rare=rare)
    apart = find_candidates(sketches, weights, chosen)
    for name in Candidates._fields:
        np.testing.assert_array_equal(getattr(together, name), getattr(apart, name), name)


def test_weighted__goes_by_the_frequencies_given() -> None:
    chosen = Settings(threads=1, rare_sampling=1)
    sketches = read(["the tide rose high", "quite another matter"], chosen)
    frequency = np.zeros(len(sketches.sampled), np.int64)
    frequency[0] = 99
    weights = weighted(sketches, frequency, 100)
    assert weights.weights[0] == pytest.approx(log1p(100 / 99))
    assert weights.weights[1:].tolist() == pytest.approx([log1p(100)] * (len(sketches.sampled) - 1))


@settings(max_examples=60)
@given(texts=st.lists(st.sampled_from(["", "..", "tide", "Tide", "crew", "the crew"]), max_size=8))
def test_representatives__are_the_first_of_equal_words(texts: list[str]) -> None:
    found = finding.representatives(read(texts)).tolist()
    folded = [text.lower() for text in texts]
    wordless = {"", ".."}
    expected = [row if text in wordless else folded.index(text) for row, text in enumerate(folded)]
    assert found == expected


def test_find_candidates__looks_for_equal_texts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    sketches = read(["the crew left", "the crew left", "the tide came"])
    weights, rare = finding.weigh_and_pair(sketches, SMALL)
    asked: list[Sketches] = []
    original = equal_texts.representatives

    def counting(some: Sketches) -> NDArray[np.int64]:
        asked.append(some)
        return original(some)

    for module in (finding, equal_texts):
        monkeypatch.setattr(module, "representatives", counting)
    found = find_candidates(sketches, weights, SMALL, rare=rare)
    assert (0, 1) in pairs_of(found)
    assert len(asked) == 1


# --- buckets

keyed_rows = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9)), unique=True, max_size=20)


@settings(max_examples=120)
@given(rows=keyed_rows, cap=st.integers(2, 6), data=st.data())
def test_group_and_link__equal_the_oracle(
    rows: list[tuple[int, int]], cap: int, data: st.DataObject
) -> None:
    rows = sorted(rows, key=lambda row: row[0])
    buckets: dict[int, list[int]] = defaultdict(list)
    for key, member in rows:
        buckets[key].append(member)
    shared = [members for members in buckets.values() if len(members) > 1]
    keys = np.array([key for key, _ in rows], np.uint64)
    members = np.array([member for _, member in rows], np.int64)
    grouped, bounds = group(keys, members)
    found = [sorted(grouped[start:end].tolist()) for start, end in pairwise(bounds.tolist())]
    assert found == [sorted(members) for members in shared]
    priority = data.draw(st.lists(st.integers(0, 5), min_size=10, max_size=10))
    packed, n_large = link(grouped, bounds, np.array(priority, np.uint64), cap)
    assert packed.tolist() == reference.linked(shared, priority, cap)
    assert n_large == sum(len(members) > cap for members in shared)
