"""What a page says of its own origin: credits, datelines, bylines, scars.

    documents table, Kept  ->  harvest()  ->  clues table (CLUES_SCHEMA)

Only the story's own words count: a teaser's "(AP)" says nothing of the story
above it. So datelines, scars and self-references come from the kept body
alone. Credit lines, bylines and copyright lines also stand in the furniture
that touches the body, and are read there as whole lines.

A clue is what stands on the page, not what it means: whether "(AP)" makes a
page a copy depends on whose page it is, and attribution decides that.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe.attribute.names import Names, default_names
from dedupe.clean.bylines import (
    byline_names,
    copyright_name,
    is_reuters_desk,
    may_sign,
    signatures,
)
from dedupe.clean.clue import Clue, clues_schema
from dedupe.clean.credit_patterns import CREDITS, SCARS, SELF_REFERENCES
from dedupe.clean.credits import Voice, credits_of, reported_clues, told_clues
from dedupe.clean.datelines import dateline_clues
from dedupe.clean.kept import Kept, kept_ranges
from dedupe.clean.scan import (
    BODY,
    BYLINE_REACH,
    CREDIT,
    DATELINE,
    DATELINE_REACH,
    EVERYTHING,
    MARGIN,
    NAME,
    OUTLET,
    TAIL_REACH,
    TOLD,
    scan,
)
from dedupe.documents import host

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = ["Clue", "clues_of", "clues_schema", "harvest"]

_LOG = logging.getLogger(__name__)

_SIGNATURE_REACH = 60
_LONGEST_LINE = 160
_LONGEST_BYLINE = 300


_BODY, _MARGIN = "body", "margin"


class _Line(NamedTuple):
    """A line of the body, or of the furniture that touches it."""

    start: int
    end: int
    depth: int  # kept code points before it
    from_end: int  # kept code points from its start to the end of the body
    place: str


def harvest(
    documents: pa.Table, kept: Kept, names: Names | None = None, n_threads: int = 0
) -> pa.Table:
    """Collect the clues of every document.

    Args:
        documents: a table of `documents.SCHEMA`.
        kept: its cleaned ranges.
        names: agencies and outlets to know; None takes those of the package.
        n_threads: threads that scan; 0 takes one for each core.

    Returns:
        A table of `clues_schema()`; `document` is the row in `documents`.
    """
    import pyarrow as pa

    names = (names or default_names()).collecting(_sources(documents))
    marks = scan(kept, names, n_threads)
    fields = ("text", "source", "byline", "canonical", "url")
    columns = [documents.column(field).combine_chunks() for field in fields]
    table: dict[str, list[object]] = {field: [] for field in clues_schema().names}
    rows = np.flatnonzero(marks.astype(bool) | _has_metadata(documents)).tolist()
    for row in rows:
        text, *metadata = (column[row].as_py() for column in columns)
        for clue in _clues(text, kept_ranges(kept, row), _Page(*metadata), names, int(marks[row])):
            table["document"].append(row)
            for field, value in zip(Clue._fields, clue, strict=True):
                table[field].append(value)
    _LOG.debug("%d of %d documents read for clues", len(rows), documents.num_rows)
    return pa.table(table, schema=clues_schema())


def _sources(documents: pa.Table) -> list[str | None]:
    """Return the distinct outlets of a collection."""
    import pyarrow.compute as pc

    sources: list[str | None] = pc.unique(documents.column("source")).to_pylist()
    return sources


def _has_metadata(documents: pa.Table) -> NDArray[np.bool_]:
    found = np.zeros(documents.num_rows, np.bool_)
    for field in ("byline", "canonical"):
        found |= documents.column(field).is_valid().to_numpy()
    return found


class _Page(NamedTuple):
    """What a document's record says beside its text."""

    source: str | None
    byline: str | None
    canonical: str | None
    url: str | None


def clues_of(
    text: str,
    kept: Sequence[tuple[int, int]],
    *,
    source: str | None = None,
    byline: str | None = None,
    canonical: str | None = None,
    url: str | None = None,
    names: Names | None = None,
) -> list[Clue]:
    """Collect the clues of one document, by place; those from metadata come first.

    Args:
        text: the text as given.
        kept: its kept ranges, half-open, in code points, rising.
        source: the outlet.
        byline: who signed it, from metadata.
        canonical: the address the page names as its original.
        url: where it was found.
        names: agencies and outlets to know; None takes those of the package.
    """
    page = _Page(source, byline, canonical, url)
    return _clues(text, kept, page, names or default_names(), EVERYTHING)


def _clues(
    text: str, kept: Sequence[tuple[int, int]], page: _Page, names: Names, marks: int
) -> list[Clue]:
    """Run the patterns whose words `marks` says are there; see scan.py."""
    found = set(_metadata_clues(page, names))
    if marks & (DATELINE | NAME | CREDIT):
        found.update(_line_clues(text, kept, names, marks))
    if marks & NAME:
        found.update(_closing_signature(text, kept, names))
    if marks & BODY:
        found.update(_body_clues(text, kept))
    if marks & OUTLET and " reported" in text:
        found.update(reported_clues(text, kept, names))
    if marks & TOLD:
        voice = Voice(names.outlet(page.source, page.url), host(page.url) or page.source)
        for start, end in kept:
            found.update(told_clues(text, start, end, voice, names))
    return _widest(found)


