"""Sketches in; which documents hold one text, out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe.arrays.ragged import group_starts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe.sketch import Sketches


def first_of_text(sketches: Sketches) -> NDArray[np.bool_]:
    """Say which documents are the first of their text, bool (D,)."""
    return np.equal(representatives(sketches), np.arange(len(sketches.n_words)))


def representatives(sketches: Sketches) -> NDArray[np.int64]:
    """Map each document to the smallest row of equal folded text, int64 (D,).

    Texts without words stand for themselves.
    """
    keys = sketches.text_hashes
    order = np.argsort(keys, kind="stable")
    starts = group_starts(keys[order])
    chosen = np.empty(len(keys), np.int64)
    chosen[order] = np.repeat(order[starts], np.diff(starts, append=len(keys)))
    return np.where(sketches.n_words > 0, chosen, np.arange(len(keys)))
