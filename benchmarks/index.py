"""Fill an index, and print what it costs as it grows, beside datasketch's LSH.

    python benchmarks/index.py                               # 100,000 articles
    python benchmarks/index.py --documents 1000000 --json index.json
    python benchmarks/index.py --equality ../shared/data     # the same stories as a run?

Each line is one span of the filling: documents a second of the clock, and of the
processor (which a busy machine disturbs less), in commits of a thousand, one
thread, durable; then, at that size, percentiles of single queries and single
adds (merging goes on meanwhile), of the clock and of the processor, bytes a document
on disk beside text and metadata, and memory: the most so far, and what of it no file
stands behind (segments are mapped, and leave memory when the system wants it).
datasketch's LSH in memory looks up and inserts as its documentation shows, over
shingles made in Python; where a redis-server and its client are installed its LSH on
Redis does too. They keep no text, no stories, and judge no pair: the nearest thing
that is in use, not the same thing.
"""

from __future__ import annotations

import argparse
import functools
import importlib.util
import itertools
import json
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import articles
import datasets
import numpy as np

import dedupe
from dedupe import Index, Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

AT_ONCE = 1000
N_PROBES = 200
PEER_DOCUMENTS = 5_000
FIELDS = ("id", "text", "source", "url", "published")


def main() -> None:
    """Fill, probe, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, help="where the index is made; a temporary one")
    parser.add_argument("--equality", type=Path, metavar="DATA", help="measure against runs")
    parser.add_argument("--peers", action="store_true", help="run datasketch too")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    if arguments.equality:
        found: Any = equality(arguments.equality)
    else:
        with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
            found = {"index": fill(Path(folder) / "index", arguments.documents)}
        if arguments.peers:
            found["datasketch"] = peers()
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=1), encoding="utf-8")


def pages(n_docs: int, seed: int = 1) -> Iterator[dict[str, Any]]:
    """Yield synthetic articles without their truth."""
    for article in articles.generate(n_docs, seed):
        yield {name: article[name] for name in FIELDS}


def fill(folder: Path, n_docs: int) -> list[dict[str, Any]]:
    """Fill an index and measure it at each doubling."""
    print(
        f"{'documents':>10} {'docs/s':>7} {'cpu':>7} {'slowest':>8} "
        f"{'query p50':>9} {'p99':>6} {'cpu':>5} {'p99':>6} "
        f"{'add p50':>8} {'p99':>6} {'cpu':>5} {'p99':>6} "
        f"{'B/doc':>6} {'MB':>6} {'own':>6} segments"
    )
    stops = {n_docs} | {n_docs >> k for k in range(1, 20) if n_docs >> k >= 10_000}
    # What is asked at each stop are the next articles: as many of them copies as of the others.
    source = pages(n_docs + 2 * N_PROBES * len(stops))
    rows = []
    with Index(folder, Settings(threads=1)) as index:
        index.add_many({**page, "id": f"warm{i}"} for i, page in enumerate(pages(50, seed=3)))
        seconds: list[float] = []
        done = n_span = 0
        worked = 0.0
        while done < n_docs:
            batch = list(itertools.islice(source, min(AT_ONCE, n_docs - done)))
            took, work = timed(functools.partial(index.add_many, batch))
            seconds.append(took)
            worked += work
            done += len(batch)
            n_span += len(batch)
            if done in stops or done == n_docs:
                rates = n_span / sum(seconds), n_span / worked
                rows.append(probe(index, done, rates, max(seconds), source))
                seconds, n_span, worked = [], 0, 0.0
    return rows


def probe(
    index: Index,
    done: int,
    rates: tuple[float, float],
    slowest: float,
    source: Iterator[dict[str, Any]],
) -> dict[str, Any]:
    """Time single queries and adds at one size; print and return the line."""
    asked = list(itertools.islice(source, N_PROBES))
    added = list(itertools.islice(source, N_PROBES))
    queries = 1000 * np.array([timed(functools.partial(index.query, page)) for page in asked])
    adds = 1000 * np.array([timed(functools.partial(index.add, page)) for page in added])
    stats = index.stats()
    unit = 1 if sys.platform == "darwin" else 1024
    row = {
        "documents": done,
        "documents_per_second": rates[0],
        "documents_per_processor_second": rates[1],
        "slowest_commit_seconds": slowest,
        "query_ms": np.percentile(queries[:, 0], [50, 99]).tolist(),
        "query_processor_ms": np.percentile(queries[:, 1], [50, 99]).tolist(),
        "add_ms": np.percentile(adds[:, 0], [50, 99]).tolist(),
        "add_processor_ms": np.percentile(adds[:, 1], [50, 99]).tolist(),
        "bytes_per_document_beside": stats["bytes_per_document_beside"],
        "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6,
        "own_memory_mb": own_memory_mb(),
        "segments": len(stats["segments"]),
    }
    times = [
        f"{row[f'{name}_ms'][0]:>{width}.1f} {row[f'{name}_ms'][1]:>6.1f} "
        f"{row[f'{name}_processor_ms'][0]:>5.1f} {row[f'{name}_processor_ms'][1]:>6.1f}"
        for name, width in (("query", 9), ("add", 8))
    ]
    print(
        f"{done:>10,} {rates[0]:>7,.0f} {rates[1]:>7,.0f} {slowest:>7.2f}s {' '.join(times)} "
        f"{row['bytes_per_document_beside']:>6,.0f} {row['memory_mb']:>6,.0f} "
        f"{row['own_memory_mb']:>6,.0f} {row['segments']}",
        flush=True,
    )
    return row


def own_memory_mb() -> float:
    """Return the memory that no file stands behind; nan where the system does not tell.

    Segments are mapped: what is read of them counts as memory until the system wants it back.
    """
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return float("nan")
    found = [line.split() for line in lines if line.startswith("RssAnon:")]
    return int(found[0][1]) * 1024 / 1e6 if found else float("nan")


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds that a piece of work takes, of the clock and of the processor."""
    start, worked = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - start, time.process_time() - worked


