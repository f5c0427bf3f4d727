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

import functools
import logging
import re
from typing import TYPE_CHECKING, NamedTuple

from dedupe.attribute.names import Names, default_names
from dedupe.clean.bylines import (
    LONGEST_CREDIT,
    byline_names,
    copyright_name,
    is_reuters_desk,
    leading_name,
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
from dedupe.documents import host

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

_LOG = logging.getLogger(__name__)

# Furniture this near the body, in code points, is read for credit lines.
_MARGIN = 400
# A dateline stands this near the start of the body; further in, only at a line's start.
_DATELINE_REACH = 1000
_BYLINE_REACH = 1500
_TAIL_REACH = 500
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


class _Line(NamedTuple):
    """A line of the body, or of the furniture that touches it (`depth` -1)."""

    start: int
    end: int
    depth: int  # kept code points before it
    from_end: int  # kept code points from its start to the end of the body


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

    names = names or default_names()
    columns: dict[str, list[object]] = {field: [] for field in clues_schema().names}
    metadata = {
        field: documents.column(field) for field in ("source", "byline", "canonical", "url")
    }
    rows = _promising(documents)
    for row in rows:
        clues = clues_of(
            documents.column("text")[row].as_py(),
            kept_ranges(kept, row),
            **{field: column[row].as_py() for field, column in metadata.items()},
            names=names,
        )
        for clue in clues:
            columns["document"].append(row)
            for field, value in zip(Clue._fields, clue, strict=True):
                columns[field].append(value)
    _LOG.debug("%d of %d documents read for clues", len(rows), documents.num_rows)
    return pa.table(columns, schema=clues_schema())


def _promising(documents: pa.Table) -> list[int]:
    """Return the rows in which a clue is possible at all.

    One linear scan (RE2) for the words of any pattern; the patterns themselves
    then run on few documents.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    text = documents.column("text")
    found = pc.match_substring_regex(text, pattern=_words_of_any_pattern())
    for field in ("byline", "canonical"):
        column = documents.column(field)
        if column.null_count < len(column):
            found = pc.or_(found, pc.is_valid(column))
    rows = pc.indices_nonzero(found)
    return rows.to_pylist() if isinstance(rows, pa.Array) else list(rows)


@functools.cache
def _words_of_any_pattern() -> str:
    names = default_names()
    spellings = sorted(
        {word for word in (*names.agency_spellings, *names.outlet_spellings) if len(word) > 1}
    )
    needles = {needle for cue in (*CREDITS, *SCARS, *SELF_REFERENCES) for needle in cue.needles}
    initial = sorted({f"[{n[0]}{n[0].upper()}]{re.escape(n[1:])}" for n in needles})
    ways = [
        r"[(（]\s*[)）]",
        r"[(（][^()\n]{2,40}[)）]\s*[.:]?\s*[-‐-―]",
        r"[(（][^()\n]{0,40}(?:ڈیسک|رپورٹ|نمائند|نگار|ایجنسی|نیوز)",
        r"\b(?:told|tells) [A-Z]",
        r"[1-9یکم] ?(?:月|جنوری|فروری|مارچ|اپریل|مئی|جون|جولائی|اگست|ستمبر|اکتوبر|نومبر|دسمبر)",
        r"(?:^|\n)[\s\"]*[A-Z][A-Z.'’ -]{2,30}, (?:[A-Z][a-z]{2,8}\.? \d|\d{1,2} [A-Za-z]{3})",
        *map(_whole_word, spellings),
        *initial,
    ]
    return "|".join(ways)


def _whole_word(spelling: str) -> str:
    edge = r"\b" if spelling[0].isascii() and spelling[-1].isalnum() else ""
    return f"{edge}{re.escape(spelling)}{edge}"


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
    names = names or default_names()
    found = set(_metadata_clues(source, byline, canonical, url, names))
    lines = list(_lines(text, kept))
    for line in lines:
        found.update(_line_clues(text, line, names))
    lowered = text.lower()
    voice = _Voice(names.outlet(source, url), host(url) or source)
    for start, end in kept:
        found.update(_body_clues(text, lowered, start, end))
        found.update(_told_clues(text, start, end, voice, names))
    found.update(_closing_signature(text, kept, names))
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


def _metadata_clues(
    source: str | None, byline: str | None, canonical: str | None, url: str | None, names: Names
) -> Iterator[Clue]:
    if byline:
        for name in byline_names(byline, names, alone=True):
            yield Clue("byline", name, "byline", -1, -1)
    target = host(canonical)
    here = host(url) or (source if source and "." in source else None)
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


def _lines(text: str, kept: Sequence[tuple[int, int]]) -> Iterator[_Line]:
    """Cut the body, and the furniture that touches it, into lines."""
    total = sum(end - start for start, end in kept)
    depth = 0
    previous = 0
    for start, end in kept:
        gap_start = max(previous, start - _MARGIN) if depth == 0 else previous
        if depth == 0 or start - previous <= _MARGIN:
            for first, last in _split(text, gap_start, start):
                yield _Line(first, last, -1, total - depth)
        for first, last in _split(text, start, end):
            before = depth + first - start
            yield _Line(first, last, before, total - before)
        depth += end - start
        previous = end
    if kept:
        for first, last in _split(text, previous, min(len(text), previous + _MARGIN)):
            yield _Line(first, last, -1, 0)


def _split(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the lines of text[start:end] without the blanks around them."""
    while start < end:
        stop = text.find("\n", start, end)
        stop = end if stop < 0 else stop
        line = text[start:stop]
        stripped = line.strip()
        if stripped:
            first = start + line.index(stripped[0])
            yield first, first + len(stripped)
        start = stop + 1


def _line_clues(text: str, line: _Line, names: Names) -> Iterator[Clue]:
    if 0 <= line.depth <= _DATELINE_REACH:
        for finding in dateline_clues(text, line.start, line.end, names):
            yield Clue(*finding)
    words = text[line.start : min(line.end, line.start + _LONGEST_LINE)]
    near = line.depth <= _BYLINE_REACH or line.from_end <= _TAIL_REACH
    if near and line.end - line.start <= _LONGEST_LINE:
        for name in byline_names(words, names):
            yield Clue("byline", name, "byline", line.start, line.end)
        if is_reuters_desk(words):
            yield Clue("byline", "Reuters", "desk_signature", line.start, line.end)
    if found := copyright_name(text, line.start, min(line.end, line.start + _LONGEST_LINE), names):
        name, first, last = found
        yield Clue("credit", name, "copyright", first, last)
    lowered = text[line.start : min(line.end, line.start + _CREDIT_REACH)].lower()
    for cue in CREDITS:
        if any(needle in lowered for needle in cue.needles):
            yield from _credits_of(text, line, cue, names)


def _credits_of(text: str, line: _Line, cue: Cue, names: Names) -> Iterator[Clue]:
    end = min(line.end, line.start + _CREDIT_REACH)
    matches = (
        ([match] if (match := cue.pattern.match(text, line.start, end)) else [])
        if cue.at_line_start
        else cue.pattern.finditer(text, line.start, end)
    )
    for match in matches:
        name, stop, known = _credited(text, match.end(), end, names)
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
    return names.of_domain(name) or name, stop, ("." in name and " " not in name) or chinese


def _body_clues(text: str, lowered: str, start: int, end: int) -> Iterator[Clue]:
    for kind, cues in (("scar", SCARS), ("self_reference", SELF_REFERENCES)):
        for cue in cues:
            if not any(needle in lowered for needle in cue.needles):
                continue
            for match in cue.pattern.finditer(text, start, end):
                yield Clue(kind, None, cue.rule, match.start(), match.end())


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
        elif name and (names.is_listed(name) or _OUTLET_WORD.fullmatch(name)):
            yield Clue("credit", name, "told_outlet", match.start(), stop)


def _closing_signature(text: str, kept: Sequence[tuple[int, int]], names: Names) -> Iterator[Clue]:
    if kept:
        start, end = max(kept[-1][0], kept[-1][1] - _SIGNATURE_REACH), kept[-1][1]
        for name, first, last in signatures(text, start, end, names):
            yield Clue("byline", name, "signature", first, last)
