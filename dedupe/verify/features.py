"""Measures of a pair in; what the fitted models look at, out.

    Measured  ->  features()         ->  a column for each of FEATURES
              ->  closer_features()  ->  and for each of CLOSER_FEATURES, of pairs looked at closely

A column has its name beside it: what a model was fitted to is found by name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe.kernels import columns, telling
from dedupe.shingle import SHINGLE_WORDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe.verify.measures import Measured


WHOLE = 0.97
"""Containment from which on a text stands whole in the other. With .94 or .985 no figure of seeds,
census, spotify, Clough-Stevenson, ECB+ and the readings changes (benchmarks/quality.py)."""


FEATURES = (
    "containment",
    "containment_longer",
    "weighted",
    "narration",
    "aligned",
    "matched",
    "run",
    "run_share",
    "lead",
    "vocabulary",
    "numbers",
    "names",
    "numbers_changed",
    "names_changed",
    "brevity",
    "vocabulary_longer",
)
"""Names of the feature columns, in order; all lie between 0 and 1."""


CLOSER_FEATURES = (
    *FEATURES,
    "grams",
    "grams_longer",
    "likeness",
    "likeness_longer",
    "told",
    "told_longer",
    "ordered",
    "ordered_longer",
    "leads",
    "rising",
    "near",
    "near_longer",
    "facts",
    "plain",
    "refilled",
    "scattered",
    "scattered_longer",
    "size_longer",
    "filed",
    "outgrown",
)
"""Those of a pair that was looked at closely: between 0 and 1, too."""


def features(
    measured: Measured, at: NDArray[np.int64] | slice = slice(None)
) -> NDArray[np.float64]:
    """Return the model's view of pairs, those at some places, float64 (P, len(FEATURES)).

    Shares are of the text in which they are larger, mostly the shorter one;
    those of few words are drawn toward the plain containment. The models were fitted
    with the counts that draw them and the words that runs and texts are measured by:
    other numbers ask for another fit (benchmarks/fit_pairs.py).
    """
    names = ("shared", "sizes", "words", "vocabulary", "weighted", "counts")
    measured = measured._replace(**{name: getattr(measured, name)[at] for name in names})
    counts = measured.counts.astype(np.float64)
    containment = measured.shared[:, None] / np.maximum(measured.sizes, 1)
    shorter = containment.max(axis=1)

    def share(found: list[int] | int, among: list[int], weight: float) -> NDArray[np.float64]:
        """Largest share over both sides, with `weight` counts of the containment added."""
        part = counts[:, found if isinstance(found, list) else [found, found]]
        whole = counts[:, among]
        drawn: NDArray[np.float64] = (part + weight * shorter[:, None]) / (whole + weight)
        return np.asarray(drawn.max(axis=1))

    narration = share(
        [columns.NARRATION_SHARED_A, columns.NARRATION_SHARED_B],
        [columns.NARRATION_A, columns.NARRATION_B],
        20.0,
    )
    words = measured.words.astype(np.float64)
    shorter_words = np.maximum(words.min(axis=1), 1)
    run, vocabulary = counts[:, columns.LONGEST_RUN], measured.vocabulary[:, 1:]
    aligned = (counts[:, [columns.ALIGNED_A, columns.ALIGNED_B]] / np.maximum(words, 1)).max(axis=1)

    def changed(slots_changed: int, slots_same: int) -> NDArray[np.float64]:
        """Share of slots that change, drawn toward none when there are few.

        A text that stands whole in the other has no changed slots, even where
        its repeated numbers were matched crosswise.
        """
        share = counts[:, slots_changed] / (counts[:, slots_changed] + counts[:, slots_same] + 5)
        return np.where(shorter >= WHOLE, 0.0, share)

    found = {
        "containment": shorter,
        "containment_longer": containment.min(axis=1),
        "weighted": measured.weighted.max(axis=1),
        "narration": narration,
        "aligned": aligned,
        "matched": counts[:, columns.MATCHED] / shorter_words,
        "run": np.minimum(np.log1p(run) / np.log(500), 1),
        "run_share": run / shorter_words,
        "lead": lead_shares(measured).max(axis=1),
        "vocabulary": measured.vocabulary[:, 0] / np.maximum(vocabulary.min(axis=1), 1),
        "numbers": share(columns.NUMBERS_SHARED, [columns.NUMBERS_A, columns.NUMBERS_B], 2.0),
        "names": share(columns.NAMES_SHARED, [columns.NAMES_A, columns.NAMES_B], 4.0),
        "numbers_changed": changed(columns.NUMBER_SLOTS_CHANGED, columns.NUMBER_SLOTS_SAME),
        "names_changed": changed(columns.NAME_SLOTS_CHANGED, columns.NAME_SLOTS_SAME),
        "brevity": 1 / np.sqrt(shorter_words),
        "vocabulary_longer": measured.vocabulary[:, 0] / np.maximum(vocabulary.max(axis=1), 1),
    }
    return np.stack([found[name] for name in FEATURES], axis=1)


def lead_shares(measured: Measured) -> NDArray[np.float64]:
    """Return how much of a's lead stands in b, and of b's in a, float64 (P, 2)."""
    found = measured.counts[:, [columns.LEAD_A, columns.LEAD_B]]
    # Counted by place: a shingle that the lead repeats counts each time.
    n_places = measured.words - SHINGLE_WORDS + 1
    return found / np.clip(n_places, 1, columns.LEAD_SHINGLES)


def closer_features(measured: Measured) -> NDArray[np.float64]:
    """Return the closer models' view of the pairs looked at, (L, len(CLOSER_FEATURES))."""
    if not len(measured.looked):
        return np.zeros((0, len(CLOSER_FEATURES)))
    told = measured.told
    words, counts = measured.words[measured.looked], measured.counts[measured.looked]
    run = counts[:, [columns.LONGEST_RUN]] / np.maximum(words, 1)
    grams = told[:, [telling.GRAMS_A, telling.GRAMS_B]]

    def sided(name: str, shares: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """Shares of both texts: the larger, mostly of the shorter text, and the other."""
        return {name: shares.max(axis=1), f"{name}_longer": shares.min(axis=1)}

    def kept(same: int, among: list[int], weight: float) -> NDArray[np.float64]:
        """Share of the facts or words of matching sentences that both have."""
        found = told[:, same] + weight / 2
        return np.asarray(found / (told[:, among].min(axis=1) + weight))

    found = {
        **sided("grams", grams),
        **sided("likeness", told[:, [telling.LIKENESS_A, telling.LIKENESS_B]]),
        **sided("told", told[:, [telling.TOLD_A, telling.TOLD_B]]),
        **sided("ordered", told[:, [telling.ORDERED_A, telling.ORDERED_B]]),
        "leads": told[:, telling.LEADS],
        "rising": told[:, [telling.RISING_A, telling.RISING_B]].mean(axis=1),
        **sided("near", told[:, [telling.NEAR_A, telling.NEAR_B]]),
        "facts": kept(telling.FACTS_SAME, [telling.FACTS_A, telling.FACTS_B], 2.0),
        "plain": kept(telling.PLAIN_SAME, [telling.PLAIN_A, telling.PLAIN_B], 4.0),
        "refilled": told[:, telling.N_REFILLED] / (told[:, telling.N_FRAMES] + 2),
        # What stands in one long run may be a quotation; a copy has more to show.
        **sided("scattered", np.clip(grams - run, 0, 1)),
        "size_longer": np.minimum(np.log1p(words.max(axis=1)) / np.log(20_000), 1),
        "filed": np.abs(told[:, telling.FILED]),
        "outgrown": _outgrown(words, told[:, telling.FILED]),
    }
    added = [found[name] for name in CLOSER_FEATURES[len(FEATURES) :]]
    return np.column_stack([measured.view[measured.looked], *added])


def _outgrown(words: NDArray[np.int32], filed: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of both texts' words that the one not filed by an agency has, (L,).

    A half where neither or both were: a paper cuts what it takes over, and writes
    at length what it wrote itself.
    """
    total = np.maximum(words.sum(axis=1), 1)
    other = np.where(filed > 0, words[:, 0], words[:, 1])
    return np.where(filed == 0, 0.5, other / total)
