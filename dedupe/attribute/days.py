"""Signals of the days that texts name: a dateline's date, and "on Sunday".

    Story  ->  the day a page claims, the day its text names  ->  Evidence

A copy keeps the words of its original and gets a date of its own. A page that
claims to have appeared before the day in its dateline has a broken clock; one
that says "Sunday" and claims a Thursday, where another of the same words claims
that Sunday, was written for the other.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

import numpy as np

from dedupe.attribute.evidence import Evidence
from dedupe.attribute.pages import NEVER
from dedupe.attribute.said import about
from dedupe.attribute.signals import POINTS, SIGNALS
from dedupe.dates import DAY_MICROSECONDS, EARLIEST_ZONE, HOUR_MICROSECONDS, MONTHS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from dedupe.attribute.evidence import Story
    from dedupe.attribute.pages import Pages
    from dedupe.attribute.tables import PairTable
    from dedupe.clean.clue import Clue
    from dedupe.kernels.graphs import Graphs

# A claim wider than this names no day: a week, a month. A day of anywhere takes 50 hours. Half or
# twice this and the next three change no origin (benchmarks/origins.py).
_WIDEST_CLAIM = 52 * HOUR_MICROSECONDS
# A day without a zone begins fourteen hours before the day it names.
_FIRST_ZONE = EARLIEST_ZONE // dt.timedelta(microseconds=1)
# A wire's date and a paper's may be a night apart: two days are not.
_BROKEN_DAYS, _LATE_DAYS = 2, 4
# Beyond half a year, the dateline's date is rather of another year.
_NEAREST_DAYS = 180
# Code points of a body in which a day is looked for.
_OPENING = 700
# The first of January 1970 was a Thursday, the fourth day from Monday.
_FIRST_WEEKDAY = 3
# Openings that are looked at together.
_BLOCK = 4096
_MONTH = {name: number for number, names in enumerate(MONTHS, 1) for name in names}
_DATED = re.compile(
    r"(?:(?P<month>[^\W\d_]{3,10})\.? (?P<day>\d{1,2})(?!\d)"
    r"|(?<!\d)(?P<day_first>\d{1,2})\.?\s?(?:de )?(?P<month_last>[^\W\d_]{3,10})\b"
    r"|(?P<month_number>\d{1,2})月(?P<day_last>\d{1,2})日)"
)
_WEEKDAYS = (
    ("monday", "lunes", "lundi", "montag", "segunda-feira", "星期一", "周一", "پیر"),
    ("tuesday", "martes", "mardi", "dienstag", "terça-feira", "星期二", "周二", "منگل"),
    ("wednesday", "miércoles", "mercredi", "mittwoch", "quarta-feira", "星期三", "周三", "بدھ"),
    ("thursday", "jueves", "jeudi", "donnerstag", "quinta-feira", "星期四", "周四", "جمعرات"),
    ("friday", "viernes", "vendredi", "freitag", "sexta-feira", "星期五", "周五", "جمعہ"),
    ("saturday", "sábado", "samedi", "samstag", "星期六", "周六"),
    ("sunday", "over the weekend", "domingo", "dimanche", "sonntag", "星期日", "周日", "اتوار"),
)
_WEEKDAY = {name: number for number, names in enumerate(_WEEKDAYS) for name in names}
_ANY_DAY = "|".join(_WEEKDAY)
# Chinese sets no blanks between words.
_NAMED_DAY = re.compile(
    rf"\b(?:{'|'.join(name for name in _WEEKDAY if name < '一')})\b"
    rf"|{'|'.join(name for name in _WEEKDAY if name >= '一')}",
    re.IGNORECASE,
)
_INNER_TIME = next(signal for signal in SIGNALS if signal.name == "inner_time")


def clock_bound(story: Story) -> Iterator[Evidence]:
    """A page claims to have appeared days before the day that its own dateline names."""
    for row, clue, days in _datelined(story):
        if days >= _BROKEN_DAYS:
            says = f"claims to have appeared {days} days before the day in its dateline"
            yield about(story, row, clue, POINTS["clock_bound"]["dateline_later"], says)


def inner_time(story: Story) -> Iterator[Evidence]:
    """The day named in a text is not near the date that its page claims.

    Days of the week are compared in all stories at once: `out_of_the_week`.
    """
    for row, clue, days in _datelined(story):
        if days <= -_LATE_DAYS:
            says = f"appeared {-days} days after the day in its dateline"
            yield about(story, row, clue, POINTS["inner_time"]["dateline_earlier"], says)


def broken_clocks(story: Story) -> frozenset[int]:
    """Return the documents whose claimed dates their own datelines refute."""
    return frozenset(row for row, _, days in _datelined(story) if days >= _BROKEN_DAYS)


def _datelined(story: Story) -> Iterator[tuple[int, Clue, int]]:
    """Yield (document, dateline, days from its claim to its dateline's date)."""
    for row, clues in story.clues.items():
        dated = next((clue for clue in clues if clue.rule == "dated"), None)
        claim = _claimed_day(story, row) if dated else None
        if dated is None or claim is None:
            continue
        named = _named_date(story.pages.text(row)[dated.start : dated.end], claim)
        if named is not None:
            yield row, dated, (named - claim).days


def _claimed_day(story: Story, row: int) -> dt.date | None:
    """Return the day that a page claims to have appeared on, or None where it names none."""
    first, last = int(story.pages.claimed[row]), int(story.pages.claimed_until[row])
    if NEVER in (first, last) or last - first > _WIDEST_CLAIM:
        return None
    if last - first >= DAY_MICROSECONDS:
        first += _FIRST_ZONE
    return dt.date(1970, 1, 1) + dt.timedelta(days=first // DAY_MICROSECONDS)


def _named_date(words: str, near: dt.date) -> dt.date | None:
    """Return the date that a dateline names, in the year that brings it nearest to another."""
    match = _DATED.search(words)
    if not match:
        return None
    named = match["month"] or match["month_last"]
    month = _month(named) if named else int(match["month_number"])
    day = int(match["day"] or match["day_first"] or match["day_last"])
    dates = [_date(near.year + years, month, day) for years in (-1, 0, 1)]
    best = min((date for date in dates if date), key=lambda date: abs(date - near), default=None)
    return best if best and abs((best - near).days) <= _NEAREST_DAYS else None


def _month(name: str) -> int:
    folded = name.casefold()
    return next((_MONTH[folded[:n]] for n in (4, 3, len(folded)) if folded[:n] in _MONTH), 0)


def _date(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def out_of_the_week(
    graphs: Graphs, pages: Pages, table: PairTable
) -> Iterator[tuple[int, Evidence]]:
    """Find the pages that claim a day two to five after the one they name, if another fits.

    Six days after is also the day before, with a night between the zones.

    Args:
        graphs: the stories.
        pages: their texts, and what they claim.
        table: pairs, whose passages say where the text that documents share begins.

    Yields:
        (story, evidence); where a page stands by itself, nothing.
    """
    story = np.repeat(np.arange(len(graphs.n_works)), np.diff(graphs.offsets))
    day = _claimed_days(pages.claimed[graphs.rows], pages.claimed_until[graphs.rows])
    dated = np.flatnonzero((day != NEVER) & (graphs.work >= 0))
    asked = _differ(day[dated], story[dated], len(graphs.n_works))
    asked &= _differ(graphs.work[dated], story[dated], len(graphs.n_works))
    members = dated[asked[story[dated]]]
    starts = _openings(graphs, table, asked[story])[members]
    named = dict(_named_days(pages, graphs.rows[members], starts))
    naming = np.array([*named], np.int64)
    weekday = np.array([_WEEKDAY[match.group().lower()] for match in named.values()], np.int64)
    members = members[naming]
    lag = (day[members] + _FIRST_WEEKDAY - weekday) % 7
    work = story[members] * (graphs.work.max(initial=0) + 1) + graphs.work[members]
    fits = lag <= 1
    # Six days before is the day after: a page may name tomorrow.
    late = (lag >= 2) & (lag <= 5) & np.isin(story[members], story[members[fits]])
    for at in np.flatnonzero(late & ~np.isin(work, work[fits])).tolist():
        member, match = int(members[at]), named[int(naming[at])]
        row = int(graphs.rows[member])
        says = f"{pages.label(row)} names a day that fits another page's date, not its own"
        yield (
            int(story[member]),
            Evidence(
                _INNER_TIME.name, _INNER_TIME.group, POINTS["inner_time"]["weekday"],
                int(graphs.work[member]), -1, None, row, *match.span(), says,
            ),
        )  # fmt: skip


def _claimed_days(claimed: NDArray[np.int64], until: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the days that pages claim to have appeared on, from 1970; NEVER where none is named.

    Args:
        claimed: int64 (M,), when each claims to have appeared at the earliest.
        until: int64 (M,), and at the latest.
    """
    known = (claimed != NEVER) & (until != NEVER)
    width = np.where(known, until, 0) - np.where(known, claimed, 0)
    known &= width <= _WIDEST_CLAIM
    day = (claimed + np.where(width >= DAY_MICROSECONDS, _FIRST_ZONE, 0)) // DAY_MICROSECONDS
    return np.where(known, day, NEVER)


def _differ(
    values: NDArray[np.int64], group: NDArray[np.int64], n_groups: int
) -> NDArray[np.bool_]:
    """Say in which groups there is more than one value."""
    first, last = np.full(n_groups, np.iinfo(np.int64).max), np.full(n_groups, NEVER)
    np.minimum.at(first, group, values)
    np.maximum.at(last, group, values)
    return np.asarray(first < last)


def _openings(graphs: Graphs, table: PairTable, asked: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return where the text that members share with others begins, 0 where none is known; (M,).

    Args:
        graphs: the stories.
        table: their pairs.
        asked: bool (M,), the members to look at.
    """
    weighed = (graphs.work[graphs.a] >= 0) & (graphs.work[graphs.b] >= 0) & asked[graphs.a]
    first, end = table.span_ends[graphs.place], table.span_ends[graphs.place + 1]
    aligned = np.flatnonzero(weighed & (first < end))
    spans = table.spans[first[aligned]]
    never = np.iinfo(np.int64).max
    starts = np.full(len(graphs.rows), never)
    for sides, place in ((graphs.a, 0), (graphs.b, 2)):
        np.minimum.at(starts, sides[aligned], spans[:, place])
    return np.where(starts == never, 0, starts)


def _named_days(
    pages: Pages, rows: NDArray[np.int64], starts: NDArray[np.int64]
) -> Iterator[tuple[int, re.Match[str]]]:
    """Yield the places of the openings that name a day, and where each first does.

    The pattern tries every name at every word; most openings hold none of the names
    at all, which Arrow sees in all of them thirty times sooner.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    for base in range(0, len(rows), _BLOCK):
        end = base + _BLOCK
        block = zip(rows[base:end].tolist(), starts[base:end].tolist(), strict=True)
        openings = [pages.text(row)[start : start + _OPENING] for row, start in block]
        lower = pa.array([opening.lower() for opening in openings], pa.string())
        for at in np.flatnonzero(pc.match_substring_regex(lower, _ANY_DAY)).tolist():
            row, start = int(rows[base + at]), int(starts[base + at])
            match = _NAMED_DAY.search(pages.text(row), start, start + _OPENING)
            if match:
                yield base + at, match
