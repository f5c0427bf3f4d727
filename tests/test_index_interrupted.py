"""An index whose calls an exception breaks off at any line, as Ctrl-C does, and that goes on."""

from __future__ import annotations

import errno
import os
import random
import sqlite3
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import dedupe.storage
from dedupe import Index
from dedupe.errors import StoreError
from dedupe.storage import catalog
from tests.test_index_crash import (  # noqa: F401 - a fixture
    AT_ONCE,
    EXPECTED,
    N_DOCUMENTS,
    _many_segments,
    document,
    parts,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

pytestmark = pytest.mark.needs_jit

STORAGE = str(Path(dedupe.storage.__file__).parent)


def broken_off(work: Callable[[], object], after: int) -> tuple[bool, int]:
    """Do work until an interrupt at a line of the storage; says whether it came, and lines seen."""
    seen = 0

    def look(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal seen
        if not frame.f_code.co_filename.startswith(STORAGE):
            return None
        if event == "line":
            seen += 1
            if seen == after:
                raise KeyboardInterrupt
        return look

    before = sys.gettrace()
    sys.settrace(look)
    try:
        work()
    except KeyboardInterrupt:
        return True, seen
    finally:
        sys.settrace(before)
    return False, seen


@pytest.mark.usefixtures("_many_segments")
def test_index__broken_off_at_any_line_it_goes_on_from_what_is_on_disk(tmp_path: Path) -> None:
    draw = random.Random(3)  # noqa: S311
    n_broken, n_lines = 0, 400
    with Index(tmp_path / "index") as index:
        for i in range(0, N_DOCUMENTS, AT_ONCE):
            batch = [document(j) for j in range(i, i + AT_ONCE)]

            def work(batch: list[dict[str, Any]] = batch, i: int = i) -> None:
                index.add_many(batch)
                if i % 15 == 12:
                    index.compact()

            for _ in range(8):
                is_broken, _ = broken_off(work, draw.randrange(1, n_lines))
                n_broken += is_broken
                # Each commit is there, or it is not.
                assert len(index) in {i, i + AT_ONCE}
                assert index.check() == []
            _, n_lines = broken_off(work, 0)
            assert len(index) == i + AT_ONCE
    assert n_broken > 100
    assert parts(tmp_path / "index") == EXPECTED
    with Index(tmp_path / "index") as index:
        assert index.check() == []


@pytest.mark.parametrize("statement", ["BEGIN IMMEDIATE", "COMMIT"])
def test_index__an_interrupt_that_comes_with_a_statement_is_not_taken_for_its_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, statement: str
) -> None:
    execute = catalog._Connection.execute

    def interrupted(self: catalog._Connection, *arguments: Any) -> Any:
        done = execute(self, *arguments)
        if arguments[0] == statement:
            raise KeyboardInterrupt
        return done

    with Index(tmp_path / "index") as index:
        index.add(document(0))
        with monkeypatch.context() as patched:
            patched.setattr(catalog._Connection, "execute", interrupted)
            with pytest.raises(KeyboardInterrupt):
                index.add(document(1))
        n_kept = 1 + (statement == "COMMIT")
        assert len(index) == n_kept
        assert index.check() == []
        # Another document takes no number that is taken.
        index.add(document(30))
        assert max(row["id"] for row in index.export()) == "0030"
        assert len(index) == n_kept + 1
        assert index.check() == []


def test_index__a_full_disk_is_told_as_what_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dedupe.storage import segments, store

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, "TAIL_DOCUMENTS", 2)
    with Index(tmp_path / "index") as index:
        index.add(document(0))
        with monkeypatch.context() as patched:
            patched.setattr(segments, "write_all", full)
            with pytest.raises(StoreError, match="No space left on device; nothing of this commit"):
                index.add_many([document(1), document(2)])
        assert len(index) == 1
        index.add_many([document(1), document(2)])
        assert len(index) == 3
        assert index.check() == []


