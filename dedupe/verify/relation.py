"""Log-odds of a pair, by models.py, in; relation, same_story and probability, out.

    Measured, Published  ->  judge()  ->  pairs table

Rules overrule the models: one form filled in anew on another day is no copy, and what
stands in quotation marks tells of no lineage. Which two tell one story is fitted; where
one relation ends and the next begins is a convention.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe.dates import DAY_MICROSECONDS
from dedupe.kernels import columns
from dedupe.published import NO_CLOCK
from dedupe.verify.features import FEATURES, WHOLE, lead_shares

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from dedupe.published import Published
    from dedupe.verify.measures import Measured


# Shares that part one relation from the next: conventions, stated in docs/output.md.
NEARLY_ALL, SIMILAR_LENGTH, MANY_WORDS, SLOTS_DIFFER, SOMETHING = 0.85, 0.7, 0.3, 0.3, 0.05

TAKEN_OVER = 1.0
"""Log-odds of lineage from which on a pair that is not one story is said to share a part of it: of
0 to 2 the best on the tuning halves of Reuters, mixed and COUNTER, shares of each found and
of others not."""


_DAYS_APART_MICROSECONDS = 2 * DAY_MICROSECONDS
_LEAST_CHANGED, _REFILLED = 2, 0.15
"""A form filled in anew: days between the two, slots that changed, and their share of all. With one
day nothing changes; with four, or 4 slots and .3 of all, pairwise F1 of seeds is .972, not .975;
with 1 slot and .075 their relations fall from .617 to .603 (benchmarks/quality.py)."""

_NAMES_CHANGED = 0.3
"""Share of a brief's names in the same places that are others, from which on it tells of other
people and places. So 2 of 1,258 pairs of Reuters are no longer one story: two bonds, and one
that may be a correction; no pair of census, spotify, ECB+ and seeds. Names that stand elsewhere
say nothing: a copy has its own byline, caption and headline."""

_NOUNS = 0.2
"""Share of the words that two briefs share from which on capitals tell of nouns, as in German, not
of names: of what 26 pairs of Reuters share, which `subjects_differ` makes two stories, all of them
rightly, names are at most .19. It parts no pair of census, spotify, ECB+, COUNTER and seeds. With
longer texts, too, 8 more pairs are two stories, rightly, but `subjects.stories_apart` falls."""

_MANY_NUMBERS, _NUMBERS_KEPT = 3, 0.2
"""Distinct numbers that both texts have at least, and the share of the fewer at most that is in
both, where nearly all are others. 58 pairs of one story of Reuters, ECB+ and COUNTER change numbers
in two places or more; the least that one keeps is .4. With four numbers one in 29 invented forms
more is joined, with a share of .35 three of 91 invented copies are parted."""

_SPEAKER, _MOSTLY = 20, 0.5
"""Of a quotation: shingles outside its marks, at most, that say who spoke, and their share of all
in common. Of 12, 20 and 30, and of a third, a half and .7, what leaves fewest of the dispatches
that print one quotation (`edits.quotations_apart`) with a copy's relation, and takes it from at
most a fiftieth of what benchmarks/fit_pairs.py labels copies."""

_BRIEF_WORDS = 80
"""A shorter text of another day is a new one, where its outlet may be the other's and neither
stands whole in the other: of such pairs of Reuters that were one story before 28 were read, and
26 are two; of longer ones a fifth is one (`reuters.late_joined_per_1000`)."""

_RULED_ODDS = -3.0
"""Log-odds that a rule allows at most. Half or twice as much changes no figure of seeds, census,
spotify, Clough-Stevenson, ECB+ and the readings (benchmarks/quality.py)."""

EXACT_ODDS = 10.0
"""Log-odds of equal texts, and of no others: the models say less of every pair."""


PAIR_RELATIONS = (
    "exact", "repost", "excerpt", "rewrite", "paraphrase", "update",
    "roundup", "partial", "same_event", "template", "unrelated",
)  # fmt: skip
"""The relations of a pair (docs/output.md); those before "roundup" are of one story."""


def probability(odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn natural log-odds into probabilities, without overflow."""
    return 1 / (1 + np.exp(-np.clip(odds, -30, 30)))


