"""Fit what each signal of an origin is worth, on simulated trees whose origin is known.

    tuning trees  ->  evidence as found  ->  factors on the points of signals.py, temperature

Every signal keeps the proportions of its cases; what is fitted is one factor on
all of them, and one on what a page says of itself. The factors maximise the
log-likelihood of the true origins under the model that judges stories, with a
penalty that holds a factor near 1 until some dozens of stories ask for more;
none goes far, for simulated editors are not editors. Then the temperature of
the chances is fitted on stories kept out of that. Factors near 1 say that the
table of signals.py is where these data want it.

    python benchmarks/fit_origins.py
"""

from __future__ import annotations

import argparse
import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from unittest import mock

import copytrees
import datasets
import numpy as np
from copytrees import Parameters
from datasets import fold_name
from origin_model import posterior, summed

import dedupe
from dedupe import attribute
from dedupe.attribute.evidence import CAP, Evidence
from dedupe.attribute.signals import DERIVING, SIGNALS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from dedupe.attribute.evidence import Story
    from dedupe.attribute.inference import Inference

FACTORS = (0.6, 0.7, 0.85, 1.0, 1.15, 1.4, 1.7)
_PENALTY = 6.0
"""Stories' worth of log-likelihood that a factor of e costs."""

_TEMPERATURES = tuple(round(0.5 + 0.05 * step, 2) for step in range(31))
_SMALLEST = 1e-6


class Case(NamedTuple):
    """One judged story with its truth.

    Attributes:
        affinity: as the model takes it.
        evidence: as found, with the points of today.
        right: works that hold the origin.
        absent: folded name of an absent origin, "" where no copy names it, None
            where the origin is a work in hand.
        half: "tune" to fit points on, "held" to fit the temperature on.
    """

    affinity: NDArray[np.float64]
    evidence: list[Evidence]
    right: list[int]
    absent: str | None
    half: str


def cases_of(simulated: copytrees.Simulated) -> list[Case]:
    """Judge a collection, and keep what every judged story was judged by."""
    truth = {row["id"]: row for row in simulated.truth}
    looked_into: list[Inference] = []
    inferred = attribute._inferred  # noqa: SLF001 - all that is judged passes here

    def listen(*looked_at: Any) -> Inference:
        looked_into.append(inferred(*looked_at))
        return looked_into[-1]

    with mock.patch.object(attribute, "_inferred", listen):
        dedupe.find_duplicates(simulated.documents)
    # Pages alone are judged first; those that are copies, again with all others.
    judged = {story.rows[0]: (story, evidence, weights) for one in looked_into
              for story, evidence, weights in _judged_by(one)}  # fmt: skip
    return [case for one in judged.values() if (case := _case(*one, truth)) is not None]


def _judged_by(
    inference: Inference,
) -> Iterator[tuple[Story, list[Evidence], NDArray[np.float64]]]:
    """Yield each story with its evidence, and the affinity of its works."""
    from dedupe.kernels.sums import fill_affinity

    graphs, n_stories = inference.graphs, inference.n_stories
    evidence = inference.reasons.of(graphs, 0, n_stories, inference.inputs.pages, inference.records)
    for s, story in inference.stories(np.arange(n_stories)):
        affinity = np.empty((len(story.works), len(story.works)))
        fill_affinity(graphs, s, affinity, False)  # noqa: FBT003 - a kernel takes no keywords
        yield story, evidence[s], affinity


def _case(
    story: Story,
    evidence: list[Evidence],
    affinity: NDArray[np.float64],
    truth: dict[str, dict[str, object]],
) -> Case | None:
    rows = [truth[story.pages.id(row)] for row in story.rows]
    if len({row["tree"] for row in rows}) > 1 or rows[0]["relation"] == "roundup":
        return None
    origin = fold_name(str(rows[0]["origin"]))
    right = [
        work
        for work, members in enumerate(story.works)
        if any(fold_name(story.pages.outlet(row) or "") == origin for row in members)
    ]
    named = {fold_name(name) for name in summed(affinity, evidence).absent if name}
    absent = None if right else origin if origin in named else ""
    half = datasets.half(str(rows[0]["tree"]))
    return Case(affinity, evidence, right, absent, half)


def chance(case: Case, factors: dict[str, float]) -> float:
    """Return the probability of the true origin when points are scaled."""
    right, origin, _ = chances(case, factors)
    return float(origin[right].sum())


def chances(
    case: Case, factors: dict[str, float]
) -> tuple[list[int], NDArray[np.float64], NDArray[np.float64]]:
    """Return the places of the right candidates, the probabilities of all, and their priors."""
    evidence = [
        item._replace(points=_scaled(item, factors.get(key(item), 1.0))) for item in case.evidence
    ]
    scores = summed(case.affinity, evidence)
    origin = posterior(scores.weights).origin
    n_works = len(case.affinity)
    absent = scores.weights.absent_prior
    prior = np.append(np.full(n_works, (1 - absent.sum()) / n_works), absent)
    if case.absent is None:
        return case.right, origin, prior
    names = [fold_name(name) if name else "" for name in scores.absent]
    right = [n_works + place for place, name in enumerate(names) if name == case.absent]
    return right, origin, prior


