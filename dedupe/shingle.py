"""Texts in; tokens and shingles out, for the documents a later stage looks at closely.

    Kept + rows     ->  shingle()       ->  Shingles (ragged arrays over those rows)
    pairs + hashes  ->  count_shared()  ->  how many both have

A token is a word, or a character of a script written without spaces; a shingle
is a run of three. Sketching does not need these arrays (it reads the bytes
itself, see sketch.py); verification does.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe.arrays.ragged import BATCH_BYTES, batch_bounds, ranges_of, running_total
from dedupe.threads import for_ranges

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe.clean import Kept
    from dedupe.settings import Settings

SHINGLE_WORDS = 3
"""Words of a shingle: every figure of a pair is over folded word 3-shingles."""

_KINDS = (np.uint64, np.int32, np.int32, np.uint8, np.uint64, np.uint64, np.uint64)
"""Of what `fill_documents` writes: hashes, starts, ends and flags of tokens; shingles, words,
facts."""


# Pairs of one call of a kernel, so that threads share the work.
_PAIRS_AT_ONCE = 20_000


class Shingles(NamedTuple):
    """Tokens and distinct shingles of N documents.

    Shapes (N documents, T tokens, S shingles)
        hashes         uint64 (S,)    distinct within each document, a 0 before the others
        offsets        int64  (N+1,)
        token_hashes   uint64 (T,)
        token_starts   int32  (T,)    first byte, from the start of the text
        token_ends     int32  (T,)    byte after the last
        token_flags    uint8  (T,)    kernels.text: QUOTED, NUMBER, ...
        token_offsets  int64  (N+1,)
        words          uint64 (W,)    token hashes, distinct within each document, a 0 first
        word_offsets   int64  (N+1,)
        facts          uint64 (F,)    distinct numbers, then names within sentences, of each
                                      document, both rising
        fact_offsets   int64  (2N+1,)  where those of each begin: numbers, names, numbers...
        content        uint64 (N,)    kernels.pairs.fill_content_keys: tells two texts apart
    """

    hashes: NDArray[np.uint64]
    offsets: NDArray[np.int64]
    token_hashes: NDArray[np.uint64]
    token_starts: NDArray[np.int32]
    token_ends: NDArray[np.int32]
    token_flags: NDArray[np.uint8]
    token_offsets: NDArray[np.int64]
    words: NDArray[np.uint64]
    word_offsets: NDArray[np.int64]
    facts: NDArray[np.uint64]
    fact_offsets: NDArray[np.int64]
    content: NDArray[np.uint64]


def shingle(kept: Kept, rows: NDArray[np.int64], settings: Settings) -> Shingles:
    """Tokenise documents `rows` of `kept` (int64, (N,)) and hash their shingles."""
    from dedupe.kernels import digest, fold, text
    from dedupe.kernels.pairs import fill_content_keys

    sizes = text_sizes(kept, rows)
    batches = batch_bounds(sizes, BATCH_BYTES)
    seed = np.uint64(settings.hash_seed)
    n_tokens, n_shingles, n_distinct = np.zeros((3, len(rows)), np.int64)
    n_facts = np.zeros((len(rows), 2), np.int64)

    def longest(first: int, last: int) -> int:
        return text.max_tokens(int(sizes[first:last].max(initial=0)))

    def count(first: int, last: int) -> None:
        digest.count_tokens(
            kept.data, kept.spans, kept.offsets, rows, first, last,
            *fold.load_fold(), seed, longest(first, last), n_tokens,
        )  # fmt: skip

    room = sizes // 2 + 1
    if len(batches) > 2:
        # Then batches are written side by side: joined, they took longer than counting does.
        for_ranges(count, batches, settings.threads)
        room = n_tokens.copy()
    places = running_total(room)
    columns = [np.empty(places[-1], kind) for kind in _KINDS]

    def read(first: int, last: int) -> None:
        hashes, starts, ends, flags, shingles, words, facts = (
            column[places[first] : places[last]] for column in columns
        )
        digest.fill_documents(
            kept.data, kept.text_offsets, kept.spans, kept.offsets, rows, first, last,
            *fold.load_fold(), seed, SHINGLE_WORDS, longest(first, last),
            hashes, starts, ends, flags, n_tokens, shingles, n_shingles, words, n_distinct,
            facts, n_facts,
        )  # fmt: skip

    for_ranges(read, batches, settings.threads)
    token_offsets = running_total(n_tokens)
    hashes, starts, ends, flags = (column[: token_offsets[-1]] for column in columns[:4])
    begins = places[batches[:-1]]
    shingle_offsets, word_offsets = running_total(n_shingles), running_total(n_distinct)
    shingles = _closed_up(columns[4], begins, shingle_offsets[batches])
    words = _closed_up(columns[5], begins, word_offsets[batches])
    fact_offsets = running_total(n_facts.ravel())
    facts = _closed_up(columns[6], begins, fact_offsets[2 * np.array(batches)])
    content = np.empty(len(rows), np.uint64)

    def tell_apart(first: int, last: int) -> None:
        offsets = token_offsets[first : last + 1]
        fill_content_keys(hashes, starts, ends, offsets, content[first:last])

    for_ranges(tell_apart, batches, settings.threads)
    return Shingles(
        shingles, shingle_offsets, hashes, starts, ends, flags, token_offsets,
        words, word_offsets, facts, fact_offsets, content,
    )  # fmt: skip


def _closed_up(
    values: NDArray[np.uint64], begins: NDArray[np.int64], offsets: NDArray[np.int64]
) -> NDArray[np.uint64]:
    """Move the parts of an array together, in place.

    Args:
        values: (R,), with room behind each part.
        begins: int64 (N,), where each part stands.
        offsets: int64 (N+1,), where it belongs.
    """
    bounds = pairwise(offsets.tolist())
    for begin, (first, last) in zip(begins.tolist(), bounds, strict=True):
        if begin != first:
            values[first:last] = values[begin : begin + last - first]
    return values[: offsets[-1]]


def text_sizes(kept: Kept, rows: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
    """Return the kept bytes of documents and one for each range, int64 (N,).

    Half of it and one bounds the tokens of a document.

    Args:
        kept: of all documents.
        rows: int64 (N,), which of them; None for all. The cost is theirs alone:
            clustering asks often, for few.
    """
    spans, offsets = kept.spans, kept.offsets
    if rows is not None:
        counts = offsets[rows + 1] - offsets[rows]
        spans, offsets = spans[ranges_of(offsets[rows], counts)], running_total(counts)
    total = running_total(spans[:, 1] - spans[:, 0] + 1)
    return np.asarray(total[offsets[1:]] - total[offsets[:-1]])


def count_shared(
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    hashes: NDArray[np.uint64],
    offsets: NDArray[np.int64],
    n_threads: int,
) -> NDArray[np.int32]:
    """Count the hashes common to documents a[i] and b[i], int32 (P,).

    Document d owns hashes[offsets[d]:offsets[d+1]], distinct, a 0 before the others.
    `n_threads` as in `for_ranges`.
    """
    from dedupe.kernels.pairs import fill_overlaps

    shared = np.empty(len(a), np.int32)

    def count(first: int, last: int) -> None:
        fill_overlaps(a, b, first, last, hashes, offsets, shared)

    for_ranges(count, [*range(0, len(a), _PAIRS_AT_ONCE), len(a)], n_threads)
    return shared
