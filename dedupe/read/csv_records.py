r"""CSV or TSV in, records out, each numbered by the line it begins on.

    id,text\n1,"two\nlines"\n  ->  {"id": "1", "text": "two\nlines"}

A quote that is never closed would swallow the rest of a file as one field. It
costs its own line only: the reader goes back and goes on with the next one.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from typing import TYPE_CHECKING, Any

from dedupe.errors import InputError
from dedupe.read.ledger import Records
from dedupe.read.streams import split_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dedupe.read.fields import FieldNames
    from dedupe.read.ledger import Ledger, Limits
    from dedupe.read.streams import ByteStream

_DELIMITERS = ",;\t|"
_ESCAPED_BYTE = re.compile("[\udc80-\udcff]")
_MOST_AGAIN = 8
"""Going back is given up when lines were read again this many times on average."""


def read_csv(
    stream: ByteStream, file: str, names: FieldNames, ledger: Ledger, limits: Limits
) -> Iterator[Records]:
    """Yield the records of a table with a header.

    Raises:
        InputError: the header cannot be read, or names no text and no page.
    """
    lines = _Lines(stream, file, ledger, limits.record_bytes)
    rows = _rows(lines, _delimiter(stream.head))
    header = _header(next(rows, None), file, names)
    if not header:
        return
    records: list[dict[str, Any]] = []
    numbers: list[int] = []
    size, n_rejects = 0, ledger.n_rejects
    for number, row in rows:
        reason = _flaw(row, len(header), lines)
        if reason:
            ledger.reject(file, number, reason)
        else:
            records.append(dict(zip(header, row, strict=True)))
            numbers.append(number)
            size += sum(map(len, row))
        full = len(records) + ledger.n_rejects - n_rejects >= limits.batch_documents
        if full or size >= limits.batch_bytes:
            yield Records(records, [file] * len(records), numbers)
            records, numbers, size, n_rejects = [], [], 0, ledger.n_rejects
    yield Records(records, [file] * len(records), numbers)
    if stream.damage:
        ledger.reject(file, lines.number + 1, stream.damage)


def _delimiter(head: bytes) -> str:
    """Return the likeliest delimiter of the first line; a comma where none stands out."""
    line = head.partition(b"\n")[0].decode("utf-8", "replace")
    return max(_DELIMITERS, key=line.count)


def _header(first: tuple[int, list[str]] | None, file: str, names: FieldNames) -> list[str]:
    """Return the column names; a name that comes again is told apart by its place."""
    if first is None:
        return []
    columns: list[str] = []
    for place, name in enumerate(map(str.strip, first[1]), start=1):
        columns.append(f"{name} ({place})" if name in columns else name)
    if not names.has_text(frozenset(columns)):
        raise InputError(
            f"{file}: {names.missing_text(columns)}; name the right one with --field text=NAME"
        )
    return columns


def _flaw(row: list[str], n_columns: int, lines: _Lines) -> str | None:
    """Say why a row is no record."""
    if len(row) != n_columns:
        return f"{len(row)} fields, where the header has {n_columns}"
    if lines.has_bad_bytes and any(_ESCAPED_BYTE.search(field) for field in row):
        return "not UTF-8"
    return None


def _rows(lines: _Lines, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each row that is not blank, with the number of its first line."""
    # The one limit of the csv module is global; it is only ever raised.
    csv.field_size_limit(max(csv.field_size_limit(), lines.limit))
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        lines.begin()
        number = lines.number + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            lines.refuse(number, str(error))
            continue
        if len(row) > 1 or "".join(row).strip():
            yield number, row


class _Lines:
    """The lines of a table as `csv.reader` wants them; they can be taken again.

    Attributes:
        number: of the line given last, from 1.
        limit: bytes of the longest record.
        has_bad_bytes: some line so far was not UTF-8; its bytes are escaped.
    """

    def __init__(self, stream: ByteStream, file: str, ledger: Ledger, limit: int) -> None:
        self._stream = stream
        self._file = file
        self._ledger = ledger
        self._coming = self._decoded()
        self._again: deque[str] = deque()
        self._record: list[str] = []
        self._size = 0
        self._n_again = 0
        self.number = 0
        self.limit = limit
        self.has_bad_bytes = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._coming)
        self.number += 1
        self._record.append(line)
        self._size += len(line)
        if self._size > self.limit:
            raise csv.Error(f"longer than {self.limit:,} bytes")
        return line

    def begin(self) -> None:
        """Forget the lines of the record before."""
        self._record, self._size = [], 0

    def refuse(self, number: int, reason: str) -> None:
        """Reject the record that begins on line `number`; give its later lines again."""
        if self._stream.damage:
            return
        later = self._record[1:]
        self._n_again += len(later)
        if self._n_again > _MOST_AGAIN * (self.number + 1000):
            reason = f"{reason}; lines {number} to {self.number} are lost"
        else:
            self._again.extendleft(reversed(later))
            self.number -= len(later)
        self._ledger.reject(self._file, number, reason)

    def _decoded(self) -> Iterator[str]:
        """Yield lines as text; what stands last before a damage is cut, and not given."""
        for first, lines in split_lines(iter(self._stream), self.limit):
            if self._stream.damage:
                return
            for number, line in enumerate(lines, first):
                if line is None:
                    self._ledger.reject(self._file, number, f"longer than {self.limit:,} bytes")
                    yield "\n"
                else:
                    yield self._text(line) + "\n"

    def _text(self, line: bytes) -> str:
        try:
            return line.decode()
        except UnicodeDecodeError:
            if self._ledger.on_error == "replace":
                return line.decode("utf-8", "replace")
            self.has_bad_bytes = True
            return line.decode("utf-8", "surrogateescape")
