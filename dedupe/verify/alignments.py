"""Pairs of tokenised texts in; what they share, aligned, and where, out.

a, b, Shingles  ->  Alignments       ->  counts and passages of each pair
passages        ->  as_code_points() ->  ranges of the texts as given
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe.shingle import SHINGLE_WORDS
from dedupe.threads import for_ranges

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe.clean import Kept
    from dedupe.settings import Settings
    from dedupe.shingle import Shingles

# Pairs of one call of a kernel, so that threads share the work.
_ALIGN_STEP = 2_000


def align(
    a: NDArray[np.int64], b: NDArray[np.int64], shingles: Shingles, settings: Settings
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Align documents a[i] and b[i], both ways.

    The answer for (b, a) is that for (a, b), mirrored.

    Returns counts int32 (P, N_MEASURES) of kernels.columns and passages int64
    (n, N_BOX) of kernels.passages: pair, token range in a, in b, counts.
    """
    alignments = Alignments(a, b, shingles, settings)
    alignments.look_again(np.arange(len(a)))
    return alignments.counts, alignments.passages


class Alignments:
    """Pairs of documents, aligned.

    The kernel walks one text and looks up the other, and takes the best run at each place:
    which is walked may matter where words repeat. Content decides it, whatever the seed.

    Args:
        a, b: int64 (P,), the documents.
        shingles: of all.
        settings: `passage_gap`, `passage_words`, `threads`.

    Attributes:
        counts: int32 (P, N_MEASURES) of kernels.columns.
        passages: int64 (n, N_BOX) of kernels.passages, by pair.
    """

    def __init__(
        self, a: NDArray[np.int64], b: NDArray[np.int64], shingles: Shingles, settings: Settings
    ) -> None:
        self._sides, self._shingles, self._settings = (a, b), shingles, settings
        self._flipped = shingles.content[b] < shingles.content[a]
        self.counts, self.passages = self._walked(np.arange(len(a)), self._flipped)

    def look_again(self, at: NDArray[np.int64]) -> NDArray[np.int64]:
        """Align pairs at rising places the other way; returns those where that is better.

        There it is what counts: it matches more words, or as many in less text.
        """
        from dedupe.kernels.columns import ALIGNED_A, ALIGNED_B, MATCHED
        from dedupe.kernels.passages import PAIR

        counts, passages = self._walked(at, ~self._flipped[at])
        more = counts[:, MATCHED] - self.counts[at, MATCHED]
        spread = [one[:, ALIGNED_A] + one[:, ALIGNED_B] for one in (counts, self.counts[at])]
        is_better = (more > 0) | ((more == 0) & (spread[0] < spread[1]))
        better: NDArray[np.int64] = at[is_better]
        if len(better):
            self.counts[better] = counts[is_better]
            passages = passages[is_better[passages[:, PAIR]]]
            passages[:, PAIR] = at[passages[:, PAIR]]
            kept = self.passages[~np.isin(self.passages[:, PAIR], better)]
            both = np.concatenate([kept, passages])
            self.passages = both[np.argsort(both[:, PAIR], kind="stable")]
        return better

    def _walked(
        self, at: NDArray[np.int64], flipped: NDArray[np.bool_]
    ) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Align pairs at some places; a is walked where flipped."""
        from dedupe.kernels import align as kernels
        from dedupe.kernels.columns import N_MEASURES
        from dedupe.kernels.passages import N_BOX

        shingles, settings = self._shingles, self._settings
        a, b = (side[at] for side in self._sides)
        looked_up, walked = np.where(flipped, b, a), np.where(flipped, a, b)
        # A text's table is built once for its neighbouring pairs.
        order = np.argsort(looked_up, kind="stable")
        looked_up, walked = looked_up[order], walked[order]
        counts = np.zeros((len(a), N_MEASURES), np.int32)
        n_tokens = np.diff(shingles.token_offsets)
        min_words = settings.passage_words

        def run(start: int, end: int) -> NDArray[np.int64]:
            room = int((n_tokens[walked[start:end]] // min_words + 1).sum())
            passages = np.empty((room, N_BOX), np.int64)
            found = kernels.fill_alignments(
                looked_up, walked, start, end,
                shingles.token_hashes, shingles.token_flags, shingles.token_offsets,
                shingles.facts, shingles.fact_offsets,
                SHINGLE_WORDS, settings.passage_gap, min_words, counts, passages,
            )  # fmt: skip
            return passages[:found].copy()

        steps = [*range(0, len(a), _ALIGN_STEP), len(a)]
        parts = for_ranges(run, steps, settings.threads)
        passages = np.concatenate([np.zeros((0, N_BOX), np.int64), *parts])
        return _as_given(counts, passages, order, flipped)


def _as_given(
    counts: NDArray[np.int32],
    passages: NDArray[np.int64],
    order: NDArray[np.int64],
    flipped: NDArray[np.bool_],
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Put what was measured in `order` back, sides as they were given."""
    from dedupe.kernels.columns import SIDES
    from dedupe.kernels.passages import A_FROM, A_TO, B_FROM, B_TO, PAIR

    given = np.empty_like(counts)
    given[order] = counts
    for left, right in SIDES:
        exchange(given, left, right, flipped)
    passages[:, PAIR] = order[passages[:, PAIR]]
    mirrored = flipped[passages[:, PAIR]]
    exchange(passages, A_FROM, B_FROM, mirrored)
    exchange(passages, A_TO, B_TO, mirrored)
    return given, passages[np.argsort(passages[:, PAIR], kind="stable")]


def exchange(table: NDArray[Any], left: int, right: int, rows: NDArray[np.bool_]) -> None:
    """Exchange two columns of a table in some rows."""
    kept = table[rows, left]
    table[rows, left] = table[rows, right]
    table[rows, right] = kept


def as_code_points(
    passages: NDArray[np.int64],
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    rows: NDArray[np.int64],
    shingles: Shingles,
    kept: Kept,
) -> NDArray[np.int64]:
    """Turn token ranges into code point ranges of the texts as given, sorted by place in a."""
    from dedupe.kernels import text as kernels

    spans = passages.copy()
    for side, first in ((a, 1), (b, 3)):
        document = side[passages[:, 0]]
        base = shingles.token_offsets[document]
        starts = shingles.token_starts[base + passages[:, first]]
        ends = shingles.token_ends[base + passages[:, first + 1] - 1]
        text_start = kept.text_offsets[rows[document]]
        for column, positions in ((first, starts), (first + 1, ends)):
            order = np.lexsort((positions, text_start))
            points = np.empty(len(order), np.int64)
            kernels.fill_code_points(
                kept.data, text_start[order], positions[order].astype(np.int64), points
            )
            spans[order, column] = points
    return spans[np.lexsort((spans[:, 1], spans[:, 0]))]
