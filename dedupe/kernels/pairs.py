"""Sorted keys in, candidate pairs out; sorted sets in, overlaps out.

A pair is one uint64, the smaller row in the high half: sorting pairs sorts them
by their first document, then their second.

Axes: D documents, R rows of an index (one key of one document), P pairs,
K signature slots.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe.kernels._compile import kernel
from dedupe.kernels.hashing import GOLDEN, mix

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SHIFT_32 = np.uint64(32)
_NONE, _ONE = np.uint64(0), np.uint64(1)
_WORD_BITS, _SHIFT_58 = np.uint64(3), np.uint64(58)
_PLACES_A_WORD = 8
"""A word of 64 bits stands for so many places of a table: 2 ** _WORD_BITS."""
_LOW_32 = np.uint64(0xFFFFFFFF)
_BASE = GOLDEN


@kernel
def pack_pair(a: int, b: int) -> np.uint64:
    """Return rows a and b as one sortable number, whichever comes first."""
    low = min(a, b)
    high = max(a, b)
    return (np.uint64(low) << _SHIFT_32) | np.uint64(high)


@kernel
def fill_bands(
    signatures: NDArray[np.uint32],
    rows: NDArray[np.int64],
    first: int,
    last: int,
    first_band: int,
    n_rows: int,
    keys: NDArray[np.uint64],
) -> None:
    """Hash bands of `n_rows` slots each to one key, for rows[first:last].

    Shapes (N rows, B bands)
        signatures  uint32 (D, K)
        rows        int64  (N,)
        keys        uint64 (B, N)   bands first_band and after; written from first to last
    """
    for n in range(first, last):
        row = signatures[rows[n]]
        for band in range(keys.shape[0]):
            slot = (first_band + band) * n_rows
            key = np.uint64(slot)
            for i in range(slot, slot + n_rows):
                key = mix((key << _SHIFT_32) ^ (key >> _SHIFT_32) ^ np.uint64(row[i]))
            keys[band, n] = key


@kernel
def count_linked(sizes_from: NDArray[np.int64], cap: int, n_hubs: int) -> int:
    """Return how many pairs `fill_linked` will write for buckets with these bounds.

    Shapes
        sizes_from  int64 (n_buckets + 1,)  bounds of the buckets
    """
    n_pairs = 0
    for bucket in range(sizes_from.size - 1):
        size = sizes_from[bucket + 1] - sizes_from[bucket]
        if size <= cap:
            n_pairs += size * (size - 1) // 2
        else:
            hubs = min(n_hubs, size)
            n_pairs += hubs * (size - hubs) + hubs * (hubs - 1) // 2
    return n_pairs


@kernel
def _comes_first(priority: NDArray[np.uint64], row: int, other: int) -> bool:
    """Rank rows by priority; equal ones, of texts with the same shingles, by number."""
    if priority[row] == priority[other]:
        return row < other
    return bool(priority[row] < priority[other])


@kernel
def fill_linked(
    members: NDArray[np.int64],
    bounds: NDArray[np.int64],
    priority: NDArray[np.uint64],
    cap: int,
    n_hubs: int,
    out: NDArray[np.uint64],
) -> int:
    """Pair the members of each bucket; a bucket above `cap` becomes stars.

    Shapes
        members   int64  (R,)  document rows, bucket after bucket
        bounds    int64  (n_buckets + 1,)  bucket i is members[bounds[i]:bounds[i+1]]
        priority  uint64 (D,)  the hubs of a large bucket are its `n_hubs`
                               documents of smallest priority: a hash of their
                               content, so that the choice depends on no order
        out       uint64 (count_linked(...),)  packed pairs, repeats included
    Returns the number of pairs written.
    """
    n_out = 0
    hubs = np.empty(n_hubs, dtype=np.int64)
    for bucket in range(bounds.size - 1):
        start = bounds[bucket]
        end = bounds[bucket + 1]
        if end - start <= cap:
            for i in range(start, end):
                for j in range(i + 1, end):
                    out[n_out] = pack_pair(members[i], members[j])
                    n_out += 1
            continue
        found = 0
        for i in range(start, end):
            place = found
            while place > 0 and _comes_first(priority, members[i], hubs[place - 1]):
                if place < n_hubs:
                    hubs[place] = hubs[place - 1]
                place -= 1
            if place < n_hubs:
                hubs[place] = members[i]
                found = min(found + 1, n_hubs)
        for i in range(start, end):
            for hub in range(found):
                if members[i] == hubs[hub]:
                    break
                out[n_out] = pack_pair(members[i], hubs[hub])
                n_out += 1
    return n_out


@kernel
def fill_overlaps(
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    first: int,
    last: int,
    hashes: NDArray[np.uint64],
    offsets: NDArray[np.int64],
    shared: NDArray[np.int32],
) -> None:
    """Count the shingles common to pairs [first, last), exactly.

    Shapes
        a, b     int64  (P,)   document numbers; where pairs stand by a, a table of its
                               hashes is made once, and b's are looked up in it
        hashes   uint64 (S,)   distinct within each document, a 0 before the others
        offsets  int64  (D+1,)
        shared   int32  (P,)   written in [first, last)
    """
    longest_a = longest_b = np.int64(0)
    for p in range(first, last):
        longest_a = max(longest_a, offsets[a[p] + 1] - offsets[a[p]])
        longest_b = max(longest_b, offsets[b[p] + 1] - offsets[b[p]])
    table = np.empty(_table_size(longest_a), np.uint64)
    bits = np.empty(len(table) // _PLACES_A_WORD, np.uint64)
    likely = np.empty(longest_b, np.uint64)
    mask = np.uint64(0)
    tabled = np.int64(-1)
    for p in range(first, last):
        start_a, end_a = offsets[a[p]], offsets[a[p] + 1]
        start_b, end_b = offsets[b[p]], offsets[b[p] + 1]
        count = 0
        if start_a < end_a and start_b < end_b:
            if a[p] != tabled:
                tabled = a[p]
                mask = np.uint64(_table_size(end_a - start_a) - 1)
                _fill_table(hashes, start_a, end_a, mask, table, bits)
            # A 0 would be a free place in the table.
            if hashes[start_b] == _NONE:
                count += np.int64(hashes[start_a] == _NONE)
                start_b += 1
            n_likely = 0
            for i in range(start_b, end_b):
                # Without branches: whether a bit is set is a coin toss to the processor.
                likely[n_likely] = hashes[i]
                n_likely += np.int64(_bit(bits, mask, hashes[i]))
            for i in range(n_likely):
                count += _is_held(table, mask, likely[i])
        shared[p] = count


@kernel
def _table_size(n_hashes: int) -> int:
    """Return how many places a table of so many hashes has: a power of two, four for each."""
    size = _PLACES_A_WORD
    while size < 4 * n_hashes:
        size *= 2
    return size


@kernel
def _fill_table(
    hashes: NDArray[np.uint64],
    start: int,
    end: int,
    mask: np.uint64,
    table: NDArray[np.uint64],
    bits: NDArray[np.uint64],
) -> None:
    """Put hashes[start:end] at the first free place from that of their low bits on; 0 is none.

    Eight times as many bits as places tell of most other hashes that they are not there.
    """
    for i in range(np.int64(mask) + 1):
        table[i] = _NONE
    for i in range((np.int64(mask) + 1) // _PLACES_A_WORD):
        bits[i] = _NONE
    for i in range(start, end):
        bits[_word(mask, hashes[i])] |= _ONE << (hashes[i] >> _SHIFT_58)
        place = hashes[i] & mask
        while table[np.int64(place)] != _NONE:
            place = (place + _ONE) & mask
        table[np.int64(place)] = hashes[i]


@kernel
def _word(mask: np.uint64, value: np.uint64) -> int:
    """Return which word of bits has that of a hash; its first six bits say which bit."""
    return np.int64((value & mask) >> _WORD_BITS)


@kernel
def _bit(bits: NDArray[np.uint64], mask: np.uint64, value: np.uint64) -> np.uint64:
    return (bits[_word(mask, value)] >> (value >> _SHIFT_58)) & _ONE


@kernel
def _is_held(table: NDArray[np.uint64], mask: np.uint64, value: np.uint64) -> int:
    """Return 1 if a table holds a value, else 0."""
    place = value & mask
    while table[np.int64(place)] != _NONE:
        if table[np.int64(place)] == value:
            return 1
        place = (place + _ONE) & mask
    return 0


@kernel
def fill_content_keys(
    hashes: NDArray[np.uint64],
    starts: NDArray[np.int32],
    ends: NDArray[np.int32],
    offsets: NDArray[np.int64],
    keys: NDArray[np.uint64],
) -> None:
    """Hash the words of each document in their order, above all how long they are.

    Which of two keys is larger tells which text is walked beside the other: no seed may
    have a say in that but where words are as long, one by one.

    Shapes
        hashes        uint64 (T,)    of tokens
        starts, ends  int32  (T,)    their bytes
        offsets       int64  (D+1,)  document d owns hashes[offsets[d]:offsets[d+1]]
        keys          uint64 (D,)    overwritten: the lengths in the upper half, as a polynomial;
                                     the hashes in the lower, each as often as its place says,
                                     odd numbers that begin with 1, all summed
    """
    for d in range(keys.size):
        lengths, words, weight = _NONE, _NONE, _ONE
        for i in range(offsets[d], offsets[d + 1]):
            lengths = lengths * _BASE + np.uint64(ends[i] - starts[i])
            words += hashes[i] * weight
            weight += np.uint64(2)
        keys[d] = (mix(lengths) & ~_LOW_32) | (words & _LOW_32)


@kernel
def fill_block_bounds(
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    sizes: NDArray[np.int64],
    most_bytes: int,
    most_pairs: int,
    bounds: NDArray[np.int64],
) -> int:
    """Cut pairs, as they are ordered, into blocks of few texts; returns how many blocks.

    Shapes (P pairs, D documents)
        a, b    int64 (P,)    rows of sizes
        sizes   int64 (D,)    bytes of each text
        bounds  int64 (P+1,)  overwritten up to the number of blocks: block i has the pairs
                              bounds[i]:bounds[i+1]
    Each text of a block counts once, however many of its pairs have it. A block has at most
    `most_pairs` pairs, and texts of `most_bytes`, or else one pair.
    """
    block_of = np.full(len(sizes), -1, np.int64)
    bounds[0] = 0
    n_blocks = 0
    n_bytes = np.int64(0)
    for pair in range(len(a)):
        more = np.int64(0)
        for document in (a[pair], b[pair]):
            if block_of[document] != n_blocks:
                more += sizes[document]
        n_pairs = pair - bounds[n_blocks]
        if n_pairs > 0 and (n_bytes + more > most_bytes or n_pairs == most_pairs):
            n_blocks += 1
            bounds[n_blocks] = pair
            n_bytes, more = np.int64(0), sizes[a[pair]] + sizes[b[pair]]
        block_of[a[pair]] = block_of[b[pair]] = n_blocks
        n_bytes += more
    n_blocks += len(a) > 0
    bounds[n_blocks] = len(a)
    return n_blocks
