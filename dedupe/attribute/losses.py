"""Signals of two pages: what one kept and the other lost.

Story  ->  aligned deletions, lost credits, openings  ->  Evidence
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from dedupe.attribute.evidence import Evidence, Pair, Story
from dedupe.attribute.pages import NEVER
from dedupe.attribute.signals import POINTS, derives, is_credit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dedupe.clean.clue import Clue

# Room around an aligned passage in which an edit at its border still belongs to it.
_BORDER = 80
# Letters that follow a name, by which its place is found in the other text.
_CONTEXT_LETTERS = 12
_HOW = {
    "lost": "does not",
    "shortened": "does so in passing",
    "own_desk_instead": "signs with its own desk instead",
}
_VERB = re.compile(r"\btold\b")


def deletion(story: Story) -> Iterator[Evidence]:
    """In aligned text one side says "told X that", the other "told that"."""
    for pair, row, other in _both_ways(story):
        scars = [clue for clue in story.clues.get(other, ()) if clue.kind == "scar"]
        named = [clue for clue in story.clues.get(row, ()) if clue.name and clue.start >= 0]
        for clue, cut in itertools.product(named, scars):
            if _fits(clue, cut) and _aligned(story, pair, (row, clue), (other, cut)):
                name, place = story.called(clue.name or ""), story.pages.label(other)
                says = f"names {name} where {place} has a name cut out"
                points = POINTS["deletion"]["aligned"]
                item = toward(story, (row, other), clue, points, says)
                yield item
                if item.parent not in story.holders(clue.name or ""):
                    yield from _from_the_source(story, item, clue, points)


def credit_lost(story: Story) -> Iterator[Evidence]:
    """One side names a source that the other does not: credits get lost, seldom found."""
    credited = {row for row in story.clues if any(map(_credits, story.clues[row]))}
    kept = {row: clue for row in credited if (clue := _sole_credit(story, row))}
    naming = {row for row in story.clues if any(map(_names_source, story.clues[row]))}
    desks = {row for row in story.clues if any(map(_is_desk, story.clues[row]))}
    for _, row, other in _both_ways(story):
        # The same credit is not lost, and another one is another history.
        if row not in kept or other in credited:
            continue
        clue = kept[row]
        if clue.name is None or other in story.bound(clue.name):
            continue
        if _came_first(story, other, row, clue.name):
            continue
        called = story.called(clue.name)
        case = "own_desk_instead" if other in desks else "lost"
        if called in map(story.called, _credited_by(story, other)):
            # The source itself has lost nothing to who names it.
            if row in story.bound(clue.name):
                continue
            case = "shortened"
        elif story.mentions(other, clue.name):
            continue
        does, lacks = f"credits {called}{story.pages.beside(row, clue)}", _HOW[case]
        if row in story.bound(clue.name):
            does = "signs it"
            lacks = f"does not name {called}" if case == "lost" else lacks
        says = f"{does}; {story.pages.label(other)} {lacks}"
        item = toward(story, (row, other), clue, POINTS["credit_lost"][case], says)
        yield item
        # Whoever is named instead may stand between.
        if other not in naming and item.parent not in story.holders(clue.name):
            yield from _from_the_source(story, item, clue, POINTS["credit_lost"]["lost"])


def _from_the_source(story: Story, item: Evidence, clue: Clue, points: float) -> Iterator[Evidence]:
    """Yield that the other was copied from the credited source as well as from this copy."""
    name = clue.name or ""
    for parent in sorted(story.holders(name) - {item.child}):
        yield item._replace(parent=parent, points=points)
    if any(story.names_absent(one) for one in story.clues[item.row] if one.name == clue.name):
        yield item._replace(parent=-1, name=story.called(name), points=points)


def dated_opening(story: Story) -> Iterator[Evidence]:
    """One side opens with place and date, as wires file; the other dropped the date."""
    for _, row, other in _both_ways(story):
        dated = [clue for clue in story.clues.get(row, ()) if clue.rule == "dated"]
        if dated and not any(clue.rule == "dated" for clue in story.clues.get(other, ())):
            says = "opens with place and date, as wires file"
            points = POINTS["dated_opening"]["dated"]
            yield toward(story, (row, other), dated[0], points, says)


def _both_ways(story: Story) -> Iterator[tuple[Pair, int, int]]:
    """Yield each pair of two works, once for each direction."""
    for pair in story.pairs:
        if story.work_of[pair.a] != story.work_of[pair.b]:
            yield pair, pair.a, pair.b
            yield pair, pair.b, pair.a


def toward(
    story: Story, rows: tuple[int, int], clue: Clue | None, points: float, says: str
) -> Evidence:
    """Return evidence that the second of two documents was copied from the first."""
    row, other = rows
    start, end = (clue.start, clue.end) if clue else (-1, -1)
    sentence = f"{story.pages.label(row)} {says}"
    child, parent = story.work_of[other], story.work_of[row]
    return Evidence("", "", points, child, parent, None, row, start, end, sentence)


def _fits(named: Clue, cut: Clue) -> bool:
    """Say whether a scar is of the kind that this clue's deletion would leave."""
    if cut.rule == "empty_dateline":
        return named.kind == "dateline"
    return named.rule in ("told_outlet", "told_own_name")


