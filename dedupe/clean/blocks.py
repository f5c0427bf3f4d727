"""Texts in; their blocks out, for all documents at once.

text column  ->  read_blocks()  ->  Blocks (ragged arrays over the documents)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe.arrays.ragged import BATCH_BYTES, BATCHES_AT_ONCE, batch_bounds, running_total
from dedupe.arrays.spill import MEMORY
from dedupe.clean.phrases import load_phrases
from dedupe.threads import for_ranges

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe.arrays.spill import Spill
    from dedupe.settings import Settings

BYTES_PER_WORD = 6
"""Bytes that stand for a word, blanks included: about right from English to Chinese."""


class Blocks(NamedTuple):
    """The blocks of D documents, as `kernels.blocks.fill_blocks` writes them.

    Shapes (D documents, K blocks)
        starts       int64  (K,)    first byte in data, blanks cut off
        ends         int64  (K,)    byte after the last
        hashes       uint64 (K,)    equal for equal blocks
        traits       uint8  (K, kernels.blocks.N_TRAITS)
        offsets      int64  (D+1,)  document d owns blocks offsets[d]:offsets[d+1]
        text_hashes  uint64 (D,)    equal for equal blocks in equal order
    """

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    hashes: NDArray[np.uint64]
    traits: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    text_hashes: NDArray[np.uint64]


def read_blocks(
    data: NDArray[np.uint8],
    text_offsets: NDArray[np.int64],
    settings: Settings,
    spill: Spill = MEMORY,
) -> Blocks:
    """Cut every text into blocks, in threads over ranges of documents.

    Args:
        data: uint8 (B,), UTF-8.
        text_offsets: int64 (D+1,), text d is data[text_offsets[d]:text_offsets[d+1]].
        settings: the seed and the number of threads.
        spill: where blocks go that memory does not hold.
    """
    from dedupe.kernels import blocks, fold

    n_docs = len(text_offsets) - 1
    n_blocks = np.zeros(n_docs, np.int64)
    text_hashes = np.zeros(n_docs, np.uint64)
    seed = np.uint64(settings.hash_seed)
    phrases = load_phrases(int(seed))

    def read(first: int, last: int) -> tuple[NDArray[np.generic], ...]:
        texts = data[text_offsets[first] : text_offsets[last]]
        room = int(np.count_nonzero(texts == ord("\n"))) + last - first
        starts, ends = np.empty(room, np.int64), np.empty(room, np.int64)
        hashes = np.empty(room, np.uint64)
        traits = np.empty((room, blocks.N_TRAITS), np.uint8)
        found = blocks.fill_blocks(
            data, text_offsets, first, last, *fold.load_fold()[:2], seed,
            phrases.keys, phrases.kinds, phrases.starts, room,
            starts, ends, hashes, traits, n_blocks, text_hashes,
        )  # fmt: skip
        return tuple(part[:found].copy() for part in (starts, ends, hashes, traits))

    columns = [spill.grow(kind) for kind in (np.int64, np.int64, np.uint64, np.uint8)]
    bounds = batch_bounds(np.diff(text_offsets), BATCH_BYTES)
    for at in range(0, len(bounds) - 1, BATCHES_AT_ONCE):
        for parts in for_ranges(read, bounds[at : at + BATCHES_AT_ONCE + 1], settings.threads):
            for column, part in zip(columns, parts, strict=True):
                column.add(part.ravel())
    starts, ends, hashes, traits = (column.whole() for column in columns)
    traits = traits.reshape(-1, blocks.N_TRAITS)
    return Blocks(starts, ends, hashes, traits, running_total(n_blocks), text_hashes)


def documents_between(blocks: Blocks, first: int, last: int) -> Blocks:
    """Return the blocks of documents first to below last, without a copy."""
    some = slice(blocks.offsets[first], blocks.offsets[last])
    return Blocks(
        blocks.starts[some],
        blocks.ends[some],
        blocks.hashes[some],
        blocks.traits[some],
        blocks.offsets[first : last + 1] - blocks.offsets[first],
        blocks.text_hashes[first:last],
    )


def documents_of(blocks: Blocks, places: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the documents of some blocks, int64 (N,)."""
    return np.asarray(np.searchsorted(blocks.offsets, places, "right") - 1)
