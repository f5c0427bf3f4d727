"""Signals of one page: what it says of its own origin.

Story  ->  credits, datelines, bylines, scars, self-references  ->  Evidence
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dedupe.attribute.evidence import Evidence, Story
from dedupe.attribute.pages import NEVER
from dedupe.attribute.signals import (
    DERIVED_PAGE,
    DESK_FORM,
    NAMING,
    OWN_POINTS,
    POINTS,
    makes_copy,
    points_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dedupe.clean.clue import Clue

# Whoever is cited in a sentence: for a fact, and perhaps for the whole story.
_REPORTED = "reported"


def credit(story: Story) -> Iterator[Evidence]:
    """Explicit credits: "originally appeared on X", copyright lines, "told X"."""
    yield from _named(story, "credit")


def pointer(story: Story) -> Iterator[Evidence]:
    """The page gives an address of another outlet as its original."""
    yield from _named(story, "pointer")


def dateline(story: Story) -> Iterator[Evidence]:
    """Who filed it stands in front: "CITY (AP) -", "(Harborlight) —"."""
    yield from _named(story, "dateline")


def byline(story: Story) -> Iterator[Evidence]:
    """Who wrote it: "By NAME, Associated Press", and signatures at the end."""
    yield from _named(story, "byline")


def unnamed_agencies(story: Story) -> Iterator[Evidence]:
    """Taken from wires without saying which: "(Agencies)", "(Monitoring Desk)"."""
    for row, clue in of_kind(story, "dateline"):
        if clue.rule == "unnamed_agencies":
            points = POINTS["unnamed_agencies"][clue.rule]
            yield about(story, row, clue, points, "credits agencies without naming one")


def scar(story: Story) -> Iterator[Evidence]:
    """Text left where a name was cut out: an empty dateline, "told that"."""
    for row, clues in story.clues.items():
        scars = [clue for clue in clues if clue.kind == "scar"]
        dated = any(clue.rule == "dated" for clue in clues)
        kinds = "two_kinds" if len({clue.rule for clue in scars}) > 1 else "one_kind"
        for clue in scars:
            # Place, date and empty parentheses: a wire's opening kept but for the
            # name. It is a copy, yet no further from the wire than the others.
            group = "derived" if dated and clue.rule == "empty_dateline" else ""
            item = about(story, row, clue, POINTS["scar"][kinds], "has a name cut out here")
            yield item._replace(group=group)


def self_reference(story: Story) -> Iterator[Evidence]:
    """The page speaks of its own newsroom: "told this newspaper"."""
    for row, clue in of_kind(story, "self_reference"):
        points = POINTS["self_reference"].get(clue.rule, 0.0)
        if points:
            yield about(story, row, clue, points, "speaks as the reporter")


def leads(story: Story) -> Iterator[tuple[int, float]]:
    """Yield (document, log-odds over the other versions of its work) where a page names it.

    What copies a text that several outlets have word for word, and credits one of
    them, has it from that one. Who is cited in it for a fact need not have written it:
    its own page would not cite itself.
    """
    by_others: dict[tuple[int, str], float] = {}
    for row, clues in story.clues.items():
        for clue in clues:
            if clue.name is None or clue.rule == _REPORTED:
                continue
            work = story.work_of[row]
            if row in story.versions(work, clue.name):
                yield row, 2 * OWN_POINTS.get(clue.rule, 0.0)
                continue
            copied = story.holders(clue.name) if makes_copy(clue.rule) else ()
            for named in ((holder, clue.name) for holder in {work, *copied}):
                by_others[named] = max(by_others.get(named, 0.0), _points(story, row, clue))
    for named, points in by_others.items():
        yield from ((version, points) for version in story.versions(*named))


def of_kind(story: Story, kind: str) -> Iterator[tuple[int, Clue]]:
    """Yield (document, clue) of every clue of a kind."""
    for row, clues in story.clues.items():
        for clue in clues:
            if clue.kind == kind:
                yield row, clue


def about(story: Story, row: int, clue: Clue, points: float, says: str) -> Evidence:
    """Return evidence about the page that carries a clue."""
    sentence = f"{story.pages.label(row)} {says}"
    child = story.work_of[row]
    return Evidence("", "", points, child, -1, None, row, clue.start, clue.end, sentence)


def _named(story: Story, kind: str) -> Iterator[Evidence]:
    """A page names its source: an edge from a member, or from a source not in hand."""
    has_form = any(clue.rule == DESK_FORM for _, clue in of_kind(story, kind))
    silent = DESK_FORM if has_form and story.outweighs_form() else None
    for row, clue in of_kind(story, kind):
        points = _points(story, row, clue)
        if clue.name is None or not points or clue.rule == silent:
            continue
        item = about(story, row, clue, points, _naming(story, row, clue))
        if versions := story.versions(item.child, clue.name):
            if row in versions:
                yield from _own(item, story, clue)
            elif clue.rule != _REPORTED:
                yield item._replace(parent=item.child, name=story.called(clue.name))
        elif story.holders(clue.name):
            yield from _from_holders(story, item, clue)
        elif story.names_absent(clue) and points == points_of(kind, clue.rule, one_owner=False):
            yield item._replace(name=story.called(clue.name))
            if makes_copy(clue.rule):
                yield item._replace(group="derived", points=DERIVED_PAGE)


def _naming(story: Story, row: int, clue: Clue) -> str:
    """Put into words how a page names its source."""
    called = story.called(clue.name or "")
    if clue.rule == DESK_FORM:
        return f"ends as {called}'s stories do"
    if clue.rule == "told_outlet":
        return f"quotes what {called} was told"
    return f"names {called} as its source{story.pages.beside(row, clue)}"


def _from_holders(story: Story, item: Evidence, clue: Clue) -> Iterator[Evidence]:
    """Yield an edge from each work in hand that a page names as its source."""
    # Who is cited for a fact is cited in every copy, but was cited once.
    share = 1 if makes_copy(clue.rule) else story.n_citing(clue.rule, clue.name or "")
    for parent in sorted(story.holders(clue.name or "")):
        if clue.rule != _REPORTED or not _is_later(story, parent, item.row):
            yield item._replace(parent=parent, points=item.points / share)


def _is_later(story: Story, work: int, row: int) -> bool:
    """Say whether all pages of a work appeared after a document.

    Who is cited for a fact need not have written the story, and has not if it came later.
    """
    written = story.pages.latest[row]
    return written != NEVER and all(
        story.pages.earliest[version] > written for version in story.works[work]
    )


def _points(story: Story, row: int, clue: Clue) -> float:
    """Return what it weighs that a page names its source; 0 where its words mean no source."""
    if clue.kind not in NAMING or clue.name is None:
        return 0.0
    return points_of(clue.kind, clue.rule, one_owner=story.one_owner(row, clue.name))


def _own(item: Evidence, story: Story, clue: Clue) -> Iterator[Evidence]:
    """A page names its own outlet: it claims the story."""
    points = OWN_POINTS.get(clue.rule, 0.0)
    if points:
        says = item.says
        if clue.rule != DESK_FORM:
            beside = story.pages.beside(item.row, clue)
            says = f"{story.pages.label(item.row)} names itself as the source{beside}"
        yield item._replace(group="self", points=points, says=says)
