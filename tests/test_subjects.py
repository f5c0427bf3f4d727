"""How likely two texts are of one subject, against sets of words."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from dedupe import Settings, find_duplicates
from dedupe.clean import keep_all
from dedupe.documents import documents_table
from dedupe.sketch import sketch
from dedupe.verify.subjects import (
    VIEWS,
    Common,
    common_words,
    load_subjects,
    subject_odds,
    views,
)

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
QUAKE = """\
A strong earthquake shook the island of Tarvos off the southern coast on Sunday, injuring five \
people and cracking walls in the port town of Merrow, state television said.

The tremor, of magnitude 5.6, struck at noon and was felt on the mainland. Shopkeepers in Merrow \
ran into the street and a minaret lost its tip, witnesses said. Rescue teams were sent by boat.

Governor Ilan Dasht said that nobody had been killed. The geological institute put the epicentre \
twelve kilometres beneath the strait and recorded eight aftershocks. Tarvos lies on a fault that \
has caused dozens of earthquakes, among them one in 1972 that levelled three villages.

Schools on Tarvos will stay closed until engineers have looked at their walls, Dasht said, and \
the ferry to Merrow runs again from Monday."""
OTHER_QUAKE = """\
Eleven people died and seventy were hurt when an earthquake of magnitude 5.9 hit the strait \
between the mainland and the island of Tarvos early on Thursday, the interior ministry said.

Seven villages near the harbour of Sunde were destroyed. Soldiers dug with shovels for survivors \
while helicopters carried the wounded to the provincial hospital of Sunde.

Ministry spokesman Raman Kesh said that the dead included four children of one family. \
Electricity was cut in the whole district and the telephone exchange failed, Kesh said, and a \
field kitchen arrived in the evening.

The geological institute warned of further earthquakes along the fault. Builders in the province \
use clay bricks that crumble in a tremor, and a law of 1990 that asked for steel was never \
enforced."""


def cosine(one: set[str], other: set[str]) -> float:
    return len(one & other) / math.sqrt(len(one) * len(other))


def viewed(texts: list[str]) -> dict[str, float]:
    """Return the views of two texts, by name."""
    kept = keep_all(documents_table(texts))
    found = views(kept, np.arange(2), np.array([0]), np.array([1]), ONE_THREAD)[0]
    return dict(zip(VIEWS, found.tolist(), strict=True))


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


def test_views__do_not_depend_on_which_text_comes_first() -> None:
    assert viewed([QUAKE, OTHER_QUAKE]) == viewed([OTHER_QUAKE, QUAKE])


def test_views__letters_are_counted_not_bytes_and_scripts_without_words_count_whole() -> None:
    assert viewed(["ёжики едят грибы", "грибы осенью"])["words"] == pytest.approx(1 / 2)
    assert viewed(["ёж ест гриб", "ёж ест"])["words"] == pytest.approx(2 / math.sqrt(6))
    assert viewed(["港口关闭了旧渡轮码头"] * 2)["words"] == pytest.approx(1)


def test_views__an_opening_that_comes_up_again_leads() -> None:
    sentences = [
        "A storm flooded the harbour market early on Tuesday.",
        "Traders moved barrels of herring from the market to upper floors.",
        "Winds of the storm lifted slates along several narrow streets.",
        "Nobody in the harbour could remember anything of that kind.",
    ]
    leading, other = " ".join(sentences), " ".join(reversed(sentences))
    assert viewed([leading, leading])["leading"] > 0 > viewed([other, other])["leading"]
    assert viewed([leading, other])["leading"] == viewed([other, other])["leading"]


def test_views__parts_of_a_story_hold_together_better_than_two_stories() -> None:
    assert viewed([FERRY, FERRY_LATER])["cohesion"] > viewed([FERRY, CHESS])["cohesion"]


def test_views__a_part_that_opens_with_a_quotation_is_told() -> None:
    assert viewed([FERRY, f'"{FERRY_LATER}" they said.'])["quoting"]
    assert not viewed([FERRY, FERRY_LATER])["quoting"]


def test_subject_odds__speak_for_parts_of_one_story_and_against_another() -> None:
    kept = keep_all(documents_table([FERRY, FERRY_LATER, CHESS]))
    assert subject_odds(kept, np.array([0, 1]), ONE_THREAD) > 0
    assert subject_odds(kept, np.array([0, 2]), ONE_THREAD) < 0


def test_subject_odds__of_empty_texts_are_told_too() -> None:
    kept = keep_all(documents_table(["", "", FERRY]))
    assert math.isfinite(subject_odds(kept, np.array([0, 1]), ONE_THREAD))
    assert math.isfinite(subject_odds(kept, np.array([0, 2]), ONE_THREAD))


@pytest.mark.parametrize("known", [False, True])
def test_load_subjects__the_model_weighs_every_view(*, known: bool) -> None:
    assert load_subjects(known=known).weights.shape == (len(VIEWS) - 4,)


def common_of(texts: list[str]) -> Common | None:
    kept = keep_all(documents_table(texts))
    return common_words(kept, sketch(kept, ONE_THREAD).text_hashes, ONE_THREAD)


def test_common_words__of_a_small_collection_are_not_known() -> None:
    assert common_of([f"{FERRY} {number}" for number in range(499)]) is None
    assert common_of([FERRY] * 600) is None


def test_common_words__are_of_a_bounded_sample_that_no_order_changes() -> None:
    texts = [f"harbour matter{number} matter{number % 7}" for number in range(2600)]
    first, second = common_of(texts), common_of(texts[::-1])
    assert first is not None
    assert second is not None
    assert first.n_all == second.n_all == 2000
    assert first.words.tolist() == second.words.tolist()
    assert first.n_docs.tolist() == second.n_docs.tolist()


def test_views__a_word_that_every_document_has_says_little() -> None:
    texts = [f"harbour matter{number} matter{number + 1}" for number in range(600)]
    common = common_of(texts)
    assert common is not None
    assert common.n_docs.max() == common.n_all
    asked = ["harbour zebrafish kingfisher", "harbour mountain telescope"]
    kept = keep_all(documents_table(asked))
    sides = np.arange(2), np.array([0]), np.array([1]), ONE_THREAD
    assert views(kept, *sides)[0, 0] == pytest.approx(1 / 3)
    assert views(kept, *sides, common)[0, 0] == pytest.approx(0, abs=0.01)


def stories_with_a_page(texts: dict[str, str], n_outlets: int) -> dict[str, str]:
    """Run over texts, each in some outlets, and a page of all of them; returns their stories."""
    documents = [
        {"id": f"{name}{copy}", "text": text, "source": f"{name}{copy}.example"}
        for name, text in texts.items()
        for copy in range(n_outlets)
    ]
    page = {"id": "page", "text": "\n\n".join(texts.values()), "source": "page.example"}
    found = find_duplicates([*documents, page]).documents
    return dict(zip(found["id"].to_pylist(), found["story"].to_pylist(), strict=True))


def test_find_duplicates__two_stories_of_one_kind_on_one_page_stay_two() -> None:
    story = stories_with_a_page({"a": QUAKE, "b": OTHER_QUAKE}, 3)
    assert story["a0"] == story["a2"] != story["b0"] == story["b2"]
    assert story["page"] == "page"


@pytest.mark.parametrize("text", [QUAKE, OTHER_QUAKE])
def test_find_duplicates__a_whole_story_stays_with_its_halves(text: str) -> None:
    paragraphs = text.split("\n\n")
    halves = {"a": "\n\n".join(paragraphs[:2]), "b": "\n\n".join(paragraphs[2:])}
    assert len({*stories_with_a_page(halves, 1).values()}) == 1
