"""Stage 6: candidate pairs in; measured pairs with relation, probability and passages, out.

blocks.py     pairs of few texts together    -> blocks, measured one after another
measures.py   exact overlap, then alignment  -> Measured, passages
alignments.py pairs of tokenised texts       -> what they share, and where
telling.py    undecided pairs, by sentence   -> more measures
openings.py   where passages begin           -> names in that sentence, before
filed.py      how their texts open           -> which one an agency filed
sentences.py  a pair, on demand         -> passages in other words
edits.py      a passage, on demand      -> its words that changed
features.py   measures                       -> what the models look at, by name
models.py     features, by fitted trees      -> log-odds of one story and of lineage
relation.py   log-odds                       -> relation, same_story, probability
pieces.py     pairs of one page together     -> the pieces of it that others hold
roundups.py   pieces of a page     -> round-ups set right
subjects.py   two texts, on demand           -> how likely they are of one subject

Three steps, each dearer than the one before: the sketches have screened the
candidates, an exact intersection of shingles drops those below the containment
floor, and only the rest is aligned.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING

import numpy as np

from dedupe.arrays.packed import pack, unpack
from dedupe.arrays.spill import MEMORY
from dedupe.candidates import EXACT, Candidates, compare_sketches
from dedupe.published import published_by
from dedupe.verify.measures import (
    Measured,
    in_order,
    measure,
    measured_blocks,
    numbered_from,
    taken,
)
from dedupe.verify.relation import judge, same_story_odds
from dedupe.verify.roundups import mark_roundups
from dedupe.verify.subjects import common_words, subject_odds

if TYPE_CHECKING:
    from collections.abc import Collection

    import pyarrow as pa
    from numpy.typing import NDArray

    from dedupe.arrays.spill import Spill
    from dedupe.candidates import Weights
    from dedupe.clean import Kept
    from dedupe.published import Published
    from dedupe.settings import Settings
    from dedupe.sketch import Sketches
    from dedupe.stages import OnProgress
    from dedupe.verify.subjects import Common

__all__ = [
    "Answers",
    "Measured",
    "OnDemand",
    "given_pairs",
    "judge",
    "mark_roundups",
    "measure",
    "verify",
]

_UNLIKE = -8.0
"""Log-odds of same_story for a pair below the containment floor. Half or twice as much changes no
figure of seeds, census, spotify, Clough-Stevenson, ECB+ and the readings
(benchmarks/quality.py)."""


def verify(
    candidates: Candidates,
    documents: pa.Table,
    kept: Kept,
    settings: Settings,
    on_progress: OnProgress | None = None,
    spill: Spill = MEMORY,
    *,
    closely: bool = False,
) -> tuple[pa.Table, pa.Table]:
    """Measure the candidates and judge them; returns the pairs and passages tables.

    `closely` looks at all of them as at those left undecided.
    """
    published = published_by(documents)

    def judged(block: Measured) -> tuple[pa.Table, pa.Table]:
        return judge(block, published), block.passages

    judged_pairs, found, n_pairs = spill.joined(), spill.joined(), 0
    for block, of_block in measured_blocks(
        candidates, kept, settings, judged, on_progress, spill, closely=closely
    ):
        judged_pairs.add(block)
        found.add(numbered_from(of_block, n_pairs))
        n_pairs += block.num_rows
    pairs = judged_pairs.whole()
    order = np.lexsort((pairs.column("b").to_numpy(), pairs.column("a").to_numpy()))
    if spill is MEMORY and bool((order[1:] > order[:-1]).all()):
        # The few pairs of one question stand in order.
        return pairs, found.whole()
    return taken(pairs, order, spill), in_order(found.whole(), order, spill)


def given_pairs(
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    sketches: Sketches,
    weights: Weights,
    settings: Settings,
) -> Candidates:
    """Make candidates of rows a < b that no net has found, sorted; int64 (P,) each."""
    packed = np.sort(pack(a, b))
    a, b = unpack(packed)
    _, share, _ = compare_sketches(packed, sketches, weights, settings)
    same_text = sketches.text_hashes[a] == sketches.text_hashes[b]
    nets = np.where(same_text & (sketches.n_words[a] > 0), EXACT, 0).astype(np.uint8)
    return Candidates(a, b, nets, share, len(packed), {})


class Answers:
    """Asks `OnDemand`, remembers what it said, and never asks it twice.

    Args:
        on_demand: measures what is not known.
        known: a table as `table` gives it, or None.
        is_earlier: documents of an earlier run, bool (D,), or None; how many pairs of two of
            them were asked of `on_demand` is counted.
    """

    def __init__(
        self,
        on_demand: OnDemand,
        known: pa.Table | None,
        is_earlier: NDArray[np.bool_] | None,
    ) -> None:
        self._on_demand = on_demand
        self._is_earlier = is_earlier
        self.n_earlier = 0
        self._odds: dict[tuple[int, int], float] = {}
        self._subject_odds: dict[tuple[int, int], float] = {}
        for row in known.to_pylist() if known is not None else ():
            pair = row["a"], row["b"]
            if row["same_story_odds"] is not None:
                self._odds[pair] = row["same_story_odds"]
            if row["subject_odds"] is not None:
                self._subject_odds[pair] = row["subject_odds"]

    def same_story_odds(self, a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return log-odds of same_story for rows a < b, in the order given, float64 (P,)."""
        rows = list(zip(a.tolist(), b.tolist(), strict=True))
        # A set less the keys would look at every key: what was asked grows with each call.
        missing = sorted({pair for pair in rows if pair not in self._odds})
        if missing:
            self._count(missing)
            sides = np.array(missing, np.int64)
            found = self._on_demand.same_story_odds(sides[:, 0], sides[:, 1])
            self._odds.update(zip(missing, found.tolist(), strict=True))
        return np.array([self._odds[pair] for pair in rows])

    def subject_odds(self, x: int, y: int) -> float:
        """Return log-odds that two documents are of one subject."""
        pair = (min(x, y), max(x, y))
        if pair not in self._subject_odds:
            self._count([pair])
            self._subject_odds[pair] = self._on_demand.subject_odds(*pair)
        return self._subject_odds[pair]

    def n_outlets(self, rows: Collection[int]) -> int:
        """Return how many outlets documents are of; those of unknown ones count as of one."""
        return self._on_demand.n_outlets(rows)

    def table(self) -> pa.Table:
        """Return what was asked: a, b, same_story_odds, subject_odds; nulls where it was not."""
        import pyarrow as pa

        asked = sorted(self._odds.keys() | self._subject_odds.keys())
        return pa.table(
            {
                "a": pa.array([a for a, _ in asked], pa.int64()),
                "b": pa.array([b for _, b in asked], pa.int64()),
                "same_story_odds": pa.array([self._odds.get(one) for one in asked], pa.float64()),
                "subject_odds": pa.array(
                    [self._subject_odds.get(one) for one in asked], pa.float64()
                ),
            }
        )

    def _count(self, pairs: list[tuple[int, int]]) -> None:
        if self._is_earlier is not None:
            self.n_earlier += int(self._is_earlier[np.array(pairs)].all(axis=1).sum())


