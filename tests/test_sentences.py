"""Passages in other words: kernels against their oracle, alignments by their laws."""

from __future__ import annotations

import dataclasses
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe import compare
from dedupe.clean import keep_all
from dedupe.documents import documents_table
from dedupe.kernels import gather as gathering
from dedupe.kernels import sentences as kernels
from dedupe.kernels.passages import N_BOX
from dedupe.settings import Settings
from dedupe.shingle import shingle
from dedupe.verify import sentences as aligning
from dedupe.verify.sentences import AGREEMENT, Agreement, align_sentences
from tests import mixed_scripts
from tests import reference_sentences as reference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

DEFAULTS = Settings(threads=1)

TOLD = (
    "The ferry Marlow ran aground on Tuesday evening with forty-two passengers aboard, the harbour "
    "office said. Nobody was hurt, and the tide lifted the vessel off the sandbank before "
    "midnight. Her master, Ines Calder, had twice asked the commission for a dredged channel. The "
    "commission will meet on Friday to hear what the survey of the estuary had found."
)
RETOLD = (
    "With forty-two passengers aboard, the Marlow, a ferry, was aground Tuesday evening, according "
    "to the harbour office. No passengers were hurt; before midnight the rising tide had lifted "
    "the vessel from its sandbank. A dredged channel had been asked for twice by the master, Ines "
    "Calder. What the estuary survey found, the commission hears when it meets Friday."
)
BEFORE = (
    "A bakery on Quay Street sold its last loaf after ninety years of trade. The owners would "
    "miss the smell more than they would miss the hours. Its ovens go to a school of cookery. "
)
AFTER = (
    " Elsewhere, apples were dear at every market of the valley. Growers blamed a late frost "
    "and pickers who had gone north. Cider makers are said to pay double for windfalls. "
)


def align(
    texts: Sequence[str], rows: Sequence[tuple[int, int]] = ((0, 1),), chosen: Settings = DEFAULTS
) -> NDArray[np.int64]:
    kept = keep_all(documents_table(texts))
    every = np.arange(len(texts))
    a, b = (np.array(side, np.int64) for side in zip(*rows, strict=True))
    return align_sentences(a, b, every, shingle(kept, every, chosen), kept, chosen)


def spans(found: NDArray[np.int64]) -> list[tuple[int, ...]]:
    return [tuple(row[1:]) for row in found.tolist()]


# --- kernels

small_texts = st.lists(
    st.lists(st.integers(0, 7), min_size=1, max_size=6), min_size=1, max_size=7
)  # fmt: skip


def side_of(text: Sequence[Sequence[int]]) -> kernels.Side:
    stems = np.array([word for sentence in text for word in sentence], np.int64)
    return kernels.Side(stems, np.cumsum([0, *map(len, text)], dtype=np.int64))