def _aligned(story: Story, pair: Pair, named: tuple[int, Clue], cut: tuple[int, Clue]) -> bool:
    """Say whether two places share an aligned passage, or its border, and read on alike."""
    if _read_on(story, *named) != _read_on(story, *cut):
        return False
    first, second = (named[1], cut[1]) if named[0] == pair.a else (cut[1], named[1])
    return any(
        _touches(passage[:2], first) and _touches(passage[2:], second) for passage in pair.passages
    )


def _touches(span: tuple[int, ...], clue: Clue) -> bool:
    return clue.start < span[1] + _BORDER and clue.end > span[0] - _BORDER


def _read_on(story: Story, row: int, clue: Clue) -> str:
    """Return the letters that follow the place where a name stands, or stood."""
    text = story.pages.text(row)
    start = clue.end
    if clue.rule == "told_nobody":
        # The scar's own match runs on past the place of the name.
        verb = _VERB.search(text, clue.start, clue.end)
        start = verb.end() if verb else clue.end
    letters = "".join(char for char in text[start : start + 60] if char.isalpha())
    return letters.casefold()[:_CONTEXT_LETTERS]


def _credits(clue: Clue) -> bool:
    return clue.name is not None and derives(clue.kind, clue.rule, clue.name)


def _names_source(clue: Clue) -> bool:
    return clue.name is not None and clue.kind != "self_reference"


def _credited_by(story: Story, row: int) -> set[str]:
    """Return the sources that a page credits, however weak its words are."""
    clues = story.clues.get(row, ())
    return {clue.name for clue in clues if clue.name and is_credit(clue.kind, clue.rule)}


def _came_first(story: Story, row: int, copy: int, name: str) -> bool:
    """Say whether a copy, or the source that it names, names this page and is later than it.

    Who wrote it first need not credit who copied it.
    """
    pages = story.pages
    written = pages.latest[row]
    return written != NEVER and any(
        pages.earliest[later] > written
        and any(row in story.bound(named) for named in _credited_by(story, later))
        for later in {copy, *story.bound(name)}
    )


def _is_desk(clue: Clue) -> bool:
    return clue.rule in ("own_desk", "unnamed_agencies")


def _sole_credit(story: Story, row: int) -> Clue | None:
    """Return the first credit of a page, or None where its newsroom put several together."""
    mine = story.clues[row]
    filed_by = {clue.name for clue in mine if clue.rule == "agency"}
    # "(AFP/Reuters)", or a desk beside an agency.
    if len(filed_by) > 1 or any(clue.rule == "own_desk" for clue in mine):
        return None
    return next(filter(_credits, mine), None)
