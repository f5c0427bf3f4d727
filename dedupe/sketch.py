"""Texts in, signatures and sampled shingles out: what candidates are found by.

    Kept  ->  sketch()  ->  Sketches

Two articles that share most of their shingles share most slots of their
signatures; an excerpt shares few slots with the article it was cut from, but
all of its sampled shingles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe.arrays.ragged import (
    BATCH_BYTES,
    BATCHES_AT_ONCE,
    batch_bounds,
    ranges_of,
    running_total,
)
from dedupe.arrays.rows import join_rows, take_rows
from dedupe.arrays.spill import MEMORY
from dedupe.shingle import SHINGLE_WORDS, text_sizes
from dedupe.threads import for_ranges

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from dedupe.arrays.spill import Spill
    from dedupe.clean import Kept
    from dedupe.settings import Settings
    from dedupe.stages import OnProgress


class Sketches(NamedTuple):
    """What one pass over the texts leaves of them.

    Shapes (D documents, K slots, R sampled shingles)
        signatures   uint32 (D, K)  kernels.sketch; all EMPTY for a text without words
        text_hashes  uint64 (D,)    equal for texts of equal folded words
        n_words      int32  (D,)    kept words
        sampled      uint64 (R,)    rising and distinct within each document
        offsets      int64  (D+1,)  document d owns sampled[offsets[d]:offsets[d+1]]
    """

    signatures: NDArray[np.uint32]
    text_hashes: NDArray[np.uint64]
    n_words: NDArray[np.int32]
    sampled: NDArray[np.uint64]
    offsets: NDArray[np.int64]


def sketch(
    kept: Kept,
    settings: Settings,
    on_progress: OnProgress | None = None,
    spill: Spill = MEMORY,
) -> Sketches:
    """Sketch every document, in threads over ranges of documents."""
    from dedupe.kernels import digest, fold, text

    n_docs = kept.n_docs
    sizes = text_sizes(kept)
    signatures = spill.empty((n_docs, settings.n_slots), np.uint32)
    text_hashes = np.empty(n_docs, np.uint64)
    n_words = np.zeros(n_docs, np.int32)
    n_sampled = np.zeros(n_docs, np.int32)
    sample_below = np.uint64(-(-65_536 // settings.rare_sampling))
    seed = np.uint64(settings.hash_seed)

    def read(first: int, last: int) -> NDArray[np.uint64]:
        sampled = np.empty(int((sizes[first:last] // 2 + 1).sum()), np.uint64)
        longest = text.max_tokens(int(sizes[first:last].max(initial=0)))
        found = digest.fill_digests(
            kept.data, kept.spans, kept.offsets, first, last, *fold.load_fold(), seed,
            SHINGLE_WORDS, sample_below, longest,
            signatures, text_hashes, n_words, sampled, n_sampled,
        )  # fmt: skip
        if on_progress:
            on_progress("sketch", last, n_docs)
        return sampled[:found].copy()

    samples = spill.grow(np.uint64)
    bounds = batch_bounds(sizes, BATCH_BYTES)
    for at in range(0, len(bounds) - 1, BATCHES_AT_ONCE):
        some = bounds[at : at + BATCHES_AT_ONCE + 1]
        for sampled in for_ranges(read, some, settings.threads):
            samples.add(sampled)
    offsets = running_total(n_sampled)
    return Sketches(signatures, text_hashes, n_words, samples.whole(), offsets)


def take_sketches(sketches: Sketches, rows: NDArray[np.int64]) -> Sketches:
    """Return the sketches of some documents."""
    counts = np.diff(sketches.offsets)[rows]
    sampled = sketches.sampled[ranges_of(sketches.offsets[rows], counts)]
    return Sketches(*take_rows(sketches[:3], rows), sampled, running_total(counts))


def join_sketches(parts: Sequence[Sketches]) -> Sketches:
    """Put the sketches of several sets of documents behind each other."""
    counts = np.concatenate([np.diff(one.offsets) for one in parts])
    return Sketches(*join_rows([one[:4] for one in parts]), running_total(counts))
