"""What an index is asked with: wrong types are refused, and leave nothing behind."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pytest

from dedupe import Index, find_duplicates
from dedupe.documents import SCHEMA, Document, documents_table
from dedupe.errors import DedupeError, InputError, SettingsError, StoreError
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
        stories = index.stories()
        changed = index.stories(since=datetime(2020, 1, 1, tzinfo=UTC))
        index.remove("0")
        assert list(stories) == []
        assert [story.documents for story in changed] == [("1",)]


def test_stories__others_may_ask_between_two_of_them(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with Index(tmp_path / "index") as index, ThreadPoolExecutor(1) as pool:
        index.add_many([{"id": str(i), "text": text(i // 2)} for i in range(4)])
        stories = index.stories()
        next(stories)
        assert pool.submit(len, index).result(timeout=30) == 4
        assert next(stories).size == 2


def test_add_many__rows_of_tables_without_ids_are_named_by_url_or_text(tmp_path: Path) -> None:
    with Index(tmp_path / "index") as index:
        for place in range(2):
            rows = {
                "text": [text(10 * place + i) for i in range(3)],
                "url": [f"https://tower.example/{place}", None, None],
            }
            index.add_many(pa.table(rows))
        assert len(index) == 6
        assert "https://tower.example/1" in index
        listed = index.add_many([{"text": text(1)}, {"text": text(11)}])
        assert [match.is_new_story for match in listed] == [False, False]
        assert len(index) == 6


def test_add_many__an_id_of_a_table_is_kept_whatever_it_says(tmp_path: Path) -> None:
    with Index(tmp_path / "index") as index:
        index.add_many(pa.table({"id": ["table:1", None], "text": [text(1), text(2)]}))
        assert "table:1" in index
        assert "table:2" not in index


@pytest.mark.parametrize(
    "form",
    [pa.table, lambda rows: documents_table(pa.table(rows).to_pylist())],
    ids=["any table", "documents table"],
)
def test_add_many__an_id_twice_in_a_table_is_two_versions(tmp_path: Path, form: Any) -> None:
    table = form({"id": ["a", "b", "a"], "text": [text(1), text(2), text(3)]})
    with Index(tmp_path / "index") as index:
        added = index.add_many(table)
        assert [match.change for match in added] == ["new", "new", "version"]
        assert [one["text"] for one in index.history("a")] == [text(1), text(3)]


def test_add_many__tells_new_documents_new_versions_and_unchanged_ones(tmp_path: Path) -> None:
    with Index(tmp_path / "index") as index:
        first = index.add({"id": "a", "text": text(1)})
        assert (first.change, first.to_dict()["change"]) == ("new", "new")
        assert index.add({"id": "a", "text": text(1)}).change == "unchanged"
        assert index.add({"id": "a", "text": text(2)}).change == "version"
        index.remove("a")
        assert index.add({"id": "a", "text": text(2)}).change == "version"
        asked = index.query({"id": "a", "text": text(2)})
        assert asked.change is None
        assert "change" not in asked.to_dict()


@pytest.mark.parametrize("ours", [False, True], ids=["any table", "documents table"])
def test_add_many__a_row_without_a_text_is_refused_and_nothing_is_added(
    tmp_path: Path, ours: bool
) -> None:
    table = pa.table({"id": ["a", "b"], "text": [text(1), None]})
    if ours:
        columns = [
            table.column(field.name).cast(field.type)
            if field.name in table.column_names
            else pa.nulls(2, field.type)
            for field in SCHEMA
        ]
        table = pa.Table.from_arrays(columns, schema=SCHEMA)
    with Index(tmp_path / "index") as index:
        with pytest.raises(InputError, match="2"):
            index.add_many(table)
        assert len(index) == 0


def test_add_many__a_documents_table_whose_bytes_are_no_text_is_refused(tmp_path: Path) -> None:
    columns = {name: pa.nulls(1, SCHEMA.field(name).type) for name in SCHEMA.names}
    columns["id"] = pa.array(["a"])
    broken = pa.array([b"\xff\xfe abc"], pa.large_binary())
    columns["text"] = pa.Array.from_buffers(pa.large_string(), 1, broken.buffers())
    table = pa.Table.from_arrays(list(columns.values()), schema=SCHEMA)
    with Index(tmp_path / "index") as index, pytest.raises(InputError, match="damaged"):
        index.add_many(table)
    with pytest.raises(InputError, match="damaged"):
        find_duplicates(table)


def test_query__a_document_that_is_held_is_not_its_own_nearest(tmp_path: Path) -> None:
    with Index(tmp_path / "index") as index:
        index.add({"id": "a", "text": text(1)})
        asked = index.query({"id": "a", "text": text(1)})
        assert (asked.story, asked.is_new_story, asked.nearest) == ("a", False, None)
        again = index.add({"id": "a", "text": text(1)})
        assert (again.nearest, again.probability) == (None, 0.0)
        index.add({"id": "b", "text": text(1)})
        asked = index.query({"id": "a", "text": text(1)})
        assert (asked.story, asked.nearest) == ("a", "b")
        assert asked.probability > 0.9
        newer = index.add({"id": "b", "text": text(1) + " More."})
        assert newer.nearest == "a"


def test_add__ids_that_utf8_cannot_hold_are_refused_and_never_become_one(tmp_path: Path) -> None:
    with Index(tmp_path / "index") as index:
        for name in ("\ud800", "a\udfffb"):
            with pytest.raises(InputError, match="lone surrogate"):
                index.add({"id": name, "text": text(1)})
            with pytest.raises(InputError, match="lone surrogate"):
                index.query({"id": name, "text": text(1)})
        assert len(index) == 0
        names = [
            index.add({"url": f"https://a.example/{mark}", "text": text(place)}).document
            for place, mark in enumerate(("\ud800", "\ud801"))
        ]
        assert len(set(names)) == len(index) == 2


def test_history__clocks_are_those_that_the_page_states(tmp_path: Path) -> None:
    given = {"id": "a", "text": text(1), "published": "2026-03-10", "fetched": "2026-03-10T08:30Z"}
    with Index(tmp_path / "index") as index:
        index.add(given)
        for (row,) in (index.history("a"), list(index.export())):
            assert row["published"] == datetime(2026, 3, 10, tzinfo=UTC)
            assert (
                row["fetched"] == row["fetched_until"] == datetime(2026, 3, 10, 8, 30, tzinfo=UTC)
            )
            assert row["published_until"] > datetime(2026, 3, 11, tzinfo=UTC)
        # The index itself goes on with what the clock may mean.
        assert index.query(given).nearest is None
        assert index.add(given).story == "a"
        assert len(index.history("a")) == 1


@pytest.mark.parametrize("where", ["file/index", "lost/index", "a" * 300, "odd"])
def test_index__a_folder_that_cannot_be_made_or_opened_is_a_store_error(
    tmp_path: Path, where: str
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "lost").symlink_to("/proc/nope")
    (tmp_path / "odd" / "catalog.sqlite").mkdir(parents=True)
    for read_only in (False, True):
        with pytest.raises(StoreError):
            Index(tmp_path / where, read_only=read_only)
