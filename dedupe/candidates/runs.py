"""Packed pairs in, in any order and often; each once with its count out, sorted.

    PairRuns  --add-->  sorted runs, out of memory when there are many  --between-->  pairs

Near-copies meet in every band: repeats are counted before they pile up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from dedupe.arrays.ragged import sorted_distinct

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from dedupe.arrays.spill import Spill

    Run: TypeAlias = tuple[NDArray[np.uint64], NDArray[np.int32]]

# A pair waits, is joined to the others and sorted: 8 bytes each time.
_PAIR_BYTES = 24
_RUN = 4_000_000
"""Pairs that wait in memory before they are sorted and counted."""


class PairRuns:
    """Pairs as sorted runs.

    Args:
        spill: where runs are kept.
        runs: that others have found: rising pairs and their counts.
    """

    def __init__(self, spill: Spill, runs: Iterable[Run] = ()) -> None:
        self._spill = spill
        self._most = spill.at_most(_RUN * _PAIR_BYTES) // _PAIR_BYTES
        self._waiting: list[NDArray[np.uint64]] = []
        self._n_waiting = 0
        self._last = np.zeros(0, np.uint64), np.zeros(0, np.int32)
        self.runs: list[Run] = [*runs]

    def add(self, packed: NDArray[np.uint64]) -> None:
        """Add packed pairs (P,), in any order, each as often as it was found."""
        self._waiting.append(packed)
        self._n_waiting += len(packed)
        if self._n_waiting >= self._most:
            self._settle()
            if len(self._last[0]) >= self._most // 2:
                self._put_away()

    def between(self, low: int, high: int) -> Run:
        """Return the pairs from low to below high, sorted, and how often each was found."""
        if self._n_waiting:
            self._settle()
        found = np.zeros(0, np.uint64), np.zeros(0, np.int32)
        for pairs, counts in (*self.runs, self._last):
            first, last = np.searchsorted(pairs, np.array([low, high], np.uint64))
            found = _merged(*found, pairs[first:last], counts[first:last])
        return found

    def finished(self) -> tuple[Run, ...]:
        """Return all pairs as sorted runs, which another `PairRuns` can go on from."""
        if self._n_waiting:
            self._settle()
        if len(self._last[0]):
            self._put_away()
        return tuple(self.runs)

    def sample(self, step: int) -> NDArray[np.uint64]:
        """Return every step-th pair of each run."""
        if self._n_waiting:
            self._settle()
        return np.concatenate([pairs[step - 1 :: step] for pairs, _ in (*self.runs, self._last)])

    def _settle(self) -> None:
        from dedupe.kernels.merging import count_sorted
        from dedupe.kernels.sorting import sort_by_digits

        packed = np.concatenate(self._waiting)
        self._waiting, self._n_waiting = [], 0
        packed = sort_by_digits(packed, np.empty_like(packed), 0)
        counts = np.empty(len(packed), np.int32)
        n_distinct = count_sorted(packed, packed, counts)
        self._last = _merged(*self._last, packed[:n_distinct], counts[:n_distinct])

    def _put_away(self) -> None:
        pairs = self._spill.empty(len(self._last[0]), np.uint64)
        counts = self._spill.empty(len(self._last[0]), np.int32)
        pairs[:], counts[:] = self._last
        self.runs.append((pairs, counts))
        self._last = np.zeros(0, np.uint64), np.zeros(0, np.int32)


def ranges(runs: Sequence[PairRuns], size: int) -> Iterator[tuple[int, int]]:
    """Cut the pairs of some runs into ranges of about `size` together."""
    step = max(1, size // 16)
    cuts = sorted_distinct(np.concatenate([one.sample(step) for one in runs]))[15::16]
    low = 0
    for high in [*cuts.tolist(), (1 << 64) - 1]:
        yield low, high
        low = high


def _merged(
    pairs: NDArray[np.uint64],
    counts: NDArray[np.int32],
    more: NDArray[np.uint64],
    more_counts: NDArray[np.int32],
) -> Run:
    """Merge two sorted lists of pairs; counts of equal ones add up."""
    if not len(pairs):
        return more, more_counts
    if not len(more):
        return pairs, counts
    from dedupe.kernels.merging import merge_counted

    n_most = len(pairs) + len(more)
    merged, merged_counts = np.empty(n_most, np.uint64), np.empty(n_most, np.int32)
    n_merged = merge_counted(pairs, counts, more, more_counts, merged, merged_counts)
    return merged[:n_merged], merged_counts[:n_merged]
