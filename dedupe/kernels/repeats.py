"""What repeats, found without sorting everything.

    hashes  ->  fill_keys(), count_in_buckets(), fill_crowded()  ->  what may repeat

Axes: K blocks, D documents, N as each kernel says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe.kernels._compile import kernel
from dedupe.kernels.hashing import mix

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ZERO = np.uint64(0)
_SHIFT_32 = np.uint64(32)


@kernel
def fill_keys(
    hashes: NDArray[np.uint64],
    offsets: NDArray[np.int64],
    outlets: NDArray[np.uint64],
    keys: NDArray[np.uint64],
) -> None:
    """Write what names a block within its outlet.

    Shapes (K blocks, D documents)
        outlets  uint64 (D,)  0 where the outlet is unknown
        keys     uint64 (K,)  0 where the outlet is unknown
    """
    for d in range(outlets.shape[0]):
        for k in range(offsets[d], offsets[d + 1]):
            keys[k] = mix(outlets[d] ^ hashes[k]) if outlets[d] != _ZERO else _ZERO


@kernel
def count_in_buckets(keys: NDArray[np.uint64], counts: NDArray[np.uint8]) -> None:
    """Count keys by bucket, up to 255; key 0 is not counted.

    Shapes (K keys, N buckets, a power of two)
        counts  uint8 (N,)  added to
    A key whose bucket holds one has no equal: the screen that spares the sort.
    """
    mask = np.uint64(counts.shape[0] - 1)
    for k in range(keys.shape[0]):
        bucket = (keys[k] >> _SHIFT_32) & mask
        if keys[k] != _ZERO and counts[bucket] < 255:
            counts[bucket] += np.uint8(1)


@kernel
def fill_crowded(
    keys: NDArray[np.uint64], counts: NDArray[np.uint8], least: int, out: NDArray[np.bool_]
) -> None:
    """Say of each key whether its bucket holds at least `least`; key 0 never does."""
    mask = np.uint64(counts.shape[0] - 1)
    for k in range(keys.shape[0]):
        out[k] = keys[k] != _ZERO and counts[(keys[k] >> _SHIFT_32) & mask] >= least


@kernel
def count_groups(
    bounds: NDArray[np.int64],
    groups: NDArray[np.int64],
    seen: NDArray[np.int64],
    counts: NDArray[np.int64],
) -> None:
    """Count the different groups in each run.

    Shapes (N rows, R runs, G groups)
        bounds  int64 (R+1,)  run r is groups[bounds[r]:bounds[r+1]]
        groups  int64 (N,)    below G
        seen    int64 (G,)    overwritten: the last run that held each group
        counts  int64 (R,)    overwritten
    """
    for group in range(seen.shape[0]):
        seen[group] = -1
    for run in range(counts.shape[0]):
        counts[run] = 0
        for n in range(bounds[run], bounds[run + 1]):
            if seen[groups[n]] != run:
                seen[groups[n]] = run
                counts[run] += 1
