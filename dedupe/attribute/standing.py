"""Signals of standing: what one work holds of all others, and what its outlet is known for.

Story  ->  union of what siblings share  ->  Evidence
Record of each outlet  ->  leanings()  ->  log-odds
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, NamedTuple

from dedupe.attribute.evidence import Evidence
from dedupe.attribute.signals import POINTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dedupe.attribute.evidence import Story

# Shared places are set against each other for every three works.
_MOST_UNITED = 10
# Share of what each two others have in common that the one work holds, and that no other does.
_COVERED, _NOT_COVERED = 0.98, 0.9
# Fewer other stories say nothing of an outlet; so many weigh as much as the average. Of 2 and 2,
# 3 and 4, 6 and 8 .869, .867 and .855 of origins of test trees are right, and .940, .972 and .971
# of what is told to be unseen is (benchmarks/origins.py).
_FEWEST_STORIES, _SMOOTHING = 3, 4.0
# A smaller leaning is not worth a line of evidence.
_LEAST_POINTS = 0.1


class Record(NamedTuple):
    """How often an outlet was the origin of the decided stories that it has part in."""

    n_stories: int
    n_origin: int


def union(story: Story) -> Iterator[Evidence]:
    """One work holds all that any two others share, and no other work does."""
    n_works = len(story.works)
    if not 3 <= n_works <= _MOST_UNITED:
        return
    shared = _shared_places(story)
    covers = {work: _cover(work, shared, n_works) for work in range(n_works)}
    best = max(covers, key=lambda work: (covers[work], -work))
    others = [covers[work] for work in covers if work != best]
    if covers[best] >= _COVERED and max(others) < _NOT_COVERED:
        row = story.works[best][0]
        says = f"{story.pages.label(row)} holds all that any two others share"
        yield Evidence("", "", POINTS["union"]["union"], best, -1, None, row, -1, -1, says)


def _shared_places(story: Story) -> dict[tuple[int, int], set[int]]:
    """Return, by (work, other), the places of the work's first text that the other shares.

    A place is a step of sixteen code points.
    """
    first = {rows[0]: work for work, rows in enumerate(story.works)}
    shared: dict[tuple[int, int], set[int]] = {}
    for pair in story.pairs:
        if pair.a in first and pair.b in first:
            for row, other, side in ((pair.a, pair.b, 0), (pair.b, pair.a, 2)):
                places = shared.setdefault((first[row], first[other]), set())
                for span in pair.passages:
                    places.update(range(-(-span[side] // 16), span[side + 1] // 16))
    return shared


def _cover(work: int, shared: Mapping[tuple[int, int], set[int]], n_works: int) -> float:
    """Return the share of what each two other works have in common that a work holds too."""
    common = held = 0
    for one, other in itertools.permutations((w for w in range(n_works) if w != work), 2):
        places = shared.get((one, other), set())
        common += len(places)
        held += len(places & shared.get((one, work), set()))
    return held / common if common else 0.0


def leanings(records: Mapping[str, Record]) -> dict[str, float]:
    """Return the log-odds of each outlet whose record says anything: smoothed, and capped.

    The more of the other decided stories were its own, the likelier is the next
    (Beta smoothing to the average of all).
    """
    n_stories = sum(record.n_stories for record in records.values())
    n_origin = sum(record.n_origin for record in records.values())
    if not 0 < n_origin < n_stories:
        return {}
    points = {
        outlet: _points(record, n_origin / n_stories)
        for outlet, record in records.items()
        if record.n_stories >= _FEWEST_STORIES
    }
    return {outlet: value for outlet, value in points.items() if abs(value) >= _LEAST_POINTS}


def _points(record: Record, average: float) -> float:
    share = (record.n_origin + _SMOOTHING * average) / (record.n_stories + _SMOOTHING)
    most = POINTS["outlet_prior"]["most"]
    points = math.log(share / (1 - share)) - math.log(average / (1 - average))
    return max(-most, min(most, points))
