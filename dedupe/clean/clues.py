"""What a page says of its own origin: credits, datelines, bylines, scars.

    documents table, Kept  ->  harvest()  ->  clues table of `clues_schema()`

Only the story's own words count: a teaser's "(AP)" says nothing of the story
above it. So datelines, scars and self-references come from the kept body
alone. Credit lines, bylines and copyright lines also stand in the furniture
that touches the body, and are read there as whole lines.

A clue is what stands on the page, not what it means: whether "(AP)" makes a
page a copy depends on whose page it is, and attribution decides that.

scan.py finds the lines that hold a pattern's words; reading.py runs the
patterns on them, and record.py on what stands beside the text.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import numpy as np

from dedupe.clean.clue import Clue, clues_schema
from dedupe.clean.kept import Kept, documents_between
from dedupe.clean.reading import Reader
from dedupe.clean.record import record_clues
from dedupe.clean.scan import NAME, OUTLET, scan
from dedupe.names import Names, default_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import pyarrow as pa

__all__ = ["Clue", "clues_schema", "harvest"]

_AT_ONCE = 50_000
"""Documents whose clues are objects at one time."""
_TOLD = frozenset({"told_outlet", "told_own_name"})

logger = logging.getLogger(__name__)


def harvest(
    documents: pa.Table,
    kept: Kept,
    names: Names | None = None,
    n_threads: int = 0,
    go_on: Callable[[], None] = lambda: None,
) -> pa.Table:
    """Collect the clues of every document.

    Args:
        documents: a table of `documents.SCHEMA`.
        kept: its cleaned ranges.
        names: agencies and outlets to know; None takes those of the package,
            `names.load_names(path)` adds a user's own.
        n_threads: threads that scan; 0 takes one for each core.
        go_on: called before each batch; it raises what shall end the work.

    Returns:
        A table of `clues_schema()`; `document` is the row in `documents`.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    sources: list[str | None] = pc.unique(documents.column("source")).to_pylist()
    names = (names or default_names()).collecting(sources)
    tables = [clues_schema().empty_table()]
    for first in range(0, kept.n_docs, _AT_ONCE):
        go_on()
        last = min(first + _AT_ONCE, kept.n_docs)
        some = documents.slice(first, last - first)
        found = _clues(some, documents_between(kept, first, last), names, n_threads)
        tables.append(_table((first + document, clues) for document, clues in found))
    return pa.concat_tables(tables).combine_chunks()


def _clues(
    documents: pa.Table, kept: Kept, names: Names, n_threads: int
) -> list[tuple[int, list[Clue]]]:
    """Return (document, its clues by place) of all that have any."""
    mentions = scan(kept, names, n_threads)
    found: dict[int, set[Clue]] = {}
    for document, clue in record_clues(documents, names):
        found.setdefault(document, set()).add(clue)
    reader = Reader(documents, kept, names)
    for document, clue in reader.read(mentions.lines):
        found.setdefault(document, set()).add(clue)
    told = {document: outlets for document in found if (outlets := _told(found[document], names))}
    for document, clue in reader.read_openings(told):
        found[document].add(clue)
    signed = np.flatnonzero(mentions.marks & (NAME | OUTLET))
    for document, clue in reader.read_endings(signed):
        found.setdefault(document, set()).add(clue)
    logger.debug("%d lines of %d documents read for clues", len(mentions.lines), kept.n_docs)
    return [(document, _widest(found[document])) for document in sorted(found)]


def _told(clues: set[Clue], names: Names) -> set[str]:
    """Return the names of "told X", the page's own too, that are not known otherwise."""
    named = {clue.name for clue in clues if clue.name and clue.rule in _TOLD}
    return {name for name in named if names.known(name) is None}


def _widest(found: set[Clue]) -> list[Clue]:
    """Sort clues by place, and drop those inside another that says the same."""
    if len(found) == 1:
        return list(found)
    kept: list[Clue] = []
    for clue in sorted(found, key=_place):
        if not any(
            held.start <= clue.start
            and clue.end <= held.end
            and (held.kind, held.name, held.rule) == (clue.kind, clue.name, clue.rule)
            # They rise by their starts: what holds a clue is among the last few.
            for held in kept[-4:]
        ):
            kept.append(clue)
    return kept


def _place(clue: Clue) -> tuple[int, int, str, str, str]:
    return clue.start, -clue.end, clue.kind, clue.rule, clue.name or ""


def _table(found: Iterable[tuple[int, list[Clue]]]) -> pa.Table:
    import pyarrow as pa

    rows = [(document, *clue) for document, clues in found for clue in clues]
    schema = clues_schema()
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    return pa.table(
        {name: list(column) for name, column in zip(schema.names, columns, strict=True)},
        schema=schema,
    )
