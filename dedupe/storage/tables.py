"""Tables of the catalogue: their columns, the states of a document, the checksum of a row."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

# The first column is the key; the order of the others is that of their checksum.
TABLES: dict[str, tuple[str, ...]] = {
    "meta": ("name", "value"),
    "documents": ("number", "about", "edges", "text"),
    "places": ("number", "state", "story", "component", "leader"),
    "stories": ("number", "members", "merged", "changed"),
    "components": ("number", "leaders"),
    "recent": ("number", "n_docs", "postings", "about"),
    "segments": ("number", "file", "n_docs", "n_postings", "level", "header"),
    "outlets": ("number", "keys"),
    "commits": ("number", "time", "n_docs"),
}
_TEXT_KEY = {"meta"}
SCHEMA = {
    table: f"CREATE TABLE {table} ({columns[0]} "
    f"{'TEXT' if table in _TEXT_KEY else 'INTEGER'} PRIMARY KEY, {', '.join(columns[1:])}, "
    "mark INTEGER)"
    for table, columns in TABLES.items()
}

ALONE, GROUPED, REPLACED, REMOVED, ERASED = range(5)
"""State of a document: a story of its own; in a story with others; no longer current; no
longer wanted; and its text gone as well."""
STATE_NAMES = {
    ALONE: "current",
    GROUPED: "current",
    REPLACED: "replaced",
    REMOVED: "removed",
    ERASED: "erased",
}
"""What a user is told of a state."""


class Place(NamedTuple):
    """Where a document stands.

    Attributes:
        state: ALONE, GROUPED, REPLACED, REMOVED or ERASED.
        story: number of its story: of the story's first document.
        component: number of the group within which clustering looks; 0 for none.
        leader: the document of nearly equal text that speaks for it, or itself.
    """

    state: int
    story: int
    component: int
    leader: int


def mark_of(table: str, row: Sequence[Any]) -> int:
    """Return a checksum of a row and the table it stands in; of a row that never was, -1."""
    crc = _TABLE_MARKS[table]
    if table in _OF_NUMBERS:
        try:
            return zlib.crc32(_PACKERS[len(row)].pack(*row), crc)
        except struct.error:
            # Damage can make another type of a number: SQLite keeps a type with each value.
            return -1
    numbers = []
    for value in row:
        kind = type(value)
        if kind is bytes:
            crc = zlib.crc32(value, crc)
            numbers.append(len(value))
        elif kind is int:
            numbers.append(value)
        else:
            crc = zlib.crc32(repr(value).encode(), crc)
    return zlib.crc32(_PACKERS[len(numbers)].pack(*numbers), crc)


_TABLE_MARKS = {table: zlib.crc32(table.encode()) for table in TABLES}
# Of rows of numbers; none has more than nine.
_PACKERS = [struct.Struct(f"<{n}q") for n in range(10)]
_OF_NUMBERS = {"places"}