@dataclasses.dataclass(frozen=True)
class OnDemand:
    """Measures pairs that no net has found, when clustering asks for them.

    Attributes:
        sketches: of all documents.
        weights: of their sampled shingles.
        published: by whom and when.
        kept: their texts.
        settings: of the run.
        is_collection: the documents are a whole collection, and tell how common words are.
    """

    sketches: Sketches
    weights: Weights
    published: Published
    kept: Kept
    settings: Settings
    is_collection: bool = False

    @functools.cached_property
    def _common(self) -> Common | None:
        if not self.is_collection:
            return None
        return common_words(self.kept, self.sketches.text_hashes, self.settings)

    def same_story_odds(self, a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return log-odds of same_story for rows a < b, in the order given, float64 (P,)."""
        candidates = given_pairs(a, b, self.sketches, self.weights, self.settings)
        measured = measure(candidates, self.kept, self.settings)
        odds = same_story_odds(measured, self.published)
        pairs = zip(measured.a.tolist(), measured.b.tolist(), strict=True)
        known = dict(zip(pairs, odds.tolist(), strict=True))
        rows = zip(a.tolist(), b.tolist(), strict=True)
        return np.array([known.get(pair, _UNLIKE) for pair in rows])

    def subject_odds(self, x: int, y: int) -> float:
        """Return log-odds that two documents are of one subject, as parts of one story are."""
        rows = np.array([min(x, y), max(x, y)])
        return subject_odds(self.kept, rows, self.settings, self._common)

    def n_outlets(self, rows: Collection[int]) -> int:
        """Return how many outlets documents are of; those of unknown ones count as of one."""
        return self.published.n_outlets(rows)
