"""The bundled newsroom: its truth covers it, and it is as hard as it says."""

from __future__ import annotations

import functools
import json
import re
from collections import Counter, defaultdict
from itertools import combinations
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from dedupe.documents import SCHEMA

SEEDS = Path(__file__).parent.parent / "seeds"
SAME_STORY = {"exact", "repost", "excerpt", "rewrite", "paraphrase", "update"}
OTHER_STORY = {"roundup", "partial", "same_event", "template", "unrelated"}
WITHOUT_PARENT = {"origin", "single", "derived"}
WORD = re.compile(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+(?:'[^\W_]+)*")
HOST = re.compile(r"\b[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:com|org|net|tv|news|io|info|co|pk|es|cn)\b")

Row = dict[str, Any]
Shingles = frozenset[tuple[str, ...]]


def read(name: str) -> dict[str, Row]:
    rows = [json.loads(line) for line in (SEEDS / name).read_text("utf-8").splitlines()]
    assert len({row["id"] for row in rows}) == len(rows)
    return {row["id"]: row for row in rows}


PAGES = read("newsroom.jsonl")
TRUTH = read("truth.jsonl")


def stories() -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in TRUTH.values():
        found[row["story"]].append(row)
    return found


def body(name: str) -> str:
    text = PAGES[name]["text"]
    return "\n\n".join(text[start:end] for start, end in TRUTH[name]["body"])


def shingles(text: str) -> Shingles:
    words = WORD.findall(text.lower().replace("\u2019", "'"))
    return frozenset(tuple(words[i : i + 3]) for i in range(len(words) - 2))


@functools.cache
def body_shingles(name: str) -> Shingles:
    return shingles(body(name))


@functools.cache
def page_shingles(name: str) -> Shingles:
    return shingles(PAGES[name]["text"])


def resemblance(a: Shingles, b: Shingles) -> float:
    return len(a & b) / max(1, len(a | b))


def containment(a: Shingles, b: Shingles) -> float:
    """Share of `a` that is found in `b`."""
    return len(a & b) / max(1, len(a))


def related(relation: str) -> list[tuple[str, str]]:
    return [(i, row["parent"]) for i, row in TRUTH.items() if row["relation"] == relation]


def test_newsroom__every_page_has_one_row_of_truth_in_the_same_order() -> None:
    assert list(PAGES) == list(TRUTH)
    assert 80 <= len(PAGES) <= 100


def test_newsroom__fields_are_those_of_a_document() -> None:
    for page in PAGES.values():
        assert {"id", "url", "source", "title", "language", "text"} <= page.keys()
        assert page.keys() <= set(SCHEMA.names)
        assert all(isinstance(value, str) for value in page.values())
        assert re.fullmatch(r"[a-z0-9-]+", page["id"])


def test_newsroom__no_host_outside_the_reserved_domain() -> None:
    for page in PAGES.values():
        assert page["source"].endswith(".example")
        for url in (page["url"], page.get("canonical", page["url"])):
            assert str(urlsplit(url).hostname).endswith(".example")
        assert not HOST.search(" ".join(page.values()))


def test_newsroom__dates_come_as_moments_as_days_and_not_at_all() -> None:
    dates = [page.get("published") for page in PAGES.values()]
    assert None in dates
    assert any(date and len(date) == len("2025-03-11") for date in dates)
    assert any(date and date.endswith("Z") for date in dates)
    assert any(date and re.search(r"[+-]\d\d:\d\d$", date) for date in dates)


def test_truth__relation_parent_and_story_agree() -> None:
    for row in TRUTH.values():
        relation, parent = row["relation"], row["parent"]
        assert relation in SAME_STORY | OTHER_STORY | WITHOUT_PARENT
        assert (parent is None) == (relation in WITHOUT_PARENT)
        assert row["same_story_as_parent"] == (relation in SAME_STORY)
        for other in {parent, *row.get("parents", [])} - {None}:
            assert other != row["id"]
            assert (TRUTH[other]["story"] == row["story"]) == (relation in SAME_STORY)


def test_truth__each_story_has_one_origin_or_an_absent_one() -> None:
    for name, rows in stories().items():
        assert len({(row["origin"], row["origin_document"]) for row in rows}) == 1, name
        document = rows[0]["origin_document"]
        assert all(row["origin_in_collection"] == (document is not None) for row in rows)
        if document is not None:
            assert TRUTH[document]["story"] == name
        if len(rows) > 1:
            origins = [row["id"] for row in rows if row["relation"] == "origin"]
            assert origins == ([] if document is None else [document]), name


def test_truth__parents_lead_to_the_origin() -> None:
    for row in TRUTH.values():
        above = row
        for _ in TRUTH:
            if above["relation"] not in SAME_STORY:
                break
            above = TRUTH[above["parent"]]
        assert above["relation"] not in SAME_STORY, row["id"]
        if row["relation"] in SAME_STORY and row["origin_in_collection"]:
            assert above["id"] == row["origin_document"]


def test_truth__body_spans_are_in_range_sorted_and_trimmed() -> None:
    for name, row in TRUTH.items():
        text, last = PAGES[name]["text"], 0
        for start, end in row["body"]:
            assert last <= start < end <= len(text), name
            assert text[start:end] == text[start:end].strip(), name
            last = end
    assert [name for name, row in TRUTH.items() if not row["body"]] != []


@pytest.mark.parametrize(
    ("relation", "least"),
    [
        ("origin", 8),
        ("exact", 2),
        ("repost", 12),
        ("excerpt", 8),
        ("rewrite", 5),
        ("paraphrase", 1),
        ("update", 3),
        ("roundup", 2),
        ("partial", 3),
        ("same_event", 5),
        ("template", 8),
        ("unrelated", 2),
        ("single", 10),
        ("derived", 9),
    ],
)
def test_truth__every_relation_is_present(relation: str, least: int) -> None:
    assert Counter(row["relation"] for row in TRUTH.values())[relation] >= least


def test_truth__stories_of_each_size_and_language() -> None:
    sizes = {name: len(rows) for name, rows in stories().items()}
    assert sizes["ferry-fire"] >= 13
    assert sum(size > 1 for size in sizes.values()) >= 10
    assert sum(size == 1 for size in sizes.values()) >= 25
    for name, language in (("rana", "es"), ("band", "ur"), ("daqiao", "zh")):
        assert sizes[name] >= 4
        assert {PAGES[row["id"]]["language"] for row in stories()[name]} == {language}


def test_truth__absent_origins_are_credited_or_scarred() -> None:
    absent = {name for name, rows in stories().items() if not rows[0]["origin_in_collection"]}
    assert absent == {"potash", "marlow-clock", "tug"}
    for name in ("potash", "marlow-clock"):
        credit = stories()[name][0]["origin"]
        named = [row for row in stories()[name] if credit in PAGES[row["id"]]["text"]]
        assert len(named) >= 3
    assert body("dailysift-tug").startswith("()")
    assert "told that" in body("dailysift-tug")


def test_hardness__aggregator_page_is_half_furniture_and_its_body_is_the_stations() -> None:
    page, station = "dailysift-toll", "tricoast-toll"
    assert len(body(page)) < 0.55 * len(PAGES[page]["text"])
    assert containment(body_shingles(page), body_shingles(station)) > 0.95
    assert resemblance(page_shingles(page), page_shingles(station)) < 0.5
    assert body(page).startswith("() ")
    assert "told that" in body(page)
    assert "told TriCoast that" in body(station)


def test_hardness__templates_resemble_each_other_more_than_excerpts_their_source() -> None:
    for a, b in related("template"):
        assert resemblance(body_shingles(a), body_shingles(b)) >= 0.5, (a, b)
    excerpts = related("excerpt")
    for a, b in excerpts:
        assert containment(body_shingles(a), body_shingles(b)) >= 0.85, (a, b)
    low = [pair for pair in excerpts if resemblance(*map(body_shingles, pair)) < 0.3]
    assert len(low) >= 4


def test_hardness__round_up_takes_a_quarter_and_more_from_each_of_three() -> None:
    row = TRUTH["corvanecourier-roundup"]
    assert len({TRUTH[parent]["story"] for parent in row["parents"]}) == 3
    for parent in row["parents"]:
        share = containment(body_shingles(row["id"]), body_shingles(parent))
        assert 0.2 <= share <= 0.4, parent


def test_hardness__independent_reports_share_less_than_a_quarter() -> None:
    for a, b in related("same_event"):
        assert 0.05 < containment(body_shingles(a), body_shingles(b)) < 0.25, (a, b)


def test_hardness__unrelated_pages_share_furniture_only() -> None:
    for a, b in related("unrelated"):
        assert resemblance(body_shingles(a), body_shingles(b)) < 0.02
        assert resemblance(page_shingles(a), page_shingles(b)) > 0.4


def test_hardness__back_dated_copy_claims_to_be_older_than_its_source() -> None:
    copy, source = PAGES["inlanddigest-dredge"], PAGES["harborlight-dredge"]
    assert copy["published"][:10] < source["published"][:10]
    assert "Source: The Harbor Light" in copy["text"]


def components(threshold: float) -> dict[str, str]:
    """Name each page by the smallest page its chain of resemblances reaches."""
    root = {name: name for name in PAGES}

    def find(name: str) -> str:
        while root[name] != name:
            name = root[name]
        return name

    for a, b in combinations(sorted(PAGES), 2):
        if resemblance(page_shingles(a), page_shingles(b)) >= threshold:
            low, high = sorted((find(a), find(b)))
            root[high] = low
    return {name: find(name) for name in PAGES}


def pairwise_f1(found: dict[str, str]) -> float:
    joined = right = true = 0
    for a, b in combinations(PAGES, 2):
        together, wanted = found[a] == found[b], TRUTH[a]["story"] == TRUTH[b]["story"]
        joined, true, right = joined + together, true + wanted, right + (together and wanted)
    return 2 * right / (joined + true)


@pytest.mark.parametrize(
    ("threshold", "most"),
    [(0.1, 0.55), (0.2, 0.7), (0.25, 0.9), (0.3, 0.9), (0.5, 0.65), (0.7, 0.55), (0.9, 0.4)],
)
def test_hardness__exact_resemblance_with_components_fails(threshold: float, most: float) -> None:
    assert pairwise_f1(components(threshold)) < most
