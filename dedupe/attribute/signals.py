"""The signals by which a story's origin is judged: one small function each, one table.

    Story  ->  SIGNALS, each  ->  Evidence, any number

Points are log-odds. They are editors' rules of thumb stated as odds, not
fitted: an explicit credit is right about thirty times in thirty-one, a clock
at best nine times in ten, a longer text a little more often than not.
"""

from __future__ import annotations

import itertools
import math
import re
from typing import TYPE_CHECKING, NamedTuple

from dedupe.attribute.evidence import Evidence, Pair, Story
from dedupe.attribute.pages import NEVER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dedupe.clean.clues import Clue

CREDIT_POINTS = {
    "appeared_on": 3.5,
    "republished": 3.5,
    "source_line": 2.5,
    "via": 1.5,
    "first_reported": 0.5,
    "told_outlet": 1.0,
    "copyright": 3.0,
    "canonical": 3.5,
    "agency": 3.5,
    "outlet": 3.0,
    "byline": 3.2,
    "signature": 3.0,
    "desk_signature": 3.0,
}
"""Log-odds that the source named by a rule wrote the story first."""

OWN_POINTS = {
    "told_own_name": 2.0,
    "this_newspaper": 1.0,
    "byline": 2.0,
    "agency": 2.5,
    "outlet": 2.0,
    "signature": 2.0,
    "desk_signature": 2.0,
}
"""Log-odds that a page which so speaks of its own outlet is the origin."""

DERIVING = 2.0
"""A credit this strong makes a page a copy even when nothing else of the story is in hand."""

_SCAR_POINTS = (-2.0, -2.8)
_DERIVED_PAGE_POINTS = -2.0
_UNNAMED_POINTS = -1.5
_DELETION_POINTS = 2.5
_CREDIT_LOST_POINTS = 1.5
_DESK_INSTEAD_POINTS = 2.0
_DATED_POINTS = 0.8
_CLOCK_POINTS = 2.2
_SEEN_POINTS = 0.7
_LENGTH_POINTS = 0.4
_EXCERPT_POINTS = 0.8
_ONE_OUTLET_POINTS = 0.8
_HOUR = 3_600_000_000
# Between two clocks that disagree by an hour, half of the trust is left.
_CLOCK_SCALE = _HOUR
_SEEN_SCALE = 6 * _HOUR
# Room around an aligned passage in which an edit at its border still belongs to it.
_BORDER = 80
_CONTEXT_LETTERS = 12
_VERB = re.compile(r"\btold\b")
# Beyond this many works, clocks are compared with the earliest only: all pairs are quadratic.
_ALL_CLOCK_PAIRS = 300


class Signal(NamedTuple):
    """One row of the table of signals.

    Attributes:
        name: as it stands in a story's evidence.
        group: signals of one group on one target count once.
        points: the most it can say, in log-odds.
        what: what it looks for.
        fails_when: what makes it wrong.
        find: the function.
    """

    name: str
    group: str
    points: float
    what: str
    fails_when: str
    find: Callable[[Story], Iterator[Evidence]]


def find_evidence(story: Story) -> list[Evidence]:
    """Ask every signal."""
    return [item for signal in SIGNALS for item in signal.find(story)]


def derives(clue: Clue) -> bool:
    """Say whether a clue alone makes its page a copy, if it does not name its own outlet."""
    if clue.kind == "scar" or clue.rule == "unnamed_agencies":
        return True
    if clue.kind == "self_reference" or clue.name is None:
        return False
    return CREDIT_POINTS.get(clue.rule, 0.0) >= DERIVING


def _of_kind(story: Story, *kinds: str) -> Iterator[tuple[int, Clue]]:
    for row, clues in story.clues.items():
        for clue in clues:
            if clue.kind in kinds:
                yield row, clue


def _named(signal: str, story: Story, *kinds: str) -> Iterator[Evidence]:
    """A page names its source: an edge from that source, or from nobody in hand."""
    for row, clue in _of_kind(story, *kinds):
        points = CREDIT_POINTS.get(clue.rule, 0.0)
        if clue.name is None or points == 0.0:
            continue
        child = story.work_of[row]
        holders = story.bound(clue.name)
        if any(story.work_of[holder] == child for holder in holders):
            yield from _own(signal, story, row, clue)
            continue
        page = story.pages.label(row)
        says = f"{page} names {clue.name} as its source"
        place = (row, clue.start, clue.end, says)
        if holders:
            for parent in sorted({story.work_of[holder] for holder in holders}):
                yield Evidence(signal, "credit", points, child, parent, None, *place)
        elif _is_known_or_explicit(story, clue):
            yield Evidence(signal, "credit", points, child, -1, clue.name, *place)
            if points >= DERIVING:
                yield Evidence(signal, "derived", _DERIVED_PAGE_POINTS, child, -1, None, *place)


