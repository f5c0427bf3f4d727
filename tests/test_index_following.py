"""An index beside what may mislead it: crowds in one commit, windows, versions, a busy writer."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dedupe import Index
from dedupe.errors import InputError
from dedupe.index.held import Held
from dedupe.storage import catalog, locks
from tests.test_index import partition, text, with_changes

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent


@pytest.mark.needs_jit
def test_add_many__a_crowd_in_one_commit_is_one_story(tmp_path: Path) -> None:
    with Index(tmp_path / "index") as index:
        matches = index.add_many(
            {"id": f"{i:03}", "text": f"{text(1)} Sentence number {i} was added by the desk."}
            for i in range(150)
        )
        assert {match.story for match in matches} == {"000"}
        assert sum(match.is_new_story for match in matches) == 1
        assert len(partition(index)) == 1


def _another_language(seed: int) -> str:
    return " ".join(word[::-1] for word in text(seed).split())


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_add__a_page_is_a_round_up_by_a_piece_of_a_story_that_is_not_its_own(
    order: tuple[int, ...], tmp_path: Path
) -> None:
    # The page and the second story make no positive pair: each goes on in its own way.
    second = _another_language(2).split()
    rewritten = [f"new{i}" if i > 60 and not i % 4 else word for i, word in enumerate(second)]
    documents = [
        {"id": "first", "text": text(1)},
        {"id": "page", "text": f"{text(1)} {' '.join(second)}"},
        {"id": "second", "text": f"{' '.join(rewritten)} {_another_language(3)}"},
    ]
    with Index(tmp_path / "index") as index:
        for i in order:
            index.add(documents[i])
        assert index.query(documents[2] | {"id": "asked"}).story == "second"
        assert len(partition(index)) == 3


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (2, 3, 0, 1), (3, 2, 1, 0), (3, 0, 2, 1)])
def test_add__pieces_of_a_page_are_not_held_against_those_of_one_it_follows(
    order: tuple[int, ...], tmp_path: Path
) -> None:
    # The second page prints the same stories, the other way round, and follows the first.
    one, other = text(1), _another_language(2)
    texts = {"one": one, "other": other, "page": f"{one} {other}", "turned": f"{other} {one}"}
    documents = [{"id": name, "text": words} for name, words in texts.items()]
    with Index(tmp_path / "index") as index:
        for i in order:
            index.add(documents[i])
        assert partition(index) == {
            frozenset({"one"}), frozenset({"other"}), frozenset({"page", "turned"}),
        }  # fmt: skip


@pytest.mark.parametrize("at_once", [1, 3])
@pytest.mark.parametrize("changes", [0, 25])
def test_window__a_copy_leads_to_a_copy_though_the_first_lies_too_far_back(
    tmp_path: Path, at_once: int, changes: int
) -> None:
    middle = with_changes(text(1), 2, changes) if changes else text(1)
    days = [("2020-01-01", text(1)), ("2020-01-25", middle), ("2020-02-15", text(1))]
    pages = [{"id": f"{i}", "text": words, "published": day} for i, (day, words) in enumerate(days)]
    with Index(tmp_path / "index", window="30d") as index:
        matches = [
            match
            for start in range(0, 3, at_once)
            for match in index.add_many(pages[start : start + at_once])
        ]
        assert [match.story for match in matches] == ["0", "0", "0"]
        assert matches[2].nearest == "1"


def test_window__of_a_text_with_many_copies_the_newest_are_looked_at(tmp_path: Path) -> None:
    with Index(tmp_path / "index", window="30d") as index:
        for month in range(1, 13):
            index.add_many(
                {"id": f"{month}-{i}", "text": text(1), "published": f"2020-{month:02}-10"}
                for i in range(3)
            )
        match = index.add({"id": "last", "text": text(1), "published": "2020-12-20"})
        assert not match.is_new_story
        assert match.nearest is not None
        assert match.nearest.startswith("12-")


def test_add_many__under_a_window_answers_stand_in_the_order_given(tmp_path: Path) -> None:
    days = ["2020-05-01", "2020-01-01", "2020-03-01"]
    pages = [{"id": day, "text": text(i), "published": day} for i, day in enumerate(days)]
    with Index(tmp_path / "index", window="7d") as index:
        assert [match.document for match in index.add_many(pages)] == days


def test_stories__a_new_version_that_leaves_its_story_is_told(tmp_path: Path) -> None:
    with Index(tmp_path / "index") as index:
        index.add_many([{"id": "a", "text": text(1)}, {"id": "b", "text": text(1)}])
        last = max(story.changed for story in index.stories())
        assert index.add({"id": "a", "text": text(2)}).is_new_story
        told = {story.story: story.documents for story in index.stories(since=last)}
        assert told == {"a": ("b",), "a#2": ("a",)}
        assert [row["story"] for row in index.history("a")] == [None, "a#2"]
        # One that never had others is told by add alone.
        index.add({"id": "c", "text": text(3)})
        last = max(story.changed for story in index.stories(since=last))
        index.add({"id": "c", "text": text(4)})
        assert list(index.stories(since=last)) == []


def test_story__no_two_have_one_name(tmp_path: Path) -> None:
    with Index(tmp_path / "index") as index:
        index.add_many([{"id": "b", "text": text(1)}, {"id": "c", "text": text(1)}])
        index.add({"id": "b#2", "text": text(2)})
        index.add({"id": "b", "text": text(3)})
        names = {row["id"]: row["story"] for row in index.export()}
        assert names == {"b": "b#2", "b#2": "b#2#1", "c": "b"}
        for name, document in (("b#2", "b"), ("b#2#1", "b#2"), ("b", "c")):
            story = index.story(name)
            assert story is not None
            assert (story.story, story.documents) == (name, (document,))


def test_check__beside_a_writer_a_reader_sees_one_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = catalog.Catalog.snapshot
    with Index(tmp_path / "index") as index:
        index.add({"id": "0", "text": text(0)})
        with Index(tmp_path / "index", read_only=True) as reader:
            added = iter(range(1, 100))

            @contextlib.contextmanager
            def later(self: catalog.Catalog) -> Iterator[None]:
                """Let the writer commit between the reader's look and its snapshot."""
                if self is reader._store.catalog:  # type: ignore[union-attr]
                    i = next(added)
                    index.add({"id": f"{i}", "text": text(i)})
                with begin(self):
                    yield

            monkeypatch.setattr(catalog.Catalog, "snapshot", later)
            for n_docs in range(2, 6):
                assert len(reader) == n_docs
            assert reader.check() == []
            told = reader.stats()
            assert told["versions"] == told["documents"] == 7


