"""What two texts share: measures against their oracle, passages by their laws."""

from __future__ import annotations

import dataclasses
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from dedupe.clean import keep_all
from dedupe.documents import documents_table
from dedupe.kernels import columns
from dedupe.settings import Settings
from dedupe.shingle import Shingles, shingle
from dedupe.verify import alignments
from dedupe.verify.alignments import Alignments, align
from tests import mixed_scripts, reference_text
from tests import reference_pairs as reference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

DEFAULTS = Settings(threads=1, passage_words=8, passage_gap=20)
MAX_PLACES = 16
"""A shingle with more places than this in a text is told to be shared, and no more."""


@dataclasses.dataclass(frozen=True)
class Aligned:
    counts: NDArray[np.int32]
    passages: list[tuple[int, ...]]
    shingles: Shingles

    def __getitem__(self, column: int) -> int:
        return int(self.counts[column])

    def words(self, side: int) -> list[int]:
        return words_of(self.shingles, side)


def words_of(shingles: Shingles, row: int) -> list[int]:
    first, last = shingles.token_offsets[row : row + 2].tolist()
    hashes: list[int] = shingles.token_hashes[first:last].tolist()
    return hashes


def read(texts: Sequence[str], chosen: Settings = DEFAULTS) -> Shingles:
    kept = keep_all(documents_table(texts))
    return shingle(kept, np.arange(len(texts)), chosen)


def align_texts(a: str, b: str, chosen: Settings = DEFAULTS) -> Aligned:
    shingles = read([a, b], chosen)
    counts, passages = align(np.array([0]), np.array([1]), shingles, chosen)
    return Aligned(counts[0], [tuple(row) for row in passages[:, 1:5].tolist()], shingles)


def few_places(text: str) -> bool:
    places = Counter(reference.shingles(reference_text.tokens(text)))
    return max(places.values(), default=0) <= MAX_PLACES


# --- measures


@settings(max_examples=200)
@given(
    a=mixed_scripts.articles | mixed_scripts.texts, b=mixed_scripts.articles | mixed_scripts.texts
)
@example(a="tide crew", b="tide crew said")
@example(a="the crew said", b="the crew said")
@example(a='"the crew said so" the crew said so', b="so the crew said so")
def test_measures__equal_the_oracle(a: str, b: str) -> None:
    assume(few_places(a) and few_places(b))
    found = align_texts(a, b)
    one, other = reference_text.tokens(a), reference_text.tokens(b)
    assert found[columns.LONGEST_RUN] == reference.longest_run(one, other)
    narration = found[columns.NARRATION_SHARED_A], found[columns.NARRATION_A]
    assert narration == reference.narration(one, other)
    narration = found[columns.NARRATION_SHARED_B], found[columns.NARRATION_B]
    assert narration == reference.narration(other, one)
    assert found[columns.LEAD_A] == reference.lead(one, other)
    assert found[columns.LEAD_B] == reference.lead(other, one)


@settings(max_examples=150)
@given(
    a=mixed_scripts.articles | mixed_scripts.texts, b=mixed_scripts.articles | mixed_scripts.texts
)
def test_facts__distinct_numbers_and_names_equal_the_oracle(a: str, b: str) -> None:
    found = align_texts(a, b)
    one, other = reference_text.tokens(a), reference_text.tokens(b)
    for collect, first in (
        (reference.numbers, columns.NUMBERS_SHARED),
        (reference.names, columns.NAMES_SHARED),
    ):
        left, right = collect(one), collect(other)
        expected = [len(left & right), len(left), len(right)]
        assert found.counts[first : first + 3].tolist() == expected


SWAPPED = {
    columns.NARRATION_SHARED_A: columns.NARRATION_SHARED_B,
    columns.NARRATION_A: columns.NARRATION_B,
    columns.NUMBERS_A: columns.NUMBERS_B,
    columns.NAMES_A: columns.NAMES_B,
    columns.LEAD_A: columns.LEAD_B,
    columns.LONGEST_RUN: columns.LONGEST_RUN,
    columns.NUMBERS_SHARED: columns.NUMBERS_SHARED,
    columns.NAMES_SHARED: columns.NAMES_SHARED,
}


