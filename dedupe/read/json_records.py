r"""JSON in, records out: one on each line, or one after another in a long text.

    {"text": ...}\n{"text": ...}\n      ->  read_lines()   (numbered by line)
    [{"text": ...}, {"text": ...}]      ->  read_values()  (numbered by place)

A bad record costs itself only: lines are independent, and the values of an
array are cut apart by their brackets before any is parsed.
"""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

from dedupe.read.ahead import one_ahead
from dedupe.read.json_values import has_vast
from dedupe.read.ledger import Records
from dedupe.read.plain_lines import GROUP_BYTES, Columns
from dedupe.read.streams import LineSplitter, join_chunks, split_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dedupe.read.ledger import Ledger, Limits
    from dedupe.read.plain_lines import PlainLines
    from dedupe.read.streams import ByteStream

_MARK = re.compile(rb'["\[\]{},]')
# Repeats are bounded, since each is remembered, and not possessive: one within another finds
# nothing in Python 3.11.2.
_LETTERS = rb'[^"\\]*(?:\\.[^"\\]*){0,500}'
_INSIDE_STRING = re.compile(_LETTERS, re.DOTALL)
_WITHIN = re.compile(rb'[^"\[\]{}]*(?:"%b"[^"\[\]{}]*){0,500}' % _LETTERS, re.DOTALL)
"""What stands between the brackets of one value: whole strings, and all else."""
_SURROGATE = re.compile("[\ud800-\udfff]")
_KINDS = {
    list: "a list", str: "a string", int: "a number", float: "a number", bool: "true or false",
    type(None): "null",
}  # fmt: skip


def read_lines(
    stream: ByteStream,
    file: str,
    ledger: Ledger,
    limits: Limits,
    plain: PlainLines | None = None,
) -> Iterator[Records | Columns]:
    """Yield the records of JSON lines; blank lines are none.

    Lines that `plain` can read are left to it.
    """
    if plain:
        numbered = _plain_or_split(iter(stream), plain, limits)
    else:
        numbered = split_lines(iter(stream), limits.record_bytes, skip_blank=True)
    yield from _parsed(numbered, stream, file, ledger, limits)


def _plain_or_split(
    chunks: Iterator[bytes], plain: PlainLines, limits: Limits
) -> Iterator[tuple[int, list[bytes | None] | Columns]]:
    """Yield numbered lines, but for groups that are plain: their columns, and the last number."""
    splitter = LineSplitter(limits.record_bytes, skip_blank=True)
    groups = _read_groups(chunks, plain, limits.record_bytes)
    for group, columns in one_ahead(groups) if limits.group_ahead else groups:
        if columns:
            columns.begin_at(splitter.number)
            splitter.number += columns.n_lines
            yield splitter.number - 1, columns
            continue
        number, lines = splitter.split(group)
        if lines:
            yield number, lines
    number, lines = splitter.rest()
    if lines:
        yield number, lines


def _read_groups(
    chunks: Iterator[bytes], plain: PlainLines, limit: int
) -> Iterator[tuple[bytes, Columns | None]]:
    """Yield groups of lines with their columns, if they are plain."""
    is_between = True
    for group in join_chunks(chunks, GROUP_BYTES):
        # Of a group above the limit some line may be.
        can_be_plain = is_between and len(group) <= limit and not group.isspace()
        yield group, plain.read(group) if can_be_plain else None
        is_between = group.endswith(b"\n")


def read_values(
    stream: ByteStream, file: str, ledger: Ledger, limits: Limits
) -> Iterator[Records | Columns]:
    """Yield the records of an array, or of values that stand one after another."""
    numbered = split_values(iter(stream), limits.record_bytes)
    yield from _parsed(numbered, stream, file, ledger, limits)


def is_lines(head: bytes) -> bool:
    """Tell from its first bytes whether a JSON text has a record on each line."""
    import orjson

    start = head.lstrip()
    if start.startswith(b"["):
        return False
    line, newline, _ = start.partition(b"\n")
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError:
        return not newline or _loads_mended(line, mend=False) is not None
    return True


