"""A result on disk: whole or not at all, and read back as it was."""

from __future__ import annotations

import dataclasses
import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import dedupe
from dedupe.errors import OutputError
from dedupe.in_place import shortened
from dedupe.pipeline import find_duplicates
from dedupe.result import DOCUMENTS, PAIRS, PASSAGES, Result
from dedupe.result.recorded import record_of
from dedupe.settings import Settings
from tests import invented
from tests.stories import BODY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FILES = {"documents.parquet", "pairs.parquet", "passages.parquet", "stories.jsonl", "run.json"}


def small(version: str = "1", *, rejects: bool = False) -> Result:
    """Make a result, told from others by its version."""
    result = invented.newsroom()
    passage = {"a": "a", "b": "b", "a_start": 0, "a_end": 9, "b_start": 3, "b_end": 12}
    return dataclasses.replace(
        result,
        passages=pa.Table.from_pylist([passage], schema=PASSAGES),
        rejects=[{"file": "in.jsonl", "line": 3, "reason": "no text"}] if rejects else [],
        run={"version": version, "settings": {"seed": 1}, "inputs": [{"path": "\u6e2f\u53e3"}]},
    )


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


# --- save and load


@pytest.mark.parametrize("rejects", [False, True])
def test_load__gives_back_what_was_saved(tmp_path: Path, *, rejects: bool) -> None:
    result = small(rejects=rejects)
    result.save(tmp_path / "out")
    assert Result.load(tmp_path / "out") == result
    assert names(tmp_path / "out") == FILES | ({"rejects.jsonl"} if rejects else set())
    assert names(tmp_path) == {"out"}


def test_load__gives_back_a_result_of_nothing(tmp_path: Path) -> None:
    empty = Result(
        documents=DOCUMENTS.empty_table(),
        pairs=PAIRS.empty_table(),
        passages=PASSAGES.empty_table(),
        stories=[],
    )
    empty.save(tmp_path / "out")
    assert Result.load(tmp_path / "out") == empty


def test_load__keeps_any_character_of_a_story(tmp_path: Path) -> None:
    story = invented.story("a\x00\u2028\x85\r\n\x1c", ["a\x00\u2028\x85\r\n\x1c", "\U0001f6a2"])
    result = dataclasses.replace(small(), stories=[story])
    result.save(tmp_path / "out")
    assert Result.load(tmp_path / "out").stories == [story]


def test_load__stories_are_as_those_of_a_run(tmp_path: Path) -> None:
    result = find_duplicates([{"id": name, "text": BODY} for name in "ab"], Settings(threads=1))
    result.save(tmp_path / "out")
    loaded = Result.load(tmp_path / "out")
    assert loaded.stories == result.stories
    assert type(loaded.stories) is type(result.stories)


@pytest.mark.parametrize("name", ["story=1", "a b", "\u6e2f\u53e3", ".hidden", "-o", "%41"])
def test_save__any_folder_name_will_do(tmp_path: Path, name: str) -> None:
    small().save(tmp_path / name)
    assert Result.load(tmp_path / name) == small()


def test_save__makes_missing_folders_above_and_takes_an_empty_folder(tmp_path: Path) -> None:
    small().save(tmp_path / "a" / "b" / "out")
    assert Result.load(tmp_path / "a" / "b" / "out") == small()
    (tmp_path / "empty").mkdir()
    small().save(tmp_path / "empty")
    assert Result.load(tmp_path / "empty") == small()


def test_save__takes_a_string_and_a_relative_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    small().save("out")
    assert Result.load("out") == small()
    assert names(tmp_path) == {"out"}


