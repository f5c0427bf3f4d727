"""A closer look at pairs: kernels against definitions, laws, and who is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dedupe.clean.kept import keep_all
from dedupe.documents import documents_table
from dedupe.kernels import telling as kernels
from dedupe.kernels.sentences import Side, list_postings, weigh_stems
from dedupe.settings import Settings
from dedupe.shingle import shingle
from dedupe.verify import telling
from dedupe.verify.models import judged_twice, model_odds, second_odds, undecided
from tests import mixed_scripts
from tests import reference_telling as reference
from tests.test_verify import OTHER, STORY, measured

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

ONE_THREAD = Settings(threads=1)
RETOLD = (
    "With 42 people aboard, the Marlow ran aground on Tuesday, the harbour office said. "
    "The tide lifted the ferry off before midnight and nobody was hurt. "
)
LEAD = "pilot'sharbourharbour harbourharbour3.5\U00020000\U0002a6d6"
"""Of two texts one may begin with it and go on in the same sentence."""
texts = st.lists(
    st.sampled_from([STORY, RETOLD, OTHER, STORY.upper(), "\n\n"]) | mixed_scripts.texts,
    max_size=4,
).map(" ".join)


def told(documents: Sequence[str], chosen: Settings = ONE_THREAD) -> NDArray[np.float64]:
    """Tell every pair of neighbours."""
    kept = keep_all(documents_table(list(documents)))
    every = np.arange(len(documents))
    shingles = shingle(kept, every, chosen)
    return telling.tell(every[:-1], every[1:], every, shingles, kept, chosen)


def mirrored(row: NDArray[np.float64]) -> NDArray[np.float64]:
    turned = row.copy()
    for left, right in kernels.SIDES:
        turned[[left, right]] = row[[right, left]]
    turned[kernels.FILED] = -row[kernels.FILED]
    return turned


small = st.lists(st.lists(st.integers(0, 5), min_size=1, max_size=6), min_size=1, max_size=4)


def side_of(given_sentences: Sequence[Sequence[int]]) -> Side:
    bounds = np.cumsum([0, *map(len, given_sentences)])
    return Side(np.array([word for one in given_sentences for word in one], np.int64), bounds)


@given(a=small, b=small)
def test_likest__is_the_sentence_of_largest_cosine(a: list[list[int]], b: list[list[int]]) -> None:
    one, other = side_of(a), side_of(b)
    of_one, of_other = list_postings(one, 6), list_postings(other, 6)
    weights = weigh_stems(one, other, of_one, of_other)
    found = kernels.find_likest(one, other, of_one, of_other, weights)
    for likest, own, others in ((found[0], a, b), (found[1], b, a)):
        assert likest.cosine == pytest.approx(reference.likeness(own, others), abs=1e-9)
        assert (likest.place < len(others)).all()


@given(a=st.lists(st.integers(0, 4), max_size=8), b=st.lists(st.integers(0, 4), max_size=8))
def test_common_order__equals_the_definition(a: list[int], b: list[int]) -> None:
    masks = np.zeros(5, np.uint64)
    found = kernels.common_order(np.array(a, np.int64), np.array(b, np.int64), masks)
    assert found == reference.common_order(a, b)
    assert not masks.any()


@settings(max_examples=60)
@given(
    n_words=st.sampled_from([2, 9, 90]),
    sizes=st.tuples(st.integers(0, 130), st.sampled_from([0, 1, 62, 63, 64, 65, 130])),
    seed=st.integers(0, 2**32 - 1),
)
def test_common_order__of_long_sentences_equals_the_table(
    n_words: int, sizes: tuple[int, int], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    a, b = (rng.integers(n_words, size=size) for size in sizes)
    found = kernels.common_order(a, b, np.zeros(n_words, np.uint64))
    assert found == reference.common_order_by_table(a.tolist(), b.tolist())


@given(a=st.lists(st.integers(0, 9), max_size=20), b=st.lists(st.integers(0, 9), max_size=20))
def test_near__equals_the_definition(a: list[int], b: list[int]) -> None:
    out = np.zeros(kernels.N_TELLINGS)
    kernels.write_near(np.array(a, np.int64), np.array(b, np.int64), 10, out)
    assert out[kernels.NEAR_A] == pytest.approx(reference.near(a, b))
    assert out[kernels.NEAR_B] == pytest.approx(reference.near(b, a))


@given(a=st.text("abcd", max_size=60), b=st.text("abcd", max_size=60))
def test_grams__equal_the_definition(a: str, b: str) -> None:
    out = np.zeros(kernels.N_TELLINGS)
    one, other = (np.array([*map(ord, text)], np.uint64) for text in (a, b))
    kernels.write_grams(one, other, out)
    assert out[kernels.GRAMS_A] == pytest.approx(reference.grams(a, b))
    assert out[kernels.GRAMS_B] == pytest.approx(reference.grams(b, a))


@settings(max_examples=60)
@given(one=texts, other=texts)
@example(one=f"{LEAD}harbourharbour {STORY}", other=f"{LEAD}\n\nharbourharbour {STORY}")
def test_tell__swapping_the_texts_swaps_the_sides(one: str, other: str) -> None:
    forth, back = told([one, other])[0], told([other, one])[0]
    assert forth.tolist() == mirrored(back).tolist()
    shares = forth[: kernels.FACTS_SAME]
    assert (shares >= 0).all()
    assert (shares <= 1 + 1e-9).all()


@settings(max_examples=30)
@given(documents=st.lists(texts, min_size=3, max_size=5))
def test_tell__a_pair_among_others_is_as_it_is_alone(documents: list[str]) -> None:
    among = told(documents)
    for place, row in enumerate(among):
        assert row.tolist() == told(documents[place : place + 2])[0].tolist()


def test_tell__threads_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "_STEP", 2)
    documents = [STORY, RETOLD, OTHER, STORY + OTHER, "", RETOLD * 2, STORY]
    assert told(documents, Settings(threads=3)).tolist() == told(documents).tolist()


def test_tell__a_text_without_words_tells_nothing() -> None:
    assert not told(["", STORY]).any()


def test_tell__a_retelling_in_another_order_is_told_and_new_facts_are_not() -> None:
    retold, changed = told([RETOLD, STORY, STORY.replace("42", "17").replace("Marlow", "Tern")])
    unrelated = told([STORY, OTHER])[0]
    assert retold[kernels.LIKENESS_A] > 0.6 > unrelated[kernels.LIKENESS_A]
    assert changed[kernels.N_REFILLED] > 0
    assert changed[kernels.FACTS_SAME] < changed[kernels.FACTS_A]
    assert changed[kernels.PLAIN_SAME] == changed[kernels.PLAIN_A]


# --- who is looked at, and what it weighs


def looked_at(odds: tuple[float, float], *, closely: bool = False, exact: bool = False) -> bool:
    pair = measured([STORY, RETOLD])[0]._replace(exact=np.array([exact]))
    asked: list[int] = []

    def tell(places: NDArray[np.int64]) -> NDArray[np.float64]:
        asked.extend(places.tolist())
        return np.zeros((len(places), kernels.N_TELLINGS))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "dedupe.verify.models.model_odds",
            lambda values: np.array([odds] * len(values)).reshape(-1, 2),
        )
        found = judged_twice(pair, lambda at: at[:0], tell, closely=closely)
    assert found.looked.tolist() == asked
    return bool(asked)


def test_judged_twice__looks_at_what_is_undecided_only() -> None:
    assert looked_at((0.2, 4.0))
    assert looked_at((-6.0, 0.1))
    assert not looked_at((6.0, 6.0))
    assert not looked_at((-6.0, -6.0))
    assert looked_at((-6.0, -6.0), closely=True)
    assert not looked_at((0.0, 0.0), closely=True, exact=True)


@given(st.lists(st.tuples(*[st.floats(-9, 9)] * 4), min_size=1, max_size=5))
def test_second_odds__a_closer_look_joins_weakly_and_parts_freely(rows: list[Any]) -> None:
    table = np.array(rows)
    first, closer = table[:, :2], table[:, 2:]
    found = second_odds(first, closer)
    assert found[:, 1].tolist() == closer[:, 1].tolist()
    assert (found[:, 0] <= np.maximum(first[:, 0], 0.5)).all()
    assert (found[:, 0] <= np.maximum(first[:, 0], closer[:, 0])).all()
    assert ((found[:, 0] > 0) <= (first[:, 0] + closer[:, 0] > 0)).all()


def test_measure__odds_are_those_of_the_models_that_looked() -> None:
    from dedupe.verify.features import closer_features, features

    pair = measured([STORY + OTHER, RETOLD + OTHER[:60]])[0]
    first = model_odds(features(pair))
    closely = bool(undecided(first)[0])
    assert len(pair.looked) == closely
    expected = model_odds(closer_features(pair)) if closely else first
    assert pair.odds.tolist() == expected.tolist()
