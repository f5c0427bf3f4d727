"""Documents in; signature, sampled shingles and text hash of each, out, in one pass.

The bytes of a document are read once; its tokens and shingles live in scratch
arrays small enough for the processor's nearest cache.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe.kernels._compile import kernel
from dedupe.kernels.sketch import EMPTY, fill_empty_slots, update_signature
from dedupe.kernels.text import fill_shingles, fill_tokens, mix

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SAMPLE_BITS = np.uint64(0xFFFF)
_SHIFT_33 = np.uint64(33)
_SHORT_RANGE = 16


@kernel
def fill_digests(
    data: NDArray[np.uint8],
    spans: NDArray[np.int64],
    offsets: NDArray[np.int64],
    first: int,
    last: int,
    pages: NDArray[np.uint16],
    entries: NDArray[np.uint32],
    expansions: NDArray[np.uint32],
    seed: np.uint64,
    shingle_words: int,
    sample_below: np.uint64,
    max_tokens: int,
    signatures: NDArray[np.uint32],
    text_hashes: NDArray[np.uint64],
    n_words: NDArray[np.int32],
    sampled: NDArray[np.uint64],
    n_sampled: NDArray[np.int32],
) -> int:
    """Sketch documents [first, last); returns how many sampled shingles were written.

    Shapes (B bytes, S ranges, D documents, K slots)
        data         uint8  (B,)    UTF-8; may be read-only
        spans        int64  (S, 2)  kept ranges of data
        offsets      int64  (D+1,)  document d keeps spans[offsets[d]:offsets[d+1]]
        signatures   uint32 (D, K)  rows [first, last) overwritten
        text_hashes  uint64 (D,)    equal for equal sequences of folded tokens
        n_words      int32  (D,)
        sampled      uint64 (R,)    sampled shingles of first, then of the next...;
                                    rising and distinct within each document
        n_sampled    int32  (D,)    how many of them each document has
    sample_below  a shingle is sampled when 16 of its bits are below this; those
                  bits take no part in the signature, so the two are independent
    Source  FracMinHash: Irber et al. 2022; the sample is of hashes, so two texts
            sample the same of what they share.
    """
    hashes = np.empty(max_tokens, dtype=np.uint64)
    starts = np.empty(max_tokens, dtype=np.int64)
    ends = np.empty(max_tokens, dtype=np.int64)
    flags = np.empty(max_tokens, dtype=np.uint8)
    shingles = np.empty(max_tokens, dtype=np.uint64)
    written = 0
    for d in range(first, last):
        n_tokens = 0
        for s in range(offsets[d], offsets[d + 1]):
            n_tokens = fill_tokens(
                data, spans[s, 0], spans[s, 1], pages, entries, expansions, seed, n_tokens,
                hashes, starts, ends, flags,
            )  # fmt: skip
        n_shingles = fill_shingles(hashes, n_tokens, shingle_words, shingles)
        row = signatures[d]
        row[:] = EMPTY
        start = written
        for i in range(n_shingles):
            shingle = shingles[i]
            update_signature(row, shingle)
            if (shingle >> _SHIFT_33) & _SAMPLE_BITS < sample_below:
                sampled[written] = shingle
                written += 1
        fill_empty_slots(shingles[:n_shingles], row)
        written = start + sort_distinct(sampled, start, written)
        text_hash = np.uint64(n_tokens)
        for i in range(n_tokens):
            text_hash = mix(text_hash ^ hashes[i])
        text_hashes[d] = text_hash
        n_words[d] = n_tokens
        n_sampled[d] = written - start
    return written


@kernel
def sort_distinct(values: NDArray[np.uint64], start: int, end: int) -> int:
    """Sort values[start:end] in place and move repeats out; returns how many are left."""
    if end - start < 2:
        return end - start
    sort_range(values, start, end)
    distinct = start + 1
    for i in range(start + 1, end):
        if values[i] != values[distinct - 1]:
            values[distinct] = values[i]
            distinct += 1
    return distinct - start


@kernel
def sort_range(values: NDArray[np.uint64], start: int, end: int) -> None:
    """Sort values[start:end] in place.

    `values.sort()` will not do: Numba 0.68 gives the inner functions of sort and
    of argsort one name, and where both are read from the cache the first to be
    loaded serves for both, so that nothing is sorted.

    Source  Hoare 1962, quicksort; the larger part waits, so the stack is short.
    """
    waiting = np.empty((64, 2), dtype=np.int64)
    n_waiting = 0
    low = np.int64(start)
    high = np.int64(end - 1)
    while True:
        while high - low >= _SHORT_RANGE:
            middle = (low + high) >> 1
            pivot = _median(values[low], values[middle], values[high])
            i = low
            j = high
            while i <= j:
                while values[i] < pivot:
                    i += 1
                while values[j] > pivot:
                    j -= 1
                if i <= j:
                    values[i], values[j] = values[j], values[i]
                    i += 1
                    j -= 1
            if j - low < high - i:
                waiting[n_waiting, 0] = i
                waiting[n_waiting, 1] = high
                high = j
            else:
                waiting[n_waiting, 0] = low
                waiting[n_waiting, 1] = j
                low = i
            n_waiting += 1
        _insert_in_order(values, low, high)
        if n_waiting == 0:
            return
        n_waiting -= 1
        low = waiting[n_waiting, 0]
        high = waiting[n_waiting, 1]


@kernel
def _insert_in_order(values: NDArray[np.uint64], low: int, high: int) -> None:
    """Sort values[low:high + 1], a short range, by insertion."""
    for i in range(low + 1, high + 1):
        value = values[i]
        j = i
        while j > low and values[j - 1] > value:
            values[j] = values[j - 1]
            j -= 1
        values[j] = value


@kernel
def _median(x: np.uint64, y: np.uint64, z: np.uint64) -> np.uint64:
    return max(min(x, y), min(max(x, y), z))


@kernel
def fill_documents(
    data: NDArray[np.uint8],
    text_offsets: NDArray[np.int64],
    spans: NDArray[np.int64],
    offsets: NDArray[np.int64],
    rows: NDArray[np.int64],
    first: int,
    last: int,
    pages: NDArray[np.uint16],
    entries: NDArray[np.uint32],
    expansions: NDArray[np.uint32],
    seed: np.uint64,
    shingle_words: int,
    max_tokens: int,
    token_hashes: NDArray[np.uint64],
    token_starts: NDArray[np.int32],
    token_ends: NDArray[np.int32],
    token_flags: NDArray[np.uint8],
    n_tokens: NDArray[np.int64],
    shingles: NDArray[np.uint64],
    n_shingles: NDArray[np.int64],
    vocabulary: NDArray[np.uint64],
    n_distinct: NDArray[np.int64],
) -> int:
    """Write tokens, sorted distinct shingles and words of documents rows[first:last] in turn.

    Shapes (N rows, T tokens)
        rows          int64  (N,)  which documents
        token_*       (T,)  hash, first byte and byte after the last (both from
                      the start of the document's text), flags of kernels.text
        n_tokens      int64  (N,)  written in [first, last)
        shingles      uint64 (T,)  rising and distinct within each document
        n_shingles    int64  (N,)  written in [first, last)
        vocabulary    uint64 (T,)  token hashes, rising and distinct within each document
        n_distinct    int64  (N,)  written in [first, last)
    Returns the number of tokens written.
    """
    starts = np.empty(max_tokens, dtype=np.int64)
    ends = np.empty(max_tokens, dtype=np.int64)
    at = 0
    at_shingle = 0
    at_distinct = 0
    for n in range(first, last):
        d = rows[n]
        count = 0
        for s in range(offsets[d], offsets[d + 1]):
            count = fill_tokens(
                data, spans[s, 0], spans[s, 1], pages, entries, expansions, seed, count,
                token_hashes[at:], starts, ends, token_flags[at:],
            )  # fmt: skip
        for i in range(count):
            token_starts[at + i] = np.int32(starts[i] - text_offsets[d])
            token_ends[at + i] = np.int32(ends[i] - text_offsets[d])
        found = fill_shingles(token_hashes[at:], count, shingle_words, shingles[at_shingle:])
        found = sort_distinct(shingles, at_shingle, at_shingle + found)
        n_tokens[n] = count
        n_shingles[n] = found
        vocabulary[at_distinct : at_distinct + count] = token_hashes[at : at + count]
        n_distinct[n] = sort_distinct(vocabulary, at_distinct, at_distinct + count)
        at += count
        at_shingle += found
        at_distinct += n_distinct[n]
    return at
