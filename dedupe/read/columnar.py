"""Parquet, Arrow files and Arrow tables in, records out, numbered by row from 1.

Only the columns that hold a field of a document are read, unless records are
wanted whole; of columns with one name the first holds the field. Times of a year
that `datetime` cannot hold are brought to its edge, where they count as impossible.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

from dedupe.errors import InputError
from dedupe.read.fields import COMMON_NAMES, distinct_names
from dedupe.read.ledger import Records

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dedupe.read.fields import FieldNames
    from dedupe.read.ledger import Ledger, Limits

PARQUET_MAGIC = b"PAR1"
ARROW_MAGIC = b"ARROW1"
_DAMAGE = (pa.ArrowException, OSError, OverflowError)
_FIRST_SECOND, _LAST_SECOND = -62_104_060_800, 253_370_764_800
"""The years 2 to 9998: no time zone leads out of what `datetime` holds."""
_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6}


class _Columns(NamedTuple):
    """The names and places of the columns to read, and the names that hold a field."""

    read: list[str]
    places: list[int]
    fields: frozenset[str]


def read_columnar(
    path: str,
    file: str,
    names: FieldNames,
    ledger: Ledger,
    limits: Limits,
    *,
    whole: bool = False,
) -> Iterator[Records]:
    """Yield the records of a Parquet or Arrow file; damage ends it with one reject.

    `whole` records hold every column, not only those that hold a field.

    Raises:
        InputError: no column holds a text or a page.
    """
    row = 0
    try:
        for batch, fields in _batches(path, file, names, limits, whole=whole):
            yield _records(batch, row, file, ledger, fields)
            row += batch.num_rows
    except _DAMAGE as error:
        reason = " ".join(str(error).split())[:200]
        ledger.reject(file, row + 1, f"cannot be read from here on ({reason})")


def table_records(
    table: pa.Table, file: str, names: FieldNames, ledger: Ledger, limits: Limits
) -> Iterator[Records]:
    """Yield the records of an Arrow table.

    Raises:
        InputError: no column holds a text or a page.
    """
    row = 0
    columns = _columns(table.schema, file, names, whole=False)
    for batch in table.select(columns.places).to_batches(max_chunksize=limits.batch_documents):
        yield _records(batch, row, file, ledger, columns.fields)
        row += batch.num_rows


def _batches(
    path: str, file: str, names: FieldNames, limits: Limits, *, whole: bool
) -> Iterator[tuple[pa.RecordBatch, frozenset[str]]]:
    """Yield the batches of a file, each with the names of the columns that hold a field."""
    with pa.OSFile(os.fsencode(path)) as source:
        magic = source.read(len(ARROW_MAGIC))
        source.seek(0)
        if magic.startswith(PARQUET_MAGIC):
            from pyarrow import parquet

            with parquet.ParquetFile(source) as table:
                columns = _columns(table.schema_arrow, file, names, whole=whole)
                size = limits.batch_documents
                # Named columns come name by name; all of them, in their places.
                chosen = None if whole else columns.read
                for batch in table.iter_batches(batch_size=size, columns=chosen):
                    yield batch, columns.fields
        else:
            reader, batches = _arrow_reader(source, magic)
            columns = _columns(reader.schema, file, names, whole=whole)
            for batch in _arrow_batches(batches, columns.places, limits):
                yield batch, columns.fields


def _arrow_reader(source: pa.NativeFile, magic: bytes) -> tuple[Any, Iterable[pa.RecordBatch]]:
    """Open the file or the stream form; returns the reader, which has the schema, and batches."""
    if magic == ARROW_MAGIC:
        reader = pa.ipc.open_file(source)
        return reader, map(reader.get_batch, range(reader.num_record_batches))
    reader = pa.ipc.open_stream(source)
    return reader, reader


def _arrow_batches(
    batches: Iterable[pa.RecordBatch], columns: list[int], limits: Limits
) -> Iterator[pa.RecordBatch]:
    """Yield batches of some columns; offsets are checked, since they may be forged."""
    for every_column in batches:
        batch = every_column.select(columns)
        for column in batch.columns:
            _check_layout(column)
        for start in range(0, batch.num_rows, limits.batch_documents):
            yield batch.slice(start, limits.batch_documents)


def _check_layout(column: pa.Array) -> None:
    """Refuse an array whose buffers do not fit; bad UTF-8 is left to its record."""
    try:
        column.validate(full=True)
    except pa.ArrowInvalid as error:
        if "UTF8" not in str(error):
            raise


def _columns(schema: pa.Schema, file: str, names: FieldNames, *, whole: bool) -> _Columns:
    """Choose the columns that hold a field, or all."""
    keys = frozenset(schema.names)
    if not names.has_text(keys):
        raise InputError(
            f"{file}: {names.missing_text(keys)}; name the right one with --field text=NAME"
        )
    wanted = {path[0] for field in COMMON_NAMES for path in names.paths(field, keys)}
    chosen = [name for name in schema.names if whole or name in wanted]
    places = [place for place, name in enumerate(schema.names) if whole or name in wanted]
    return _Columns(list(dict.fromkeys(chosen)), places, frozenset(wanted))


def _records(
    batch: pa.RecordBatch, n_before: int, file: str, ledger: Ledger, fields: frozenset[str]
) -> Records:
    """Return the rows of a batch; one with bad UTF-8 is rejected, or mended.

    In a column that holds no field it is always mended: whether a record becomes
    a document must not hang on the columns that are read beside it.
    """
    columns = [_within_datetime(column) for column in batch.columns]
    numbers = list(range(n_before + 1, n_before + batch.num_rows + 1))
    try:
        values = [column.to_pylist() for column in columns]
    except (ValueError, OverflowError):
        bad: set[int] = set()
        mend = ledger.on_error == "replace"
        named = zip(batch.schema.names, columns, strict=True)
        values = [_each(column, bad, mend=mend or name not in fields) for name, column in named]
        for row in sorted(bad):
            ledger.reject(file, numbers[row], "not UTF-8")
        kept = [row for row in range(batch.num_rows) if row not in bad]
        values = [[column[row] for row in kept] for column in values]
        numbers = [numbers[row] for row in kept]
    names = distinct_names(batch.schema.names)
    records = [dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)]
    return Records(records, [file] * len(records), numbers)


def _each(column: pa.Array, bad: set[int], *, mend: bool) -> list[Any]:
    """Return the values one by one, and add to `bad` the rows that are not UTF-8.

    A value that Python cannot hold, such as a time inside an object, is None.
    """
    values: list[Any] = []
    for row, scalar in enumerate(column):
        try:
            values.append(scalar.as_py())
        except UnicodeDecodeError:
            data = scalar.as_buffer().to_pybytes() if hasattr(scalar, "as_buffer") else b""
            values.append(data.decode("utf-8", "replace"))
            if not mend:
                bad.add(row)
        except (ValueError, OverflowError):
            values.append(None)
    return values


def _within_datetime(column: pa.Array) -> pa.Array:
    """Bring times to microseconds, and those that `datetime` cannot hold to its edge."""
    kind = column.type
    if pa.types.is_date(kind):
        clock = pa.timestamp("ms" if pa.types.is_date64(kind) else "s")
        return _clipped(column.cast(clock, safe=False)).cast(pa.date32())
    if not pa.types.is_timestamp(kind):
        return column
    clipped = column if kind.unit == "ns" else _clipped(column)
    return clipped.cast(pa.timestamp("us", kind.tz), safe=False)


def _clipped(column: pa.Array) -> pa.Array:
    import pyarrow.compute as pc

    per_second = _PER_SECOND[column.type.unit]
    counts = column.cast(pa.int64())
    counts = pc.max_element_wise(counts, _FIRST_SECOND * per_second, skip_nulls=False)
    counts = pc.min_element_wise(counts, _LAST_SECOND * per_second, skip_nulls=False)
    return counts.cast(column.type)
