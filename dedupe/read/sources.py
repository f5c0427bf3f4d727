"""Inputs in, files to read out: folders walked, formats known by name or content.

"day.jsonl.gz", "pages/", "-"  ->  Source(path, name, id, form)
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from dedupe.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Form = Literal["lines", "json", "csv", "columnar", "text", "html", "warc", "unknown"]

STDIN = "-"
_COMPRESSED = (".gz", ".gzip", ".zst", ".zstd")
_FORMS: dict[str, Form] = {
    ".jsonl": "lines", ".ndjson": "lines", ".jsonlines": "lines", ".json": "json",
    ".csv": "csv", ".tsv": "csv",
    ".parquet": "columnar", ".pq": "columnar", ".arrow": "columnar", ".arrows": "columnar",
    ".feather": "columnar", ".ipc": "columnar",
    ".txt": "text", ".text": "text", ".html": "html", ".htm": "html", ".xhtml": "html",
    ".warc": "warc",
}  # fmt: skip
READABLE = "JSON lines, JSON, CSV, TSV, Parquet, Arrow, WARC, .txt and .html"


class Source(NamedTuple):
    """One file to read.

    Attributes:
        path: to open; "-" is standard input.
        name: as messages and ids give it, in Unicode.
        id: of the document, where the file is one: its path within its folder.
        form: what its name says it is.
        size: in bytes; None where only reading tells.
    """

    path: str
    name: str
    id: str
    form: Form
    size: int | None


def find_sources(given: str, start: str = "") -> tuple[list[Source], int]:
    """Return the files of one input in order of their names, and how many were left aside.

    What they are called begins with the input as it is given, wherever it is opened.

    A folder gives the files whose names end as readable ones do; hidden files,
    links to folders and folders that hold a result of a run are left aside.

    Args:
        given: the input.
        start: folder that a relative path starts from; "" is the current one.

    Raises:
        InputError: no such file or folder, or a folder with nothing readable.
    """
    if given == STDIN:
        return [Source(STDIN, STDIN, STDIN, "unknown", None)], 0
    place = os.path.join(start, given)  # noqa: PTH118 - `given` stays as given
    status = _status(place)
    if not stat.S_ISDIR(status.st_mode):
        name = printable_path(given)
        return [Source(place, name, name, form_of(given), _size(status))], 0
    sources, n_skipped = [], 0
    for path in _walk(place):
        form = form_of(path)
        if form == "unknown":
            n_skipped += 1
            continue
        inside = printable_path(Path(os.path.relpath(path, place)).as_posix())
        name = printable_path(given + path.removeprefix(place))
        sources.append(Source(path, name, inside, form, _size(_status(path))))
    if not sources:
        raise InputError(
            f"{printable_path(place)}: nothing readable in this folder; {READABLE} are read"
        )
    return sources, n_skipped


def form_of(path: str) -> Form:
    """Return the form a file's name tells of."""
    name = path.lower()
    for ending in _COMPRESSED:
        name = name.removesuffix(ending)
    return _FORMS.get(os.path.splitext(name)[1], "unknown")  # noqa: PTH122 - a str, a million times


_RESULT_FILES = {"run.json", "documents.parquet", "stories.jsonl"}


def _walk(folder: str) -> Iterator[str]:
    def complain(error: OSError) -> None:
        raise InputError(
            f"{printable_path(str(error.filename))}: cannot be read ({error.strerror})"
        )

    for parent, folders, files in os.walk(folder, onerror=complain):
        if parent != folder and set(files) >= _RESULT_FILES:
            # A result of ours, written into the folder that it was made of.
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = os.path.join(parent, name)  # noqa: PTH118 - a str, a million times
            if not name.startswith(".") and os.path.isfile(path):  # noqa: PTH113 - the same
                yield path


def _status(path: str) -> os.stat_result:
    try:
        return os.stat(path)  # noqa: PTH116 - `path` stays as given
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(
            f"{printable_path(path)}: {reason}; give one that is there, or - for standard input"
        ) from error


def _size(status: os.stat_result) -> int | None:
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def printable_path(path: str) -> str:
    """Return a path as Unicode: a file name may hold any bytes."""
    return os.fsencode(path).decode("utf-8", "replace")


def check_inputs(inputs: Sequence[str], start: str = "") -> None:
    """Refuse an input that is given twice, by itself or in a folder: its documents would clash.

    Links in a path are followed; two hard links of a file are two inputs.

    Args:
        inputs: all of them.
        start: as in `find_sources`.

    Raises:
        InputError: naming the input, and how it was spelled before, or the folder.
    """
    before: dict[str, str] = {}
    for given in inputs:
        place = _resolved(given, start)
        if place in before:
            first = "" if before[place] == given else f", first as {printable_path(before[place])}"
            raise InputError(f"{printable_path(given)}: given twice{first}; name each input once")
        before[place] = given
    folders = [place for place in before if os.path.isdir(place)]  # noqa: PTH112 - may be no path
    for place, given in before.items():
        holder = next((folder for folder in folders if _gives(folder, place)), None)
        if holder is not None:
            raise InputError(
                f"{printable_path(given)}: given twice, once in {printable_path(before[holder])}; "
                "name each input once"
            )


def _gives(folder: str, place: str) -> bool:
    """Say whether what stands at a place is read where a folder is given; both without links."""
    if place == folder or not place.startswith(os.path.join(folder, "")):  # noqa: PTH118
        return False
    is_hidden = any(part.startswith(".") for part in Path(place).relative_to(folder).parts)
    is_folder = os.path.isdir(place)  # noqa: PTH112 - as above
    return not is_hidden and (is_folder or form_of(place) != "unknown")


def _resolved(given: str, start: str) -> str:
    """Return the one name of an input; what cannot be a path is left for `find_sources`."""
    if given == STDIN:
        return given
    try:
        return os.path.realpath(os.path.join(start, given))  # noqa: PTH118 - may be no path
    except (OSError, ValueError):
        return given
