"""Arrays in; their total, or where their largest value stands, out.

Numba's own array methods name a part of its library that then is imported whenever the
kernel is loaded, and takes longer than loading all kernels of a short run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dedupe.kernels._compile import kernel

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray


@kernel
def total(values: NDArray[Any]) -> int:
    """Add up whole numbers, or count what is true."""
    found = 0
    for value in values:
        found += value
    return found


@kernel
def largest(values: NDArray[Any]) -> int:
    """Return where the first of the largest values stands."""
    place = 0
    for i in range(1, len(values)):
        if values[i] > values[place]:
            place = i
    return place
