"""From kept ranges of texts to tokens, shingles and sketches."""

from __future__ import annotations

import ast
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dedupe import shingle as shingling
from dedupe import sketch as sketching
from dedupe.arrays.ragged import running_total
from dedupe.clean import Kept, keep_all
from dedupe.documents import documents_table
from dedupe.kernels import sorting
from dedupe.kernels.sketch import EMPTY
from dedupe.settings import Settings
from dedupe.shingle import Shingles, shingle, text_sizes
from dedupe.sketch import Sketches, sketch
from tests import mixed_scripts
from tests import reference_text as reference
from tests.reference import signature

if TYPE_CHECKING:
    from collections.abc import Sequence

DEFAULTS = Settings(threads=1)
SEED = DEFAULTS.hash_seed
Document = tuple[str, list[tuple[int, int]]]
"""A text, and the code point ranges of it that are kept."""


@st.composite
def documents(draw: st.DrawFn) -> Document:
    text = draw(mixed_scripts.texts)
    cuts = draw(st.lists(st.integers(0, len(text)), max_size=6, unique=True))
    bounds = sorted(cuts)[: len(cuts) // 2 * 2]
    return text, list(zip(bounds[::2], bounds[1::2], strict=True))


def keep(pages: Sequence[Document]) -> Kept:
    whole = keep_all(documents_table([text for text, _ in pages]))
    spans = [
        (len(text[:start].encode()) + before, len(text[:end].encode()) + before)
        for (text, ranges), before in zip(pages, whole.text_offsets.tolist(), strict=False)
        for start, end in ranges
    ]
    counts = np.array([len(ranges) for _, ranges in pages])
    return whole._replace(
        spans=np.array(spans, np.int64).reshape(-1, 2), offsets=running_total(counts)
    )


def hashes_of(page: Document) -> list[int]:
    text, ranges = page
    words = [token for start, end in ranges for token in reference.tokens(text[start:end])]
    return [reference.token_hash(token.folded, SEED) for token in words]


def as_lists(arrays: Shingles | Sketches) -> list[object]:
    return [array.tolist() for array in arrays]


# --- shingles


@settings(max_examples=100)
@given(pages=st.lists(documents(), min_size=1, max_size=4))
@example(pages=[("", []), ("tide", [(0, 4)]), ("\u6e2f\u53e3", [(0, 1), (1, 2)])])
def test_shingle__equals_the_oracle_over_kept_ranges(pages: list[Document]) -> None:
    found = shingle(keep(pages), np.arange(len(pages)), DEFAULTS)
    for row, page in enumerate(pages):
        words = hashes_of(page)
        here = slice(*found.token_offsets[row : row + 2])
        assert found.token_hashes[here].tolist() == words
        here = slice(*found.offsets[row : row + 2])
        assert found.hashes[here].tolist() == list(dict.fromkeys(reference.shingles(words)))
        here = slice(*found.word_offsets[row : row + 2])
        assert found.words[here].tolist() == list(dict.fromkeys(words))


@settings(max_examples=60)
@given(pages=st.lists(documents(), min_size=1, max_size=3))
def test_shingle__offsets_cover_each_token_in_the_text_as_given(pages: list[Document]) -> None:
    found = shingle(keep(pages), np.arange(len(pages)), DEFAULTS)
    for row, (text, ranges) in enumerate(pages):
        here = slice(*found.token_offsets[row : row + 2])
        starts, ends = found.token_starts[here].tolist(), found.token_ends[here].tolist()
        data = text.encode()
        for start, end, value in zip(starts, ends, found.token_hashes[here].tolist(), strict=True):
            word = data[start:end].decode()
            at = len(data[:start].decode())
            assert any(low <= at and at + len(word) <= high for low, high in ranges)
            (token,) = reference.tokens(word)
            assert (token.start, token.end) == (0, end - start)
            assert reference.token_hash(token.folded, SEED) == value


def test_shingle__rows_may_be_any_and_in_any_order() -> None:
    pages = [(text, [(0, len(text))]) for text in ("the tide rose", "ferry", "", "a b c d")]
    kept = keep(pages)
    found = shingle(kept, np.array([3, 0, 0]), DEFAULTS)
    assert np.diff(found.token_offsets).tolist() == [4, 3, 3]
    alone = shingle(kept, np.array([3]), DEFAULTS)
    assert found.token_hashes[:4].tolist() == alone.token_hashes.tolist()


def test_shingle__no_rows_give_empty_arrays() -> None:
    found = shingle(keep([("tide", [(0, 4)])]), np.zeros(0, np.int64), DEFAULTS)
    assert found.token_offsets.tolist() == found.offsets.tolist() == [0]
    assert found.hashes.dtype == np.uint64


PAGES: list[Document] = [
    ("The tide rose. \u6e2f\u53e3 caf\u00e9", [(0, 14), (15, 22)]),
    ("", []),
    ("tide " * 30, [(0, 150)]),
    ("Nothing kept of this", []),
    ("\u0627\u062e\u0628\u0627\u0631 \u0628\u0646\u062f\u0631", [(0, 10)]),
    ("The tide rose. \u6e2f\u53e3 cafe\u0301", [(0, 23)]),
]


@pytest.mark.parametrize("batch_bytes", [1, 20, 100])
@pytest.mark.parametrize("threads", [1, 4])
def test_shingle__batches_and_threads_change_nothing(
    monkeypatch: pytest.MonkeyPatch, batch_bytes: int, threads: int
) -> None:
    kept, rows = keep(PAGES), np.arange(len(PAGES))
    expected = as_lists(shingle(kept, rows, DEFAULTS)), as_lists(sketch(kept, DEFAULTS))
    monkeypatch.setattr(shingling, "BATCH_BYTES", batch_bytes)
    monkeypatch.setattr(sketching, "BATCH_BYTES", batch_bytes)
    chosen = Settings(threads=threads)
    assert (as_lists(shingle(kept, rows, chosen)), as_lists(sketch(kept, chosen))) == expected


def test_sketch__read_only_and_writable_texts_read_alike() -> None:
    kept = keep(PAGES)
    frozen, writable = kept.data.copy(), kept.data.copy()
    frozen.setflags(write=False)
    expected = as_lists(sketch(kept._replace(data=writable), DEFAULTS))
    assert as_lists(sketch(kept._replace(data=frozen), DEFAULTS)) == expected


# --- sketches


@settings(max_examples=60)
@given(
    pages=st.lists(documents(), min_size=1, max_size=3),
    sampling=st.sampled_from([1, 3, 4, 64]),
    n_slots=st.sampled_from([16, 20]),
)
def test_sketch__is_that_of_the_oracles_shingles(
    pages: list[Document], sampling: int, n_slots: int
) -> None:
    chosen = Settings(threads=1, rare_sampling=sampling, n_slots=n_slots)
    found = sketch(keep(pages), chosen)
    for row, page in enumerate(pages):
        words = hashes_of(page)
        expected = np.array(sorted(set(reference.shingles(words))), np.uint64)
        here = found.sampled[slice(*found.offsets[row : row + 2])].tolist()
        share = [value for value in expected.tolist() if (value >> 33) % 65536 < 65536 / sampling]
        assert here == share
        assert found.signatures[row].tolist() == signature(expected.tolist(), n_slots)
        assert found.n_words[row] == len(words)


@settings(max_examples=80)
@given(pages=st.lists(documents(), min_size=2, max_size=4))
@example(pages=[("tide rose", [(0, 9)]), ("Tide, ROSE", [(0, 10)]), ("rose tide", [(0, 9)])])
def test_sketch__text_hashes_are_equal_for_equal_folded_words_only(pages: list[Document]) -> None:
    found = sketch(keep(pages), DEFAULTS).text_hashes.tolist()
    words = [hashes_of(page) for page in pages]
    for (one, other), (left, right) in zip(pairwise(found), pairwise(words), strict=True):
        assert (one == other) == (left == right)


def test_sketch__of_no_words_is_empty() -> None:
    found = sketch(keep([("", []), ("\u2014 ... \x00", [(0, 7)])]), DEFAULTS)
    assert (found.signatures == EMPTY).all()
    assert found.n_words.tolist() == [0, 0]
    assert found.offsets.tolist() == [0, 0, 0]


def test_sketch__of_no_documents_has_no_rows() -> None:
    found = sketch(keep([]), DEFAULTS)
    assert found.signatures.shape == (0, DEFAULTS.n_slots)
    assert found.offsets.tolist() == [0]


def test_sketch__another_seed_gives_other_hashes_of_the_same_words() -> None:
    kept = keep(PAGES)
    one, other = sketch(kept, DEFAULTS), sketch(kept, Settings(threads=1, seed=2))
    assert one.n_words.tolist() == other.n_words.tolist()
    assert not set(one.sampled.tolist()) & set(other.sampled.tolist())
    assert one.text_hashes[0] != other.text_hashes[0]


def test_sketch__reports_every_document_done() -> None:
    seen: list[tuple[str, int, int]] = []
    sketch(keep(PAGES), DEFAULTS, lambda *step: seen.append(step))
    assert seen[-1] == ("sketch", len(PAGES), len(PAGES))


# --- sorting


@settings(max_examples=150)
@given(
    values=st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 5), max_size=80),
    data=st.data(),
)
def test_sort_distinct__equals_a_sorted_set_and_leaves_the_rest(
    values: list[int], data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(values)))
    end = data.draw(st.integers(start, len(values)))
    array = np.array(values, np.uint64)
    n_distinct = sorting.sort_distinct(array, start, end)
    assert array[start : start + n_distinct].tolist() == sorted(set(values[start:end]))
    assert array[:start].tolist() == values[:start]
    assert array[end:].tolist() == values[end:]


