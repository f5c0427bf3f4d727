"""Pairs in; which text of each an agency filed, by how it opens, out.

    first line  ->  datelines  ->  standing of a text  ->  side of a pair

A paper that prints an agency's story drops the date from its front, and sets its own
desk, or nothing, where the agency stood.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from dedupe.clean import Kept
    from dedupe.names import Names
    from dedupe.settings import Settings

_FRONT_BYTES = 640
"""Bytes in which a dateline stands: 160 code points of four."""
_MAY_NAME = re.compile(rb"[\s\x1c-\x1f]*[^\n]{0,72}[(/\x80-\xff]")
"""A line that may name an agency where `clean.datelines` looks for one."""


def filed_sides(
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    rows: NDArray[np.int64],
    kept: Kept,
    settings: Settings,
) -> NDArray[np.float64]:
    """Return which of documents a[i] and b[i] an agency filed, and the other did not.

    Args:
        a: int64 (P,), places in `rows`.
        b: int64 (P,), others.
        rows: int64 (N,), rows of `kept`.
        kept: their texts.
        settings: `names`.

    Returns:
        float64 (P,): -1 for a, 1 for b, 0 where nothing tells.
    """
    from dedupe.names import default_names

    names = settings.known_names() or default_names()
    standing = np.zeros(len(rows), np.int64)
    for place in _may_name(np.unique(np.concatenate([a, b])), rows, kept):
        standing[place] = _standing(_front(kept, int(rows[place])), names)
    first, second = standing[a], standing[b]
    told = np.maximum(first, second) > 0
    return np.where(told, np.sign(second - first), 0).astype(np.float64)


def _may_name(places: NDArray[np.int64], rows: NDArray[np.int64], kept: Kept) -> Iterator[int]:
    """Yield those places in `rows` whose documents begin with what may name an agency."""
    asked = places[kept.offsets[rows[places]] < kept.offsets[rows[places] + 1]]
    spans = kept.spans[kept.offsets[rows[asked]]]
    data = kept.data.data
    for place, start, end in zip(asked.tolist(), *spans.T.tolist(), strict=True):
        if _MAY_NAME.match(data, start, min(end, start + _FRONT_BYTES)):
            yield place


def _front(kept: Kept, row: int) -> str:
    """Return the front of the first line that a document keeps, of which there is one."""
    start, end = kept.spans[kept.offsets[row]].tolist()
    front = bytes(kept.data[start : min(end, start + _FRONT_BYTES)]).decode(errors="ignore")
    return front.lstrip().partition("\n")[0]


def _standing(front: str, names: Names) -> int:
    """Say how much a line opens as an agency's own: 2 dated, 1 named, 0 not at all."""
    from dedupe.clean.datelines import dateline_clues

    said = {clue.rule for clue in dateline_clues(front, 0, len(front), names)}
    return ("agency" in said) * (1 + ("dated" in said))
