"""Stage 6: candidate pairs in; measured pairs with relation, probability and passages, out.

    candidates --exact overlap--> pairs above the floor --alignment--> measures
    measures   --judge-->  relation, same_story, probability

Three steps, each dearer than the one before: the sketches have screened the
candidates, an exact intersection of shingles drops those below the containment
floor, and only the rest is aligned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dedupe.verify.judge import judge
from dedupe.verify.measure import Measured, measure

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa

    from dedupe.candidates import Candidates
    from dedupe.clean import Kept
    from dedupe.settings import Settings

__all__ = ["Measured", "judge", "measure", "verify"]


def verify(
    candidates: Candidates,
    documents: pa.Table,
    kept: Kept,
    settings: Settings,
    on_progress: Callable[[str, int, int], None] | None = None,
) -> tuple[pa.Table, pa.Table]:
    """Measure the candidates and judge them; returns the pairs and passages tables."""
    measured = measure(candidates, kept, settings, on_progress)
    return judge(measured, documents), measured.passages
