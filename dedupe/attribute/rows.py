"""A story and its origin in, its row of stories.jsonl out.

    Told  ->  story_row()  ->  dict

Evidence is listed once, the strongest first; each document's clues, for and
against where it was placed, point into that list. Points are positive where a
clue speaks for the origin that is named, and negative where it speaks against.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, NamedTuple

from dedupe.attribute.origin import CANNOT_TELL, origin_object
from dedupe.attribute.pages import NEVER
from dedupe.attribute.signals import is_credit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dedupe.attribute.evidence import Evidence, Story
    from dedupe.attribute.origin import NamedOrigin
    from dedupe.attribute.pages import Pages
    from dedupe.attribute.relations import Placed

# Of a story, and of one kind: lines that a reader can look through.
_MOST_EVIDENCE = 12
_DERIVED_BY_THEMSELVES = frozenset({"scar", "unnamed_agencies"})
_MOST_ALIKE = 3
# Clues are listed by document up to so many works: of more, the story's must do.
_MOST_LISTED = 24
# Clues of one document: the strongest for its being first, and against.
_MOST_FOR, _MOST_AGAINST = 3, 2
_ZERO = dt.datetime(1970, 1, 1, tzinfo=dt.UTC).replace(tzinfo=None)


class Told(NamedTuple):
    """What is told of one story.

    Attributes:
        pages: outlets, ids and texts.
        rows: its documents, the first before the others.
        documents: their ids.
        works: the work of each; -1 where the story was too large to weigh it.
        named: who wrote it first.
        evidence: all of it.
        placed: where the weighed documents stand, by work, the head of each first.
        counterfactuals: rows of what each kind of evidence changes.
        story: with all its documents, if any has a clue.
    """

    pages: Pages
    rows: list[int]
    documents: list[str]
    works: list[int]
    named: NamedOrigin
    evidence: list[Evidence]
    placed: list[Placed]
    counterfactuals: list[dict[str, Any]]
    story: Story | None

    def places(self) -> dict[int, int]:
        """Return the place of each document: 0 of the first."""
        return {row: place for place, row in enumerate(self.rows)}

    def called(self, work: int) -> str:
        """Return who stands for a work: the origin, or the first of its documents."""
        if work == self.named.work:
            return self.pages.label(self.named.row)
        return self.pages.label(self.rows[self.works.index(work)])


def story_row(told: Told) -> dict[str, Any]:
    """Return a story as stories.jsonl holds it."""
    pages, named = told.pages, told.named
    sources = sorted({outlet for row in told.rows if (outlet := pages.outlet(row))})
    listed = _strongest(told)
    clues = _clues(told, listed)
    return {
        "story": min(told.documents),
        "size": len(told.documents),
        "documents": sorted(told.documents),
        "sources": sources,
        "first_published": _first_published(pages, told.rows),
        "origin": named.origin,
        "candidates": [origin_object(pages, one) for one in named.ranked],
        "credited": [pages.id(row) for row in _credited(told)],
        "evidence": [_shown(told, item) for item in listed],
        "clues": clues,
        "counterfactuals": told.counterfactuals,
    }


def roundup_row(pages: Pages, row: int, parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the row of a round-up: a page alone, with the pages that its parts came from."""
    outlet = pages.outlet(row)
    return {
        "story": pages.id(row),
        "size": 1,
        "documents": [pages.id(row)],
        "sources": [outlet] if outlet else [],
        "first_published": _first_published(pages, [row]),
        "origin": dict(CANNOT_TELL),
        "candidates": [],
        "credited": [],
        "evidence": [],
        "clues": [],
        "counterfactuals": [],
        "passage_parents": parts,
    }


def _credited(told: Told) -> list[int]:
    """Return the documents that name their parent, or the story's origin, as their source.

    Of a story too large to be weighed whole, what was not weighed hangs below the origin.
    """
    story, named = told.story, told.named
    if story is None:
        return []
    parents = {one.row: (one.parent, one.name) for one in told.placed}
    origin = named.row, named.name
    found = []
    for row, clues in sorted(story.clues.items()):
        names = {clue.name for clue in clues if clue.name and is_credit(clue.kind, clue.rule)}
        wanted = {parents.get(row, origin), origin}
        if any(_names_one(story, row, name, wanted) for name in names):
            found.append(row)
    return found


def _names_one(story: Story, row: int, name: str, wanted: Iterable[tuple[int, str | None]]) -> bool:
    """Say whether a name is that of a member, or of an absent source, that is not the page's own.

    Args:
        story: of the page.
        row: the page.
        name: as it stands in a credit.
        wanted: members (row, None) and absent sources (-1, name).
    """
    members = story.bound(name)
    if row in members:
        return False
    called = None if members else story.called(name)
    return any(
        parent in members if parent >= 0 else called is not None and called == absent
        for parent, absent in wanted
    )


class _Place(NamedTuple):
    """Where a work stands: below a work, below an absent source, or nowhere (-1, None)."""

    work: int
    parent: int
    name: str | None


