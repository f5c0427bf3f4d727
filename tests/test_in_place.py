import os
import stat
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedupe.errors import OutputError
from dedupe.in_place import make_durably, put_in_place, shortened, whole_name


def _write(path: Path, text: str) -> None:
    with put_in_place(path) as draft:
        draft.write_text(text)


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_put_in_place__replaces_a_file_and_leaves_nothing_beside(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    for text in ("old", "new"):
        _write(path, text)
    assert path.read_text() == "new"
    assert _names(tmp_path) == ["page.html"]


def test_put_in_place__an_error_while_writing_leaves_what_was(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text("old")
    with pytest.raises(TypeError), put_in_place(path) as draft, draft.open("w") as file:
        file.writelines(["half", None])  # type: ignore[list-item]
    assert path.read_text() == "old"
    assert _names(tmp_path) == ["page.html"]


def test_put_in_place__a_file_is_on_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, fsync = tmp_path / "page.html", os.fsync
    path.write_text("old")
    synced: list[str] = []

    def noting(handle: int) -> None:
        synced.append(os.pread(handle, 9, 0).decode() + " beside " + path.read_text())
        fsync(handle)

    monkeypatch.setattr(os, "fsync", noting)
    _write(path, "new")
    assert synced == ["new beside old"]


def test_make_durably__the_name_of_each_folder_that_is_made_is_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync = os.fsync
    synced: list[int] = []

    def noting(handle: int) -> None:
        synced.append(os.fstat(handle).st_ino)
        fsync(handle)

    monkeypatch.setattr(os, "fsync", noting)
    for _ in range(2):
        make_durably(tmp_path / "a" / "b")
    assert synced == [tmp_path.stat().st_ino, (tmp_path / "a").stat().st_ino]
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="File exists"):
        make_durably(tmp_path / "file" / "c")


@pytest.mark.parametrize("there", [True, False], ids=["to a file", "to nothing"])
def test_put_in_place__a_link_stays_and_its_target_is_replaced(tmp_path: Path, there: bool) -> None:
    (tmp_path / "folder").mkdir()
    target, link = tmp_path / "folder" / "target", tmp_path / "link"
    if there:
        target.write_text("old")
    link.symlink_to("folder/target")
    _write(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert not target.is_symlink()
    assert _names(tmp_path) == ["folder", "link"]
    assert _names(target.parent) == ["target"]


def test_put_in_place__a_pipe_is_written_to_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(path.read_text()), daemon=True)
    reader.start()
    _write(path, "new")
    reader.join(10)
    assert read == ["new"]
    assert stat.S_ISFIFO(path.stat().st_mode)
    assert _names(tmp_path) == ["pipe"]


def test_put_in_place__a_device_is_written_to_and_stays() -> None:
    _write(Path(os.devnull), "new")
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


@pytest.mark.parametrize(
    "name", ["n" * 250, "é" * 125, "\U0001f4f0" * 62], ids=["1 byte", "2 bytes", "4 bytes"]
)
def test_put_in_place__takes_every_name_that_the_system_takes(tmp_path: Path, name: str) -> None:
    _write(tmp_path / name, "new")
    assert (tmp_path / name).read_text() == "new"
    assert _names(tmp_path) == [name]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("file/page.html", "Not a directory"),
        ("nowhere/page.html", "No such file or directory"),
        ("n" * 300, "File name too long"),
        ("folder", "Is a directory"),
        ("circle", "Too many levels of symbolic links"),
    ],
    ids=["file", "nowhere", "long", "folder", "circle"],
)
def test_put_in_place__says_what_is_wrong(tmp_path: Path, name: str, says: str) -> None:
    (tmp_path / "file").write_text("old")
    (tmp_path / "folder").mkdir()
    (tmp_path / "circle").symlink_to("circle")
    before = _names(tmp_path)
    with pytest.raises(OutputError) as caught:
        _write(tmp_path / name, "new")
    assert str(caught.value) == f"{tmp_path / name}: cannot be written ({says})"
    assert _names(tmp_path) == before
    assert (tmp_path / "file").read_text() == "old"


def test_put_in_place__a_folder_that_may_not_be_looked_into_is_an_error_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A superuser may look into any folder, so the system's refusal is made here.
    def refused(_: Path) -> os.stat_result:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "stat", refused)
    with pytest.raises(OutputError, match=r"page\.html: cannot be written \(Permission denied\)"):
        _write(tmp_path / "page.html", "new")


@pytest.mark.parametrize("other", ["n" * 50 + "-b", "n" * 50 + "-a"], ids=["other", "same"])
def test_put_in_place__no_two_writings_share_a_draft(tmp_path: Path, other: str) -> None:
    path, beside = tmp_path / ("n" * 50 + "-a"), tmp_path / other
    with put_in_place(path) as draft:
        draft.write_text("mine")
        _write(beside, "theirs")
        assert beside.read_text() == "theirs"
    assert path.read_text() == "mine"
    assert _names(tmp_path) == sorted({path.name, other})


@given(st.text("an", min_size=48, max_size=53), st.text("an", min_size=48, max_size=53))
def test_shortened__names_stay_different(one: str, other: str) -> None:
    assert (shortened(one) == shortened(other)) == (one == other)


def test_shortened__names_that_differ_at_their_end_stay_different() -> None:
    assert len({shortened("n" * 60 + end) for end in "abc"}) == 3
    assert shortened("n" * 50) == "n" * 50
    assert shortened(shortened("n" * 60)) != shortened("n" * 60)


def test_whole_name__of_a_draft_is_that_of_its_file(tmp_path: Path) -> None:
    with put_in_place(tmp_path / "report.html") as draft:
        draft.touch()
        assert whole_name(draft.name) == "report.html"
    assert whole_name("report.html") == "report.html"
