"""Probabilities in, words out: the origin of a story, its band, its evidence.

    Story, Evidence, Posterior  ->  Verdict, and the row of stories.jsonl

A copy is called "likely copied from"; nothing here calls it anything worse.
Where no candidate stands clear of the next, the verdict is "cannot tell".
"""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING, Any, NamedTuple

from dedupe.attribute.pages import NEVER
from dedupe.attribute.signals import OWN_POINTS, POINTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dedupe.attribute.evidence import Evidence, Scores, Story
    from dedupe.attribute.model import Posterior

CANNOT_TELL: dict[str, Any] = {
    "name": None,
    "document": None,
    "in_collection": None,
    "probability": None,
    "band": "unknown",
}
"""The origin of a story in which nothing tells."""

_HIGH, _MEDIUM, _LOW = 0.9, 0.6, 0.35
# The best candidate must be this many times as likely as the next.
_CLEAR = 2.0
# The versions of one outlet follow its own clock, at odds of fifty to one.
_OWN_CLOCK = 4.0
_MOST_EVIDENCE = 12
_DERIVED_BY_THEMSELVES = frozenset({"scar", "unnamed_agencies"})
_MOST_ALIKE = 3
_MOST_CANDIDATES = 8


class Verdict(NamedTuple):
    """Who wrote it first.

    Attributes:
        origin: the contract's ORIGIN object; CANNOT_TELL where nothing tells.
        candidates: ORIGIN objects, best first.
        work: the work named, or -1.
        row: the document named, or -1.
        name: the absent source named, or None.
        probability: by document, the chance to be the origin.
    """

    origin: dict[str, Any]
    candidates: list[dict[str, Any]]
    work: int
    row: int
    name: str | None
    probability: dict[int, float]

    @property
    def band(self) -> str:
        """Return how sure the verdict is: high, medium, low or unknown."""
        word: str = self.origin["band"]
        return word


class _Candidate(NamedTuple):
    probability: float
    work: int
    row: int
    name: str | None


def judge(story: Story, scores: Scores, known: Posterior, evidence: Sequence[Evidence]) -> Verdict:
    """Rank the possible origins, and name one where it stands clear."""
    probability: dict[int, float] = {}
    candidates: list[_Candidate] = []
    for work, rows in enumerate(story.works):
        shares = _within(story, rows, evidence)
        for row, share in shares.items():
            probability[row] = float(known.origin[work]) * share
        candidates.extend(_heads(story, work, rows, probability))
    n_works = len(story.works)
    for place, name in enumerate(scores.absent):
        candidates.append(_Candidate(float(known.origin[n_works + place]), -1, -1, name))
    candidates.sort(key=lambda one: (-one.probability, one.row < 0, one.row, one.name or ""))
    best = candidates[0]
    objects = [_origin_object(story, one) for one in candidates[:_MOST_CANDIDATES]]
    if not evidence or not _stands_clear(candidates):
        return Verdict(CANNOT_TELL, objects, -1, -1, None, probability)
    return Verdict(objects[0], objects, best.work, best.row, best.name, probability)


def _stands_clear(candidates: Sequence[_Candidate]) -> bool:
    best = candidates[0].probability
    return best >= _LOW and (len(candidates) < 2 or best >= _CLEAR * candidates[1].probability)


def _within(story: Story, rows: Sequence[int], evidence: Sequence[Evidence]) -> dict[int, float]:
    """Share a work among its documents: own credits first, then clocks."""
    if len(rows) == 1:
        return {rows[0]: 1.0}
    points = dict.fromkeys(rows, 0.0)
    for item in evidence:
        if item.row in points and item.start < 0 and item.signal in ("pointer", "byline"):
            points[item.row] -= 2.0 if item.group != "self" else -2.0
    for row in rows:
        own = [
            OWN_POINTS.get(clue.rule, 0.0)
            for clue in story.clues.get(row, ())
            if clue.name and row in story.bound(clue.name)
        ]
        points[row] += 2 * max(own, default=0.0)
    outlets = {story.pages.outlet(row) for row in rows}
    one_outlet = len(outlets) == 1 and None not in outlets
    trust = _OWN_CLOCK if one_outlet else POINTS["clock"]["apart"]
    _add_clocks(story, rows, points, trust)
    total = sum(math.exp(value) for value in points.values())
    return {row: math.exp(value) / total for row, value in points.items()}


def _add_clocks(story: Story, rows: Sequence[int], points: dict[int, float], trust: float) -> None:
    """Give the first version its lead: versions of one outlet follow its own clock."""
    timed = [
        (int(story.pages.latest[row]), row) for row in rows if story.pages.latest[row] != NEVER
    ]
    if len(timed) < len(rows):
        return
    first = min(timed)
    if [moment for moment, _ in timed].count(first[0]) == 1:
        points[first[1]] += trust


