"""Two documents compared: symmetric where it should be, and about the texts as given."""

from __future__ import annotations

import dataclasses
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe import Background, Comparison, Document, InputError, Passage, compare
from dedupe.comparison import EVERY_SHINGLE
from dedupe.verify.relation import PAIR_RELATIONS
from tests import mixed_scripts
from tests import reference_pairs as reference
from tests import reference_text as text_reference

if TYPE_CHECKING:
    from dedupe.documents import Document as AnyDocument

STORY = (
    "PORT ELLERY (AP) - The ferry Marlow ran aground on Tuesday with 42 people aboard, the "
    "harbour office said. Nobody was hurt, and the tide lifted her off before midnight. "
    "Her master, Ines Calder, told the Harbor Light that she had asked twice for a dredged "
    "channel. The commission will meet on Friday to hear what the survey of 2019 had found."
)
COPY = (
    "The ferry Marlow ran aground Tuesday with 42 people aboard, the harbour office said. "
    "Nobody was hurt, and the tide lifted her off before midnight. Her master, Ines Calder, "
    "told that she had asked twice for a dredged channel, according to the Associated Press."
)
OTHER = (
    "A bakery on Quay Street sold its last loaf on Saturday after ninety years of trade, and "
    "the owners said that they would miss the smell of it more than they would miss the hours."
)
articles = st.lists(
    st.sampled_from([*STORY.split(". "), *OTHER.split(", ")]) | mixed_scripts.articles, max_size=6
).map(". ".join)
texts = articles | mixed_scripts.texts
# Known here in parts only, so that the swap has dates, outlets and credits to get wrong.
documents = st.fixed_dictionaries(
    {"text": articles},
    optional={
        "source": st.sampled_from(["ap.example", "harborlight.example"]),
        "published": st.sampled_from(["2025-04-06T05:30:00Z", "2025-04-06", "2025-04-08"]),
        "title": st.just("Ferry runs aground"),
    },
)


def assert_plain(found: Comparison, a: str, b: str) -> None:
    assert found.relation in PAIR_RELATIONS
    assert found.same_story == (
        PAIR_RELATIONS.index(found.relation) < PAIR_RELATIONS.index("roundup")
    )
    for name in ("probability", "resemblance", "containment_a", "containment_b"):
        assert 0 <= getattr(found, name) <= 1
    assert 0 <= found.a_first_probability <= 1
    for text, start, end in ((a, 0, 1), (b, 2, 3)):
        ranges = sorted((passage[start], passage[end]) for passage in found.passages)
        assert all(0 <= low < high <= len(text) for low, high in ranges)
        assert all(before[1] <= after[0] for before, after in pairwise(ranges))
    assert found.passages == sorted(found.passages)


@settings(max_examples=60)
@given(a=texts, b=texts)
def test_compare__any_two_texts_get_figures_within_bounds(a: str, b: str) -> None:
    assert_plain(compare(a, b), a, b)


@settings(max_examples=40)
@given(a=documents, b=documents)
def test_compare__swapping_swaps_every_side(a: dict[str, Any], b: dict[str, Any]) -> None:
    forth, back = compare(a, b), compare(b, a)
    assert forth.resemblance == back.resemblance
    assert forth.longest_run == back.longest_run
    assert (forth.containment_a, forth.containment_b) == (back.containment_b, back.containment_a)
    assert forth.a_first_probability == pytest.approx(1 - back.a_first_probability, abs=1e-9)
    assert (forth.relation, forth.same_story) == (back.relation, back.same_story)
    assert forth.probability == pytest.approx(back.probability, abs=1e-12)
    mirrored = sorted((p.b_start, p.b_end, p.a_start, p.a_end) for p in back.passages)
    assert forth.passages == mirrored


@settings(max_examples=40)
@given(a=texts, b=texts)
def test_compare__figures_equal_the_oracle_where_nothing_is_furniture(a: str, b: str) -> None:
    # One paragraph each: nothing can repeat, so all of it is kept.
    a, b = " ".join(a.split()), " ".join(b.split())
    found = compare(a, b)
    one, other = text_reference.tokens(a), text_reference.tokens(b)
    left, right = set(reference.shingles(one)), set(reference.shingles(other))
    shared = len(left & right)
    assert found.resemblance == pytest.approx(shared / max(len(left | right), 1))
    assert found.containment_a == pytest.approx(shared / max(len(left), 1))
    assert found.containment_b == pytest.approx(shared / max(len(right), 1))


@pytest.mark.parametrize("text", [STORY, "Tide", "\u6e2f\u53e3", "The tide rose"])
def test_compare__equal_texts_are_exact_and_score_one(text: str) -> None:
    found = compare(text, text.upper())
    assert (found.relation, found.same_story) == ("exact", True)
    assert found.resemblance == found.containment_a == found.containment_b == 1
    assert found.probability > 0.999
    assert found.a_first_probability == 0.5


def test_compare__equal_texts_are_one_passage() -> None:
    assert compare(STORY, STORY).passages == [Passage(0, len(STORY) - 1, 0, len(STORY) - 1)]