def key(item: Evidence) -> str:
    """Name the factor that scales an item: its signal's, or that of pages on themselves."""
    own = item.group == "self" and item.signal not in ("self_reference", "one_outlet")
    return f"{item.signal}.own" if own else item.signal


def _scaled(item: Evidence, factor: float) -> float:
    # That a page is no origin, since it credits somebody absent, is of another table.
    fixed = item.group == "derived" and item.signal not in ("unnamed_agencies", "scar")
    return max(-CAP, min(CAP, item.points * (1.0 if fixed else factor)))


def fit(cases: Sequence[Case]) -> dict[str, float]:
    """Climb by one factor at a time until none gains."""
    users: dict[str, list[int]] = {}
    for place, case in enumerate(cases):
        for name in {key(item) for item in case.evidence}:
            users.setdefault(name, []).append(place)
    factors = dict.fromkeys(sorted(users), 1.0)
    for _ in range(3):
        before = dict(factors)
        for name, places in sorted(users.items()):
            factors[name] = max(
                FACTORS, key=lambda factor: _gain(cases, places, factors, name, factor)
            )
        if factors == before:
            break
    return factors


def _gain(
    cases: Sequence[Case], places: list[int], factors: dict[str, float], name: str, factor: float
) -> float:
    tried = factors | {name: factor}
    likely = math.fsum(math.log(max(_SMALLEST, chance(cases[place], tried))) for place in places)
    return likely - _PENALTY * math.log(factor) ** 2


def fit_temperature(cases: Sequence[Case], factors: dict[str, float]) -> float:
    """Return the temperature of highest likelihood; chances are cooled against their priors."""
    known = [chances(case, factors) for case in cases]

    def likelihood(temperature: float) -> float:
        total = 0.0
        for right, origin, prior in known:
            cooled = prior * (np.maximum(origin, 1e-12) / prior) ** (1 / temperature)
            likely = float(cooled[right].sum() / cooled.sum())
            total += math.log(max(_SMALLEST, likely))
        return total

    return max(_TEMPERATURES, key=likelihood)


def points(given: Mapping[str, float], factor: float, *, is_credit: bool) -> dict[str, float]:
    """Return the points of a signal's cases, scaled.

    A credit that makes a page a copy by itself stays one, and no other becomes one.
    """

    def scaled(value: float) -> float:
        moved = max(-CAP, min(CAP, value * factor))
        if is_credit:
            moved = max(moved, DERIVING) if value >= DERIVING else min(moved, DERIVING - 0.1)
        return round(moved, 1)

    return {case: scaled(value) for case, value in given.items()}


def collections(data: Path, n_trees: int) -> list[copytrees.Simulated]:
    """Draw the tuning trees over fiction and over dispatches.

    One clock in ten is wrong, as published extractors of dates err.
    """
    given = Parameters(seed=101, n_trees=n_trees, wrong_clocks=0.1)
    made = [copytrees.simulate(given)]
    if dispatches := datasets.load_reuters(data):
        made.append(copytrees.simulate(replace(given, base="reuters", seed=102), dispatches))
    return made


def main() -> None:
    """Fit and report."""
    parser = argparse.ArgumentParser(description="Fit the points of the signals of origin.")
    parser.add_argument("--data", type=Path, default=datasets.DEFAULT_DATA, help="measuring sets")
    parser.add_argument("--trees", type=int, default=400, help="of each collection")
    chosen = parser.parse_args()
    cases = [case for one in collections(chosen.data, chosen.trees) for case in cases_of(one)]
    tune = [case for case in cases if case.half == "tune"]
    held = [case for case in cases if case.half == "held"]
    factors = fit(tune)
    for name, factor in factors.items():
        n_users = sum(any(key(item) == name for item in case.evidence) for case in tune)
        print(f"{name:24} x {factor:<5} {n_users:5} stories")
    for name, some in (("tune", tune), ("held", held)):
        before, after = (
            math.fsum(math.log(max(_SMALLEST, chance(case, scale))) for case in some) / len(some)
            for scale in ({}, factors)
        )
        print(f"{name}: mean log-likelihood {before:.4f} -> {after:.4f} of {len(some)} stories")
    print(f"temperature, beside the one in use: {fit_temperature(held, factors)}")
    for signal in SIGNALS:
        for name, given in ((signal.name, signal.points), (f"{signal.name}.own", signal.own)):
            is_credit = signal.group == "credit" and given is signal.points
            if given and factors.get(name, 1.0) != 1.0:
                print(f"{name}: {points(given, factors[name], is_credit=is_credit)}")


if __name__ == "__main__":
    main()
