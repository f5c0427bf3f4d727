"""Sketched pairs in; which of them a crowd of near-copies needs, out.

Twenty thousand near-copies of one story meet in every band, and each pair of
them says the same. A document with many near-equal partners is the centre of a
crowd, and in it each document keeps only the partners of smallest hash: the crowd
becomes a few stars whose centres know each other, and pairs grow with documents,
not with their square.
Pairs with documents outside a crowd all stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# benchmarks/recall.py --crowd: recall on Reuters stays, pairs of near-copies are bounded.
_NEAR_EQUAL = 0.7
"""Share of equal slots from which on two texts are near-copies."""
_CROWD = 64
"""Near-copies of one document beyond which they are a crowd."""
_PARTNERS = 8
"""Partners each document of a crowd keeps: twice what clustering looks at."""


def thin_crowds(
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    equal_slots: NDArray[np.int32],
    n_slots: int,
    priority: NDArray[np.uint64],
) -> NDArray[np.bool_]:
    """Say which pairs to keep, bool (P,).

    Args:
        a: row of each pair's one document, int64 (P,).
        b: row of its other.
        equal_slots: slots that their signatures share, int32 (P,).
        n_slots: slots of a signature.
        priority: a hash of each document's content, uint64 (D,).
    """
    kept = np.ones(len(a), np.bool_)
    near = np.flatnonzero(equal_slots >= _NEAR_EQUAL * n_slots)
    degree = np.bincount(a[near], minlength=len(priority))
    degree += np.bincount(b[near], minlength=len(priority))
    # Buckets are capped, so most of a crowd have met only some of it; all have met its centres.
    central = degree > _CROWD
    met = near[central[a[near]] | central[b[near]]]
    crowded = np.zeros(len(priority), np.bool_)
    crowded[a[met]] = crowded[b[met]] = True
    places = near[crowded[a[near]] & crowded[b[near]]]
    if not len(places):
        return kept
    own = np.concatenate([a[places], b[places]])
    partner = np.concatenate([b[places], a[places]])
    order = np.lexsort((partner, priority[partner], own))
    starts = np.flatnonzero(np.r_[True, np.diff(own[order]) > 0])
    rank = np.arange(len(order)) - np.repeat(starts, np.diff(np.r_[starts, len(order)]))
    kept[places] = False
    kept[np.tile(places, 2)[order[rank < _PARTNERS]]] = True
    return kept