def _widest(found: set[Clue]) -> list[Clue]:
    """Sort clues by place, and drop those inside another that says the same."""
    kept: list[Clue] = []
    for clue in sorted(found, key=_place):
        if not any(
            held.start <= clue.start
            and clue.end <= held.end
            and (held.kind, held.name, held.rule) == (clue.kind, clue.name, clue.rule)
            for held in kept[-4:]
        ):
            kept.append(clue)
    return kept


def _place(clue: Clue) -> tuple[int, int, str, str, str]:
    return clue.start, -clue.end, clue.kind, clue.rule, clue.name or ""


def _metadata_clues(page: _Page, names: Names) -> Iterator[Clue]:
    if page.byline:
        for name in byline_names(page.byline[:_LONGEST_BYLINE], names, alone=True):
            yield Clue("byline", name, "byline", -1, -1)
    canonical, source = page.canonical, page.source
    target = host(canonical)
    here = host(page.url) or (source if source and "." in source else None)
    # A bare homepage is a template's slip, not the address of an original.
    if not target or not here or not _has_path(canonical or ""):
        return
    there, own = names.outlet(target), names.outlet(here)
    if there != own and not _same_site(target, host(here) or here):
        yield Clue("pointer", there, "canonical", -1, -1)


def _has_path(url: str) -> bool:
    _, _, rest = url.partition("//")
    return len(rest.partition("/")[2].strip("/")) > 1


def _same_site(one: str, other: str) -> bool:
    return one == other or one.endswith("." + other) or other.endswith("." + one)


def _lines(text: str, kept: Sequence[tuple[int, int]], *, whole: bool) -> Iterator[_Line]:
    """Cut the body, and the furniture that touches it, into lines.

    Args:
        text: as given.
        kept: its kept ranges.
        whole: also the lines between the front and the tail of the body.
    """
    total = sum(end - start for start, end in kept)
    depth = 0
    previous = max(0, kept[0][0] - MARGIN) if kept else 0
    for start, end in kept:
        if start - previous <= MARGIN:
            for first, last in _split(text, previous, start):
                yield _Line(first, last, depth, total - depth, _MARGIN)
        front = end if whole else start + max(0, BYLINE_REACH - depth)
        tail = end - max(0, TAIL_REACH - (total - depth - (end - start)))
        for first, last in _split(text, start, end, skip=(front, tail)):
            before = depth + first - start
            yield _Line(first, last, before, total - before, _BODY)
        depth += end - start
        previous = end
    if kept:
        for first, last in _split(text, previous, min(len(text), previous + MARGIN)):
            yield _Line(first, last, depth, 0, _MARGIN)


def _split(
    text: str, start: int, end: int, skip: tuple[int, int] = (0, 0)
) -> Iterator[tuple[int, int]]:
    """Yield the lines of text[start:end] without the blanks around them.

    Lines that begin between the two places of `skip` are left out.
    """
    while start < end:
        if skip[0] < start < skip[1]:
            start = text.find("\n", skip[1] - 1, end) + 1 or end
            continue
        stop = text.find("\n", start, end)
        stop = end if stop < 0 else stop
        line = text[start:stop]
        stripped = line.strip()
        if stripped:
            first = start + line.index(stripped[0])
            yield first, first + len(stripped)
        start = stop + 1


def _line_clues(
    text: str, kept: Sequence[tuple[int, int]], names: Names, marks: int
) -> Iterator[Clue]:
    lowered = text.lower() if marks & CREDIT else ""
    cues = []
    if lowered:
        cues = [cue for cue in CREDITS if any(needle in lowered for needle in cue.needles)]
    notices = any(mark in lowered for mark in ("©", "(c)", "copyright", "-wire"))
    for line in _lines(text, kept, whole=bool(cues) or notices):
        if marks & DATELINE and line.place == _BODY and line.depth <= DATELINE_REACH:
            yield from dateline_clues(text, line.start, line.end, names)
        if marks & NAME and (line.depth <= BYLINE_REACH or line.from_end <= TAIL_REACH):
            yield from _signed(text, line, names, gated=not marks & OUTLET)
        if notices:
            end = min(line.end, line.start + _LONGEST_LINE)
            if found := copyright_name(text, line.start, end, names):
                name, first, last = found
                yield Clue("credit", name, "copyright", first, last)
        for cue in cues:
            yield from credits_of(text, line.start, line.end, cue, names)


def _signed(text: str, line: _Line, names: Names, *, gated: bool) -> Iterator[Clue]:
    if line.end - line.start > _LONGEST_LINE:
        return
    words = text[line.start : line.end]
    for name in [] if gated and not may_sign(words, names) else byline_names(words, names):
        yield Clue("byline", name, "byline", line.start, line.end)
    if is_reuters_desk(words):
        yield Clue("byline", "Reuters", "desk_signature", line.start, line.end)


def _body_clues(text: str, kept: Sequence[tuple[int, int]]) -> Iterator[Clue]:
    lowered = text.lower()
    for kind, cues in (("scar", SCARS), ("self_reference", SELF_REFERENCES)):
        for cue in cues:
            if not any(needle in lowered for needle in cue.needles):
                continue
            for start, end in kept:
                for match in cue.pattern.finditer(text, start, end):
                    yield Clue(kind, None, cue.rule, match.start(), match.end())


def _closing_signature(text: str, kept: Sequence[tuple[int, int]], names: Names) -> Iterator[Clue]:
    if kept:
        start, end = max(kept[-1][0], kept[-1][1] - _SIGNATURE_REACH), kept[-1][1]
        for name, first, last in signatures(text, start, end, names):
            yield Clue("byline", name, "signature", first, last)
