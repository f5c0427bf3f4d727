"""Measure the library on every set at hand, beside its peers: a table a set, one JSON.

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
import metrics
import orjson
import peers
from brute_force import exact_pairs

import dedupe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from measures import Figures

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
    "edits.wrongly_joined": 0.0,
}
"""What each figure is meant to reach."""

PAIR_SETS = ("counter", "clough", "pan13")

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


def measure(name: str, options: Options) -> tuple[Figures, dict[str, Figures]] | None:
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


def _stories(truth: datasets.StorySet, options: Options) -> tuple[Figures, dict[str, Figures]]:
    """Group a labelled collection, beside the peers."""
    rivals: dict[str, Figures] = {}
    if options.with_peers:
        rivals = {
            peer: _best(
                measures.grouping(truth.stories, metrics.components(len(truth.stories), pairs))
                for pairs in variants
            )
            for peer, variants in peers.all_variants(
                [one["text"] for one in truth.documents]
            ).items()
        }
    named = {
        peer: {f"{truth.name}.{name}": value for name, value in figures.items()}
        for peer, figures in rivals.items()
    }
    return measures.story_figures(truth), named


def _best(variants: Iterable[Figures]) -> Figures:
    """Keep the variant of highest pairwise F1."""
    return max(variants, key=lambda figures: figures["pairwise_f1"])


def _counter(
    pairs: list[datasets.LabelledPair], options: Options
) -> tuple[Figures, dict[str, Figures]]:
    """Compare the pairs of COUNTER, beside two rules of thumb for direction."""
    rules = peers.direction_rules([pair for pair in pairs if pair.label != "ND"])
    return measures.counter_figures(pairs), rules if options.with_peers else {}


def _clough(
    pairs: list[datasets.LabelledPair],
    options: Options,  # noqa: ARG001
) -> tuple[Figures, dict[str, Figures]]:
    """Compare the short answers with their originals."""
    return measures.clough_figures(pairs), {}


def _pan13(
    pairs: list[datasets.LabelledPair], options: Options
) -> tuple[Figures, dict[str, Figures]]:
    """Align the PAN pairs, or a sample of them, beside the naive matcher."""
    sample = measures.sample(pairs, options.pan13_every)
    rivals = {}
    if options.with_peers:
        rivals["shared 3-grams"] = measures.pan13_figures(sample, peers.naive_passages)
    return measures.pan13_figures(sample), rivals


def _ecbplus(
    documents: list[dict[str, Any]], options: Options
) -> tuple[Figures, dict[str, Figures]]:
    """Group the reports of ECB+, beside datasketch strict and loose."""
    rivals = {}
    if options.with_peers:
        sketches = peers.sketch_datasketch([one["text"] for one in documents])
        for peer, threshold in (("datasketch, default", 0.9), ("datasketch, .3", 0.3)):
            pairs = peers.datasketch_pairs(sketches, threshold)
            score = measures.ecbplus_score(documents, metrics.components(len(documents), pairs))
            rivals[peer] = {f"ecbplus.{name}": value for name, value in score.items()}
        pairs = peers.text_dedup_pairs([one["text"] for one in documents])
        score = measures.ecbplus_score(documents, metrics.components(len(documents), pairs))
        rivals["text-dedup, news"] = {f"ecbplus.{name}": value for name, value in score.items()}
    return measures.ecbplus_figures(documents), rivals


def _reuters(
    documents: list[dict[str, Any]], options: Options
) -> tuple[Figures, dict[str, Figures]]:
    """Measure recall against brute force."""
    overlaps = exact_pairs([one["text"] for one in documents], cache=options.cache)
    whole = [[(0, len(one["text"]))] for one in documents]
    kept = cleaning.share_kept([{"id": one["id"], "text": one["text"]} for one in documents], whole)
    return measures.reuters_figures(documents, overlaps) | {"reuters.words_kept": kept}, {}


def _load_readings(data: Path) -> dict[str, list[dict[str, Any]]] | None:
    """Load the documents of the pairs that readers judged, by set."""
    loaded = {name: label_pairs.load_documents(name, data) for name in label_pairs.COUNTS}
    known = {name: documents for name, documents in loaded.items() if documents is not None}
    return known if len(known) == len(loaded) else None


def _labels(
    documents: dict[str, list[dict[str, Any]]], options: Options
) -> tuple[Figures, dict[str, Figures]]:
    """Hold same_story to the pairs that two readers judged alike."""
    del options
    joined = {
        (name, pair["a"], pair["b"])
        for name, given in documents.items()
        for pair in dedupe.find_duplicates(given).pairs.select(["a", "b", "same_story"]).to_pylist()
        if pair["same_story"]
    }
    return measures.reading_figures(label_pairs.load_readings(), joined), {}


def _pages(pages: Sequence[cleaning.Page], options: Options) -> tuple[Figures, dict[str, Figures]]:
    """Measure what cleaning leaves of pages, and of their bodies given alone."""
    del options
    figures = cleaning.measure_pages(pages, ways=("blocks",))
    bodies = [{"id": page.id, "text": page.body} for page in pages]
    whole = [[(0, len(page.body))] for page in pages]
    return figures | {"pages.bodies_kept": cleaning.share_kept(bodies, whole)}, {}


def _edits(documents: list[dict[str, Any]], options: Options) -> tuple[Figures, dict[str, Figures]]:
    """Measure edited copies of dispatches."""
    del options
    return measures.edit_figures(documents), {}


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
}
MEASURES: dict[str, Callable[[Any, Options], tuple[Figures, dict[str, Figures]]]] = {
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
        figures, rivals = measured
        report["data"][name] = datasets.data_hash(name, options.data)
        report["figures"] |= figures
        for peer, theirs in rivals.items():
            report["peers"].setdefault(peer, {}).update(theirs)
        report["seconds"][name] = round(time.perf_counter() - started, 2)
    return report


def show(report: dict[str, Any]) -> None:
    """Print one table a set: our figures, their targets, and every peer measured there."""
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if sys.stdout.isatty() else 160)
    for name, seconds in report["seconds"].items():
        figures = {
            figure: value
            for figure, value in report["figures"].items()
            if figure.split(".")[0] == name
        }
        rivals = {
            peer: theirs for peer, theirs in report["peers"].items() if figures.keys() & theirs
        }
        table = Table(title=f"{name} ({seconds:.0f} s with peers)", title_justify="left")
        table.add_column("figure")
        for heading in ("dedupe", "target", *rivals):
            table.add_column(heading, justify="right")
        for figure, value in figures.items():
            others = [
                f"{theirs[figure]:.4f}" if figure in theirs else "" for theirs in rivals.values()
            ]
            table.add_row(figure.split(".")[1], f"{value:.4f}", _target(figure, value), *others)
        console.print(table)


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


if __name__ == "__main__":
    main()
