"""Signatures in; pairs of documents that agree on all slots of a band, out.

Source  banding: Indyk and Motwani 1998, Broder 1997.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe.arrays.equals import equal_hashes
from dedupe.arrays.ragged import running_total
from dedupe.candidates.buckets import KEYS_STEP, group, link
from dedupe.candidates.runs import PairRuns
from dedupe.threads import for_ranges

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe.arrays.spill import Spill
    from dedupe.settings import Settings
    from dedupe.sketch import Sketches
    from dedupe.stages import OnProgress

# Slots by which a large bucket is split, one after another: a bound on work.
_MAX_SPLITS = 8
# Bands whose keys are in memory together, 8 bytes each: 48 for each document.
_BANDS_AT_ONCE = 6
_SHIFT_32 = np.uint64(32)


def band_pairs(
    sketches: Sketches,
    rows: NDArray[np.int64],
    priority: NDArray[np.uint64],
    settings: Settings,
    on_progress: OnProgress | None,
    spill: Spill,
) -> tuple[PairRuns, int]:
    """Pair the documents that agree on all slots of a band; returns pairs, capped buckets."""
    from dedupe.kernels import pairs as kernels

    n_bands = settings.n_slots // settings.band_rows
    runs, n_capped = PairRuns(spill), 0
    steps = [*range(0, len(rows), KEYS_STEP), len(rows)]
    for first in range(0, n_bands, _BANDS_AT_ONCE):
        keys = np.empty((min(_BANDS_AT_ONCE, n_bands - first), len(rows)), np.uint64)

        def fill(start: int, end: int, keys: NDArray[np.uint64] = keys, first: int = first) -> None:
            spill.look()
            kernels.fill_bands(
                sketches.signatures, rows, start, end, first, settings.band_rows, keys
            )

        def pair_up(
            band: int, _: int, keys: NDArray[np.uint64] = keys, first: int = first
        ) -> tuple[NDArray[np.uint64], int]:
            return _pairs_of_band(
                keys[band], first + band, sketches.signatures, rows, priority, settings
            )

        for_ranges(fill, steps, settings.threads)
        for pairs, capped in for_ranges(pair_up, range(len(keys) + 1), settings.threads):
            runs.add(pairs)
            n_capped += capped
        if on_progress:
            on_progress("candidates", first + len(keys), n_bands)
    return runs, n_capped


def _pairs_of_band(
    keys: NDArray[np.uint64],
    band: int,
    signatures: NDArray[np.uint32],
    rows: NDArray[np.int64],
    priority: NDArray[np.uint64],
    settings: Settings,
) -> tuple[NDArray[np.uint64], int]:
    each_alone = np.arange(len(keys) + 1)
    members, bounds = equal_hashes(keys, each_alone).buckets(np.ones(len(keys), np.bool_))
    members = rows[members]
    # A bucket above the cap is split by the slots after the band, wrapping around.
    slot = (band + 1) * settings.band_rows
    parts = []
    for step in range(min(settings.n_slots - settings.band_rows, _MAX_SPLITS)):
        large = np.diff(bounds) > settings.bucket_cap
        if not large.any():
            break
        is_large = np.repeat(large, np.diff(bounds))
        small = running_total(np.diff(bounds)[~large])
        parts.append(link(members[~is_large], small, priority, settings.bucket_cap)[0])
        members, bounds = _split(
            members[is_large],
            running_total(np.diff(bounds)[large]),
            signatures,
            (slot + step) % settings.n_slots,
        )
    pairs, n_capped = link(members, bounds, priority, settings.bucket_cap)
    return (np.concatenate([*parts, pairs]) if parts else pairs), n_capped


def _split(
    members: NDArray[np.int64],
    bounds: NDArray[np.int64],
    signatures: NDArray[np.uint32],
    slot: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Split buckets by one more slot; members left alone drop out."""
    bucket = np.repeat(np.arange(len(bounds) - 1, dtype=np.uint64), np.diff(bounds))
    keys: NDArray[np.uint64] = (bucket << _SHIFT_32) | signatures[members, slot]
    order = np.argsort(keys)
    return group(keys[order], members[order])
