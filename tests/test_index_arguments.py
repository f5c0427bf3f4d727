"""What an index is asked with: wrong types are refused, and leave nothing behind."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from dedupe import Index
from dedupe.documents import Document
from dedupe.errors import DedupeError, InputError, SettingsError
from tests.test_index import text


@pytest.mark.parametrize(
    "given", ["abc", b"abc", {"text": "one"}, Document(text="one"), 5, None], ids=repr
)
def test_add_many__one_document_instead_of_many_is_refused(tmp_path: Path, given: Any) -> None:
    with Index(tmp_path / "index") as index:
        with pytest.raises(InputError, match="takes many documents"):
            index.add_many(given)
        assert len(index) == 0


WRONG: dict[str, Callable[[Index], Any]] = {
    "query": lambda index: index.query(cast("Any", b"x")),
    "add": lambda index: index.add(cast("Any", 5)),
    "story": lambda index: index.story(cast("Any", 5)),
    "remove": lambda index: index.remove(cast("Any", None)),
    "history": lambda index: index.history(cast("Any", 3)),
    "in": lambda index: cast("Any", 5) in index,
    "stories": lambda index: index.stories(since=cast("Any", "yesterday")),
}


@pytest.mark.parametrize("ask", WRONG.values(), ids=WRONG)
def test_index__an_argument_of_another_type_is_refused_by_name(
    tmp_path: Path, ask: Callable[[Index], Any]
) -> None:
    with Index(tmp_path / "index") as index:
        index.add(text(1))
        with pytest.raises(InputError, match=r"not (int|str|bytes|NoneType)"):
            ask(index)


@pytest.mark.parametrize(
    "options", [{"settings": {}}, {"settings": 5}, {"window": 5}, {"window": ""}], ids=repr
)
def test_index__wrong_options_leave_no_folder(tmp_path: Path, options: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        Index(tmp_path / "index", **options)
    assert list(tmp_path.iterdir()) == []


def test_index__a_path_of_another_type_is_refused() -> None:
    with pytest.raises(DedupeError, match="not int"):
        Index(cast("Any", 5))


def test_stories__the_loop_may_write_and_a_story_taken_apart_is_left_out(tmp_path: Path) -> None:
    with Index(tmp_path / "index") as index:
        index.add_many([{"id": str(i), "text": text(i // 2)} for i in range(6)])
        seen = []
        for story in index.stories():
            seen.append(story.story)
            if story.story == "0":
                index.add({"id": "late", "text": text(9)})
                index.remove("2")
                index.remove("3")
        assert seen == ["0", "4"]
        assert len(index) == 5


def test_stories__all_taken_apart_before_their_turn_yields_none(tmp_path: Path) -> None:
    with Index(tmp_path / "index") as index:
        index.add_many([{"id": str(i), "text": text(1)} for i in range(2)])
        stories = index.stories(since=datetime(2020, 1, 1, tzinfo=UTC))
        index.remove("0")
        assert list(stories) == []


def test_stories__others_may_ask_between_two_of_them(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with Index(tmp_path / "index") as index, ThreadPoolExecutor(1) as pool:
        index.add_many([{"id": str(i), "text": text(i // 2)} for i in range(4)])
        stories = index.stories()
        next(stories)
        assert pool.submit(len, index).result(timeout=30) == 4
        assert next(stories).size == 2
