"""Measure quickly, and fail when a figure has fallen below its floor.

    python benchmarks/gate.py                          # exit 1 when one fell
    python benchmarks/gate.py --update                 # raise the floors that were beaten
    python benchmarks/gate.py --update --allow-lower   # set every floor to what was measured

`floors.json` holds a floor for each figure (a ceiling where small is better)
and, for each set, the hash of the files it was measured on: a figure of other
data is not comparable, and the gate fails rather than compare it. Without the
data folder only `seeds/` is gated.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import datasets
import quality

if TYPE_CHECKING:
    from collections.abc import Mapping

FLOORS = Path(__file__).resolve().with_name("floors.json")
PAN13_EVERY = 5
"""The gate aligns one PAN13 pair in this many."""

GATED = (
    "pairwise_f1", "b_cubed_f1", "ari", "relation_f1", "origin_accuracy", "parent_accuracy",
    "derived_f1", "direction_text", "direction_masked", "direction_dated",
    "clough.accuracy", "plagdet", "caseless_clean",
    "far_joined_per_1000", "near_found",
    "recall_resemblance", "recall_containment", "candidates_per_document", "late_joined_per_1000",
    "words_kept", "bodies_kept", "versions_kept", "pages.f1",
    "worst_joined", "wrongly_joined", "roundups_apart", "halves_joined", "thirds_joined",
    "quotations_apart",
    "same_story_accuracy", "stories_apart", "reprinted_apart",
)  # fmt: skip
"""Endings of the figures that have a floor; the rest only explain these."""


class Verdict(NamedTuple):
    """What became of one figure.

    Attributes:
        name: of the figure.
        floor: what it must reach; None for a figure without a floor yet.
        value: what was measured; None where nothing was.
        fell: whether it is worse than its floor.
    """

    name: str
    floor: float | None
    value: float | None
    fell: bool


def rounded(name: str, value: float) -> float:
    """Round a figure to four decimals, toward the easier side."""
    scaled = round(value * 10_000, 6)
    return (math.ceil(scaled) if quality.lower_is_better(name) else math.floor(scaled)) / 10_000


def worse(name: str, value: float, floor: float) -> bool:
    """Say whether a figure is on the wrong side of its floor."""
    value = rounded(name, value)
    return value > floor if quality.lower_is_better(name) else value < floor


def judge(
    figures: Mapping[str, float], floors: Mapping[str, float], measured_sets: set[str]
) -> list[Verdict]:
    """Hold figures to their floors.

    A floor of a set that was measured but whose figure is gone has fallen:
    a figure cannot be saved by no longer computing it.
    """
    gone = [
        Verdict(name, floor, None, fell=True)
        for name, floor in floors.items()
        if name not in figures and name.split(".")[0] in measured_sets
    ]
    held = [
        Verdict(
            name,
            floors.get(name),
            value,
            fell=name in floors and worse(name, value, floors[name]),
        )
        for name, value in figures.items()
        if name.endswith(GATED)
    ]
    return held + gone


def updated(
    figures: Mapping[str, float], floors: Mapping[str, float], *, allow_lower: bool
) -> dict[str, float]:
    """Return the floors after a run: raised where beaten, lowered or left out only when allowed."""
    measured = {name.split(".")[0] for name in figures}
    new = {
        name: floor
        for name, floor in floors.items()
        if not allow_lower or name in figures or name.split(".")[0] not in measured
    }
    for name, value in figures.items():
        if not name.endswith(GATED):
            continue
        if name not in floors or allow_lower or not worse(name, value, floors[name]):
            new[name] = rounded(name, value)
    return dict(sorted(new.items()))


def changed_data(report: Mapping[str, Any], kept: Mapping[str, Any]) -> list[str]:
    """Name the sets whose files are not those the floors were measured on."""
    return [
        name
        for name, digest in report["data"].items()
        if kept["data"].get(name) not in (None, digest)
    ]


def load_floors(path: Path) -> dict[str, Any]:
    """Read the floors; a file that is not there holds none."""
    if not path.is_file():
        return {"data": {}, "floors": {}}
    kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return kept


def save_floors(path: Path, data: Mapping[str, str], floors: Mapping[str, float]) -> None:
    """Write the floors so that a changed one is one changed line."""
    document = {"data": dict(sorted(data.items())), "floors": floors}
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def show(verdicts: list[Verdict]) -> None:
    """Print figures beside their floors."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title="floors", title_justify="left")
    for heading in ("figure", "measured", "floor", ""):
        table.add_column(heading, justify="left" if heading in ("figure", "") else "right")
    for name, floor, value, fell in verdicts:
        table.add_row(
            name,
            "gone" if value is None else f"{value:.4f}",
            "none" if floor is None else f"{floor:.4f}",
            "FELL" if fell else "",
        )
    Console(width=None if sys.stdout.isatty() else 100).print(table)


def main() -> int:
    """Measure, judge, and update when asked; return the exit code."""
    parser = argparse.ArgumentParser(description="Fail when a figure falls below its floor.")
    parser.add_argument("--data", type=Path, default=datasets.DEFAULT_DATA, help="measuring sets")
    parser.add_argument("--floors", type=Path, default=FLOORS)
    parser.add_argument("--update", action="store_true", help="raise the floors that were beaten")
    parser.add_argument("--allow-lower", action="store_true", help="with --update: lower them too")
    given = parser.parse_args()
    if given.allow_lower and not given.update:
        parser.error("--allow-lower changes nothing without --update")
    report = quality.run(
        quality.Options(data=given.data, pan13_every=PAN13_EVERY, with_peers=False)
    )
    return decide(report, given.floors, update=given.update, allow_lower=given.allow_lower)


def decide(report: Mapping[str, Any], path: Path, *, update: bool, allow_lower: bool) -> int:
    """Print the verdicts, write the floors when asked; return the exit code."""
    kept = load_floors(path)
    strangers = changed_data(report, kept)
    if strangers and not (update and allow_lower):
        print(
            f"{path.name}: the files of {', '.join(strangers)} are not those its floors were "
            "measured on; measure them anew with --update --allow-lower"
        )
        return 1
    verdicts = judge(report["figures"], kept["floors"], set(report["data"]))
    show(verdicts)
    if update:
        floors = updated(report["figures"], kept["floors"], allow_lower=allow_lower)
        save_floors(path, kept["data"] | report["data"], floors)
    fell = [verdict.name for verdict in verdicts if verdict.fell]
    if fell and not (update and allow_lower):
        print(f"below the floor: {', '.join(fell)}")
        return 1
    new = sum(verdict.floor is None for verdict in verdicts)
    seconds = sum(report["seconds"].values())
    print(f"{len(verdicts) - new} figures hold, {new} had no floor; measured in {seconds:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
