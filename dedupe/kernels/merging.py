"""Sorted packed pairs in, each once with its count out; two such lists in, one out.

Axes: P and Q pairs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe.kernels._compile import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray


@kernel
def count_sorted(
    pairs: NDArray[np.uint64], distinct: NDArray[np.uint64], counts: NDArray[np.int32]
) -> int:
    """Write each pair once and how often it stands; returns how many there are.

    Shapes
        pairs     uint64 (P,)  rising
        distinct  uint64 (P,)  overwritten; may be `pairs`
        counts    int32  (P,)  overwritten
    """
    n_out = 0
    start = 0
    for i in range(1, pairs.size + 1):
        if i == pairs.size or pairs[i] != pairs[start]:
            distinct[n_out] = pairs[start]
            counts[n_out] = i - start
            n_out += 1
            start = i
    return n_out


@kernel
def merge_counted(
    pairs: NDArray[np.uint64],
    counts: NDArray[np.int32],
    more: NDArray[np.uint64],
    more_counts: NDArray[np.int32],
    merged: NDArray[np.uint64],
    merged_counts: NDArray[np.int32],
) -> int:
    """Merge two lists of pairs; counts of equal ones add up; returns how many there are.

    Shapes
        pairs, counts       uint64 (P,), int32 (P,)  rising and distinct
        more, more_counts   uint64 (Q,), int32 (Q,)  too
        merged              uint64 (P + Q,)  overwritten
        merged_counts       int32  (P + Q,)  overwritten
    """
    i = j = n_out = 0
    while i < pairs.size and j < more.size:
        one, other = pairs[i], more[j]
        # Without branches: which side advances is a coin toss to the processor.
        in_one, in_other = np.int64(one <= other), np.int64(other <= one)
        merged[n_out] = min(one, other)
        merged_counts[n_out] = in_one * counts[i] + in_other * more_counts[j]
        i += in_one
        j += in_other
        n_out += 1
    for rest in range(i, pairs.size):
        merged[n_out] = pairs[rest]
        merged_counts[n_out] = counts[rest]
        n_out += 1
    for rest in range(j, more.size):
        merged[n_out] = more[rest]
        merged_counts[n_out] = more_counts[rest]
        n_out += 1
    return n_out
