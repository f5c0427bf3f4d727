"""Tokens, flags and shingles against their oracle, and the laws of folding."""

from __future__ import annotations

import sys
import unicodedata
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dedupe.kernels import shingles as shingle_kernels
from dedupe.kernels import text as kernels
from dedupe.kernels import token_hashes
from dedupe.kernels.fold import load_fold
from dedupe.kernels.hashing import mix
from tests import mixed_scripts
from tests import reference_text as reference

SEED = 0x0123456789ABCDEF
CANARY = 0x5A


class Read(NamedTuple):
    hashes: list[int]
    starts: list[int]
    ends: list[int]
    flags: list[int]


def read(
    text: str | bytes,
    start: int = 0,
    end: int | None = None,
    *,
    frozen: bool = True,
    seed: int = SEED,
) -> Read:
    """Tokenise bytes [start, end) through the kernel."""
    data = np.frombuffer(text.encode() if isinstance(text, str) else text, np.uint8)
    if not frozen:
        data = data.copy()
    size = kernels.max_tokens(len(data)) + 1
    hashes = np.full(size, CANARY, np.uint64)
    starts, ends = np.full(size, CANARY, np.int64), np.full(size, CANARY, np.int64)
    flags = np.full(size, CANARY, np.uint8)
    n_tokens = kernels.fill_tokens(
        data, start, len(data) if end is None else end, *load_fold(), np.uint64(seed), 0,
        hashes, starts, ends, flags,
    )  # fmt: skip
    assert n_tokens < size
    columns = (hashes, starts, ends, flags)
    # Nothing is written behind the tokens that were announced.
    assert all((column[n_tokens:] == CANARY).all() for column in columns)
    alone = np.full(size, CANARY, np.uint64)
    n_alone = token_hashes.fill_token_hashes(
        data, start, len(data) if end is None else end, *load_fold(), np.uint64(seed), 0, alone
    )
    assert (n_alone, alone.tolist()) == (n_tokens, hashes.tolist())
    return Read(*(column[:n_tokens].tolist() for column in columns))


def flags_of(token: reference.Token) -> int:
    bits = (kernels.QUOTED, kernels.NUMBER, kernels.CAPITALISED, kernels.SENTENCE_START)
    return sum(int(bit) * is_set for bit, is_set in zip(bits, token[3:], strict=True))


# --- the oracle


@settings(max_examples=250)
@given(text=mixed_scripts.texts)
@example("\u6e2fABC\u53e3 2024\u5e74")
@example("cafe\u0301, cafe\u0301")
@example("\u2018Yes\u2019 it said. \u2018No, the pilots\u2019 boat\u2019 it said")
@example("He said \u201cone\n\ntwo\u201d three")
def test_tokens__equal_the_oracle(text: str) -> None:
    found = read(text)
    expected = reference.tokens(text)
    assert found.starts == [token.start for token in expected]
    assert found.ends == [token.end for token in expected]
    assert found.flags == [flags_of(token) for token in expected]
    assert found.hashes == [reference.token_hash(token.folded, SEED) for token in expected]


@settings(max_examples=150)
@given(text=st.text(max_size=30))
def test_tokens__any_text_at_all_stays_within_its_bounds(text: str) -> None:
    found = read(text.encode("utf-8", "replace"))
    assert all(0 <= start < end for start, end in zip(found.starts, found.ends, strict=True))
    assert all(end <= start for end, start in zip(found.ends, found.starts[1:], strict=False))


@settings(max_examples=80)
@given(hashes=st.lists(st.integers(0, 2**64 - 1), max_size=12))
def test_shingles__equal_the_oracle(hashes: list[int]) -> None:
    out = np.zeros(len(hashes), np.uint64)
    n_shingles = shingle_kernels.fill_shingles(
        np.array(hashes, np.uint64), len(hashes), reference.SHINGLE_WORDS, out
    )
    assert out[:n_shingles].tolist() == reference.shingles(hashes)


@pytest.mark.parametrize(
    ("word", "seed", "expected"),
    [
        ("harbour", 1, 0x1DE879A4A397A1B5),
        ("3", 1, 0x42E333583A20ABD7),
        ("\u0628\u0646\u062f\u0631", 1, 0x7FAB638DC168509D),
        ("\u6e2f", 1, 0xA4582000AE19934C),
    ],
)
def test_hashes__are_those_that_stored_sketches_were_made_with(
    word: str, seed: int, expected: int
) -> None:
    # Changed, they part every stored sketch from every new one.
    assert reference.token_hash(word, seed) == expected
    assert read(word, seed=seed).hashes == [expected]