def test_save__writes_the_columns_of_the_contract(tmp_path: Path) -> None:
    small().save(tmp_path / "out")
    for name, schema in (("documents", DOCUMENTS), ("pairs", PAIRS), ("passages", PASSAGES)):
        assert pq.read_schema(tmp_path / "out" / f"{name}.parquet").equals(schema)
    lines = (tmp_path / "out" / "stories.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["story"] for line in lines] == ["a", "e"]


def test_save__what_is_written_also_appears_with_the_rest(tmp_path: Path) -> None:
    place = tmp_path / "out"
    drafts = []

    def also(draft: Path) -> None:
        assert not place.exists()
        drafts.append(draft)
        (draft / "stories.csv").write_text("story", "utf-8")

    small("1").save(place, also=also)
    assert len(drafts) == 1
    assert names(place) == FILES | {"stories.csv"}
    assert names(tmp_path) == {"out"}
    small("2").save(place, overwrite=True)
    assert names(place) == FILES


@pytest.mark.parametrize("earlier", [True, False])
def test_save__a_full_disk_in_what_is_written_also_leaves_what_was_there(
    tmp_path: Path, *, earlier: bool
) -> None:
    def also(draft: Path) -> None:
        (draft / "stories.csv").write_text("sto", "utf-8")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    if earlier:
        small("1").save(tmp_path / "out")
    with pytest.raises(OutputError, match="No space left on device"):
        small("2").save(tmp_path / "out", overwrite=True, also=also)
    assert_untouched(tmp_path, earlier=earlier)


# --- places that are refused


def test_save__refuses_a_folder_that_holds_something_else(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine", "utf-8")
    for overwrite in (False, True):
        with pytest.raises(OutputError, match="is not empty and holds no result"):
            small().save(tmp_path, overwrite=overwrite)
    assert names(tmp_path) == {"notes.txt"}


def test_save__refuses_a_file(tmp_path: Path) -> None:
    place = tmp_path / "out"
    place.write_text("mine", "utf-8")
    for overwrite in (False, True):
        with pytest.raises(OutputError, match="is not a folder"):
            small().save(place, overwrite=overwrite)
    assert place.read_text("utf-8") == "mine"


@pytest.mark.parametrize("target", ["run", "empty", "missing"])
def test_save__refuses_a_symbolic_link_whatever_it_leads_to(tmp_path: Path, target: str) -> None:
    if target == "run":
        small().save(tmp_path / target)
    elif target == "empty":
        (tmp_path / target).mkdir()
    (tmp_path / "link").symlink_to(tmp_path / target)
    before = names(tmp_path)
    with pytest.raises(OutputError, match="is a link"):
        small("2").save(tmp_path / "link", overwrite=True)
    assert names(tmp_path) == before
    assert (tmp_path / "link").is_symlink()


def test_save__never_replaces_a_folder_that_holds_more_than_a_result(tmp_path: Path) -> None:
    place = tmp_path / "out"
    small().save(place)
    (place / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match=r"notes\.txt"):
        small("2").save(place, overwrite=True)
    assert (place / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_save__never_writes_within_a_result_which_could_then_not_be_replaced(
    tmp_path: Path,
) -> None:
    small().save(tmp_path / "out")
    with pytest.raises(OutputError, match="lies in the result"):
        small().save(tmp_path / "out" / "more" / "inner")
    small("2").save(tmp_path / "out", overwrite=True)


def test_save__refuses_an_earlier_result_unless_told_to_overwrite(tmp_path: Path) -> None:
    place = tmp_path / "out"
    small("1", rejects=True).save(place)
    with pytest.raises(OutputError, match="add --overwrite"):
        small("2").save(place)
    assert Result.load(place) == small("1", rejects=True)
    small("2").save(place, overwrite=True)
    assert Result.load(place) == small("2")
    assert names(place) == FILES
    assert names(tmp_path) == {"out"}


def test_save__a_file_in_the_way_of_the_folders_above_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine", "utf-8")
    with pytest.raises(OutputError, match="cannot be written"):
        small().save(tmp_path / "file" / "out")


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("before", ["nothing", "an empty folder"])
def test_save__a_result_that_another_run_wrote_meanwhile_is_never_lost_unasked(
    tmp_path: Path, before: str, *, overwrite: bool
) -> None:
    place = tmp_path / "out"
    if before == "an empty folder":
        place.mkdir()

    def also(_: Path) -> None:
        small("theirs").save(place)

    if overwrite:
        small("ours").save(place, overwrite=True, also=also)
    else:
        with pytest.raises(OutputError, match="holds a result; add --overwrite"):
            small("ours").save(place, also=also)
    assert Result.load(place) == small("ours" if overwrite else "theirs")
    assert names(tmp_path) == {"out"}


def test_save__a_result_that_comes_after_the_last_look_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, replace = tmp_path / "out", os.replace

    def late(source: Path, target: Path) -> None:
        monkeypatch.undo()
        small("theirs").save(place)
        replace(source, target)

    monkeypatch.setattr(os, "replace", late)
    with pytest.raises(OutputError, match="Directory not empty"):
        small("ours").save(place)
    assert Result.load(place) == small("theirs")
    assert names(tmp_path) == {"out"}


def test_save__what_somebody_else_put_there_meanwhile_is_never_lost(tmp_path: Path) -> None:
    place = tmp_path / "out"
    small("1").save(place)

    def also(_: Path) -> None:
        (place / "notes.txt").write_text("mine", "utf-8")

    with pytest.raises(OutputError, match=r"notes\.txt"):
        small("2").save(place, overwrite=True, also=also)
    assert (place / "notes.txt").read_text("utf-8") == "mine"
    assert names(tmp_path) == {"out"}


def refused(*_: Any, **__: Any) -> Any:
    # A superuser may do anything, so the system's refusal is made here.
    raise PermissionError(errno.EACCES, "Permission denied")


def test_save__a_place_that_may_not_be_looked_into_is_an_output_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "out").mkdir()
    monkeypatch.setattr("pathlib.Path.iterdir", refused)
    with pytest.raises(OutputError, match=r"out: cannot be looked into \(Permission denied\)"):
        small().save(tmp_path / "out")


def test_load__a_place_that_may_not_be_looked_into_is_an_output_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small().save(tmp_path / "out")
    monkeypatch.setattr("pathlib.Path.is_file", refused)
    with pytest.raises(OutputError, match=r"out: cannot be read \(Permission denied\)"):
        Result.load(tmp_path / "out")


def test_save__takes_a_place_elsewhere_when_the_current_folder_was_removed(tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    (tmp_path / "out").mkdir()
    before = os.open(".", os.O_RDONLY)
    try:
        os.chdir(tmp_path / "gone")
        (tmp_path / "gone").rmdir()
        small().save(tmp_path / "out")
        with pytest.raises(OutputError, match=r"^here: "):
            small().save("here")
    finally:
        os.fchdir(before)
        os.close(before)
    assert Result.load(tmp_path / "out") == small()


def test_save__the_earlier_result_goes_when_the_new_one_is_on_disk_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small("1").save(tmp_path / "out")
    done: list[str] = []
    fsync, rmtree = os.fsync, shutil.rmtree

    def synced(handle: int) -> None:
        if os.path.samestat(os.fstat(handle), tmp_path.stat()):
            done.append("synced" if Result.load(tmp_path / "out") == small("2") else "too soon")
        fsync(handle)

    def removed(path: Path, **options: Any) -> None:
        if path.exists():
            done.append("removed")
        rmtree(path, **options)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", synced)
        patch.setattr(shutil, "rmtree", removed)
        small("2").save(tmp_path / "out", overwrite=True)
    assert done == ["synced", "removed"]


# --- failures on the way


def failing_at(
    nth: int, function: Callable[..., Any], failure: BaseException
) -> tuple[Callable[..., Any], list[int]]:
    """Let `function` fail at its nth call, after it has done its work."""
    calls: list[int] = []

    def call(*args: Any, **kwargs: Any) -> Any:
        calls.append(len(calls) + 1)
        answer = function(*args, **kwargs)
        if len(calls) == nth:
            raise failure
        return answer

    return call, calls


STEPS = [
    *(("pyarrow.parquet.write_table", nth) for nth in (1, 2, 3)),
    # Five files, and the folder with their names.
    *(("os.fsync", nth) for nth in (1, 2, 3, 4, 5, 6)),
]


def assert_untouched(tmp_path: Path, *, earlier: bool) -> None:
    assert names(tmp_path) == ({"out"} if earlier else set())
    if earlier:
        assert Result.load(tmp_path / "out") == small("1")


@pytest.mark.parametrize("earlier", [True, False])
@pytest.mark.parametrize(("function", "nth"), STEPS)
def test_save__a_full_disk_at_any_write_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: str, nth: int, *, earlier: bool
) -> None:
    if earlier:
        small("1").save(tmp_path / "out")
    original = pq.write_table if "write_table" in function else os.fsync
    failure = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    call, calls = failing_at(nth, original, failure)
    with monkeypatch.context() as patch:
        patch.setattr(function, call)
        with pytest.raises(OutputError, match="No space left on device"):
            small("2").save(tmp_path / "out", overwrite=True)
    assert calls[-1] == nth
    assert_untouched(tmp_path, earlier=earlier)


@pytest.mark.parametrize("earlier", [True, False])
@pytest.mark.parametrize(("function", "nth"), STEPS)
def test_save__an_interrupt_at_any_write_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: str, nth: int, *, earlier: bool
) -> None:
    if earlier:
        small("1").save(tmp_path / "out")
    original = pq.write_table if "write_table" in function else os.fsync
    call, _ = failing_at(nth, original, KeyboardInterrupt())
    with monkeypatch.context() as patch:
        patch.setattr(function, call)
        with pytest.raises(KeyboardInterrupt):
            small("2").save(tmp_path / "out", overwrite=True)
    assert_untouched(tmp_path, earlier=earlier)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("nth", [1, 2])
@pytest.mark.parametrize(
    "failure", [OSError(errno.EACCES, "Permission denied"), KeyboardInterrupt()]
)
def test_save__a_failure_while_folders_change_places_leaves_one_of_them_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str, nth: int, failure: BaseException
) -> None:
    small("1").save(tmp_path / "out")
    calls: list[int] = []
    replace = os.replace

    def fail_before(source: Path, target: Path) -> None:
        calls.append(1)
        if len(calls) == nth:
            raise failure
        replace(source, target)

    def fail_after(source: Path, target: Path) -> None:
        replace(source, target)
        calls.append(1)
        if len(calls) == nth:
            raise failure

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", fail_before if when == "before" else fail_after)
        with pytest.raises((OutputError, KeyboardInterrupt)):
            small("2").save(tmp_path / "out", overwrite=True)
    assert names(tmp_path) == {"out"}
    moved = (when, nth) == ("after", 2)
    assert Result.load(tmp_path / "out") == small("2" if moved else "1")


