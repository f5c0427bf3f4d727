"""Clues by reading every line with every pattern: what `clean/clues.py` must find.

No scan chooses lines or patterns. Only a cue's own needles count: they must
stand in the line, or in front of it where they begin with a newline.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dedupe.clean.addresses import address_clues
from dedupe.clean.bylines import (
    byline_names,
    copyright_names,
    is_person,
    is_reuters_desk,
    may_sign,
    signatures,
)
from dedupe.clean.clue import Clue
from dedupe.clean.credit_patterns import CREDITS, RESIDUES
from dedupe.clean.credits import Voice, cited_clues, credits_of, told_clues
from dedupe.clean.datelines import dateline_clues
from dedupe.clean.scar_patterns import SCARS, SELF_REFERENCES
from dedupe.names import fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dedupe.names import Names

MARGIN, LONGEST_LINE, SIGNATURE_REACH = 400, 160, 60
DATELINE_REACH, BYLINE_REACH, TAIL_REACH = 1000, 1500, 500


class Line(NamedTuple):
    """A line of the body, or of the furniture that touches it."""

    start: int
    end: int
    depth: int
    from_end: int
    in_body: bool


def every_clue(text: str, kept: Sequence[tuple[int, int]], names: Names) -> list[Clue]:
    """Return the clues of one text without metadata, by place."""
    found: set[Clue] = set()
    for line in lines(text, kept):
        found.update(_of_line(text, line, names, kept))
    for start, end in kept:
        for clue in told_clues(text[start:end], end - start, Voice(None, None), names):
            found.add(clue._replace(start=clue.start + start, end=clue.end + start))
        # Sources are cited only where an outlet of the collection is named.
        is_named = any(spelling in fold(text) for spelling in names.collected | names.held)
        for clue in cited_clues(text[start:end], 0, end - start, names) if is_named else ():
            found.add(clue._replace(start=clue.start + start, end=clue.end + start))
        for kind, cues in (("scar", SCARS), ("self_reference", SELF_REFERENCES)):
            for cue in cues:
                for match in cue.pattern.finditer(text, start, end):
                    found.add(Clue(kind, None, cue.rule, match.start(), match.end()))
    told = {clue.name for clue in found if clue.rule == "told_outlet" and clue.name}
    found.update(_opened(text, kept, told, names))
    if kept:
        start, end = max(kept[-1][0], kept[-1][1] - SIGNATURE_REACH), kept[-1][1]
        for name, first, last in signatures(text, start, end, names):
            found.add(Clue("byline", name, "signature", first, last))
    return _widest(found)


def _widest(found: set[Clue]) -> list[Clue]:
    ordered = sorted(found, key=lambda c: (c.start, -c.end, c.kind, c.rule, c.name or ""))
    return [
        clue
        for place, clue in enumerate(ordered)
        if not any(
            other.start <= clue.start
            and clue.end <= other.end
            and (other.kind, other.name, other.rule) == (clue.kind, clue.name, clue.rule)
            for other in ordered[:place]
        )
    ]


def lines(text: str, kept: Sequence[tuple[int, int]]) -> Iterator[Line]:
    """Cut the body and the furniture that touches it into lines without blanks around them."""
    total = sum(end - start for start, end in kept)
    depth = 0
    previous = max(0, kept[0][0] - MARGIN) if kept else 0
    for start, end in kept:
        if start - previous <= MARGIN:
            for first, last in _split(text, previous, start):
                yield Line(first, last, depth, total - depth, in_body=False)
        for first, last in _split(text, start, end):
            before = depth + first - start
            yield Line(first, last, before, total - before, in_body=True)
        depth += end - start
        previous = end
    if kept:
        for first, last in _split(text, previous, min(len(text), previous + MARGIN)):
            yield Line(first, last, depth, 0, in_body=False)


def _split(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for line in text[start:end].split("\n"):
        words = line.strip()
        if words:
            first = start + line.index(words)
            yield first, first + len(words)
        start += len(line) + 1


def _opened(
    text: str, kept: Sequence[tuple[int, int]], told: set[str], names: Names
) -> Iterator[Clue]:
    """Read the opening as if the outlets that the text says were told were listed."""
    told = {name for name in told if names.known(name) is None}
    knowing = names.knowing(told)
    for start, words in _opening(text, kept):
        for clue in dateline_clues(words, 0, len(words), knowing):
            if clue.name in told:
                yield clue._replace(start=clue.start + start, end=clue.end + start)
        for name in byline_names(words, knowing) if len(words) <= LONGEST_LINE else ():
            if name in told:
                yield Clue("byline", name, "byline", start, start + len(words))


def _opening(text: str, kept: Sequence[tuple[int, int]]) -> Iterator[tuple[int, str]]:
    """Cut the body into lines without blanks around them, up to its first paragraph."""
    for start, end in kept:
        for first, last in _split(text, start, end):
            yield first, text[first:last]
            if last - first > LONGEST_LINE:
                return


def _of_line(
    text: str, line: Line, names: Names, kept: Sequence[tuple[int, int]]
) -> Iterator[Clue]:
    words = text[line.start : line.end]
    if line.in_body and line.depth <= DATELINE_REACH:
        kept_before = "\n".join(text[start : min(end, line.start)] for start, end in kept)
        opens = max(map(len, kept_before.split("\n"))) <= LONGEST_LINE
        yield from dateline_clues(text[: line.end], line.start, line.end, names, opens=opens)
    if (line.depth <= BYLINE_REACH or line.from_end <= TAIL_REACH) and len(words) <= LONGEST_LINE:
        for name in byline_names(words, names) if may_sign(words, names) else ():
            yield Clue("byline", name, "byline", line.start, line.end)
        below = names.known(words.strip(" ."))
        person, signed = is_person(_above(text, line), names)
        if below and (signed or (person and not names.is_listed(below))):
            yield Clue("byline", below, "byline", line.start, line.end)
        if is_reuters_desk(words):
            yield Clue("byline", "Reuters", "desk_signature", line.start, line.end)
    notice = copyright_names(text, line.start, min(line.end, line.start + LONGEST_LINE), names)
    if notice:
        for name in notice[0]:
            yield Clue("credit", name, "copyright", notice[1], notice[2])
    yield from _credited(text, line, names)


def _above(text: str, line: Line) -> str:
    return text[: line.start].rstrip().split("\n")[-1]


def _credited(text: str, line: Line, names: Names) -> Iterator[Clue]:
    before = text[max(0, line.start - 1) : line.end].lower()
    for kind, cues in (("credit", CREDITS), ("residue", RESIDUES)):
        for cue in cues:
            if any(needle in before for needle in cue.needles):
                for clue in credits_of(text, line.start, line.end, cue, names):
                    yield clue._replace(kind=kind)
    words = text[line.start : line.end]
    for clue in address_clues(words, Voice(None, None), names, in_body=line.in_body):
        yield clue._replace(start=clue.start + line.start, end=clue.end + line.start)
