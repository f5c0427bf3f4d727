"""How likely two texts are of one subject, against sets of words."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from dedupe import Settings
from dedupe.clean import keep_all
from dedupe.documents import documents_table
from dedupe.shingle import shingle
from dedupe.verify.subjects import common_words, long_words, subject_odds, views

ONE_THREAD = Settings(threads=1)
FERRY = (
    "The harbour board closed the old ferry landing after storm damage to its timber pilings. "
    "Engineers said repairs to the landing would cost the harbour four million crowns."
)
FERRY_LATER = (
    "Passengers crossed the harbour by bus while engineers drove new pilings at the landing. "
    "The board expects the ferry to return once the storm season and repairs are over."
)
CHESS = (
    "A schoolgirl of eleven defeated two grandmasters in the national chess championship. "
    "Her trainer praised patient endgames and said sponsors had already telephoned."
)


def cosine(one: set[str], other: set[str]) -> float:
    return len(one & other) / math.sqrt(len(one) * len(other))


def test_views__are_those_of_sets_of_long_words() -> None:
    texts = [FERRY, FERRY_LATER, CHESS]
    sets = [{w for w in re.findall(r"\w+", text.lower()) if len(w) >= 5} for text in texts]
    kept = keep_all(documents_table(texts))
    a, b = np.array([0, 0, 1]), np.array([1, 2, 2])
    found = views(kept, np.arange(3), a, b, ONE_THREAD)
    pairs = list(zip(a.tolist(), b.tolist(), strict=True))
    assert found[:, 0] == pytest.approx([cosine(sets[x], sets[y]) for x, y in pairs])
    smaller = [math.log(min(len(sets[x]), len(sets[y]))) for x, y in pairs]
    assert found[:, 1] == pytest.approx(smaller)


def test_subject_odds__speak_for_parts_of_one_story_and_against_another() -> None:
    kept = keep_all(documents_table([FERRY, FERRY_LATER, CHESS]))
    assert subject_odds(kept, np.array([0, 1]), ONE_THREAD) > 0
    assert subject_odds(kept, np.array([0, 2]), ONE_THREAD) < 0


def test_long_words__letters_are_counted_not_bytes_and_scripts_without_words_count_whole() -> None:
    texts = ["ёж ест гриб осенью", "港口关闭了旧渡轮码头"]
    kept = keep_all(documents_table(texts))
    words, bounds = long_words(kept, np.arange(2), shingle(kept, np.arange(2), ONE_THREAD))
    assert np.diff(bounds).tolist() == [1, len(set(texts[1]))]
    assert len(words) == bounds[-1]


def test_common_words__of_a_small_collection_are_not_known() -> None:
    assert common_words(keep_all(documents_table([FERRY] * 499)), ONE_THREAD) is None


def test_views__a_word_that_every_document_has_says_little() -> None:
    texts = [f"harbour matter{number} matter{number + 1}" for number in range(600)]
    common = common_words(keep_all(documents_table(texts)), ONE_THREAD)
    assert common is not None
    assert common.n_docs.max() == common.n_all
    asked = ["harbour zebrafish kingfisher", "harbour mountain telescope"]
    kept = keep_all(documents_table(asked))
    sides = np.arange(2), np.array([0]), np.array([1]), ONE_THREAD
    assert views(kept, *sides)[0, 0] == pytest.approx(1 / 3)
    assert views(kept, *sides, common)[0, 0] == pytest.approx(0, abs=0.01)
