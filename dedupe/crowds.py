"""Sketched pairs in; which of them a crowd of near-copies needs, out.

Twenty thousand near-copies of one story meet in every band, and each pair of
them says the same. A document with many near-equal partners is the centre of a
crowd, and in it each document keeps two kinds of partners: those of smallest hash,
so that the crowd becomes a few stars whose centres know each other, and the likest,
because a form filled in anew ten thousand times may have been printed twice each.
Pairs grow with documents, not with their square; those with documents outside a
crowd all stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe.runs import group_starts

if TYPE_CHECKING:
    from numpy.typing import NDArray

# benchmarks/recall.py --crowd: recall on Reuters stays, pairs of near-copies are bounded.
_ALIKE = 0.25
"""Share of equal slots from which on two texts may be of one crowd."""
_CROWD = 64
"""Texts alike one document beyond which they are a crowd."""
_PARTNERS = 8
"""Partners of each kind that a document of a crowd keeps: twice what clustering looks at."""
_LEVELS = 8
"""Levels of likeness: within one the smallest hash goes first, so that reprints share partners."""


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
    alike = np.flatnonzero(equal_slots >= _ALIKE * n_slots)
    degree = np.bincount(a[alike], minlength=len(priority))
    degree += np.bincount(b[alike], minlength=len(priority))
    # Buckets are capped, so most of a crowd have met only some of it; all have met its centres.
    central = degree > _CROWD
    met = alike[central[a[alike]] | central[b[alike]]]
    crowded = np.zeros(len(priority), np.bool_)
    crowded[a[met]] = crowded[b[met]] = True
    places = alike[crowded[a[alike]] & crowded[b[alike]]]
    kept[places] = False
    own = np.concatenate([a[places], b[places]])
    partner = np.concatenate([b[places], a[places]])
    hashes = priority[partner]
    unlike = np.tile(-(equal_slots[places] * _LEVELS // n_slots), 2)
    pair = np.tile(places, 2)
    kept[pair[_first(own, (partner, hashes), _PARTNERS)]] = True
    kept[pair[_first(own, (partner, hashes, unlike), _PARTNERS)]] = True
    return kept


def _first(own: NDArray[np.int64], keys: tuple[NDArray[Any], ...], most: int) -> NDArray[np.int64]:
    """Return the places of the first `most` of each document by keys, the last key first."""
    order = np.lexsort((*keys, own))
    starts = group_starts(own[order])
    rank = np.arange(len(order)) - np.repeat(starts, np.diff(np.r_[starts, len(order)]))
    return order[rank < most]
