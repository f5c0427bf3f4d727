"""Probabilities in, words out: the origin of a story, and its band.

    Story, Evidence, Posterior  ->  Verdict

A copy is called "likely copied from"; nothing here calls it anything worse.
Where no candidate stands clear of the next, the verdict is "cannot tell".
"""

from __future__ import annotations

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


class Verdict(NamedTuple):
    """Who wrote it first.

    Attributes:
        origin: the contract's ORIGIN object; CANNOT_TELL where nothing tells.
        ranked: the possible origins, best first.
        work: the work named, or -1.
        row: the document named, or -1.
        name: the absent source named, or None.
        probability: by document, the chance to be the origin.
    """

    origin: dict[str, Any]
    ranked: list[Candidate]
    work: int
    row: int
    name: str | None
    probability: dict[int, float]

    @property
    def band(self) -> str:
        """Return how sure the verdict is: high, medium, low or unknown."""
        word: str = self.origin["band"]
        return word


class Judged(NamedTuple):
    """A story as it was judged.

    Attributes:
        story: whose works were weighed.
        evidence: all of it.
        scores: the evidence added up.
        known: what follows from it.
        verdict: in words.
    """

    story: Story
    evidence: list[Evidence]
    scores: Scores
    known: Posterior
    verdict: Verdict


class Candidate(NamedTuple):
    """A possible origin: a document that stands for its outlet, or a source that is absent."""

    probability: float
    work: int
    row: int
    name: str | None


def judge(story: Story, scores: Scores, known: Posterior, evidence: Sequence[Evidence]) -> Verdict:
    """Rank the possible origins, and name one where it stands clear."""
    probability: dict[int, float] = {}
    for work, rows in enumerate(story.works):
        shares = (
            _within(story, rows, evidence)
            if story.decided not in rows
            else {row: float(row == story.decided) for row in rows}
        )
        for row, share in shares.items():
            probability[row] = float(known.origin[work]) * share
    candidates = _heads(story, probability)
    n_works = len(story.works)
    for place, name in enumerate(scores.absent):
        candidates.append(Candidate(float(known.origin[n_works + place]), -1, -1, name))
    candidates.sort(key=lambda one: (-one.probability, one.row < 0, one.row, one.name or ""))
    best = candidates[0]
    likely = [one.probability for one in candidates[:2]]
    if story.decided < 0 and not (evidence and stands_clear(likely)):
        return Verdict(CANNOT_TELL, candidates, -1, -1, None, probability)
    origin = origin_object(story, best)
    return Verdict(origin, candidates, best.work, best.row, best.name, probability)


def stands_clear(probabilities: Sequence[float]) -> bool:
    """Say whether the first of some probabilities, falling, names an origin."""
    best = probabilities[0]
    return best >= _LOW and (len(probabilities) < 2 or best >= _CLEAR * probabilities[1])


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


def _heads(story: Story, probability: dict[int, float]) -> list[Candidate]:
    """Return one candidate for each outlet: its likeliest document.

    Versions of one page may be two works, where the pair of them was not
    measured; they are no rivals.
    """
    best: dict[str, Candidate] = {}
    for work, rows in enumerate(story.works):
        for row in rows:
            outlet = story.pages.outlet(row)
            # An id may be spelled as an outlet is.
            whose = f"outlet {outlet}" if outlet is not None else f"page {story.pages.id(row)}"
            one = Candidate(probability[row], work, row, None)
            held = best.get(whose, one._replace(probability=0.0))
            head = one if one.probability > held.probability else held
            total = held.probability + one.probability
            best[whose] = head._replace(probability=total)
    return list(best.values())


def origin_object(story: Story, one: Candidate) -> dict[str, Any]:
    """Return a possible origin as the contract's ORIGIN object."""
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
