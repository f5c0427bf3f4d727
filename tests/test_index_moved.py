"""An index whose folder is renamed, replaced or linked to while it is open."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from dedupe import Index
from dedupe.errors import StoreError
from dedupe.storage import merging, store
from tests.test_index_crash import document

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.needs_jit


def state(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(autouse=True)
def _many_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "TAIL_DOCUMENTS", 4)
    monkeypatch.setattr(store, "_LEAST_STEP", 10)
    monkeypatch.setattr(merging, "FAN_IN", 2)


@pytest.mark.parametrize("is_open", [False, True], ids=["closed", "open"])
def test_index__renamed_while_it_is_open_it_writes_nothing_in_a_new_one_at_its_path(
    tmp_path: Path, is_open: bool
) -> None:
    folder, elsewhere = tmp_path / "index", tmp_path / "elsewhere"
    with Index(folder) as index:
        index.add_many(document(i) for i in range(20))
        folder.rename(elsewhere)
        with pytest.raises(StoreError, match="was moved or deleted while it was open"):
            index.add(document(20))
        other = Index(folder)
        other.add_many(document(i) for i in range(30, 36))
        if not is_open:
            other.close()
        before = state(folder)
        for write in (lambda: index.add(document(21)), index.compact, lambda: index.remove("0001")):
            with pytest.raises(StoreError, match="was moved or deleted while it was open"):
                write()
        assert index.query(document(0)).story == "0000"
        assert index.stats()["documents"] == 20
        assert index.check() == []
    assert state(folder) == before
    other.close()
    for path, n_docs in ((elsewhere, 20), (folder, 6)):
        with Index(path) as index:
            assert (len(index), index.check()) == (n_docs, [])


def test_index__one_renamed_within_a_commit_harms_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit goes on in the folder that was opened, whatever stands at its path."""
    folder, elsewhere = tmp_path / "index", tmp_path / "elsewhere"
    with Index(folder) as made:
        made.add_many(document(i) for i in range(30, 36))
    shutil.move(folder, tmp_path / "other")
    tidy = store.Store._tidy

    def late(self: store.Store, n_added: int) -> None:
        folder.rename(elsewhere)
        (tmp_path / "other").rename(folder)
        tidy(self, n_added)

    with Index(folder) as index:
        for i in range(15):
            index.add(document(i))
        before = state(tmp_path / "other")
        with monkeypatch.context() as patched:
            patched.setattr(store.Store, "_tidy", late)
            index.add(document(15))
        assert state(folder) == before
    assert state(folder) == before
    with Index(elsewhere) as index:
        assert (len(index), index.check()) == (16, [])


def test_index__a_link_made_to_lead_elsewhere_while_it_is_open_does_not_lead_it_there(
    tmp_path: Path,
) -> None:
    (tmp_path / "current").symlink_to("march")
    with Index(tmp_path / "april") as april:
        april.add(document(30))
    before = state(tmp_path / "april")
    with Index(tmp_path / "march") as index:
        index.add(document(0))
    with Index(tmp_path / "current") as index, Index(tmp_path / "current", read_only=True) as read:
        index.add_many(document(i) for i in range(1, 20))
        (tmp_path / "next").symlink_to("april")
        (tmp_path / "next").replace(tmp_path / "current")
        index.add(document(20))
        index.compact()
        assert len(read) == 21
        assert read.query(document(0)).story == "0000"
        assert read.check() == []
    assert state(tmp_path / "april") == before
    with Index(tmp_path / "march") as index:
        assert (len(index), index.check()) == (21, [])


def test_index__a_reader_goes_on_with_the_index_that_it_opened(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "index", tmp_path / "elsewhere"
    with Index(folder) as index:
        index.add_many(document(i) for i in range(10))
    with Index(folder, read_only=True) as reader:
        folder.rename(elsewhere)
        with Index(folder) as other:
            other.add(document(30))
        with Index(elsewhere) as index:
            index.add_many(document(i) for i in range(10, 20))
            index.compact()
        assert len(reader) == 20
        assert reader.query(document(0)).story == "0000"
        assert reader.check() == []


def test_index__a_forked_child_reads_no_other_index(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    with Index(folder) as index:
        index.add(document(0))
        folder.rename(tmp_path / "elsewhere")
        with Index(folder) as other:
            other.add_many([document(30), document(31)])
        child = os.fork()
        if child == 0:
            try:
                len(index)
            except StoreError as error:
                os._exit(7 if "another stands there" in str(error) else 2)
            finally:
                os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


@pytest.mark.parametrize("read_only", [False, True])
def test_index__a_catalogue_that_is_a_link_to_that_of_another_index_is_refused(
    tmp_path: Path, read_only: bool
) -> None:
    with Index(tmp_path / "index") as index:
        index.add(document(0))
    before = state(tmp_path / "index")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "catalog.sqlite").symlink_to(tmp_path / "index" / "catalog.sqlite")
    with pytest.raises(StoreError, match="is a symbolic link"):
        Index(tmp_path / "other", read_only=read_only)
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["catalog.sqlite"]
    assert state(tmp_path / "index") == before


def test_index__a_catalogue_replaced_while_it_is_open_is_not_written_to(tmp_path: Path) -> None:
    folder, copy = tmp_path / "index", tmp_path / "copy"
    with Index(folder) as index:
        index.add(document(0))
    shutil.copytree(folder, copy)
    with Index(folder) as index:
        index.add(document(1))
        (copy / "catalog.sqlite").replace(folder / "catalog.sqlite")
        with pytest.raises(StoreError, match="was moved or deleted while it was open"):
            index.add(document(2))
