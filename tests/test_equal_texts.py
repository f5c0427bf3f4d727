"""Copies of one text: which of them are measured for others, and that no id decides anything."""

from __future__ import annotations

import random
from collections import defaultdict
from itertools import pairwise, permutations
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dedupe
from dedupe import Index, Settings
from dedupe.candidates.equal_texts import MOST_OUTLETS, Copies
from tests.test_index import partition, run_partition
from tests.test_pipeline import newsroom

if TYPE_CHECKING:
    from pathlib import Path

ONE_THREAD = Settings(threads=1)
BRIEF = (
    "ALDERTON - {}, {}, was hurt when the van left {} and struck a wall, the county police said. "
    "The driver wore a seat belt and was taken by ambulance to the Alderton infirmary with "
    "moderate injuries. The crash is still being looked into."
)
WARNING = (
    "The weather office has issued a warning of severe storms for {} until {} p.m. The storm, "
    "which lay near {}, was moving east at thirty miles an hour. Hail and gusts of wind are "
    "possible. Residents should go to an inner room on the lowest floor of a sturdy building and "
    "stay away from windows."
)
EARLY = (
    "A ferry struck the pier at Port Ellery early on Friday, and a crane fell across the deck. "
    "The captain and both mates walked away, the harbour master said. The owner said that the "
    "pier had been rebuilt in the autumn after a storm took half of it."
)
LATER = EARLY + (
    " A night watchman was pulled out alive four hours later with a broken arm. His daughter said "
    "that he had asked for his lunch before he asked for a doctor, and that the pail was found."
)
LATEST = LATER + (
    " Divers were to look at the piles on Monday, and the town asked who would pay for the crane, "
    "which had stood on the quay for eighty years."
)
TEXTS = [
    BRIEF.format("Keith Dolan", 34, "Mill Lane"),
    BRIEF.format("Paul Abney", 19, "the coast road"),
    BRIEF.format("Rosa Quill", 51, "Route 40"),
    WARNING.format("Baxter", 5, "Cotter"),
    WARNING.format("Marion", 6, "Yellow Hill"),
    WARNING.format("Fulton", 8, "Salem Cross"),
    EARLY,
    LATER,
    LATEST,
]
OUTLETS = [None, "a.example", "b.example", "c.example"]
DAYS = [None, "2026-09-01T08:00Z", "2026-09-01T15:00Z", "2026-09-02T08:00Z", "2026-09-06T08:00Z"]

Row = dict[str, Any]


def page(name: str, text: str, outlet: str | None, published: str | None) -> Row:
    return {"id": name, "text": text, "source": outlet, "published": published}


@st.composite
def pages(draw: st.DrawFn) -> list[Row]:
    """Draw copies of a few texts in a few outlets; no two differ by nothing but their id."""
    kinds = st.tuples(st.sampled_from(TEXTS), st.sampled_from(OUTLETS), st.sampled_from(DAYS))
    chosen = draw(st.lists(kinds, min_size=4, max_size=14, unique=True))
    return [page(f"d{row:02}", *kind) for row, kind in enumerate(chosen)]


def told(documents: list[Row], names: list[str]) -> tuple[Any, ...]:
    """Cluster documents under other ids; returns the stories, relations and origins by old id."""
    old = {name: document["id"] for name, document in zip(names, documents, strict=True)}
    renamed = [{**page, "id": name} for name, page in zip(names, documents, strict=True)]
    found = dedupe.find_duplicates(renamed, ONE_THREAD)
    stories = defaultdict(set)
    for row in found.documents.to_pylist():
        stories[row["story"]].add(old[row["id"]])
    relations = {
        old[row["id"]]: (row["relation"], old.get(row["parent"]), row["parent_name"])
        for row in found.documents.to_pylist()
    }
    origins = {
        frozenset(old[one] for one in row["documents"]): (
            old.get(row["origin"]["document"]), row["origin"]["band"],
        )
        for row in found.stories
    }  # fmt: skip
    return {frozenset(one) for one in stories.values()}, relations, origins


# --- what is measured


def pairs_of(text: list[int], outlets: list[int], a: int, b: int) -> list[tuple[int, int]]:
    """Return the documents that are measured for two texts; the first rows are the earliest."""
    rows = np.arange(len(text))
    copies = Copies(np.array(text), np.array(outlets, np.uint64), rows)
    _, one, other = copies.pairs_of(np.array([a]), np.array([b]))
    return list(zip(one.tolist(), other.tolist(), strict=True))


def test_pairs__are_of_the_outlets_that_printed_both_texts() -> None:
    # Text 0 in outlets 1, 2, 3; text 3 in 3, 2, 4.
    text, outlets = [0, 0, 0, 3, 3, 3], [1, 2, 3, 3, 2, 4]
    assert pairs_of(text, outlets, 0, 3) == [(2, 3), (1, 4)]
    assert pairs_of(text, outlets, 3, 0) == [(3, 2), (4, 1)]


def test_pairs__without_such_an_outlet_are_of_the_first_documents() -> None:
    assert pairs_of([0, 0, 2, 2], [1, 2, 3, 4], 0, 2) == [(0, 2)]
    # Nobody knows whether two unknown outlets are one.
    assert pairs_of([0, 0, 2, 2], [1, 0, 0, 4], 0, 2) == [(0, 2)]


