"""Who is said to have written each story first: one table, ours beside simple rules.

    simulated trees, COUNTER, census, spotify, seeds  ->  origin, direction, calibration

    python benchmarks/origins.py --json origins.json --diagram reliability.svg
    python benchmarks/origins.py --trees 100 --base fiction

Figures of simulated trees are over stories of two documents or more, and over
single pages whose original was taken away. "Cannot tell" is not right.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import copytrees
import datasets
import measures
import metrics
import orjson
import reliability
from datasets import fold_name
from origin_rules import RULES, Evening

import dedupe
from dedupe.clean import clean
from dedupe.clean.clues import harvest
from dedupe.documents import documents_table
from dedupe.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from copytrees import Simulated

CLOCKS = (0.0, 0.1, 0.3, 0.5)
"""Shares of wrong clocks."""

UNNAMED = "unnamed"
"""Stands for an absent source that nobody names."""

VIEWS: dict[str, frozenset[str]] = {
    "ours": frozenset(),
    "ours, no clocks": frozenset({"published", "fetched"}),
    "ours, text only": frozenset(
        {"published", "fetched", "url", "canonical", "source", "byline", "title"}
    ),
}
"""What our method is not shown."""


class Asked(NamedTuple):
    """One story, its truth, and the documents in hand.

    Attributes:
        rows: its documents.
        origin: the name of who wrote it first, folded.
        document: the row of the original, -1 where it is absent.
        credited: some document in hand credits the origin by name.
    """

    rows: list[int]
    origin: str
    document: int
    credited: bool


class Answer(NamedTuple):
    """Ranked answers to one story: (folded name, row or -1, probability); told: it is a verdict."""

    ranked: list[tuple[str, int, float]]
    told: bool


def asked(simulated: Simulated, credited: Mapping[int, Sequence[str]]) -> list[Asked]:
    """Collect the stories that have an answer worth asking for."""
    questions = []
    for rows in metrics.groups([row["tree"] for row in simulated.truth]).values():
        truth = simulated.truth[rows[0]]
        if truth["relation"] == "roundup" or (len(rows) < 2 and truth["seen"]):
            continue
        place = {simulated.truth[row]["id"]: row for row in rows}
        origin = fold_name(truth["origin"])
        named = any(fold_name(name) == origin for row in rows for name in credited.get(row, ()))
        document = place.get(truth["origin_document"] or "", -1)
        questions.append(Asked(rows, origin, document, named))
    return questions


def credits_of(documents: Sequence[dict[str, Any]]) -> dict[int, list[str]]:
    """Return the names that each document credits by words that make it a copy, but its own."""
    from dedupe.attribute.pages import Pages
    from dedupe.attribute.signals import derives
    from dedupe.names import default_names

    table, names = documents_table(documents), default_names()
    pages = Pages(table, names)
    found: defaultdict[int, list[str]] = defaultdict(list)
    for clue in harvest(table, clean(table, Settings())).to_pylist():
        row, name = clue["document"], clue["name"]
        copied = name and derives(clue["kind"], clue["rule"], name)
        if copied and not pages.is_outlet(row, name, names):
            found[row].append(name)
    return dict(found)


def by_rule(name: str, question: Asked, seen: Evening) -> Answer:
    """Answer by a rule."""
    ranked = RULES[name](question.rows, seen)
    return Answer([(seen.outlet[row], row, 0.0) for row in ranked], told=True)


def by_credit(question: Asked, seen: Evening) -> Answer:
    """Answer the name credited most; nothing where none is."""
    named = Counter(
        fold_name(name) for row in question.rows for name in set(seen.credited.get(row, ()))
    )
    place = {seen.outlet[row]: row for row in reversed(question.rows)}
    ranked = sorted(named, key=lambda name: (-named[name], name))
    return Answer([(name, place.get(name, -1), 0.0) for name in ranked], told=bool(ranked))


class Run(NamedTuple):
    """Our result on a collection, by document: its story, answers, and directions."""

    story: list[str]
    answer: dict[str, Answer]
    first: dict[tuple[int, int], float]
    alike: dict[tuple[int, int], float]


def ours(documents: Sequence[dict[str, Any]], hidden: frozenset[str]) -> Run:
    """Run the library with default settings on documents that lack some fields."""
    shown = [{k: v for k, v in one.items() if k not in hidden} for one in documents]
    result = dedupe.find_duplicates(shown)
    row_of = {one["id"]: row for row, one in enumerate(documents)}
    answers = {}
    for story in result.stories:
        ranked = [
            (
                fold_name(one["name"] or one["document"] or UNNAMED),
                row_of.get(one["document"], -1),
                one["probability"],
            )
            for one in story["candidates"]
        ]
        answers[story["story"]] = Answer(ranked, told=story["origin"]["band"] != "unknown")
    pairs = result.pairs.select(["a", "b", "a_first_probability", "resemblance"]).to_pydict()
    first, alike = {}, {}
    for a, b, p, same in zip(*pairs.values(), strict=True):
        i, j = row_of[a], row_of[b]
        first[min(i, j), max(i, j)] = p if i < j else 1 - p
        alike[min(i, j), max(i, j)] = same
    return Run(result.documents["story"].to_pylist(), answers, first, alike)


def of_run(question: Asked, run: Run) -> Answer:
    """Take the answer of the found story that holds most of a true one."""
    held = Counter(run.story[row] for row in question.rows)
    story = min(held, key=lambda one: (-held[one], one))
    return run.answer.get(story) or Answer([], told=False)


def origin_figures(questions: Sequence[Asked], answers: Sequence[Answer]) -> dict[str, float]:
    """Score ranked answers against the truth."""
    ranks = [_rank(question, answer) for question, answer in zip(questions, answers, strict=True)]
    told = [answer.told for answer in answers]
    right = [rank == 1 and said for rank, said in zip(ranks, told, strict=True)]
    seen = [question.document >= 0 for question in questions]
    absent = [said and answer.ranked[0][1] < 0 for answer, said in zip(answers, told, strict=True)]
    named = [
        r
        for r, question, s in zip(right, questions, seen, strict=True)
        if not s and question.credited
    ]
    return {
        "right": metrics.accuracy(right),
        "mrr": sum(1 / rank for rank in ranks if rank) / max(len(ranks), 1),
        "right_seen": metrics.accuracy([r for r, s in zip(right, seen, strict=True) if s]),
        "right_unseen": metrics.accuracy([r for r, s in zip(right, seen, strict=True) if not s]),
        "unseen_recall": metrics.accuracy([a for a, s in zip(absent, seen, strict=True) if not s]),
        "unseen_precision": metrics.accuracy(
            [not s for a, s in zip(absent, seen, strict=True) if a]
        ),
        "unseen_named": metrics.accuracy(named),
        "coverage": metrics.accuracy(told),
    }


def top_chances(
    questions: Sequence[Asked], answers: Sequence[Answer]
) -> tuple[list[bool], list[float]]:
    """Return whether each first candidate is right, and its probability, told or not."""
    pairs = [
        (_rank(question, answer) == 1, answer.ranked[0][2])
        for question, answer in zip(questions, answers, strict=True)
        if answer.ranked
    ]
    return [right for right, _ in pairs], [chance for _, chance in pairs]


def _rank(question: Asked, answer: Answer) -> int:
    """Return the place of the first right candidate, from 1; 0 where none is right.

    Of an absent origin nobody credits, "unnamed" is the right answer.
    """
    for place, (name, row, _) in enumerate(answer.ranked, 1):
        nameless = question.document < 0 and not question.credited and name == UNNAMED
        if name == question.origin or row == question.document >= 0 or nameless:
            return place
    return 0


def direction_figures(simulated: Simulated, run: Run) -> dict[str, float]:
    """Score the order of every measured pair of which one descends from the other."""
    row_of = {row["id"]: place for place, row in enumerate(simulated.truth)}
    truth, told = [], []
    for place, row in enumerate(simulated.truth):
        for name in row["ancestors"]:
            above = row_of[name]
            pair = (min(place, above), max(place, above))
            if pair in run.first:
                truth.append(above == pair[0])
                told.append(run.first[pair])
    score = metrics.direction(truth, told)
    return {
        "direction": score.accuracy,
        "direction_decided": score.decided,
        "direction_coverage": score.coverage,
        "direction_brier": metrics.brier(truth, told),
        "direction_calibration_error": metrics.calibration_error(truth, told),
    }


Figures = dict[str, dict[str, float]]
Chances = tuple[list[bool], list[float]]


def measure(simulated: Simulated, views: Sequence[str] = tuple(VIEWS)) -> tuple[Figures, Chances]:
    """Score every method on one collection; also the calibration points of the first view."""
    documents = simulated.documents
    credited = credits_of(documents)
    questions = asked(simulated, credited)
    table: Figures = {}
    chances: Chances = ([], [])
    runs = {view: ours(documents, VIEWS[view]) for view in views}
    for view, run in runs.items():
        answers = [of_run(question, run) for question in questions]
        top = top_chances(questions, answers)
        table[view] = origin_figures(questions, answers) | {
            "brier": metrics.brier(*top),
            "calibration_error": metrics.calibration_error(*top),
            **direction_figures(simulated, run),
        }
        if view == views[0]:
            chances = top
    seen = Evening(
        documents=documents,
        outlet=[fold_name(row["source"].split(".")[0]) for row in documents],
        alike=runs[views[0]].alike,
        credited=credited,
        rng=random.Random(5),  # noqa: S311
    )
    for name in RULES:
        table[name] = origin_figures(questions, [by_rule(name, one, seen) for one in questions])
    table["credit only"] = origin_figures(questions, [by_credit(one, seen) for one in questions])
    return table, chances


def simulated_report(
    chosen: argparse.Namespace, say: Callable[[str], None]
) -> tuple[dict[str, Any], Chances]:
    """Measure every base and share of wrong clocks."""
    report: dict[str, Any] = {"simulated": {}}
    outcomes: list[bool] = []
    told: list[float] = []
    for base in chosen.base:
        dispatches = datasets.load_reuters(chosen.data) if base == "reuters" else None
        if base == "reuters" and dispatches is None:
            say(datasets.skipped("reuters", chosen.data))
            continue
        for share in CLOCKS:
            given = copytrees.Parameters(
                generator=chosen.generator,
                base=base,
                seed=chosen.seed,
                n_trees=chosen.trees,
                wrong_clocks=share,
            )
            # What is not shown the clocks is the same whatever they say.
            views = tuple(VIEWS) if share == CLOCKS[0] else tuple(VIEWS)[:1]
            table, chances = measure(copytrees.simulate(given, dispatches), views)
            outcomes += chances[0]
            told += chances[1]
            report["simulated"][f"{base}, {share:.0%} wrong"] = table
            show(f"{chosen.generator} trees over {base}, {share:.0%} of clocks wrong", table)
    report["calibration_error"] = metrics.calibration_error(outcomes, told)
    say(f"calibration error over all of them: {report['calibration_error']:.3f}")
    return report, (outcomes, told)


def set_figures(data: Path, say: Callable[[str], None]) -> Figures:
    """Measure the labelled sets: origins of census, spotify, seeds; directions of COUNTER."""
    figures: Figures = {}
    for name in ("seeds", "census", "spotify"):
        truth = datasets.load_stories(name, data)
        if truth is None:
            say(datasets.skipped(name, data))
            continue
        found = measures.story_figures(truth)
        figures[name] = {key: value for key, value in found.items() if ".origin_" in key}
    pairs = datasets.load_counter(data)
    if pairs is None:
        say(datasets.skipped("counter", data))
    else:
        for half in ("tune", "held"):
            found = measures.counter_figures([pair for pair in pairs if pair.half == half])
            kept = {key: value for key, value in found.items() if ".direction_" in key}
            figures[f"counter, {half}"] = kept
    for name, found in figures.items():
        say(f"{name}: " + ", ".join(f"{k.split('.')[1]} {v:.3f}" for k, v in found.items()))
    return figures


def show(title: str, table: Figures) -> None:
    """Print one collection's table: a row a method."""
    from rich.console import Console
    from rich.table import Table

    names = list(next(iter(table.values())))
    grid = Table(title=title, title_justify="left")
    grid.add_column("method")
    for name in names:
        grid.add_column(name.replace("_", " ").replace("calibration error", "ECE"), justify="right")
    for method, figures in table.items():
        grid.add_row(method, *(f"{figures[n]:.3f}" if n in figures else "" for n in names))
    Console(width=200).print(grid)


def main() -> None:
    """Parse, measure, print, write."""
    parser = argparse.ArgumentParser(description="Measure who is said to have written it first.")
    parser.add_argument("--data", type=Path, default=datasets.DEFAULT_DATA, help="measuring sets")
    parser.add_argument("--generator", choices=copytrees.GENERATORS, default="test")
    parser.add_argument("--base", nargs="+", choices=copytrees.BASES, default=copytrees.BASES)
    parser.add_argument("--trees", type=int, default=300)
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--no-sets", action="store_true", help="simulated trees alone")
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--diagram", type=Path, help="write the reliability diagram here, SVG")
    chosen = parser.parse_args()
    report, chances = simulated_report(chosen, print)
    if not chosen.no_sets:
        report["sets"] = set_figures(chosen.data, print)
    if chosen.json:
        chosen.json.write_bytes(orjson.dumps(report, option=orjson.OPT_INDENT_2))
    if chosen.diagram:
        chosen.diagram.write_text(reliability.diagram(*chances), encoding="utf-8")


if __name__ == "__main__":
    main()
