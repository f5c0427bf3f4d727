"""Sampled shingles in; weights by how few texts of the index hold each, out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe.candidates import names_its_text, weighted
from dedupe.index.keys import SHINGLE, mixed
from dedupe.storage.postings import sorted_keys

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe.candidates import Weights
    from dedupe.sketch import Sketches
    from dedupe.storage.store import Store


def weigh_among(
    sketches: Sketches,
    n_new: int,
    known: NDArray[np.int64],
    store: Store,
    minutes: tuple[int, int] | None = None,
) -> Weights:
    """Weigh shingles by the texts of an index, and by the new ones.

    Args:
        sketches: new documents, then old ones.
        n_new: how many are new.
        known: int64, how many texts of the index hold each shingle of the new
            documents, as was looked up before.
        store: the index.
        minutes: the clocks between which texts count.
    """
    from dedupe.kernels.frequency import fill_asked, fill_frequencies

    order, keys = sorted_keys(mixed(sketches.sampled, SHINGLE))
    asked = np.empty_like(keys)
    n_asked = fill_asked(order, keys, len(known), asked)
    unknown = store.postings.find(asked[:n_asked], 0, minutes).counts
    counted = names_its_text(sketches)
    counted[n_new:] = False
    counted[:n_new] &= ~np.isin(sketches.text_hashes[:n_new], sketches.text_hashes[n_new:])
    each = np.empty(len(order), np.int64)
    fill_frequencies(order, keys, known, unknown, counted, sketches.offsets, each)
    n_texts = int(store.counts["n_texts"] * store.postings.share_within(minutes))
    return weighted(sketches, each, n_texts + int(counted.sum()))


def weigh_old(sketches: Sketches, store: Store) -> Weights:
    """Weigh shingles of documents that the index holds already."""
    return weigh_among(sketches, 0, np.zeros(0, np.int64), store)
