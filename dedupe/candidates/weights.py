"""Sampled shingles in; how much each tells, out: the fewer documents hold one, the more.

sketches                     ->  weigh()     ->  Weights, by these documents
sketches, known frequencies  ->  weighted()  ->  Weights
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe.arrays.equals import equal_hashes
from dedupe.arrays.spill import MEMORY
from dedupe.candidates.equal_texts import names_its_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from dedupe.arrays.equals import EqualHashes
    from dedupe.arrays.spill import Spill
    from dedupe.sketch import Sketches


class Weights(NamedTuple):
    """Sampled shingles of the documents, weighted by how few documents hold each.

    Shapes (D documents, R sampled shingles)
        hashes   uint64  (R,)    rising within each document
        offsets  int64   (D+1,)
        weights  float32 (R,)    log(1 + documents / documents that hold it)
        totals   float64 (D,)    sum over each document
    """

    hashes: NDArray[np.uint64]
    offsets: NDArray[np.int64]
    weights: NDArray[np.float32]
    totals: NDArray[np.float64]

    def of_first(self, n_docs: int) -> Weights:
        """Return those of the first documents."""
        end = self.offsets[n_docs]
        offsets, totals = self.offsets[: n_docs + 1], self.totals[:n_docs]
        return Weights(self.hashes[:end], offsets, self.weights[:end], totals)


def weigh(sketches: Sketches, n_threads: int = 0) -> Weights:
    """Weigh each sampled shingle by its frequency in these documents, equal texts counted once."""
    weights, weigh_part = by_frequency(sketches)
    for _ in equal_hashes(sketches.sampled, sketches.offsets).each(weigh_part, n_threads):
        pass
    return with_totals(sketches, weights)


def weighted(sketches: Sketches, frequency: NDArray[np.int64], n_docs: int) -> Weights:
    """Weigh sampled shingles whose document frequency, int64 (R,), is known.

    Args:
        sketches: whose shingles.
        frequency: of each.
        n_docs: among how many documents it was counted.
    """
    weights = np.log1p(max(n_docs, 1) / np.maximum(frequency, 1)).astype(np.float32)
    return with_totals(sketches, weights)


def with_totals(sketches: Sketches, weights: NDArray[np.float32], spill: Spill = MEMORY) -> Weights:
    """Sum the weights up over each document."""
    from dedupe.kernels import grouping

    totals = np.empty(len(sketches.offsets) - 1, np.float64)
    grouping.fill_sums(weights, sketches.offsets, totals)
    # Only now may they leave memory: they were written in random order.
    return Weights(sketches.sampled, sketches.offsets, spill.put(weights), totals)


def by_frequency(
    sketches: Sketches,
) -> tuple[NDArray[np.float32], Callable[[EqualHashes], None]]:
    """Return weights to be written, float32 (R,), and what writes those of one partition."""
    from dedupe.kernels import grouping

    counted = names_its_text(sketches)
    n_docs = int(counted.sum())
    by_frequency = np.log1p(max(n_docs, 1) / np.maximum(np.arange(n_docs + 1), 1)).astype(
        np.float32
    )
    # Written all over: in a mapped file every partition would touch all of it.
    weights = np.empty(len(sketches.sampled), np.float32)

    def weigh_part(part: EqualHashes) -> None:
        grouping.fill_frequency_weights(*part, counted, by_frequency, weights)

    return weights, weigh_part
