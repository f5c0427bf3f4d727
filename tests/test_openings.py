"""Names before what two texts share: the kernel against a definition, laws, forms and copies."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe.clean.kept import keep_all
from dedupe.documents import documents_table
from dedupe.kernels.openings import fill_opening_names
from dedupe.settings import Settings
from dedupe.shingle import shingle
from dedupe.verify.telling import tokens_of
from tests import mixed_scripts
from tests import reference_text as reference
from tests.test_verify import measured

WITHIN_NAMES = " \"&'(,.<>"
TOLD = (
    "{} is raising its prime lending rate to nine percent from eight, effective at once. "
    "Others are expected to follow within the week."
)
LOOKED_AT = 40
ENDINGS = (" raises", " \u2013 Raises", "(Harbour raises", "-raises caf\u00e9", " Marlow raises")


def opening(texts: tuple[str, str], places: tuple[int, int]) -> list[int]:
    """Ask the kernel."""
    kept = keep_all(documents_table(texts))
    rows = np.arange(2)
    tokens = tokens_of(rows, shingle(kept, rows, Settings(threads=1)), kept)
    out = np.full((1, 2), -1, np.int32)
    one = np.zeros(1, np.int64)
    fill_opening_names(one, one + 1, np.array([places], np.int64), 0, 1, tokens, out)
    found: list[int] = out[0].tolist()
    return found


def breaks(between: str) -> bool:
    if "-" in between and len(between.encode()) > 1:
        return True
    marks = set(between) - set(WITHIN_NAMES) - {"-"}
    return any(mark.isascii() or "\u2012" <= mark <= "\u2015" for mark in marks)


def first_of(text: str, words: list[reference.Token], at: int) -> int:
    """Return where the sentence of a word begins; the word itself where that is far away."""
    data, end = text.encode(), at
    while at > 0 and not words[at].sentence_start:
        between = data[words[at - 1].end : words[at].start].decode()
        if words[at].capitalised and breaks(between):
            break
        at -= 1
    return end if end - at > LOOKED_AT else at


def are_alike(one: bytes, other: bytes) -> bool:
    letters = [Counter((byte | 0x20) % 64 for byte in word if byte < 0xC0) for word in (one, other)]
    return 3 * (letters[0] & letters[1]).total() >= letters[0].total() + letters[1].total()


def defined(texts: tuple[str, str], places: tuple[int, int]) -> list[int]:
    """Count as the kernel must."""
    words = [reference.tokens(text) for text in texts]
    at = [side[place] for side, place in zip(words, places, strict=True)]
    if at[0].folded != at[1].folded or any(word.capitalised or word.number for word in at):
        return [0, 0]
    spelled = [
        [(word, text.encode()[word.start : word.end]) for word in side[first:place]]
        for text, side, place in zip(texts, words, places, strict=True)
        for first in [first_of(text, side, place)]
    ]
    if not all(spelled):
        return [0, 0]
    known = [{word.folded for word in side} for side in words]
    return [
        sum(
            word.capitalised
            and word.folded not in known[1 - side]
            and not any(
                other.capitalised and are_alike(letters, others)
                for other, others in spelled[1 - side]
            )
            for word, letters in spelled[side]
        )
        for side in range(2)
    ]


@st.composite
def pairs(draw: st.DrawFn) -> tuple[tuple[str, str], tuple[int, int]]:
    """Make two texts, and a place in each where a word of both stands."""
    texts = [draw(mixed_scripts.texts) + draw(st.sampled_from(ENDINGS)) for _ in range(2)]
    words = [reference.tokens(text) for text in texts]
    places = [
        (i, j)
        for i, one in enumerate(words[0])
        for j, other in enumerate(words[1])
        if one.folded == other.folded
    ]
    return (texts[0], texts[1]), draw(st.sampled_from(places[-8:]))


@settings(max_examples=300)
@given(pair=pairs())
def test_fill_opening_names__equals_the_definition_and_its_mirror(
    pair: tuple[tuple[str, str], tuple[int, int]],
) -> None:
    texts, places = pair
    assert opening(texts, places) == defined(texts, places)
    assert opening(texts[::-1], places[::-1]) == opening(texts, places)[::-1]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("Marlow Bank", "First Tarn Savings Co", [2, 4]),
        ("The Marlow Bank", "The First Tarn Savings Co", [2, 4]),
        ("J. Marlow & Sons", "Tarn-Vale Savings", [2, 3]),
        ("Marlow Bank Ltd", "Tarn Bank", [2, 1]),
        ("Marlow Bank", "Tarn Savings, once Marlow Bank,", [0, 2]),
        ("Marlow Bank", "Shares fell. Tarn Savings", [2, 2]),
        ("Hester Wren", "Esther Wrenn", [0, 0]),
        ("Олег Бурмистров", "Олег Бурмистров-Сазонов", [0, 1]),
        ("Олег Бурмистров", "Анна Ветрова", [2, 2]),
        ("LOW HAVEN (NPA) - It", "MARLOW, May 6 (Salt Coast Post) \u2014 She", [1, 1]),
        ("By Ada Quill\nIt", "Jarl Roe | Inland Mail | Local", [1, 1]),
        ("Photo: Ada Quill/Salt Coast Post\nMarlow Bank", "Tarn Savings", [2, 2]),
        ("", "Tarn Savings", [0, 0]),
        ("", "", [0, 0]),
        (" ".join(["Marlow"] * 40), "Tarn Savings", [40, 2]),
        (" ".join(["Marlow"] * 41), "Tarn Savings", [0, 0]),
    ],
)
def test_fill_opening_names__of_whom_two_texts_say_the_same(
    one: str, other: str, expected: list[int]
) -> None:
    texts = TOLD.format(one), TOLD.format(other)
    places = [[word.folded for word in reference.tokens(text)].index("is") for text in texts]
    assert opening(texts, (places[0], places[1])) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("By Ada Quill, Salt Coast Post\n{}", "By Jarl Roe, Inland Mail Reporter\n{}"),
        ("By Ada Quill\n06/05/24 21:12\n{}", "Jarl Roe, Inland Mail\n06/05/24 21:12\n{}"),
        ("LOW HAVEN (NPA) - {}", "MARLOW, May 6 (Salt Coast Post) \u2014 {}"),
        ("Ada Quill for the Salt Coast Post - {}", "Jarl Roe in Marlow {}"),
        ("{}", "By Jarl Roe, Inland Mail Reporter\n{}"),
    ],
)
def test_measure__a_byline_or_dateline_is_no_opening(one: str, other: str) -> None:
    bodies = TOLD.format("Tarn Savings"), TOLD.format("The savings bank")
    assert measured([one.format(bodies[0]), other.format(bodies[0])])[0].openings.min() == 0
    if "\n" in one:
        assert measured([one.format(bodies[0]), other.format(bodies[1])])[0].openings.min() == 0


def test_measure__counts_names_before_the_first_that_is_shared() -> None:
    texts = [TOLD.format(name) for name in ("Marlow Bank", "First Tarn Savings Co")]
    assert measured(texts)[0].openings.tolist() == [[2, 4]]
    assert measured(texts[::-1])[0].openings.tolist() == [[4, 2]]
    # What is first in one text stands last in the other.
    turned = " ".join(reversed(TOLD.format("Tarn Savings").split(". ")))
    assert measured([texts[0], turned])[0].openings.tolist() == [[0, 0]]
