"""Hashes in, groups of equal ones out, one partition at a time.

Places of hashes are dealt out by the hashes' first bits, so that a partition
fits the caches and threads share the work; each is then put in order alone.

Axes: R hashes, D documents, N places of one partition.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe.kernels._compile import kernel
from dedupe.kernels.sorting import sort_range

if TYPE_CHECKING:
    from numpy.typing import NDArray

PLACE_BITS = 24
"""A partition has fewer than 2 ** PLACE_BITS places."""

_PLACE = np.uint64((1 << PLACE_BITS) - 1)
_SHIFT = np.uint64(PLACE_BITS)


@kernel
def count_partitions(hashes: NDArray[np.uint64], n_bits: int, counts: NDArray[np.int64]) -> None:
    """Add to counts, int64 (2**n_bits,), how many hashes (R,) begin with each n_bits bits."""
    shift = np.uint64(64 - n_bits)
    for i in range(hashes.size):
        counts[np.int64(hashes[i] >> shift)] += 1


@kernel
def fill_partitions(
    hashes: NDArray[np.uint64],
    n_bits: int,
    first: int,
    last: int,
    heads: NDArray[np.int64],
    dealt: NDArray[np.uint64],
    places: NDArray[np.uint32],
) -> None:
    """Write the hashes of partitions [first, last) and their places, rising within each.

    Shapes
        hashes  uint64 (R,)
        n_bits  1 or more
        heads   int64  (last - first,)  where each partition begins; ends where it ends
        dealt   uint64 (n,)             overwritten
        places  uint32 (n,)             overwritten
    """
    shift = np.uint64(64 - n_bits)
    for i in range(hashes.size):
        partition = np.int64(hashes[i] >> shift)
        if first <= partition < last:
            at = heads[partition - first]
            dealt[at] = hashes[i]
            places[at] = i
            heads[partition - first] = at + 1


@kernel
def fill_equal_order(
    hashes: NDArray[np.uint64],
    first: int,
    last: int,
    skipped_bits: int,
    order: NDArray[np.int32],
    begins: NDArray[np.bool_],
) -> None:
    """Order hashes[first:last]; equal ones stay in their order.

    Shapes
        hashes        uint64 (n,)
        skipped_bits  high bits in which the hashes agree
        order         int32 (N,)   overwritten: counted from `first`
        begins        bool  (N,)   overwritten: another hash than the one before in order
    Forty bits of a hash and the place are one number to sort; hashes that agree
    in those bits alone, one pair in 2**40, are put right afterwards.
    """
    n = last - first
    keys = np.empty(n, dtype=np.uint64)
    skipped = np.uint64(skipped_bits)
    for i in range(n):
        keys[i] = ((hashes[first + i] << skipped) & ~_PLACE) | np.uint64(i)
    sort_range(keys, 0, n)
    for i in range(n):
        order[i] = np.int32(keys[i] & _PLACE)
    start = 0
    for i in range(1, n + 1):
        if i < n and keys[i] >> _SHIFT == keys[start] >> _SHIFT:
            continue
        begins[start] = True
        for j in range(start + 1, i):
            moved = order[j]
            value = hashes[first + moved]
            k = j
            while k > start and hashes[first + order[k - 1]] > value:
                order[k] = order[k - 1]
                k -= 1
            order[k] = moved
        for j in range(start + 1, i):
            before = hashes[first + order[j - 1]]
            begins[j] = hashes[first + order[j]] != before
        start = i


@kernel
def fill_holders(
    offsets: NDArray[np.int64],
    places: NDArray[np.uint32],
    first: int,
    last: int,
    holders: NDArray[np.int32],
) -> None:
    """Write the document of each of places[first:last], which rise.

    Shapes
        offsets  int64 (D+1,)  document d owns the places from offsets[d] to offsets[d+1]
        holders  int32 (N,)    overwritten
    """
    document = np.int64(0)
    n_docs = offsets.size - 1
    for i in range(first, last):
        place = np.int64(places[i])
        # The next holder is near: doubled steps reach it, halved ones find it.
        step = np.int64(1)
        low = document
        high = document + 1
        while high < n_docs and offsets[high] <= place:
            low = high
            high = min(high + step, n_docs)
            step *= 2
        while low + 1 < high:
            middle = (low + high) >> 1
            if offsets[middle] <= place:
                low = middle
            else:
                high = middle
        document = low
        holders[i - first] = document


@kernel
def fill_frequency_weights(
    places: NDArray[np.uint32],
    first: int,
    order: NDArray[np.int32],
    begins: NDArray[np.bool_],
    holders: NDArray[np.int32],
    counted: NDArray[np.bool_],
    by_frequency: NDArray[np.float32],
    weights: NDArray[np.float32],
) -> None:
    """Weigh each hash by how many counted documents hold it.

    Shapes
        places         uint32  (R,)  the partition begins at first
        order, begins  (N,)    from `fill_equal_order`
        holders        int32   (N,)  from `fill_holders`
        counted        bool    (D,)
        by_frequency   float32 (n,)  weight of a hash that so many documents hold
        weights        float32 (R,)  written at the places
    """
    start = 0
    while start < order.size:
        frequency = np.int64(counted[holders[order[start]]])
        end = start + 1
        while end < order.size and not begins[end]:
            frequency += np.int64(counted[holders[order[end]]])
            end += 1
        for i in range(start, end):
            weights[places[first + order[i]]] = by_frequency[frequency]
        start = end


@kernel
def fill_sums(
    weights: NDArray[np.float32], offsets: NDArray[np.int64], sums: NDArray[np.float64]
) -> None:
    """Add up weights[offsets[d]:offsets[d+1]] for each document, float64 (D,)."""
    for d in range(sums.size):
        total = 0.0
        for i in range(offsets[d], offsets[d + 1]):
            total += np.float64(weights[i])
        sums[d] = total


@kernel
def fill_buckets(
    order: NDArray[np.int32],
    begins: NDArray[np.bool_],
    holders: NDArray[np.int32],
    wanted: NDArray[np.bool_],
    members: NDArray[np.int64],
    bounds: NDArray[np.int64],
) -> int:
    """Write the wanted holders of each hash that two or more of them hold.

    Shapes
        order, begins  (N,)    from `fill_equal_order`
        holders  int32 (N,)    from `fill_holders`
        wanted   bool  (D,)
        members  int64 (N,)    bucket after bucket
        bounds   int64 (N // 2 + 1,)  bucket i is members[bounds[i]:bounds[i+1]]
    Returns the number of buckets.
    """
    n_buckets = 0
    n_members = np.int64(0)
    bounds[0] = 0
    start = 0
    while start < order.size:
        end = start + 1
        while end < order.size and not begins[end]:
            end += 1
        if end - start > 1:
            for i in range(start, end):
                holder = holders[order[i]]
                members[n_members] = holder
                n_members += np.int64(wanted[holder])
            if n_members - bounds[n_buckets] > 1:
                n_buckets += 1
                bounds[n_buckets] = n_members
            n_members = bounds[n_buckets]
        start = end
    return n_buckets