KILLED = """
import os, signal, sys
from pathlib import Path
from dedupe.result import Result
from tests.test_result import small
nth, real = int(sys.argv[2]), os.replace
def killing(source, target, calls=[]):
    calls.append(1)
    if len(calls) == nth:
        os.kill(os.getpid(), signal.SIGKILL)
    real(source, target)
os.replace = killing
small("2").save(Path(sys.argv[1]), overwrite=True)
"""


@pytest.mark.parametrize("nth", [1, 2])
def test_save__what_a_killed_process_left_goes_with_the_next_save(tmp_path: Path, nth: int) -> None:
    small("1").save(tmp_path / "out")
    call = [sys.executable, "-c", KILLED, str(tmp_path / "out"), str(nth)]
    assert subprocess.run(call, check=False).returncode == -signal.SIGKILL
    assert any(name.startswith(".out.draft-") for name in names(tmp_path))
    small("3").save(tmp_path / "out", overwrite=True)
    assert Result.load(tmp_path / "out") == small("3")
    # Killed before it moved anything, the process leaves an empty folder, which may be new.
    for name in names(tmp_path) - {"out"}:
        assert not names(tmp_path / name)
        os.utime(tmp_path / name, (0, 0))
    small("4").save(tmp_path / "out", overwrite=True)
    assert names(tmp_path) == {"out"}


