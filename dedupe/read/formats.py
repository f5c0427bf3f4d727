"""Sources in, records out, each by the reader of its form.

A name tells the form; the first bytes overrule it for Parquet and Arrow, and
tell it where the name does not.
"""

from __future__ import annotations

import itertools
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal, overload

from dedupe.errors import InputError
from dedupe.read import plain_lines
from dedupe.read.ahead import ReadAhead
from dedupe.read.csv_records import read_csv
from dedupe.read.json_records import is_lines, read_lines, read_values
from dedupe.read.pages import can_extract, needs_extra, read_files
from dedupe.read.sources import READABLE, STDIN, Source
from dedupe.read.streams import ByteStream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from dedupe.read.fields import FieldNames
    from dedupe.read.ledger import Ledger, Limits, Records
    from dedupe.read.plain_lines import Columns
    from dedupe.read.sources import Form
    from dedupe.read.streams import Read

    OnBytes = Callable[[int], None]

_COLUMNAR_MAGICS = (b"PAR1", b"ARROW1")
_WARC_MAGIC = b"WARC/"


# Columns hold only the fields of a document: where `whole` is asked for, all come as records.
@overload
def read_records(
    sources: Sequence[Source],
    names: FieldNames,
    ledger: Ledger,
    limits: Limits,
    on_bytes: OnBytes,
    *,
    whole: Literal[True],
) -> Iterator[Records]: ...


@overload
def read_records(
    sources: Sequence[Source],
    names: FieldNames,
    ledger: Ledger,
    limits: Limits,
    on_bytes: OnBytes,
) -> Iterator[Records | Columns]: ...


def read_records(
    sources: Sequence[Source],
    names: FieldNames,
    ledger: Ledger,
    limits: Limits,
    on_bytes: OnBytes,
    *,
    whole: bool = False,
) -> Iterator[Records | Columns]:
    """Yield the records of the sources, in order; `on_bytes` hears of bytes read.

    `whole` asks for each record with all it holds: of Parquet and Arrow the columns
    that hold no field of a document as well, of JSON lines no mere columns.

    Raises:
        InputError: a file that cannot be opened, is of no form that is read, has
            no column for the text, or gives nothing but bad records.
    """
    # Without the extra, stray pages do not stop a folder of texts; nothing but pages does.
    strays = any(source.form != "html" for source in sources) and not can_extract()
    for form, group in itertools.groupby(sources, key=lambda source: source.form):
        if form == "html" and strays:
            for source in group:
                ledger.reject(source.name, 1, str(needs_extra()))
            continue
        if form in {"text", "html"}:
            streams = _streams(group, limits, on_bytes)
            yield from read_files(streams, form, ledger, limits)
            continue
        for source in group:
            records = _read_one(source, names, ledger, limits, on_bytes, whole=whole)
            yield from _with_hope(records, source, ledger, limits)


def _read_one(
    source: Source,
    names: FieldNames,
    ledger: Ledger,
    limits: Limits,
    on_bytes: OnBytes,
    *,
    whole: bool,
) -> Iterator[Records | Columns]:
    with _opened(source, limits) as read:
        stream = ByteStream(read, source.name, limits, on_bytes)
        form = _form(source, stream)
        if form == "csv":
            yield from read_csv(stream, source.name, names, ledger, limits)
        elif form == "lines":
            can_be_plain = not whole and (source.size or 0) >= plain_lines.LEAST_BYTES
            plain = plain_lines.PlainLines(names, source.name) if can_be_plain else None
            yield from read_lines(stream, source.name, ledger, limits, plain)
        elif form == "warc":
            from dedupe.read.warc import read_warc

            yield from read_warc(stream, source.name, ledger, limits)
        elif form == "json":
            yield from read_values(stream, source.name, ledger, limits)
        else:
            from dedupe.read.columnar import read_columnar

            yield from read_columnar(source.path, source.name, names, ledger, limits, whole=whole)
            on_bytes(max((source.size or 0) - stream.n_raw, 0))


def _form(source: Source, stream: ByteStream) -> Form:
    """Tell the form of one open file.

    Raises:
        InputError: neither its name nor its first bytes tell it.
    """
    if stream.magic.startswith(_COLUMNAR_MAGICS) and source.path != STDIN:
        return "columnar"
    if source.form in {"lines", "csv", "columnar", "warc"}:
        return source.form
    if stream.head.startswith(_WARC_MAGIC):
        return "warc"
    start = stream.head.lstrip()[:1]
    if source.form == "json" or start in {b"", b"{", b"["}:
        return "lines" if is_lines(stream.head) else "json"
    raise InputError(
        f"{source.name}: no form that is known ({READABLE} are read); give the file the ending of "
        "its form, or turn it into JSON lines"
    )


def _with_hope(
    batches: Iterable[Records | Columns], source: Source, ledger: Ledger, limits: Limits
) -> Iterator[Records | Columns]:
    """Pass batches on, until a file has given many bad records and nothing else.

    Raises:
        InputError: it has.
    """
    n_documents, n_rejects = ledger.n_documents, ledger.n_rejects
    for records in batches:
        yield records
        n_bad = ledger.n_rejects - n_rejects
        if ledger.n_documents == n_documents and n_bad >= limits.hopeless:
            raise InputError(
                f"{source.name}: none of the first {n_bad:,} records can be read; the last: "
                f"{ledger.last_reason}; name the fields (--field text=NAME), or mend the file"
            )


def _streams(
    sources: Iterable[Source], limits: Limits, on_bytes: OnBytes
) -> Iterator[tuple[ByteStream, str, str]]:
    for source in sources:
        with _opened(source, limits) as read:
            yield ByteStream(read, source.name, limits, on_bytes), source.name, source.id


@contextmanager
def _opened(source: Source, limits: Limits) -> Iterator[Read]:
    if source.path == STDIN:
        yield _standard_input(limits.ahead_bytes)
        return
    try:
        file = Path(source.path).open("rb", 0)  # noqa: SIM115 - closed below
    except OSError as error:
        raise InputError(f"{source.name}: cannot be read ({error.strerror})") from error
    with file:
        yield file.read


def _standard_input(ahead_bytes: int) -> Read:
    if sys.stdin is None:
        raise InputError("-: standard input is closed; give it a pipe or a file")
    if ahead_bytes:
        try:
            return ReadAhead(sys.stdin.fileno(), ahead_bytes).read
        except OSError:
            pass  # Something without a file stands in its place, and keeps nobody waiting.
    read: Read = sys.stdin.buffer.read1  # type: ignore[union-attr]
    return read
