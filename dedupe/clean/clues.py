"""What a page says of its own origin: credits, datelines, bylines, scars.

    documents table, Kept  ->  harvest()  ->  clues table (CLUES_SCHEMA)

Only the story's own words count: a teaser's "(AP)" says nothing of the story
above it. So datelines, scars and self-references come from the kept body
alone. Credit lines, bylines and copyright lines also stand in the furniture
that touches the body, and are read there as whole lines.

A clue is what stands on the page, not what it means: whether "(AP)" makes a
page a copy depends on whose page it is, and attribution decides that.
"""
# ruff: noqa: RUF001 - newspapers set curly quotes and long dashes

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe.attribute.names import Names, default_names
from dedupe.clean.bylines import (
    LONGEST_CREDIT,
    byline_names,
    copyright_name,
    is_reuters_desk,
    leading_name,
    may_sign,
    signatures,
)
from dedupe.clean.credit_patterns import (
    CREDITS,
    NOT_SOURCES,
    SCARS,
    SELF_REFERENCES,
    TOLD_NAME,
    Cue,
)
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

_LOG = logging.getLogger(__name__)

_SIGNATURE_REACH = 60
_LONGEST_LINE = 160
# Of a paragraph longer than this, only the front can hold a credit.
_CREDIT_REACH = 2000


class Clue(NamedTuple):
    """One clue of one document.

    Attributes:
        kind: credit, dateline, byline, scar, self_reference or pointer.
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


_BODY, _MARGIN = "body", "margin"


class _Line(NamedTuple):
    """A line of the body, or of the furniture that touches it."""

    start: int
    end: int
    depth: int  # kept code points before it
    from_end: int  # kept code points from its start to the end of the body
    place: str


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


def harvest(documents: pa.Table, kept: Kept, names: Names | None = None) -> pa.Table:
    """Collect the clues of every document.

    Args:
        documents: a table of `documents.SCHEMA`.
        kept: its cleaned ranges.
        names: agencies and outlets to know; None takes those of the package.

    Returns:
        A table of `clues_schema()`; `document` is the row in `documents`.
    """
    import pyarrow as pa

    names = (names or default_names()).collecting(_sources(documents))
    marks = scan(kept, names)
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
        found.update(_reported_clues(text, kept, names))
    if marks & TOLD:
        voice = _Voice(names.outlet(page.source, page.url), host(page.url) or page.source)
        for start, end in kept:
            found.update(_told_clues(text, start, end, voice, names))
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
        for name in byline_names(page.byline, names, alone=True):
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
            for finding in dateline_clues(text, line.start, line.end, names):
                yield Clue(*finding)
        if marks & NAME and (line.depth <= BYLINE_REACH or line.from_end <= TAIL_REACH):
            yield from _signed(text, line, names, gated=not marks & OUTLET)
        if notices:
            end = min(line.end, line.start + _LONGEST_LINE)
            if found := copyright_name(text, line.start, end, names):
                name, first, last = found
                yield Clue("credit", name, "copyright", first, last)
        for cue in cues:
            yield from _credits_of(text, line, cue, names)


def _signed(text: str, line: _Line, names: Names, *, gated: bool) -> Iterator[Clue]:
    if line.end - line.start > _LONGEST_LINE:
        return
    words = text[line.start : line.end]
    for name in [] if gated and not may_sign(words, names) else byline_names(words, names):
        yield Clue("byline", name, "byline", line.start, line.end)
    if is_reuters_desk(words):
        yield Clue("byline", "Reuters", "desk_signature", line.start, line.end)


def _credits_of(text: str, line: _Line, cue: Cue, names: Names) -> Iterator[Clue]:
    end = min(line.end, line.start + _CREDIT_REACH)
    matches = (
        ([match] if (match := cue.pattern.match(text, line.start, end)) else [])
        if cue.at_line_start
        else cue.pattern.finditer(text, line.start, end)
    )
    for match in matches:
        name, stop, known = _credited(text, match.end(), end, names)
        if cue.whole_line and text[stop:end].strip(" .:"):
            continue
        if name and (known or not cue.name_known):
            yield Clue("credit", name, cue.rule, match.start(), stop)


_CREDIT_NAME = re.compile(
    r"[\"'“‘«*_《「\s]*(?:the |la |el |le )?"
    r"(?P<name>[a-z0-9-]{2,30}(?:\.[a-z0-9-]{2,30}){1,3}\b"
    r"|(?:(?:The|La|El|Le|Los|Les|Die|Der|Das|O) )?[A-ZÀ-Þ][\w&'’-]*(?:\.(?=\w)[\w&'’-]+)*"
    r"(?: (?:of|the|and|de|del|&|[A-ZÀ-Þ0-9][\w&'’-]*)){0,5}"
    r"|[\u0600-\u06ff]{2,20}(?: [\u0600-\u06ff]{2,20}){0,2}|[\u4e00-\u9fff]{2,12})"
)


def _credited(text: str, start: int, end: int, names: Names) -> tuple[str | None, int, bool]:
    """Read the name after a credit's lead-in: (name, where it ends, whether it is known)."""
    known, length = leading_name(text[start : min(end, start + LONGEST_CREDIT)], names)
    if known:
        return known, start + length, True
    match = _CREDIT_NAME.match(text, start, min(end, start + LONGEST_CREDIT))
    if not match:
        return None, start, False
    name = re.sub(r"(?: (?:of|the|and|de|del|&))+$", "", match.group("name"))
    first = name.split()[0].strip(".'’").lower()
    if first in NOT_SOURCES or name.lower() in NOT_SOURCES or name.isdigit():
        return None, start, False
    stop = match.start("name") + len(name)
    chinese = "\u4e00" <= name[0] <= "\u9fff"
    domain = "." in name and " " not in name
    plain = domain or chinese or _MEDIA_WORD.search(name) is not None
    return names.of_domain(name) or name, stop, plain


