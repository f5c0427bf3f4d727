"""A path in; a path beside it to write to, which takes its place when all is on disk."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import stat
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from dedupe import interrupts
from dedupe.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator

_PART = re.compile(r"\.(.+)\.[0-9]+\.[0-9]+\.part", re.DOTALL)
# Of the name in that of its draft: four bytes each at most, and a name may have 255.
_KEPT_CHARACTERS = 50
_NUMBERS = itertools.count()


@contextlib.contextmanager
def put_in_place(path: Path) -> Iterator[Path]:
    """Give the path to write to: what stood at `path` stays until all is written.

    A symbolic link stays one, and the file that it leads to is replaced. What is no file,
    as a pipe, is given itself.

    Raises:
        OutputError: the file cannot be written.
    """
    try:
        if not _may_be_replaced(path):
            yield path
            interrupts.check()
            return
        place = Path(os.path.realpath(path))
        # No other writing of this process, to this path or another, takes the same draft.
        draft = place.with_name(f".{shortened(place.name)}.{os.getpid()}.{next(_NUMBERS)}.part")
        try:
            yield draft
            interrupts.check()
            # After a power cut the name must not stand for bytes that never reached the disk.
            sync(draft)
            draft.replace(place)
        finally:
            # Whatever is wrong with the draft, its writing has told.
            with contextlib.suppress(OSError):
                draft.unlink()
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror or error})") from error


def make_durably(folder: Path) -> None:
    """Make a folder and those above it, where they are missing; then their names are on disk.

    Raises:
        OSError: one cannot be made.
    """
    if not folder.is_dir():
        make_durably(folder.parent)
        folder.mkdir(exist_ok=True)
        sync_names(folder.parent)


def sync(path: Path) -> None:
    """Force a file, or the names in a folder, onto the disk.

    Raises:
        OSError: the disk takes no more.
    """
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_names(folder: Path) -> None:
    """Force the names in a folder onto the disk, where this account and the system can."""
    with contextlib.suppress(OSError):
        sync(folder)


def shortened(name: str) -> str:
    """Return what stands for a name in that of its draft: itself, or its start and a hash of all.

    Those of two names differ, or one would remove what a killed process left of the other.
    """
    if len(name) <= _KEPT_CHARACTERS:
        return name
    return f"{name[:_KEPT_CHARACTERS]}~{zlib.crc32(os.fsencode(name)):08x}"


def _may_be_replaced(path: Path) -> bool:
    """Say whether a path is that of a file, or of nothing."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except FileNotFoundError:
        return True


def whole_name(name: str) -> str:
    """Return what a file was to become that a killed process left; of any other, its name."""
    part = _PART.fullmatch(name)
    return part[1] if part else name
