"""Pairs of texts alike in, the few that each document of a crowd keeps, out."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe.kernels._compile import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SHIFT_32 = np.uint64(32)
_LOW_32 = np.uint64(0xFFFFFFFF)


class _Held(NamedTuple):
    """What pairs are ranked by: level uint8, priority uint64 and row int32 of a partner, (C, M)."""

    level: NDArray[np.uint8]
    priority: NDArray[np.uint64]
    row: NDArray[np.int32]


@kernel
def fill_crowded(
    pairs: NDArray[np.uint64],
    alike: NDArray[np.bool_],
    largest: int,
    crowded: NDArray[np.bool_],
    kept: NDArray[np.bool_],
) -> int:
    """Find the crowds: documents like one that more than `largest` are like.

    Shapes (P pairs, D documents)
        pairs    uint64 (P,)  as `kernels.pairs.pack_pair` packs them
        alike    bool   (P,)
        crowded  bool   (D,)  false; written: documents of a crowd
        kept     bool   (P,)  true; written: all but the pairs alike of two such

    Returns:
        How many documents are of a crowd.
    """
    degree = np.zeros(crowded.size, np.int32)
    for p in range(pairs.size):
        if alike[p]:
            degree[np.int64(pairs[p] >> _SHIFT_32)] += 1
            degree[np.int64(pairs[p] & _LOW_32)] += 1
    # Buckets are capped, so most of a crowd have met only some of it; all have met its centres.
    n_crowded = 0
    for p in range(pairs.size):
        if alike[p]:
            a, b = np.int64(pairs[p] >> _SHIFT_32), np.int64(pairs[p] & _LOW_32)
            if degree[a] > largest or degree[b] > largest:
                n_crowded += np.int64(not crowded[a]) + np.int64(not crowded[b])
                crowded[a] = crowded[b] = True
    for p in range(pairs.size):
        a, b = np.int64(pairs[p] >> _SHIFT_32), np.int64(pairs[p] & _LOW_32)
        kept[p] = not (alike[p] and crowded[a] and crowded[b])
    return n_crowded


@kernel
def fill_partners(
    pairs: NDArray[np.uint64],
    wanted: NDArray[np.bool_],
    level: NDArray[np.uint8],
    priority: NDArray[np.uint64],
    number: NDArray[np.int32],
    places: NDArray[np.int64],
) -> None:
    """Find the best few pairs of each document.

    The best have the highest level; of equals, a partner of the smallest priority, then row.

    Shapes (P pairs, D documents, C documents that choose, M partners)
        pairs     uint64 (P,)
        wanted    bool   (P,)    those to choose from; both documents choose
        level     uint8  (P,)
        priority  uint64 (D,)
        number    int32  (D,)    which of the C a document is
        places    int64  (C, M)  -1; written: its pairs
    """
    # What is compared stands beside the places: looked up at each, it would be far from near.
    held = _Held(
        np.zeros(places.shape, np.uint8),
        np.zeros(places.shape, np.uint64),
        np.zeros(places.shape, np.int32),
    )
    for p in range(pairs.size):
        if wanted[p]:
            a, b = np.int64(pairs[p] >> _SHIFT_32), np.int64(pairs[p] & _LOW_32)
            _put_in_order(held, number[a], places, p, level[p], priority[b], b)
            _put_in_order(held, number[b], places, p, level[p], priority[a], a)


@kernel
def _put_in_order(
    held: _Held,
    own: int,
    places: NDArray[np.int64],
    p: int,
    level: np.uint8,
    priority: np.uint64,
    row: int,
) -> None:
    """Put pair p where it belongs among those of one document, the best first."""
    at = places.shape[1]
    while at > 0:
        if places[own, at - 1] >= 0:
            before = held.priority[own, at - 1]
            same = held.level[own, at - 1] == level
            if (
                held.level[own, at - 1] > level
                or (same and before < priority)
                or (same and before == priority and held.row[own, at - 1] < row)
            ):
                break
        if at < places.shape[1]:
            places[own, at] = places[own, at - 1]
            held.level[own, at] = held.level[own, at - 1]
            held.priority[own, at] = held.priority[own, at - 1]
            held.row[own, at] = held.row[own, at - 1]
        at -= 1
    if at < places.shape[1]:
        places[own, at] = p
        held.level[own, at] = level
        held.priority[own, at] = priority
        held.row[own, at] = row