def peers() -> dict[str, tuple[float, float]]:
    """Return documents a second of datasketch's LSH, of the clock and of this processor."""
    from datasketch import MinHashLSH

    batch = list(pages(PEER_DOCUMENTS))
    found = {"memory": _peer_rate(MinHashLSH(threshold=0.5, num_perm=128), batch)}
    server = shutil.which("redis-server")
    if server and importlib.util.find_spec("redis"):
        port = 7399
        quiet = ["--save", "", "--appendonly", "no", "--port", str(port)]
        process = subprocess.Popen([server, *quiet], stdout=subprocess.DEVNULL)
        try:
            time.sleep(1)
            storage = {"type": "redis", "redis": {"host": "127.0.0.1", "port": port}}
            lsh = MinHashLSH(threshold=0.5, num_perm=128, storage_config=storage)
            found["redis"] = _peer_rate(lsh, batch)
        finally:
            process.terminate()
            process.wait()
    else:
        print("redis-server or its client is not installed: datasketch on Redis is left out")
    for name, (rate, worked) in found.items():
        print(
            f"datasketch, {name}: {rate:,.0f} documents a second over {len(batch):,}, "
            f"{worked:,.0f} a second of the processor"
        )
    return found


def _peer_rate(lsh: Any, batch: Sequence[dict[str, Any]]) -> tuple[float, float]:
    from datasketch import MinHash

    def run() -> None:
        for page in batch:
            words = page["text"].lower().split()
            signature = MinHash(num_perm=128)
            signature.update_batch(
                [" ".join(words[i : i + 3]).encode() for i in range(len(words) - 2)]
            )
            lsh.query(signature)
            lsh.insert(page["id"], signature)

    took, worked = timed(run)
    return len(batch) / took, len(batch) / worked


def equality(data: Path) -> dict[str, list[float]]:
    """Print the pairwise F1 of an index's stories against a run's, orders shuffled."""
    found: dict[str, list[float]] = {}
    for name in ("census", "spotify", "ecbplus", "reuters"):
        documents = _documents(data, name)
        for order, at_once in ((0, 1), (1, 50), (2, AT_ONCE)):
            if name == "reuters" and at_once == 1:
                continue
            shuffled = documents[:]
            random.Random(order).shuffle(shuffled)  # noqa: S311
            share = _agreement(shuffled, at_once)
            found.setdefault(name, []).append(share)
            print(f"{name}: {len(documents):,} documents, {at_once} a commit: F1 {share:.4f}")
    return found


def _documents(data: Path, name: str) -> list[dict[str, Any]]:
    known = {"title", "byline", "fetched", "canonical", *FIELDS}
    rows = datasets.read_lines(data / f"{name}_documents.jsonl.gz")
    return [{key: row[key] for key in known if row.get(key) is not None} for row in rows]


def _agreement(documents: list[dict[str, Any]], at_once: int) -> float:
    with tempfile.TemporaryDirectory() as folder, Index(f"{folder}/index") as index:
        for start in range(0, len(documents), at_once):
            index.add_many(documents[start : start + at_once])
        ours = _pairs((row["id"], row["story"]) for row in index.export())
        result = dedupe.find_duplicates(documents, index.settings)
        columns = (result.documents.column(name).to_pylist() for name in ("id", "story"))
        theirs = _pairs(zip(*columns, strict=True))
    return 2 * len(ours & theirs) / max(1, len(ours) + len(theirs))


def _pairs(stories: Iterator[tuple[str, str]]) -> set[tuple[str, str]]:
    parts = defaultdict(list)
    for document, story in stories:
        parts[story].append(document)
    return {pair for part in parts.values() for pair in itertools.combinations(sorted(part), 2)}


if __name__ == "__main__":
    main()