def _is_known_or_explicit(story: Story, clue: Clue) -> bool:
    """An absent source needs a known name, or words that leave no doubt."""
    if clue.rule in ("appeared_on", "republished", "outlet", "canonical", "source_line"):
        return True
    return clue.name is not None and (
        clue.name in story.names.agencies.values()
        or clue.name in story.names.outlets.values()
        or clue.rule == "told_outlet"
    )


def _own(signal: str, story: Story, row: int, clue: Clue) -> Iterator[Evidence]:
    """A page names its own outlet: it claims the story."""
    points = OWN_POINTS.get(clue.rule, 0.0)
    if points and clue.name and story.pages.is_outlet(row, clue.name, story.names):
        says = f"{story.pages.label(row)} names itself as the source"
        child = story.work_of[row]
        yield Evidence(signal, "self", points, child, -1, None, row, clue.start, clue.end, says)


def credit(story: Story) -> Iterator[Evidence]:
    """Explicit credits: "originally appeared on X", copyright lines, "told X"."""
    yield from _named("credit", story, "credit")


def pointer(story: Story) -> Iterator[Evidence]:
    """The page names an address of another outlet as its original."""
    yield from _named("pointer", story, "pointer")


def dateline(story: Story) -> Iterator[Evidence]:
    """ "CITY (AP) -", "(NewsNation) —": who filed it stands in front."""
    yield from _named("dateline", story, "dateline")


def byline(story: Story) -> Iterator[Evidence]:
    """ "By NAME, Associated Press", and signatures at the end."""
    yield from _named("byline", story, "byline")


def unnamed_agencies(story: Story) -> Iterator[Evidence]:
    """ "(Agencies)", "(Monitoring Desk)": taken from wires, without saying which."""
    for row, clue in _of_kind(story, "dateline"):
        if clue.rule == "unnamed_agencies":
            yield _about(
                "unnamed_agencies",
                "derived",
                _UNNAMED_POINTS,
                story,
                row,
                clue,
                "credits agencies without naming one",
            )


def scar(story: Story) -> Iterator[Evidence]:
    """Text left where a credit was cut out: an empty dateline, "told that"."""
    for row, clues in story.clues.items():
        scars = [clue for clue in clues if clue.kind == "scar"]
        points = _SCAR_POINTS[min(len({clue.rule for clue in scars}), 2) - 1] if scars else 0.0
        for clue in scars:
            yield _about("scar", "scar", points, story, row, clue, "has a name cut out here")


def self_reference(story: Story) -> Iterator[Evidence]:
    """The page speaks of its own newsroom: "told this newspaper"."""
    for row, clue in _of_kind(story, "self_reference"):
        points = OWN_POINTS.get(clue.rule, 0.0)
        if points:
            yield _about(
                "self_reference", "self", points, story, row, clue, "speaks as the reporter"
            )


def _about(
    signal: str, group: str, points: float, story: Story, row: int, clue: Clue, says: str
) -> Evidence:
    sentence = f"{story.pages.label(row)} {says}"
    child = story.work_of[row]
    return Evidence(signal, group, points, child, -1, None, row, clue.start, clue.end, sentence)


def deletion(story: Story) -> Iterator[Evidence]:
    """In aligned text one side says "told X that", the other "told that"."""
    for pair in story.pairs:
        for row, other, flip in ((pair.a, pair.b, False), (pair.b, pair.a, True)):
            scars = [c for c in story.clues.get(other, ()) if c.kind == "scar"]
            named = [c for c in story.clues.get(row, ()) if c.name and c.start >= 0]
            if not scars or not named or story.work_of[row] == story.work_of[other]:
                continue
            for clue, cut in itertools.product(named, scars):
                if _fits(clue, cut) and _aligned(story, pair, flip, row, clue, other, cut):
                    says = (
                        f"where {story.pages.label(row)} names {clue.name},"
                        f" {story.pages.label(other)} has the name cut out"
                    )
                    yield Evidence(
                        "deletion",
                        "deletion",
                        _DELETION_POINTS,
                        story.work_of[other],
                        story.work_of[row],
                        None,
                        row,
                        clue.start,
                        clue.end,
                        says,
                    )


def _fits(named: Clue, cut: Clue) -> bool:
    """Say whether a scar is of the kind that this clue's deletion would leave."""
    if cut.rule == "empty_dateline":
        return named.kind == "dateline"
    return named.rule in ("told_outlet", "told_own_name")


def _aligned(
    story: Story, pair: Pair, flip: bool, row: int, clue: Clue, other: int, cut: Clue
) -> bool:
    """Say whether two places lie in, or at the border of, one aligned passage, and read on alike."""
    if _read_on(story, row, clue) != _read_on(story, other, cut):
        return False
    for passage in pair.passages:
        here, there = (passage[2:], passage[:2]) if flip else (passage[:2], passage[2:])
        if _touches(here, clue) and _touches(there, cut):
            return True
    return False