def _clues(told: Told, listed: list[Evidence]) -> list[dict[str, Any]]:
    """Return, by document, the places of its clues in a list of evidence, which grows by them.

    Where nothing tells, no document has a place to speak for.
    """
    if not told.named.told or max(told.works) >= _MOST_LISTED:
        return []
    work_of = dict(zip(told.rows, told.works, strict=True))
    number = {_told(item): place for place, item in enumerate(listed)}
    place_of = told.places()

    def order(item: Evidence) -> tuple[float, int, int, str, int, int, int, str]:
        place = (item.child, item.parent, item.name or "", place_of[item.row], item.start, item.end)
        return -abs(item.points), *place, item.signal

    ordered = sorted(told.evidence, key=order)
    shown = []
    for one in told.placed:
        work, parent = work_of[one.row], work_of.get(one.parent, -1)
        if parent == work:
            continue
        place = _Place(work, parent, one.name)
        sides: tuple[list[Evidence], ...] = ([], [], [])
        for item in ordered:
            sides[_side(item, place)].append(item)
        speaks: dict[str, list[int]] = {"for": [], "against": []}
        for word, sign, most in (("for", 1, _MOST_FOR), ("against", -1, _MOST_AGAINST)):
            for item in _unlike(sides[sign], most):
                if _told(item) not in number:
                    number[_told(item)] = len(listed)
                    listed.append(item)
                speaks[word].append(number[_told(item)])
        if speaks["for"] or speaks["against"]:
            shown.append({"document": told.pages.id(one.row), **speaks})
    return shown


def _told(item: Evidence) -> tuple[str, int, int, str]:
    """Return what a reader sees of evidence: of two edges one statement may speak."""
    return item.signal, item.row, item.start, item.says


def _side(item: Evidence, place: _Place) -> int:
    """Say whether evidence speaks for (1) or against (-1) a work's place, or not of it (0)."""
    has_parent = place.parent >= 0 or place.name is not None
    if item.child == item.parent:
        return 1 if item.child == place.work and not has_parent else 0
    if item.child != place.work:
        if item.parent != place.work:
            return 0
        # The work is said to be another's parent.
        return (-1 if item.child == place.parent else 0) if has_parent else 1
    if item.parent < 0 and item.name is None:
        return 1 if (item.points < 0) == has_parent else -1
    return 1 if has_parent and (item.parent, item.name) == (place.parent, place.name) else -1


def _unlike(items: Iterable[Evidence], most: int) -> list[Evidence]:
    """Keep one of each signal and page it stands on, and one of each that say the same."""
    kept: list[Evidence] = []
    seen: set[tuple[str, int | str]] = set()
    for item in items:
        by_page, by_words = (item.signal, item.row), (item.signal, item.says)
        if by_page not in seen and by_words not in seen:
            kept.append(item)
            if len(kept) == most:
                break
        seen.add(by_page)
        seen.add(by_words)
    return kept


def _first_published(pages: Pages, rows: Iterable[int]) -> str | None:
    """Return the earliest moment that any of some pages states, as ISO 8601 in UTC."""
    known = [moment for row in rows if (moment := int(pages.stated[row])) != NEVER]
    return (_ZERO + dt.timedelta(microseconds=min(known))).isoformat() + "Z" if known else None


def _strongest(told: Told) -> list[Evidence]:
    """Order evidence by strength, what speaks for the origin that is named before its equals.

    Of these what others say comes before what it says of itself, and then the first document's.
    A few of each kind are enough: two hundred equal datelines say one thing.
    """
    named, place_of = told.named, told.places()

    def rank(item: Evidence) -> tuple[float, bool, bool, int, int, str, int, int, str]:
        aside = item.parent != named.work if item.parent >= 0 else item.name != named.name
        row = place_of[item.row]
        place = (row, item.start, item.signal, item.child, item.parent, item.name or "")
        return -abs(item.points), aside, item.row == named.row, *place

    kept: list[Evidence] = []
    alike: dict[tuple[str, int, str | None], int] = {}
    seen: set[tuple[str, int, int, str]] = set()
    for item in sorted(told.evidence, key=rank):
        key = (item.signal, item.parent, item.name)
        # "is derived" repeats the credit it follows from.
        if item.group == "derived" and item.signal not in _DERIVED_BY_THEMSELVES:
            continue
        if alike.get(key, 0) >= _MOST_ALIKE or _told(item) in seen:
            continue
        alike[key] = alike.get(key, 0) + 1
        seen.add(_told(item))
        kept.append(item)
    return kept[:_MOST_EVIDENCE]


def _shown(told: Told, item: Evidence) -> dict[str, Any]:
    quoted = item.start >= 0
    against = _against(told.named, item)
    return {
        "signal": item.signal,
        "points": round(-abs(item.points) if against else abs(item.points), 3),
        "document": told.pages.id(item.row),
        "toward": _toward(told, item),
        "against": against,
        "start": item.start if quoted else None,
        "end": item.end if quoted else None,
        "quote": told.pages.text(item.row)[item.start : item.end] if quoted else None,
        "says": item.says,
    }


def _toward(told: Told, item: Evidence) -> str | None:
    """Return who wrote it first if the evidence is right, called as everywhere else."""
    if item.name is not None:
        return item.name
    if item.parent >= 0 and item.parent != item.child:
        return told.called(item.parent)
    return told.pages.label(item.row) if item.points > 0 else None


def _against(named: NamedOrigin, item: Evidence) -> bool:
    """Say whether evidence speaks against the origin that was named."""
    if named.work < 0 and named.name is None:
        return False
    if item.parent == item.child:
        # It speaks for the document that carries it, or else for the one that is named.
        own = item.row == named.row
        return item.child == named.work and own == (item.name is not None)
    if item.name is not None:
        return item.name != named.name
    if item.parent >= 0:
        return item.child == named.work
    return (item.points < 0) == (item.child == named.work)
