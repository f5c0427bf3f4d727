"""Hashes in, those that are equal brought together, in partitions that threads share.

hashes          ->  equal_hashes()  ->  Equals  --each-->  EqualHashes of one partition
hashes, others  ->  among()         ->  which of them stand among the others
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from dedupe.arrays.ragged import batch_bounds, running_total
from dedupe.arrays.spill import MEMORY
from dedupe.threads import for_ranges, n_cores

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from dedupe.arrays.spill import Spill

# A partition holds 32,000 to 65,000 hashes: at most 512 KB, which fits the L2 cache.
_PARTITION = 1 << 16
# A larger partition, of many equal hashes, is sorted by NumPy: the kernel has 24 bits for places.
_LARGEST = 1 << 22
# At most so many leading bits choose the partition: 4,096 counts are 32 KB and fit the L1 cache.
_MOST_BITS = 12
# Bytes of hashes and places, 8 and 4 each, that are dealt out in one pass over all hashes.
_DEALT_BYTES, _DEALT_EACH = 96_000_000, 12
# Each dealing thread reads every hash, so beyond four they mostly read.
_MOST_DEALERS = 4
_FEW = 1000
"""Hashes that are each searched for: there setting up takes longer than the work."""
_LEAST_BITS, _MOST_BUCKETS = 10, 1 << 26
"""Least number of buckets (in bits) and most; about four per hash."""

Answer = TypeVar("Answer")


class EqualHashes(NamedTuple):
    """One partition: places that hold its hashes, in the order of the hashes.

    Shapes (R hashes, N places of the partition)
        places   uint32 (n,)  the partition begins at first
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
    """Hashes, and how many of them begin with which bits.

    Shapes (R hashes, D documents)
        hashes   uint64 (R,)
        offsets  int64  (D+1,)  document d holds hashes[offsets[d]:offsets[d+1]]
        sizes    int64  (2**n_bits,)  hashes of each partition
        n_bits   int            in which the hashes of a partition agree
        at_once  int            hashes that are dealt out in one pass over all
    """

    hashes: NDArray[np.uint64]
    offsets: NDArray[np.int64]
    sizes: NDArray[np.int64]
    n_bits: int
    at_once: int

    def buckets(self, wanted: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the wanted holders of each hash that two or more of them hold, as a partition."""
        parts = [*self.each(lambda part: part.buckets(wanted), 1)]
        members = np.concatenate([members for members, _ in parts])
        return members, running_total(np.concatenate([np.diff(bounds) for _, bounds in parts]))

    def each(self, function: Callable[[EqualHashes], Answer], n_threads: int) -> Iterator[Answer]:
        """Call a function with every partition, in threads; yields the answers in order.

        Each pass reads all hashes from first to last and deals out as many as memory
        is meant to hold: places all over a mapped file would be read again and again.
        """
        from dedupe.kernels import grouping

        kind = np.uint32 if len(self.hashes) < 1 << 32 else np.uint64
        for first, last in pairwise(batch_bounds(self.sizes, self.at_once)):
            starts = running_total(self.sizes[first:last])
            dealt, places = np.empty(starts[-1], np.uint64), np.empty(starts[-1], kind)

            def deal(
                low: int,
                high: int,
                first: int = first,
                starts: NDArray[np.int64] = starts,
                dealt: NDArray[np.uint64] = dealt,
                places: NDArray[np.uint32] = places,
            ) -> None:
                grouping.fill_partitions(
                    self.hashes, self.n_bits, first + low, first + high,
                    starts[low:high].copy(), dealt, places,
                )  # fmt: skip

            def call(
                number: int,
                _: int,
                starts: NDArray[np.int64] = starts,
                dealt: NDArray[np.uint64] = dealt,
                places: NDArray[np.uint32] = places,
            ) -> Answer:
                bounds = int(starts[number]), int(starts[number + 1])
                return function(self._in_order(dealt, places, *bounds))

            # Each thread reads all hashes, and deals out a part of the partitions.
            n_parts = min(n_threads or n_cores(), _MOST_DEALERS, last - first)
            for_ranges(deal, [(last - first) * i // n_parts for i in range(n_parts + 1)], n_threads)
            yield from for_ranges(call, range(len(starts)), n_threads)

    def _in_order(
        self, dealt: NDArray[np.uint64], places: NDArray[np.uint32], first: int, last: int
    ) -> EqualHashes:
        from dedupe.kernels import grouping

        order = np.empty(last - first, np.int32)
        holders = np.empty(last - first, np.int32)
        grouping.fill_holders(self.offsets, places, first, last, holders)
        begins = np.ones(last - first, np.bool_)
        if last - first < _LARGEST:
            grouping.fill_equal_order(dealt, first, last, self.n_bits, order, begins)
        else:
            order[:] = np.argsort(dealt[first:last], kind="stable")
            begins[1:] = np.diff(dealt[first:last][order]) != 0
        return EqualHashes(places, first, order, begins, holders)


def equal_hashes(
    hashes: NDArray[np.uint64], offsets: NDArray[np.int64], spill: Spill = MEMORY
) -> Equals:
    """Count how many hashes, uint64 (R,), begin alike; documents hold them as `Equals` says."""
    from dedupe.kernels import grouping

    n_bits = min(max(1, (len(hashes) // _PARTITION).bit_length()), _MOST_BITS)
    sizes = np.zeros(1 << n_bits, np.int64)
    grouping.count_partitions(hashes, n_bits, sizes)
    at_once = max(spill.at_most(_DEALT_BYTES), 1) // _DEALT_EACH + 1
    return Equals(hashes, offsets, sizes, n_bits, at_once)


def among(hashes: NDArray[np.uint64], wanted: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Say which of `hashes`, uint64 (R,), are in `wanted`, sorted.

    From 1,000 hashes on, hash 0 is never found.

    Most are not, and a table of bits sorts these out first: a search for each would take many
    times as long.
    """
    found = np.zeros(len(hashes), np.bool_)
    if not len(wanted):
        return found
    few = len(hashes) < _FEW
    places = np.arange(len(hashes)) if few else np.flatnonzero(may_stand(hashes, wanted, 1))
    asked = hashes[places]
    found[places] = wanted[np.searchsorted(wanted, asked).clip(max=len(wanted) - 1)] == asked
    return found


def may_stand(
    hashes: NDArray[np.uint64], counted: NDArray[np.uint64], least: int
) -> NDArray[np.bool_]:
    """Say which hashes, uint64 (R,), may occur at least `least` times in `counted`; hash 0 never.

    No false negatives; a few false positives that share leading bits.
    """
    from dedupe.kernels.repeats import count_in_buckets, fill_crowded

    n_buckets = min(1 << max(_LEAST_BITS, (4 * len(counted)).bit_length()), _MOST_BUCKETS)
    counts = np.zeros(n_buckets, np.uint8)
    count_in_buckets(counted, counts)
    crowded = np.empty(len(hashes), np.bool_)
    fill_crowded(np.ascontiguousarray(hashes), counts, least, crowded)
    return crowded
