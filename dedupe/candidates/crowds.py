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

from typing import TYPE_CHECKING

import numpy as np

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
    pairs: NDArray[np.uint64],
    equal_slots: NDArray[np.int32],
    n_slots: int,
    priority: NDArray[np.uint64],
) -> NDArray[np.bool_]:
    """Say which pairs to keep, bool (P,).

    Args:
        pairs: two rows each, uint64 (P,), as `kernels.pairs.pack_pair` packs them.
        equal_slots: slots that their signatures share, int32 (P,).
        n_slots: slots of a signature.
        priority: a hash of each document's content, uint64 (D,).
    """
    from dedupe.kernels import crowds

    kept = np.ones(len(pairs), np.bool_)
    crowded = np.zeros(len(priority), np.bool_)
    alike = equal_slots >= _ALIKE * n_slots
    n_crowded = crowds.fill_crowded(pairs, alike, _CROWD, crowded, kept)
    if not n_crowded:
        return kept
    number = np.cumsum(crowded, dtype=np.int32) - 1
    likeness = (equal_slots * _LEVELS // n_slots).astype(np.uint8)
    chosen = []
    for level in (np.zeros(len(pairs), np.uint8), likeness):
        places = np.full((n_crowded, _PARTNERS), -1)
        crowds.fill_partners(pairs, ~kept, level, priority, number, places)
        chosen.append(places[places >= 0])
    for places in chosen:
        kept[places] = True
    return kept
