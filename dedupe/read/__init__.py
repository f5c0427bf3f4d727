"""Stage 1: files, folders, standard input and Arrow tables in, documents out.

    inputs  ->  sources  ->  bytes  ->  records  ->  documents, a batch at a time
                                          `-> rejects: file, line, reason

Nothing vanishes: what cannot become a document is counted and told with its
place. The order of the inputs, and within each the order of its records, is the
order of the documents.

    sources.py       inputs      -> the files to read, each with its form
    ahead.py         stdin       -> its bytes, read by a thread
    streams.py       a file      -> its bytes, decompressed, in UTF-8, split at newlines
    formats.py       sources     -> records, each by the reader of its form:
    json_records.py                 JSON lines and arrays
    json_values.py                  one value of them
    plain_lines.py                  JSON lines that are plain, without records
    csv_records.py                  CSV and TSV
    columnar.py                     Parquet, Arrow files and tables
    pages.py                        .txt and .html
    warc.py                         web archives
    charsets.py                     the bytes of a page -> its text
    fields.py        whatever a record calls its fields -> the names of `Document`
    moments.py       columns of dates -> intervals
    rows.py          records     -> documents
    ids.py           each id once, with its place
    ledger.py        what a reader may spend, and what it refused
"""

from __future__ import annotations

import dataclasses
import os
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from dedupe.arrays.spill import MEMORY
from dedupe.documents import SCHEMA, spilled_table
from dedupe.errors import InputError
from dedupe.read.fields import FieldNames
from dedupe.read.formats import read_records
from dedupe.read.ids import Ids
from dedupe.read.ledger import Ledger, Limits, OnError
from dedupe.read.pages import with_pages
from dedupe.read.plain_lines import Columns
from dedupe.read.rows import build_columns, build_documents
from dedupe.read.sources import STDIN, check_inputs, find_sources
from dedupe.settings import current_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from dedupe.arrays.spill import Spill
    from dedupe.read.ledger import Records
    from dedupe.read.rows import Name
    from dedupe.read.sources import Source
    from dedupe.stages import OnProgress

__all__ = ["Batch", "Limits", "Reading", "paths_to_reread", "read", "read_batches", "read_table"]