@settings(max_examples=100)
@given(a=mixed_scripts.articles, b=mixed_scripts.articles)
def test_measures__swapping_the_texts_swaps_the_sides(a: str, b: str) -> None:
    assume(few_places(a) and few_places(b))
    forth, back = align_texts(a, b), align_texts(b, a)
    for column, other in SWAPPED.items():
        assert forth[column] == back[other], column
        assert forth[other] == back[column], column


# --- passages

NEWS = (
    "The ferry Marlow ran aground on Tuesday with 42 people aboard, the harbour office said. "
    "Nobody was hurt, and the tide lifted her off before midnight. "
    "Her master, Ines Calder, had asked twice for a dredged channel. "
    "The commission will meet on Friday to hear what the survey of 2019 had found. "
)
SENTENCES = [sentence + ". " for sentence in NEWS.split(". ") if sentence]
edits = st.lists(
    st.one_of(
        st.integers(0, len(SENTENCES) - 1).map(SENTENCES.__getitem__),
        st.integers(0, len(SENTENCES) - 1).map(lambda i: SENTENCES[i].replace(" the ", " a ")),
        st.integers(0, len(SENTENCES) - 1).map(lambda i: SENTENCES[i][: len(SENTENCES[i]) // 2]),
        mixed_scripts.articles,
    ),
    max_size=7,
).map("".join)


def assert_apart(ranges: list[tuple[int, ...]], size: int) -> None:
    ordered = sorted(ranges)
    assert all(0 <= start < end <= size for start, end in ordered)
    assert all(before[1] <= after[0] for before, after in pairwise(ordered))


@settings(max_examples=200)
@given(
    a=edits,
    b=edits,
    passage_words=st.sampled_from([3, 8, 15]),
    passage_gap=st.sampled_from([0, 3, 20]),
)
def test_passages__lie_within_both_texts_and_never_overlap(
    a: str, b: str, passage_words: int, passage_gap: int
) -> None:
    chosen = Settings(threads=1, passage_words=passage_words, passage_gap=passage_gap)
    found = align_texts(a, b, chosen)
    left, right = found.words(0), found.words(1)
    assert_apart([passage[:2] for passage in found.passages], len(left))
    assert_apart([passage[2:] for passage in found.passages], len(right))
    assert found[columns.N_PASSAGES] == len(found.passages)
    assert found[columns.ALIGNED_A] == sum(end - start for start, end, _, _ in found.passages)
    assert found[columns.ALIGNED_B] == sum(end - start for _, _, start, end in found.passages)


@st.composite
def edited_copies(draw: st.DrawFn) -> tuple[list[str], list[str]]:
    """Make a text of words that all differ, and a copy with words dropped, changed and added."""
    original = [f"word{number}" for number in range(draw(st.integers(1, 60)))]
    copy: list[str] = []
    for number, word in enumerate(original):
        kept = draw(st.sampled_from(["kept"] * 12 + ["dropped", "changed", "added"]))
        copy += [f"new{number}"] * (kept in {"changed", "added"})
        copy += [word] * (kept in {"kept", "added"})
    return original, copy


@settings(max_examples=150)
@given(texts=edited_copies(), passage_words=st.sampled_from([3, 8, 15]))
def test_passages__of_an_edited_copy_begin_and_end_with_equal_words(
    texts: tuple[list[str], list[str]], passage_words: int
) -> None:
    original, copy = texts
    chosen = Settings(threads=1, passage_words=passage_words)
    passages = align_texts(" ".join(original), " ".join(copy), chosen).passages
    for a_start, a_end, b_start, b_end in passages:
        one, other = original[a_start:a_end], copy[b_start:b_end]
        assert (one[0], one[-1]) == (other[0], other[-1])
        assert len(set(one) & set(other)) >= passage_words
    in_b = sorted(passages, key=lambda passage: passage[2])
    assert in_b == sorted(passages)


@settings(max_examples=80)
@given(order=st.permutations(range(5)))
def test_passages__sentences_in_another_order_are_all_covered(order: list[int]) -> None:
    sentences = [[f"word{number}of{sentence}" for number in range(15)] for sentence in range(5)]
    one = " ".join(word for sentence in sentences for word in sentence)
    other = " ".join(word for sentence in order for word in sentences[sentence])
    found = align_texts(one, other, Settings(threads=1, passage_words=8, passage_gap=0))
    assert found[columns.ALIGNED_A] == found[columns.ALIGNED_B] == 75


@pytest.mark.parametrize("n_sentences", [1, 2, 4])
def test_passages__equal_texts_are_one_passage_from_end_to_end(n_sentences: int) -> None:
    text = "".join(SENTENCES[:n_sentences])
    found = align_texts(text, text.upper())
    n_words = len(found.words(0))
    assert found.passages == [(0, n_words, 0, n_words)]
    assert found[columns.LONGEST_RUN] == n_words


def test_passages__substituted_and_inserted_words_do_not_end_one() -> None:
    copy = NEWS.replace("on Tuesday", "late Tuesday").replace("twice", "more than once")
    found = align_texts(NEWS, copy)
    assert found.passages == [(0, len(found.words(0)), 0, len(found.words(1)))]


def test_passages__more_words_between_than_the_gap_allows_part_two() -> None:
    filler = "quite another matter of no interest to anyone here at all today. "
    copy = SENTENCES[0] + filler + SENTENCES[1]
    assert len(align_texts(NEWS, copy, Settings(passage_gap=5, passage_words=8)).passages) == 2
    assert len(align_texts(NEWS, copy, Settings(passage_gap=20, passage_words=8)).passages) == 1


def test_passages__runs_shorter_than_asked_are_none() -> None:
    copy = f"Quite so, {' '.join(NEWS.split()[:7])} indeed"
    assert len(align_texts(NEWS, copy, Settings(passage_words=7)).passages) == 1
    assert align_texts(NEWS, copy, Settings(passage_words=8)).passages == []


def test_passages__a_sentence_told_twice_aligns_once() -> None:
    found = align_texts(SENTENCES[0], SENTENCES[0] + SENTENCES[0])
    assert [passage[:2] for passage in found.passages] == [(0, len(found.words(0)))]


def test_slots__changed_numbers_and_names_are_told_from_kept_ones() -> None:
    copy = NEWS.replace("42", "57").replace("Calder", "Doyle")
    same, other = align_texts(NEWS, NEWS), align_texts(NEWS, copy)
    assert same[columns.NUMBER_SLOTS_CHANGED] == same[columns.NAME_SLOTS_CHANGED] == 0
    assert same[columns.NUMBER_SLOTS_SAME] == 2
    assert other[columns.NUMBER_SLOTS_SAME] == 1
    assert other[columns.NUMBER_SLOTS_CHANGED] == 1
    assert other[columns.NAME_SLOTS_CHANGED] == 1
    assert other[columns.NAME_SLOTS_SAME] == same[columns.NAME_SLOTS_SAME] - 1


def test_slots__numbers_change_in_as_many_places_as_runs_lie_between() -> None:
    text = (
        "The warden said on {} the tide took {} boats from the pier, and left {} on the sand there."
    )
    one, other = text.format("6 May 2024", 14, 3), text.format("7 June 2023", 17, 3)
    found = align_texts(one, other)
    assert found[columns.NUMBER_SLOTS_CHANGED] == 3
    assert found[columns.NUMBER_PLACES_CHANGED] == 2
    assert align_texts(one, one)[columns.NUMBER_PLACES_CHANGED] == 0


# --- a kernel's answer depends on the pair alone


@settings(max_examples=40)
@given(texts=st.lists(edits, min_size=3, max_size=3))
def test_align__a_pair_among_others_is_as_it_is_alone(texts: list[str]) -> None:
    shingles = read(texts)
    rows = [(0, 1), (0, 2), (1, 2), (2, 2)]
    a, b = (np.array(side) for side in zip(*rows, strict=True))
    counts, passages = align(a, b, shingles, DEFAULTS)
    for pair, (i, j) in enumerate(rows):
        alone, own = align(np.array([i]), np.array([j]), shingles, DEFAULTS)
        assert counts[pair].tolist() == alone[0].tolist()
        assert passages[passages[:, 0] == pair][:, 1:].tolist() == own[:, 1:].tolist()


# Where words repeat so, it matters which text is walked. No two are as long: then a seed decides.
repeated = st.lists(st.sampled_from(["tide", "piers", "a", "of"]), min_size=8, max_size=60).map(
    " ".join
)


@settings(max_examples=100)
@given(texts=st.lists(repeated, min_size=4, max_size=4))
def test_look_again__the_way_that_matches_more_counts(texts: list[str]) -> None:
    shingles = read(texts)
    a, b = np.array([0, 0, 1, 2]), np.array([1, 2, 3, 3])
    one, other = (Alignments(*sides, shingles, DEFAULTS) for sides in ((a, b), (a, b)))
    other._flipped = ~other._flipped
    other.counts, other.passages = other._walked(np.arange(4), other._flipped)
    both = Alignments(a, b, shingles, DEFAULTS)
    better = both.look_again(np.array([0, 2, 3]))
    for pair in range(4):
        ranks = [
            (row[columns.MATCHED], -row[columns.ALIGNED_A] - row[columns.ALIGNED_B])
            for row in (one.counts[pair], other.counts[pair])
        ]
        turned = pair != 1 and ranks[1] > ranks[0]
        assert (pair in better) == turned
        chosen = other if turned else one
        assert both.counts[pair].tolist() == chosen.counts[pair].tolist()
        of_pair = [way.passages[way.passages[:, 0] == pair].tolist() for way in (both, chosen)]
        assert of_pair[0] == of_pair[1]
    assert (np.diff(both.passages[:, 0]) >= 0).all()


@settings(max_examples=60)
@given(a=repeated, b=repeated, seed=st.integers(2, 99))
def test_align__no_seed_has_a_say(a: str, b: str, seed: int) -> None:
    one, other = (align_texts(a, b, Settings(seed=chosen)) for chosen in (1, seed))
    assert one.counts.tolist() == other.counts.tolist()
    assert one.passages == other.passages


def test_align__read_only_arrays_and_threads_change_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    texts = [NEWS, NEWS.upper(), "".join(SENTENCES[1:]), SENTENCES[0] + SENTENCES[3], "Tide", ""]
    shingles = read(texts)
    rows = [(i, j) for i in range(len(texts)) for j in range(i + 1, len(texts))]
    a, b = (np.array(side) for side in zip(*rows, strict=True))
    expected = [array.tolist() for array in align(a, b, shingles, DEFAULTS)]
    monkeypatch.setattr(alignments, "_ALIGN_STEP", 2)
    for array in shingles:
        array.setflags(write=False)
    for threads in (1, 4):
        found = align(a, b, shingles, dataclasses.replace(DEFAULTS, threads=threads))
        assert [array.tolist() for array in found] == expected


# --- texts made to be slow


def test_align__one_word_repeated_makes_no_passages() -> None:
    found = align_texts("tide " * 3000, "tide " * 2000)
    assert found.passages == []
    # The text that is walked counts all its places, the other the one shingle that it has.
    assert (found[columns.NARRATION_SHARED_A], found[columns.NARRATION_SHARED_B]) == (2998, 1)


def test_align__few_words_in_every_order_give_disjoint_passages() -> None:
    words = np.array(["tide", "ferry", "crew", "of", "the"])
    one, other = (
        " ".join(words[np.random.default_rng(seed).integers(0, 5, 1500)]) for seed in (1, 2)
    )
    found = align_texts(one, other)
    assert_apart([passage[:2] for passage in found.passages], 1500)
    assert_apart([passage[2:] for passage in found.passages], 1500)
    assert len(found.passages) <= 1500 // DEFAULTS.passage_words
