from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe.clean.lexicon import build_lexicon, join
from dedupe.kernels.words import Lexicon, find_words

LOOSE, WHOLE = 1, 2
ALPHABET = "abAB1 .-é月"


def find(text: str, words: dict[str, tuple[int, int]], **how: bool) -> list[tuple[int, int]]:
    lexicon = build_lexicon({word.encode(): kinds for word, kinds in words.items()}, **how)
    return found(text, lexicon)


def found(text: str, lexicon: Lexicon) -> list[tuple[int, int]]:
    data = np.frombuffer(text.encode(), np.uint8)
    room = np.empty((1, 2), np.int64)
    places, n_found = find_words(data, (0, len(data), 0, len(data)), lexicon, room, 0)
    return [(place, kinds) for place, kinds in places[:n_found].tolist()]


def _is_alphanumeric(piece: bytes) -> bool:
    return piece.isalnum() and piece.isascii()


def find_slowly(text: str, words: dict[str, tuple[int, int]]) -> list[tuple[int, int]]:
    """Try every word at every byte."""
    data = text.encode()
    places = []
    for at in range(len(data)):
        here = 0
        for word, (kinds, whole) in words.items():
            end = at + len(word.encode())
            if data[at:end] == word.encode():
                here |= kinds
                here |= 0 if _is_alphanumeric(data[end : end + 1]) else whole
        inside = _is_alphanumeric(data[at : at + 1]) and _is_alphanumeric(data[max(0, at - 1) : at])
        if here and not (inside and at):
            places.append((at, here))
    return places


KINDS = st.tuples(st.sampled_from([0, LOOSE]), st.sampled_from([0, WHOLE]))
WORDS = st.dictionaries(st.text(ALPHABET, min_size=1, max_size=5), KINDS, min_size=1, max_size=6)


@settings(max_examples=300)
@given(st.text(ALPHABET, max_size=40), WORDS)
def test_find_words__finds_what_trying_every_word_everywhere_finds(
    text: str, words: dict[str, tuple[int, int]]
) -> None:
    assert find(text, words) == find_slowly(text, words)


@settings(max_examples=200)
@given(st.text(ALPHABET, max_size=40), WORDS, WORDS)
def test_join__finds_the_words_of_both(
    text: str, one: dict[str, tuple[int, int]], other: dict[str, tuple[int, int]]
) -> None:
    both = {word: (4 * kinds, 4 * whole) for word, (kinds, whole) in other.items()}
    lexicons = [
        build_lexicon({word.encode(): kinds for word, kinds in words.items()})
        for words in (one, both)
    ]
    expected = dict(find_slowly(text, one))
    for at, kinds in find_slowly(text, both):
        expected[at] = expected.get(at, 0) | kinds
    assert found(text, join(*lexicons)) == sorted(expected.items())


def test_find_words__letters_only_passes_over_what_stands_between() -> None:
    words = {"harborlight": (LOOSE, 0)}
    text = "the Harbor Light, H.A.R.B.O.R. light; harbor\n\nLIGHTS; xharborlight; harbor-li"
    places = [at for at, _ in find(text, words, letters_only=True)]
    assert places == [text.index("Harbor"), text.index("H.A"), text.index("harbor\n")]


@pytest.mark.parametrize(
    "text", ["Échó Lâ Fare", "écho-la fare", "ÉCHO L\u2019A FARE", "echo la fare", "Echo Là Farê"]
)
def test_find_words__letters_only_are_found_with_accents(text: str) -> None:
    assert len(find(f"the {text}", {"echolafare": (LOOSE, 0)}, letters_only=True)) == 1


def test_find_words__letters_only_keeps_other_scripts_apart() -> None:
    words = {"вести": (LOOSE, 0), "echo": (LOOSE, 0)}
    assert len(find("вести, весла; echo", words, letters_only=True)) == 2


def test_find_words__letters_only_may_be_two_before_no_other() -> None:
    text = "the AP said; apples, a.p. and ap"
    places = [at for at, _ in find(text, {"ap": (0, WHOLE)}, letters_only=True)]
    assert places == [text.index("AP"), text.index("a.p."), text.rindex("ap")]


def test_find_words__a_text_ends_where_it_ends() -> None:
    lexicon = build_lexicon({b"AP": (0, WHOLE), b"told": (LOOSE, 0)})
    data = np.frombuffer(b"xx AP told", np.uint8)
    room = np.empty((4, 2), np.int64)
    for bounds, expected in (
        ((0, 5, 0, 5), [(3, WHOLE)]),
        ((0, 9, 4, 9), []),
        ((0, 10, 4, 10), [(6, LOOSE)]),
        ((4, 10, 4, 10), [(6, LOOSE)]),
        ((5, 5, 5, 5), []),
    ):
        places, n_found = find_words(data, bounds, lexicon, room, 0)
        assert [tuple(row) for row in places[:n_found].tolist()] == expected
