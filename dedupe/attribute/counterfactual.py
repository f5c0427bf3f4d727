"""A judged story in; what its verdict would be without each kind of evidence, out.

    Judged  ->  counterfactuals()  ->  "without the clocks: .81 -> .77"

The same sum over all trees is taken again with one kind of evidence left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dedupe.attribute.evidence import strongest, summed
from dedupe.attribute.model import origins
from dedupe.attribute.signals import SIGNALS
from dedupe.attribute.verdict import stands_clear

if TYPE_CHECKING:
    from dedupe.attribute.verdict import Judged

_KIND = {signal.name: signal.group for signal in SIGNALS}
# The sum is cubic: of more works, one kind of evidence rarely decides.
_MOST_WORKS = 60
_MOST_KINDS = 3
_LEAST_CHANGE = 0.005


def counterfactuals(judged: Judged) -> list[dict[str, Any]]:
    """Leave out the strongest kinds of evidence in turn, those that matter most first.

    Returns:
        Rows of `without` (a group of SIGNALS), `probability` of the origin that
        was named, and `origin`, who would be named: None where none would. None
        where a reader decided: no evidence is needed for that.
    """
    verdict, story = judged.verdict, judged.story
    told = verdict.band != "unknown" and story.decided < 0
    if not told or len(story.works) > _MOST_WORKS:
        return []
    weight: dict[str, float] = {}
    for item in strongest(judged.evidence):
        weight[_KIND[item.signal]] = weight.get(_KIND[item.signal], 0.0) + abs(item.points)
    kinds = sorted(weight, key=lambda kind: (-weight[kind], kind))[:_MOST_KINDS]
    rows = [row for kind in kinds if (row := _without(judged, kind))]
    return sorted(rows, key=lambda row: (row["probability"], row["without"]))


def _without(judged: Judged, kind: str) -> dict[str, Any] | None:
    """Judge again without one kind of evidence; None where that changes little."""
    kept = [item for item in judged.evidence if _KIND[item.signal] != kind]
    scores = summed(judged.scores.weights.affinity, kept)
    chances = origins(scores.weights).tolist()
    named = _called(judged, judged.scores.absent, _named(judged))
    ranked = sorted(range(len(chances)), key=lambda one: (-chances[one], one))
    same = next((one for one in ranked if _called(judged, scores.absent, one) == named), None)
    before = float(judged.known.origin[_named(judged)])
    after = chances[same] if same is not None else 0.0
    stated = float(judged.verdict.origin["probability"])
    clear = bool(kept) and stands_clear([chances[one] for one in ranked[:2]])
    best = ranked[0]
    origin = _label(judged, scores.absent, best) if clear else None
    if abs(after - before) < _LEAST_CHANGE and origin == judged.verdict.origin["name"]:
        return None
    probability = round(min(1.0, after * stated / before), 4) if before else 0.0
    return {"without": kind, "probability": probability, "origin": origin}


def _named(judged: Judged) -> int:
    verdict = judged.verdict
    if verdict.work >= 0:
        return verdict.work
    return len(judged.story.works) + judged.scores.absent.index(verdict.name)


def _called(judged: Judged, absent: list[str | None], place: int) -> tuple[int, str | None]:
    """Return what tells an origin apart whatever other absent sources there are."""
    n_works = len(judged.story.works)
    return (place, None) if place < n_works else (-1, absent[place - n_works])


def _label(judged: Judged, absent: list[str | None], place: int) -> str | None:
    story, verdict = judged.story, judged.verdict
    if place >= len(story.works):
        return absent[place - len(story.works)]
    if place == verdict.work:
        name: str | None = verdict.origin["name"]
        return name
    return story.pages.label(story.works[place][0])
