r"""Time whole processes, JSON lines on disk to stories on disk, beside the peers.

    python benchmarks/speed.py                          # 30,000 articles, 3 runs
    python benchmarks/speed.py --sizes 100000 --threads 2 --peers rensa
    python benchmarks/speed.py --sizes 10000 30000 100000 1000000 --crowds --runs 1 \
        --environment FOLDER --scaling 30000 --out FOLDER   # all that README.md shows

Every contestant is a fresh process on the same file with the same number of
threads, so that start-up, reading, shingling and writing count for all. The
runs are interleaved (one of each, then again), and medians are compared: a
machine that slows down slows all of them. What each found is scored against
the known stories and printed beside its time; speed that loses stories is
cheap. Rensa's position sampler names no pairs, so only its flags are scored.
`--reuters DATA` races over Reuters too, of which no stories are known: there recall
is of the pairs whose word 5-shingles resemble by half or more, by exact counting, and
precision says how many of the pairs joined share a fifth of the smaller text's. Its
forms, filled in anew each day, resemble and are no copies: we keep them apart, and
lose recall by that.
text-dedup runs its own command in an environment of its own.

The first run of a kernel compiles it. One small run before the race fills the
cache, and its time is printed apart.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import json
import multiprocessing
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import articles
import brute_force
import datasets
import metrics
import numpy as np
import orjson
import speed_report

from dedupe import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from brute_force import Overlaps

    Scored = Callable[[Sequence[Any]], tuple[float, float]]

HERE = Path(__file__).resolve().parent
OURS = "dedupe"
PEERS = ("rensa", "rensa-rho", "datasketch", "text-dedup")
TEXT_DEDUP = "text-dedup==0.4.0"
TEXT_DEDUP_PYTHON = "TEXT_DEDUP_PYTHON"
COUNTED_DOCUMENTS = (200, 400)
ENTRY = "from dedupe.__main__ import main; main()"
WARM_UP_DOCUMENTS = 500
ALIKE, OVERLAP_FLOOR = 0.5, 0.2


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """One process that came to its end.

    Attributes:
        seconds: wall clock, start-up included.
        stages: seconds of each of our stages; empty for a peer.
        peak_memory_bytes: resident, of the largest process.
        precision: pairwise; for flags, of flagged documents.
        recall: pairwise; for flags, of documents that have a copy.
        counts: rows and bytes of ours.
    """

    seconds: float
    stages: dict[str, float]
    peak_memory_bytes: int
    precision: float
    recall: float
    counts: dict[str, int] = dataclasses.field(default_factory=dict)


def command(contestant: str, pages: Path, out: Path, threads: int) -> list[str]:
    """Return the command line of a contestant."""
    if contestant == OURS:
        place = ["cluster", str(pages), "--out", str(out), "--threads", str(threads)]
        return [sys.executable, "-c", ENTRY, *place, "--json"]
    if contestant == "text-dedup":
        python = os.environ[TEXT_DEDUP_PYTHON]
        place = [str(HERE / "text_dedup_news.py"), str(pages), str(out)]
        return [python, *place, "--threads", str(threads)]
    peer = [sys.executable, str(HERE / "peers.py"), contestant, str(pages), str(out)]
    return [*peer, "--threads", str(threads)]


def race(contestant: str, pages: Path, scored: Scored, threads: int) -> Finish:
    """Run one contestant once, and score what it found.

    Args:
        contestant: its name.
        pages: JSON lines.
        scored: gives precision and recall for the story, or the flag, of each document.
        threads: of the process.

    Raises:
        RuntimeError: the process failed; its last words are in the message.
    """
    environment = os.environ | {"RAYON_NUM_THREADS": str(threads), "OMP_NUM_THREADS": "1"}
    # An installed package is compiled to bytecode; a checkout is so by its first run.
    environment["PYTHONDONTWRITEBYTECODE"] = ""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        ended = _run(command(contestant, pages, out, threads), environment)
        if ended.code:
            raise RuntimeError(f"{contestant} exited with {ended.code}:\n{ended.last_words}")
        if contestant == OURS:
            return _our_finish(out, scored, ended)
        labels = [orjson.loads(line)["story"] for line in out.read_bytes().splitlines()]
    precision, recall = scored(labels)
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


def _our_finish(out: Path, scored: Scored, ended: _Ended) -> Finish:
    """Read the stories and the stages our process wrote."""
    from pyarrow import parquet

    labels = parquet.read_table(out / "documents.parquet", columns=["story"])["story"].to_pylist()
    run = json.loads((out / "run.json").read_bytes())
    precision, recall = scored(labels)
    return Finish(
        seconds=ended.seconds,
        stages={stage["stage"]: stage["seconds"] for stage in run["stages"]},
        peak_memory_bytes=ended.peak_memory_bytes,
        precision=precision,
        recall=recall,
        counts={
            "sampled_shingles": next(
                (stage["rows"] for stage in run["stages"] if stage["stage"] == "weigh"), 0
            ),
            "pairs_found": run["candidate_pairs"]["found"],
            "pairs_screened": run["candidate_pairs"]["screened"],
            "pairs_verified": parquet.read_metadata(out / "pairs.parquet").num_rows,
            "disk_bytes": sum(path.stat().st_size for path in out.iterdir()),
        },
    )


def score(labels: Sequence[Any], truth: Sequence[str]) -> tuple[float, float]:
    """Return precision and recall: of pairs for labels, of documents for flags."""
    if not all(isinstance(label, bool) for label in labels):
        return metrics.pairwise(truth, labels)[:2]
    size = {story: len(rows) for story, rows in metrics.groups(truth).items()}
    return _score_flags(labels, {row for row, story in enumerate(truth) if size[story] > 1})


def score_alike(labels: Sequence[Any], overlaps: Overlaps) -> tuple[float, float]:
    """Return precision and recall by what pairs share; for flags, of documents in such a pair.

    Args:
        labels: the story of each document, or whether it is flagged.
        overlaps: every pair with `OVERLAP_FLOOR` of the smaller text or more in common.
    """
    alike = overlaps.resemblance() >= ALIKE
    if all(isinstance(label, bool) for label in labels):
        return _score_flags(labels, {*overlaps.a[alike].tolist(), *overlaps.b[alike].tolist()})
    sizes = [len(rows) for rows in metrics.groups(labels).values()]
    pairs = zip(overlaps.a.tolist(), overlaps.b.tolist(), strict=True)
    together = np.array([labels[a] == labels[b] for a, b in pairs])
    n_joined = sum(size * (size - 1) // 2 for size in sizes)
    return float(together.sum()) / max(n_joined, 1), float(together[alike].mean())


def _score_flags(labels: Sequence[Any], copied: set[int]) -> tuple[float, float]:
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
        finished = _interleaved(contestants, runs, threads, pages, by_story(answers))
    about = {"documents": n_docs, "text_bytes": n_bytes, "threads": threads, "crowds": crowds}
    return about | {"contestants": finished}


def race_reuters(
    data: Path, contestants: Sequence[str], runs: int, threads: int
) -> dict[str, Any] | None:
    """Race everybody over Reuters; None where it is not."""
    documents = datasets.load_reuters(data)
    if documents is None:
        print(datasets.skipped("reuters", data))
        return None
    texts = [one["text"] for one in documents]
    # In a process of its own: what starts from a large one is told to have been as large.
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as apart:
        overlaps = apart.submit(brute_force.exact_pairs, texts, OVERLAP_FLOOR).result()
    with tempfile.TemporaryDirectory() as folder:
        pages = Path(folder) / "reuters.jsonl"
        pages.write_bytes(b"".join(orjson.dumps(one) + b"\n" for one in documents))
        scored = functools.partial(score_alike, overlaps=overlaps)
        finished = _interleaved(contestants, runs, threads, pages, scored)
    n_bytes = sum(len(text.encode()) for text in texts)
    return {
        "documents": len(documents),
        "text_bytes": n_bytes,
        "threads": threads,
        "contestants": finished,
    }


def by_story(answers: Path) -> Scored:
    """Return what scores labels by the stories that a file tells."""
    truth = [orjson.loads(line)["story"] for line in answers.read_bytes().splitlines()]
    return functools.partial(score, truth=truth)


def _interleaved(
    contestants: Sequence[str], runs: int, threads: int, pages: Path, scored: Scored
) -> dict[str, Any]:
    finishes: dict[str, list[Finish]] = {name: [] for name in contestants}
    for _ in range(runs):
        for name in contestants:
            finishes[name].append(race(name, pages, scored, threads))
    return {name: summary(group) for name, group in finishes.items()}


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
        "counts": finishes[0].counts,
    }


def warm_up(threads: int) -> float:
    """Run once on a few articles, so that every kernel is compiled; return the seconds."""
    with tempfile.TemporaryDirectory() as folder:
        pages, answers = Path(folder) / "articles.jsonl", Path(folder) / "truth.jsonl"
        articles.write(WARM_UP_DOCUMENTS, pages, answers)
        return race(OURS, pages, by_story(answers), threads).seconds


def environment(folder: Path) -> Path | None:
    """Return the Python of text-dedup's own environment, made if need be; None where it fails."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        words = [str(python), "-m", "pip", "install", "--quiet", TEXT_DEDUP]
        ended = subprocess.run(words, capture_output=True, check=False)
        if ended.returncode:
            print(f"text-dedup is left out: {ended.stderr.decode('utf-8', 'replace')[-300:]}")
            shutil.rmtree(folder, ignore_errors=True)
            return None
    return python