def find_seeds(
    a: Sequence[Sequence[int]], b: Sequence[Sequence[int]], cosine: float, dice: float
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    one, other = side_of(a), side_of(b)
    of_one, of_other = kernels.list_postings(one, 8), kernels.list_postings(other, 8)
    weights = kernels.weigh_stems(one, other, of_one, of_other)
    room = kernels.MAX_SEEDS * len(b)
    seeds, likeness = np.empty((room, 2), np.int64), np.empty((room, 2))
    found = kernels.fill_seeds(
        one, other, of_one, of_other, weights, cosine, dice, seeds, likeness
    )  # fmt: skip
    return seeds[:found], likeness[:found], weights


@settings(max_examples=200)
@given(a=small_texts, b=small_texts)
def test_seeds__equal_the_oracle(a: list[list[int]], b: list[list[int]]) -> None:
    seeds, likeness, _ = find_seeds(a, b, 1e-6, 1e-6)
    expected = reference.seeds(a, b, 1e-6, 1e-6)
    assert {(i, j) for i, j in seeds.tolist()} == set(expected)
    for (i, j), (cosine, dice) in zip(seeds.tolist(), likeness.tolist(), strict=True):
        assert (cosine, dice) == pytest.approx(expected[i, j])


def test_seeds__of_a_sentence_that_agrees_with_too_many_are_none() -> None:
    few, many = [[1, 2, 3]] * kernels.MAX_SEEDS, [[1, 2, 3]] * (kernels.MAX_SEEDS + 1)
    assert len(find_seeds(few, [[1, 2, 3]], 0.3, 0.3)[0]) == kernels.MAX_SEEDS
    assert len(find_seeds(many, [[1, 2, 3]], 0.3, 0.3)[0]) == 0


@settings(max_examples=200)
@given(
    a=small_texts,
    b=small_texts,
    gaps=st.tuples(st.integers(0, 9), st.integers(0, 9)),
    # Not a cosine that whole numbers make, where rounding would decide.
    cosine=st.sampled_from([0.0137, 0.3171, 0.6123]),
)
def test_gather__equals_the_oracle(
    a: list[list[int]], b: list[list[int]], gaps: tuple[int, int], cosine: float
) -> None:
    seeds, _, weights = find_seeds(a, b, 0.2113, 0.1)
    boxes = np.empty((len(seeds) + 1, N_BOX), np.int64)
    levels = gathering.Levels(*gaps, cosine, 1, 1)
    n_boxes = gathering.gather(side_of(a), side_of(b), weights, seeds, levels, boxes)
    given_seeds = [(i, j) for i, j in seeds.tolist()]
    expected = reference.gathered(a, b, given_seeds, gaps, cosine) if given_seeds else []
    assert sorted(map(tuple, boxes[:n_boxes, 1:5].tolist())) == sorted(expected)


def test_stems__words_that_begin_alike_are_one() -> None:
    texts = ["report reports reported rat rats Report", "tide tides \u00e9t\u00e9"]
    kept = keep_all(documents_table(texts))
    found = shingle(kept, np.arange(2), DEFAULTS)
    stems = np.empty(len(found.token_hashes), np.uint64)
    first = slice(0, 6)
    kernels.fill_stems(
        kept.data, 0, found.token_starts[first], found.token_ends[first],
        found.token_hashes[first], 5, stems[first],
    )  # fmt: skip
    kernels.fill_stems(
        kept.data, int(kept.text_offsets[1]), found.token_starts[6:], found.token_ends[6:],
        found.token_hashes[6:], 5, stems[6:],
    )  # fmt: skip
    report, reports, reported, rat, rats, upper, tide, tides, summer = stems.tolist()
    assert report == reports == reported == upper
    assert rat == rats != report
    assert tide == tides
    assert summer == found.token_hashes[8]


@pytest.mark.parametrize(
    ("starts", "expected"),
    [
        ([], [0]),
        ([0], [0, 9]),
        ([0, 4], [0, 4, 9]),
        ([0, 2, 5], [0, 5, 9]),
        ([0, 4, 7], [0, 4, 9]),
    ],
)
def test_bounds__short_sentences_are_part_of_the_next(
    starts: list[int], expected: list[int]
) -> None:
    flags = np.zeros(9 if starts else 0, np.uint8)
    flags[starts] = 8
    bounds = np.empty(len(flags) + 1, np.int64)
    n_sentences = kernels.fill_bounds(flags, 3, 100, bounds)
    assert bounds[: n_sentences + 1].tolist() == expected


def test_bounds__text_without_marks_is_cut() -> None:
    bounds = np.empty(26, np.int64)
    n_sentences = kernels.fill_bounds(np.zeros(25, np.uint8), 3, 10, bounds)
    assert bounds[: n_sentences + 1].tolist() == [0, 10, 20, 25]


# --- alignments


def test_align_sentences__a_retelling_in_other_words_is_one_passage() -> None:
    a, b = BEFORE + TOLD, RETOLD + AFTER
    ((a_start, a_end, b_start, b_end),) = spans(align([a, b]))
    assert a[a_start:a_end] == TOLD.rstrip(".")
    assert b[b_start:b_end] == RETOLD.rstrip(".")


def test_align_sentences__texts_about_other_things_have_no_passages() -> None:
    assert spans(align([BEFORE + AFTER, TOLD])) == []


def test_align_sentences__a_few_equal_words_are_still_a_passage() -> None:
    words = "the harbour office said that nobody was hurt when the ferry ran aground"
    a, b = f"Late on Tuesday, {words}, again", f"But {words} is what they wrote"
    assert [a[i:j] for i, j, _, _ in spans(align([a, b]))] == [words]


def test_align_sentences__sentences_in_another_order_are_covered() -> None:
    sentences = TOLD.split(". ")
    other = ". ".join([sentences[2], sentences[0], sentences[3].rstrip("."), sentences[1]]) + "."
    assert spans(align([TOLD, other])) == [(0, len(TOLD) - 1, 0, len(other) - 1)]


def test_align_sentences__a_summary_spans_what_its_sentences_are_taken_from() -> None:
    filler = [
        f"Word{n} clause{n} matter{n} of{n} no{n} weight{n} to{n} any{n} soul{n} ashore{n}."
        for n in range(30)
    ]
    facts = TOLD.split(". ")
    long = " ".join([facts[0] + ".", *filler[:15], facts[1] + ".", *filler[15:], facts[2] + "."])
    short = ". ".join(facts[:3]) + "."
    told = Agreement(spread_cosine=0.1)
    kept = keep_all(documents_table([long, short]))
    both = np.arange(2)
    tokens = shingle(kept, both, DEFAULTS)
    widths = []
    for agreement in (told, told._replace(spread_gap=0)):
        found = align_sentences(both[:1], both[1:], both, tokens, kept, DEFAULTS, agreement)
        widths.append(max(a_end - a_start for _, a_start, a_end, _, _ in found.tolist()))
    assert widths[0] >= 0.95 * len(long)
    assert widths[1] < 0.5 * len(long)


def test_align_sentences__equal_texts_are_one_passage() -> None:
    whole = (0, len(TOLD) - 1)
    assert spans(align([TOLD, TOLD.upper()])) == [whole + whole]


pieces = st.lists(
    st.sampled_from([*TOLD.split(". "), *RETOLD.split(". "), *BEFORE.split(". ")])
    | mixed_scripts.articles,
    max_size=8,
).map(". ".join)


@settings(max_examples=100)
@given(a=pieces | mixed_scripts.texts, b=pieces | mixed_scripts.texts)
def test_align_sentences__passages_lie_in_both_texts_and_overlap_in_neither(a: str, b: str) -> None:
    found = align([a, b])
    assert spans(found) == sorted(spans(found))
    for text, first in ((a, 0), (b, 2)):
        ranges = sorted(span[first : first + 2] for span in spans(found))
        assert all(0 <= start < end <= len(text) for start, end in ranges)
        assert all(before[1] <= after[0] for before, after in pairwise(ranges))


@settings(max_examples=60)
@given(a=pieces | mixed_scripts.texts, b=pieces | mixed_scripts.texts)
def test_align_sentences__swapping_the_texts_swaps_the_sides(a: str, b: str) -> None:
    forth, back = align([a, b]), align([b, a])
    assert spans(forth) == sorted(span[2:] + span[:2] for span in spans(back))


@settings(max_examples=30)
@given(texts=st.lists(pieces, min_size=3, max_size=3))
def test_align_sentences__a_pair_among_others_is_as_it_is_alone(texts: list[str]) -> None:
    rows = [(0, 1), (1, 2), (2, 0)]
    found = align(texts, rows)
    for place, (i, j) in enumerate(rows):
        alone = align([texts[i], texts[j]])
        own = found[found[:, 0] == place][:, 1:]
        assert own.tolist() == alone[:, 1:].tolist()


def test_align_sentences__threads_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [BEFORE + TOLD, RETOLD + AFTER, TOLD, RETOLD, "", "Tide"]
    rows = [(i, j) for i in range(len(texts)) for j in range(i + 1, len(texts))]
    expected = align(texts, rows)
    monkeypatch.setattr(aligning, "_STEP", 2)
    found = align(texts, rows, dataclasses.replace(DEFAULTS, threads=4))
    assert found.tolist() == expected.tolist()


def test_align_sentences__of_no_pairs_is_nothing() -> None:
    none = np.zeros(0, np.int64)
    kept = keep_all(documents_table([TOLD]))
    tokens = shingle(kept, np.arange(1), DEFAULTS)
    found = align_sentences(none, none, np.arange(1), tokens, kept, DEFAULTS)
    assert found.shape == (0, 5)


def test_align_sentences__one_sentence_over_and_over_stays_bounded() -> None:
    one, other = (f"{text.split('. ', maxsplit=1)[0]}. " for text in (TOLD, RETOLD))
    assert len(spans(align([one, one]))) == 1
    assert len(spans(align([one * 400, other * 400]))) <= 400


def test_compare__finds_what_was_told_in_other_words() -> None:
    a, b = BEFORE + TOLD, RETOLD + AFTER
    passage = compare(a, b).passages[0]
    assert a[passage.a_start : passage.a_end].startswith("The ferry Marlow")


def test_agreement__what_agrees_a_little_is_less_than_what_agrees() -> None:
    assert AGREEMENT.weak_cosine <= AGREEMENT.seed_cosine
    assert AGREEMENT.weak_dice <= AGREEMENT.seed_dice
