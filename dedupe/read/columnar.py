"""Parquet, Arrow files and Arrow tables in, records out, numbered by row from 1.

Only the columns that hold a field are read. Times of a year that `datetime`
cannot hold are brought to its edge, where they count as impossible.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from dedupe.errors import InputError
from dedupe.read.fields import COMMON_NAMES
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


def read_columnar(
    path: str, file: str, names: FieldNames, ledger: Ledger, limits: Limits
) -> Iterator[Records]:
    """Yield the records of a Parquet or Arrow file; damage ends it with one reject.

    Raises:
        InputError: no column holds a text or a page.
    """
    row = 0
    try:
        for batch in _batches(path, file, names, limits):
            yield from batch_records(batch, row, file, ledger)
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
    table = table.select(_columns(table.schema, file, names))
    for batch in table.to_batches(max_chunksize=limits.batch_documents):
        yield from batch_records(batch, row, file, ledger)
        row += batch.num_rows


def _batches(path: str, file: str, names: FieldNames, limits: Limits) -> Iterator[pa.RecordBatch]:
    with pa.OSFile(path) as source:
        magic = source.read(len(ARROW_MAGIC))
        source.seek(0)
        if magic.startswith(PARQUET_MAGIC):
            yield from _parquet_batches(source, file, names, limits)
        else:
            yield from _arrow_batches(source, magic, file, names, limits)


def _parquet_batches(
    source: pa.NativeFile, file: str, names: FieldNames, limits: Limits
) -> Iterator[pa.RecordBatch]:
    from pyarrow import parquet

    with parquet.ParquetFile(source) as table:
        columns = _columns(table.schema_arrow, file, names)
        yield from table.iter_batches(batch_size=limits.batch_documents, columns=columns)


def _arrow_batches(
    source: pa.NativeFile, magic: bytes, file: str, names: FieldNames, limits: Limits
) -> Iterator[pa.RecordBatch]:
    """Read the file or the stream form; offsets are checked, since they may be forged."""
    if magic == ARROW_MAGIC:
        reader = pa.ipc.open_file(source)
        batches: Iterable[pa.RecordBatch] = map(reader.get_batch, range(reader.num_record_batches))
    else:
        batches = reader = pa.ipc.open_stream(source)
    columns = _columns(reader.schema, file, names)
    for whole in batches:
        batch = whole.select(columns)
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


def _columns(schema: pa.Schema, file: str, names: FieldNames) -> list[str]:
    """Return the columns that hold a field, each once."""
    keys = frozenset(schema.names)
    if not names.has_text(keys):
        raise InputError(
            f"{file}: {names.missing_text(keys)}; name the right one with --field text=NAME"
        )
    wanted = {path[0] for field in COMMON_NAMES for path in names.paths(field, keys)}
    return [name for name in schema.names if name in wanted and schema.names.count(name) == 1]


def batch_records(
    batch: pa.RecordBatch, n_before: int, file: str, ledger: Ledger
) -> Iterator[Records]:
    """Yield the rows of a batch; one with bad UTF-8 is rejected, or mended."""
    columns = [_within_datetime(column) for column in batch.columns]
    numbers = list(range(n_before + 1, n_before + batch.num_rows + 1))
    try:
        values = [column.to_pylist() for column in columns]
    except (ValueError, OverflowError):
        bad: set[int] = set()
        values = [_each(column, bad, mend=ledger.on_error == "replace") for column in columns]
        for row in sorted(bad):
            ledger.reject(file, numbers[row], "not UTF-8")
        kept = [row for row in range(batch.num_rows) if row not in bad]
        values = [[column[row] for row in kept] for column in values]
        numbers = [numbers[row] for row in kept]
    names = batch.schema.names
    records = [dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)]
    yield Records(records, [file] * len(records), numbers)


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
