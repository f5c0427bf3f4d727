"""A path in; a path beside it to write to, which takes its place when all is written."""

from __future__ import annotations

import contextlib
import os
import re
from typing import TYPE_CHECKING

from dedupe import interrupts
from dedupe.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PART = re.compile(r"\.(.+)\.[0-9]+\.part", re.DOTALL)


@contextlib.contextmanager
def put_in_place(path: Path) -> Iterator[Path]:
    """Give the path to write to: what stood at `path` stays until all is written.

    Raises:
        OutputError: the file cannot be written.
    """
    is_special = path.exists() and not path.is_file()
    beside = path if is_special else path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield beside
        interrupts.check()
        if not is_special:
            beside.replace(path)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror or error})") from error
    finally:
        if not is_special:
            beside.unlink(missing_ok=True)


def whole_name(name: str) -> str:
    """Return what a file was to become that a killed process left; of any other, its name."""
    part = _PART.fullmatch(name)
    return part[1] if part else name