IN_ANOTHER_PROCESS = """
import sys
from dedupe import Index
with Index(sys.argv[1]) as index:
    index.add({"id": sys.argv[2], "text": "What others write " * 20})
"""


@pytest.mark.needs_jit
@pytest.mark.parametrize("what", ["check", "close"])
def test_index__a_catalogue_read_past_sqlite_keeps_its_locks(tmp_path: Path, what: str) -> None:
    """Else a writer that closes takes the log away, and readers never see another commit."""
    folder = tmp_path / "index"
    writer = Index(folder)
    with Index(folder, read_only=True) as reader:
        assert len(reader) == 0
        writer.close()
        if what == "check":
            with Index(folder, read_only=True) as other:
                assert other.check() == reader.check() == []
        for n_docs in range(1, 4):
            command = [sys.executable, "-c", IN_ANOTHER_PROCESS, str(folder), str(n_docs)]
            subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
            assert len(reader) == n_docs
    assert not locks._descriptors


def test_held__what_was_judged_anew_is_read_anew(tmp_path: Path) -> None:
    with Index(tmp_path / "index") as index:
        index.add_many([{"id": "a", "text": text(1)}, {"id": "b", "text": text(1)}])
        with index._reading() as held:
            one, other = held.documents([1, 2])
            later = held.later([2])
            assert later.document(1) is one
            assert later.document(2) is not other


def test_index__lies_on_a_file_system_that_cannot_be_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Index(tmp_path / "index") as index:
        index.add({"id": "a", "text": text(1)})
    before = {path.name for path in (tmp_path / "index").iterdir()}
    monkeypatch.setattr(os, "access", lambda *_, **__: False)
    with Index(tmp_path / "index", read_only=True) as index:
        assert index.query(text(1)).story == "a"
        assert {path.name for path in (tmp_path / "index").iterdir()} == before


def test_index__a_path_that_no_folder_can_have_is_refused() -> None:
    with pytest.raises(InputError, match="zero byte"):
        Index("a\0b")


@pytest.mark.needs_jit
def test_add__an_id_with_many_versions_reads_but_the_newest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    load = Held.load

    def counted(self: Held, numbers: Any) -> None:
        wanted = list(numbers)
        read.extend(wanted)
        load(self, wanted)

    with Index(tmp_path / "index") as index:
        for version in range(20):
            index.add({"id": "a", "text": text(version)})
        monkeypatch.setattr(Held, "load", counted)
        index.add({"id": "a", "text": text(20)})
    assert set(read) <= {20, 21}
