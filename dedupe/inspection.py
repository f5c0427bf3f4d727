"""One document in; what cleaning keeps of it, drops, and reads on it, out.

document  ->  inspect()  ->  Inspection: kept, furniture, signs, all with offsets
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, NamedTuple

from dedupe.clean import clean, furniture_ranges, kept_ranges
from dedupe.clean.clues import harvest
from dedupe.documents import Document, as_document, documents_table
from dedupe.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Span(NamedTuple):
    """A piece of the text as given: half-open code points, and its words."""

    start: int
    end: int
    text: str


class Sign(NamedTuple):
    """What a page says of its own origin, and where.

    Attributes:
        kind: credit, dateline, byline, scar, self_reference, pointer, residue or link.
        name: the source it names, None where it names none.
        rule: the pattern that found it.
        start: first code point; -1 for metadata.
        end: one past the last; -1 for metadata.
        text: the words it rests on; None for metadata.
    """

    kind: str
    name: str | None
    rule: str
    start: int
    end: int
    text: str | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """How one document is read.

    Attributes:
        kept: the story.
        furniture: everything else that is not blank, one piece a line.
        signs: what it says of its own origin, as it reads.
    """

    kept: list[Span]
    furniture: list[Span]
    signs: list[Sign]


def inspect(document: Document | Mapping[str, Any] | str) -> Inspection:
    """Say what is story in a document, what is furniture, and what it says of its origin.

    A page alone: furniture that only its sister pages would give away stays.

    Raises:
        InputError: a mapping without text.
    """
    given = as_document(document)
    table = documents_table([given])
    text = table.column("text")[0].as_py()
    settings = Settings()
    kept = clean(table, settings)
    signs = harvest(table, kept, n_threads=settings.threads).to_pylist()
    return Inspection(
        kept=[Span(start, end, text[start:end]) for start, end in kept_ranges(kept, 0)],
        furniture=[
            span for cut in furniture_ranges(kept, 0) for span in _lines(text, *cut)
        ],
        signs=[
            Sign(
                row["kind"], row["name"], row["rule"], row["start"], row["end"],
                text[row["start"] : row["end"]] if row["start"] >= 0 else None,
            )
            for row in signs
        ],
    )  # fmt: skip


def _lines(text: str, start: int, end: int) -> Iterator[Span]:
    """Yield the lines of a range that are not blank, without the blanks around them."""
    for line in text[start:end].splitlines(keepends=True):
        words = line.strip()
        if words:
            first = start + line.index(words)
            yield Span(first, first + len(words), words)
        start += len(line)
