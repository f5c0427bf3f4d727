"""Copies of one text: which of them are measured for others, and that no id decides anything."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from itertools import pairwise, permutations
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dedupe
from dedupe import Index, Overrides, Settings
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
BACKGROUND = (
    "The Alderton works made rope for two hundred years, and a quarter of the town was paid there "
    "when it shut in the spring. What is left of its long roof is to be pulled down."
)
CHOIR = (
    "The choir sang for the first time since the flood on Sunday, and an organ that was under "
    "water for a week played as well as it ever did. Tickets paid for books and new robes."
)
BAKERS = (
    "Bakers have set prices for the winter fair, where no loaf will cost more than it did last "
    "year. Visitors may bring bags of their own or buy one at either gate, said Ann Poe, mayor."
)
SWIMMERS = (
    "Nine swimmers crossed the cold estuary in less than an hour before noon, which nobody had "
    "tried since the war began. All came out on the far bank, where hot soup and tea were set up."
)
# Pages of as many words each, with as many of their own: each holds as much of the other.
TAKERS = [f"{own}\n\n{BACKGROUND}" for own in (CHOIR, BAKERS, SWIMMERS)]
OUTLETS = [None, "a.example", "b.example", "c.example"]
TITLES = [None, "Alderton police report a crash", "Storm warning", "Storm nears Alderton"]
DAYS = [None, "2026-09-01T08:00Z", "2026-09-01T15:00Z", "2026-09-02T08:00Z", "2026-09-06T08:00Z"]

Row = dict[str, Any]


def page(
    name: str, text: str, outlet: str | None, published: str | None, title: str | None = None
) -> Row:
    return {"id": name, "text": text, "source": outlet, "published": published, "title": title}


@st.composite
def pages(draw: st.DrawFn) -> list[Row]:
    """Draw copies of a few texts in a few outlets; no two differ by nothing but id and title."""
    texts = st.sampled_from(TEXTS) | st.sampled_from(TAKERS)
    is_dated = draw(st.booleans())
    kinds = st.tuples(
        texts, st.sampled_from(OUTLETS), st.sampled_from(DAYS) if is_dated else st.none()
    )
    chosen = draw(st.lists(kinds, min_size=4, max_size=14, unique=True))
    titles = st.sampled_from(TITLES)
    return [page(f"d{row:02}", *kind, draw(titles)) for row, kind in enumerate(chosen)]


def told(documents: list[Row], names: list[str], *apart: int) -> tuple[Any, ...]:
    """Cluster documents under other ids; returns what is told of them and stories, by old id.

    Two documents that stand `apart`, by place, are no story by a reader's decision.
    """
    old = {name: document["id"] for name, document in zip(names, documents, strict=True)}
    renamed = [{**page, "id": name} for name, page in zip(names, documents, strict=True)]
    links = ((names[apart[0]], names[apart[1]]),) if apart else ()
    found = dedupe.find_duplicates(renamed, ONE_THREAD, overrides=Overrides(cannot_link=links))
    stories = defaultdict(set)
    for row in found.documents.to_pylist():
        stories[row["story"]].add(old[row["id"]])
    relations = {
        old[row["id"]]: (
            row["relation"], old.get(row["parent"]), row["parent_name"], row["n_words"],
            row["parent_probability"], row["origin_probability"],
        )
        for row in found.documents.to_pylist()
    }  # fmt: skip
    of_stories = {
        frozenset(old[one] for one in row["documents"]): _renamed(
            {name: row.get(name) for name in TOLD_OF_STORIES}, old
        )
        for row in found.stories
    }
    return {frozenset(one) for one in stories.values()}, relations, of_stories


TOLD_OF_STORIES = ("origin", "candidates", "evidence", "counterfactuals", "passage_parents")


def _renamed(value: Any, old: dict[str, str]) -> Any:
    """Return what is told with old ids in place of new ones, in sentences too."""
    if isinstance(value, dict):
        return {name: _renamed(one, old) for name, one in value.items()}
    if isinstance(value, list):
        # Of a decision the ids are told in their order.
        told = [one for one in value if not isinstance(one, dict) or one.get("signal") != "reader"]
        return [_renamed(one, old) for one in told]
    if isinstance(value, str):
        return re.sub(r"\w+", lambda word: old.get(word[0], word[0]), value)
    return value


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
@given(documents=pages(), draw=st.randoms(use_true_random=False), decided=st.booleans())
def test_find_duplicates__says_the_same_whatever_the_ids(
    documents: list[Row], draw: random.Random, *, decided: bool
) -> None:
    names = [document["id"] for document in documents]
    apart = draw.sample(range(len(names)), 2) if decided else []
    expected = told(documents, names, *apart)
    draw.shuffle(names)
    assert told(documents, names, *apart) == expected


def test_find_duplicates__of_pages_that_hold_as_much_of_each_other_one_took_whatever_the_ids() -> (
    None
):
    documents = [page(f"d{n}", TAKERS[n], OUTLETS[n + 1], None) for n in range(2)]
    _, relations, _ = found = told(documents, ["d0", "d1"])
    assert sorted(relation for relation, *_ in relations.values()) == ["partial", "single"]
    assert told(documents, ["d1", "d0"]) == found


def test_find_duplicates__of_equal_texts_any_title_may_have_the_first_id() -> None:
    titled = [*zip(TAKERS, ("Alder", "Birch", "Cedar"), strict=True), (TAKERS[2], "Alder, Birch")]
    documents = [
        page(f"d{n}", text, "a.example", DAYS[n], title) for n, (text, title) in enumerate(titled)
    ]
    found = told(documents, ["d0", "d1", "d2", "d3"])
    assert told(documents, ["d0", "d1", "d3", "d2"]) == found


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
