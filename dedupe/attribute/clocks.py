"""Signals of time: which page came first, as far as clocks can be trusted.

    Story  ->  clocks as intervals  ->  Evidence

A clock is never a point. Intervals that do not meet give an order, less sure
the closer they are; intervals that overlap but are shifted, such as two days
without zones, give a weaker one. No clock is trusted beyond nine in ten:
updates overwrite dates, zones go wrong, and copies are dated back.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from dedupe.attribute.days import broken_clocks
from dedupe.attribute.evidence import Evidence
from dedupe.attribute.pages import NEVER
from dedupe.attribute.signals import POINTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dedupe.attribute.evidence import Story
    from dedupe.attribute.pages import Pages

_T = TypeVar("_T")
_HOUR = 3_600_000_000
# Between two clocks an hour apart, half of the trust is left.
_APART_SCALE = _HOUR
_SEEN_SCALE = 6 * _HOUR
# Beyond this many works, all are compared with the earliest only: all pairs are quadratic.
_ALL_PAIRS = 64


class Clock(NamedTuple):
    """When a work appeared: an interval in microseconds since 1970.

    Attributes:
        row: the document that bounds it from above.
        earliest: NEVER where nothing bounds it from below.
        latest: its other end.
    """

    row: int
    earliest: int
    latest: int


def first_clock(
    pages: Pages, rows: Sequence[int], broken: frozenset[int] = frozenset()
) -> Clock | None:
    """Return when the first of some documents appeared, or None where no clock is known.

    Args:
        pages: their clocks.
        rows: the documents.
        broken: those whose clocks are not believed.
    """
    known = [row for row in rows if pages.latest[row] != NEVER and row not in broken]
    if not known:
        return None
    first = min(known, key=lambda row: (pages.latest[row], row))
    starts = [int(pages.earliest[row]) for row in known]
    earliest = NEVER if NEVER in starts else min(starts)
    return Clock(first, earliest, int(pages.latest[first]))


def clock(story: Story) -> Iterator[Evidence]:
    """Publication intervals that do not meet, or that are shifted: the earlier is the parent."""
    broken = broken_clocks(story)
    known = [
        (work, first_clock(story.pages, rows, broken)) for work, rows in enumerate(story.works)
    ]
    clocks = [(work, item) for work, item in known if item]
    first = min(clocks, key=lambda pair: (pair[1].latest, pair[0]), default=None)
    for (i, early), (j, late) in _compared(clocks, first):
        points = _order(early, late)
        if points > 0.0:
            gap = late.latest - early.latest
            says = f"appeared {_span(gap)} before"
            yield _earlier(story, (i, early.row), (j, late.row), points, says)


def first_seen(story: Story) -> Iterator[Evidence]:
    """Pages that claim no date, in the order in which they were first seen."""
    pages = story.pages
    seen = [
        (work, min((int(pages.seen[row]), row) for row in rows))
        for work, rows in enumerate(story.works)
        if all(pages.earliest[row] == NEVER and pages.seen[row] != NEVER for row in rows)
    ]
    first = min(seen, key=lambda pair: pair[1], default=None)
    for (i, (early, row)), (j, (late, other)) in _compared(seen, first):
        if early < late:
            gap = late - early
            points = POINTS["first_seen"]["apart"] * gap / (gap + _SEEN_SCALE)
            says = f"was seen {_span(gap)} before"
            yield _earlier(story, (i, row), (j, other), points, says)


def _compared(items: list[_T], first: _T | None) -> Iterator[tuple[_T, _T]]:
    if len(items) <= _ALL_PAIRS:
        yield from itertools.permutations(items, 2)
    elif first is not None:
        yield from ((first, item) for item in items if item is not first)


def _order(early: Clock, late: Clock) -> float:
    """Return the log-odds that the first clock's work came first; 0 where they do not say."""
    if late.earliest == NEVER:
        return 0.0
    gap = late.earliest - early.latest
    if gap > 0:
        return POINTS["clock"]["apart"] * gap / (gap + _APART_SCALE)
    if early.earliest == NEVER or not early.earliest < late.earliest <= early.latest < late.latest:
        return 0.0
    shift = min(late.earliest - early.earliest, late.latest - early.latest)
    width = max(late.latest - late.earliest, early.latest - early.earliest)
    return POINTS["clock"]["shifted"] * min(1.0, 2 * shift / width)


def _earlier(
    story: Story, early: tuple[int, int], late: tuple[int, int], points: float, says: str
) -> Evidence:
    """Return evidence that one (work, document) came before another."""
    sentence = f"{story.pages.label(early[1])} {says} {story.pages.label(late[1])}"
    return Evidence("", "", points, late[0], early[0], None, early[1], -1, -1, sentence)


def _span(microseconds: int) -> str:
    hours = microseconds / _HOUR
    if hours < 1:
        return f"{max(1, round(hours * 60))} min"
    return f"{round(hours)} h" if hours < 48 else f"{round(hours / 24)} days"
