from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dedupe
from dedupe.clean import clean
from dedupe.comparison import EVERY_SHINGLE
from dedupe.documents import documents_table
from dedupe.settings import Settings
from dedupe.verify.features import CLOSER_FEATURES
from dedupe.verify.filed import filed_sides
from dedupe.verify.models import Linear, load_filed, odds_of, with_filed

STORY = (
    "The ferry Marlow ran aground on Tuesday with 42 people aboard, the harbour office said. "
    "Nobody was hurt, and the tide lifted her off before midnight."
)
DATED = f"LISBON, Nov 3 (Reuters) - {STORY}"
NAMED = f"LISBON (Reuters) - {STORY}"
OWN = f"LISBON (Staff Reporter) - {STORY}"
FILED, OUTGROWN = CLOSER_FEATURES.index("filed"), CLOSER_FEATURES.index("outgrown")


def sides(
    texts: list[str], pairs: list[tuple[int, int]], chosen: Settings = EVERY_SHINGLE
) -> list[float]:
    kept = clean(documents_table(texts), EVERY_SHINGLE)
    a, b = np.array(pairs, np.int64).reshape(-1, 2).T
    return [*map(float, filed_sides(a, b, np.arange(len(texts)), kept, chosen))]


@pytest.mark.parametrize("other", [STORY, OWN, ""])
def test_filed_sides__an_agency_against_none(other: str) -> None:
    assert sides([DATED, other, NAMED], [(0, 1), (1, 0), (2, 1), (1, 2)]) == [-1, 1, -1, 1]


def test_filed_sides__of_two_that_name_an_agency_the_dated_one_is_its_own() -> None:
    assert sides([DATED, NAMED], [(0, 1), (1, 0)]) == [-1, 1]


@pytest.mark.parametrize("pair", [[DATED, DATED], [NAMED, NAMED], [STORY, OWN], ["", ""]])
def test_filed_sides__nothing_tells_two_of_a_kind_apart(pair: list[str]) -> None:
    assert sides(pair, [(0, 1)]) == [0]


def test_filed_sides__a_date_without_an_agency_is_no_agency() -> None:
    assert sides([f"LISBON, Nov 3 - {STORY}", STORY], [(0, 1)]) == [0]


def test_filed_sides__an_agency_that_the_reader_names(tmp_path: Path) -> None:
    (tmp_path / "names.json").write_text(
        '{"agencies": [{"name": "Pierton Wire", "spellings": ["PWS"]}]}'
    )
    texts = [f"PIERTON, Nov 3 (PWS) - {STORY}", STORY]
    assert sides(texts, [(0, 1)]) == [0]
    assert sides(texts, [(0, 1)], Settings(names=str(tmp_path / "names.json"))) == [-1]


def test_filed_sides__no_pairs() -> None:
    assert sides([STORY], []) == []


def test_filed_sides__places_are_of_the_rows_given() -> None:
    kept = clean(documents_table([STORY, DATED, STORY, OWN]), EVERY_SHINGLE)
    one = np.zeros(1, np.int64)
    assert filed_sides(one, one + 1, np.array([1, 3]), kept, EVERY_SHINGLE).tolist() == [-1]
    assert filed_sides(one, one + 1, np.array([0, 3]), kept, EVERY_SHINGLE).tolist() == [0]


@given(st.lists(st.floats(0, 1), min_size=3, max_size=3))
def test_linear__equals_the_definition(shares: list[float]) -> None:
    weights = [0.5, -2.0, 0.0]
    clipped = [min(max(share, 0.01), 0.99) for share in shares]
    expected = 0.25 + sum(w * math.log(p / (1 - p)) for w, p in zip(weights, clipped, strict=True))
    model = Linear(np.array(weights), 0.25)
    assert model.log_odds(np.array([shares]))[0] == pytest.approx(expected)


def test_linear__says_the_same_of_a_pair_whatever_stands_beside_it() -> None:
    values = np.random.default_rng(7).uniform(0, 1, (50, len(CLOSER_FEATURES)))
    together = load_filed().log_odds(values)
    for place in range(50):
        assert load_filed().log_odds(values[place : place + 1])[0] == together[place]


def test_odds_of__a_share_that_is_outgrown_is_the_logarithm_of_the_ratio() -> None:
    assert odds_of(np.array([300 / (300 + 100)]))[0] == pytest.approx(math.log(3))


def test_with_filed__lies_between_both_where_an_agency_filed_one_and_is_the_trees_elsewhere() -> (
    None
):
    values = np.full((2, len(CLOSER_FEATURES)), 0.5)
    values[:, FILED] = [0, 1]
    trees = np.array([[1.0, 3.0], [2.0, 5.0]])
    linear = Linear(np.zeros(len(CLOSER_FEATURES)), -1.0)
    assert with_filed(trees, values, linear) == pytest.approx(np.array([[1.0, 3.0], [2.0, 1.0]]))
    assert trees.tolist() == [[1.0, 3.0], [2.0, 5.0]]


def test_load_filed__the_longer_the_other_text_the_less_likely_a_copy() -> None:
    linear = load_filed()
    assert linear.weights.shape == (len(CLOSER_FEATURES),)
    assert linear.weights[OUTGROWN] < 0
    assert linear.weights[FILED] == 0


def test_compare__an_agency_on_either_side_counts_alike() -> None:
    paper = f"{STORY} {STORY.replace('ferry', 'boat')} The mayor spoke of a new quay."
    forth, back = dedupe.compare(DATED, paper), dedupe.compare(paper, DATED)
    assert forth.probability == back.probability


def test_compare__a_filed_story_that_is_a_small_part_of_its_page_is_a_copy() -> None:
    other = " ".join(f"Item {i} tells of plot {i * 7} by the river and of its {i} owners." * 2
                     for i in range(12))  # fmt: skip
    assert dedupe.compare(DATED, f"{other}\n\n{STORY}\n\n{other}").probability > 0.5
