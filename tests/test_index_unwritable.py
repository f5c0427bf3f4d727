"""An index read by who may not write in its folder."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

import pytest

from dedupe import Index
from dedupe.errors import StoreError
from dedupe.storage import catalog, store
from tests.test_index_crash import document, killed, memory  # noqa: F401 - a fixture

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.needs_jit

_NOBODY = 65_534


@contextlib.contextmanager
def forbidden(folder: Path) -> Iterator[None]:
    """May not write in a folder meanwhile, not even as root."""
    is_root = os.geteuid() == 0
    folder.chmod(0o555)
    if is_root:
        os.setresuid(_NOBODY, _NOBODY, 0)
    try:
        yield
    finally:
        if is_root:
            os.setresuid(0, 0, 0)
        folder.chmod(0o755)


@pytest.fixture
def folder(memory: Path, monkeypatch: pytest.MonkeyPatch) -> Path:  # noqa: F811 - the fixture
    memory.chmod(0o755)
    with monkeypatch.context() as patched, Index(memory / "other") as index:
        # Python's own modules and all kernels are loaded then: nobody may be unable to.
        patched.setattr(store, "TAIL_DOCUMENTS", 4)
        for i in range(7):
            index.add(document(i))
        index.query(document(0))
        assert index.check() == []
        index.stats()
    folder = memory / "index"
    Index(folder).close()
    with forbidden(folder):
        if not os.access(folder, os.R_OK) or os.access(folder, os.W_OK):
            pytest.skip("needs a folder that can be read and not written")
    return folder


def test_index__closed_it_is_read_without_writing(folder: Path) -> None:
    with Index(folder) as index:
        index.add_many(document(i) for i in range(9))
    before = {path.name for path in folder.iterdir()}
    with forbidden(folder), Index(folder, read_only=True) as index:
        assert index.query(document(0)).story == "0000"
        assert (len(index), index.check()) == (9, [])
        assert index.stats()["documents"] == 9
    assert {path.name for path in folder.iterdir()} == before


def test_index__closed_beside_a_reader_it_is_read_without_writing(folder: Path) -> None:
    """SQLite leaves an empty log then."""
    with Index(folder) as index, Index(folder, read_only=True):
        index.add(document(0))
        index.close()
    (folder / "catalog.sqlite-wal").write_bytes(b"")
    (folder / "catalog.sqlite-shm").unlink(missing_ok=True)
    with forbidden(folder), Index(folder, read_only=True) as index:
        assert (len(index), index.check()) == (1, [])


def test_index__who_may_not_write_follows_who_writes_later(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "TAIL_DOCUMENTS", 4)
    monkeypatch.setattr(catalog, "_CHECKPOINT_PAGES", 3)
    with forbidden(folder):
        reader = Index(folder, read_only=True)
        assert len(reader) == 0
    n_docs = 0
    for _ in range(3):
        with Index(folder) as index:
            for _ in range(5):
                index.add(document(n_docs))
                n_docs += 1
                with forbidden(folder):
                    assert (len(reader), reader.check()) == (n_docs, [])
                    assert reader.query(document(0)).story == "0000"
            index.compact()
        with forbidden(folder):
            assert (len(reader), reader.check()) == (n_docs, [])
            with Index(folder, read_only=True) as late:
                assert (len(late), late.check()) == (n_docs, [])
    reader.close()


def test_index__who_may_not_write_is_not_told_two_states_as_one(folder: Path) -> None:
    with Index(folder) as index:
        index.add(document(0))
    with forbidden(folder):
        reader = Index(folder, read_only=True)
    with pytest.raises(StoreError, match="ask again"), reader._reading(), Index(folder) as index:
        index.add(document(1))
    with forbidden(folder):
        assert (len(reader), reader.check()) == (2, [])
    reader.close()


def test_index__a_segment_that_may_not_be_read_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "TAIL_DOCUMENTS", 2)
    with Index(folder) as index:
        index.add(document(0))
        with forbidden(folder):
            reader = Index(folder, read_only=True)
        index.add_many([document(1), document(2)])
        (segment,) = folder.glob("*.postings")
        segment.chmod(0)
        with forbidden(folder), pytest.raises(StoreError, match=f"{segment.name}: cannot be read"):
            len(reader)
        segment.chmod(0o644)
        with forbidden(folder):
            assert len(reader) == 3
        reader.close()


def test_index__left_open_it_is_read_where_that_can_be_and_else_it_says_why(folder: Path) -> None:
    folder.chmod(0o755)
    killed(folder)
    with forbidden(folder), Index(folder, read_only=True) as index:
        assert (len(index), index.check()) == (12, [])
    (folder / "catalog.sqlite-shm").unlink()
    with forbidden(folder), pytest.raises(StoreError, match=r"was not closed .* account that may"):
        Index(folder, read_only=True)
    with Index(folder, read_only=True) as index:
        assert len(index) == 12
    with forbidden(folder), Index(folder, read_only=True) as index:
        assert (len(index), index.check()) == (12, [])