def judge(measured: Measured, published: Published) -> pa.Table:
    """Return the pairs table: rows a < b, the measures of docs/output.md, and the verdict.

    `same_story_odds` (natural log-odds) is what clustering weighs.
    """
    import pyarrow as pa

    values = measured.view
    recurs = recurring(measured, values, published)
    lineage, same = ruled_odds(measured.odds, measured.exact, recurs, quoted(measured))
    containment = measured.shared[:, None] / np.maximum(measured.sizes, 1)
    union = measured.sizes.sum(axis=1) - measured.shared
    one_outlet = same_outlet(measured, published)
    relations = relate(measured, values, lineage, same, one_outlet, recurs)
    counts = measured.counts
    leads = lead_shares(measured)
    # No finer than an index keeps them, so that both are told alike.
    aligned = counts[:, [columns.ALIGNED_A, columns.ALIGNED_B]] / np.maximum(measured.words, 1)
    aligned = aligned.astype(np.float32)
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
            "relation": pa.array(PAIR_RELATIONS, pa.string()).take(pa.array(relations)),
            "same_story": same > 0,
            "probability": probability(lineage),
            "resemblance": measured.shared / np.maximum(union, 1),
            "containment_a": containment[:, 0],
            "containment_b": containment[:, 1],
            "longest_run": counts[:, columns.LONGEST_RUN].astype(np.int64),
            "narration_a": narration[0],
            "narration_b": narration[1],
            "aligned_a": aligned[:, 0],
            "aligned_b": aligned[:, 1],
            "lead_a": leads[:, 0],
            "lead_b": leads[:, 1],
            "same_story_odds": same,
        }
    )


def same_story_odds(measured: Measured, published: Published) -> NDArray[np.float64]:
    """Return the log-odds of one story that `judge` says, and nothing else of it; float64 (P,)."""
    recurs = recurring(measured, measured.view, published)
    return ruled_odds(measured.odds, measured.exact, recurs, quoted(measured))[1]


