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

import functools
import logging
import re
from typing import TYPE_CHECKING, NamedTuple

from dedupe.attribute.names import Names, default_names, fold
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
_LONGEST_LINE = 160
_LONGEST_CREDIT = 80


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
    outlet = names.outlet(source, url)
    domain = host(url) or source
    for start, end in kept:
        found.update(_body_clues(text, lowered, start, end))
        found.update(_told_clues(text, start, end, outlet, domain, names))
    found.update(_closing_signature(text, kept, names))
    return sorted(
        found, key=lambda clue: (clue.start, clue.end, clue.kind, clue.rule, clue.name or "")
    )


def _metadata_clues(
    source: str | None, byline: str | None, canonical: str | None, url: str | None, names: Names
) -> Iterator[Clue]:
    if byline:
        for name in _byline_names(byline, names, alone=True):
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
    body = line.depth >= 0
    if body and line.depth <= _DATELINE_REACH:
        for finding in dateline_clues(text, line.start, line.end, names):
            yield Clue(*finding)
    near = line.depth <= _BYLINE_REACH or line.from_end <= _TAIL_REACH
    if near and line.end - line.start <= _LONGEST_LINE:
        words = text[line.start : line.end]
        for name in _byline_names(words, names):
            yield Clue("byline", name, "byline", line.start, line.end)
        if _REUTERS_DESK.match(words):
            yield Clue("byline", "Reuters", "desk_signature", line.start, line.end)
    yield from _copyright_clues(text, line, names)
    lead = text[line.start : line.start + _LONGEST_LINE].lower()
    for cue in CREDITS:
        if any(needle in lead for needle in cue.needles):
            yield from _credits_of(text, line, cue, names)


_REUTERS_DESK = re.compile(
    r"\(?(?:Reporting|Writing|Additional reporting) by .{3,140}[Ee]diting by "
)
_BY = re.compile(r"(?:by|por|par|von|de|da|di)\s+(?=\S)", re.IGNORECASE)
_SEGMENTS = re.compile(r"\s*[,|•·;]\s*|\s+[-–—]\s+")
_ROLES = re.compile(
    r"\s+(?:[\w-]+\s+){0,3}?(?:writers?|reporters?|correspondents?|editors?|staff|wire|producers?"
    r"|columnists?|news service|newspapers|contributors?)$",
    re.IGNORECASE,
)
_NAME_TOKENS = frozenset(
    {"and", "y", "et", "und", "e", "de", "del", "von", "van", "la", "for", "the", "in"}
)
_LONE_SHORT = frozenset({"ap", "afp", "efe", "dpa", "upi", "pti", "ians"})


def _byline_names(words: str, names: Names, *, alone: bool = False) -> list[str]:
    """Return the agencies and outlets that a byline names, or none if it is no byline.

    Args:
        words: one whole line, or a byline from metadata.
        names: what to know.
        alone: it is known to be a byline.
    """
    words = words.strip(" \t\xa0/-–—[]*_©")
    if words[:1] in "(（" and words[-1:] in ")）":
        words = words[1:-1].strip()
    signed = _BY.match(words)
    segments = [
        part for part in _SEGMENTS.split(words[signed.end() :] if signed else words) if part
    ]
    if len(segments) > 8 or not all(map(_is_byline_part, segments)):
        return []
    found = []
    for segment in segments:
        name = _name_with_role(segment, names)
        if name is None:
            continue
        lone = len(segments) == 1 and not signed and not alone
        is_agency = name in names.agencies.values()
        if lone and not (is_agency and (len(fold(segment)) > 3 or fold(segment) in _LONE_SHORT)):
            continue
        # "Fox News, CNN" in a menu is no byline: an outlet follows a person's name.
        if not is_agency and not signed and not alone and (len(segments) < 2 or "|" in words):
            continue
        found.append(name)
    return list(dict.fromkeys(found))


def _name_with_role(segment: str, names: Names) -> str | None:
    plain = segment.strip(" .")
    plain = plain.removeprefix("The ").removeprefix("the ")
    known = names.known(plain)
    if known:
        return known
    bare = _ROLES.sub("", plain)
    if bare != plain:
        return names.known(bare) or names.known(" ".join(plain.split()[:1]))
    # "AP June 1, 2018": an agency with its date.
    first, _, rest = plain.partition(" ")
    if rest[:1].isupper() and re.search(r"\d", rest):
        return names.agency(first)
    return names.known(re.split(r" [-–] |/", plain)[0]) if plain.startswith("dpa") else None


def _is_byline_part(segment: str) -> bool:
    tokens = segment.split()
    if len(tokens) > 12:
        return False
    return all(
        not token[0].isalpha()
        or not token[0].islower()
        or token.lower() in _NAME_TOKENS
        or token in ("dpa", "pm", "am", "p.m.", "a.m.")
        or _ROLES.match(" " + token)
        for token in tokens
    )


