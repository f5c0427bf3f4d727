"""An index whose process is killed, whose disk fills up, or whose bytes change."""

from __future__ import annotations

import contextlib
import errno
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dedupe import Index
from dedupe.errors import CorruptIndexError
from dedupe.storage import merging, store
from tests.test_index import text, with_changes

pytestmark = pytest.mark.needs_jit

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
N_DOCUMENTS, AT_ONCE = 60, 3
EXPECTED = {frozenset(f"{i + j:04}" for j in range(3)) for i in range(0, N_DOCUMENTS, 3)}


def document(i: int) -> dict[str, Any]:
    return {"id": f"{i:04}", "text": with_changes(text(i // 3, 60), i, 25)}


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """Return a folder in memory where there is one: no fault tested here is the disk's own."""
    held = Path("/dev/shm")  # noqa: S108
    if not os.access(held, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=held) as folder:
        yield Path(folder)


@pytest.fixture
def _many_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a few dozen documents make and merge segments."""
    monkeypatch.setattr(store, "TAIL_DOCUMENTS", 6)
    monkeypatch.setattr(store, "_LEAST_STEP", 300)
    monkeypatch.setattr(merging, "FAN_IN", 3)


def write_on(folder: Path, said: Path) -> None:
    """Add what is missing, acknowledge each commit, compact now and then."""
    with Index(folder) as index, said.open("a") as acknowledged:
        for i in range(len(index), N_DOCUMENTS, AT_ONCE):
            index.add_many(document(j) for j in range(i, min(i + AT_ONCE, N_DOCUMENTS)))
            acknowledged.write(f"{i + AT_ONCE}\n")
            acknowledged.flush()
            if i % 15 == 12:
                index.compact()


def parts(folder: Path) -> set[frozenset[str]]:
    with Index(folder, read_only=True) as index:
        stories: dict[str, set[str]] = {}
        for row in index.export():
            stories.setdefault(row["story"], set()).add(row["id"])
        return {frozenset(part) for part in stories.values()}


@pytest.mark.usefixtures("_many_segments")
def test_index__killed_at_any_moment_it_keeps_what_it_acknowledged(memory: Path) -> None:
    folder, said = memory / "index", memory / "said"
    write_on(memory / "whole", said)
    said.unlink()
    assert parts(memory / "whole") == EXPECTED
    draw = random.Random(5)  # noqa: S311
    n_killed = 0
    for _ in range(50):
        child = os.fork()
        if child == 0:
            try:
                write_on(folder, said)
            finally:
                os._exit(0)
        time.sleep(0.01 + draw.random() * 0.25)
        os.kill(child, signal.SIGKILL)
        n_killed += os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
        lines = said.read_text().split() if said.exists() else []
        with Index(folder) as index:
            assert index.check() == []
            assert len(index) >= (int(lines[-1]) if lines else 0)
            if len(index) < N_DOCUMENTS:
                continue
        assert parts(folder) == EXPECTED
        # Begin anew, to be killed at other moments.
        shutil.rmtree(folder)
        said.unlink()
    assert n_killed >= 25
    write_on(folder, said)
    assert parts(folder) == EXPECTED
    with Index(folder) as index:
        assert index.check() == []
        named = {segment["file"] for segment in index.stats()["segments"]}
        assert {path.name for path in folder.glob("*.postings")} == named


@pytest.mark.usefixtures("_many_segments")
def test_index__a_changed_byte_is_found_and_never_answered_wrongly_in_silence(
    memory: Path,
) -> None:
    made, folder = memory / "made", memory / "damaged"
    with Index(made) as index:
        for i in range(0, 20, 2):
            index.add_many([document(i), document(i + 1)])
    # What SQLite shares between processes, it makes anew; the rest is the index.
    files = sorted(made.iterdir())
    expected = parts(made)
    draw = random.Random(9)  # noqa: S311
    missed = []
    for path in files:
        data = path.read_bytes()
        for _ in range(40 if data else 0):
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(made, folder)
            place = draw.randrange(len(data))
            changed = bytearray(data)
            changed[place] ^= 1 << draw.randrange(8)
            (folder / path.name).write_bytes(changed)
            try:
                with Index(folder, read_only=True) as index:
                    found = bool(index.check())
            except CorruptIndexError:
                found = True
            if not found:
                missed.append((path.name, place))
            try:
                assert parts(folder) == expected, (path.name, place)
            except CorruptIndexError:
                continue
    assert missed == []


def killed(folder: Path, n_commits: int = 6) -> bytes:
    """Make an index whose writer was killed after so many commits; returns its log."""
    child = os.fork()
    if child == 0:
        try:
            index = Index(folder)
            for i in range(n_commits):
                index.add_many([document(2 * i), document(2 * i + 1)])
            os.kill(os.getpid(), signal.SIGKILL)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    return (folder / "catalog.sqlite-wal").read_bytes()


def changed_at(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 0x41]) + data[place + 1 :]


def loss_at(folder: Path) -> str:
    """Return what every way to open an index says of it, which must be the same."""
    said = set()
    for read_only in (True, False, True):
        with pytest.raises(CorruptIndexError) as refusal:
            Index(folder, read_only=read_only)
        said.add(str(refusal.value))
    assert len(said) == 1
    return said.pop()


@pytest.mark.parametrize("share", [0.0, 0.01, 0.03, 0.1, 0.3, 0.6, 0.9, 0.999])
def test_index__a_log_damaged_after_a_kill_loses_no_commit_in_silence(
    memory: Path, share: float
) -> None:
    folder = memory / "index"
    log = killed(folder)
    damaged = changed_at(log, int(len(log) * share))
    (folder / "catalog.sqlite-wal").write_bytes(damaged)
    assert "commits up to 6 were on disk" in loss_at(folder)
    # Whoever has the log still must be able to put it back.
    assert (folder / "catalog.sqlite-wal").read_bytes() == damaged
    (folder / "catalog.sqlite-wal").write_bytes(log)
    with Index(folder) as index:
        assert len(index) == 12
        assert index.check() == []


@pytest.mark.parametrize("n_commits", [1, 6])
def test_index__a_log_gone_after_a_kill_is_missed(memory: Path, n_commits: int) -> None:
    folder = memory / "index"
    killed(folder, n_commits)
    (folder / "catalog.sqlite-wal").unlink()
    assert f"commits up to {n_commits} were on disk" in loss_at(folder)


def test_index__a_note_of_commits_that_has_changed_is_refused(memory: Path) -> None:
    folder = memory / "index"
    killed(folder)
    note = folder / "catalog.commits"
    written = note.read_bytes()
    for place in range(len(written)):
        note.write_bytes(changed_at(written, place))
        assert "catalog.commits" in loss_at(folder)


@pytest.mark.parametrize("note", [None, b"", bytes(30)], ids=["none", "empty", "zeros"])
def test_index__without_a_note_of_commits_it_is_as_good(memory: Path, note: bytes | None) -> None:
    """One closed, made by an earlier version, copied without it, or after a power cut."""
    folder = memory / "index"
    killed(folder)
    (folder / "catalog.commits").unlink()
    if note is not None:
        (folder / "catalog.commits").write_bytes(note)
    with Index(folder, read_only=True) as index:
        assert (len(index), index.check()) == (12, [])
    with Index(folder) as index:
        index.add(document(12))
    assert not (folder / "catalog.commits").exists()
    with Index(folder, read_only=True) as index:
        assert (len(index), index.check()) == (13, [])


def test_check__rows_that_are_missing_are_found_and_named(memory: Path) -> None:
    folder = memory / "index"
    with Index(folder) as index:
        index.add_many([document(0), document(1)])
    with contextlib.closing(sqlite3.connect(folder / "catalog.sqlite")) as base, base:
        base.execute("DELETE FROM commits WHERE number = 1")
    (folder / "catalog.seal").unlink()
    with Index(folder, read_only=True) as index:
        (fault,) = index.check()
    assert "commits 1 to 1 are not all there" in fault


@pytest.mark.parametrize("table", ["stories", "components"])
def test_check__a_document_in_a_story_that_is_missing_is_found(memory: Path, table: str) -> None:
    folder = memory / "index"
    with Index(folder) as index:
        index.add_many([document(0), document(0) | {"id": "copy"}])
    with contextlib.closing(sqlite3.connect(folder / "catalog.sqlite")) as base, base:
        base.execute(f"DELETE FROM {table}")  # noqa: S608
    (folder / "catalog.seal").unlink()
    with Index(folder, read_only=True) as index:
        (fault,) = index.check()
    assert f"row 1 of {table} is missing, or wrong about document 1" in fault


@pytest.mark.parametrize("read_only", [False, True])
def test_check__what_changed_on_disk_while_it_is_open_is_found(
    memory: Path, read_only: bool
) -> None:
    folder = memory / "index"
    with Index(folder) as index:
        index.add_many(document(i) for i in range(6))
    where = folder / "catalog.sqlite"
    place = where.read_bytes().index(b"0003")
    (folder / "catalog.seal").unlink()
    with Index(folder, read_only=read_only) as index:
        assert len(list(index.export())) == 6
        assert index.check() == []
        # Closed after the index: SQLite would lose its locks.
        with where.open("r+b") as file:
            file.seek(place)
            file.write(b"O")
            file.flush()
            assert any("row 4 of documents has changed" in fault for fault in index.check())
            index.close()


def test_check__a_number_that_became_a_text_is_found(memory: Path) -> None:
    folder = memory / "index"
    with Index(folder) as index:
        index.add_many(document(i) for i in range(6))
    with contextlib.closing(sqlite3.connect(folder / "catalog.sqlite")) as base, base:
        base.execute("UPDATE places SET component = 'tide' WHERE number = 1")
    (folder / "catalog.seal").unlink()
    with Index(folder, read_only=True) as index:
        assert any("row 1 of places has changed" in fault for fault in index.check())


def test_check__tables_that_are_others_are_found(memory: Path) -> None:
    folder = memory / "index"
    with Index(folder) as index:
        index.add(document(0))
    with contextlib.closing(sqlite3.connect(folder / "catalog.sqlite")) as base, base:
        base.execute("PRAGMA writable_schema=1")
        base.execute("UPDATE sqlite_master SET sql = replace(sql, 'changed', 'chained')")
    (folder / "catalog.seal").unlink()
    with Index(folder, read_only=True) as index:
        (fault,) = index.check()
    assert "its tables are not those that were made" in fault


SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <stdio.h>
#include <unistd.h>
#include <sys/types.h>
static long left = 0;
static int code = 0;
static char folder[4096];
void arm(const char *where, long at, int with) { strcpy(folder, where); left = at; code = with; }
int fired(void) { return left == 0; }
static int watched(int fd) {
    char name[64], path[4096];
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(name, path, sizeof path - 1);
    if (n <= 0) return 0;
    path[n] = 0;
    return strncmp(path, folder, strlen(folder)) == 0;
}
static int fails(int fd) {
    if (left <= 0 || !watched(fd) || --left) return 0;
    errno = code;
    return 1;
}
#define REAL(name) ((__typeof__(&name)) dlsym(RTLD_NEXT, #name))
ssize_t write(int fd, const void *data, size_t n) {
    return fails(fd) ? -1 : REAL(write)(fd, data, n);
}
ssize_t pwrite(int fd, const void *data, size_t n, off_t at) {
    return fails(fd) ? -1 : REAL(pwrite)(fd, data, n, at);
}
ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at) {
    return fails(fd) ? -1 : REAL(pwrite64)(fd, data, n, at);
}
int fsync(int fd) { return fails(fd) ? -1 : REAL(fsync)(fd); }
int fdatasync(int fd) { return fails(fd) ? -1 : REAL(fdatasync)(fd); }
"""


FAILING = """
import ctypes, os, shutil, sys
from pathlib import Path
from dedupe import Index
from dedupe.errors import CorruptIndexError
from dedupe.storage import merging, store
from tests.test_index_crash import document
store.TAIL_DOCUMENTS, merging.FAN_IN, store._LEAST_STEP = 2, 2, 10_000
shim = ctypes.CDLL(sys.argv[1])
folder, code = Path(sys.argv[2]), int(sys.argv[3])
where = str(folder).encode()
made = folder.with_name("made")
Index(made).close()
at = n_failed = 0
fired = True
while fired:
    at += 1
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(made, folder)
    acknowledged = 0
    shim.arm(where, at, code)
    try:
        with Index(folder) as index:
            for i in range(0, 4, 2):
                index.add_many([document(i), document(i + 1)])
                acknowledged = i + 2
            index.compact()
    except Exception as error:
        assert not isinstance(error, CorruptIndexError), error
        n_failed += 1
    fired = bool(shim.fired())
    shim.arm(where, 0, 0)
    with Index(folder) as index:
        assert index.check() == [], (at, index.check())
        assert acknowledged <= len(index) <= acknowledged + 2, (at, acknowledged, len(index))
        if at % 8 == 0:
            index.add_many(document(i) for i in range(len(index), 6))
            assert len(index) == 6
print(at, n_failed)
"""


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO], ids=["ENOSPC", "EIO"])
def test_index__a_write_that_fails_leaves_the_index_as_before(
    tmp_path: Path, memory: Path, code: int
) -> None:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("needs a C compiler, on Linux, to make writes fail")
    source, library = tmp_path / "shim.c", tmp_path / "shim.so"
    source.write_text(SHIM, encoding="utf-8")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    done = subprocess.run(
        [sys.executable, "-c", FAILING, library, memory / "index", str(code)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "LD_PRELOAD": str(library)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    n_tried, n_failed = map(int, done.stdout.split())
    assert n_tried > 50
    assert n_failed > 25
