"""Files of a result in, their sizes and checksums out; and whether they still are so.

    folder  ->  record_of()      "files" of run.json
                    `->  check_files()  ValueError for what has changed since

A cut or emptied JSON-lines file is still valid JSON lines; only a checksum shows it.
"""

from __future__ import annotations

import functools
import hashlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

# run.json holds the record, and `dedupe report` writes its page whenever it is asked to.
_NOT_RECORDED = frozenset({"run.json", "report.html"})


def record_of(folder: Path) -> dict[str, dict[str, Any]]:
    """Return by name the `file_record` of each file of a result that is to be compared.

    Folders are left out: an archive has checks of its own.
    """
    return {
        path.name: file_record(path)
        for path in sorted(folder.iterdir())
        if path.is_file() and path.name not in _NOT_RECORDED
    }


def check_files(folder: Path, names: Iterable[str], record: Any) -> None:
    """Compare files with their record.

    Args:
        folder: of the result.
        names: of the files; one that is neither there nor recorded is passed over.
        record: what `record_of` returned.

    Raises:
        ValueError: a file is not as it was recorded; or the record is none.
        OSError: a file cannot be read.
    """
    if not isinstance(record, dict):
        raise ValueError("run.json: files is of another form")  # noqa: TRY004 - damage, not a fault
    for name in names:
        path = folder / name
        if not path.is_file():
            if name in record:
                raise ValueError(f"{name} is missing")
        elif file_record(path) != record.get(name):
            raise ValueError(f"{name} is not as the run wrote it")


def file_record(path: Path) -> dict[str, Any]:
    """Return the `bytes` and the `blake2b` (hex, 16 bytes) of a file.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, functools.partial(hashlib.blake2b, digest_size=16))
        return {"bytes": file.tell(), "blake2b": digest.hexdigest()}
