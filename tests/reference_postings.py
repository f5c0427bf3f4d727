"""Postings looked up the slow way: a dict of lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def ranges(postings: NDArray[np.uint64], keys: NDArray[np.uint64]) -> list[tuple[int, int]]:
    """Return the first and last place of each key, by going through all of them."""
    held = [int(value) >> 24 for value in postings.tolist()]
    answer = []
    for key in keys.tolist():
        before = sum(one < key for one in held)
        answer.append((before, before + held.count(key)))
    return answer