_MEDIA_WORD = re.compile(
    r"\b(?:News|Times|Post|Herald|Tribune|Standard|Ledger|Gazette|Journal|Courier|Globe|Observer"
    r"|Chronicle|Wire|Register|Examiner|Dispatch|Sentinel|Zeitung|Diario|Jornal|Gazzetta)\b"
)


def _body_clues(text: str, kept: Sequence[tuple[int, int]]) -> Iterator[Clue]:
    lowered = text.lower()
    for kind, cues in (("scar", SCARS), ("self_reference", SELF_REFERENCES)):
        for cue in cues:
            if not any(needle in lowered for needle in cue.needles):
                continue
            for start, end in kept:
                for match in cue.pattern.finditer(text, start, end):
                    yield Clue(kind, None, cue.rule, match.start(), match.end())


_REPORTED = re.compile(r"\b(?:[A-Z][\w&'’-]*\s){1,5}(?:first )?reported\b")


def _reported_clues(text: str, kept: Sequence[tuple[int, int]], names: Names) -> Iterator[Clue]:
    """Read "the Harbor Light reported": a fact is its, and perhaps the story."""
    for start, end in kept:
        for match in _REPORTED.finditer(text, start, end):
            words = match.group().split()
            stop = len(words) - (2 if words[-2] == "first" else 1)
            name = next(
                (n for i in range(stop) if (n := names.known(" ".join(words[i:stop])))), None
            )
            if name:
                yield Clue("credit", name, "reported", match.start(), match.end())


class _Voice(NamedTuple):
    """Whose page a document is: its outlet's name, and its domain."""

    outlet: str | None
    domain: str | None

    def is_named(self, name: str, names: Names) -> bool:
        return self.outlet is not None and names.same(name, self.outlet, self.domain)


_CAPITALISED = re.compile(r"[A-Z][\w&'’-]*(?: [A-Z][\w&'’-]*){0,3}")
_OUTLET_WORD = re.compile(r"[A-Z]\w*[a-z][A-Z]\w*|[KWC][A-Z]{2,3}")


def _told_clues(text: str, start: int, end: int, voice: _Voice, names: Names) -> Iterator[Clue]:
    """Read "told Harborlight that": the outlet's own voice, or somebody else's."""
    for match in TOLD_NAME.finditer(text, start, end):
        words = text[match.end() : min(end, match.end() + LONGEST_CREDIT)]
        name, length = leading_name(words, names)
        if name is None:
            capitals = _CAPITALISED.match(words)
            name, length = (capitals.group(), capitals.end()) if capitals else ("", 0)
        stop = match.end() + length
        if name and voice.is_named(name, names):
            yield Clue("self_reference", name, "told_own_name", match.start(), stop)
        # Whoever else was told may be a person or a court: without a known name,
        # only inner capitals and callsigns are how outlets spell themselves.
        elif name and (names.known(name) or names.is_listed(name) or _OUTLET_WORD.fullmatch(name)):
            yield Clue("credit", name, "told_outlet", match.start(), stop)


def _closing_signature(text: str, kept: Sequence[tuple[int, int]], names: Names) -> Iterator[Clue]:
    if kept:
        start, end = max(kept[-1][0], kept[-1][1] - _SIGNATURE_REACH), kept[-1][1]
        for name, first, last in signatures(text, start, end, names):
            yield Clue("byline", name, "signature", first, last)