# --- the laws of folding


def spellings(text: str) -> list[str]:
    full_width = {code: code + 0xFEE0 for code in range(0x30, 0x7B) if chr(code).isalnum()}
    return [
        unicodedata.normalize("NFC", text),
        unicodedata.normalize("NFD", text),
        text.upper(),
        text.replace("\u2019", "'").replace("\u2018", "'"),
        text.replace("'", "\u2019").replace(' "', " \u201c").replace('"', "\u201d"),
        text.translate(full_width),
    ]


@settings(max_examples=150)
@given(text=mixed_scripts.texts)
def test_tokens__composed_decomposed_upper_curly_and_full_width_are_one(text: str) -> None:
    expected = read(text).hashes
    for spelling in spellings(text):
        assert read(spelling).hashes == expected, ascii(spelling)


# Two Burmese characters in one code point: decomposed, they are two tokens.
SPLIT_BY_DECOMPOSITION = {"\u1026"}


def test_tokens__every_letter_of_unicode_reads_alike_decomposed() -> None:
    letters = [
        char
        for char in map(chr, range(sys.maxunicode))
        if unicodedata.decomposition(char)[:1] not in {"", "<"}
        and char not in SPLIT_BY_DECOMPOSITION
    ]
    letters += map(chr, range(0xAC00, 0xD7A4, 97))
    composed = " ".join(letters)
    decomposed = unicodedata.normalize("NFD", composed)
    assert composed != decomposed
    assert read(composed).hashes == read(decomposed).hashes


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("co-op", "coop"),
        ("ferry", "ferries"),
        ("1st", "1"),
        ("\u6e2f\u53e3", "\u53e3\u6e2f"),
        ("\u0939\u093f", "\u0939\u0940"),
        ("3.5", "35"),
        ("\u0e19\u0e32", "\u0e19\u0e35"),
    ],
)
def test_tokens__different_words_stay_different(one: str, other: str) -> None:
    assert read(one).hashes != read(other).hashes


def test_tokens__unspaced_scripts_give_one_token_a_character_among_latin_words_too() -> None:
    text = "\u5728ABC\u6e2f2024\u5e74"
    starts = read(text).starts
    assert [text.encode()[start:].decode()[0] for start in starts] == list("\u5728A\u6e2f2\u5e74")


# --- flags, by example


def quoted_words(text: str) -> str:
    data, found = text.encode(), read(text)
    spans = zip(found.starts, found.ends, found.flags, strict=True)
    return " ".join(data[start:end].decode() for start, end, flag in spans if flag & kernels.QUOTED)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('He said "no comment" today', "no comment"),
        ("He said \u201cno comment\u201d today", "no comment"),
        ("He said \u2018no comment\u2019 today", "no comment"),
        ("He said 'no comment' today", "no comment"),
        ("He said \u2018it isn\u2019t so\u2019 today", "it isn t so"),
        ("The pilot's boat isn't the crew\u2019s", ""),
        ("Elle a dit \u00aboui\u00bb hier", "oui"),
        ("He said \u201cit is \u2018done\u2019 now\u201d today", "it is done now"),
        ('A quote "left open\n\nends with its paragraph', "left open"),
        ('A quote "wrapped\nat a line" goes on', "wrapped at a line"),
        ("\u300c\u6e2f\u53e3\u300d\u5929", "\u6e2f \u53e3"),
    ],
)
def test_flags__quoted_words_are_those_between_the_marks(text: str, expected: str) -> None:
    assert quoted_words(text) == expected


def test_flags__names_numbers_and_sentence_starts() -> None:
    found = read("The Ferry left. It had 3 cars, A1 and \u0664\u0662.").flags
    starts = [bool(flag & kernels.SENTENCE_START) for flag in found]
    capitals = [bool(flag & kernels.CAPITALISED) for flag in found]
    numbers = [bool(flag & kernels.NUMBER) for flag in found]
    assert starts == [True, False, False, True, *[False] * 6]
    assert capitals == [True, True, False, True, False, False, False, True, False, False]
    assert numbers == [False, False, False, False, False, True, False, False, False, True]


# --- the laws of reading bytes


@settings(max_examples=200)
@given(data=st.binary(max_size=40), behind=st.binary(min_size=4, max_size=4))
@example(data=b"port \xf0\x9f\x9a", behind=b"\xa2xxx")
@example(data=b"caf\xc3", behind=b"\xa9xxx")
@example(data=b"port'", behind=b"able")
@example(data=b"\xe6\xb8", behind=b"\xafabc")
def test_tokens__bytes_behind_the_end_are_never_read(data: bytes, behind: bytes) -> None:
    alone = read(data)
    assert read(data + behind, 0, len(data)) == alone
    assert all(end <= len(data) for end in alone.ends)


