"""Blocks that are cut in; the ranges of each text that are kept, out.

A few words cut alone among kept blocks are kept after all: the labels of a
table, the agency's name below a despatch. An outlet repeats them, but they are
of the story, and cutting them would gain nothing. Words that pages everywhere
put around a story are not spared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe.kernels import blocks
from dedupe.kernels._compile import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SLIGHT_BYTES = 30


@kernel
def fill_spans(
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    traits: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    text_offsets: NDArray[np.int64],
    is_cut: NDArray[np.bool_],
    spans: NDArray[np.int64],
    n_spans: NDArray[np.int64],
) -> int:
    """Join the blocks that are kept to ranges; returns how many there are (S).

    Shapes (D documents, K blocks)
        starts, ends  int64 (K,)      of blocks, in bytes
        traits        uint8 (K, kernels.blocks.N_TRAITS)
        offsets       int64 (D+1,)    document d owns blocks offsets[d]:offsets[d+1]
        text_offsets  int64 (D+1,)    its text, in bytes
        is_cut        bool  (K,)      what is spared becomes False
        spans         int64 (K+D, 2)  overwritten up to S, document after document
        n_spans       int64 (D,)      overwritten
    Edge    a text of which nothing is cut, or all, is kept whole, as one range.
    """
    written = 0
    for d in range(len(offsets) - 1):
        first, last = offsets[d], offsets[d + 1]
        _spare_slight(starts, ends, traits, first, last, is_cut)
        before = written
        n_cut = 0
        for k in range(first, last):
            if is_cut[k]:
                n_cut += 1
            elif k > first and not is_cut[k - 1]:
                spans[written - 1, 1] = ends[k]
            else:
                spans[written, 0], spans[written, 1] = starts[k], ends[k]
                written += 1
        if n_cut == 0 or n_cut == last - first:
            spans[before, 0], spans[before, 1] = text_offsets[d], text_offsets[d + 1]
            written = before + 1
        n_spans[d] = written - before
    return written


@kernel
def _spare_slight(
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    traits: NDArray[np.uint8],
    first: int,
    last: int,
    is_cut: NDArray[np.bool_],
) -> None:
    """Keep stretches of cut blocks, of one document, that are slight and bear no sign."""
    k = first
    while k < last:
        begin = k
        size, signs = np.int64(0), np.int64(0)
        while k < last and is_cut[k]:
            size += ends[k] - starts[k]
            signs += (traits[k, blocks.PHRASE] > 0) | (traits[k, blocks.SEPARATORS] > 0)
            k += 1
        if begin < k and size < _SLIGHT_BYTES and signs == 0:
            is_cut[begin:k] = False
        k += 1
