"""Measure the library on every set at hand, beside its peers: one table, one JSON.

    python benchmarks/quality.py --json quality.json
    python benchmarks/quality.py --only census spotify --no-peers
    python benchmarks/quality.py --pan13-every 20

A set whose files are absent is skipped with a line that says so.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cleaning
import datasets
import label_pairs
import measures
import orjson
import rivals
import subjects
from brute_force import exact_pairs

import dedupe

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from measures import Figures
    from rivals import Rivals

TARGETS = {
    "census.pairwise_f1": 0.95,
    "census.b_cubed_f1": 0.98,
    "spotify.pairwise_f1": 0.95,
    "spotify.b_cubed_f1": 0.98,
    "counter.derived_f1": 0.82,
    "clough.accuracy": 0.95,
    "counter.direction_text": 0.90,
    "counter.direction_masked": 0.65,
    "counter.direction_dated": 0.975,
    "pan13.plagdet": 0.90,
    "pan13.plagdet_verbatim": 0.95,
    "pan13.plagdet_random": 0.90,
    "pan13.plagdet_translation": 0.90,
    "pan13.plagdet_summary": 0.65,
    "pan13.caseless_clean": 0.98,
    "ecbplus.far_joined_per_1000": 1.0,
    "ecbplus.near_found": 0.9,
    "reuters.recall_resemblance": 0.999,
    "reuters.recall_containment": 0.99,
    "reuters.words_kept": 0.99,
    "pages.f1": 0.85,
    "pages.bodies_kept": 0.99,
    "edits.worst_joined": 0.99,
    "edits.roundups_apart": 0.99,
    "edits.wrongly_joined": 0.0,
}
"""What each figure is meant to reach."""

PAIR_SETS = ("counter", "clough", "pan13")

COLUMNS = (
    "datasketch .9", "datasketch best", "text-dedup news", "rensa", "rensa best",
    "tf-idf .85", "tf-idf best", rivals.RULE,
)  # fmt: skip
"""The peers from left to right."""

LOWER_IS_BETTER = (
    "wrongly_joined",
    "brier",
    "calibration_error",
    "granularity",
    "per_1000",
    "per_document",
)
"""Endings of the figures that should be small."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a run measures.

    Attributes:
        data: folder of the measuring sets.
        only: names of the sets to measure.
        pan13_every: measure one PAN13 pair in this many.
        half: "tune" or "held" for that half of the labelled pairs, None for
            all; collections are always measured whole.
        with_peers: run the peers on the same data.
        cache: folder for what brute force found, None to count anew.
    """

    data: Path = datasets.DEFAULT_DATA
    only: Sequence[str] = tuple(datasets.FILES)
    pan13_every: int = 1
    half: str | None = None
    with_peers: bool = True
    cache: Path | None = None


def lower_is_better(name: str) -> bool:
    """Say which way a figure improves."""
    return name.endswith(LOWER_IS_BETTER)


def measure(name: str, options: Options) -> tuple[Figures, Rivals] | None:
    """Measure one set; None when its files are absent.

    Returns:
        Our figures, and each peer's figures of the same names.
    """
    loaded = LOADERS[name](options.data)
    if loaded is None:
        return None
    if options.half and name in PAIR_SETS:
        loaded = [pair for pair in loaded if pair.half == options.half]
    return MEASURES[name](loaded, options)


def _stories(truth: datasets.StorySet, options: Options) -> tuple[Figures, Rivals]:
    """Group a labelled collection, beside the peers."""
    theirs = rivals.on_stories(truth) if options.with_peers else {}
    return measures.story_figures(truth), theirs


def _counter(pairs: list[datasets.LabelledPair], options: Options) -> tuple[Figures, Rivals]:
    """Compare the pairs of COUNTER, beside the peers and two rules of thumb for direction."""
    return measures.counter_figures(pairs), rivals.on_counter(pairs) if options.with_peers else {}


def _clough(pairs: list[datasets.LabelledPair], options: Options) -> tuple[Figures, Rivals]:
    """Compare the short answers with their originals."""
    return measures.clough_figures(pairs), rivals.on_clough(pairs) if options.with_peers else {}


def _pan13(pairs: list[datasets.LabelledPair], options: Options) -> tuple[Figures, Rivals]:
    """Align the PAN pairs, or a sample of them, beside the naive matcher."""
    sample = measures.sample(pairs, options.pan13_every)
    return measures.pan13_figures(sample), rivals.on_pan13(sample) if options.with_peers else {}


def _ecbplus(documents: list[dict[str, Any]], options: Options) -> tuple[Figures, Rivals]:
    """Group the reports of ECB+, beside the peers."""
    target = TARGETS["ecbplus.far_joined_per_1000"]
    theirs = rivals.on_ecbplus(documents, target) if options.with_peers else {}
    return measures.ecbplus_figures(documents), theirs


def _reuters(documents: list[dict[str, Any]], options: Options) -> tuple[Figures, Rivals]:
    """Measure recall against brute force, beside the peers at fixed settings."""
    overlaps = exact_pairs([one["text"] for one in documents], cache=options.cache)
    whole = [[(0, len(one["text"]))] for one in documents]
    kept = cleaning.share_kept([{"id": one["id"], "text": one["text"]} for one in documents], whole)
    figures = measures.reuters_figures(documents, overlaps) | {"reuters.words_kept": kept}
    return figures, rivals.on_reuters(documents, overlaps) if options.with_peers else {}


def _load_readings(data: Path) -> dict[str, list[dict[str, Any]]] | None:
    """Load the documents of the pairs that readers judged, by set."""
    loaded = {name: label_pairs.load_documents(name, data) for name in label_pairs.COUNTS}
    known = {name: documents for name, documents in loaded.items() if documents is not None}
    return known if len(known) == len(loaded) else None


def _labels(documents: dict[str, list[dict[str, Any]]], options: Options) -> tuple[Figures, Rivals]:
    """Hold same_story to the pairs that two readings judged alike, beside the peers."""
    joined = {
        (name, pair["a"], pair["b"])
        for name, given in documents.items()
        for pair in dedupe.find_duplicates(given).pairs.select(["a", "b", "same_story"]).to_pylist()
        if pair["same_story"]
    }
    readings = label_pairs.load_readings()
    theirs = rivals.on_readings(documents, readings) if options.with_peers else {}
    return measures.reading_figures(readings, joined), theirs


def _pages(pages: Sequence[cleaning.Page], options: Options) -> tuple[Figures, Rivals]:
    """Measure what cleaning leaves of pages, and of their bodies given alone."""
    del options
    figures = cleaning.measure_pages(pages, ways=("blocks",))
    bodies = [{"id": page.id, "text": page.body} for page in pages]
    whole = [[(0, len(page.body))] for page in pages]
    held = [page.body for page in pages if page.half == "held"]
    return figures | {
        "pages.bodies_kept": cleaning.share_kept(bodies, whole),
        "pages.versions_kept": cleaning.versions_kept(held),
    }, {}


def _edits(documents: list[dict[str, Any]], options: Options) -> tuple[Figures, Rivals]:
    """Measure edited copies of dispatches, beside the peers at fixed settings."""
    return measures.edit_figures(documents), rivals.on_edits(
        documents
    ) if options.with_peers else {}


def _subjects(cases: list[subjects.Case], options: Options) -> tuple[Figures, Rivals]:
    """Print stories and halves of stories on one page, and run over them; no peer asks whose."""
    del options
    return subjects.page_figures(cases), {}


LOADERS: dict[str, Callable[[Path], Any]] = {
    "seeds": lambda data: datasets.load_stories("seeds", data),
    "census": lambda data: datasets.load_stories("census", data),
    "spotify": lambda data: datasets.load_stories("spotify", data),
    "counter": datasets.load_counter,
    "clough": datasets.load_clough,
    "ecbplus": datasets.load_ecbplus,
    "reuters": datasets.load_reuters,
    "pan13": datasets.load_pan13,
    "pages": cleaning.load_pages,
    "edits": datasets.load_reuters,
    "labels": _load_readings,
    "subjects": subjects.load_cases,
}
MEASURES: dict[str, Callable[[Any, Options], tuple[Figures, Rivals]]] = {
    "seeds": _stories,
    "census": _stories,
    "spotify": _stories,
    "counter": _counter,
    "clough": _clough,
    "ecbplus": _ecbplus,
    "reuters": _reuters,
    "pan13": _pan13,
    "pages": _pages,
    "edits": _edits,
    "labels": _labels,
    "subjects": _subjects,
}


def run(options: Options, say: Callable[[str], None] = print) -> dict[str, Any]:
    """Measure every wanted set and return what `--json` writes."""
    report: dict[str, Any] = {
        "version": dedupe.__version__,
        "pan13_every": options.pan13_every,
        "half": options.half,
        "data": {},
        "figures": {},
        "peers": {},
        "seconds": {},
        "skipped": [],
    }
    for name in (one for one in LOADERS if one in options.only):
        started = time.perf_counter()
        measured = measure(name, options)
        if measured is None:
            say(datasets.skipped(name, options.data))
            report["skipped"].append(name)
            continue
        figures, others = measured
        report["data"][name] = datasets.data_hash(name, options.data)
        report["figures"] |= figures
        for peer, theirs in others.items():
            report["peers"].setdefault(peer, {}).update(theirs)
        report["seconds"][name] = round(time.perf_counter() - started, 2)
    return report


def rows(report: dict[str, Any]) -> list[list[str]]:
    """Write the report as one table: our figure, its target, and every peer's; heading first."""
    order = {peer: place for place, peer in enumerate(COLUMNS)}
    columns = sorted(report["peers"], key=lambda peer: (order.get(peer, len(order)), peer))
    table = [["figure", "dedupe", "target", *columns]]
    for figure, value in report["figures"].items():
        others = (report["peers"][peer].get(figure) for peer in columns)
        table.append(
            [
                figure,
                f"{value:.4f}",
                _target(figure, value),
                *("" if other is None else f"{other:.4f}" for other in others),
            ]
        )
    return table


