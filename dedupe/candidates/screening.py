"""Packed pairs in; how much their sketches share, and which may lie above the floor, out.

packed pairs, Sketches, Weights  ->  compare_sketches()  ->  likely()  ->  places
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe.arrays.packed import pack, unpack
from dedupe.arrays.spill import MEMORY
from dedupe.threads import for_ranges

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe.arrays.spill import Spill
    from dedupe.candidates.weights import Weights
    from dedupe.settings import Settings
    from dedupe.sketch import Sketches

# Pairs of one call of a kernel: memory is looked at before each (benchmarks/README.md).
_SCREEN_STEP = 2_000
_TILE_BITS = 15
"""Documents of a tile, in bits: two tiles of sketches are 80 MB, and pages of files come once."""


def compare_sketches(
    packed: NDArray[np.uint64],
    sketches: Sketches,
    weights: Weights,
    settings: Settings,
    spill: Spill = MEMORY,
) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.int32]]:
    """Compare what was sketched of each packed pair (P,).

    Returns the sampled shingles shared int32 (P,), the weighted share of a's and
    of b's that they make float32 (P, 2), and the equal slots int32 (P,).
    """
    from dedupe.kernels.screening import fill_screened

    order = _by_tile(packed)
    shared, equal_slots = np.empty((2, len(packed)), np.int32)
    share = np.empty((len(packed), 2), np.float32)

    def compare(first: int, last: int) -> None:
        # So many pairs may bring the sketches of two tiles into memory.
        spill.look()
        fill_screened(
            packed, order, first, last, weights.hashes, weights.weights, weights.offsets,
            weights.totals, sketches.signatures, shared, share, equal_slots,
        )  # fmt: skip

    for_ranges(compare, [*range(0, len(packed), _SCREEN_STEP), len(packed)], settings.threads)
    return shared, share, equal_slots


def _by_tile(packed: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Order pairs by the tiles that their documents are of, int64 (P,)."""
    a, b = (rows >> _TILE_BITS for rows in unpack(packed))
    if not b.any():
        # A pair's second row is the larger one: there is one tile.
        return np.arange(len(packed))
    return np.argsort(pack(a, b), kind="stable")


def enough(
    packed: NDArray[np.uint64], counts: NDArray[np.int32], weights: Weights, floor: float
) -> NDArray[np.uint64]:
    """Return the pairs whose rare shingles, int32 (P,), make half of what the floor asks."""
    from dedupe.kernels.screening import fill_enough

    out = np.empty(len(packed) + 1, np.uint64)
    return out[: fill_enough(packed, counts, weights.offsets, floor, out)]


def likely(
    packed: NDArray[np.uint64],
    shared: NDArray[np.int32],
    equal_slots: NDArray[np.int32],
    weights: Weights,
    settings: Settings,
) -> NDArray[np.int64]:
    """Return the places of pairs that may lie above the containment floor."""
    from dedupe.kernels.screening import fill_likely

    out = np.empty(len(packed) + 1, np.int64)
    n_likely = fill_likely(
        packed, shared, equal_slots, weights.offsets,
        settings.containment_floor, settings.band_rows, out,
    )  # fmt: skip
    return out[:n_likely]


def join(
    nets: tuple[NDArray[np.uint64], NDArray[np.uint64]], bits: tuple[int, int]
) -> tuple[NDArray[np.uint64], NDArray[np.uint8]]:
    """Join the pairs of two nets, sorted, each once; returns them and the bits of their nets."""
    from dedupe.kernels.screening import merge_nets

    n_most = sum(map(len, nets))
    packed, found_by = np.empty(n_most, np.uint64), np.empty(n_most, np.uint8)
    n_pairs = merge_nets(*nets, *bits, packed, found_by)
    return packed[:n_pairs], found_by[:n_pairs]