@settings(deadline=None, max_examples=150)
@given(
    values=st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 5), max_size=80),
    data=st.data(),
)
def test_move_distinct__equals_a_set_with_0_in_front_and_leaves_the_rest(
    values: list[int], data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(values)))
    end = data.draw(st.integers(start, len(values)))
    array = np.array(values, np.uint64)
    table = np.full(sorting.table_size(len(values)), 7, np.uint64)
    n_distinct = sorting.move_distinct(array, start, end, table)
    moved = array[start : start + n_distinct].tolist()
    assert sorted(moved) == sorted(set(values[start:end]))
    assert 0 not in moved[1:]
    assert array[:start].tolist() == values[:start]
    assert array[end:].tolist() == values[end:]


@pytest.mark.parametrize(
    "kind", ["rising", "falling", "equal", "sawtooth", "random", "crowded", "numbered", "few"]
)
def test_sort_range__of_any_shape_is_sorted(kind: str) -> None:
    n_values = 3000
    values = {
        "rising": np.arange(n_values),
        "falling": np.arange(n_values)[::-1],
        "equal": np.zeros(n_values),
        "sawtooth": np.arange(n_values) % 17,
        "random": np.random.default_rng(1).integers(0, 2**63, n_values),
        # Hashes, but for a third that share their high bits.
        "crowded": np.random.default_rng(2).integers(0, 2**63, n_values)
        >> np.where(np.arange(n_values) % 3, 0, 40),
        # One hash numbered as it came, and a few others of its bucket between.
        "numbered": np.where(np.arange(n_values) % 999, 5 << 24, np.arange(n_values) % 7 << 25)
        + np.arange(n_values),
        "few": np.random.default_rng(3).integers(0, 2**63, n_values)[np.arange(n_values) % 30],
    }[kind].astype(np.uint64)
    expected = sorted(values.tolist())
    sorting.sort_range(values, 0, n_values)
    assert values.tolist() == expected


