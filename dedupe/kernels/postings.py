"""Sorted postings in, places of keys out: in memory, and in the bytes of a segment.

A posting says that a document holds a key. It is one uint64: the key's upper
`KEY_BITS` bits above the document's `DOCUMENT_BITS` bits, counted from the
first document of its array or segment. So sorting postings sorts them by key,
and the postings of one key by document.

In a segment of D documents a row is one uint32: as many low bits as D needs are
the document, the others the low bits of the key. The bits that are missing of
the key are the place in a directory, which so has about an entry for each
document. Keys of 32 bits meet by chance once in 2**32 / P lookups of P postings:
a candidate too many, which the next stage drops.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe.kernels._compile import kernel
from dedupe.kernels.checksums import first_damaged

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Of a posting: segments of more than 16 million documents are not made.
KEY_BITS, DOCUMENT_BITS = 32, 24
SCANNED_ROWS = 128
"""Rows a key up to which the rows of a bucket are read from its first key to its last: 136,000
keys took 2.3 ms instead of 8.2 among 1.2 million rows, 11.5 instead of 20.3 among 9.4 million,
but 37 instead of 16 among 75 million."""

_AHEAD = 64
"""Keys whose rows are read at once, before any of them is searched for."""


@kernel
def fill_hits(
    postings: NDArray[np.uint64],
    keys: NDArray[np.uint64],
    hits: NDArray[np.int64],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
) -> int:
    """Find the keys that a sorted array of postings holds; returns how many (H).

    Shapes (P postings, N keys)
        postings      uint64 (P,)  rising
        keys          uint64 (N,)  rising; the low `KEY_BITS` bits are the key
        hits          int64  (N,)  overwritten up to H: places of the keys held
        starts, ends  int64  (N,)  overwritten up to H: postings[starts[i]:ends[i]] hold
                                   keys[hits[i]]
    """
    n_hits = 0
    place = np.int64(0)
    is_far = len(postings) > SCANNED_ROWS * len(keys)
    for i in range(len(keys)):
        low = keys[i] << np.uint64(DOCUMENT_BITS)
        if is_far:
            # Hashes lie evenly: the key stands near its share of the way.
            share = (keys[i] * np.uint64(len(postings))) >> np.uint64(KEY_BITS)
            place = _last_below(postings, low, max(place, np.int64(share)), place)
        place = _lower_bound(postings, low, place)
        if place == len(postings) or postings[place] >> np.uint64(DOCUMENT_BITS) != keys[i]:
            continue
        end = place + 1
        if end < len(postings) and postings[end] >> np.uint64(DOCUMENT_BITS) == keys[i]:
            end = _lower_bound(postings, (keys[i] + np.uint64(1)) << np.uint64(DOCUMENT_BITS), end)
        hits[n_hits], starts[n_hits], ends[n_hits] = i, place, end
        n_hits += 1
    return n_hits


@kernel
def _lower_bound(values: NDArray[np.uint64], wanted: np.uint64, start: int) -> int:
    """Return the first place from `start` on whose value is not below `wanted`.

    Keys come sorted, so the next is near: steps double until they pass it.
    """
    low = np.int64(start)
    step = np.int64(1)
    high = low
    while high < len(values) and values[high] < wanted:
        low = high + 1
        high += step
        step *= 2
    high = min(high, np.int64(len(values)))
    while low < high:
        middle = (low + high) >> 1
        if values[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low


@kernel
def _last_below(values: NDArray[np.uint64], wanted: np.uint64, start: int, lowest: int) -> int:
    """Return a place whose value, and all before, is below `wanted`: near `start`, or the lowest.

    Steps back double until they pass it.
    """
    place = np.int64(start)
    step = np.int64(16)
    while place > lowest and (place >= len(values) or values[place] >= wanted):
        place = max(place - step, np.int64(lowest))
        step *= 2
    return place


@kernel
def fill_segment_hits(
    rows: NDArray[np.uint32],
    directory: NDArray[np.uint32],
    n_bits: int,
    keys: NDArray[np.uint64],
    sums: NDArray[np.uint64],
    checked: NDArray[np.uint8],
    hits: NDArray[np.int64],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
) -> tuple[int, int]:
    """Find the keys that a segment holds; returns (damaged block or -1, how many: H).

    Shapes (P postings, N keys, B blocks, b bits of a document and of a bucket)
        rows          uint32 (P,)                may be a memory map
        directory     uint32 (2**b + 1,)         first row of each bucket
        keys          uint64 (N,)                rising; low `KEY_BITS` bits
        sums          uint64 (B,)                checksums of the blocks of rows
        checked       uint8  (B,)                1: seen to be whole; updated
        hits          int64  (N,)  overwritten up to H: places of the keys held
        starts, ends  int64  (N,)  overwritten up to H: their rows
    """
    if len(rows) <= SCANNED_ROWS * len(keys):
        return _fill_scanned_hits(rows, directory, n_bits, keys, sums, checked, hits, starts, ends)
    n_hits = 0
    seen = np.int64(-1)
    rest_bits = np.uint64(KEY_BITS - n_bits)
    ahead = np.empty(_AHEAD, np.uint32)
    for start_key in range(0, len(keys), _AHEAD):
        end_key = min(start_key + _AHEAD, len(keys))
        _read_ahead(rows, directory, rest_bits, keys[start_key:end_key], ahead)
        for i in range(start_key, end_key):
            bucket, rest = _parted(keys[i], rest_bits)
            first, last = _rows_of(directory, bucket, len(rows))
            if bucket != seen:
                bad = first_damaged(rows, first, last, sums, checked)
                if bad >= 0:
                    return bad, n_hits
                seen = bucket
            if first == last:
                continue
            guess = _guess(first, last, rest, rest_bits)
            if np.int64(ahead[i - start_key]) >> n_bits < rest:
                start = _first_row(rows, guess + 1, last, guess + 2, rest, n_bits)
            else:
                start = _first_row(rows, first, guess, guess - 2, rest, n_bits)
            if start == last or np.int64(rows[start]) >> n_bits != rest:
                continue
            end = start + 1
            if end < last and np.int64(rows[end]) >> n_bits == rest:
                end = _first_row(rows, end, last, end + 4, rest + 1, n_bits)
            hits[n_hits], starts[n_hits], ends[n_hits] = i, start, end
            n_hits += 1
    return -1, n_hits


@kernel
def _fill_scanned_hits(
    rows: NDArray[np.uint32],
    directory: NDArray[np.uint32],
    n_bits: int,
    keys: NDArray[np.uint64],
    sums: NDArray[np.uint64],
    checked: NDArray[np.uint8],
    hits: NDArray[np.int64],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
) -> tuple[int, int]:
    """Find many keys in few rows as `fill_segment_hits` does, each from the row of the one before.

    One pass over the rows in their order, which the processor sees coming.
    """
    n_hits = 0
    seen = np.int64(-1)
    row = np.int64(0)
    rest_bits = np.uint64(KEY_BITS - n_bits)
    for i in range(len(keys)):
        bucket, rest = _parted(keys[i], rest_bits)
        first, last = _rows_of(directory, bucket, len(rows))
        if bucket != seen:
            bad = first_damaged(rows, first, last, sums, checked)
            if bad >= 0:
                return bad, n_hits
            seen = bucket
            row = first
        # The bits of a row above its document are of the key: compared as they stand.
        wanted = np.int64(rest) << n_bits
        while row < last and np.int64(rows[row]) < wanted:
            row += 1
        if row == last or np.int64(rows[row]) >> n_bits != rest:
            continue
        hits[n_hits], starts[n_hits] = i, row
        if n_hits > 0 and starts[n_hits - 1] == row:
            ends[n_hits] = ends[n_hits - 1]
        else:
            end = row + 1
            if end < last and np.int64(rows[end]) >> n_bits == rest:
                end = _first_row(rows, end, last, end + 4, rest + 1, n_bits)
            ends[n_hits] = end
        n_hits += 1
    return -1, n_hits


@kernel
def _read_ahead(
    rows: NDArray[np.uint32],
    directory: NDArray[np.uint32],
    rest_bits: np.uint64,
    keys: NDArray[np.uint64],
    out: NDArray[np.uint32],
) -> None:
    """Read the row where each key should be into `out`, uint32.

    Without a branch the processor fetches many of them from memory at once; a
    search that waits for each took four times as long.
    """
    highest = len(rows) - 1
    for i in range(len(keys) if highest >= 0 else 0):
        bucket, rest = _parted(keys[i], rest_bits)
        first, last = _rows_of(directory, bucket, len(rows))
        out[i] = rows[min(_guess(first, last, rest, rest_bits), highest)]


@kernel
def _parted(key: np.uint64, rest_bits: np.uint64) -> tuple[int, int]:
    """Return the bucket of a key, and the bits of it that a row holds."""
    rest = key & ((np.uint64(1) << rest_bits) - np.uint64(1))
    return np.int64(key >> rest_bits), np.int64(rest)


@kernel
def _rows_of(directory: NDArray[np.uint32], bucket: int, n_rows: int) -> tuple[int, int]:
    """Return the rows of a bucket; none outside the file, whatever becomes of the directory."""
    last = min(np.int64(directory[bucket + 1]), np.int64(n_rows))
    return min(np.int64(directory[bucket]), last), last


@kernel
def _guess(first: int, last: int, rest: int, rest_bits: np.uint64) -> int:
    """Return the row of a bucket, [first, last), where a key should be: hashes lie evenly."""
    return np.int64(first) + (((np.int64(last) - np.int64(first)) * rest) >> np.int64(rest_bits))


@kernel
def _first_row(
    rows: NDArray[np.uint32], first: int, last: int, guess: int, rest: int, n_bits: int
) -> int:
    """Return the first of rows [first, last) whose key is at least `rest`, or last.

    The search begins at the guess, and widens until it encloses the row: two
    cache lines instead of eleven.
    """
    low = np.int64(first)
    high = np.int64(last)
    place = np.int64(guess)
    step = np.int64(4)
    # Rows below `low` are smaller, rows from `high` on are not.
    while low < high:
        middle = min(max(place, low), high - 1)
        if np.int64(rows[middle]) >> n_bits < rest:
            low = middle + 1
            place = low + step
        else:
            high = middle
            place = high - step
        step *= 4
        if step > high - low:
            place = (low + high) >> 1
    return low


@kernel
def fill_rows(
    postings: NDArray[np.uint64],
    n_bits: int,
    n_before: int,
    n_opened: int,
    rows: NDArray[np.uint32],
    directory: NDArray[np.uint32],
) -> None:
    """Write sorted postings as rows, and where the buckets begin that they open.

    Args:
        postings: uint64 (P,), none smaller than those of earlier calls.
        n_bits: of a document and of a bucket.
        n_before: rows of earlier calls.
        n_opened: buckets that earlier calls have opened.
        rows: uint32 (P,), overwritten.
        directory: uint32, the first row of each bucket from `n_opened` to that of the last
            posting; overwritten.
    """
    documents = (np.uint64(1) << np.uint64(n_bits)) - np.uint64(1)
    opened = np.int64(n_opened)
    for i in range(len(postings)):
        key = postings[i] >> np.uint64(DOCUMENT_BITS)
        bucket = np.int64(key >> np.uint64(KEY_BITS - n_bits))
        while opened <= bucket:
            directory[opened - n_opened] = n_before + i
            opened += 1
        # The bits of the key that the directory tells are shifted out.
        rows[i] = np.uint32(
            ((key << np.uint64(n_bits)) | (postings[i] & documents)) & np.uint64(0xFFFFFFFF)
        )


@kernel
def fill_postings(
    rows: NDArray[np.uint32],
    directory: NDArray[np.uint32],
    n_bits: int,
    first_bucket: int,
    last_bucket: int,
    shift_documents: int,
    out: NDArray[np.uint64],
) -> None:
    """Read the rows of buckets [first_bucket, last_bucket) back as postings.

    Args:
        rows: uint32, a segment's.
        directory: uint32 (2**n_bits + 1,).
        n_bits: of a document and of a bucket.
        first_bucket: of those read.
        last_bucket: after those read.
        shift_documents: added to each document.
        out: uint64, a place for each row read.
    """
    base = np.int64(directory[first_bucket])
    documents = (np.int64(1) << n_bits) - 1
    for bucket in range(first_bucket, last_bucket):
        top = np.uint64(bucket) << np.uint64(KEY_BITS - n_bits + DOCUMENT_BITS)
        for row in range(np.int64(directory[bucket]), np.int64(directory[bucket + 1])):
            value = np.int64(rows[row])
            key = np.uint64(value >> n_bits) << np.uint64(DOCUMENT_BITS)
            out[row - base] = top | key | np.uint64((value & documents) + shift_documents)


@kernel
def fill_documents(
    rows: NDArray[np.uint32],
    n_bits: int,
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    out: NDArray[np.int64],
) -> None:
    """Read the documents of row ranges, one after another, into `out`, int64."""
    place = 0
    documents = (np.int64(1) << n_bits) - 1
    for i in range(len(starts)):
        for row in range(starts[i], ends[i]):
            out[place] = np.int64(rows[row]) & documents
            place += 1


@kernel
def fill_packed_documents(
    postings: NDArray[np.uint64],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    out: NDArray[np.int64],
) -> None:
    """Read the documents of ranges of a postings array, one after another, into `out`, int64."""
    place = 0
    for i in range(len(starts)):
        for row in range(starts[i], ends[i]):
            out[place] = np.int64(postings[row] & np.uint64((1 << DOCUMENT_BITS) - 1))
            place += 1