def scale(n_docs: int, runs: int, most: int, seed: int, *, crowds: bool) -> dict[str, Any]:
    """Time our stages with one thread and with more, interleaved."""
    threads = sorted({1, most})
    one = {n: race_all(n_docs, [OURS], 1, n, seed, crowds=crowds) for n in threads}
    seconds = {n: [race["contestants"][OURS]["stages"]] for n, race in one.items()}
    for _ in range(runs - 1):
        for n in threads:
            again = race_all(n_docs, [OURS], 1, n, seed, crowds=crowds)
            seconds[n].append(again["contestants"][OURS]["stages"])
    stages = {
        stage: [statistics.median(run[stage] for run in seconds[n]) for n in threads]
        for stage in seconds[1][0]
    }
    return {"documents": n_docs, "threads": threads, "stages": stages}


def instructions(contestants: Sequence[str], seed: int) -> dict[str, float]:
    """Count the instructions a document takes, by valgrind, which no noise can touch.

    Two sizes, one thread: what starting up takes cancels out. Valgrind knows no
    AVX-512, so that kernels are compiled for a processor without it.
    """
    plain = {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": ""}
    counted: dict[str, list[int]] = {name: [] for name in contestants}
    with tempfile.TemporaryDirectory() as folder:
        pages, out = Path(folder) / "articles.jsonl", Path(folder) / "out"
        for n_docs in COUNTED_DOCUMENTS:
            articles.write(n_docs, pages, Path(folder) / "truth.jsonl", seed)
            for name in contestants:
                words = command(name, pages, out, 1)
                subprocess.run(words, env=os.environ | plain, check=True, capture_output=True)
                _remove(out)
                counted[name].append(_instructions(words, os.environ | plain))
                _remove(out)
    more = COUNTED_DOCUMENTS[1] - COUNTED_DOCUMENTS[0]
    return {name: (large - small) / more for name, (small, large) in counted.items()}


def _instructions(words: Sequence[str], environment: Mapping[str, str]) -> int:
    tool = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
    ended = subprocess.run([*tool, *words], env=environment, check=True, capture_output=True)
    told = re.search(rb"I\s+refs:\s+([\d,]+)", ended.stderr)
    if told is None:
        raise RuntimeError(f"valgrind told no count:\n{ended.stderr[-500:]!r}")
    return int(told[1].replace(b",", b""))


def _remove(place: Path) -> None:
    if place.is_dir():
        shutil.rmtree(place)
    place.unlink(missing_ok=True)


def main() -> None:
    """Parse, warm up, race, print, write."""
    parser = argparse.ArgumentParser(description="Time whole processes beside the peers.")
    parser.add_argument("--sizes", type=int, nargs="+", default=[30_000], help="articles a race")
    parser.add_argument("--runs", type=int, default=3, help="interleaved runs of each")
    parser.add_argument("--threads", type=int, default=2, help="threads of every contestant")
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=list(PEERS))
    parser.add_argument("--upto", nargs="*", default=[], metavar="PEER=N", help="spare slow peers")
    parser.add_argument("--seed", type=int, default=1, help="of the synthetic articles")
    parser.add_argument("--crowds", action="store_true", help="see articles.py")
    parser.add_argument(
        "--scaling", type=int, metavar="N", help="our stages by threads, N articles"
    )
    parser.add_argument("--reuters", type=Path, metavar="DATA", help="race over Reuters too")
    parser.add_argument("--instructions", action="store_true", help="count them, with valgrind")
    parser.add_argument("--environment", type=Path, help="of text-dedup; made where it is absent")
    parser.add_argument("--out", type=Path, help="folder for figures, tables and plots")
    given = parser.parse_args()
    before = speed_report.machine()
    python = environment(given.environment) if given.environment else None
    if python:
        os.environ[TEXT_DEDUP_PYTHON] = str(python)
    peers = [peer for peer in given.peers if peer != "text-dedup" or python]
    upto = {peer: int(most) for peer, _, most in (one.partition("=") for one in given.upto)}
    cold = warm_up(given.threads)
    print(f"warm-up ({WARM_UP_DOCUMENTS} articles, kernels compiled if need be): {cold:.2f} s")
    report: dict[str, Any] = {"machine": before, "runs": given.runs, "warm_up_seconds": cold}
    report |= {"settings": Settings().to_dict(), "races": []}
    how = {"crowds": given.crowds}
    for n_docs in given.sizes:
        racing = [OURS, *(peer for peer in peers if n_docs <= upto.get(peer, n_docs))]
        found = race_all(n_docs, racing, given.runs, given.threads, given.seed, **how)
        speed_report.show(found)
        report["races"].append(found)
        # A million takes its time: what is known is written before the next size begins.
        if given.out:
            speed_report.write(report, given.out)
    if given.reuters:
        racing = [OURS, *peers]
        report["reuters"] = race_reuters(given.reuters, racing, given.runs, given.threads)
    if given.scaling:
        report["scaling"] = scale(given.scaling, given.runs, given.threads, given.seed, **how)
    if given.instructions:
        report["instructions"] = instructions([OURS, *peers[:2]], given.seed)
    if given.out:
        speed_report.write(report, given.out)
    print(speed_report.markdown(report))


if __name__ == "__main__":
    main()
