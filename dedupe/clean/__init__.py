"""Stage 2: texts in; the ranges of them that are story, out.

documents table  ->  clean()  ->  Kept

blocks.py           texts cut into blocks
furniture.py        what each outlet repeats, learned from the collection
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
bylines.py          who signed: bylines, signatures, copyright lines
addresses.py        links, and what is left of another outlet's
datelines.py        place, date and agency in front
record.py           clues beside the text: byline and canonical address
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from dedupe.clean.kept import (
    Kept,
    code_points,
    furniture_ranges,
    keep_all,
    kept_ranges,
    text_bytes,
)
from dedupe.ragged import batch_bounds, running_total
from dedupe.spill import MEMORY

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from dedupe.clean.blocks import Blocks
    from dedupe.clean.furniture import Furniture
    from dedupe.settings import Settings
    from dedupe.spill import Spill

_BLOCKS_AT_ONCE = 500_000
_SLIGHT_BYTES = 30

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
        furniture = learn(blocks, keys, outlets, documents.column("title"))
    spans, n_spans = [np.zeros((0, 2), np.int64)], [np.zeros(0, np.int64)]
    for first, last in pairwise(batch_bounds(np.diff(blocks.offsets) + 1, _BLOCKS_AT_ONCE)):
        some = documents_between(blocks, first, last)
        known = is_known(keys[blocks.offsets[first] : blocks.offsets[last]], furniture)
        is_cut = known | ~story_blocks(some, known, settings)
        is_kept = ~is_cut | _is_slight(some, is_cut)
        kept = keep_blocks(data, text_offsets[first : last + 1], some, is_kept)
        spans.append(kept.spans)
        n_spans.append(np.diff(kept.offsets))
    offsets = running_total(np.concatenate(n_spans))
    return Kept(data, text_offsets, np.concatenate(spans), offsets), furniture


def _is_slight(blocks: Blocks, is_cut: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Say which cut blocks are a few words alone among kept ones, bool (K,).

    The labels of a table, the agency's name below a despatch: an outlet repeats
    them, but they are of the story, and cutting them would gain nothing. Words
    that pages everywhere put around a story are not spared.
    """
    from dedupe.kernels.blocks import PHRASE, SEPARATORS

    starts = np.flatnonzero(np.diff(is_cut, prepend=False) & is_cut)
    starts = np.union1d(starts, blocks.offsets[:-1][np.diff(blocks.offsets) > 0])
    if len(starts) == 0:
        return np.zeros(0, np.bool_)
    run = np.zeros(len(is_cut), np.int64)
    run[starts[1:]] = 1
    run = np.cumsum(run)
    sizes = np.where(is_cut, blocks.ends - blocks.starts, 0)
    n_bytes = np.bincount(run, sizes)
    bears_sign = (blocks.traits[:, PHRASE] > 0) | (blocks.traits[:, SEPARATORS] > 0)
    n_signs = np.bincount(run, is_cut & bears_sign)
    return np.asarray(((n_bytes < _SLIGHT_BYTES) & (n_signs == 0))[run])


def keep_blocks(
    data: NDArray[np.uint8],
    text_offsets: NDArray[np.int64],
    blocks: Blocks,
    is_kept: NDArray[np.bool_],
) -> Kept:
    """Join the blocks that are kept to ranges; a text with none of them is kept whole.

    Args:
        data: uint8 (B,).
        text_offsets: int64 (D+1,).
        blocks: of all documents.
        is_kept: bool (K,).
    """
    n_docs = len(text_offsets) - 1
    n_blocks = np.diff(blocks.offsets)
    document = np.repeat(np.arange(n_docs), n_blocks)
    n_kept = np.bincount(document[is_kept], minlength=n_docs)
    whole = (n_kept == n_blocks) | (n_kept == 0)
    is_kept = is_kept & ~whole[document]
    before = np.zeros(len(is_kept), np.bool_)
    before[1:] = is_kept[:-1] & (document[1:] == document[:-1])
    after = np.zeros(len(is_kept), np.bool_)
    after[:-1] = before[1:] & is_kept[1:]
    opens, closes = is_kept & ~before, is_kept & ~after
    n_spans = np.bincount(document[opens], minlength=n_docs) + whole
    offsets = running_total(n_spans)
    spans = np.empty((offsets[-1], 2), np.int64)
    spans[offsets[:-1][whole]] = np.stack([text_offsets[:-1], text_offsets[1:]], axis=1)[whole]
    cut = np.repeat(~whole, n_spans)
    spans[cut] = np.stack([blocks.starts[opens], blocks.ends[closes]], axis=1)
    return Kept(data, text_offsets, spans, offsets)
