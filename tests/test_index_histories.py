"""Documents that come, change and go, in any order: an index stays whole throughout."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from dedupe import Index
from tests.test_index import partition, text

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.needs_jit

STORIES = [text(seed, 160).split() for seed in range(2)]


def piece(story: int, start: int, end: int) -> str:
    """Return some words of one of the stories."""
    return " ".join(STORIES[story][start:end])


def page(draw: random.Random) -> str:
    """Return a piece of a story, or pieces of several on one page."""
    pieces = []
    for story in draw.sample(range(len(STORIES)), draw.choice([1, 1, 2])):
        start, end = sorted(draw.sample(range(5), 2))
        pieces.append(piece(story, 40 * start, 40 * end))
    return " ".join(pieces)


def test_add__a_new_version_leaves_the_one_whose_story_it_was_in(tmp_path: Path) -> None:
    # It goes on with its old version, and not with the document that stays behind.
    with Index(tmp_path / "index") as index:
        index.add({"id": "part", "text": piece(0, 0, 110)})
        index.add({"id": "whole", "text": piece(0, 0, 160)})
        assert partition(index) == {frozenset({"part", "whole"})}
        index.add({"id": "whole", "text": piece(0, 110, 160)})
        assert index.check() == []
        assert partition(index) == {frozenset({"part"}), frozenset({"whole"})}
        index.remove("whole")
        assert index.check() == []
        index.add({"id": "whole", "text": piece(0, 0, 160)})
        assert index.check() == []
        assert partition(index) == {frozenset({"part", "whole"})}


@pytest.mark.parametrize("seed", range(12))
def test_check__is_whole_after_each_step_of_any_history(seed: int, tmp_path: Path) -> None:
    draw = random.Random(seed)  # noqa: S311
    pages = [page(draw) for _ in range(5)]
    current: set[str] = set()
    with Index(tmp_path / "index") as index:
        for _ in range(14):
            names = draw.sample("abcdef", draw.choice([1, 1, 1, 4]))
            if draw.random() < 0.75:
                index.add_many({"id": name, "text": draw.choice(pages)} for name in names)
                current.update(names)
            else:
                assert index.remove(names[0]) == (names[0] in current)
                current.discard(names[0])
            assert index.check() == []
            assert {row["id"] for row in index.export()} == current


@pytest.mark.parametrize("goes", ["removed", "another text"])
def test_remove__a_copy_keeps_what_the_one_that_goes_was_near_to(goes: str, tmp_path: Path) -> None:
    # A copy is found by its text, and compared with no excerpt.
    with Index(tmp_path / "index") as index:
        index.add({"id": "excerpt", "text": piece(0, 40, 160)})
        for name in ("first", "second", "third"):
            index.add({"id": name, "text": piece(0, 0, 160)})
        left = {"excerpt", "first", "second", "third"}
        for name in ("first", "second"):
            if goes == "removed":
                index.remove(name)
            else:
                index.add({"id": name, "text": text(len(left) + 10)})
            left.remove(name)
            assert index.check() == []
            assert frozenset(left) in partition(index)


@pytest.mark.parametrize("at_once", [False, True])
def test_add__a_page_with_another_title_keeps_its_excerpts(at_once: bool, tmp_path: Path) -> None:
    words = text(5, 480).split()
    whole = {"id": "whole", "text": " ".join(words)}
    excerpts = [
        {"id": f"{i}", "text": " ".join(words[80 * i : 80 * i + 80])} for i in range(6)
    ]  # fmt: skip
    with Index(tmp_path / "index") as index:
        index.add_many(excerpts)
        for version in range(5):
            index.add(whole | {"title": f"Version {version}"})
        if at_once:
            index.add_many(whole | {"title": f"Version {version}"} for version in range(5, 10))
        assert index.check() == []
        assert len(partition(index)) == 1
        # What it was near to is told once, not once for each version.
        with index._reading() as held:
            last = held.store.counts["n_docs"]
            assert len(held.document(last).edges) <= len(excerpts) + 1


@pytest.mark.parametrize("first", [True, False])
def test_add__a_copy_of_what_the_same_commit_replaces_keeps_its_story(
    tmp_path: Path, *, first: bool
) -> None:
    commit = [{"id": "b", "text": piece(1, 0, 160)}, {"id": "c", "text": piece(0, 0, 140)}]
    with Index(tmp_path / "index") as index:
        index.add({"id": "a", "text": piece(0, 0, 160)})
        index.add({"id": "b", "text": piece(0, 0, 140)})
        matches = index.add_many(commit if first else commit[::-1])
        assert [one.story for one in matches if one.document == "c"] == ["a"]
        assert partition(index) == {frozenset({"a", "c"}), frozenset({"b"})}
        assert index.check() == []


def test_add__what_several_outlets_print_is_parted_whoever_came_first(tmp_path: Path) -> None:
    first, second = piece(0, 0, 160), piece(1, 0, 160)
    documents = [
        {"id": f"{name}{i}", "text": text, "source": f"{name}{i}.example"}
        for name, text in (("a", first), ("b", second))
        for i in range(3)
    ]
    digest = {"id": "digest", "text": f"{first}\n\n{second}", "source": "digest.example"}
    stories = {frozenset({"a0", "a1", "a2"}), frozenset({"b0", "b1", "b2"}), frozenset({"digest"})}
    for place in (0, 3, 6):
        with Index(tmp_path / str(place)) as index:
            for document in [*documents[:place], digest, *documents[place:]]:
                index.add(document)
            assert partition(index) == stories, place
