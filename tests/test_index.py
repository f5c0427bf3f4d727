"""The index as a crawler uses it: stories found, kept, changed; the same as a run's."""

from __future__ import annotations

import asyncio
import dataclasses
import gc
import json
import os
import random
import re
import subprocess
import sys
import threading
import weakref
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import combinations, permutations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import dedupe
from dedupe import Index, Settings
from dedupe.errors import CorruptIndexError, IndexBusyError, SettingsError, StoreError
from dedupe.storage.catalog import FORMAT, Catalog

if TYPE_CHECKING:
    from collections.abc import Iterable

pytestmark = pytest.mark.needs_jit

NEWSROOM = Path(__file__).parent.parent / "seeds" / "newsroom.jsonl"
WORDS = [f"{a}{b}{c}" for a in "bdfgklm" for b in ("ara", "oli", "esu", "uni") for c in "nrst"]


def newsroom() -> list[dict[str, Any]]:
    """Return the bundled documents."""
    return [json.loads(line) for line in NEWSROOM.read_text(encoding="utf-8").splitlines()]


def text(seed: int, n_words: int = 120) -> str:
    """Return an invented text; another seed shares no three words with it."""
    draw = random.Random(seed)  # noqa: S311
    words = [draw.choice(WORDS) for _ in range(n_words)]
    return " ".join(word.capitalize() if i % 12 == 0 else word for i, word in enumerate(words))


def with_changes(given: str, seed: int, every: int = 20) -> str:
    """Return a text with one word in `every` replaced."""
    words = given.split()
    draw = random.Random(seed)  # noqa: S311
    for place in range(draw.randrange(every), len(words), every):
        words[place] = f"new{draw.randrange(10**6)}"
    return " ".join(words)


def partition(index: Index) -> set[frozenset[str]]:
    parts = defaultdict(set)
    for row in index.export():
        parts[row["story"]].add(row["id"])
    return {frozenset(part) for part in parts.values()}


def pairs(parts: set[frozenset[str]]) -> set[tuple[str, str]]:
    return {pair for part in parts for pair in combinations(sorted(part), 2)}


def run_partition(documents: list[dict[str, Any]], settings: Settings) -> set[frozenset[str]]:
    result = dedupe.find_duplicates(documents, settings)
    parts = defaultdict(set)
    columns = (result.documents.column(name).to_pylist() for name in ("id", "story"))
    for document, story in zip(*columns, strict=True):
        parts[story].add(document)
    return {frozenset(part) for part in parts.values()}


def test_add__a_copy_joins_the_story_and_another_text_begins_one(tmp_path: Path) -> None:
    with Index(tmp_path / "index") as index:
        first = index.add({"id": "a", "text": text(1)})
        copy = index.add({"id": "b", "text": text(1)})
        edited = index.add({"id": "c", "text": with_changes(text(1), 5)})
        other = index.add({"id": "d", "text": text(2)})
        assert (first.story, first.is_new_story) == ("a", True)
        assert (copy.story, copy.is_new_story, copy.nearest) == ("a", False, "a")
        assert (edited.story, edited.is_new_story) == ("a", False)
        assert (other.story, other.is_new_story, other.probability) == ("d", True, 0.0)
        assert copy.probability > 0.9
        assert len(index) == 4


def test_add__words_are_new_but_for_those_that_another_or_an_older_version_has(
    tmp_path: Path,
) -> None:
    with Index(tmp_path / "index") as index:
        page = {"id": "a", "text": text(1)}
        edited = with_changes(text(1), 5)
        assert index.add(page).is_new_text
        assert not index.add(page).is_new_text
        assert not index.add(page | {"title": "Another"}).is_new_text
        assert not index.add({"id": "b", "text": text(1).upper()}).is_new_text
        assert index.add({"id": "c", "text": edited}).is_new_text
        assert not index.query(edited).is_new_text
        assert index.query(text(2)).is_new_text
        assert index.add(page | {"text": text(2)}).is_new_text
        index.remove("c")
        assert index.add({"id": "d", "text": edited}).is_new_text


def test_add_many__of_equal_texts_in_a_commit_one_is_new(tmp_path: Path) -> None:
    with Index(tmp_path / "index") as index:
        index.add({"id": "old", "text": text(1)})
        matches = index.add_many([{"id": str(i), "text": text(i % 3)} for i in range(9)])
        assert [match.is_new_text for match in matches] == [True, False, True] + [False] * 6
        assert index.add({"id": "empty", "text": ""}).is_new_text


