"""Sketches of new documents in; the earlier documents that share a bucket with one, out.

Each earlier document is looked at once a band and once a sampled shingle, to
see whether a new one has the same: nothing of it is sorted or compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe.arrays.equals import among
from dedupe.arrays.ragged import rank_within
from dedupe.candidates import N_HUBS, content_priority
from dedupe.threads import for_ranges

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe.against.archive import Archive
    from dedupe.settings import Settings
    from dedupe.sketch import Sketches


def touching(archive: Archive, new: Sketches, settings: Settings) -> NDArray[np.int64]:
    """Return the earlier documents that share a bucket with a new one, rows, rising.

    A shingle above the cap links documents to its few of smallest hash, so that
    only these are looked at.
    """
    old = archive.sketches()
    touched = np.zeros(archive.n_docs, np.bool_)
    if not len(touched) or not len(new.n_words):
        return np.zeros(0, np.int64)
    for share in _sharing_bands(old.signatures, new.signatures, settings):
        touched |= share
    touched &= old.n_words > 0
    held = np.sort(new.sampled)
    places = np.flatnonzero(among(old.sampled, held))
    holders = np.searchsorted(old.offsets, places, "right") - 1
    hashes = old.sampled[places]
    holds_new = np.searchsorted(held, hashes, "right") - np.searchsorted(held, hashes)
    rare = archive.frequencies()[places] + holds_new <= settings.rare_cap
    touched[holders[rare]] = True
    touched[_hubs(hashes[~rare], holders[~rare], old.signatures, settings)] = True
    return np.flatnonzero(touched)


def _sharing_bands(
    old: NDArray[np.uint32], new: NDArray[np.uint32], settings: Settings
) -> list[NDArray[np.bool_]]:
    """Say for each band which earlier documents agree on it with a new one."""
    from dedupe.kernels import pairs as kernels

    def share(band: int, _: int) -> NDArray[np.bool_]:
        keys = [np.empty((1, len(side)), np.uint64) for side in (old, new)]
        for side, out in zip((old, new), keys, strict=True):
            rows = np.arange(len(side))
            kernels.fill_bands(side, rows, 0, len(rows), band, settings.band_rows, out)
        return among(keys[0][0], np.sort(keys[1][0]))

    n_bands = settings.n_slots // settings.band_rows
    return for_ranges(share, range(n_bands + 1), settings.threads)


def _hubs(
    hashes: NDArray[np.uint64],
    holders: NDArray[np.int64],
    signatures: NDArray[np.uint32],
    settings: Settings,
) -> NDArray[np.int64]:
    """Return the holders of smallest hash of each shingle, as `candidates.buckets.link` does."""
    priority = content_priority(signatures, settings.threads)
    order = np.lexsort((priority[holders], hashes))
    return holders[order[rank_within(hashes[order]) < N_HUBS]]
