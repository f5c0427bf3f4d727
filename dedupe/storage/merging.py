"""Eight segments in, one out, a few postings at a time.

Merging runs in the writer's own thread, a step after each commit: no lock, no
pause longer than a step, and the same files whatever the machine's load.
Postings of documents that are gone may be dropped on the way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe.storage.postings import merged
from dedupe.storage.segments import N_STEPS, ROW_BITS, SegmentWriter

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe.storage.folder import Folder
    from dedupe.storage.segments import Name, Segment

FAN_IN = 8
"""Segments of one level that become one of the next (benchmarks/index.py)."""

_SYNC_POSTINGS = 800_000
"""Postings between two syncs: 3 MB, which a disk takes within a few hundredths of a second."""


def choose(names: list[Name]) -> list[Name]:
    """Return the oldest eight neighbours of one level, or none."""
    for level in sorted({name.level for name in names}):
        same = [name for name in names if name.level == level][:FAN_IN]
        if len(same) == FAN_IN and fit(same):
            return same
    return []


def fit(names: list[Name]) -> bool:
    """Say whether one segment can number the documents and the postings of these."""
    from dedupe.kernels.postings import DOCUMENT_BITS

    return count_docs(names) < 1 << DOCUMENT_BITS and count_postings(names) < 1 << ROW_BITS


def count_docs(names: list[Name]) -> int:
    """Count the documents of segments."""
    return sum(name.n_docs for name in names)


def count_postings(names: list[Name]) -> int:
    """Count the postings of segments."""
    return sum(name.n_postings for name in names)


class Merge:
    """A merge under way.

    Args:
        folder: the index.
        segments: neighbours, by their first document.
        file: name of the segment to be.
        dropped: bool, by document from the first: leave its postings out.
        spared: uint64: postings to keep in any case, documents counted from the first.
    """

    def __init__(
        self,
        folder: Folder,
        segments: list[Segment],
        file: str,
        dropped: NDArray[np.bool_] | None = None,
        spared: NDArray[np.uint64] | None = None,
    ) -> None:
        self.segments = segments
        self._first = segments[0].name.first
        self._dropped, self._spared = dropped, spared
        self._n_rows = sum(segment.name.n_postings for segment in segments)
        self._next = 0
        self._unsynced = 0
        about = [segment.about for segment in segments]
        level = max(segment.name.level for segment in segments) + 1
        self._writer = SegmentWriter(folder, file, self._first, about, level)

    def step(self, n_postings: int) -> Name | None:
        """Merge at least so many postings; returns the new segment when it is done."""
        # Hashes lie evenly over the ranges of keys.
        n_steps = max(1, -(-n_postings * N_STEPS // max(self._n_rows, 1)))
        last = min(self._next + n_steps, N_STEPS)
        parts = [segment.postings(self._next, last, self._first) for segment in self.segments]
        rows = merged(parts)
        self._writer.add(self._without_dropped(rows))
        self._next = last
        self._unsynced += len(rows)
        if self._unsynced >= _SYNC_POSTINGS:
            self._writer.sync()
            self._unsynced = 0
        return self._writer.finish() if last == N_STEPS else None

    def _without_dropped(self, postings: NDArray[np.uint64]) -> NDArray[np.uint64]:
        from dedupe.kernels.postings import DOCUMENT_BITS

        if self._dropped is None:
            return postings
        documents = (postings & np.uint64((1 << DOCUMENT_BITS) - 1)).astype(np.int64)
        kept = ~self._dropped[documents]
        if self._spared is not None:
            kept |= np.isin(postings, self._spared)
        return postings[kept]

    def abandon(self) -> None:
        """Give up, and delete what was written."""
        self._writer.abandon()
