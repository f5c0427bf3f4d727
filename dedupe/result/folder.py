"""A place for the folder of a result in; the folder there, whole, or all as it was before.

    place  ->  check_place()      may a result stand there?
           ->  folder_in_place()  a folder to write to, which takes the place at the end

A folder is written beside its place and moved into it whole, so a crash, a
full disk or an interrupt leaves the earlier result, or none, but never half of
one. The next one removes drafts left by a killed process.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from dedupe.errors import OutputError
from dedupe.in_place import make_durably, shortened, sync_names, whole_name

if TYPE_CHECKING:
    from collections.abc import Iterator

FILES = (
    "documents.parquet", "pairs.parquet", "passages.parquet", "stories.jsonl", "rejects.jsonl",
    "run.json", "documents.csv", "stories.csv", "report.html", "archive",
)  # fmt: skip
"""Files of a result folder; two come with --csv, report.html with --report or `dedupe report`, and
the folder `archive` with --keep."""

_DRAFT = ".draft-"
# An empty folder so old is no draft that another run has just made.
_AN_HOUR_SECONDS = 3600


def check_place(place: Path, *, overwrite: bool) -> None:
    """Refuse a place that a result may not take.

    Raises:
        OutputError: a file, a link, a folder that holds something else, or one that
            holds a result, unless `overwrite`; a place within a result, which could
            not be replaced afterwards; a place that may not be looked into.
    """
    try:
        _check_place(place, overwrite=overwrite)
    except OSError as error:
        raise OutputError(
            f"{place}: cannot be looked into ({error.strerror or error}); choose another place"
        ) from error


def _check_place(place: Path, *, overwrite: bool) -> None:
    # realpath, because Path.resolve raises on links that lead to themselves
    for folder in Path(os.path.realpath(place)).parents:
        if all((folder / name).is_file() for name in ("run.json", "documents.parquet")):
            raise OutputError(f"{place}: lies in the result {folder}; choose another place")
    if not place.exists() and not place.is_symlink():
        return
    if not place.is_dir() or place.is_symlink():
        is_link = "is a link; name the folder that it leads to, or another"
        is_file = "is not a folder; choose another place for the result"
        raise OutputError(f"{place}: {is_link if place.is_symlink() else is_file}")
    # "." is there even where it was removed from its path.
    if os.path.ismount(place) or place.samefile("."):
        # The folder is made beside it, and takes its name at the end.
        raise OutputError(f"{place}: cannot be replaced; choose a folder within it")
    names = {path.name for path in place.iterdir()}
    if not names:
        return
    if "run.json" not in names:
        raise OutputError(f"{place}: is not empty and holds no result; choose another place")
    if not overwrite:
        raise OutputError(
            f"{place}: holds a result; add --overwrite (overwrite=True) to replace it"
        )
    strangers = sorted(name for name in names if whole_name(name) not in FILES)
    if strangers:
        raise OutputError(
            f"{place}: holds {strangers[0]}, which is no part of a result and would be lost; "
            "move it, or choose another place"
        )


@contextlib.contextmanager
def folder_in_place(place: Path, *, overwrite: bool) -> Iterator[Path]:
    """Give an empty folder to write to: what stood at `place` stays until all is written.

    The place is checked before and after, for another run may have written there meanwhile.

    Raises:
        OSError: it cannot be made, or moved.
        OutputError: as `check_place`.
    """
    check_place(place, overwrite=overwrite)
    make_durably(place.parent)
    draft = _beside(place)
    try:
        with _held(draft):
            yield draft
            draft.chmod(0o755)
            check_place(place, overwrite=overwrite)
            _move(draft, place, overwrite=overwrite)
            _remove_leftovers(place)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _move(draft: Path, place: Path, *, overwrite: bool) -> None:
    """Put `draft` where `place` is; an earlier result that may go steps aside first."""
    if overwrite and place.exists():
        aside = _beside(place)
        try:
            with _held(place):
                place.replace(aside)
                draft.replace(place)
                sync_names(place.parent)
        except BaseException:
            if not place.exists():
                aside.replace(place)
            raise
        finally:
            # Whatever came between: while nothing stands in its place, it is the only one.
            if place.exists():
                shutil.rmtree(aside, ignore_errors=True)
    else:
        # An empty folder gives way, and the system refuses where anything stands by now.
        draft.replace(place)
        sync_names(place.parent)


def _beside(place: Path) -> Path:
    """Make an empty folder on the disk of a place, by a name that says whose it is."""
    return Path(tempfile.mkdtemp(prefix=_prefix(place), dir=place.parent))


def _prefix(place: Path) -> str:
    """Return what the names of all drafts of a place begin with."""
    return f".{shortened(place.name)}{_DRAFT}"


@contextlib.contextmanager
def _held(folder: Path) -> Iterator[bool]:
    """Lock a folder while this process lives, wherever it is moved; yields whether that worked.

    Some file systems know no locks: a save goes on without.
    """
    import fcntl

    handle = os.open(folder, os.O_RDONLY)
    try:
        locked = True
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            locked = False
        yield locked
    finally:
        os.close(handle)


def _remove_leftovers(place: Path) -> None:
    """Remove drafts of this place that no living process holds.

    Only folders of our name and with nothing but files of ours. Called when a
    result stands in its place, so that an earlier one which stepped aside is no
    longer the only one.
    """
    # The result is safe: what cannot be listed or removed may stay.
    with contextlib.suppress(OSError):
        for path in sorted(place.absolute().parent.iterdir()):
            named = path.name.startswith(_prefix(place))
            if named and path.is_dir() and not path.is_symlink() and _is_ours(path):
                with _held(path) as dead:
                    if dead:
                        shutil.rmtree(path, ignore_errors=True)


def _is_ours(draft: Path) -> bool:
    """Say whether a folder holds files of a result alone; an empty one, if it is no new draft."""
    names = {found.name for found in draft.iterdir()}
    if not names:
        return time.time() - draft.stat().st_mtime > _AN_HOUR_SECONDS
    return set(map(whole_name, names)) <= set(FILES)
