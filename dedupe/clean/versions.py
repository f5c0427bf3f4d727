"""Pages that repeat blocks in; pairs of them that share most of their shingles, out.

Where every version of a story has a word changed in another paragraph, two of them
may share few blocks; yet each paragraph stands unchanged on as many pages as
furniture does.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from dedupe.arrays.packed import pack, unpack
from dedupe.arrays.ragged import batch_bounds, group_starts, running_total
from dedupe.clean.kept import copied
from dedupe.settings import Settings
from dedupe.shingle import count_shared, text_sizes
from dedupe.sketch import sketch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe.clean.kept import Kept

_ALIKE = 0.5
"""Resemblance of two pages from which on they are versions: of .3 to .8 the largest at which
versions with up to sixteen words changed keep their words (`benchmarks/cleaning.py`)."""

_MOST_PAGES = 64
"""Pages with one block that are compared; what stands on more is no story's."""


# Text of pages that is sketched together: bounds the copies in memory.
_BATCH_BYTES = 1 << 24


def version_links(
    key: NDArray[np.uint64], document: NDArray[np.int64], texts: Kept, n_threads: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return documents that have a block and most of their shingles in common, int64 (L,) each.

    Of those with a block each is compared with each, by sampled shingles.

    Args:
        key: uint64 (N,), repeated blocks, equal ones together.
        document: int64 (N,), where each stands.
        texts: of all documents, whole.
        n_threads: threads at work; 0 takes one for each core.
    """
    sizes = np.diff(group_starts(key), append=len(key))
    document = document[np.repeat(sizes <= _MOST_PAGES, sizes)]
    rows, number = np.unique(document, return_inverse=True)
    a, b = _each_with_each(number, sizes[sizes <= _MOST_PAGES])
    sampled, offsets = _sampled(texts, rows, n_threads)
    shared = count_shared(a, b, sampled, offsets, n_threads)
    n_sampled = np.diff(offsets)
    is_alike = shared >= np.maximum(_ALIKE * (n_sampled[a] + n_sampled[b] - shared), 1)
    return rows[a[is_alike]], rows[b[is_alike]]


def _each_with_each(
    number: NDArray[np.int64], sizes: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the pairs a < b, each once, of numbers that stand in groups of some sizes."""
    packed = [np.zeros(0, np.uint64)]
    for start, size in zip(running_total(sizes)[:-1].tolist(), sizes.tolist(), strict=True):
        group = np.sort(number[start : start + size])
        a, b = np.triu_indices(size, 1)
        packed.append(pack(group[a], group[b]))
    return unpack(np.unique(np.concatenate(packed)))


def _sampled(
    texts: Kept, rows: NDArray[np.int64], n_threads: int
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return sampled shingles of some documents, rising, and where those of each begin."""
    settings = Settings(threads=n_threads)
    sampled, counts = [np.zeros(0, np.uint64)], [np.zeros(0, np.int64)]
    for first, last in itertools.pairwise(batch_bounds(text_sizes(texts, rows), _BATCH_BYTES)):
        sketches = sketch(copied(texts, rows[first:last]), settings)
        sampled.append(sketches.sampled)
        counts.append(np.diff(sketches.offsets))
    return np.concatenate(sampled), running_total(np.concatenate(counts))