def _touches(passage: tuple[int, ...], clue: Clue) -> bool:
    return clue.start < passage[1] + _BORDER and clue.end > passage[0] - _BORDER


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


def credit_lost(story: Story) -> Iterator[Evidence]:
    """One side names a source that the other side's text does not: credits get lost, not found."""
    for pair in story.pairs:
        if story.work_of[pair.a] == story.work_of[pair.b]:
            continue
        for row, other in ((pair.a, pair.b), (pair.b, pair.a)):
            lost = _credit_lost_in(story, row, other)
            if lost is None:
                continue
            clue, instead = lost
            points = _DESK_INSTEAD_POINTS if instead else _CREDIT_LOST_POINTS
            how = "signs with its own desk instead" if instead else "does not"
            says = f"{story.pages.label(row)} credits {clue.name}; {story.pages.label(other)} {how}"
            yield Evidence(
                "credit_lost",
                "credit",
                points,
                story.work_of[other],
                story.work_of[row],
                None,
                row,
                clue.start,
                clue.end,
                says,
            )


def _credit_lost_in(story: Story, row: int, other: int) -> tuple[Clue, bool] | None:
    """Return the credit in `row` that `other` lacks, and whether a desk stands in its place."""
    theirs = story.clues.get(other, ())
    names = {clue.name for clue in theirs}
    for clue in story.clues.get(row, ()):
        if not clue.name or clue.kind not in ("dateline", "byline", "credit"):
            continue
        if clue.name in names or not derives(clue):
            continue
        # Another agency in its place is another story's history, not a loss.
        if any(derives(c) and c.name for c in theirs):
            continue
        if story.pages.is_outlet(other, clue.name, story.names):
            continue
        return clue, any(c.rule in ("own_desk", "unnamed_agencies") for c in theirs)
    return None


def dated_opening(story: Story) -> Iterator[Evidence]:
    """One side opens with place and date, as wires file; the other dropped the date."""
    for pair in story.pairs:
        if story.work_of[pair.a] == story.work_of[pair.b]:
            continue
        for row, other in ((pair.a, pair.b), (pair.b, pair.a)):
            mine = [c for c in story.clues.get(row, ()) if c.rule == "dated"]
            if mine and not any(c.rule == "dated" for c in story.clues.get(other, ())):
                says = f"{story.pages.label(row)} opens with place and date, as wires file"
                yield Evidence(
                    "dated_opening",
                    "opening",
                    _DATED_POINTS,
                    story.work_of[other],
                    story.work_of[row],
                    None,
                    row,
                    mine[0].start,
                    mine[0].end,
                    says,
                )


class _Clock(NamedTuple):
    row: int
    earliest: int
    latest: int


def _clocks(story: Story) -> list[_Clock | None]:
    """Return the first version's clock of each work, where any is known."""
    return [first_clock(story, rows) for rows in story.works]


def first_clock(story: Story, rows: tuple[int, ...] | list[int]) -> _Clock | None:
    """Return the clock of the earliest of some documents."""
    pages = story.pages
    known = [row for row in rows if pages.latest[row] != NEVER]
    if not known:
        return None
    first = min(known, key=lambda row: (pages.latest[row], row))
    # Any version may be the first: the work appeared no later than its earliest deadline.
    starts = [int(pages.earliest[row]) for row in known]
    earliest = NEVER if NEVER in starts else min(starts)
    return _Clock(first, earliest, int(pages.latest[first]))


def clock(story: Story) -> Iterator[Evidence]:
    """Clocks whose intervals do not meet: the earlier is the parent, unless a clock is broken."""
    clocks = [(work, item) for work, item in enumerate(_clocks(story)) if item]
    if len(clocks) > _ALL_CLOCK_PAIRS:
        first = min(clocks, key=lambda pair: (pair[1].latest, pair[0]))
        pairs = [(first, other) for other in clocks if other is not first]
    else:
        pairs = list(itertools.permutations(clocks, 2))
    for (i, early), (j, late) in pairs:
        if late.earliest == NEVER or early.latest >= late.earliest:
            continue
        points = _CLOCK_POINTS * _trust(late.earliest - early.latest, _CLOCK_SCALE)
        says = (
            f"{story.pages.label(early.row)} appeared {_span(late.earliest - early.latest)} before"
            f" {story.pages.label(late.row)}"
        )
        yield Evidence("clock", "time", points, j, i, None, early.row, -1, -1, says)