def show(report: dict[str, Any]) -> None:
    """Print the table, a rule between sets, and how long each took."""
    from rich.console import Console
    from rich.table import Table

    heading, *lines = rows(report)
    table = Table(padding=(0, 0), collapse_padding=True)
    for place, name in enumerate(heading):
        table.add_column(name, justify="right" if place else "left", no_wrap=not place)
    for place, line in enumerate(lines):
        ends = line is lines[-1] or lines[place + 1][0].split(".")[0] != line[0].split(".")[0]
        table.add_row(*line, end_section=ends)
    console = Console(width=None if sys.stdout.isatty() else 160)
    console.print(table)
    took = ", ".join(f"{name} {seconds:.0f}" for name, seconds in report["seconds"].items())
    console.print(f"seconds, with peers where they were asked for: {took}")


def markdown(report: dict[str, Any]) -> str:
    """Write the figures that have a target or a peer as a Markdown table."""
    heading, *lines = rows(report)
    told = [line for line in lines if any(line[2:])]
    return "\n".join(
        "| " + " | ".join(line) + " |"
        for line in (heading, ["---", *["---:"] * (len(heading) - 1)], *told)
    )


def _target(name: str, value: float) -> str:
    """Write a target, and mark one that is missed."""
    if name not in TARGETS:
        return ""
    lower, target = lower_is_better(name), TARGETS[name]
    met = value <= target if lower else value >= target
    return f"{'<=' if lower else '>='} {target:g}{'' if met else ' MISSED'}"


def main() -> None:
    """Parse, measure, print, write."""
    parser = argparse.ArgumentParser(description="Measure quality beside the peers.")
    parser.add_argument("--data", type=Path, default=datasets.DEFAULT_DATA, help="measuring sets")
    parser.add_argument("--only", nargs="+", choices=list(LOADERS), default=list(LOADERS))
    parser.add_argument("--pan13-every", type=int, default=1, help="one PAN13 pair in this many")
    parser.add_argument("--half", choices=["tune", "held"], help="of the labelled pairs only")
    parser.add_argument("--no-peers", action="store_true", help="measure the library alone")
    parser.add_argument("--cache", type=Path, help="folder to keep brute-force pairs in")
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--markdown", type=Path, help="write the table here")
    given = parser.parse_args()
    report = run(
        Options(
            data=given.data,
            only=given.only,
            pan13_every=given.pan13_every,
            half=given.half,
            with_peers=not given.no_peers,
            cache=given.cache,
        )
    )
    show(report)
    if given.json:
        given.json.write_bytes(orjson.dumps(report, option=orjson.OPT_INDENT_2))
    if given.markdown:
        given.markdown.write_text(markdown(report) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
