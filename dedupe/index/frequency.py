"""Sampled shingles in; weights by how few texts of the index hold each, out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe.candidates import Weights, first_of_text, weighted
from dedupe.index.keys import SHINGLE, mixed
from dedupe.runs import group_starts
from dedupe.storage.postings import sorted_keys

if TYPE_CHECKING:
    from numpy.typing import NDArray

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
    order, keys = sorted_keys(mixed(sketches.sampled, SHINGLE))
    starts = group_starts(keys)
    frequency = np.zeros(len(starts), np.int64)
    if len(starts):
        # A shingle of a new document has its smallest place among theirs.
        first = order[starts]
        is_known = first < len(known)
        frequency[is_known] = known[first[is_known]]
        asked = keys[starts[~is_known]]
        frequency[~is_known] = store.postings.find(asked, 0, minutes).counts
    counted = first_of_text(sketches)
    counted[n_new:] = False
    counted[:n_new] &= ~np.isin(sketches.text_hashes[:n_new], sketches.text_hashes[n_new:])
    if n_new and len(starts):
        holds = np.repeat(counted, np.diff(sketches.offsets)).astype(np.int64)
        frequency += np.add.reduceat(holds[order], starts)
    each = np.empty(len(order), np.int64)
    each[order] = np.repeat(frequency, np.diff(np.r_[starts, len(order)]))
    n_texts = int(store.counts["n_texts"] * store.postings.share_within(minutes))
    return weighted(sketches, each, n_texts + int(counted.sum()))


def weigh_old(sketches: Sketches, store: Store) -> Weights:
    """Weigh shingles of documents that the index holds already."""
    return weigh_among(sketches, 0, np.zeros(0, np.int64), store)
