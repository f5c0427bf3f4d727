"""Ragged arrays, (values, offsets): from counts or equal keys to rows, and into ranges of work."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Number = TypeVar("Number", bound=np.integer)

BATCH_BYTES = 4_000_000
"""Text of one call of a kernel, so that threads share the work."""
BATCHES_AT_ONCE = 16
"""Calls whose answers are held apart before they join those of earlier ones: bounds memory."""


def running_total(counts: NDArray[np.integer]) -> NDArray[np.int64]:
    """Turn counts (N,) into offsets int64 (N+1,)."""
    offsets = np.zeros(len(counts) + 1, np.int64)
    np.add.accumulate(counts, out=offsets[1:])
    return offsets


def batch_bounds(sizes: NDArray[np.integer], batch_size: int) -> list[int]:
    """Cut rows into ranges of about `batch_size` in sum; returns their bounds."""
    if len(sizes) == 0:
        return [0]
    if int(sizes.sum()) <= batch_size:
        return [0, len(sizes)]
    numbers = (running_total(sizes)[1:] - 1).clip(min=0) // batch_size
    starts = np.flatnonzero(np.diff(numbers)) + 1
    return [0, *starts.tolist(), len(sizes)]


def ranges_of(starts: NDArray[np.integer], counts: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return the places starts[i] .. starts[i] + counts[i] - 1 of all i, one after another."""
    before = running_total(counts)
    return np.arange(before[-1]) + np.repeat(np.asarray(starts) - before[:-1], counts)


def sorted_distinct(values: NDArray[Number]) -> NDArray[Number]:
    """Sort and drop repeats: np.unique hashes, which is many times slower for these."""
    values = np.sort(values)
    return values[group_starts(values)]


def group_starts(keys: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return where each run of equal keys begins."""
    begins = np.ones(len(keys), np.bool_)
    np.not_equal(keys[1:], keys[:-1], out=begins[1:])
    return begins.nonzero()[0]


def rank_within(keys: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return how many keys of its run of equal ones stand before each, int64 (N,)."""
    starts = group_starts(keys)
    return np.arange(len(keys)) - np.repeat(starts, np.diff(starts, append=len(keys)))
