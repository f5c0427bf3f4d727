"""Pages that repeat blocks in; pairs of them that share most of their shingles, out.

Where every version of a story has a word changed in another paragraph, two of them
may share few blocks; yet each paragraph stands unchanged on as many pages as
furniture does.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from dedupe.ragged import group_starts
from dedupe.settings import Settings
from dedupe.shingle import shingle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from dedupe.clean.kept import Kept

_ALIKE = 0.5
"""Resemblance of two pages from which on they are versions: of .3 to .8 the largest at which
versions with up to sixteen words changed keep their words (`benchmarks/cleaning.py`)."""

_MOST_PAGES = 64
"""Pages with one block that are compared; what stands on more is no story's."""


def version_links(
    key: NDArray[np.uint64], document: NDArray[np.int64], texts: Kept
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return documents that have a block and most of their shingles in common, int64 (L,) each.

    Of the documents with a block each is compared with those unlike the ones before it.

    Args:
        key: uint64 (N,), repeated blocks, equal ones together.
        document: int64 (N,), where each stands.
        texts: of all documents, whole.
    """
    bounds = itertools.pairwise([*group_starts(key).tolist(), len(key)])
    runs = [document[start:end] for start, end in bounds if end - start <= _MOST_PAGES]
    if not runs:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    rows = np.unique(np.concatenate(runs))
    shingles = shingle(texts, rows, Settings(threads=1))
    sets = np.split(shingles.hashes, shingles.offsets[1:-1])
    shingles_of = dict(zip(rows.tolist(), sets, strict=True))
    links = [link for run in runs for link in _alike(run.tolist(), shingles_of)]
    a, b = np.array(links, np.int64).reshape(-1, 2).T.copy()
    return a, b


def _alike(
    rows: list[int], shingles_of: dict[int, NDArray[np.uint64]]
) -> Iterator[tuple[int, int]]:
    """Yield pairs of documents that are alike."""
    unlike: list[int] = []
    for row in rows:
        own = shingles_of[row]
        like = next((one for one in unlike if _are_alike(shingles_of[one], own)), None)
        if like is None:
            unlike.append(row)
        else:
            yield like, row


def _are_alike(one: NDArray[np.uint64], other: NDArray[np.uint64]) -> bool:
    """Compare two sets of shingles, distinct in each."""
    if min(len(one), len(other)) < _ALIKE * max(len(one), len(other)):
        return False
    n_shared = len(np.intersect1d(one, other, assume_unique=True))
    return n_shared >= _ALIKE * (len(one) + len(other) - n_shared)
