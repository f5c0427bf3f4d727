"""Time each kernel with one thread and with more, turn about, by the clock.

    python benchmarks/threads.py
    python benchmarks/threads.py --documents 20000 --threads 4 --turns 15

What a stage does in Python cannot be shared out; `speed.py --scaling` tells whole
stages. Medians of several turns: a machine with other work scales worse than it would alone.
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
import time
from typing import TYPE_CHECKING

import articles
import numpy as np

from dedupe import Settings
from dedupe.arrays.packed import pack
from dedupe.candidates import compare_sketches, find_candidates, weigh
from dedupe.clean import clean
from dedupe.clean.scan import scan
from dedupe.documents import documents_table
from dedupe.names import default_names
from dedupe.shingle import count_shared, shingle
from dedupe.sketch import sketch
from dedupe.verify.alignments import Alignments
from dedupe.verify.telling import tell

if TYPE_CHECKING:
    from collections.abc import Callable

    Step = Callable[[Settings], object]

LEAST_PAIRS = 100_000
"""Pairs are repeated until they are so many: fewer take too short a time to tell."""


def steps(n_docs: int) -> dict[str, Step]:
    """Return what is timed, on articles made here."""
    settings = Settings()
    table = documents_table({"text": one["text"]} for one in articles.generate(n_docs))
    kept = clean(table, settings)
    rows = np.arange(n_docs)
    sketches, shingles = sketch(kept, settings), shingle(kept, rows, settings)
    weights = weigh(sketches)
    found = find_candidates(sketches, weights, settings)
    times = -(-LEAST_PAIRS // len(found.a))
    a, b = np.tile(found.a, times), np.tile(found.b, times)
    packed = np.sort(pack(a, b))
    near = slice(0, LEAST_PAIRS // 4)
    return {
        "text to signature": lambda how: sketch(kept, how),
        "words with places, shingles, facts": lambda how: shingle(kept, rows, how),
        "words of clues": lambda how: scan(kept, default_names(), how.threads),
        "sketches compared": lambda how: compare_sketches(packed, sketches, weights, how),
        "shared shingles": lambda how: count_shared(
            a, b, shingles.hashes, shingles.offsets, how.threads
        ),
        "alignment": lambda how: Alignments(a, b, shingles, how),
        "a closer look": lambda how: tell(a[near], b[near], rows, shingles, kept, how),
    }


def seconds(step: Step, n_threads: int) -> float:
    """Return the seconds by the clock that a step takes."""
    settings = dataclasses.replace(Settings(), threads=n_threads)
    started = time.perf_counter()
    step(settings)
    return time.perf_counter() - started


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Time kernels with one thread and with more.")
    parser.add_argument("--documents", type=int, default=30_000, help="articles to measure on")
    parser.add_argument("--threads", type=int, default=2, help="the more of both")
    parser.add_argument("--turns", type=int, default=9)
    given = parser.parse_args()
    print(f"{'kernel':<36}{'1 thread':>10}{f'{given.threads} threads':>11}{'times':>7}")
    for name, step in steps(given.documents).items():
        step(Settings())
        turns = [
            [seconds(step, n_threads) for n_threads in (1, given.threads)]
            for _ in range(given.turns)
        ]
        one, more = (statistics.median(column) for column in zip(*turns, strict=True))
        print(f"{name:<36}{one:>9.3f}s{more:>10.3f}s{one / more:>7.2f}", flush=True)


if __name__ == "__main__":
    main()
