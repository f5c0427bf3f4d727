"""Texts in; tokens and shingles out, for the documents a later stage looks at closely.

    Kept + rows  ->  shingle()  ->  Shingles (ragged arrays over those rows)

A token is a word, or a character of a script written without spaces; a shingle
is a run of three. Sketching does not need these arrays (it reads the bytes
itself, see sketch.py); verification does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dedupe.ragged import batch_bounds, ranges_of, running_total

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe.clean import Kept
    from dedupe.settings import Settings

SHINGLE_WORDS = 3
"""Words of a shingle: every figure of a pair is over folded word 3-shingles."""

_BATCH_BYTES = 4_000_000


class Shingles(NamedTuple):
    """Tokens and distinct shingles of N documents.

    Shapes (N documents, T tokens, S shingles)
        hashes         uint64 (S,)    rising and distinct within each document
        offsets        int64  (N+1,)
        token_hashes   uint64 (T,)
        token_starts   int32  (T,)    first byte, from the start of the text
        token_ends     int32  (T,)    byte after the last
        token_flags    uint8  (T,)    kernels.text: QUOTED, NUMBER, ...
        token_offsets  int64  (N+1,)
        words          uint64 (W,)    token hashes, rising and distinct within each document
        word_offsets   int64  (N+1,)
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
    content: NDArray[np.uint64]


def shingle(kept: Kept, rows: NDArray[np.int64], settings: Settings) -> Shingles:
    """Tokenise documents `rows` of `kept` (int64, (N,)) and hash their shingles."""
    from dedupe.kernels import digest, fold, text
    from dedupe.kernels._compile import for_ranges
    from dedupe.kernels.pairs import fill_content_keys

    sizes = text_sizes(kept, rows)
    n_tokens = np.zeros(len(rows), np.int64)
    n_shingles = np.zeros(len(rows), np.int64)
    n_distinct = np.zeros(len(rows), np.int64)
    seed = np.uint64(settings.hash_seed)

    def read(first: int, last: int) -> list[NDArray[Any]]:
        room = int((sizes[first:last] // 2 + 1).sum())
        longest = text.max_tokens(int(sizes[first:last].max(initial=0)))
        hashes, shingles, words = (np.empty(room, np.uint64) for _ in range(3))
        starts, ends = np.empty(room, np.int32), np.empty(room, np.int32)
        flags = np.empty(room, np.uint8)
        found = digest.fill_documents(
            kept.data, kept.text_offsets, kept.spans, kept.offsets, rows, first, last,
            *fold.load_fold(), seed, SHINGLE_WORDS, longest,
            hashes, starts, ends, flags, n_tokens, shingles, n_shingles, words, n_distinct,
        )  # fmt: skip
        parts: list[NDArray[Any]] = [part[:found] for part in (hashes, starts, ends, flags)]
        parts.append(shingles[: n_shingles[first:last].sum()])
        parts.append(words[: n_distinct[first:last].sum()])
        return parts

    parts = for_ranges(read, batch_bounds(sizes, _BATCH_BYTES), settings.threads)
    kinds = (np.uint64, np.int32, np.int32, np.uint8, np.uint64, np.uint64)
    hashes, starts, ends, flags, shingles, words = (
        _joined([part.pop(0) for part in parts], kind) for kind in kinds
    )
    token_offsets = running_total(n_tokens)
    content = np.empty(len(rows), np.uint64)
    fill_content_keys(hashes, starts, ends, token_offsets, content)
    return Shingles(
        shingles, running_total(n_shingles), hashes, starts, ends, flags, token_offsets,
        words, running_total(n_distinct), content,
    )  # fmt: skip


def _joined(parts: list[NDArray[Any]], kind: type) -> NDArray[Any]:
    """Join parts of a column; one is taken as it is: a copy of it took as long as aligning."""
    return parts[0] if len(parts) == 1 else np.concatenate([np.zeros(0, kind), *parts])


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