def test_index__what_was_wrong_first_is_told_though_nothing_can_be_rolled_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    execute = catalog._Connection.execute

    def failing(self: Any, sql: str, *rest: Any) -> Any:
        if sql == "ROLLBACK":
            raise sqlite3.OperationalError("disk I/O error")
        return execute(self, sql, *rest)

    with Index(tmp_path / "index") as index:
        index.add(document(0))
        with monkeypatch.context() as patch:
            patch.setattr("dedupe.index.index.add_table", full)
            patch.setattr(catalog._Connection, "execute", failing)
            with pytest.raises(StoreError, match=r"No space left on device; nothing of this"):
                index.add(document(1))
            with pytest.raises(StoreError, match="disk I/O error"):
                index.add(document(1))
        assert len(index) == 1
        index.add(document(1))
        assert (len(index), index.check()) == (2, [])


def test_index__what_one_segment_cannot_number_stays_in_several_and_the_log_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("dedupe.storage.store.TAIL_DOCUMENTS", 2)
    with Index(tmp_path / "index") as index:
        for i in range(0, 8, 2):
            index.add_many([document(i), document(i + 1)])
        index.remove(document(7)["id"])
        n_segments = len(index.stats()["segments"])
        monkeypatch.setattr("dedupe.storage.merging.ROW_BITS", 1)
        index.compact()
        assert "its segments stay as they are" in caplog.text
        assert len(index.stats()["segments"]) == n_segments > 1
        assert [one["state"] for one in index.history(document(7)["id"])] == ["erased"]
        monkeypatch.undo()
        index.compact()
        assert len(index.stats()["segments"]) == 1
        assert index.check() == []


def test_index__the_name_of_a_new_one_is_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync = os.fsync
    synced = set()

    def noting(handle: int) -> None:
        synced.add(os.fstat(handle).st_ino)
        fsync(handle)

    monkeypatch.setattr(os, "fsync", noting)
    Index(tmp_path / "new" / "index").close()
    folders = (tmp_path, tmp_path / "new", tmp_path / "new" / "index")
    assert {folder.stat().st_ino for folder in folders} <= synced


def test_index__an_old_segment_that_cannot_be_deleted_is_told_and_left_for_the_next_opening(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    import os

    from dedupe.storage import store

    unlink = os.unlink

    def refused(path: Any, **where: Any) -> None:
        if str(path).endswith(".postings"):
            raise PermissionError(1, "Operation not permitted")
        unlink(path, **where)

    monkeypatch.setattr(store, "TAIL_DOCUMENTS", 2)
    folder = tmp_path / "index"
    with monkeypatch.context() as patched:
        patched.setattr(os, "unlink", refused)
        with Index(folder) as index:
            for i in range(0, 6, 2):
                index.add_many([document(i), document(i + 1)])
            index.compact()
            assert "could not be deleted (Operation not permitted)" in caplog.text
            index.add(document(6))
            assert (len(index), index.check()) == (7, [])
        caplog.clear()
        with Index(folder) as index:
            assert caplog.text.count("could not be deleted") == 3
            assert (len(index), index.check()) == (7, [])
    assert len(list(folder.glob("*.postings"))) == 4
    Index(folder).close()
    assert len(list(folder.glob("*.postings"))) == 1


def test_index__a_folder_that_is_deleted_while_it_is_open_takes_nothing_more(
    tmp_path: Path,
) -> None:
    import shutil

    with Index(tmp_path / "index") as index:
        index.add(document(0))
        shutil.rmtree(tmp_path / "index")
        with pytest.raises(StoreError, match="deleted while it was open"):
            index.add(document(1))


def test_index__a_database_of_something_else_is_left_as_it_is(tmp_path: Path) -> None:
    import sqlite3

    folder = tmp_path / "index"
    folder.mkdir()
    other = sqlite3.connect(folder / "catalog.sqlite")
    other.execute("CREATE TABLE recipes (name)")
    other.commit()
    other.close()
    before = (folder / "catalog.sqlite").read_bytes()
    with pytest.raises(StoreError, match="a database of something else"):
        Index(folder)
    assert (folder / "catalog.sqlite").read_bytes() == before


def test_index__a_relative_path_stays_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dedupe.storage import store

    monkeypatch.setattr(store, "TAIL_DOCUMENTS", 2)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    with Index("index") as index:
        index.add(document(0))
        monkeypatch.chdir(tmp_path / "elsewhere")
        index.add_many([document(1), document(2)])
    assert not list((tmp_path / "elsewhere").iterdir())
    with Index(tmp_path / "index") as index:
        assert index.check() == []
        assert len(index) == 3
