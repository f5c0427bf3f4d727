"""Checkpoints: a run that was stopped anywhere ends as one that was not."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pytest

from dedupe import OutputError, Overrides, Result, Settings, find_duplicates
from dedupe.arrays.spill import Spill
from dedupe.checkpoints import Checkpoints, _code, fingerprint, remove
from dedupe.documents import documents_table
from tests.test_pipeline import PAGES, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

STAGES = (
    "clean", "harvest", "sketch", "weigh", "candidates", "verify", "roundups", "cluster",
    "attribute",
)  # fmt: skip
ROOT = Path(__file__).parent.parent
MAIN = "from dedupe.cli import main; main()"


class Pair(NamedTuple):
    numbers: np.ndarray
    name: str


def stop_before(stage: str) -> Callable[[str, int, int], None]:
    def on_progress(name: str, _done: int, _total: int) -> None:
        if name == stage:
            raise KeyboardInterrupt

    return on_progress


@contextlib.contextmanager
def at_work(folder: Path, run: str) -> Iterator[Checkpoints]:
    with contextlib.closing(Checkpoints(folder, run, [Pair])) as checkpoints:
        yield checkpoints


@pytest.fixture(scope="module")
def whole() -> Result:
    return find_duplicates(PAGES)


@pytest.mark.parametrize("place", range(len(STAGES)))
def test_find_duplicates__stopped_before_any_stage_goes_on_to_the_same_result(
    tmp_path: Path, place: int, whole: Result
) -> None:
    folder = tmp_path / "stages"
    with pytest.raises(KeyboardInterrupt):
        find_duplicates(PAGES, Settings(), stop_before(STAGES[place]), checkpoints=folder)
    before = {path.name: path.read_bytes() for path in folder.glob("*.arrow")}
    assert set(before) == {f"{stage}.arrow" for stage in STAGES[:place]}
    assert shown(find_duplicates(PAGES, checkpoints=folder)) == shown(whole)
    # Nothing that was finished ran again.
    assert before == {name: (folder / name).read_bytes() for name in before}


@pytest.mark.parametrize("stage", STAGES)
def test_find_duplicates__a_damaged_checkpoint_is_not_believed(
    tmp_path: Path, stage: str, whole: Result
) -> None:
    folder = tmp_path / "stages"
    find_duplicates(PAGES, checkpoints=folder)
    kept = folder / f"{stage}.arrow"
    intact = kept.read_bytes()
    kept.write_bytes(intact[:-100] + bytes(byte ^ 1 for byte in intact[-100:]))
    assert shown(find_duplicates(PAGES, checkpoints=folder)) == shown(whole)
    assert kept.read_bytes() == intact


def test_find_duplicates__checkpoints_made_without_a_readers_decision_are_not_taken_with_it(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "stages"
    find_duplicates(PAGES, checkpoints=folder)
    story = find_duplicates(PAGES).stories[0]
    for chosen in story["documents"]:
        decided = Overrides(origins=(chosen,))
        again = find_duplicates(PAGES, overrides=decided, checkpoints=folder)
        assert again.stories[0]["origin"]["document"] == chosen


def test_find_duplicates__checkpoints_made_with_other_names_are_not_taken(tmp_path: Path) -> None:
    folder, names = tmp_path / "stages", tmp_path / "names.json"
    names.write_text('{"outlets": []}', encoding="utf-8")
    settings = Settings(names=str(names))
    find_duplicates(PAGES, settings, checkpoints=folder)
    before = (folder / "harvest.arrow").stat().st_mtime_ns
    outlet = {"name": "Quay News", "domains": ["quay.example"], "owner": "Quay Group"}
    names.write_text(json.dumps({"outlets": [outlet]}), encoding="utf-8")
    find_duplicates(PAGES, settings, checkpoints=folder)
    between = (folder / "harvest.arrow").stat().st_mtime_ns
    names.write_text(json.dumps({"outlets": [outlet | {"owner": "Pier Group"}]}), encoding="utf-8")
    find_duplicates(PAGES, settings, checkpoints=folder)
    assert before < between < (folder / "harvest.arrow").stat().st_mtime_ns


def test_fingerprint__tells_documents_and_settings_but_not_threads() -> None:
    table = documents_table(PAGES)
    one = fingerprint(table, Settings(threads=1))
    assert one == fingerprint(table, Settings(threads=2, all_passages=True))
    assert one == fingerprint(pa.concat_tables([table.slice(0, 3), table.slice(3)]), Settings())
    assert one != fingerprint(table, Settings(seed=2))
    assert one != fingerprint(table, Settings(), [1])
    assert one != fingerprint(table.slice(1), Settings())
    assert one != fingerprint(documents_table([*PAGES[:-1], {**PAGES[-1], "url": "x"}]), Settings())


def test_checkpoints__return_what_was_kept_for_the_same_run_only(tmp_path: Path) -> None:
    value: tuple[Any, ...] = (
        Pair(np.arange(12, dtype=np.uint32).reshape(4, 3), "b"),
        pa.table({"x": [1, None], "y": ["a", "ä"]}),
        np.array([True, False]),
        np.zeros((0, 2), np.int64),
        {"n": 3, "m": None},
    )
    with at_work(tmp_path / "at", "run") as checkpoints:
        checkpoints.keep("first", value)
    with at_work(tmp_path / "at", "run") as checkpoints:
        (pair, table, flags, empty, rest) = checkpoints.find("first")
        assert checkpoints.find("second") is None
    assert isinstance(pair, Pair)
    assert pair.numbers.tolist() == value[0].numbers.tolist()
    assert str(pair.numbers.dtype) == "uint32"
    assert (pair.numbers.flags.writeable, pair.name) == (True, "b")
    assert table.equals(value[1])
    assert flags.tolist() == [True, False]
    assert (empty.shape, empty.dtype) == ((0, 2), np.int64)
    assert rest == value[4]
    with at_work(tmp_path / "at", "other run") as checkpoints:
        assert checkpoints.find("first") is None


def test_checkpoints__what_is_found_may_leave_memory(tmp_path: Path) -> None:
    value = np.arange(12.0).reshape(4, 3), pa.table({"x": ["a", None, "ä"]})
    spill = Spill(tmp_path, 8)
    with at_work(tmp_path / "at", "run") as checkpoints:
        checkpoints.keep("first", value)
        array, table = checkpoints.find("first", spill)
    spill.drop()
    assert array.tolist() == value[0].tolist()
    assert array.flags.writeable
    assert table.equals(value[1])
    assert spill.spilled_bytes == array.nbytes


def test_checkpoints__a_second_run_at_work_in_one_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "at"
    with at_work(folder, "run") as checkpoints:
        checkpoints.keep("first", 1)
        with pytest.raises(OutputError, match="another run with --resume is at work"):
            Checkpoints(folder, "run", [Pair])
        # Nor is what a run at work needs taken from it.
        remove(folder)
        assert checkpoints.find("first") == 1
    remove(folder)
    assert not folder.exists()


def test_checkpoints__a_folder_in_which_nothing_was_kept_goes(tmp_path: Path) -> None:
    with at_work(tmp_path / "at", "run"):
        assert (tmp_path / "at").is_dir()
    assert list(tmp_path.iterdir()) == []


def test_checkpoints__a_full_disk_leaves_what_was_kept_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    folder = tmp_path / "at"
    with at_work(folder, "run") as checkpoints:
        checkpoints.keep("first", 1)
        before = sorted(path.name for path in folder.iterdir())
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(OutputError, match="what was kept there before stands"):
            checkpoints.keep("second", 2)
        assert sorted(path.name for path in folder.iterdir()) == before
    with at_work(folder, "run") as checkpoints:
        assert (checkpoints.find("first"), checkpoints.find("second")) == (1, None)


def test_find_duplicates__an_error_within_a_stage_leaves_the_folder_to_the_next_run(
    tmp_path: Path, whole: Result
) -> None:
    folder = tmp_path / "stages"
    for stage in ("clean", "sketch"):
        with pytest.raises(KeyboardInterrupt):
            find_duplicates(PAGES, Settings(), stop_before(stage), checkpoints=folder)
        assert folder.exists() == (stage == "sketch")
    assert shown(find_duplicates(PAGES, checkpoints=folder)) == shown(whole)


@pytest.mark.parametrize("what", ["pathlib.Path.iterdir", "os.open"], ids=["listed", "locked"])
def test_checkpoints__a_folder_that_may_not_be_used_is_an_output_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    # A superuser may use any folder, so the system's refusal is made here.
    def refused(*_: Any) -> Any:
        raise PermissionError(errno.EACCES, "Permission denied")

    (tmp_path / "stages").mkdir()
    (tmp_path / "stages" / "kept.json").touch()
    monkeypatch.setattr(what, refused)
    with pytest.raises(OutputError, match=r"cannot be written \(Permission denied\)"):
        Checkpoints(tmp_path / "stages", "run", [Pair])
    remove(tmp_path / "stages")


def test_find_duplicates__an_error_before_the_first_stage_leaves_the_folder_to_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: Spill) -> None:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(Spill, "held", refused)
        with pytest.raises(MemoryError) as caught:
            find_duplicates(PAGES, checkpoints=tmp_path / "stages")
    # Who keeps the error keeps what it holds, and with it a lock that nobody gave up.
    assert caught.value is not None
    with at_work(tmp_path / "stages", "any run"):
        pass


def test_fingerprint__tells_code_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    table = documents_table(PAGES)
    one = fingerprint(table, Settings())
    monkeypatch.setattr("dedupe.checkpoints._code", lambda _: "other code")
    assert fingerprint(table, Settings()) != one


def test_code__is_all_that_comes_with_the_package_and_nothing_that_is_cached_there(
    tmp_path: Path,
) -> None:
    places = ("clean/phrases.txt", "kernels/fold.npz", "names.json", "__pycache__/a.pyc")
    told: list[str] = []
    for place in ("", *places):
        package = tmp_path / str(len(told))
        shutil.copytree(ROOT / "dedupe", package, ignore=shutil.ignore_patterns("__pycache__"))
        (package / "__pycache__").mkdir()
        if place:
            with (package / place).open("ab") as file:
                file.write(b"more")
        told.append(_code(package))
    assert len(set(told)) == len(places)
    assert told[0] == told[-1]


def test_checkpoints__never_touch_a_folder_of_something_else(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("dear")
    with pytest.raises(OutputError, match=r"letters\.txt"):
        Checkpoints(tmp_path, "run", [])
    remove(tmp_path)
    assert (tmp_path / "letters.txt").read_text() == "dear"


def test_cluster__killed_at_once_goes_on_with_resume(tmp_path: Path) -> None:
    words = ["cluster", str(ROOT / "seeds" / "newsroom.jsonl"), "--out", "out", "--resume"]
    killing = (
        "import os, signal, dedupe.pipeline as pipeline;"
        "pipeline.cluster = lambda *_: os.kill(os.getpid(), signal.SIGKILL);"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}

    def dedupe(code: str) -> int:
        command = [sys.executable, "-c", code + MAIN, *words]
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, check=False
        ).returncode

    assert dedupe(killing) == -signal.SIGKILL
    assert [path.name for path in tmp_path.iterdir()] == [".out.stages"]
    # Were the stages before run again, this one would fail.
    assert dedupe("import dedupe.pipeline as pipeline; pipeline.verify = None;") == 0
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