_DEFAULTS = Limits()
_TABLE = "table"
"""What stands for the file, and the input, where documents come as an Arrow table."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Everything that was read.

    Attributes:
        documents: a table of `documents.SCHEMA`, in the order of the inputs.
        rejects: `file`, `line` (from 1; of Parquet, Arrow and JSON arrays the
            place of the record) and `reason` of each record that was refused.
        inputs: `path`, `documents`, `rejects`, `bad_dates` (given, and not
            understood or impossible) and `skipped_files` (of a folder, for
            their names) of each input.
        fields: the names of fields that were asked for, as `read` takes them.
        on_error: what a bad record did, as `read` takes it.
        start: the folder that relative paths of inputs started from; "" for the
            current one.
    """

    documents: pa.Table
    rejects: list[dict[str, Any]]
    inputs: list[dict[str, Any]]
    fields: Mapping[str, str] = dataclasses.field(default_factory=dict)
    on_error: OnError = "skip"
    start: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Some documents of one input, and what was refused since the batch before.

    Attributes:
        documents: a table of `documents.SCHEMA`; may be empty.
        places: the file and line of each.
        rejects: as in `Reading`.
        counts: of the whole input so far, as in `Reading.inputs`.
    """

    documents: pa.Table
    places: list[tuple[str, int]]
    rejects: list[dict[str, Any]]
    counts: dict[str, Any]


def read(
    inputs: Sequence[str | Path],
    *,
    fields: Mapping[str, str] | None = None,
    on_error: OnError = "skip",
    limits: Limits = _DEFAULTS,
    on_progress: OnProgress | None = None,
    spill: Spill = MEMORY,
    start: str = "",
) -> Reading:
    """Read all documents of some inputs.

    Args:
        inputs: files, folders, and "-" for standard input.
        fields: field of a document to the name it has in the records; names with
            dots lead into nested objects. Fields not named here are found by
            `fields.COMMON_NAMES`.
        on_error: what a bad record does: "skip" notes it, "replace" puts U+FFFD
            for what is not UTF-8 and notes what that does not mend, "fail" raises.
        limits: bounds on records, batches and compression.
        on_progress: called with "read", bytes done, and bytes in all (0 unknown).
        spill: where texts go that memory does not hold.
        start: folder that relative inputs start from; "" is the current one.

    Raises:
        InputError: one path in place of a list; an input that is missing or
            cannot be read, that has no column for the text, or whose first 10,000
            records are all bad; an id that comes twice; a bad record, where
            `on_error` is "fail".
        MissingExtraError: a page, and no trafilatura to read it.
    """
    rejects: list[dict[str, Any]] = []
    counts: dict[str, dict[str, Any]] = {}

    def tables() -> Iterator[pa.Table]:
        for batch in read_batches(
            inputs,
            fields=fields,
            on_error=on_error,
            limits=limits,
            on_progress=on_progress,
            start=start,
        ):
            rejects.extend(batch.rejects)
            counts[batch.counts["path"]] = batch.counts
            yield batch.documents

    # One piece, so that no stage has to copy the texts to see them as one.
    documents = spilled_table(tables(), spill)
    return Reading(
        documents=documents,
        rejects=rejects,
        inputs=list(counts.values()),
        fields=dict(fields or {}),
        on_error=on_error,
        start=start or current_folder(),
    )


def read_batches(
    inputs: Sequence[str | Path],
    *,
    fields: Mapping[str, str] | None = None,
    on_error: OnError = "skip",
    limits: Limits = _DEFAULTS,
    on_progress: OnProgress | None = None,
    name: Name | None = None,
    start: str = "",
) -> Iterator[Batch]:
    """Read documents a batch at a time; arguments and errors are those of `read`.

    With `name`, which names a document without an id by its url and text, ids are
    those of an index: one that comes twice is a new version, and no error.

    Yields:
        The batches of each input, in order; the last one of each is empty but
        for the last rejects and the final counts.
    """
    if isinstance(inputs, (str, bytes, os.PathLike)):
        raise InputError(
            f"read takes a list of inputs, not the one {os.fspath(inputs)!r}; put it into a list"
        )
    paths = [os.fspath(given) for given in inputs]
    check_inputs(paths, start)
    found = [find_sources(path, start) for path in paths]
    builder = _Builder(fields or {}, name)
    progress = _Progress(on_progress, [source for sources, _ in found for source in sources])
    for path, (sources, n_skipped) in zip(paths, found, strict=True):
        ledger = Ledger(path, on_error)
        ledger.n_skipped_files = n_skipped
        for records in read_records(sources, builder.names, ledger, limits, progress.add):
            yield builder.batch(records, ledger)
            progress.tell()
        yield _last_batch(ledger)
        progress.tell()


def read_table(
    table: pa.Table,
    *,
    fields: Mapping[str, str] | None = None,
    on_error: OnError = "skip",
    name: Name | None = None,
) -> Reading:
    """Turn an Arrow table of records into documents; `read_batches` tells the arguments.

    In rejects and ids the table stands as the file "table", and a row, counted
    from 1, as its line: a missing id becomes `table:ROW`. A table that has the schema of
    documents already is taken as it is, but for rows without a text and for missing ids.

    Returns:
        The documents, a reject for each row that holds none, and one input,
        whose path is "table".

    Raises:
        InputError: no column holds a text; an id comes twice; a bad record,
            where `on_error` is "fail"; a table of documents that is not as its
            schema promises, as with texts that are not UTF-8.
    """
    from dedupe.read.columnar import table_records

    builder, ledger = _Builder(fields or {}, name), Ledger(_TABLE, on_error)
    if table.schema.equals(SCHEMA):
        documents, lines = _rows_with_text(table, ledger, name)
        rejects = ledger.take_rejects()
        if name is None:
            builder.ids.add(documents["id"].to_pylist(), [_TABLE] * len(lines), lines)
        return Reading(documents=documents, rejects=rejects, inputs=[ledger.counts()])
    batches = [
        builder.batch(records, ledger)
        for records in table_records(table, _TABLE, builder.names, ledger, _DEFAULTS)
    ]
    batches.append(_last_batch(ledger))
    documents = pa.concat_tables(batch.documents for batch in batches)
    rejects = [reject for batch in batches for reject in batch.rejects]
    return Reading(documents=documents, rejects=rejects, inputs=[ledger.counts()])


def _rows_with_text(
    table: pa.Table, ledger: Ledger, name: Name | None
) -> tuple[pa.Table, Sequence[int]]:
    """Return the rows of a documents table that hold a text, each with an id, and their numbers.

    Its schema allows no nulls there, and only UTF-8, but Arrow does not look.
    """
    import pyarrow.compute as pc

    try:
        table.validate(full=True)
    except pa.ArrowInvalid as error:
        raise InputError(f"the table is damaged: {error}; make it anew from its source") from error
    lines: Sequence[int] = range(1, table.num_rows + 1)
    if table["text"].null_count:
        without = pc.is_null(table["text"])
        for row in pc.indices_nonzero(without).to_pylist():
            ledger.reject(_TABLE, row + 1, "the text is null")
        kept = pc.invert(without)
        lines = pc.add(pc.indices_nonzero(kept), 1).to_pylist()
        table = table.filter(kept)
    if table["id"].null_count:
        made = _made_ids(table, lines, name)
        place = table.schema.get_field_index("id")
        table = table.set_column(place, SCHEMA.field("id"), pc.coalesce(table["id"], made))
    ledger.n_documents = table.num_rows
    return table, lines


def _made_ids(table: pa.Table, lines: Sequence[int], name: Name | None) -> pa.Array:
    """Return an id for each row without one, null for the others."""
    names = [
        None if given else name(url, text) if name else f"{_TABLE}:{line}"
        for given, url, text, line in zip(
            table["id"].is_valid().to_pylist(),
            table["url"].to_pylist(),
            table["text"].to_pylist(),
            lines,
            strict=True,
        )
    ]
    return pa.array(names, pa.string())


def paths_to_reread(run: Mapping[str, Any]) -> list[str]:
    """Return the paths by which the inputs of a run can be read again; [] where one was no file.

    Args:
        run: its record, as `Result.run`.
    """
    paths = [row["path"] for row in run.get("inputs", [])]
    # Of a file that is named as a table is, it is recorded where its path starts.
    is_table = paths == [_TABLE] and not run.get("reading", {}).get("start")
    return [] if is_table or STDIN in paths else paths


class _Builder:
    """Turns records into batches of documents, and remembers every id that must not come twice."""

    def __init__(self, fields: Mapping[str, str], name: Name | None) -> None:
        self.names = FieldNames(fields)
        self.ids = Ids()
        self._name = name
        self._own_names = FieldNames({})

    def batch(self, records: Records | Columns, ledger: Ledger) -> Batch:
        if isinstance(records, Columns):
            documents = build_columns(records, self.names, ledger, self._name)
        else:
            names = self._own_names if records.own_names else self.names
            records = with_pages(records, names, ledger)
            documents = build_documents(records, names, ledger, self._name)
        rejects = ledger.take_rejects()
        if self._name is None:
            self.ids.add(documents.ids, documents.files, documents.lines)
        places = list(zip(documents.files, documents.lines, strict=True))
        return Batch(
            documents=documents.table, places=places, rejects=rejects, counts=ledger.counts()
        )


def _last_batch(ledger: Ledger) -> Batch:
    """Return what is noted after the last record of an input, without documents."""
    rejects = ledger.take_rejects()
    return Batch(documents=SCHEMA.empty_table(), places=[], rejects=rejects, counts=ledger.counts())


class _Progress:
    """Adds up bytes, and tells of them where someone listens."""

    def __init__(self, listener: OnProgress | None, sources: Sequence[Source]) -> None:
        self._listener = listener
        sizes = [source.size for source in sources]
        # 0 is an unknown total: of a pipe nobody knows what is to come.
        self._total = 0 if None in sizes else sum(filter(None, sizes))
        self._done = 0

    def add(self, n_bytes: int) -> None:
        self._done += n_bytes

    def tell(self) -> None:
        if self._listener:
            self._listener("read", self._done, self._total)
