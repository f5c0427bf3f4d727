"""Sampled shingles in; pairs of documents that share rare ones, out.

Source  rare shared phrases: Heintze 1996, Smith, Cordell and Dillon 2013.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dedupe.arrays.equals import equal_hashes
from dedupe.candidates.buckets import content_priority, link
from dedupe.candidates.equal_texts import names_its_text
from dedupe.candidates.runs import PairRuns

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from dedupe.arrays.equals import EqualHashes
    from dedupe.arrays.spill import Spill
    from dedupe.candidates.runs import Run
    from dedupe.settings import Settings
    from dedupe.sketch import Sketches


class RareNet(NamedTuple):
    """What shares rare shingles.

    Attributes:
        runs: pairs, packed, as sorted runs, and how many shingles each shares.
        n_capped: shingles above the cap.
        priority: a hash of each document's content, uint64 (D,).
    """

    runs: tuple[Run, ...]
    n_capped: int
    priority: NDArray[np.uint64]


def rare_net(
    sketches: Sketches,
    settings: Settings,
    spill: Spill,
    also: Callable[[EqualHashes], None] | None = None,
) -> RareNet:
    """Pair the documents that share sampled shingles; `also` sees their partitions, too."""
    runs, n_capped = PairRuns(spill), 0
    # Who holds a shingle has words.
    distinct = names_its_text(sketches)
    priority = content_priority(sketches.signatures, settings.threads)

    def pair_up(part: EqualHashes) -> tuple[NDArray[np.uint64], int]:
        if also:
            also(part)
        return link(*part.buckets(distinct), priority, settings.rare_cap)

    equal = equal_hashes(sketches.sampled, sketches.offsets, spill)
    for pairs, capped in equal.each(pair_up, settings.threads):
        runs.add(pairs)
        n_capped += capped
    return RareNet(runs.finished(), n_capped, priority)