def split_values(chunks: Iterator[bytes], limit: int) -> Iterator[tuple[int, list[bytes | None]]]:
    """Cut a JSON text into the elements of its arrays, or its values at top level.

    Only brackets, quotes and commas are looked at: whether a piece is JSON is
    found when it is parsed.

    Yields:
        The place of the first value, from 1, and the values, none for an empty chunk;
        one of more than `limit` bytes is None, and was never held whole.
    """
    cutter = _Cutter(limit)
    number = 1
    for chunk in chunks:
        pieces = cutter.cut(chunk)
        if pieces or not chunk:
            yield number, pieces
        number += len(pieces)
    rest = cutter.rest()
    if rest is None or rest.strip():
        yield number, [rest]


def _end_of(pattern: re.Pattern[bytes], held: bytes, at: int) -> int:
    """Return where what a pattern finds at a place ends; the place where it finds nothing."""
    found = pattern.match(held, at)
    return found.end() if found else at


class _Cutter:
    """Cuts JSON values apart as the bytes come; holds the one that is open."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = b""
        self._position = 0
        self._depth = 0
        self._base = -1
        self._in_string = False
        self._too_long = False

    def cut(self, chunk: bytes) -> list[bytes | None]:
        """Return the values that end in `chunk`."""
        self._held += chunk
        if self._base < 0 and self._held.strip():
            self._base = 1 if self._held.lstrip().startswith(b"[") else 0
        pieces: list[bytes | None] = []
        start = 0
        while ended := self._next_end():
            end, after = ended
            piece = self._held[start:end]
            if self._too_long or len(piece) > self._limit:
                pieces.append(None)
            elif piece.strip():
                pieces.append(piece)
            self._too_long, start = False, after
        self._drop(start)
        return pieces

    def rest(self) -> bytes | None:
        """Return what no value's end came for."""
        return None if self._too_long else self._held

    def _drop(self, start: int) -> None:
        """Forget what was cut off, and a value that has grown too long."""
        if len(self._held) - start > self._limit:
            self._too_long, start = True, len(self._held)
        self._held = self._held[start:]
        self._position -= start

    def _next_end(self) -> tuple[int, int] | None:
        """Find where the open value ends, and where the next may begin."""
        while True:
            if self._in_string and not self._leave_string():
                return None
            if self._depth > self._base:
                self._position = _end_of(_WITHIN, self._held, self._position)
            found = _MARK.search(self._held, self._position)
            if not found:
                self._position = len(self._held)
                return None
            self._position = found.end()
            if found.group() == b'"':
                self._in_string = True
            else:
                ended = self._bracket(found.group(), found.start())
                if ended:
                    return ended

    def _leave_string(self) -> bool:
        """Go past the string that is open; False where its end has not come yet."""
        start = -1
        while start != self._position:
            start = self._position
            self._position = _end_of(_INSIDE_STRING, self._held, start)
        if self._held[self._position : self._position + 1] != b'"':
            return False
        self._position += 1
        self._in_string = False
        return True

    def _bracket(self, mark: bytes, at: int) -> tuple[int, int] | None:
        """Count a bracket or comma; return the end of a value, if it is one."""
        if mark in b"[{":
            self._depth += 1
            return (at, at + 1) if self._depth == self._base else None
        if mark == b",":
            return (at, at + 1) if self._depth == self._base else None
        self._depth = max(self._depth - 1, 0)
        if self._depth >= max(self._base, 1):
            return None
        return (at, at + 1) if self._base else (at + 1, at + 1)


