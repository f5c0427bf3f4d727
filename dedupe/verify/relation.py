"""Measures of a pair in; relation, same_story and probability, out.

    Measured -> features() -> model.json -> two log-odds -> relation

Two sets of boosted trees on the same features, monotone where meaning asks it
(Friedman 2001): `lineage` says whether any of the text has one source,
`same_story` whether the two tell one written story. `benchmarks/fit_pairs.py`
fits both with scikit-learn and writes `model.json`; nothing here needs it.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dedupe.kernels import columns
from dedupe.shingle import SHINGLE_WORDS

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from dedupe.verify.measures import Measured

_MODEL = Path(__file__).with_name("model.json")

# Shares that part one relation from the next: conventions, stated in the README.
NEARLY_ALL, SIMILAR_LENGTH, MANY_WORDS, SLOTS_DIFFER, SOMETHING = 0.85, 0.7, 0.3, 0.3, 0.05

_WHOLE = 0.97
"""Containment from which on a text stands whole in the other."""

_NO_CLOCK = 0
_DAYS_APART_MICROSECONDS = 2 * 86_400_000_000
_LEAST_CHANGED, _REFILLED = 2, 0.15
_RECURS_ODDS = -3.0
"""A form filled in anew: days between the two, slots that changed, and their share of all."""

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

RELATIONS = (
    "exact", "repost", "excerpt", "rewrite", "paraphrase", "update",
    "roundup", "partial", "same_event", "template", "unrelated",
)  # fmt: skip


def features(measured: Measured) -> NDArray[np.float64]:
    """Return the model's view of each pair, float64 (P, len(FEATURES)).

    Shares are of the text in which they are larger, mostly the shorter one;
    those of few words are drawn toward the plain containment.
    """
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
    aligned = (counts[:, [columns.ALIGNED_A, columns.ALIGNED_B]] / np.maximum(words, 1)).max(axis=1)

    def changed(slots_changed: int, slots_same: int) -> NDArray[np.float64]:
        """Share of slots that change, drawn toward none when there are few.

        A text that stands whole in the other has no changed slots, even where
        its repeated numbers were matched crosswise.
        """
        share = counts[:, slots_changed] / (counts[:, slots_changed] + counts[:, slots_same] + 5)
        return np.where(shorter >= _WHOLE, 0.0, share)

    return np.stack(
        [
            shorter,
            containment.min(axis=1),
            measured.weighted.max(axis=1),
            narration,
            aligned,
            counts[:, columns.MATCHED] / np.maximum(words.min(axis=1), 1),
            np.minimum(np.log1p(counts[:, columns.LONGEST_RUN]) / np.log(500), 1),
            counts[:, columns.LONGEST_RUN] / np.maximum(words.min(axis=1), 1),
            lead_shares(measured).max(axis=1),
            measured.vocabulary[:, 0] / np.maximum(measured.vocabulary[:, 1:].min(axis=1), 1),
            share(columns.NUMBERS_SHARED, [columns.NUMBERS_A, columns.NUMBERS_B], 2.0),
            share(columns.NAMES_SHARED, [columns.NAMES_A, columns.NAMES_B], 4.0),
            changed(columns.NUMBER_SLOTS_CHANGED, columns.NUMBER_SLOTS_SAME),
            changed(columns.NAME_SLOTS_CHANGED, columns.NAME_SLOTS_SAME),
            1 / np.sqrt(np.maximum(words.min(axis=1), 1)),
            measured.vocabulary[:, 0] / np.maximum(measured.vocabulary[:, 1:].max(axis=1), 1),
        ],
        axis=1,
    )


def lead_shares(measured: Measured) -> NDArray[np.float64]:
    """Return how much of a's lead stands in b, and of b's in a, float64 (P, 2)."""
    found = measured.counts[:, [columns.LEAD_A, columns.LEAD_B]]
    # Counted by place: a shingle that the lead repeats counts each time.
    n_places = measured.words - SHINGLE_WORDS + 1
    return found / np.clip(n_places, 1, columns.LEAD_SHINGLES)


class Trees(NamedTuple):
    """Boosted regression trees whose leaves add up to natural log-odds.

    Shapes (T trees, N nodes of the largest)
        feature    int64   (T, N)  place in FEATURES; -1 in a leaf
        threshold  float64 (T, N)  at most this goes left
        left       int64   (T, N)  node; the right one is `right`
        right      int64   (T, N)
        value      float64 (T, N)  of a leaf
        bias       float            log-odds before any tree
    """

    feature: NDArray[np.int64]
    threshold: NDArray[np.float64]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    value: NDArray[np.float64]
    bias: float

    def log_odds(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Apply the trees to features (P, F); returns natural log-odds (P,)."""
        from dedupe.kernels.trees import fill_tree_sums

        total = np.empty(len(values))
        fill_tree_sums(values, *self, total)
        return total