def test_save__a_file_that_a_killed_process_left_unfinished_is_part_of_a_result(
    tmp_path: Path,
) -> None:
    draft = tmp_path / ".out.draft-killed000"
    draft.mkdir()
    (draft / ".report.html.4711.0.part").write_text("<", "utf-8")
    small("1").save(tmp_path / "out")
    assert names(tmp_path) == {"out"}
    for name in (".report.html.4711.0.part", ".stories.csv.12.7.part"):
        (tmp_path / "out" / name).write_text("<", "utf-8")
    small("2").save(tmp_path / "out", overwrite=True)
    assert names(tmp_path / "out") == FILES


@pytest.mark.parametrize(
    "name",
    [".notes.txt.4711.0.part", ".report.html.part", "report.html.1.0.part"],
)
def test_save__a_part_of_somebody_elses_file_is_never_lost(tmp_path: Path, name: str) -> None:
    small("1").save(tmp_path / "out")
    (tmp_path / "out" / name).write_text("mine", "utf-8")
    with pytest.raises(OutputError, match=re.escape(f"holds {name}, which is no part")):
        small("2").save(tmp_path / "out", overwrite=True)


@pytest.mark.parametrize(
    "name", ["n" * 250, "é" * 125, "\U0001f4f0" * 62], ids=["1 byte", "2 bytes", "4 bytes"]
)
def test_save__takes_every_name_that_the_system_takes(tmp_path: Path, name: str) -> None:
    small("1").save(tmp_path / name)
    assert Result.load(tmp_path / name) == small("1")
    assert names(tmp_path) == {name}


