"""Hashes in, those that are equal brought together, in partitions that threads share.

hashes  ->  equal_hashes()  ->  Equals  --each-->  EqualHashes of one partition
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from dedupe.ragged import running_total
from dedupe.spill import MEMORY

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from dedupe.spill import Spill

_PARTITION = 1 << 16
_LARGEST = 1 << 22
_MOST_BITS = 12

Answer = TypeVar("Answer")


class EqualHashes(NamedTuple):
    """One partition: places that hold its hashes, in the order of the hashes.

    Shapes (R hashes, N places of the partition)
        places   uint32 (R,)  the partition begins at first
        order    int32  (N,)  by hash, then by place; counted from first
        begins   bool   (N,)  another hash than the one before in order
        holders  int32  (N,)  the document of each place
    """

    places: NDArray[np.uint32]
    first: int
    order: NDArray[np.int32]
    begins: NDArray[np.bool_]
    holders: NDArray[np.int32]

    def buckets(self, wanted: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the wanted holders of each hash that two or more of them hold.

        Args:
            wanted: bool (D,).

        Returns:
            Members, int64, bucket after bucket, and the bounds of the buckets.
        """
        from dedupe.kernels import grouping

        members = np.empty(len(self.order) + 1, np.int64)
        bounds = np.empty(len(self.order) // 2 + 2, np.int64)
        n_buckets = grouping.fill_buckets(
            self.order, self.begins, self.holders, wanted, members, bounds
        )
        bounds = bounds[: n_buckets + 1]
        return members[: bounds[-1]], bounds


class Equals(NamedTuple):
    """Places of hashes, dealt out by the hashes' first bits.

    Shapes (R hashes, D documents)
        hashes   uint64 (R,)
        offsets  int64  (D+1,)  document d holds hashes[offsets[d]:offsets[d+1]]
        places   uint32 (R,)    rising within each partition
        starts   int64  (n + 1,)  partition i is places[starts[i]:starts[i+1]]
        n_bits   int            in which the hashes of a partition agree
    """

    hashes: NDArray[np.uint64]
    offsets: NDArray[np.int64]
    places: NDArray[np.uint32]
    starts: NDArray[np.int64]
    n_bits: int

    def buckets(self, wanted: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the wanted holders of each hash that two or more of them hold, as a partition."""
        parts = [self.partition(number).buckets(wanted) for number in range(len(self.starts) - 1)]
        members = np.concatenate([members for members, _ in parts])
        return members, running_total(np.concatenate([np.diff(bounds) for _, bounds in parts]))

    def each(self, function: Callable[[EqualHashes], Answer], n_threads: int) -> list[Answer]:
        """Call a function with every partition, in threads; returns the answers in order."""
        from dedupe.kernels._compile import for_ranges

        def call(number: int, _: int) -> Answer:
            return function(self.partition(number))

        return for_ranges(call, range(len(self.starts)), n_threads)

    def partition(self, number: int) -> EqualHashes:
        """Put one partition in order."""
        from dedupe.kernels import grouping

        first, last = int(self.starts[number]), int(self.starts[number + 1])
        order = np.empty(last - first, np.int32)
        holders = np.empty(last - first, np.int32)
        grouping.fill_holders(self.offsets, self.places, first, last, holders)
        begins = np.ones(last - first, np.bool_)
        if last - first < _LARGEST:
            grouping.fill_equal_order(
                self.hashes, self.places, first, last, self.n_bits, order, begins
            )
        else:
            hashes = self.hashes[self.places[first:last]]
            order[:] = np.argsort(hashes, kind="stable")
            begins[1:] = np.diff(hashes[order]) != 0
        return EqualHashes(self.places, first, order, begins, holders)


def equal_hashes(
    hashes: NDArray[np.uint64], offsets: NDArray[np.int64], spill: Spill = MEMORY
) -> Equals:
    """Deal out the places of hashes, uint64 (R,), held by documents as `Equals` says."""
    from dedupe.kernels import grouping

    n_bits = min(max(1, (len(hashes) // _PARTITION).bit_length()), _MOST_BITS)
    counts = np.zeros(1 << n_bits, np.int64)
    grouping.count_partitions(hashes, n_bits, counts)
    starts = running_total(counts)
    kind = np.uint32 if len(hashes) < 1 << 32 else np.uint64
    places = spill.empty(len(hashes), kind)
    grouping.fill_partitions(hashes, n_bits, starts[:-1].copy(), places)
    return Equals(hashes, offsets, places, starts, n_bits)
