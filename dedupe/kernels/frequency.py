"""Sorted keys of an index's and of new documents in; in how many documents each stands, out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe.kernels._compile import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray


@kernel
def fill_asked(
    order: NDArray[np.int64], keys: NDArray[np.uint64], n_known: int, asked: NDArray[np.uint64]
) -> int:
    """Write the keys that no place before `n_known` has, each once; returns how many.

    Shapes (N keys)
        order  int64  (N,)  the place of each key; those of equal keys rise
        keys   uint64 (N,)  rising
        asked  uint64 (N,)  overwritten up to what is returned; rising
    """
    n_asked = 0
    for i in range(len(keys)):
        if (i == 0 or keys[i] != keys[i - 1]) and order[i] >= n_known:
            asked[n_asked] = keys[i]
            n_asked += 1
    return n_asked


@kernel
def fill_frequencies(
    order: NDArray[np.int64],
    keys: NDArray[np.uint64],
    known: NDArray[np.int64],
    unknown: NDArray[np.int64],
    counted: NDArray[np.bool_],
    offsets: NDArray[np.int64],
    out: NDArray[np.int64],
) -> None:
    """Write in how many documents the key of each place stands.

    Shapes (N keys, R places whose keys were looked up before, U keys asked, D documents)
        order, keys  as in `fill_asked`
        known        int64 (R,)    documents of the index with the key of each place
        unknown      int64 (U,)    documents of the index with each key that was asked
        counted      bool  (D,)    documents that are not of the index, and count
        offsets      int64 (D+1,)  document d has the places offsets[d]:offsets[d+1]
        out          int64 (N,)    overwritten, by place
    """
    adds = np.zeros(len(keys), np.int64)
    for document in range(len(counted)):
        if counted[document]:
            for place in range(offsets[document], offsets[document + 1]):
                adds[place] = 1
    n_asked = 0
    start = 0
    while start < len(keys):
        if order[start] < len(known):
            frequency = known[order[start]]
        else:
            frequency = unknown[n_asked]
            n_asked += 1
        end = start
        while end < len(keys) and keys[end] == keys[start]:
            frequency += adds[order[end]]
            end += 1
        for i in range(start, end):
            out[order[i]] = frequency
        start = end