def test_save__what_was_left_of_a_long_name_goes_and_of_another_like_it_stays(
    tmp_path: Path,
) -> None:
    name, other = ("n" * 60 + end for end in "ab")
    for one in (name, other):
        leftover = tmp_path / f".{shortened(one)}.draft-killed000"
        leftover.mkdir()
        (leftover / "run.json").write_text("{}", "utf-8")
    small().save(tmp_path / name)
    assert names(tmp_path) == {name, leftover.name}


def test_save__leaves_what_a_living_process_or_somebody_else_keeps_there(tmp_path: Path) -> None:
    draft, others, copy = (
        tmp_path / name for name in (".out.draft-living00", ".out.draft-notes000", ".out.previous")
    )
    for folder, name in ((draft, "run.json"), (others, "notes.txt"), (copy, "run.json")):
        folder.mkdir()
        (folder / name).write_text("{}", "utf-8")
    handle = os.open(draft, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        small().save(tmp_path / "out")
        assert names(tmp_path) == {"out", draft.name, others.name, copy.name}
        assert names(draft) == {"run.json"}
    finally:
        os.close(handle)
    small().save(tmp_path / "out", overwrite=True)
    assert names(tmp_path) == {"out", others.name, copy.name}


def test_save__of_what_no_json_can_hold_leaves_nothing(tmp_path: Path) -> None:
    broken = dataclasses.replace(small(), stories=[{"story": object()}])
    with pytest.raises(TypeError):
        broken.save(tmp_path / "out")
    assert names(tmp_path) == set()


# --- reading what is damaged


@pytest.mark.parametrize("wrong", [7, None, b"out", ["out"]])
def test_load__of_what_is_no_folder_is_an_output_error(wrong: Any) -> None:
    for ask in (dedupe.Result.load, dedupe.sources, lambda place: dedupe.explain(place, "a", "b")):
        with pytest.raises(OutputError, match="stands in a folder"):
            ask(wrong)


def test_load__of_a_folder_without_a_result_says_how_to_make_one(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "missing"):
        with pytest.raises(
            OutputError, match=re.escape(f"{place}: holds no result; make one with")
        ):
            Result.load(place)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def garble(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2 - 8 : len(data) // 2 + 8] = b"\xff" * 16
    path.write_bytes(bytes(data))


def remove(path: Path) -> None:
    path.unlink()


def cut_at_a_line(path: Path) -> None:
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))


def say_twice(path: Path) -> None:
    path.write_bytes(2 * path.read_bytes())