@settings(max_examples=80)
@given(text=mixed_scripts.texts, before=mixed_scripts.texts)
def test_tokens__a_range_reads_as_if_it_stood_alone(text: str, before: str) -> None:
    start = len(before.encode())
    alone = read(text)
    inside = read(before + text, start)
    assert inside.hashes == alone.hashes
    assert inside.flags == alone.flags
    assert [at - start for at in inside.starts] == alone.starts
    assert [at - start for at in inside.ends] == alone.ends


@settings(max_examples=30)
@given(text=mixed_scripts.texts)
def test_tokens__read_only_and_writable_bytes_read_alike(text: str) -> None:
    assert read(text) == read(text, frozen=False)


@settings(max_examples=80)
@given(text=mixed_scripts.texts, data=st.data())
def test_code_points__are_those_of_the_decoded_text(text: str, data: st.DataObject) -> None:
    before = "\u6e2f \x00"
    points = data.draw(st.lists(st.integers(0, len(text)), max_size=5))
    positions = np.array([len(text[:point].encode()) for point in points], np.int64)
    whole = np.frombuffer((before + text).encode(), np.uint8)
    out = np.full(len(points), -1, np.int64)
    starts = np.full(len(points), len(before.encode()), np.int64)
    kernels.fill_code_points(whole, starts, positions, out)
    assert out.tolist() == points


@pytest.mark.parametrize("end", range(14))
def test_fill_token_hashes__every_byte_counts_as_it_does_alone(end: int) -> None:
    # Each ASCII byte at each place of a step of eight, and cut at each place of it.
    for byte in range(128):
        for place in range(12):
            text = bytearray(b"abcdefgh1jkL")
            text[place] = byte
            read(bytes(text), 0, min(end, len(text)))


PIECES = st.one_of(
    st.integers(1, 90).map(lambda n: "Abcdefghij0123456789Klm"[: n % 23 + 1] * (n // 23 + 1)),
    st.sampled_from([" ", ", ", "\n\n", "_", "\x00", "\x7f", "\u2019", "\u201c", "e\u0301"]),
    st.sampled_from(["\u00e9", "\u00e9s", "\u00ad", "\u6e2f", "\u0627\u0644", "\U0001d7d8", "7"]),
)


@settings(max_examples=300)
@given(before=st.integers(0, 70), pieces=st.lists(PIECES, max_size=60), after=st.integers(0, 140))
@example(before=0, pieces=["a" * 64, " ", "b" * 128], after=80)
@example(before=3, pieces=["ab "] * 40 + ["\u00e9"] + ["ab "] * 40, after=100)
def test_fill_token_hashes__blocks_may_be_cut_anywhere(
    before: int, pieces: list[str], after: int
) -> None:
    text = "".join(pieces).encode()
    # What stands around a text is read with it, and is none of it.
    read(b"x" * before + text + b"y" * after, before, before + len(text))


@pytest.mark.parametrize("place", [0, 1, 7, 8, 31, 32, 62, 63, 64])
def test_fill_token_hashes__every_byte_counts_in_a_block_as_it_does_alone(place: int) -> None:
    for byte in range(128):
        text = bytearray(b"abc DE 1fgh. " * 12)
        text[place] = byte
        for end in (place, place + 1, 64, 65, len(text)):
            read(bytes(text), 0, end)


@pytest.mark.parametrize("n_tokens", range(9))
def test_fill_shingles__runs_of_three_are_hashed_as_runs_of_any_length(n_tokens: int) -> None:
    tokens = np.random.default_rng(n_tokens).integers(0, 2**64, n_tokens, dtype=np.uint64)
    factor, wide = int(shingle_kernels._POLYNOMIAL), (1 << 64) - 1
    for length in (2, 3, 4):
        out = np.zeros(n_tokens + 1, np.uint64)
        n_shingles = shingle_kernels.fill_shingles(tokens, n_tokens, length, out)
        used = min(length, n_tokens)
        sums = [
            sum(int(t) * factor ** (used - 1 - i) for i, t in enumerate(tokens[at : at + used]))
            for at in range(n_tokens - used + 1 if n_tokens else 0)
        ]
        expected = [int(mix(np.uint64(total & wide))) for total in sums]
        assert out[:n_shingles].tolist() == expected