def test_compare__a_copy_cut_in_the_middle_of_a_sentence_ends_where_it_was_cut() -> None:
    text = (
        "The harbour office said on Tuesday that the old swing bridge will stay closed for six "
        "weeks while divers mend cracks in three of its seven piers and a crane lifts the "
        "rusted gate that twelve thousand people a day walk past on their way to the ferries"
    )
    start = text.index("will stay closed")
    (passage,) = compare(text, text[start:]).passages
    assert passage == Passage(start, len(text), 0, len(text) - start)


@pytest.mark.parametrize(("a", "b"), [("", ""), ("", STORY), ("...", "\x00"), ("Tide", "Crew")])
def test_compare__texts_that_share_nothing_are_unrelated(a: str, b: str) -> None:
    found = compare(a, b)
    assert (found.relation, found.same_story, found.passages) == ("unrelated", False, [])
    assert found.resemblance == found.longest_run == 0
    assert found.a_first_probability == 0.5


def test_compare__of_equal_texts_the_earlier_is_first_and_the_evidence_says_so() -> None:
    early = {"text": STORY, "source": "pierpost.example", "published": "2024-05-01T08:00:00Z"}
    late = {"text": STORY, "source": "quaynews.example", "published": "2024-05-01T12:00:00Z"}
    for sides, toward_a in (((early, late), True), ((late, early), False)):
        comparison = compare(*sides)
        assert (comparison.a_first_probability > 0.8) is toward_a
        (reason,) = [one for one in comparison.evidence if one["signal"] == "clock"]
        assert reason["toward"] == "pierpost.example"
        assert reason["says"] == "pierpost.example appeared 4 h before quaynews.example"
        assert not reason["against"]


def test_compare__evidence_is_of_the_same_document_whichever_is_given_first() -> None:
    one = {"text": STORY, "source": "pierpost.example"}
    other = {"text": STORY + " Nobody was hurt.", "source": "pierpost.example"}
    forth, back = compare(one, other).evidence, compare(other, one).evidence
    assert "one_outlet" in [item["signal"] for item in forth]
    assert [item["document"] for item in forth] == [
        "a" if item["document"] == "b" else "b" for item in back
    ]


def test_compare__a_lightly_edited_copy_is_the_same_story_told_first_by_the_credited() -> None:
    found = compare({"text": STORY, "source": "ap.example"}, COPY)
    assert found.same_story
    assert found.probability > 0.5
    assert found.a_first_probability > 0.5
    assert found.evidence
    spans = [(passage.a_start, passage.a_end) for passage in found.passages]
    assert any("ran aground" in STORY[start:end] for start, end in spans)


def test_compare__independent_texts_are_not_the_same_story() -> None:
    found = compare(STORY, OTHER)
    assert not found.same_story
    assert found.passages == []


@pytest.mark.parametrize(
    "form", [STORY, {"text": STORY}, Document(text=STORY), Document(text=STORY, id="x")]
)
def test_compare__takes_every_form_of_a_document(form: AnyDocument | str) -> None:
    assert compare(form, STORY).relation == "exact"
    assert compare(STORY, form).relation == "exact"


@pytest.mark.parametrize("bad", [{"title": "Tide"}, 5, None])
def test_compare__what_is_no_document_is_an_input_error(bad: Any) -> None:
    for pair in ((STORY, bad), (bad, STORY)):
        with pytest.raises(InputError, match="a document"):
            compare(*pair)


def test_compare__evidence_quotes_the_text_it_points_to() -> None:
    pages = {"a": STORY, "b": COPY}
    for clue in compare(pages["a"], pages["b"]).evidence:
        if clue["quote"] is not None:
            assert pages[clue["document"]][clue["start"] : clue["end"]] == clue["quote"]


def test_comparison__names_the_fields_of_the_contract() -> None:
    assert [field.name for field in dataclasses.fields(Comparison)] == [
        "relation", "same_story", "probability", "resemblance", "containment_a", "containment_b",
        "longest_run", "a_first_probability", "evidence", "passages",
    ]  # fmt: skip


# --- a background of word statistics


def test_compare__a_background_that_is_none_is_refused() -> None:
    wrong: Any = 5
    with pytest.raises(InputError, match="must be a Background"):
        compare("tide rose", "tide fell", wrong)


def test_background__counts_documents_not_places() -> None:
    background = Background.of(["tide rose high tide rose high", "tide rose high", "quite other"])
    seed = EVERY_SHINGLE.hash_seed
    words = [text_reference.token_hash(word, seed) for word in ("tide", "rose", "high")]
    (shingle,) = text_reference.shingles(words)
    found = background.of_shingles(np.array([shingle, 12345], np.uint64))
    assert found.tolist() == [2, 0]
    assert background.n_docs == 3
    assert (np.diff(background.hashes.astype(object)) > 0).all()


def test_background__of_nothing_knows_nothing() -> None:
    background = Background.of([])
    assert background.of_shingles(np.array([1, 2], np.uint64)).tolist() == [0, 0]
    assert compare(STORY, COPY, background).same_story == compare(STORY, COPY).same_story


def test_background__a_phrase_that_all_use_counts_less() -> None:
    phrase = "the harbour office said in a statement late on Tuesday"
    background = Background.of([f"{phrase} word{number} word{number + 1}" for number in range(50)])
    a = f"{phrase} that the ferry had run aground with nobody hurt"
    b = f"{phrase} how the bakery would close its doors for good"
    assert compare(a, b, background).probability <= compare(a, b).probability
