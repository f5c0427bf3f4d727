"""Where documents stand: how each relates to its parent, in words, and to which.

The kernels that place documents know relations by their places in BY_CLOSENESS;
how they place them stands in kernels/places.py.
"""

from __future__ import annotations

import math
from typing import NamedTuple

BY_CLOSENESS = (
    "exact", "repost", "excerpt", "update", "rewrite", "paraphrase",
    "roundup", "partial", "same_event", "template", "unrelated",
    "origin", "derived", "single",
)  # fmt: skip
"""The relations of docs/output.md; of one lineage first, the closest before the others."""

SINGLE = BY_CLOSENESS.index("single")


class Placed(NamedTuple):
    """Where one document stands.

    Attributes:
        row: the document.
        relation: one of `BY_CLOSENESS`.
        parent: row of its likeliest parent, or -1.
        name: the absent parent's name, or None.
        probability: of that parent; NaN without one.
    """

    row: int
    relation: str
    parent: int = -1
    name: str | None = None
    probability: float = math.nan
