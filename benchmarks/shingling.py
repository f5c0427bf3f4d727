"""Time each step from UTF-8 bytes to a signature, in the processor's own seconds.

    python benchmarks/shingling.py
    python benchmarks/shingling.py --documents 20000 --megahertz 2450

One thread; the best of several turns; seconds of the process, not of the wall,
so that a busy machine changes little. With `--megahertz`, what the clock of the
machine is known to be, each step is also told in cycles: a byte that cost a
fraction of a cycle leaves only the number of bytes to save.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import articles
import numpy as np

from dedupe.clean import keep_all
from dedupe.documents import documents_table
from dedupe.kernels import shingles, text, token_hashes
from dedupe.kernels import sketch as sketching
from dedupe.kernels._compile import kernel
from dedupe.kernels.fold import load_fold
from dedupe.kernels.sorting import sort_distinct
from dedupe.settings import Settings
from dedupe.shingle import SHINGLE_WORDS
from dedupe.sketch import sketch

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from dedupe.clean import Kept

TURNS = 7


@kernel
def cut_words(  # noqa: D103 - the title of its row says it
    data: NDArray[np.uint8],
    spans: NDArray[np.int64],
    pages: NDArray[np.uint16],
    entries: NDArray[np.uint32],
    expansions: NDArray[np.uint32],
    hashes: NDArray[np.uint64],
) -> int:
    total = 0
    for d in range(spans.shape[0]):
        total += token_hashes.fill_token_hashes(
            data, spans[d, 0], spans[d, 1], pages, entries, expansions, np.uint64(1), 0, hashes
        )
    return total


@kernel
def cut_words_with_places(  # noqa: D103
    data: NDArray[np.uint8],
    spans: NDArray[np.int64],
    pages: NDArray[np.uint16],
    entries: NDArray[np.uint32],
    expansions: NDArray[np.uint32],
    hashes: NDArray[np.uint64],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    flags: NDArray[np.uint8],
) -> None:
    for d in range(spans.shape[0]):
        text.fill_tokens(
            data, spans[d, 0], spans[d, 1], pages, entries, expansions, np.uint64(1), 0,
            hashes, starts, ends, flags,
        )  # fmt: skip


@kernel
def run_shingles(hashes: NDArray[np.uint64], out: NDArray[np.uint64]) -> None:  # noqa: D103
    for d in range(hashes.shape[0]):
        shingles.fill_shingles(hashes[d], hashes.shape[1], SHINGLE_WORDS, out)


@kernel
def run_signatures(hashes: NDArray[np.uint64], row: NDArray[np.uint32]) -> None:  # noqa: D103
    for d in range(hashes.shape[0]):
        row[:] = sketching.EMPTY
        for i in range(hashes.shape[1]):
            sketching.update_signature(row, hashes[d, i])
        sketching.fill_empty_slots(hashes[d], row)


@kernel
def run_samples(hashes: NDArray[np.uint64], out: NDArray[np.uint64]) -> None:  # noqa: D103
    n = hashes.shape[1] // 4
    for d in range(hashes.shape[0]):
        out[:n] = hashes[d, :n]
        sort_distinct(out, 0, n)


def seconds(step: Callable[[], object]) -> float:
    """Return the seconds of the processor that a step takes, the best of some turns."""
    step()
    best = float("inf")
    for _ in range(TURNS):
        started = time.process_time()
        step()
        best = min(best, time.process_time() - started)
    return best


def measure(kept: Kept) -> dict[str, float]:
    """Return the seconds of each step over all texts; the last row is all of them at once."""
    longest = text.max_tokens(int(np.diff(kept.text_offsets).max()))
    hashes = np.empty(longest, np.uint64)
    starts, ends = np.empty(longest, np.int64), np.empty(longest, np.int64)
    flags = np.empty(longest, np.uint8)
    fold = load_fold()
    n_words = cut_words(kept.data, kept.spans, *fold, hashes)
    each = n_words // kept.n_docs
    made = np.random.default_rng(1).integers(0, 2**64, (kept.n_docs, each), dtype=np.uint64)
    row, out = np.empty(Settings().n_slots, np.uint32), np.empty(each, np.uint64)
    return {
        "words with places and quotes": seconds(
            lambda: cut_words_with_places(kept.data, kept.spans, *fold, hashes, starts, ends, flags)
        ),
        "words": seconds(lambda: cut_words(kept.data, kept.spans, *fold, hashes)),
        "shingles": seconds(lambda: run_shingles(made, out)),
        "signatures": seconds(lambda: run_signatures(made, row)),
        "samples sorted": seconds(lambda: run_samples(made, out)),
        "text to signature": seconds(lambda: sketch(kept, Settings(threads=1))),
    }


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description="Time each step from bytes to a signature.")
    parser.add_argument("--documents", type=int, default=6000, help="articles to measure on")
    parser.add_argument("--megahertz", type=float, help="clock of the machine, for cycles")
    parser.add_argument("--json", type=Path, help="write the figures here")
    given = parser.parse_args()
    table = documents_table({"text": one["text"]} for one in articles.generate(given.documents))
    kept = keep_all(table)
    n_bytes = int(kept.text_offsets[-1])
    rows: dict[str, Any] = {}
    for step, spent in measure(kept).items():
        rows[step] = {"megabytes_a_second": n_bytes / spent / 1e6}
        if given.megahertz:
            rows[step]["cycles_a_byte"] = spent * given.megahertz * 1e6 / n_bytes
        figures = ", ".join(f"{name.replace('_', ' ')} {x:.2f}" for name, x in rows[step].items())
        print(f"{step:<30}{figures}")
    if given.json:
        given.json.write_text(json.dumps({"bytes": n_bytes, "steps": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