def _parsed(
    numbered: Iterable[tuple[int, list[bytes | None] | Columns]],
    stream: ByteStream,
    file: str,
    ledger: Ledger,
    limits: Limits,
) -> Iterator[Records | Columns]:
    """Parse numbered pieces of JSON, a batch at a time; columns are passed on.

    Where no pieces come, nothing more can be read yet: what is there is a batch.
    """
    mend = ledger.on_error == "replace"
    records: list[dict[str, Any]] = []
    numbers: list[int] = []
    size, number, n_rejects = 0, 1, ledger.n_rejects
    flaws = _Flaws(stream, file, ledger)
    for first, pieces in numbered:
        if isinstance(pieces, Columns):
            if records:
                yield Records(records, [file] * len(records), numbers)
                records, numbers, size, n_rejects = [], [], 0, ledger.n_rejects
            yield pieces
            number = first
            continue
        for number, piece in enumerate(pieces, first):
            record = _loaded(piece, limits, mend=mend)
            if type(record) is dict:
                records.append(record)
                numbers.append(number)
            elif record:
                if records and ledger.on_error == "fail":
                    # What is wrong with an earlier record is said first.
                    yield Records(records, [file] * len(records), numbers)
                    records, numbers, size = [], [], 0
                flaws.add(number, record)
        size += sum(map(len, filter(None, pieces)))
        full = len(records) + ledger.n_rejects - n_rejects >= limits.batch_documents
        if full or size >= limits.batch_bytes or not pieces:
            yield Records(records, [file] * len(records), numbers)
            records, numbers, size, n_rejects = [], [], 0, ledger.n_rejects
    yield Records(records, [file] * len(records), numbers)
    flaws.end(number)


class _Flaws:
    """Notes bad records; of one that a damage of the stream cut, the damage is the one reject."""

    def __init__(self, stream: ByteStream, file: str, ledger: Ledger) -> None:
        self._stream, self._file, self._ledger = stream, file, ledger
        self._last: tuple[int, str] | None = None

    def add(self, number: int, reason: str) -> None:
        """Note a bad record; the last one where the stream is damaged may be what was cut."""
        self._note_last()
        self._last = number, reason
        if not self._stream.damage:
            self._note_last()

    def end(self, number: int) -> None:
        """Note the damage, if any, after the record of this number, which is the last."""
        if self._last and self._last[0] != number:
            self._note_last()
        if self._stream.damage:
            self._ledger.reject(self._file, number, self._stream.damage)

    def _note_last(self) -> None:
        if self._last:
            self._ledger.reject(self._file, *self._last)
        self._last = None


def _loaded(piece: bytes | None, limits: Limits, *, mend: bool) -> Any:
    """Return a record, why there is none, or None for a blank piece."""
    if piece is not None and (not piece or piece.isspace()):
        return None
    import orjson

    try:
        record = orjson.loads(piece or b"")
    except orjson.JSONDecodeError:
        record = None
    if type(record) is not dict:
        return _examined(piece, limits, mend=mend)
    return json.loads(piece or b"") if has_vast(record) else record


def _examined(piece: bytes | None, limits: Limits, *, mend: bool) -> dict[str, Any] | str:
    """Return a record mended, or why there is none."""
    import orjson

    if piece is None:
        return f"longer than {limits.record_bytes:,} bytes"
    try:
        value = orjson.loads(piece)
    except orjson.JSONDecodeError as error:
        value = _loads_mended(piece, mend=mend)
        return value if isinstance(value, dict) else _reason(piece, error)
    return f"{_KINDS[type(value)]}, not an object"


def _loads_mended(piece: bytes, *, mend: bool) -> Any:
    """Parse what Python's json writes and JSON does not know, or None where it is neither.

    A number that is none, or infinite, is null, but for a field that overflows:
    of an id or a date that must not pass for none. A lone surrogate is U+FFFD.
    Where `mend` is set, so is what is not UTF-8.
    """
    import orjson

    try:
        text = piece.decode("utf-8", "replace" if mend else "strict")
        value = json.loads(text, parse_constant=lambda _: None, parse_float=_finite)
        # orjson bounds the depth of what later stages walk through.
        mended = orjson.loads(_SURROGATE.sub("\ufffd", json.dumps(value, ensure_ascii=False)))
        return mended | _overflowing(text) if isinstance(mended, dict) else mended
    except (ValueError, RecursionError):
        return None


def _overflowing(text: str) -> dict[str, float]:
    """Return the fields of a record that are numbers too large to be held, as infinity."""
    fields = json.loads(text, parse_constant=lambda _: None)
    return {key: one for key, one in fields.items() if type(one) is float and math.isinf(one)}


def _finite(number: str) -> float | None:
    value = float(number)
    return value if math.isfinite(value) else None


def _reason(piece: bytes, error: Any) -> str:
    try:
        piece.decode()
    except UnicodeDecodeError as bad:
        return f"not UTF-8: byte {bad.start + 1} of the record"
    return f"not JSON: {error.msg} (column {error.colno})"