def ruled_odds(
    odds: NDArray[np.float64],
    exact: NDArray[np.bool_],
    recurs: NDArray[np.bool_],
    is_quoted: NDArray[np.bool_],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the log-odds of lineage and of one story, float64 (P,) each, rules over models.

    `odds` is what `model_odds` says.
    """
    same, lineage = odds[:, 0].copy(), odds[:, 1].copy()
    same[recurs] = np.minimum(same[recurs], _RULED_ODDS)
    unlike = recurs | is_quoted
    lineage[unlike] = np.minimum(lineage[unlike], _RULED_ODDS)
    lineage[exact] = same[exact] = EXACT_ODDS
    # The same story is a fortiori one lineage.
    return np.maximum(lineage, same), same


def quoted(measured: Measured) -> NDArray[np.bool_]:
    """Say of which pairs little more than a quotation is in both, and who spoke; bool (P,)."""
    shared = [columns.NARRATION_SHARED_A, columns.NARRATION_SHARED_B]
    narration = measured.counts[:, shared].max(axis=1)
    return np.asarray((narration < _SPEAKER) & (narration < _MOSTLY * measured.shared))


def recurring(
    measured: Measured, values: NDArray[np.float64], published: Published
) -> NDArray[np.bool_]:
    """Say which pairs are one form filled in anew, bool (P,): on another day, or about others.

    A running story changes its numbers within a day or two, and a late reprint
    changes nothing; a market report or a forecast does both. In a brief there is
    little else to change. Only clocks that cannot be reconciled count. No story
    changes several of its people and places, whom it is about, or nearly all of
    its numbers; a police log, a bank's rates and a lottery do, twice a day.
    """
    brief = is_brief(measured)
    later = refilled(measured) | (brief & ~other_outlets(measured, published))
    if later.any():
        later &= microseconds_apart(measured, published) >= _DAYS_APART_MICROSECONDS
    partly = values[:, FEATURES.index("containment")] < WHOLE
    others = names_differ(measured) | subjects_differ(measured)
    return np.asarray(partly & (later | (brief & others) | numbers_differ(measured)))


def refilled(measured: Measured) -> NDArray[np.bool_]:
    """Say in which pairs several numbers and names in the same places are others, bool (P,)."""
    n_changed, n_same = slots(measured)
    changed = (n_changed >= _LEAST_CHANGED) & (n_changed >= _REFILLED * (n_changed + n_same))
    return np.asarray(changed)


def is_brief(measured: Measured) -> NDArray[np.bool_]:
    """Say of which pairs one text is brief, bool (P,)."""
    return np.asarray(measured.words.min(axis=1) < _BRIEF_WORDS)


def microseconds_apart(measured: Measured, published: Published) -> NDArray[np.int64]:
    """Return the least time between both clocks of each pair, int64 (P,); -1 where unknown."""
    _, starts, ends = published
    a, b = measured.a, measured.b
    known = (starts[a] != NO_CLOCK) & (starts[b] != NO_CLOCK)
    return np.where(known, np.maximum(starts[b] - ends[a], starts[a] - ends[b]), -1)


def slots(measured: Measured) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return how many numbers and names in the same places changed, and stayed; int32 (P,)."""
    counts = measured.counts
    n_changed = counts[:, columns.NUMBER_SLOTS_CHANGED] + counts[:, columns.NAME_SLOTS_CHANGED]
    n_same = counts[:, columns.NUMBER_SLOTS_SAME] + counts[:, columns.NAME_SLOTS_SAME]
    return n_changed, n_same


def names_differ(measured: Measured) -> NDArray[np.bool_]:
    """Say in which pairs several names in the same places are others, bool (P,)."""
    counts = measured.counts
    changed, same = counts[:, columns.NAME_SLOTS_CHANGED], counts[:, columns.NAME_SLOTS_SAME]
    several = (changed >= _LEAST_CHANGED) & (changed >= _NAMES_CHANGED * (changed + same))
    return np.asarray(several & refilled(measured))


def subjects_differ(measured: Measured) -> NDArray[np.bool_]:
    """Say in which pairs what is shared begins within a sentence about somebody else, bool (P,)."""
    counts = measured.counts
    few_names = counts[:, columns.NAME_SLOTS_SAME] < _NOUNS * counts[:, columns.MATCHED]
    return np.asarray(few_names & (measured.openings.min(axis=1) >= _LEAST_CHANGED))


def numbers_differ(measured: Measured) -> NDArray[np.bool_]:
    """Say in which pairs nearly all numbers are others, in several places, bool (P,)."""
    counts = measured.counts
    n_fewer = counts[:, [columns.NUMBERS_A, columns.NUMBERS_B]].min(axis=1)
    hardly_any = counts[:, columns.NUMBERS_SHARED] <= _NUMBERS_KEPT * n_fewer
    # A line of dates and hours, which a page has above its story, is one place.
    spread = counts[:, columns.NUMBER_PLACES_CHANGED] >= _LEAST_CHANGED
    return np.asarray((n_fewer >= _MANY_NUMBERS) & hardly_any & spread)


def same_outlet(measured: Measured, published: Published) -> NDArray[np.bool_]:
    """Say which pairs come from one named outlet, bool (P,)."""
    a, b = published.outlets[measured.a], published.outlets[measured.b]
    return np.asarray((a == b) & (a > 0))


def other_outlets(measured: Measured, published: Published) -> NDArray[np.bool_]:
    """Say which pairs come from two named outlets, bool (P,)."""
    a, b = published.outlets[measured.a], published.outlets[measured.b]
    return np.asarray((a != b) & (a > 0) & (b > 0))


def relate(
    measured: Measured,
    values: NDArray[np.float64],
    lineage: NDArray[np.float64],
    same: NDArray[np.float64],
    one_outlet: NDArray[np.bool_],
    recurs: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """Choose each pair's relation, as a place in PAIR_RELATIONS, int64 (P,).

    The definitions are those of the table in docs/output.md: a repost holds nearly
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
        (lineage > TAKEN_OVER, "partial"),
        (weighted >= SOMETHING, "same_event"),
    ]
    places = [PAIR_RELATIONS.index(name) for _, name in names]
    conditions = [condition for condition, _ in names]
    return np.select(conditions, places, PAIR_RELATIONS.index("unrelated")).astype(np.int64)