def first_seen(story: Story) -> Iterator[Evidence]:
    """Pages that claim no date, in the order in which they were first seen."""
    pages = story.pages
    seen = [
        (min((int(pages.seen[row]), row) for row in rows), work)
        for work, rows in enumerate(story.works)
        if all(pages.earliest[row] == NEVER and pages.seen[row] != NEVER for row in rows)
    ]
    if len(seen) > _ALL_CLOCK_PAIRS:
        return
    for ((early, row), i), ((late, other), j) in itertools.permutations(seen, 2):
        if early < late:
            points = _SEEN_POINTS * _trust(late - early, _SEEN_SCALE)
            says = f"{pages.label(row)} was seen {_span(late - early)} before {pages.label(other)}"
            yield Evidence("first_seen", "time", points, j, i, None, row, -1, -1, says)


def _trust(gap: int, scale: int) -> float:
    return gap / (gap + scale)


def _span(microseconds: int) -> str:
    hours = microseconds / _HOUR
    if hours < 1:
        return f"{max(1, round(hours * 60))} minutes"
    return f"{round(hours)} hours" if hours < 48 else f"{round(hours / 24)} days"


def length(story: Story) -> Iterator[Evidence]:
    """One text holds the other and more: copies are cut more often than grown."""
    for pair in story.pairs:
        i, j = story.work_of[pair.a], story.work_of[pair.b]
        surplus = pair.containment_b - pair.containment_a
        if i == j or math.isnan(surplus) or abs(surplus) < 0.05:
            continue
        parent, child, row, other = (
            (i, j, pair.a, pair.b) if surplus > 0 else (j, i, pair.b, pair.a)
        )
        most = _EXCERPT_POINTS if pair.relation == "excerpt" else _LENGTH_POINTS
        says = f"{story.pages.label(row)} holds the text of {story.pages.label(other)} and more"
        yield Evidence(
            "length",
            "length",
            most * min(1.0, 2 * abs(surplus)),
            child,
            parent,
            None,
            row,
            -1,
            -1,
            says,
        )


def one_outlet(story: Story) -> Iterator[Evidence]:
    """Nobody but one outlet has the story."""
    outlets = {story.pages.outlet(row) for row in story.rows}
    if len(outlets) == 1 and None not in outlets and len(story.rows) > 1:
        row = story.rows[0]
        says = f"every version found is {story.pages.label(row)}'s own"
        for work in range(len(story.works)):
            yield Evidence(
                "one_outlet", "self", _ONE_OUTLET_POINTS, work, -1, None, row, -1, -1, says
            )


SIGNALS = (
    Signal(
        "credit",
        "credit",
        3.5,
        'explicit credit: "originally appeared on X", copyright line',
        "it credits one fact or a photo, or is a footer template",
        credit,
    ),
    Signal(
        "pointer",
        "credit",
        3.5,
        "canonical address at another outlet",
        "a homepage, tracker or network-wide address; its absence says nothing",
        pointer,
    ),
    Signal(
        "dateline",
        "credit",
        3.5,
        'agency or outlet in the dateline: "CITY (AP) -"',
        "a callsign is taken for an agency",
        dateline,
    ),
    Signal(
        "byline",
        "credit",
        3.2,
        'agency or outlet in the byline: "By NAME, Associated Press"',
        'it signs a contribution: "AP contributed to this report"',
        byline,
    ),
    Signal(
        "unnamed_agencies", "derived", 1.5, 'dateline "(Agencies)"', "house style", unnamed_agencies
    ),
    Signal(
        "scar",
        "scar",
        2.8,
        'a name cut out: "() ...", "told that", "interview with ."',
        "an extraction fault cuts names out of originals",
        scar,
    ),
    Signal(
        "deletion",
        "deletion",
        2.5,
        '"told X that" aligned with "told that"',
        "both are copies of X",
        deletion,
    ),
    Signal(
        "credit_lost",
        "credit",
        2.0,
        "one side credits a source, the other lost it",
        "the credit was added by an editor who knew",
        credit_lost,
    ),
    Signal(
        "self_reference",
        "self",
        2.0,
        '"told this newspaper", the outlet\'s own name',
        "a copy keeps the words",
        self_reference,
    ),
    Signal(
        "dated_opening",
        "opening",
        0.8,
        "place and date open one side only",
        "house style",
        dated_opening,
    ),
    Signal(
        "clock",
        "time",
        2.2,
        "publication intervals that do not meet",
        "wrong zones, overwritten updates, back-dating: about one clock in ten",
        clock,
    ),
    Signal(
        "first_seen",
        "time",
        0.7,
        "order of sighting, where no page claims a date",
        "crawlers visit big outlets more often",
        first_seen,
    ),
    Signal(
        "length",
        "length",
        0.8,
        "one text holds the other and more",
        "updates and round-ups grow",
        length,
    ),
    Signal(
        "one_outlet",
        "self",
        0.8,
        "every version is one outlet's",
        "its source was not crawled",
        one_outlet,
    ),
)
"""Every signal, strongest kinds first."""