HARMS = (cut, cut_at_a_line, empty, garble, remove, say_twice)


@pytest.mark.parametrize("name", sorted(FILES))
@pytest.mark.parametrize("harm", HARMS)
def test_load__a_damaged_file_is_an_output_error(
    tmp_path: Path, name: str, harm: Callable[[Path], None]
) -> None:
    small().save(tmp_path / "out")
    harm(tmp_path / "out" / name)
    with pytest.raises(OutputError) as caught:
        Result.load(tmp_path / "out")
    assert str(caught.value).startswith(f"{tmp_path / 'out'}: ")
    assert '"dedupe cluster"' in str(caught.value)


@pytest.mark.parametrize("harm", HARMS)
def test_load__the_file_that_changed_since_is_named(
    tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    for name in sorted(FILES - {"run.json"} | {"rejects.jsonl"}):
        small(rejects=True).save(tmp_path / name)
        harm(tmp_path / name / name)
        with pytest.raises(OutputError, match=rf"damaged \({name} is .*again"):
            Result.load(tmp_path / name)


def test_load__rejects_that_the_run_did_not_write_are_an_output_error(tmp_path: Path) -> None:
    small().save(tmp_path / "out")
    (tmp_path / "out" / "rejects.jsonl").write_bytes(b"")
    with pytest.raises(OutputError, match=r"rejects\.jsonl is not as the run wrote it"):
        Result.load(tmp_path / "out")


def test_save__records_every_file_but_the_page_and_the_archive(tmp_path: Path) -> None:
    def also(draft: Path) -> None:
        (draft / "stories.csv").write_text("story", "utf-8")
        (draft / "report.html").write_text("<p>", "utf-8")
        (draft / "archive").mkdir()
        (draft / "archive" / "documents.arrow").write_bytes(b"-")

    small().save(tmp_path / "out", also=also)
    files = json.loads((tmp_path / "out" / "run.json").read_bytes())["files"]
    assert set(files) == FILES - {"run.json"} | {"stories.csv"}
    for name, record in files.items():
        data = (tmp_path / "out" / name).read_bytes()
        digest = hashlib.blake2b(data, digest_size=16).hexdigest()
        assert record == {"bytes": len(data), "blake2b": digest}


def test_load__what_is_not_read_back_may_change(tmp_path: Path) -> None:
    def also(draft: Path) -> None:
        for name in ("documents.csv", "stories.csv", "report.html"):
            (draft / name).write_text("as it was", "utf-8")

    small().save(tmp_path / "out", also=also)
    (tmp_path / "out" / "documents.csv").write_text("edited", "utf-8")
    (tmp_path / "out" / "report.html").write_text("anew", "utf-8")
    (tmp_path / "out" / "stories.csv").unlink()
    assert Result.load(tmp_path / "out") == small()


@pytest.mark.parametrize("record", [None, [], "all", {}, {"stories.jsonl": 7}])
def test_load__a_record_of_another_form_is_an_output_error(tmp_path: Path, record: Any) -> None:
    small().save(tmp_path / "out")
    change_run(tmp_path / "out", files=record)
    with pytest.raises(OutputError, match="damaged"):
        Result.load(tmp_path / "out")


def test_load__a_run_that_records_no_files_is_an_output_error(tmp_path: Path) -> None:
    small().save(tmp_path / "out")
    run = json.loads((tmp_path / "out" / "run.json").read_bytes())
    del run["files"]
    (tmp_path / "out" / "run.json").write_text(json.dumps(run), "utf-8")
    with pytest.raises(OutputError, match=r"run\.json: files is of another form"):
        Result.load(tmp_path / "out")


def change_run(folder: Path, **values: Any) -> None:
    """Set keys of run.json."""
    run = json.loads((folder / "run.json").read_bytes())
    (folder / "run.json").write_text(json.dumps(run | values), "utf-8")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("settings", []),
        ("inputs", ["a.jsonl"]),
        ("inputs", [{}]),
        ("stages", {}),
        ("stages", [{"stage": "read", "seconds": "1", "rows": 1}]),
        ("capped_buckets", {"bands": "none"}),
        ("overrides", {"must_link": [7]}),
        ("reading", "utf-8"),
        ("peak_memory_bytes", "much"),
    ],
)
def test_load__a_run_of_another_form_is_an_output_error(
    tmp_path: Path, key: str, value: Any
) -> None:
    small().save(tmp_path / "out")
    change_run(tmp_path / "out", **{key: value})
    with pytest.raises(OutputError, match=rf"run\.json, {key}\b"):
        Result.load(tmp_path / "out")


