"""Candidate pairs in; blocks of few texts, to be measured one after another, out.

    Candidates  ->  in_blocks()  ->  Blocks

A text is tokenised once for each block with a pair of it. Pairs that hang together make
one block where its bounds allow. Larger pieces are dealt out to shelves: the texts of a
shelf are tokenised together, once for all of its pairs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe.arrays.ragged import group_starts, running_total, sorted_distinct
from dedupe.shingle import text_sizes
from dedupe.threads import n_cores

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe.arrays.spill import Spill
    from dedupe.candidates import Candidates
    from dedupe.clean import Kept

BLOCK_PAIRS = 16_000
"""Pairs that are measured together at most: what is worked out of one takes some 4 KB."""

_BLOCK_BYTES, _SHELF_BYTES, _TOKEN_BYTES = 4_000_000, 16_000_000, 6
"""Texts of a block and of a shelf at most, and what tokens of one byte take.

A thread works on a block of its own, all of them on one shelf.
"""

_LEAST_BYTES, _BLOCKS_EACH = 1_000_000, 8
"""Smaller blocks share the work out better, until there are so many for each thread."""

_FEW_PAIRS = 64
"""Pairs of small texts that are one block, even none: clustering asks for a few at a time."""


class Blocks(NamedTuple):
    """Pairs in the order in which they are measured, and where they are cut.

    Shapes (P pairs)
        order    int64 (P,)  places of the pairs: of small pieces, then of large ones
        bounds   of the blocks of small pieces: block i is order[bounds[i]:bounds[i+1]]
        shelves  of the shelves, which begin where the blocks end
    """

    order: NDArray[np.int64]
    bounds: list[int]
    shelves: list[int]


def in_blocks(candidates: Candidates, kept: Kept, n_threads: int, spill: Spill) -> Blocks:
    """Order pairs so that those of few texts stand together, and cut them.

    The texts of a piece that one block does not hold are dealt out to tiles of half a shelf,
    and the pairs of two tiles stand together. Of 19,043 dispatches (15.8 MB) nearly all
    hang together: blocks of 4 MB read 131 MB of texts for their 392,655 pairs.
    """
    n_pairs = len(candidates.a)
    if n_pairs <= _FEW_PAIRS:
        rows = np.concatenate([candidates.a, candidates.b])
        if int(text_sizes(kept, rows).sum()) <= _LEAST_BYTES:
            return Blocks(np.arange(n_pairs), [0, n_pairs], [n_pairs])
    rows, (a, b) = _numbered(candidates.a, candidates.b)
    sizes = text_sizes(kept, rows)
    labels = _components(a, b, len(rows))
    is_large = np.bincount(labels, sizes, len(rows)) > _BLOCK_BYTES
    shelf_bytes = max(spill.at_most(_SHELF_BYTES * _TOKEN_BYTES) // _TOKEN_BYTES, _BLOCK_BYTES)
    tiles = _tiles(labels, sizes, shelf_bytes // 2)
    n_tiles = int(tiles.max(initial=0)) + 1
    in_large = is_large[labels[a]]
    keys = (labels[a].astype(np.int64) * n_tiles + tiles[a]) * n_tiles + tiles[b]
    # A timsort, for which pairs that stand by row already are nearly in order.
    order = np.argsort(np.where(in_large, keys + len(rows), labels[a]), kind="stable")
    n_small = n_pairs - int(in_large.sum())
    fair = int(sizes[~is_large[labels]].sum()) // (_BLOCKS_EACH * (n_threads or n_cores()))
    block_bytes = min(max(fair, _LEAST_BYTES), _BLOCK_BYTES)
    cuts = [
        _cut(a[part], b[part], sizes, most_bytes, most_pairs)
        for part, most_bytes, most_pairs in (
            (order[:n_small], block_bytes, BLOCK_PAIRS),
            (order[n_small:], shelf_bytes, n_pairs),
        )
    ]
    return Blocks(order, cuts[0].tolist(), (cuts[1] + n_small).tolist())


def _numbered(
    a: NDArray[np.int64], b: NDArray[np.int64]
) -> tuple[NDArray[np.int64], tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Number the documents of pairs (P,) from 0 on, rising.

    Returns their rows, int64 (R,), and both sides of the pairs by number.
    """
    rows = sorted_distinct(np.concatenate([a, b]))
    # Written where it is read: looking each side up among the rows took three times as long.
    number = np.empty(int(rows.max(initial=-1)) + 1, np.int64)
    number[rows] = np.arange(len(rows))
    return rows, (number[a], number[b])


def _cut(
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    sizes: NDArray[np.int64],
    most_bytes: int,
    most_pairs: int,
) -> NDArray[np.int64]:
    from dedupe.kernels.pairs import fill_block_bounds

    bounds = np.empty(len(a) + 1, np.int64)
    n_blocks = fill_block_bounds(a, b, sizes, most_bytes, most_pairs, bounds)
    return bounds[: n_blocks + 1]


def _components(a: NDArray[np.int64], b: NDArray[np.int64], n_rows: int) -> NDArray[np.int32]:
    """Return the smallest row that pairs connect each row with, int32 (R,)."""
    from dedupe.kernels.components import merge_groups

    labels = np.arange(n_rows, dtype=np.int32)
    merge_groups(a, b, labels)
    return labels


def _tiles(
    labels: NDArray[np.int32], sizes: NDArray[np.int64], tile_bytes: int
) -> NDArray[np.int64]:
    """Number the tiles of each component, texts of `tile_bytes` each, in their order; (R,)."""
    by_label = np.argsort(labels, kind="stable")
    before = running_total(sizes[by_label])[:-1]
    starts = group_starts(labels[by_label])
    before -= np.repeat(before[starts], np.diff(starts, append=len(labels)))
    tiles = np.empty(len(labels), np.int64)
    tiles[by_label] = before // tile_bytes
    return tiles
