"""What reading documents and comparing them has found: stories are made of it.

The pipeline fills it stage by stage; against/ fills it for new documents and those near them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from dedupe.verify import Answers, OnDemand, published_by

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from dedupe.candidates import Candidates, Weights
    from dedupe.clean import Kept
    from dedupe.clean.furniture import Furniture
    from dedupe.settings import Settings
    from dedupe.sketch import Sketches

_NOT_YET: Any = None


class Compared(NamedTuple):
    """Documents, and what reading and then comparing them has found: stories are made of it.

    Shapes (D documents)
        table       of `documents.SCHEMA`, sorted by id
        kept        their kept ranges
        furniture   what was learned of their outlets
        clues       table of `clues_schema()`
        sketches    of the kept words
        weights     of the sampled shingles, without their order
        candidates  pairs that were measured, rows of `table`
        pairs       as judged, before round-ups are marked
        passages    of the pairs
    """

    table: pa.Table
    kept: Kept
    furniture: Furniture
    clues: pa.Table
    sketches: Sketches
    weights: Weights = _NOT_YET
    candidates: Candidates = _NOT_YET
    pairs: pa.Table = None
    passages: pa.Table = None

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