@settings(max_examples=150)
@given(
    values=st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 70_000), max_size=80),
    low_bit=st.integers(0, 63),
)
def test_sort_by_digits__equals_a_stable_sort_by_the_higher_bits(
    values: list[int], low_bit: int
) -> None:
    array = np.array(values, np.uint64)
    found = sorting.sort_by_digits(array, np.empty_like(array), low_bit)
    assert found.tolist() == sorted(values, key=lambda value: value >> low_bit)


def test_kernels__do_not_use_both_sort_and_argsort() -> None:
    # Read from the cache, the inner functions of one would serve for the other:
    # see sorting.sort_range.
    used = set()
    for path in Path(sorting.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Attribute) and node.attr in {"sort", "argsort"}:
                used.add(node.attr)
    assert len(used) <= 1


def test_kernels__with_an_underscore_are_called_by_kernels_alone() -> None:
    # They are compiled without a way in from Python; a call from there would crash.
    for path in Path(sorting.__file__).parent.glob("*.py"):
        functions = [
            node for node in ast.parse(path.read_bytes()).body if isinstance(node, ast.FunctionDef)
        ]
        kernels = {
            node.name for node in functions if "kernel" in map(ast.unparse, node.decorator_list)
        }
        for node in functions:
            if node.name not in kernels:
                named = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
                inward = {name for name in kernels & named if name.startswith("_")}
                assert not inward, f"{path.name}: {node.name} calls {inward}"


# --- sizes


@settings(max_examples=80)
@given(pages=st.lists(documents(), min_size=1, max_size=3))
def test_text_sizes__bound_the_tokens(pages: list[Document]) -> None:
    kept = keep(pages)
    n_tokens = np.diff(shingle(kept, np.arange(len(pages)), DEFAULTS).token_offsets)
    assert (n_tokens <= text_sizes(kept) // 2 + 1).all()


@settings(max_examples=80)
@given(pages=st.lists(documents(), min_size=1, max_size=5), data=st.data())
def test_text_sizes__of_some_are_those_of_all(pages: list[Document], data: st.DataObject) -> None:
    kept = keep(pages)
    rows = np.array(data.draw(st.lists(st.integers(0, len(pages) - 1))), np.int64)
    assert text_sizes(kept, rows).tolist() == text_sizes(kept)[rows].tolist()


def test_hash_seed__of_small_seeds_differ_in_many_bits() -> None:
    seeds = [Settings(seed=seed).hash_seed for seed in range(20)]
    assert all((one ^ other).bit_count() > 10 for one, other in pairwise(seeds))
