"""A clue: what a page says of its own origin, and where. See clues.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import pyarrow as pa


class Clue(NamedTuple):
    """One clue of one document.

    Attributes:
        kind: credit, dateline, byline, scar, self_reference, pointer, residue or link.
        name: the source it names, canonical where known; None where it names none.
        rule: the pattern that fired.
        start: first code point in the text as given; -1 for metadata.
        end: one past the last; -1 for metadata.
    """

    kind: str
    name: str | None
    rule: str
    start: int
    end: int


def clues_schema() -> pa.Schema:
    """Return the columns of a clues table: one row a clue, sorted by document and place."""
    import pyarrow as pa

    return pa.schema(
        [
            pa.field("document", pa.int64(), nullable=False),
            pa.field("kind", pa.string(), nullable=False),
            pa.field("name", pa.string()),
            pa.field("rule", pa.string(), nullable=False),
            pa.field("start", pa.int64(), nullable=False),
            pa.field("end", pa.int64(), nullable=False),
        ]
    )
