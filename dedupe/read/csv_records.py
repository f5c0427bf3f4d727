r"""CSV or TSV in, records out, each numbered by the line it begins on.

    id,text\n1,"two\nlines"\n  ->  {"id": "1", "text": "two\nlines"}

A quote that is never closed would swallow the rest of a file as one field. It
costs its own line only: the reader goes back and goes on with the next one.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections import deque
from typing import TYPE_CHECKING, Any

from dedupe.errors import InputError
from dedupe.read.fields import distinct_names
from dedupe.read.ledger import Records
from dedupe.read.streams import split_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dedupe.read.fields import FieldNames
    from dedupe.read.ledger import Ledger, Limits
    from dedupe.read.streams import ByteStream

Row = tuple[int, list[str]]

_DELIMITERS = ",;\t|"
_ESCAPED_BYTE = re.compile("[\udc80-\udcff]")
_MARK = b"\0a line was left out\0"
_LINE_LEFT_OUT = _MARK.decode()
# Lines are read in blocks: what is held may be longer than one record by a block.
_MOST_OF_A_BLOCK = 1 << 21
_MOST_AGAIN = 8
"""Going back is given up when lines were read again this many times on average."""


def read_csv(
    stream: ByteStream, file: str, names: FieldNames, ledger: Ledger, limits: Limits
) -> Iterator[Records]:
    """Yield the records of a table with a header.

    Raises:
        InputError: the header cannot be read, or names no text and no page.
    """
    lines = _Lines(stream, limits.record_bytes, mend=ledger.on_error == "replace")
    rows = _rows(lines, _delimiter(stream.head), file, ledger)
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
        ledger.reject(file, lines.start + 1, stream.damage)


def _delimiter(head: bytes) -> str:
    """Return the likeliest delimiter of the first line; a comma where none stands out."""
    line = head.partition(b"\n")[0].decode("utf-8", "replace")
    return max(_DELIMITERS, key=line.count)


def _header(first: Row | None, file: str, names: FieldNames) -> list[str]:
    """Return the column names."""
    if first is None:
        return []
    columns = distinct_names(map(str.strip, first[1]))
    if not names.has_text(frozenset(columns)):
        raise InputError(
            f"{file}: {names.missing_text(columns)}; name the right one with --field text=NAME"
        )
    return columns


def _flaw(row: list[str], n_columns: int, lines: _Lines) -> str | None:
    """Say why a row is no record."""
    if sum(map(len, row)) > lines.limit:
        return lines.too_long
    if lines.has_marks:
        whole = "".join(row)
        if _LINE_LEFT_OUT in whole:
            return lines.too_long
        if _ESCAPED_BYTE.search(whole):
            return "not UTF-8"
    if len(row) != n_columns:
        return f"{len(row)} fields, where the header has {n_columns}"
    return None


def _rows(lines: _Lines, delimiter: str, file: str, ledger: Ledger) -> Iterator[Row]:
    """Yield each row that is not blank, with the number of its first line."""
    # The one limit of the csv module is global; it is only ever raised.
    csv.field_size_limit(max(csv.field_size_limit(), lines.limit))
    n_before = 0
    reader = csv.reader(lines.flat(), delimiter=delimiter, strict=True)
    while True:
        lines.start = number = n_before + reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            lines.start = n_before + reader.line_num
            return
        except csv.Error as error:
            if lines.is_cut:
                continue
            ledger.reject(file, number, str(error))
            if lines.go_back(n_before + reader.line_num):
                n_before = number
                reader = csv.reader(lines.flat(), delimiter=delimiter, strict=True)
            continue
        if len(row) > 1 or "".join(row).strip():
            yield number, row


class _Lines:
    """The lines of a table in blocks, those of the open record held to be given again.

    Attributes:
        start: number of the line on which the open record begins, from 1.
        limit: bytes of the longest record.
        has_marks: some line so far was left out or holds bytes that are not UTF-8.
    """

    def __init__(self, stream: ByteStream, limit: int, *, mend: bool) -> None:
        self._stream = stream
        self._mend = mend
        self._coming = self._blocks()
        self._held: deque[tuple[int, list[str]]] = deque()
        self._size = 0
        self._next_number = 1
        self._n_again = 0
        self.start = 1
        self.limit = limit
        self.has_marks = False

    @property
    def too_long(self) -> str:
        """Say that a record passes the limit."""
        return f"longer than {self.limit:,} bytes"

    @property
    def is_cut(self) -> bool:
        """Tell whether the stream ended in damage."""
        return self._stream.damage is not None

    def flat(self) -> Iterator[str]:
        """Yield line after line; by C code, since a text may have dozens."""
        return itertools.chain.from_iterable(self)

    def __iter__(self) -> Iterator[list[str]]:
        return self

    def __next__(self) -> list[str]:
        while self._held and self._held[0][0] + len(self._held[0][1]) <= self.start:
            self._size -= sum(map(len, self._held.popleft()[1]))
        if self._size > self.limit + _MOST_OF_A_BLOCK:
            raise csv.Error(self.too_long)
        block = next(self._coming)
        self._held.append((self._next_number, block))
        self._next_number += len(block)
        self._size += sum(map(len, block))
        return block

    def go_back(self, number: int) -> bool:
        """Give all lines after `start` again, where a record of many lines ends at `number`.

        False where nothing is to be given again, or where that went on too long.
        """
        self._n_again += number - self.start
        if number == self.start or self._n_again > _MOST_AGAIN * (number + 1000):
            return False
        lines = [line for _, block in self._held for line in block]
        later = lines[self.start + 1 - self._held[0][0] :]
        self._held.clear()
        self._size = 0
        self._next_number = self.start + 1
        self._coming = itertools.chain([later], self._coming)
        return True

    def _blocks(self) -> Iterator[list[str]]:
        """Yield blocks of lines as text; what stands last before a damage is cut, and left out."""
        for _, lines in split_lines(iter(self._stream), self.limit):
            if self._stream.damage:
                return
            if not lines:
                continue
            self.has_marks = self.has_marks or None in lines
            whole = b"\n".join(_MARK if line is None else line for line in lines)
            # Only this of all ways to split keeps to newlines.
            yield list(io.StringIO(self._text(whole) + "\n", newline="\n"))

    def _text(self, data: bytes) -> str:
        try:
            return data.decode()
        except UnicodeDecodeError:
            if not self._mend:
                self.has_marks = True
                return data.decode("utf-8", "surrogateescape")
            return data.decode("utf-8", "replace")