def test_index__what_was_added_is_there_when_it_is_opened_again(tmp_path: Path) -> None:
    with Index(tmp_path / "index") as index:
        index.add_many([{"id": str(i), "text": text(i // 2)} for i in range(20)])
        before = partition(index)
    with Index(tmp_path / "index") as index:
        assert partition(index) == before
        assert index.add({"id": "new", "text": text(3)}).story == "6"
        assert index.check() == []


@pytest.mark.parametrize("at_once", [1, 7, 100])
@pytest.mark.parametrize("order", [0, 1])
def test_index__tells_the_stories_of_a_run_in_any_order(
    tmp_path: Path, at_once: int, order: int
) -> None:
    documents = newsroom()
    random.Random(order).shuffle(documents)  # noqa: S311
    with Index(tmp_path / "index") as index:
        for start in range(0, len(documents), at_once):
            index.add_many(documents[start : start + at_once])
        found = pairs(partition(index))
        expected = pairs(run_partition(documents, index.settings))
    both = len(found & expected)
    assert 2 * both / (len(found) + len(expected)) == 1.0


def test_query__answers_as_add_would_and_changes_nothing(tmp_path: Path) -> None:
    with Index(tmp_path / "index") as index:
        index.add_many(newsroom())
        before = index.stats()
        told = [document for document in newsroom() if len(document["text"]) > 600]
        for seed, document in enumerate(told[:10]):
            asked = {**document, "id": "asked", "text": with_changes(document["text"], seed, 60)}
            match = index.query(asked)
            story = index.story(document["id"])
            assert story is not None
            assert match.story == story.story
        assert index.query(text(99)).is_new_story
        assert index.stats() == before


def test_match__origin_parent_and_passages_are_those_of_the_story(tmp_path: Path) -> None:
    documents = newsroom()
    result = dedupe.find_duplicates(documents)
    stories = {row["story"]: row for row in result.stories}
    rows = {row["id"]: row for row in result.documents.to_pylist()}
    with Index(tmp_path / "index") as index:
        matches = index.add_many(documents)
        matched = {match.document: match for match in matches}
        copied = next(row for row in rows.values() if row["parent"] and row["relation"] == "repost")
        match = matched[copied["id"]]
        assert match.relation == "repost"
        assert match.parent == copied["parent"]
        assert match.origin["document"] == stories[copied["story"]]["origin"]["document"]
        texts = {document["id"]: document["text"] for document in documents}
        other, passage = match.passages[0]
        own = texts[copied["id"]][passage.a_start : passage.a_end]
        theirs = texts[other][passage.b_start : passage.b_end]
        assert re.findall(r"\w+", own)[:3] == re.findall(r"\w+", theirs)[:3]


@pytest.fixture
def n_read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count the documents of each reading of a story."""
    from dedupe.index.reading import attributed

    n_read: list[int] = []

    def counted(table: Any, *rest: Any) -> Any:
        n_read.append(table.num_rows)
        return attributed(table, *rest)

    monkeypatch.setattr("dedupe.index.telling.attributed", counted)
    return n_read


def test_match__few_of_the_stories_that_were_read_for_many_stay_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dedupe.index.reading import Attributed, attributed

    tables: list[weakref.ref[Any]] = []

    def noted(*given: Any) -> Attributed:
        found = attributed(*given)
        tables.append(weakref.ref(found.table))
        return found

    monkeypatch.setattr("dedupe.index.telling.attributed", noted)
    with Index(tmp_path / "index", Settings(threads=1)) as index:
        matches = index.add_many([{"id": str(i), "text": text(i, 30)} for i in range(80)])
        for match in matches:
            assert match.relation == "single"
        gc.collect()
        assert sum(table() is not None for table in tables) <= 40
        # What a match was asked it knows.
        assert [match.relation for match in matches] == ["single"] * 80
        assert len(tables) == 80


def test_match__stories_of_one_commit_are_read_once_while_the_index_stays_as_it_is(
    tmp_path: Path, n_read: list[int]
) -> None:
    copies = [{"id": f"{i:02}", "text": with_changes(text(1), i)} for i in range(20)]
    others = [{"id": f"other{i}", "text": with_changes(text(2), i)} for i in range(3)]
    with Index(tmp_path / "index") as index:
        matches = index.add_many(copies + others)
        relations = {match.document: (match.relation, match.parent) for match in matches[:-1]}
        assert sorted(n_read) == [3, 20]
        story = index.story("00")
        assert story
        expected = story.relations
        assert {name: relations[name] for name in expected} == expected
        # Whoever asks later is told of the story as it then is.
        index.add({"id": "other3", "text": with_changes(text(2), 3)})
        assert "other3" in matches[-1].coverage
        assert sorted(n_read) == [3, 4, 20, 20]


def test_match__of_a_very_large_story_the_oldest_are_read_for_many_newcomers_together(
    tmp_path: Path, n_read: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dedupe.index.telling.MOST_READ", 10)
    copies = [{"id": f"{i:02}", "text": with_changes(text(1), i)} for i in range(36)]
    with Index(tmp_path / "index") as index:
        matches = index.add_many(copies[:35])
        assert "single" not in {match.relation for match in matches}
        # Ten, the ten with the next ten, with ten more, with the last five.
        assert sorted(n_read) == [10, 15, 20, 20]
        assert index.add(copies[35]).relation != "single"
        assert n_read[-1] == 11


def test_add__an_id_given_again_gets_a_new_version_and_keeps_its_history(tmp_path: Path) -> None:
    with Index(tmp_path / "index") as index:
        index.add({"id": "a", "text": text(1)})
        index.add({"id": "b", "text": with_changes(text(1), 3, 8)})
        again = index.add({"id": "a", "text": with_changes(text(1), 4, 30)})
        assert again.story == "a"
        assert len(index) == 2
        assert partition(index) == {frozenset({"a", "b"})}
        assert [(one["version"], one["state"]) for one in index.history("a")] == [
            (1, "replaced"),
            (2, "current"),
        ]
        assert index.history("a")[0]["text"] == text(1)
        moved = index.add({"id": "a", "text": text(7)})
        assert moved.is_new_story
        assert partition(index) == {frozenset({"a"}), frozenset({"b"})}


def test_add__the_first_page_of_a_story_crawled_again_has_a_relative(tmp_path: Path) -> None:
    with Index(tmp_path / "index") as index:
        page = {"id": "a", "text": text(1)}
        index.add(page)
        later = index.add({"id": "b", "text": with_changes(text(1), 3, 50)})
        again = index.add(page)
        assert (again.nearest, again.is_new_story) == ("b", False)
        assert again.probability == pytest.approx(later.probability, abs=0.01)


def test_add__a_page_crawled_again_is_never_near_to_its_own_older_version(tmp_path: Path) -> None:
    old, new = ({"id": "a", "text": with_changes(text(1), seed, 50)} for seed in (1, 2))
    with Index(tmp_path / "index") as index:
        index.add(old)
        for change in ("version", "unchanged"):
            match = index.add(new)
            assert (match.change, match.nearest, match.probability) == (change, None, 0.0)
        copy = index.add({"id": "b", "text": with_changes(text(1), 3, 50)})
        assert copy.nearest == "a"
        assert index.add(new).nearest == "b"
        # Of its story the first is asked, and that is an older version of what comes again.
        index.add({"id": "b", "text": old["text"]})
        again = index.add({"id": "b", "text": old["text"]})
        assert (again.change, again.nearest) == ("unchanged", "a")


def test_add__a_page_crawled_again_unchanged_adds_nothing(tmp_path: Path) -> None:
    documents = newsroom()[:10]
    with Index(tmp_path / "index") as index:
        before = index.add_many(documents)
        parts = partition(index)
        again = index.add_many(documents)
        assert [match.document for match in again] == [match.document for match in before]
        assert partition(index) == parts
        assert index.stats()["versions"] == 10


def test_add_many__an_id_twice_in_one_call_is_two_versions(tmp_path: Path) -> None:
    with Index(tmp_path / "index") as index:
        index.add_many([{"id": "a", "text": text(1)}, {"id": "a", "text": text(2)}])
        assert len(index) == 1
        assert len(index.history("a")) == 2


def test_add_many__a_story_that_begins_with_a_second_version_says_so(tmp_path: Path) -> None:
    with Index(tmp_path / "index") as index:
        matches = index.add_many([{"id": "a", "text": text(1)}, {"id": "a", "text": text(2)}])
        assert [match.story for match in matches] == ["a", "a#2"]
        assert [row["version"] for row in index.history("a")] == [1, 2]
        story = index.story("a#2")
        assert story is not None
        assert story.documents == ("a",)


def test_add__a_document_that_joins_two_stories_reports_the_merged_one(tmp_path: Path) -> None:
    words = text(1, 240).split()
    for place in range(6, 240, 12):
        words[place : place + 2] = ["Mira", "Tolvane"] if place % 24 else ["Kestrel", "Harbour"]
    whole = " ".join(words)
    # Two cuts of one story that share too little to show it.
    front, back = " ".join(words[:152]), " ".join(words[88:])
    with Index(tmp_path / "index") as index:
        assert index.add({"id": "front", "text": front}).is_new_story
        assert index.add({"id": "back", "text": back}).is_new_story
        match = index.add({"id": "whole", "text": whole})
        assert match.story == "front"
        assert match.merged == ("back",)
        story = index.story("whole")
        assert story is not None
        assert story.merged == ("back",)
        assert set(story.documents) == {"front", "back", "whole"}
        index.remove("whole")
        assert partition(index) == {frozenset({"front"}), frozenset({"back"})}


def test_remove__a_copy_stands_in_for_what_is_gone(tmp_path: Path) -> None:
    with Index(tmp_path / "index") as index:
        index.add_many([{"id": name, "text": text(1)} for name in "abc"])
        assert index.remove("a")
        assert not index.remove("a")
        assert "a" not in index
        assert index.add({"id": "d", "text": text(1)}).story == "a"
        assert partition(index) == {frozenset("bcd")}
        index.compact()
        assert index.add({"id": "e", "text": with_changes(text(1), 3)}).story == "a"
        assert index.check() == []


def test_compact__reads_removed_documents_in_few_questions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    get_many = Catalog.get_many

    def counted(catalog: Catalog, table: str, keys: Iterable[int]) -> Any:
        asked.append(table)
        return get_many(catalog, table, keys)

    with Index(tmp_path / "index") as index:
        index.add_many([{"id": f"{seed}", "text": text(seed)} for seed in range(150)])
        for seed in range(120):
            index.remove(f"{seed}")
        monkeypatch.setattr(Catalog, "get_many", counted)
        index.compact()
        assert asked == ["documents"] * 2
        assert {index.history(f"{seed}")[0]["state"] for seed in range(120)} == {"erased"}
        assert index.history("149")[0]["text"] == text(149)
        assert index.check() == []


def test_compact__the_text_of_a_removed_document_is_gone_from_the_disk(tmp_path: Path) -> None:
    with Index(tmp_path / "index") as index:
        index.add_many([{"id": str(i), "text": text(i)} for i in range(30)])
        before = partition(index)
        index.remove("7")
        index.compact()
        assert partition(index) == before - {frozenset({"7"})}
        assert [one["state"] for one in index.history("7")] == ["erased"]
        assert index.add({"id": "new", "text": text(7)}).is_new_story
        assert index.add({"id": "copy", "text": text(8)}).story == "8"
        assert index.check() == []


def test_stories__since_tells_what_has_changed(tmp_path: Path) -> None:
    with Index(tmp_path / "index") as index:
        index.add_many([{"id": str(i), "text": text(i // 2)} for i in range(6)])
        assert sorted(story.story for story in index.stories()) == ["0", "2", "4"]
        changed = max(story.changed for story in index.stories())
        moment = datetime.now(UTC)
        index.add({"id": "late", "text": text(1)})
        assert [story.story for story in index.stories(since=changed)] == ["2"]
        assert [story.story for story in index.stories(since=moment)] == ["2"]
        assert list(index.stories(since=datetime.now(UTC))) == []


@pytest.mark.parametrize("steps", [(0, 1000, -5000, -4000), (0, -1, -2, -3)], ids=str)
def test_stories__since_misses_nothing_when_the_clock_was_set_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: tuple[int, ...]
) -> None:
    start = 1_700_000_000
    with Index(tmp_path / "index") as index:
        for number, step in enumerate(steps):
            monkeypatch.setattr("dedupe.index.index.time.time", lambda step=step: start + step)
            index.add_many([{"id": f"{number}{i}", "text": text(number)} for i in "ab"])
        told = {
            since: {story.story for story in index.stories(since=moment)}
            for since in (-1, 0, 500)
            for moment in [datetime.fromtimestamp(start + since, UTC)]
        }
    # The clock as it was read the second time stands for all later commits.
    assert told[-1] == {"0a", "1a", "2a", "3a"}
    assert told[500] == ({"1a", "2a", "3a"} if steps[1] > 0 else set())
    assert told[0] == told[500]


def follow(index: Index, stories: dict[str, str], since: int) -> int:
    """Bring a crawler's own list of stories up to date; returns the last commit it knows."""
    for story in index.stories(since=since):
        stories.update(dict.fromkeys(story.documents, story.story))
        since = max(since, story.changed)
    return since


def test_stories__a_document_that_left_its_story_is_told_with_the_story_it_is_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = [{"id": str(i), "text": with_changes(text(1), i, 10)} for i in range(4)]
    with Index(tmp_path / "index") as index:
        index.add_many(given[:3])
        stories: dict[str, str] = {}
        last = follow(index, stories, 0)
        assert stories == dict.fromkeys("012", "0")

        def apart(leaders: list[int], *_: Any) -> list[int]:
            return [int(number == 2) for number in leaders]

        # As when a newcomer holds what two others must not share.
        monkeypatch.setattr("dedupe.index.stories.clustered", apart)
        match = index.add(given[3])
        assert (match.story, match.merged) == ("0", ())
        last = follow(index, stories, last)
        assert stories == {"0": "0", "1": "1", "2": "0", "3": "0"}
        assert [story.story for story in index.stories()] == ["0"]
        # Regrouped once more, but with the same members, it has not changed.
        index.add({"id": "4", "text": with_changes(text(1), 5, 10)})
        assert [story.story for story in index.stories(since=last)] == ["0"]


def test_stories__one_that_all_others_left_is_told(tmp_path: Path) -> None:
    with Index(tmp_path / "index") as index:
        index.add_many([{"id": str(i), "text": text(i // 2)} for i in range(4)])
        last = follow(index, {}, 0)
        index.remove("1")
        index.remove("2")
        changed = {story.story: story.documents for story in index.stories(since=last)}
        assert changed == {"0": ("0",), "2": ("3",)}
        assert index.add({"id": "late", "text": text(0)}).story == "0"
        story = index.story("0")
        assert story is not None
        assert story.documents == ("0", "late")
        index.remove("0")
        index.remove("late")
        assert index.story("0") is None
        assert index.check() == []


def test_window__documents_too_far_apart_are_not_compared(tmp_path: Path) -> None:
    with Index(tmp_path / "index", window="30d") as index:
        index.add({"id": "old", "text": text(1), "published": "2026-01-01T00:00:00Z"})
        edited = with_changes(text(1), 2)
        far = index.add({"id": "far", "text": edited, "published": "2026-03-01T00:00:00Z"})
        near = index.add(
            {"id": "near", "text": with_changes(text(1), 3), "published": "2026-01-20T00:00:00Z"}
        )
        assert far.is_new_story
        assert near.story == "old"
    with pytest.raises(SettingsError, match="a window is"):
        Index(tmp_path / "index", window="soon")


@pytest.mark.parametrize("order", list(permutations((0, 8, 37))))
def test_window__what_lies_between_joins_equal_texts_whoever_came_first(
    order: tuple[int, ...], tmp_path: Path
) -> None:
    with Index(tmp_path / "index", window="30d") as index:
        for day in order:
            published = (datetime(2018, 6, 1, tzinfo=UTC) + timedelta(days=day)).isoformat()
            index.add({"id": str(day), "text": text(1), "published": published})
        assert partition(index) == {frozenset({"0", "8", "37"})}


def test_window__another_holds_while_it_is_open_so_and_changes_nothing_of_before(
    tmp_path: Path,
) -> None:
    dates = ("2026-01-01T00:00:00Z", "2026-01-20T00:00:00Z", "2026-02-08T00:00:00Z")
    given = [
        {"id": str(i), "text": with_changes(text(1), i), "published": date}
        for i, date in enumerate(dates)
    ]
    with Index(tmp_path / "index", window="30d") as index:
        assert [match.story for match in index.add_many(given[:2])] == ["0", "0"]
    with Index(tmp_path / "index", window="7d") as index:
        assert index.window_minutes == 7 * 1440
        assert index.query(given[2]).is_new_story
        assert partition(index) == {frozenset("01")}
    with Index(tmp_path / "index") as index:
        assert index.window_minutes == 30 * 1440
        assert index.query(given[2]).story == "0"


def test_window__a_document_without_a_date_has_appeared_now(tmp_path: Path) -> None:
    now = datetime.now(UTC).isoformat()
    with Index(tmp_path / "index", window="7d") as index:
        index.add({"id": "old", "text": text(1), "published": "2020-01-01T00:00:00Z"})
        index.add({"id": "new", "text": text(2), "fetched": now})
        assert index.query(with_changes(text(1), 1)).is_new_story
        assert index.query(with_changes(text(2), 1)).story == "new"


def test_window__an_exact_copy_from_another_time_begins_a_story_and_an_id_is_found_always(
    tmp_path: Path,
) -> None:
    with Index(tmp_path / "index", window="7d") as index:
        first = {"id": "a", "text": text(1), "published": "2026-01-01T00:00:00Z"}
        index.add(first)
        late = index.add({**first, "id": "b", "published": "2026-06-01T00:00:00Z"})
        assert late.is_new_story
        near = index.add({**first, "id": "c", "published": "2026-06-02T00:00:00Z"})
        assert near.story == "b"
        index.add({**first, "text": text(9), "published": "2026-09-01T00:00:00Z"})
        assert [one["state"] for one in index.history("a")] == ["replaced", "current"]


def test_window__segments_outside_of_it_are_not_searched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dedupe.storage import store
    from dedupe.storage.segments import Segment

    monkeypatch.setattr(store, "TAIL_DOCUMENTS", 4)
    searched = []
    asked = Segment.hits

    def hits(segment: Segment, keys: Any) -> Any:
        searched.append((segment.name.first, len(keys)))
        return asked(segment, keys)

    monkeypatch.setattr(Segment, "hits", hits)
    with Index(tmp_path / "index", window="7d") as index:
        for month in range(1, 5):
            published = f"2026-{month:02}-01T00:00:00Z"
            index.add_many(
                {"id": f"{month}-{i}", "text": text(10 * month + i), "published": published}
                for i in range(4)
            )
        assert len(index.stats()["segments"]) == 4
        searched.clear()
        asked_for = {"text": with_changes(text(21), 3), "published": "2026-02-03T00:00:00Z"}
        assert index.query(asked_for).story == "2-1"
        # The id is looked for everywhere, all other keys in one segment.
        assert {first for first, n_keys in searched if n_keys > 20} == {5}
        assert {first for first, _ in searched} == {1, 5, 9, 13}


def test_match__the_postings_read_for_a_query_are_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dedupe.index import matching

    settings = Settings(bucket_cap=8, rare_cap=8)
    n_read = []
    looked_up = matching._looked_up

    def counted(*arguments: Any) -> Any:
        found = looked_up(*arguments)
        n_read.append(len(found.document))
        return found

    monkeypatch.setattr(matching, "_looked_up", counted)
    with Index(tmp_path / "index", settings) as index:
        template = text(1, 80)
        index.add_many(
            {"id": f"{i:04}", "text": f"{template} {text(1000 + i, 80)}"} for i in range(300)
        )
        from dedupe.index.asked import table_of
        from dedupe.index.held import Held
        from dedupe.index.matching import MOST_FETCHED, match, read

        store = index._store
        assert store is not None
        held = Held(store)
        batch = read(table_of([f"{template} {text(5, 80)}"]), held, index.settings, 0, 0)
        matched = match(batch, held, index.settings)
        assert len(batch.keys.keys) * 8 >= n_read[-1] > 0
        assert len(matched.old) <= MOST_FETCHED
        assert n_read[-1] < 300


def test_match__of_pages_that_share_but_a_quotation_only_one_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Under a third of all seeds too few of so short a quotation's shingles are sampled.
    monkeypatch.setattr("dedupe.index.open_index.secrets.randbits", lambda _: 1)
    from dedupe.index.asked import table_of
    from dedupe.index.held import Held
    from dedupe.index.matching import match, read

    quotation = text(7, 24)
    with Index(tmp_path / "index") as index:
        index.add_many(
            {"id": f"{i:02}", "text": f"{text(100 + i, 500)} {quotation}"} for i in range(20)
        )
        store = index._store
        assert store is not None

        def read_for(given: str) -> list[str]:
            held = Held(store)
            batch = read(table_of([given]), held, index.settings, 0, 0)
            return [one.id for one in match(batch, held, index.settings).old]

        assert len(read_for(f"{text(9, 500)} {quotation}")) == 1
        assert read_for(f"{with_changes(text(103, 500), 5)} {quotation}") == ["03"]


def test_match__old_documents_are_compared_with_those_alone_that_they_were_read_for(
    tmp_path: Path,
) -> None:
    from dedupe.index.asked import table_of
    from dedupe.index.held import Held
    from dedupe.index.matching import match, read

    with Index(tmp_path / "index") as index:
        index.add_many({"id": f"old{i}", "text": f"{text(i)} {text(50, 60)}"} for i in range(4))
        store = index._store
        assert store is not None
        held = Held(store)
        new = [f"{with_changes(text(i), i, 30)} {text(60, 60)}" for i in range(2)]
        batch = read(table_of(new), held, index.settings, 0, 0)
        matched = match(batch, held, index.settings)
        read_for = {
            (row, matched.old[other - 2].id if other >= 2 else "new")
            for row, other in zip(*(matched.pairs[side].to_pylist() for side in "ab"), strict=True)
        }
        names = batch.table["text"].to_pylist()
        expected = {(names.index(page), f"old{i}") for i, page in enumerate(new)}
        assert read_for == expected | {(0, "new")}


def test_index__a_second_writer_gets_a_clear_error_and_readers_do_not_block(tmp_path: Path) -> None:
    with Index(tmp_path / "index") as index:
        index.add({"id": "a", "text": text(1)})
        with pytest.raises(IndexBusyError, match="open for writing already"):
            Index(tmp_path / "index")
        with Index(tmp_path / "index", read_only=True) as reader:
            assert reader.query(text(1)).story == "a"
            index.add({"id": "b", "text": text(2)})
            assert reader.query(text(2)).story == "b"
            assert len(reader) == 2
            with pytest.raises(StoreError, match="read-only"):
                reader.add(text(3))
    with Index(tmp_path / "index") as index:
        assert len(index) == 2


def test_index__its_writer_closes_while_a_reader_looks_at_one_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As long as anyone would wait for the reader, who waits for the writer.
    monkeypatch.setattr("dedupe.storage.catalog._BUSY_MILLISECONDS", 1_000_000)
    with Index(tmp_path / "index") as index:
        index.add({"id": "a", "text": text(1)})
        with Index(tmp_path / "index", read_only=True) as reader:
            with reader._reading() as held:
                index.add({"id": "b", "text": text(2)})
                closing = threading.Thread(target=index.close, daemon=True)
                closing.start()
                closing.join(60)
                assert not closing.is_alive()
                assert held.store.counts["n_live"] == 1
            assert (len(reader), reader.check()) == (2, [])
    with Index(tmp_path / "index") as index:
        assert (len(index), index.check()) == (2, [])


def test_index__no_file_can_be_deleted_to_let_a_second_writer_in(tmp_path: Path) -> None:
    with Index(tmp_path / "index") as index:
        index.add({"id": "a", "text": text(1)})
        for path in (tmp_path / "index").iterdir():
            path.unlink()
        with pytest.raises(IndexBusyError):
            Index(tmp_path / "index")


def test_index__a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(StoreError, match="holds something else"):
        Index(tmp_path)
    with pytest.raises(StoreError, match="holds no index"):
        Index(tmp_path / "none", read_only=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notes.txt"]


def test_index__another_format_or_other_settings_are_named(tmp_path: Path) -> None:
    import sqlite3

    Index(tmp_path / "index").close()
    with pytest.raises(SettingsError, match="n_slots 128, not 64"):
        Index(tmp_path / "index", Settings(n_slots=64))
    free = Settings(threads=1, memory_limit="2GB", all_passages=True)
    with Index(tmp_path / "index", free) as index:
        assert index.settings == dataclasses.replace(free, seed=index.settings.seed)
    base = sqlite3.connect(tmp_path / "index" / "catalog.sqlite")
    base.execute("PRAGMA user_version=9")
    base.close()
    before = {path.name: path.read_bytes() for path in (tmp_path / "index").iterdir()}
    assert "catalog.seal" in before
    with pytest.raises(StoreError, match=f"index format 9, this version reads {FORMAT}"):
        Index(tmp_path / "index")
    assert {path.name: path.read_bytes() for path in (tmp_path / "index").iterdir()} == before


@pytest.mark.parametrize("name", ["settings", "window"])
def test_index__one_that_cannot_be_opened_is_left_unlocked(tmp_path: Path, name: str) -> None:
    import sqlite3

    Index(tmp_path / "index").close()
    base = sqlite3.connect(tmp_path / "index" / "catalog.sqlite")
    (kept,) = base.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
    for value in (b"", kept):
        base.execute("UPDATE meta SET value = ? WHERE name = ?", (value, name))
        base.commit()
        if value == kept:
            Index(tmp_path / "index").close()
        else:
            # The error is kept, and with it all that was at work.
            with pytest.raises(CorruptIndexError, match=name) as _kept_error:
                Index(tmp_path / "index")
    base.close()


def test_index__its_file_of_names_is_found_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = {"name": "Quay Wire", "spellings": ["Quay Wire"]}
    (tmp_path / "names.json").write_text(json.dumps({"agencies": [wire]}), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with Index("index", Settings(names="names.json")) as index:
        index.add({"id": "a", "text": f"OSLO (Quay Wire) - {text(1)}", "source": "a.example"})
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    with Index(tmp_path / "index") as index:
        copy = index.add({"id": "b", "text": text(1), "source": "b.example"})
        assert copy.origin["name"] == "Quay Wire"


def test_index__each_has_a_secret_seed_of_its_own(tmp_path: Path) -> None:
    with Index(tmp_path / "one") as one, Index(tmp_path / "two") as two:
        assert one.settings.seed != two.settings.seed
        assert one.stats()["settings"]["seed"] == "secret"


def test_index__threads_share_it(tmp_path: Path) -> None:
    documents = [{"id": f"{i:03}", "text": text(i // 4)} for i in range(80)]
    with Index(tmp_path / "index") as index:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(index.add, documents))
        assert {len(part) for part in partition(index)} == {4}


def test_index__an_event_loop_goes_on_while_it_works(tmp_path: Path) -> None:
    async def crawl(index: Index) -> list[str]:
        jobs = [
            asyncio.to_thread(index.add, {"id": str(i), "text": text(i // 2)}) for i in range(8)
        ]
        return [match.story for match in await asyncio.gather(*jobs)]

    with Index(tmp_path / "index") as index:
        assert len(set(asyncio.run(crawl(index)))) == 4


def test_index__a_forked_child_reads_and_leaves_the_lock_to_its_parent(tmp_path: Path) -> None:
    with Index(tmp_path / "index") as index:
        index.add({"id": "a", "text": text(1)})
        child = os.fork()
        if child == 0:
            code = 1
            try:
                found = index.query(text(1)).story
                try:
                    index.add(text(2))
                except StoreError as error:
                    code = 0 if found == "a" and "was forked" in str(error) else 2
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert index.add({"id": "b", "text": text(2)}).is_new_story
        with pytest.raises(IndexBusyError):
            Index(tmp_path / "index")


def test_index__a_child_forked_while_a_thread_opens_a_file_can_open_it_too(tmp_path: Path) -> None:
    code = (
        "import os, sys, threading, time\n"
        "from dedupe.storage import locks\n"
        "def hold():\n"
        "    with locks._mutex:\n"
        "        taken.set()\n"
        "        time.sleep(0.5)\n"
        "taken = threading.Event()\n"
        "thread = threading.Thread(target=hold)\n"
        "thread.start()\n"
        "taken.wait()\n"
        "child = os.fork()\n"
        "if not child:\n"
        "    os._exit(not locks._mutex.acquire(timeout=30))\n"
        "assert locks._mutex.acquire(timeout=30)\n"
        "sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    call = [sys.executable, "-W", "ignore", "-c", code]
    assert subprocess.run(call, check=False, cwd=tmp_path).returncode == 0


def test_index__one_that_a_forked_child_cannot_open_is_not_its_parents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A child that cannot open the index anew must not ask through its parent's connection."""
    from dedupe.index import open_index

    def fail(*_: Any, **__: Any) -> None:
        raise StoreError("no")

    with Index(tmp_path / "index") as index:
        with monkeypatch.context() as patched:
            patched.setattr(open_index, "Store", fail)
            patched.setattr(os, "getpid", lambda: -1)
            for message in ("no", "is closed"):
                with pytest.raises(StoreError, match=message):
                    index.query(text(1))
        open_index._LEFT_BEHIND.pop().close()


def test_index__a_closed_one_says_so(tmp_path: Path) -> None:
    index = Index(tmp_path / "index")
    index.close()
    with pytest.raises(StoreError, match="is closed"):
        index.query(text(1))


def test_index__odd_ids_and_texts_come_back_as_they_were(tmp_path: Path) -> None:
    ids = ["../../x", "a\0b", "é" * 2000, " ", "#2", "1"]
    with Index(tmp_path / "index") as index:
        index.add_many({"id": name, "text": f"{text(i)} \0 é"} for i, name in enumerate(ids))
        index.add({"id": "empty", "text": ""})
        assert {row["id"] for row in index.export()} == {*ids, "empty"}
        assert all(name in index for name in ids)
        assert index.history("a\0b")[0]["text"].endswith("\0 é")
        assert index.query("").is_new_story


def test_index__copies_of_one_text_stay_cheap(tmp_path: Path) -> None:
    with Index(tmp_path / "index") as index:
        matches = index.add_many({"id": f"{i:04}", "text": text(1)} for i in range(1500))
        assert {match.story for match in matches} == {"0000"}
        assert index.stats()["texts"] == 1
        index.add({"id": "one more", "text": with_changes(text(1), 3, 50)})
        assert len(partition(index)) == 1


def test_add_many__documents_of_one_commit_count_in_the_order_of_their_ids(tmp_path: Path) -> None:
    given = [("z", text(1)), ("c", text(1)), ("b", with_changes(text(1), 1)), ("x", text(2))]
    with Index(tmp_path / "index") as index:
        found = index.add_many([{"id": name, "text": body} for name, body in given])
        assert [(one.document, one.story, one.is_new_text) for one in found] == [
            ("z", "b", False), ("c", "b", True), ("b", "b", True), ("x", "x", True),
        ]  # fmt: skip
        (story,) = index.stories()
        assert story.documents == ("b", "c", "z")


def test_match__coverage_says_what_share_of_its_kept_text_each_other_has(tmp_path: Path) -> None:
    footer = "\n\nSign up for our newsletter to get the news each morning in your inbox."
    whole = {"id": "whole", "text": text(1, 300)}
    half = {"id": "half", "text": " ".join(text(1, 300).split()[:150]) + footer}
    with Index(tmp_path / "index") as index:
        index.add(whole)
        assert index.add(half).coverage == {"whole": 1.0}
        shared = index.query(whole | {"id": "again"}).coverage
        assert shared["whole"] == 1.0
        assert 0.45 < shared["half"] < 0.55
        assert index.query(text(7)).coverage == {}
