"""What comes to an index: documents by the commit or one by one, and what is refused.

For `index add` inputs become tables of at most a thousand documents, for
`index query` one document after another; rejects are told, or written to a file.
"""

import contextlib
import itertools
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, Self

import orjson
import typer

from dedupe.cli import terminal
from dedupe.cli.codes import Code
from dedupe.cli.compare import document_of, load_document
from dedupe.cli.options import OnError
from dedupe.errors import DedupeError, OutputError

if TYPE_CHECKING:
    import pyarrow as pa

    from dedupe.documents import Document
    from dedupe.read import Batch
    from dedupe.stages import OnProgress

_AHEAD_BYTES = 16 << 20
"""Thousands of articles: a pipe that is fast fills a commit while another is made."""
_MOST_TOLD = 10
"""Rejects that are told one by one."""


class How(NamedTuple):
    """How inputs are read: the names of fields, what a bad record does, who hears of progress."""

    fields: dict[str, str]
    on_error: OnError
    on_progress: "OnProgress | None" = None


class Commit(NamedTuple):
    """Documents that are added at once, and the file and line of each."""

    documents: "pa.Table"
    places: list[tuple[str, int]]


class Rejects:
    """Writes rejects to a file as they come or, without one, tells the first of them.

    What the file held before goes with the first of them or, where all was read and none
    rejected, at the end: not when the command fails.

    Raises:
        OutputError: the file cannot be written.
    """

    def __init__(self, path: Path | None) -> None:
        self.n = 0
        self._path = path
        self._file: BinaryIO | None = None

    def __enter__(self) -> Self:
        if self._path is not None:
            with self._writing():
                self._file = self._path.open("ab")
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._file is not None:
            with self._writing(), self._file as file:
                if kind is None and not self.n:
                    _empty(file)
        elif self.n > _MOST_TOLD:
            terminal.say(f"{self.n - _MOST_TOLD:,} more rejected; --rejects FILE lists them all")

    def add(self, rejects: list[dict[str, Any]]) -> None:
        """Take the rejects of one batch."""
        if self._file is not None:
            with self._writing():
                if rejects and not self.n:
                    _empty(self._file)
                self._file.writelines(map(line, rejects))
                self._file.flush()
        else:
            for one in rejects[: max(0, _MOST_TOLD - self.n)]:
                terminal.say(f"{one['file']}:{one['line']}: rejected: {one['reason']}")
        self.n += len(rejects)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise OutputError(f"{self._path}: cannot be written ({error.strerror})") from error

    def refuse(self, what: str) -> None:
        """End with exit code 3 where all was bad, as a run over a collection does."""
        if self.n:
            terminal.say(f"{self.n:,} of {self.n:,} records are bad; nothing was {what}")
            raise typer.Exit(Code.BAD_RECORDS)


def _empty(file: BinaryIO) -> None:
    """Take away what a file held before; a pipe holds nothing."""
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.truncate(0)


def batches(inputs: Sequence[str], how: How) -> "Iterator[Batch]":
    """Read inputs a batch at a time, named and versioned as an index does it."""
    from dedupe.index.adding import READ_TOGETHER
    from dedupe.index.asked import name_of
    from dedupe.read import Limits, read_batches

    return read_batches(
        inputs,
        fields=how.fields,
        on_error=how.on_error.value,
        limits=Limits(batch_documents=READ_TOGETHER, ahead_bytes=_AHEAD_BYTES),
        on_progress=how.on_progress,
        name=name_of,
    )


def commits(inputs: Sequence[str], how: How, refused: Rejects) -> Iterator[Commit]:
    """Yield documents as they come, at most a thousand at once.

    Read until there are some before anything is made for them. What a batch holds
    above whole thousands waits for the next; a smaller batch says that no more can
    be read at once.

    Raises:
        typer.Exit: of all that was read nothing is a document.
    """
    cut = _cut(batches(inputs, how), refused)
    first = next(cut, None)
    if first is None:
        refused.refuse("added")
        return iter(())
    return itertools.chain([first], cut)


def _cut(given: "Iterator[Batch]", refused: Rejects) -> Iterator[Commit]:
    import pyarrow as pa

    from dedupe.documents import SCHEMA
    from dedupe.index.adding import READ_TOGETHER

    held = Commit(SCHEMA.empty_table(), [])
    try:
        for batch in given:
            refused.add(batch.rejects)
            both = pa.concat_tables([held.documents, batch.documents])
            held = Commit(both, held.places + batch.places)
            least = READ_TOGETHER if len(batch.places) >= READ_TOGETHER else 1
            while len(held.places) >= least:
                yield Commit(held.documents.slice(0, READ_TOGETHER), held.places[:READ_TOGETHER])
                held = Commit(held.documents.slice(READ_TOGETHER), held.places[READ_TOGETHER:])
    except DedupeError:
        # What came before is added.
        if held.places:
            yield held
        raise


def documents(
    inputs: Sequence[str], how: How, refused: Rejects
) -> "Iterator[tuple[Document, tuple[str, int]]]":
    """Yield documents one by one, each with its file and line.

    A file whose name tells no form is one of plain text.
    """
    from dedupe.read.sources import STDIN, form_of, printable_path

    for given in inputs:
        if given != STDIN and form_of(given) == "unknown" and not Path(given).is_dir():
            yield load_document(Path(given)), (printable_path(given), 1)
            continue
        for batch in batches([given], how):
            refused.add(batch.rejects)
            rows = map(document_of, batch.documents.to_pylist())
            yield from zip(rows, batch.places, strict=True)


def line(value: dict[str, Any]) -> bytes:
    """Write a value as a line of JSON."""
    return orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_SERIALIZE_NUMPY)
