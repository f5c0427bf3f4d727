"""Columns of the measures of a pair, which `align.fill_alignments` writes and documents."""

LONGEST_RUN = 0
NARRATION_SHARED_A, NARRATION_A = 1, 2
NARRATION_SHARED_B, NARRATION_B = 3, 4
NUMBERS_SHARED, NUMBERS_A, NUMBERS_B = 5, 6, 7
NAMES_SHARED, NAMES_A, NAMES_B = 8, 9, 10
ALIGNED_A, ALIGNED_B, N_PASSAGES = 11, 12, 13
NUMBER_SLOTS_SAME, NUMBER_SLOTS_CHANGED = 14, 15
NAME_SLOTS_SAME, NAME_SLOTS_CHANGED = 16, 17
LEAD_A, LEAD_B = 18, 19
MATCHED = 20
NUMBER_PLACES_CHANGED = 21
N_MEASURES = 22
"""Columns of the measures; see `fill_alignments`."""

SIDES = (
    (NARRATION_SHARED_A, NARRATION_SHARED_B),
    (NARRATION_A, NARRATION_B),
    (NUMBERS_A, NUMBERS_B),
    (NAMES_A, NAMES_B),
    (ALIGNED_A, ALIGNED_B),
    (LEAD_A, LEAD_B),
)
"""Pairs of columns that change places when the two texts do."""

LEAD_SHINGLES = 40
"""A text's lead is its first forty shingles: where a new story says what is new. The models were
fitted with it, and another length asks for another fit (benchmarks/fit_pairs.py)."""
