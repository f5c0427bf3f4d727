"""Time whole processes, JSON lines on disk to stories on disk, beside the peers.

    python benchmarks/speed.py                          # 30,000 articles, 3 runs
    python benchmarks/speed.py --sizes 100000 --threads 2 --peers rensa

Every contestant is a fresh process on the same file with the same number of
threads, so that start-up, reading, shingling and writing count for all. The
runs are interleaved (one of each, then again), and medians are compared: a
machine that slows down slows all of them. What each found is scored against
the known stories and printed beside its time; speed that loses stories is
cheap. Rensa's position sampler names no pairs, so only its flags are scored.

The first run of a kernel compiles it. One small run before the race fills the
cache, and its time is printed apart.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import articles
import metrics
import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HERE = Path(__file__).resolve().parent
OURS = "dedupe"
PEERS = ("rensa", "rensa-rho", "datasketch")
ENTRY = "from dedupe.cli import main; main()"
WARM_UP_DOCUMENTS = 500
SLIGHT_SECONDS = 0.1
TARGETS = {
    30_000: {"rensa": 4, "datasketch": 15},
    1_000_000: {"rensa": 10, "datasketch": 40},
}
"""How many times faster than each peer a collection of at least so many articles should be."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """One process that came to its end.

    Attributes:
        seconds: wall clock, start-up included.
        stages: seconds of each of our stages; empty for a peer.
        peak_memory_bytes: resident, of the largest process.
        precision: pairwise; for flags, of flagged documents.
        recall: pairwise; for flags, of documents that have a copy.
    """

    seconds: float
    stages: dict[str, float]
    peak_memory_bytes: int
    precision: float
    recall: float


def command(contestant: str, pages: Path, out: Path, threads: int) -> list[str]:
    """Return the command line of a contestant."""
    if contestant == OURS:
        place = ["cluster", str(pages), "--out", str(out), "--threads", str(threads)]
        return [sys.executable, "-c", ENTRY, *place, "--json"]
    peer = [sys.executable, str(HERE / "peers.py"), contestant, str(pages), str(out)]
    return [*peer, "--threads", str(threads)]


def race(contestant: str, pages: Path, truth: Sequence[str], threads: int) -> Finish:
    """Run one contestant once, and score what it found.

    Raises:
        RuntimeError: the process failed; its last words are in the message.
    """
    environment = os.environ | {"RAYON_NUM_THREADS": str(threads), "OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        ended = _run(command(contestant, pages, out, threads), environment)
        if ended.code:
            raise RuntimeError(f"{contestant} exited with {ended.code}:\n{ended.last_words}")
        if contestant == OURS:
            return _our_finish(out, truth, ended)
        labels = [orjson.loads(line)["story"] for line in out.read_bytes().splitlines()]
    precision, recall = score(labels, truth)
    return Finish(
        seconds=ended.seconds,
        stages={},
        peak_memory_bytes=ended.peak_memory_bytes,
        precision=precision,
        recall=recall,
    )


class _Ended(NamedTuple):
    code: int
    seconds: float
    peak_memory_bytes: int
    last_words: str


def _run(words: Sequence[str], environment: Mapping[str, str]) -> _Ended:
    """Run a process to its end, and ask the system what it held."""
    with tempfile.TemporaryFile() as spoken:
        started = time.perf_counter()
        process = subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=spoken)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        spoken.seek(0)
        last_words = spoken.read().decode("utf-8", "replace")[-2000:]
    # Linux counts kilobytes, macOS bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    return _Ended(process.returncode, seconds, usage.ru_maxrss * unit, last_words)


def _our_finish(out: Path, truth: Sequence[str], ended: _Ended) -> Finish:
    """Read the stories and the stages our process wrote."""
    from pyarrow import parquet

    labels = parquet.read_table(out / "documents.parquet", columns=["story"])["story"].to_pylist()
    run = json.loads((out / "run.json").read_bytes())
    precision, recall = score(labels, truth)
    return Finish(
        seconds=ended.seconds,
        stages={stage["stage"]: stage["seconds"] for stage in run["stages"]},
        peak_memory_bytes=ended.peak_memory_bytes,
        precision=precision,
        recall=recall,
    )


def score(labels: Sequence[Any], truth: Sequence[str]) -> tuple[float, float]:
    """Return precision and recall: of pairs for labels, of documents for flags."""
    if not all(isinstance(label, bool) for label in labels):
        return metrics.pairwise(truth, labels)[:2]
    size = {story: len(rows) for story, rows in metrics.groups(truth).items()}
    copied = {row for row, story in enumerate(truth) if size[story] > 1}
    flagged = {row for row, flag in enumerate(labels) if flag}
    return metrics.recall(flagged, copied), metrics.recall(copied, flagged)


def race_all(
    n_docs: int,
    contestants: Sequence[str],
    runs: int,
    threads: int,
    seed: int,
    *,
    crowds: bool = False,
) -> dict[str, Any]:
    """Write one collection and race everybody over it, interleaved."""
    with tempfile.TemporaryDirectory() as folder:
        pages, answers = Path(folder) / "articles.jsonl", Path(folder) / "truth.jsonl"
        n_bytes = articles.write(n_docs, pages, answers, seed, crowds=crowds)
        truth = [orjson.loads(line)["story"] for line in answers.read_bytes().splitlines()]
        finishes: dict[str, list[Finish]] = {name: [] for name in contestants}
        for _ in range(runs):
            for name in contestants:
                finishes[name].append(race(name, pages, truth, threads))
    return {
        "documents": n_docs,
        "text_bytes": n_bytes,
        "threads": threads,
        "crowds": crowds,
        "contestants": {name: summary(group) for name, group in finishes.items()},
    }


def summary(finishes: Sequence[Finish]) -> dict[str, Any]:
    """Summarise the runs of one contestant by medians."""
    seconds = [one.seconds for one in finishes]
    stages = {
        stage: statistics.median(one.stages[stage] for one in finishes)
        for stage in finishes[0].stages
    }
    return {
        "seconds": statistics.median(seconds),
        "fastest": min(seconds),
        "slowest": max(seconds),
        "stages": stages,
        "peak_memory_bytes": max(one.peak_memory_bytes for one in finishes),
        "precision": finishes[0].precision,
        "recall": finishes[0].recall,
    }


def warm_up(threads: int) -> float:
    """Run once on a few articles, so that every kernel is compiled; return the seconds."""
    with tempfile.TemporaryDirectory() as folder:
        pages, answers = Path(folder) / "articles.jsonl", Path(folder) / "truth.jsonl"
        articles.write(WARM_UP_DOCUMENTS, pages, answers)
        truth = [orjson.loads(line)["story"] for line in answers.read_bytes().splitlines()]
        return race(OURS, pages, truth, threads).seconds


def growth(races: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """Compare our smallest and our largest collection; None with fewer than two sizes.

    Returns:
        `exponent` of time, `bytes_per_document` of peak memory above the base, and
        `stages`: the exponent of each stage that takes a tenth of a second or more.
    """
    small, large = (min(races, key=_size), max(races, key=_size))
    if _size(small) == _size(large):
        return None
    before, after = (one["contestants"][OURS] for one in (small, large))
    more = _size(large) - _size(small)
    times = math.log(_size(large) / _size(small))
    return {
        "exponent": math.log(after["seconds"] / before["seconds"]) / times,
        "bytes_per_document": (after["peak_memory_bytes"] - before["peak_memory_bytes"]) / more,
        "stages": {
            stage: math.log(after["stages"][stage] / seconds) / times
            for stage, seconds in before["stages"].items()
            if seconds >= SLIGHT_SECONDS and stage in after["stages"]
        },
    }


def target(peer: str, n_docs: int) -> int | None:
    """Return how many times faster than a peer a collection of this size should be."""
    reached = [size for size in TARGETS if size <= n_docs]
    return TARGETS[max(reached)].get(peer) if reached else None


def _size(one: dict[str, Any]) -> int:
    """Return how many documents a race was run over."""
    return int(one["documents"])


def show(result: dict[str, Any]) -> None:
    """Print one race: times, ratios, what was found, and our stages."""
    from rich.console import Console
    from rich.table import Table

    title = (
        f"{result['documents']:,} articles, {result['text_bytes'] / 1e6:.1f} MB, "
        f"{result['threads']} threads, whole process"
    )
    table = Table(title=title, title_justify="left")
    for heading in (
        "contestant",
        "seconds",
        "range",
        "ours faster",
        "recall",
        "precision",
        "peak MB",
    ):
        table.add_column(heading, justify="left" if heading == "contestant" else "right")
    ours = result["contestants"][OURS]
    for name, one in result["contestants"].items():
        ratio = "" if name == OURS else f"{one['seconds'] / ours['seconds']:.1f} x"
        goal = target(name, result["documents"])
        table.add_row(
            name,
            f"{one['seconds']:.2f}",
            f"{one['fastest']:.2f}-{one['slowest']:.2f}",
            f"{ratio} (>= {goal})" if goal else ratio,
            f"{one['recall']:.4f}",
            f"{one['precision']:.4f}",
            f"{one['peak_memory_bytes'] / 1e6:,.0f}",
        )
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(table)
    stages = [f"{stage} {seconds:.2f}" for stage, seconds in ours["stages"].items()]
    console.print(f"our stages, seconds: {', '.join(stages)}", highlight=False)


def main() -> None:
    """Parse, warm up, race, print, write."""
    parser = argparse.ArgumentParser(description="Time whole processes beside the peers.")
    parser.add_argument("--sizes", type=int, nargs="+", default=[30_000], help="articles a race")
    parser.add_argument("--runs", type=int, default=3, help="interleaved runs of each")
    parser.add_argument("--threads", type=int, default=2, help="threads of every contestant")
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=list(PEERS))
    parser.add_argument("--seed", type=int, default=1, help="of the synthetic articles")
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--crowds", action="store_true", help="see articles.py")
    given = parser.parse_args()
    cold = warm_up(given.threads)
    print(f"warm-up ({WARM_UP_DOCUMENTS} articles, kernels compiled if need be): {cold:.2f} s")
    races = []
    for n_docs in given.sizes:
        races.append(
            race_all(
                n_docs,
                [OURS, *given.peers],
                given.runs,
                given.threads,
                given.seed,
                crowds=given.crowds,
            )
        )
        show(races[-1])
    grown = growth(races)
    if grown:
        print(
            f"growth: exponent {grown['exponent']:.2f}, "
            f"{grown['bytes_per_document']:.0f} bytes a document above the base"
        )
        stages = [f"{stage} {exponent:.2f}" for stage, exponent in grown["stages"].items()]
        print(f"growth of stages, exponents: {', '.join(stages)}")
    if given.json:
        report = {"warm_up_seconds": cold, "races": races, "growth": grown}
        given.json.write_bytes(orjson.dumps(report, option=orjson.OPT_INDENT_2))


if __name__ == "__main__":
    main()
