"""Blocks and what is learned of them, against the oracle and their laws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe.arrays.ragged import running_total
from dedupe.clean import keep_all
from dedupe.clean.blocks import Blocks, read_blocks
from dedupe.clean.furniture import Furniture, block_keys, is_known, learn
from dedupe.clean.phrases import KINDS, load_phrases, read_phrases
from dedupe.documents import documents_table
from dedupe.kernels import blocks as kernels
from dedupe.kernels import components, lines, repeats, spans
from dedupe.settings import Settings
from tests import reference_blocks
from tests.mixed_scripts import texts as mixed_texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

WORDS = st.sampled_from(
    ["tide", "Harbor", "the", "of", "42", "é", "É", "گھر", "خبر", "新", "闻稿", "A", "x" * 30]
)
MARKS = st.sampled_from(
    [" ", " ", " ", ", ", ". ", "… ", "...", ": ", "|", " » ", "”", "(", ")", "،"]
)
LINE = st.lists(st.tuples(WORDS, MARKS), max_size=14).map(
    lambda parts: "".join(word + mark for word, mark in parts)
)
BREAK = st.sampled_from(["\n", "\n", "\n\n", "\n  ", " \n", "\r\n", "\n\u200b\n", "\n—\n"])
TEXT = st.lists(st.tuples(LINE, BREAK), max_size=9).map(
    lambda parts: "".join(line + gap for line, gap in parts)
)
ENDINGS = {
    kernels.NO_END: "none",
    kernels.SENTENCE_END: "sentence",
    kernels.ELLIPSIS: "ellipsis",
    kernels.COLON: "colon",
}


def cut(texts: Sequence[str]) -> tuple[NDArray[np.uint8], Blocks]:
    encoded = [text.encode() for text in texts]
    data = np.frombuffer(b"".join(encoded), np.uint8)
    return data, read_blocks(data, np.cumsum([0, *map(len, encoded)]), Settings(threads=1))


def lines_of(text: str) -> list[str]:
    data, blocks = cut([text])
    places = zip(blocks.starts, blocks.ends, strict=True)
    return [bytes(data[start:end]).decode() for start, end in places]


def hash_of(block: str) -> int:
    _, blocks = cut([block])
    assert len(blocks.hashes) == 1
    return int(blocks.hashes[0])


def phrase_of(block: str) -> str:
    _, blocks = cut([block])
    kind = int(blocks.traits[0, kernels.PHRASE]) & 15
    return KINDS[kind - 1] if kind else ""


# --- blocks and their oracle


@settings(max_examples=200)
@given(texts=st.lists(TEXT | mixed_texts, min_size=1, max_size=3))
def test_blocks__equal_the_oracle(texts: list[str]) -> None:
    _, blocks = cut(texts)
    text_start = 0
    for number, text in enumerate(texts):
        rows = range(blocks.offsets[number], blocks.offsets[number + 1])
        found = [
            (
                int(blocks.starts[k]) - text_start,
                int(blocks.ends[k]) - text_start,
                *map(int, blocks.traits[k, : kernels.ENDING]),
                ENDINGS[int(blocks.traits[k, kernels.ENDING])],
                bool(blocks.traits[k, kernels.MARKS] & kernels.AFTER_BLANK),
            )
            for k in rows
        ]
        expected = [
            (
                *(block.start, block.end, len(block.words), block.capitals, block.numbers),
                *(block.commas, block.separators, block.ending, block.apart),
            )
            for block in reference_blocks.blocks(text)
        ]
        assert found == expected
        text_start += len(text.encode())


@settings(max_examples=200)
@given(a=LINE, b=LINE)
def test_hashes__are_equal_for_equal_folded_heads_and_lengths_only(a: str, b: str) -> None:
    one, other = reference_blocks.blocks(a), reference_blocks.blocks(b)
    if len(one) != 1 or len(other) != 1:
        return
    alike = one[0].words == other[0].words and (
        (one[0].whole and other[0].whole)
        or (
            one[0].whole == other[0].whole
            and one[0].end - one[0].start == other[0].end - other[0].start
        )
    )
    assert (hash_of(a) == hash_of(b)) == alike


def test_hashes__case_accents_and_marks_do_not_count() -> None:
    assert hash_of("Suscríbete al boletín!") == hash_of("SUSCRIBETE al “boletin”")
    assert hash_of("a b") != hash_of("ab")
    assert hash_of("ab cd") != hash_of("cd ab")


def test_blocks__lines_wrapped_at_a_column_are_paragraphs() -> None:
    paragraph = "\n".join(
        ["The dredge had not moved in three winters, the harbor master said on"] * 4
    )
    assert lines_of(f"{paragraph}\n\n{paragraph}") == [paragraph, paragraph]


def test_blocks__a_line_that_goes_on_mid_sentence_is_joined() -> None:
    text = (
        "The commission declined an offer made by\nthe mayor of Corvane, and said so.\nNext story"
    )
    assert lines_of(text) == [text[: text.rindex("\n")], "Next story"]


def test_blocks__menus_are_not_joined() -> None:
    assert lines_of("home\nnews\nsport\nweather") == ["home", "news", "sport", "weather"]


@given(data=st.binary(max_size=120), start=st.integers(0, 120))
def test_next_newline__equals_a_search(data: bytes, start: int) -> None:
    start = min(start, len(data))
    found = lines.next_newline(np.frombuffer(data, np.uint8), start, len(data))
    assert found == (data.index(b"\n", start) if b"\n" in data[start:] else len(data))


@given(
    links=st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=14),
    kind=st.sampled_from([np.int32, np.int64]),
)
def test_merge_groups__gives_connected_rows_their_smallest(
    links: list[tuple[int, int]], kind: type[np.integer]
) -> None:
    a, b = (np.array([link[side] for link in links], np.int64) for side in (0, 1))
    groups = np.arange(12, dtype=kind)
    components.merge_groups(a, b, groups)
    expected = list(range(12))
    for one, other in links:
        low, high = sorted((expected[one], expected[other]))
        expected = [low if group == high else group for group in expected]
    assert groups.tolist() == expected


@settings(deadline=None, max_examples=60)
@given(runs=st.lists(st.lists(st.integers(0, 5), max_size=6), max_size=6))
def test_count_groups__counts_the_distinct_of_each_run(runs: list[list[int]]) -> None:
    counts = np.empty(len(runs), np.int64)
    groups = np.array([group for run in runs for group in run], np.int64)
    repeats.count_groups(
        running_total(np.array([*map(len, runs)], np.int64)), groups, np.empty(6, np.int64), counts
    )
    assert counts.tolist() == [len(set(run)) for run in runs]


# --- phrases


def test_phrases__every_one_is_found_as_it_stands() -> None:
    for phrase, _, stands in read_phrases():
        text = f"{phrase} grebe heron" if stands == "start" else phrase
        assert phrase_of(text), phrase


def test_phrases__a_start_is_not_found_further_on() -> None:
    assert phrase_of("Share this with your friends") == "share"
    assert phrase_of("They share this house") == ""
    assert phrase_of("Home") == "navigation"
    assert phrase_of("Home at last") == ""
    assert phrase_of(f"Last spring {'the heron said ' * 5} rights reserved") == ""
    assert phrase_of(f"Last spring we and our partners {'were here ' * 90}") == "notice"
    assert phrase_of("The Gull Street Press. All rights reserved.") == "legal"


def test_phrases__are_found_in_any_case_and_accent() -> None:
    assert phrase_of("PUBLICITÉ") == "advert"
    assert phrase_of("También te puede interesar") == "related"
    assert phrase_of("相关新闻") == "list"
    assert phrase_of("مزید پڑھیں") == "related"


@pytest.mark.parametrize("seed", [1, 2])
def test_phrases__another_seed_makes_another_table_of_the_same_phrases(seed: int) -> None:
    table = load_phrases(seed)
    n_phrases = len({phrase for phrase, _, _ in read_phrases()})
    # Spellings that fold alike share a slot.
    assert n_phrases * 0.95 < np.count_nonzero(table.kinds) <= n_phrases
    assert not np.array_equal(table.keys, load_phrases(seed + 1).keys)


# --- what is learned


def learned_blocks(
    pages: Sequence[tuple[str, Sequence[str]]], titles: Sequence[str | None] | None = None
) -> set[tuple[str, str]]:
    """Learn from pages, and tell which of their blocks are furniture."""
    texts = ["\n\n".join(lines) for _, lines in pages]
    _, blocks = cut(texts)
    outlets = np.array([hash(outlet) % 2**63 if outlet else 0 for outlet, _ in pages], np.uint64)
    keys = block_keys(blocks, outlets)
    whole = keep_all(documents_table(texts))
    named = None if titles is None else pa.chunked_array([pa.array(titles, pa.string())])
    known = iter(is_known(keys, learn(blocks, keys, outlets, whole, named)))
    return {(outlet, line) for outlet, lines in pages for line in lines if next(known)}


LONG = [f"Paragraph {name} " + f"{name * 4} " * 13 + "end." for name in "abcdefg"]
SHORT = [f"Short line {name}." for name in "hijklmn"]
PAGE = st.tuples(
    st.sampled_from(["", "Gull", "Skerry"]),
    st.lists(st.sampled_from([*LONG, *SHORT]), unique=True, min_size=1, max_size=6),
)


@settings(max_examples=300)
@given(pages=st.lists(PAGE, min_size=1, max_size=14))
def test_learn__equals_the_oracle(pages: list[tuple[str, list[str]]]) -> None:
    expected = reference_blocks.learned(pages, long=72, shared=0.5, stories=3)
    assert learned_blocks(pages) == expected


TITLED = st.tuples(
    st.just("Gull"),
    st.sampled_from(LONG[2:]).map(lambda own: [*LONG[:2], own]),
    st.sampled_from([None, "Alder", "Birch", "Cedar", "Alder, Birch"]),
)


@settings(max_examples=100)
@given(titled=st.lists(TITLED, min_size=3, max_size=8), data=st.data())
def test_learn__order_of_pages_changes_nothing(
    titled: list[tuple[str, list[str], str | None]], data: st.DataObject
) -> None:
    def learned(pages: list[tuple[str, list[str], str | None]]) -> set[tuple[str, str]]:
        return learned_blocks([page[:2] for page in pages], [page[2] for page in pages])

    assert learned(data.draw(st.permutations(titled))) == learned(titled)


def test_learn__of_equal_texts_one_title_stands_for_all_in_whatever_order() -> None:
    # Two thirds of each page are common: furniture where titles differ, a story where they do not.
    common = LONG[:2]
    pages = [("Gull", [*common, own]) for own in LONG[2:5]]
    titled = [*zip(pages, ["Alder", "Birch", "Cedar"], strict=True), (pages[0], "Cedar, Birch")]
    found = [
        learned_blocks([page for page, _ in order], [title for _, title in order])
        for order in (titled, titled[::-1])
    ]
    assert found[0] == found[1] == {("Gull", line) for line in common}


@given(
    keys=st.lists(st.integers(1, 40) | st.integers(1, 2**64 - 1), max_size=40),
    known=st.sets(st.integers(1, 40) | st.integers(1, 2**64 - 1), max_size=20),
)
def test_is_known__is_membership(keys: list[int], known: set[int]) -> None:
    furniture = Furniture(np.array(sorted(known), np.uint64))
    found = is_known(np.array(keys, np.uint64), furniture)
    assert found.tolist() == [key in known for key in keys]


def test_learn__a_story_told_in_twenty_versions_is_one_story() -> None:
    body = [
        f"Paragraph {n} of the fire at the old cannery on the north quay of Port Ellery."
        for n in range(9)
    ]
    versions: list[Any] = [
        ("Gull", [f"Update number {n}: the fire brigade has now counted {n} engines there.", *body])
        for n in range(20)
    ]
    assert learned_blocks(versions) == set()


BLOCK = st.tuples(st.sampled_from([3, 14, 29, 30, 80]), st.booleans(), st.booleans())
"""Bytes of a block, whether it bears a sign, and whether it is cut."""


@given(st.lists(st.lists(BLOCK, max_size=8), max_size=4))
def test_fill_spans__joins_what_is_kept_and_spares_a_few_words(
    pages: list[list[tuple[int, bool, bool]]],
) -> None:
    blocks = [block for page in pages for block in page]
    offsets = np.cumsum([0, *map(len, pages)])
    ends = np.cumsum([size + 1 for size, *_ in blocks], dtype=np.int64) - 1
    starts = ends - np.array([size for size, *_ in blocks], np.int64)
    text_offsets = np.array([0, *(ends + 1)], np.int64)[offsets]
    traits = np.zeros((len(blocks), kernels.N_TRAITS), np.uint8)
    traits[[bears_sign for _, bears_sign, _ in blocks], kernels.PHRASE] = 1
    is_cut = np.array([cut for *_, cut in blocks], np.bool_)
    found = np.zeros((len(blocks) + len(pages), 2), np.int64)
    n_spans = np.zeros(len(pages), np.int64)
    n_found = spans.fill_spans(starts, ends, traits, offsets, text_offsets, is_cut, found, n_spans)
    expected = [
        reference_blocks.kept_ranges(page, int(start))
        for page, start in zip(pages, text_offsets, strict=False)
    ]
    assert n_spans.tolist() == [len(ranges) for ranges in expected]
    assert list(map(tuple, found[:n_found].tolist())) == [one for part in expected for one in part]
