"""Stage 2: texts in; the ranges of them that are story, out.

documents table  ->  clean()  ->  Kept

blocks.py           texts cut into blocks
furniture.py        what each outlet repeats, learned from the collection
leads.py            how pages begin that share blocks
versions.py         pages of one story that share few blocks
phrases.py          what pages everywhere say around a story
layout.py           which blocks are story, by their place and make
kept.py             which ranges of a text are kept

documents table, Kept  ->  clues.harvest()  ->  clues table

clues.py            credits, datelines, bylines and scars, collected
clue.py             one clue, and the columns of their table
scan.py             the lines that hold a pattern's words
lexicon.py          words to find, as the scan's tables
reading.py          patterns run on those lines
cues.py             one pattern of words, and when it is tried
credit_patterns.py  words that announce a credit
scar_patterns.py    words of a cut-out name, of an outlet itself, of who was told
credits.py          the names after such words
leading.py          the name at the front of some words, and where it ends
bylines.py          who signed: bylines, signatures, copyright lines
addresses.py        links, and what is left of another outlet's
datelines.py        place, date and agency in front
record.py           clues beside the text: byline and canonical address
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from dedupe.arrays.ragged import batch_bounds, running_total
from dedupe.arrays.spill import MEMORY
from dedupe.clean.kept import (
    Kept,
    code_points,
    furniture_ranges,
    keep_all,
    kept_ranges,
)
from dedupe.documents import text_bytes

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from dedupe.arrays.spill import Spill
    from dedupe.clean.blocks import Blocks
    from dedupe.clean.furniture import Furniture
    from dedupe.settings import Settings

# Blocks that are judged together: bounds what judging them takes in memory.
_BLOCKS_AT_ONCE = 500_000

__all__ = ["Kept", "clean", "code_points", "furniture_ranges", "keep_all", "kept_ranges"]


def clean(
    documents: pa.Table,
    settings: Settings,
    furniture: Furniture | None = None,
    blocks: Blocks | None = None,
) -> Kept:
    """Say which ranges of each text are its story.

    Args:
        documents: a table of `documents.SCHEMA`.
        settings: the seed and the number of threads.
        furniture: what is known of the outlets; None learns it from `documents`.
        blocks: of the texts, if they were read before.
    """
    return clean_and_learn(documents, settings, furniture, blocks)[0]


def clean_and_learn(
    documents: pa.Table,
    settings: Settings,
    furniture: Furniture | None = None,
    blocks: Blocks | None = None,
    spill: Spill = MEMORY,
) -> tuple[Kept, Furniture]:
    """Say which ranges of each text are its story, and what is furniture: as given, or learned.

    Only learning looks at all documents at once.
    """
    from dedupe.clean.blocks import documents_between, read_blocks
    from dedupe.clean.furniture import block_keys, is_known, learn, outlet_numbers
    from dedupe.clean.layout import story_blocks

    data, text_offsets = text_bytes(documents)
    if blocks is None:
        blocks = read_blocks(data, text_offsets, settings, spill)
    outlets = outlet_numbers(documents)
    keys = block_keys(blocks, outlets, spill)
    if furniture is None:
        titles = documents.column("title")
        furniture = learn(blocks, keys, outlets, keep_all(documents), titles, settings.threads)
    spans, n_spans = [np.zeros((0, 2), np.int64)], [np.zeros(0, np.int64)]
    for first, last in pairwise(batch_bounds(np.diff(blocks.offsets) + 1, _BLOCKS_AT_ONCE)):
        some = documents_between(blocks, first, last)
        known = is_known(keys[blocks.offsets[first] : blocks.offsets[last]], furniture)
        is_cut = known | ~story_blocks(some, known, settings)
        kept = _kept(data, text_offsets[first : last + 1], some, is_cut)
        spans.append(kept.spans)
        n_spans.append(np.diff(kept.offsets))
    offsets = running_total(np.concatenate(n_spans))
    return Kept(data, text_offsets, np.concatenate(spans), offsets), furniture


def _kept(
    data: NDArray[np.uint8],
    text_offsets: NDArray[np.int64],
    blocks: Blocks,
    is_cut: NDArray[np.bool_],
) -> Kept:
    """Join the blocks that are not cut to ranges; a text with none of them is kept whole.

    Args:
        data: uint8 (B,).
        text_offsets: int64 (D+1,).
        blocks: of all documents.
        is_cut: bool (K,); overwritten where a few words alone are spared.
    """
    from dedupe.kernels.spans import fill_spans

    n_docs = len(text_offsets) - 1
    spans = np.empty((len(is_cut) + n_docs, 2), np.int64)
    n_spans = np.empty(n_docs, np.int64)
    found = fill_spans(
        blocks.starts, blocks.ends, blocks.traits, blocks.offsets, text_offsets, is_cut,
        spans, n_spans,
    )  # fmt: skip
    return Kept(data, text_offsets, spans[:found].copy(), running_total(n_spans))
