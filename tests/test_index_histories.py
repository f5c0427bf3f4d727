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
