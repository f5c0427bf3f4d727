"""A path in; a path beside it to write to, which takes its place when all is written."""

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

_PART = re.compile(r"\.(.+)\.[0-9a-f]{8}\.[0-9]+\.[0-9]+\.part", re.DOTALL)
KEPT_CHARACTERS = 50
"""Characters of a name that stand in that of its draft: four bytes each at most, and a name may
have 255."""
_DRAFTS = itertools.count()


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
        draft = place.with_name(_draft_name(place.name))
        try:
            yield draft
            interrupts.check()
            draft.replace(place)
        finally:
            # Whatever is wrong with the draft, its writing has told.
            with contextlib.suppress(OSError):
                draft.unlink()
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror or error})") from error


def _draft_name(name: str) -> str:
    """Return a name for the draft of a file that no other draft has."""
    # Machines that share a disk may share a process number too.
    whole = zlib.crc32(os.fsencode(name))
    return f".{name[:KEPT_CHARACTERS]}.{whole:08x}.{os.getpid()}.{next(_DRAFTS)}.part"


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