@pytest.mark.parametrize("text", ["7", "null", "[]", '"run"', "[" * 100_000])
def test_load__a_run_that_is_no_object_is_an_output_error(tmp_path: Path, text: str) -> None:
    small().save(tmp_path / "out")
    (tmp_path / "out" / "run.json").write_text(text, "utf-8")
    with pytest.raises(OutputError, match="damaged"):
        Result.load(tmp_path / "out")


def test_explain__a_run_without_settings_is_an_output_error() -> None:
    with pytest.raises(OutputError, match="holds no settings"):
        dedupe.explain(invented.newsroom(), "a", "b")


def test_load__a_table_of_other_columns_is_an_output_error(tmp_path: Path) -> None:
    small().save(tmp_path / "out")
    shutil.copy(tmp_path / "out" / "pairs.parquet", tmp_path / "out" / "documents.parquet")
    change_run(tmp_path / "out", files=record_of(tmp_path / "out"))
    with pytest.raises(OutputError, match=re.escape("documents.parquet: columns are missing")):
        Result.load(tmp_path / "out")


def test_save__a_damaged_result_can_be_overwritten(tmp_path: Path) -> None:
    small().save(tmp_path / "out")
    shutil.copy(tmp_path / "out" / "run.json", tmp_path / "out" / "documents.parquet")
    small("2").save(tmp_path / "out", overwrite=True)
    assert Result.load(tmp_path / "out") == small("2")


# --- one document for each story


def chosen(*rows: dict[str, Any]) -> list[str]:
    result = dataclasses.replace(
        small(), documents=pa.Table.from_pylist(list(rows), schema=DOCUMENTS)
    )
    unique = result.unique()
    assert unique.schema.equals(DOCUMENTS)
    ids: list[str] = unique["id"].to_pylist()
    return ids


def test_unique__is_one_document_a_story_in_input_order() -> None:
    rows = [
        invented.document("z"),
        invented.document("b", story="a", origin_probability=0.2),
        invented.document("a", story="a", origin_probability=0.7),
        invented.document("c"),
    ]
    assert chosen(*rows) == ["z", "a", "c"]


def test_unique__of_equals_takes_the_earliest_then_an_outlet_whatever_the_ids() -> None:
    day = datetime(2026, 3, 14, tzinfo=UTC)
    early = invented.document("b", story="a", source="z.example", published=day)
    late = invented.document("a", story="a", published=day + timedelta(days=1))
    assert chosen(early, late) == chosen(late, early) == ["b"]
    assert chosen(late | {"published": None}, early) == ["b"]
    other = early | {"id": "a", "source": "y.example"}
    assert chosen(early, other) == ["a"]
    assert chosen(early | {"id": "a"}, other | {"id": "b"}) == ["b"]


def test_unique__takes_the_likely_origin_then_the_longest_then_the_smallest_id() -> None:
    likely = invented.document("c", story="a", origin_probability=0.9, n_words=5)
    long = invented.document("b", story="a", origin_probability=0.1, n_words=500)
    unknown = invented.document("a", story="a", origin_probability=None, n_words=900)
    assert chosen(unknown, long, likely) == ["c"]
    assert chosen(unknown, long) == ["b"]
    assert chosen(
        invented.document("b", story="a", n_words=7), invented.document("a", story="a", n_words=9)
    ) == ["a"]
    assert chosen(invented.document("b", story="a"), invented.document("a", story="a")) == ["a"]


def test_unique__of_nothing_is_nothing() -> None:
    assert chosen() == []