def _heads(
    story: Story, work: int, rows: Sequence[int], probability: dict[int, float]
) -> list[_Candidate]:
    """Return one candidate for each outlet of a work: its likeliest document."""
    best: dict[str | None, _Candidate] = {}
    for row in rows:
        outlet = story.pages.outlet(row)
        one = _Candidate(probability[row], work, row, None)
        held = best.get(outlet)
        if held is None or outlet is None:
            best[outlet if outlet is not None else story.pages.id(row)] = one
            continue
        total = held.probability + one.probability
        head = one if one.probability > held.probability else held
        best[outlet] = head._replace(probability=total)
    return list(best.values())


def _origin_object(story: Story, one: _Candidate) -> dict[str, Any]:
    document = story.pages.id(one.row) if one.row >= 0 else None
    name = story.pages.outlet(one.row) if one.row >= 0 else one.name
    return {
        "name": name,
        "document": document,
        "in_collection": document is not None,
        "probability": round(one.probability, 4),
        "band": band(one.probability),
    }


def band(probability: float) -> str:
    """Say a probability as a band: high, medium or low."""
    if probability >= _HIGH:
        return "high"
    return "medium" if probability >= _MEDIUM else "low"


def story_row(
    story: Story, verdict: Verdict, evidence: Sequence[Evidence], weighed: Story
) -> dict[str, Any]:
    """Return a story as stories.jsonl holds it.

    Args:
        story: with all its documents.
        verdict: on it.
        evidence: of the works that were weighed.
        weighed: the story of these works; the same, unless it was too large.
    """
    pages = story.pages
    known = [int(pages.earliest[row]) for row in story.rows if pages.earliest[row] != NEVER]
    sources = sorted({outlet for row in story.rows if (outlet := pages.outlet(row))})
    return {
        "story": pages.id(story.rows[0]),
        "size": len(story.rows),
        "documents": [pages.id(row) for row in story.rows],
        "sources": sources,
        "first_published": _iso(min(known)) if known else None,
        "origin": dict(verdict.origin),
        "candidates": verdict.candidates,
        "evidence": [_shown(weighed, verdict, item) for item in _strongest(evidence, verdict)],
    }


def _iso(microseconds: int) -> str:
    zero = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    moment = zero + dt.timedelta(microseconds=microseconds)
    return moment.isoformat().replace("+00:00", "Z")


def _strongest(evidence: Sequence[Evidence], verdict: Verdict) -> list[Evidence]:
    """Order evidence by strength, what speaks for the verdict before its equals.

    A few of each kind are enough: two hundred equal datelines say one thing.
    """

    def rank(item: Evidence) -> tuple[float, bool, int, int, str, int, int, str]:
        aside = item.parent != verdict.work if item.parent >= 0 else item.name != verdict.name
        place = (item.row, item.start, item.signal, item.child, item.parent, item.name or "")
        return -abs(item.points), aside, *place

    kept: list[Evidence] = []
    alike: dict[tuple[str, int, str | None], int] = {}
    seen: set[tuple[str, int, int, int]] = set()
    for item in sorted(evidence, key=rank):
        key = (item.signal, item.parent, item.name)
        place = (item.signal, item.row, item.start, item.parent)
        # "is derived" repeats the credit it follows from.
        if item.group == "derived" and item.signal not in _DERIVED_BY_THEMSELVES:
            continue
        if alike.get(key, 0) >= _MOST_ALIKE or place in seen:
            continue
        alike[key] = alike.get(key, 0) + 1
        seen.add(place)
        kept.append(item)
    return kept[:_MOST_EVIDENCE]


def _shown(story: Story, verdict: Verdict, item: Evidence) -> dict[str, Any]:
    quoted = item.start >= 0
    return {
        "signal": item.signal,
        "points": round(item.points, 3),
        "document": story.pages.id(item.row),
        "toward": _toward(story, verdict, item),
        "against": _against(verdict, item),
        "start": item.start if quoted else None,
        "end": item.end if quoted else None,
        "quote": story.pages.text(item.row)[item.start : item.end] if quoted else None,
        "says": item.says,
    }


def _toward(story: Story, verdict: Verdict, item: Evidence) -> str | None:
    """Return who wrote it first if the evidence is right, called as everywhere else."""
    if item.name is not None:
        return item.name
    if item.parent >= 0:
        named = item.parent == verdict.work
        return story.pages.label(verdict.row if named else story.works[item.parent][0])
    return story.pages.label(item.row) if item.points > 0 else None


def _against(verdict: Verdict, item: Evidence) -> bool:
    """Say whether evidence speaks against the origin that was named."""
    if verdict.work < 0 and verdict.name is None:
        return False
    if item.name is not None:
        return item.name != verdict.name
    if item.parent >= 0:
        return item.child == verdict.work
    return (item.points < 0) == (item.child == verdict.work)
