"""Documents in; signature, sampled shingles and text hash of each, out, in one pass.

The bytes of a document are read once; its tokens and shingles live in scratch
arrays small enough for the processor's nearest cache.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe.kernels._compile import kernel
from dedupe.kernels.facts import fill_facts
from dedupe.kernels.hashing import GOLDEN, mix
from dedupe.kernels.shingles import fill_shingles
from dedupe.kernels.sketch import EMPTY, fill_empty_slots, update_signature
from dedupe.kernels.sorting import move_distinct, sort_distinct, table_size
from dedupe.kernels.text import fill_tokens
from dedupe.kernels.token_hashes import fill_token_hashes

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SAMPLE_BITS = np.uint64(0xFFFF)
_SHIFT_33 = np.uint64(33)
_ODD = GOLDEN


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
    shingles = np.empty(max_tokens, dtype=np.uint64)
    written = 0
    for d in range(first, last):
        n_tokens = 0
        for s in range(offsets[d], offsets[d + 1]):
            n_tokens = fill_token_hashes(
                data, spans[s, 0], spans[s, 1], pages, entries, expansions, seed, n_tokens, hashes
            )
        n_shingles = fill_shingles(hashes, n_tokens, shingle_words, shingles)
        row = signatures[d]
        row[:] = EMPTY
        start = written
        text_hash = np.uint64(n_tokens)
        for i in range(n_shingles):
            shingle = shingles[i]
            update_signature(row, shingle)
            # Always storing is faster than asking first: the branch is hard to predict.
            sampled[written] = shingle
            written += np.int64((shingle >> _SHIFT_33) & _SAMPLE_BITS < sample_below)
            text_hash = (text_hash ^ hashes[i]) * _ODD
        for i in range(n_shingles, n_tokens):
            text_hash = (text_hash ^ hashes[i]) * _ODD
        fill_empty_slots(shingles[:n_shingles], row)
        written = start + sort_distinct(sampled, start, written)
        text_hashes[d] = mix(text_hash)
        n_words[d] = n_tokens
        n_sampled[d] = written - start
    return written


@kernel
def count_tokens(
    data: NDArray[np.uint8],
    spans: NDArray[np.int64],
    offsets: NDArray[np.int64],
    rows: NDArray[np.int64],
    first: int,
    last: int,
    pages: NDArray[np.uint16],
    entries: NDArray[np.uint32],
    expansions: NDArray[np.uint32],
    seed: np.uint64,
    max_tokens: int,
    n_tokens: NDArray[np.int64],
) -> None:
    """Count the tokens of documents rows[first:last]; n_tokens int64 (N,) as `fill_documents`."""
    hashes = np.empty(max_tokens, dtype=np.uint64)
    for n in range(first, last):
        count = 0
        for s in range(offsets[rows[n]], offsets[rows[n] + 1]):
            count = fill_token_hashes(
                data, spans[s, 0], spans[s, 1], pages, entries, expansions, seed, count, hashes
            )
        n_tokens[n] = count


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
    facts: NDArray[np.uint64],
    n_facts: NDArray[np.int64],
) -> int:
    """Write tokens, distinct shingles, words and facts of documents rows[first:last] in turn.

    Shapes (N rows, T tokens)
        rows          int64  (N,)  which documents
        token_*       (T,)  hash, first byte and byte after the last (both from
                      the start of the document's text), flags of kernels.text
        n_tokens      int64  (N,)  written in [first, last)
        shingles      uint64 (T,)  distinct within each document, a 0 before the others
        n_shingles    int64  (N,)  written in [first, last)
        vocabulary    uint64 (T,)  token hashes, distinct within each document, a 0 first
        n_distinct    int64  (N,)  written in [first, last)
        facts         uint64 (T,)  distinct numbers and names of each document, see `fill_facts`
        n_facts       int64  (N, 2)  written in [first, last)
    Returns the number of tokens written.
    """
    starts = np.empty(max_tokens, dtype=np.int64)
    ends = np.empty(max_tokens, dtype=np.int64)
    table = np.empty(table_size(max_tokens), dtype=np.uint64)
    at = 0
    at_shingle = 0
    at_distinct = 0
    at_fact = 0
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
            vocabulary[at_distinct + i] = token_hashes[at + i]
        found = fill_shingles(token_hashes[at:], count, shingle_words, shingles[at_shingle:])
        found = move_distinct(shingles, at_shingle, at_shingle + found, table)
        n_tokens[n] = count
        n_shingles[n] = found
        n_distinct[n] = move_distinct(vocabulary, at_distinct, at_distinct + count, table)
        fill_facts(token_hashes[at:], token_flags[at:], count, facts[at_fact:], n_facts[n])
        at += count
        at_shingle += found
        at_fact += n_facts[n, 0] + n_facts[n, 1]
        at_distinct += n_distinct[n]
    return at
