"""What reading documents, and then comparing them, has found: stories are made of it.

    documents  ->  Sketched  ->  Compared

The pipeline compares documents with each other; against/ compares new ones with those near
them as well, and carries over what an earlier run found of these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dedupe.published import published_by
from dedupe.verify import Answers, OnDemand

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from dedupe.candidates import Candidates, Weights
    from dedupe.clean import Kept
    from dedupe.clean.furniture import Furniture
    from dedupe.settings import Settings
    from dedupe.sketch import Sketches


class Sketched(NamedTuple):
    """Documents, cleaned and sketched.

    Attributes:
        table: of `documents.SCHEMA`, sorted by id.
        kept: their kept ranges.
        furniture: what was learned of their outlets.
        sketches: of the kept words.
    """

    table: pa.Table
    kept: Kept
    furniture: Furniture
    sketches: Sketches


class Compared(NamedTuple):
    """Documents, and what reading and then comparing them has found.

    Shapes (D documents)
        table       of `documents.SCHEMA`, sorted by id
        kept        their kept ranges
        furniture   what was learned of their outlets
        sketches    of the kept words
        clues       table of `clues_schema()`
        weights     of the sampled shingles, without their order
        candidates  pairs that were measured, rows of `table`
        pairs       as judged, before round-ups are marked
        passages    of the pairs
    """

    table: pa.Table
    kept: Kept
    furniture: Furniture
    sketches: Sketches
    clues: pa.Table
    weights: Weights
    candidates: Candidates
    pairs: pa.Table
    passages: pa.Table

    def answers(
        self,
        settings: Settings,
        known: pa.Table | None = None,
        is_earlier: NDArray[np.bool_] | None = None,
    ) -> Answers:
        """Measure, when asked, pairs that no net has found; what is `known` is not measured."""
        on_demand = OnDemand(
            self.sketches,
            self.weights,
            published_by(self.table),
            self.kept,
            settings,
            is_collection=True,
        )
        return Answers(on_demand, known, is_earlier)