@functools.cache
def load_model() -> dict[str, Trees]:
    """Read the fitted models; their features must be `FEATURES`."""
    model: dict[str, Any] = json.loads(_MODEL.read_text(encoding="utf-8"))
    if tuple(model["features"]) != FEATURES:
        raise ValueError(f"{_MODEL}: fitted for other features; run benchmarks/fit_pairs.py")
    return {name: load_trees(model[name]) for name in ("same_story", "lineage")}


def load_trees(fitted: dict[str, Any]) -> Trees:
    """Pad the trees of a fitted model to arrays."""
    trees = fitted["trees"]
    size = max(len(tree["feature"]) for tree in trees)

    def table(name: str, kind: type, fill: float) -> NDArray[Any]:
        padded: NDArray[Any] = np.full((len(trees), size), fill, kind)
        for row, tree in zip(padded, trees, strict=True):
            row[: len(tree[name])] = tree[name]
        return padded

    return Trees(
        table("feature", np.int64, -1),
        table("threshold", np.float64, 0),
        table("left", np.int64, 0),
        table("right", np.int64, 0),
        table("value", np.float64, 0),
        float(fitted["bias"]),
    )


def probability(odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn natural log-odds into probabilities, without overflow."""
    return 1 / (1 + np.exp(-np.clip(odds, -30, 30)))


def judge(measured: Measured, documents: pa.Table) -> pa.Table:
    """Return the pairs table: rows a < b, the measures of the contract, and the verdict.

    `same_story_odds` (natural log-odds) is what clustering weighs.
    """
    import pyarrow as pa

    values = features(measured)
    recurs = recurring(measured, values, documents)
    lineage, same = ruled_odds(values, measured.exact, recurs)
    containment = measured.shared[:, None] / np.maximum(measured.sizes, 1)
    union = measured.sizes.sum(axis=1) - measured.shared
    one_outlet = same_outlet(measured, documents)
    relations = relate(measured, values, lineage, same, one_outlet, recurs)
    counts = measured.counts
    leads = lead_shares(measured)
    narration = [
        counts[:, found] / np.maximum(counts[:, among], 1)
        for found, among in (
            (columns.NARRATION_SHARED_A, columns.NARRATION_A),
            (columns.NARRATION_SHARED_B, columns.NARRATION_B),
        )
    ]
    return pa.table(
        {
            "a": measured.a,
            "b": measured.b,
            "relation": pa.array(np.array(RELATIONS, dtype=object)[relations], pa.string()),
            "same_story": same > 0,
            "probability": probability(lineage),
            "resemblance": measured.shared / np.maximum(union, 1),
            "containment_a": containment[:, 0],
            "containment_b": containment[:, 1],
            "longest_run": counts[:, columns.LONGEST_RUN].astype(np.int64),
            "narration_a": narration[0],
            "narration_b": narration[1],
            "aligned_a": counts[:, columns.ALIGNED_A] / np.maximum(measured.words[:, 0], 1),
            "aligned_b": counts[:, columns.ALIGNED_B] / np.maximum(measured.words[:, 1], 1),
            "lead_a": leads[:, 0],
            "lead_b": leads[:, 1],
            "same_story_odds": same,
        }
    )


def ruled_odds(
    values: NDArray[np.float64], exact: NDArray[np.bool_], recurs: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the log-odds of lineage and of one story, float64 (P,) each, rules over models."""
    models = load_model()
    lineage = models["lineage"].log_odds(values)
    same = models["same_story"].log_odds(values)
    same[recurs] = np.minimum(same[recurs], _RECURS_ODDS)
    lineage[recurs] = np.minimum(lineage[recurs], _RECURS_ODDS)
    lineage[exact] = same[exact] = 10.0
    # The same story is a fortiori one lineage.
    return np.maximum(lineage, same), same


def recurring(
    measured: Measured, values: NDArray[np.float64], documents: pa.Table
) -> NDArray[np.bool_]:
    """Say which pairs are one form filled in anew on another day, bool (P,).

    A running story changes its numbers within a day or two, and a late reprint
    changes nothing; a market report or a forecast does both. Only clocks that
    cannot be reconciled count.
    """
    n_changed, n_same = slots(measured)
    refilled = (n_changed >= _LEAST_CHANGED) & (n_changed >= _REFILLED * (n_changed + n_same))
    whole = values[:, FEATURES.index("containment")] >= _WHOLE
    apart = microseconds_apart(measured, documents) >= _DAYS_APART_MICROSECONDS
    return np.asarray(apart & refilled & ~whole)


def microseconds_apart(measured: Measured, documents: pa.Table) -> NDArray[np.int64]:
    """Return the least time between both clocks of each pair, int64 (P,); -1 where unknown."""
    starts, ends = (
        documents.column(name).cast("int64").combine_chunks().fill_null(_NO_CLOCK).to_numpy()
        for name in ("published", "published_until")
    )
    a, b = measured.a, measured.b
    known = (starts[a] != _NO_CLOCK) & (starts[b] != _NO_CLOCK)
    return np.where(known, np.maximum(starts[b] - ends[a], starts[a] - ends[b]), -1)


def slots(measured: Measured) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return how many numbers and names in the same places changed, and stayed; int32 (P,)."""
    counts = measured.counts
    n_changed = counts[:, columns.NUMBER_SLOTS_CHANGED] + counts[:, columns.NAME_SLOTS_CHANGED]
    n_same = counts[:, columns.NUMBER_SLOTS_SAME] + counts[:, columns.NAME_SLOTS_SAME]
    return n_changed, n_same


def same_outlet(measured: Measured, documents: pa.Table) -> NDArray[np.bool_]:
    """Say which pairs come from one named outlet, bool (P,)."""
    names = documents.column("source").combine_chunks().dictionary_encode()
    codes = np.asarray(names.indices.fill_null(-1))
    a, b = codes[measured.a], codes[measured.b]
    return np.asarray((a == b) & (a >= 0))


def relate(
    measured: Measured,
    values: NDArray[np.float64],
    lineage: NDArray[np.float64],
    same: NDArray[np.float64],
    one_outlet: NDArray[np.bool_],
    recurs: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """Choose each pair's relation, as a place in RELATIONS, int64 (P,).

    The definitions are those of the table in the README: a repost holds nearly
    all of the shorter text at about its length, an excerpt holds it in a much
    longer one, an update is one outlet's next version. Which two tell one story
    is fitted; where a repost ends and a rewrite begins is a convention.
    """
    shorter = values[:, FEATURES.index("containment")]
    changed = values[:, FEATURES.index("numbers_changed")]
    weighted = values[:, FEATURES.index("weighted")]
    words = measured.words.astype(np.float64)
    ratio = words.min(axis=1) / np.maximum(words.max(axis=1), 1)
    names = [
        (measured.exact, "exact"),
        ((same > 0) & one_outlet, "update"),
        ((same > 0) & (shorter >= NEARLY_ALL) & (ratio >= SIMILAR_LENGTH), "repost"),
        ((same > 0) & (shorter >= NEARLY_ALL), "excerpt"),
        ((same > 0) & (shorter >= MANY_WORDS), "rewrite"),
        (same > 0, "paraphrase"),
        ((shorter >= MANY_WORDS) & ((changed >= SLOTS_DIFFER) | recurs), "template"),
        (lineage > 0, "partial"),
        (weighted >= SOMETHING, "same_event"),
    ]
    places = [RELATIONS.index(name) for _, name in names]
    conditions = [condition for condition, _ in names]
    return np.select(conditions, places, RELATIONS.index("unrelated")).astype(np.int64)