_COPYRIGHT = re.compile(
    r"(?:©|\(c\)|\b[Cc]opyright\b|COPYRIGHT)[\s©,-]*(?:\(c\) ?)?(?:\d{4}[\s,-]*){0,2}(?:by )?"
)
_WIRE_NAME = re.compile(r"The-(\w{2,12})-Wire")


def _copyright_clues(text: str, line: _Line, names: Names) -> Iterator[Clue]:
    end = min(line.end, line.start + 200)
    wire = _WIRE_NAME.match(text, line.start, end)
    if wire and (name := names.known(wire.group(1))):
        yield Clue("credit", name, "copyright", line.start, wire.end())
        return
    mark = _COPYRIGHT.search(text, line.start, end)
    if not mark:
        return
    stop = min(end, mark.end() + _LONGEST_CREDIT)
    name, length = _leading_name(text[mark.end() : stop], names)
    if name:
        yield Clue("credit", name, "copyright", mark.start(), mark.end() + length)


def _leading_name(words: str, names: Names) -> tuple[str | None, int]:
    """Return the longest known name at the front of some words, and its length."""
    lead = len(words) - len(words.lstrip(" \"'“”‘’«»*_《「"))
    tokens = list(re.finditer(r"[^\s,;:()|]+", words[lead : lead + _LONGEST_CREDIT]))[:6]
    for last in range(len(tokens), 0, -1):
        stop = lead + tokens[last - 1].end()
        piece = words[lead:stop].strip(" .\"'“”‘’«»*_》」").removeprefix("The ")
        name = names.known(piece)
        if name:
            return name, stop
    return None, 0


def _credits_of(text: str, line: _Line, cue: Cue, names: Names) -> Iterator[Clue]:
    end = min(line.end, line.start + 2000)
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
    r"[\"'“‘«*_《「\s]*(?:[Tt]he |[Ll]a |[Ee]l |[Ll]e )?"
    r"(?P<name>[a-z0-9-]{2,30}(?:\.[a-z0-9-]{2,30}){1,3}\b"
    r"|[A-ZÀ-Þ][\w&'’-]*(?:\.(?=\w)[\w&'’-]+)*(?: (?:of|the|and|de|del|&|[A-ZÀ-Þ0-9][\w&'’-]*)){0,5}"
    r"|[\u0600-\u06ff]{2,20}(?: [\u0600-\u06ff]{2,20}){0,2}|[\u4e00-\u9fff]{2,12})"
)


def _credited(text: str, start: int, end: int, names: Names) -> tuple[str | None, int, bool]:
    """Read the name after a credit's lead-in: (name, where it ends, whether it is known)."""
    known, length = _leading_name(text[start : min(end, start + _LONGEST_CREDIT)], names)
    if known:
        return known, start + length, True
    match = _CREDIT_NAME.match(text, start, min(end, start + _LONGEST_CREDIT))
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


def _told_clues(
    text: str, start: int, end: int, outlet: str | None, domain: str | None, names: Names
) -> Iterator[Clue]:
    """ "told NewsNation that": the outlet's own voice, or somebody else's."""
    for match in TOLD_NAME.finditer(text, start, end):
        words = text[match.end() : min(end, match.end() + 60)]
        name, length = _leading_name(words, names)
        if name is None:
            capitals = re.match(r"[A-Z][\w&'’-]*(?: [A-Z][\w&'’-]*){0,3}", words)
            if capitals is None:
                continue
            name, length = capitals.group(), capitals.end()
            if outlet is None or not names.same(name, outlet, domain):
                # Whoever was told may be a person or a court; one capitalised
                # word with inner capitals is how outlets spell themselves.
                if not re.fullmatch(r"[A-Z]\w*[a-z][A-Z]\w*|[KWC][A-Z]{2,3}", name):
                    continue
        own = outlet is not None and names.same(name, outlet, domain)
        kind, rule = ("self_reference", "told_own_name") if own else ("credit", "told_outlet")
        yield Clue(kind, name, rule, match.start(), match.end() + length)


_SIGNATURE = re.compile(r"(?:[-–—]\s*|[(（\[])([^()（）\[\]\n–—]{2,40}?)[)）\]]?\s*$")


def _closing_signature(text: str, kept: Sequence[tuple[int, int]], names: Names) -> Iterator[Clue]:
    """ "... he said. (Reuters)" or "... said. - AFP", where the body ends."""
    if not kept:
        return
    end = kept[-1][1]
    start = max(kept[-1][0], end - 60)
    match = _SIGNATURE.search(text[start:end])
    if match and (name := names.agency(match.group(1).strip(" ."))):
        yield Clue("byline", name, "signature", start + match.start(), start + match.end(1))