def test_pairs__of_an_outlet_are_of_its_first_documents() -> None:
    assert pairs_of([0, 0, 0, 3, 3], [1, 2, 2, 2, 2], 0, 3) == [(1, 3)]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 9)), min_size=2, max_size=60))
def test_pairs__are_bounded_and_of_the_texts_asked_for(drawn: list[tuple[int, int]]) -> None:
    first = {text: row for row, (text, _) in reversed(list(enumerate(drawn)))}
    text = [first[one] for one, _ in drawn]
    outlets = [outlet for _, outlet in drawn]
    names = sorted(set(text))
    for a, b in pairwise(names):
        found = pairs_of(text, outlets, a, b)
        assert 1 <= len(found) <= MOST_OUTLETS
        assert len(set(found)) == len(found)
        assert all((text[one], text[other]) == (a, b) for one, other in found)
        of_both = {outlets[row] for row in range(len(text)) if text[row] == a} & {
            outlets[row] for row in range(len(text)) if text[row] == b
        } - {0}
        by_one = [outlets[one] == outlets[other] > 0 for one, other in found]
        assert len(found) == max(1, min(MOST_OUTLETS, len(of_both)))
        assert all(by_one) == bool(of_both)


def test_pairs__of_copies_stay_one_less_than_these() -> None:
    n_copies = 300
    documents = [
        page(f"d{row:03}", EARLY, f"p{row}.example", "2026-09-01") for row in range(n_copies)
    ]
    documents += [
        page(f"e{row:03}", LATER, f"p{row}.example", "2026-09-02") for row in range(n_copies)
    ]
    found = dedupe.find_duplicates(documents, ONE_THREAD).pairs
    assert found.num_rows == 2 * (n_copies - 1) + MOST_OUTLETS


# --- what copies say of others


def test_relations__a_copy_elsewhere_is_exact_and_its_twin_an_update() -> None:
    for name in ("copy", "zcopy"):
        documents = [
            page("v1", EARLY, "a.example", "2026-09-01T08:00Z"),
            page("v2", LATER, "a.example", "2026-09-01T12:00Z"),
            page(name, LATER, "b.example", "2026-09-01T15:00Z"),
        ]
        rows = dedupe.find_duplicates(documents, ONE_THREAD).documents.to_pylist()
        assert [(row["relation"], row["parent"]) for row in rows] == [
            ("origin", None), ("update", "v1"), ("exact", "v2"),
        ]  # fmt: skip


def test_relations__a_copy_elsewhere_joins_no_two_briefs_of_one_outlet() -> None:
    for name in ("a-copy", "z-copy"):
        documents = [
            page("first", TEXTS[0], "a.example", "2026-09-01T08:00Z"),
            page("second", TEXTS[1], "a.example", "2026-09-04T08:00Z"),
            page(name, TEXTS[0], "b.example", "2026-09-01T08:00Z"),
        ]
        assert run_partition(documents, ONE_THREAD) == {
            frozenset({"first", name}), frozenset({"second"}),
        }  # fmt: skip


# --- no id decides anything


@settings(deadline=None, max_examples=25)
@given(pages(), st.randoms(use_true_random=False))
def test_find_duplicates__says_the_same_whatever_the_ids(
    documents: list[Row], draw: random.Random
) -> None:
    names = [document["id"] for document in documents]
    expected = told(documents, names)
    draw.shuffle(names)
    assert told(documents, names) == expected


@pytest.mark.needs_jit
def test_find_duplicates__of_the_newsroom_says_the_same_whatever_the_ids() -> None:
    documents = newsroom()
    expected = told(documents, [document["id"] for document in documents])
    names = [f"n{row:04}" for row in range(len(documents))]
    random.Random(5).shuffle(names)  # noqa: S311
    assert told(documents, names) == expected


@pytest.mark.needs_jit
@pytest.mark.parametrize("seed", range(6))
def test_index__of_one_commit_holds_the_stories_of_a_run(seed: int, tmp_path: Path) -> None:
    draw = random.Random(seed)  # noqa: S311
    documents = [
        page(f"d{row:02}", draw.choice(TEXTS), draw.choice(OUTLETS), draw.choice(DAYS))
        for row in range(14)
    ]
    with Index(tmp_path / "index", ONE_THREAD) as index:
        index.add_many(documents)
        assert partition(index) == run_partition(documents, ONE_THREAD)


@pytest.mark.needs_jit
@pytest.mark.parametrize("order", [*permutations(range(3))])
def test_index__a_copy_joins_no_two_briefs_in_whatever_order_they_come(
    order: tuple[int, ...], tmp_path: Path
) -> None:
    documents = [
        page("first", TEXTS[0], "a.example", "2026-09-01T08:00Z"),
        page("second", TEXTS[1], "a.example", "2026-09-04T08:00Z"),
        page("copy", TEXTS[0], "b.example", "2026-09-01T08:00Z"),
    ]
    with Index(tmp_path / "index", ONE_THREAD) as index:
        for place in order:
            index.add(documents[place])
        assert partition(index) == {frozenset({"first", "copy"}), frozenset({"second"})}
