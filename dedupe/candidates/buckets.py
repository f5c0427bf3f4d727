"""Documents that share a key in; pairs of them out, large buckets as stars."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe.arrays.ragged import group_starts, running_total
from dedupe.threads import for_ranges

if TYPE_CHECKING:
    from numpy.typing import NDArray


KEYS_STEP = 8192
"""Documents whose keys one thread makes at once."""

N_HUBS = 3
"""Documents of smallest hash that the others of a large bucket are linked to."""


def group(
    keys: NDArray[np.uint64], members: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Cut sorted keys into buckets of equal ones; keys that stand once drop out.

    Returns members (R,), bucket after bucket, and bounds (n_buckets + 1,).
    """
    sizes = np.diff(np.r_[group_starts(keys), len(keys)])
    together = np.repeat(sizes > 1, sizes)
    return members[together], running_total(sizes[sizes > 1])


def link(
    members: NDArray[np.int64], bounds: NDArray[np.int64], priority: NDArray[np.uint64], cap: int
) -> tuple[NDArray[np.uint64], int]:
    """Pair the members of each bucket, large ones as stars.

    Returns packed pairs, sorted, once for each bucket they share; and the
    number of large buckets.
    """
    from dedupe.kernels import pairs as kernels
    from dedupe.kernels.sorting import sort_by_digits

    out = np.empty(kernels.count_linked(bounds, cap, N_HUBS), np.uint64)
    n_out = kernels.fill_linked(members, bounds, priority, cap, N_HUBS, out)
    packed = sort_by_digits(out[:n_out], np.empty(n_out, np.uint64), 0)
    return packed, int((np.diff(bounds) > cap).sum())


def content_priority(signatures: NDArray[np.uint32], n_threads: int) -> NDArray[np.uint64]:
    """Rank documents (D,) by a hash of their content, so that no order of input matters."""
    from dedupe.kernels import pairs as kernels

    priority = np.empty((1, len(signatures)), np.uint64)
    rows = np.arange(len(signatures))

    def fill(start: int, end: int) -> None:
        kernels.fill_bands(signatures, rows, start, end, 0, signatures.shape[1], priority)

    for_ranges(fill, [*range(0, len(rows), KEYS_STEP), len(rows)], n_threads)
    return np.asarray(priority[0])
