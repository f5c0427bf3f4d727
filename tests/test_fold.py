"""The folding table: what ships equals its definition."""

from __future__ import annotations

import sys
import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe.kernels import fold
from tests import mixed_scripts
from tests import reference_text as reference

SHIPPED_UNICODE = "14.0.0"
"""Unicode version of the table: that of Python 3.11."""


@pytest.mark.skipif(
    unicodedata.unidata_version != SHIPPED_UNICODE,
    reason=f"the table that ships is of Unicode {SHIPPED_UNICODE}",
)
def test_fold__the_table_that_ships_is_the_one_that_is_computed() -> None:
    shipped, computed = fold.load_fold(), fold.build_fold()
    for name in fold.Fold._fields:
        assert np.array_equal(getattr(shipped, name), getattr(computed, name)), name


def test_fold__table_is_of_the_documented_types() -> None:
    table = fold.load_fold()
    assert table.pages.dtype == np.uint16
    assert table.entries.dtype == np.uint32
    assert table.expansions.dtype == np.uint32
    assert table.pages.shape == (4352,)
    assert (int(table.pages.max()) + 1) * 256 == len(table.entries)


def look_up(char: str) -> str | None:
    """Fold one character by the table alone; None for a separator."""
    table = fold.load_fold()
    code = ord(char)
    entry = int(table.entries[(int(table.pages[code >> 8]) << 8) + (code & 255)])
    if entry == fold.IGNORED:
        return ""
    if entry < fold.IGNORED:
        return None
    if entry & fold.IS_ITSELF:
        return char
    place = entry & fold.CODE_POINT
    if not entry & fold.EXPANDS:
        return chr(place)
    count = int(table.expansions[place])
    return "".join(map(chr, table.expansions[place + 1 : place + 1 + count]))


def test_fold__table_equals_the_oracle_for_the_letters_of_news() -> None:
    chars = {char for piece in (*mixed_scripts.WORDS, *mixed_scripts.MARKS) for char in piece}
    chars |= {chr(code) for code in range(0x250)}
    for char in sorted(chars):
        assert look_up(char) == reference.fold(char), ascii(char)


@settings(max_examples=300)
@given(text=mixed_scripts.texts)
def test_fold__table_equals_the_oracle_for_texts(text: str) -> None:
    assert [look_up(char) for char in text] == [reference.fold(char) for char in text]


@settings(max_examples=300)
@given(char=st.characters(exclude_categories=["Cs"]))
def test_fold__is_for_good(char: str) -> None:
    once = look_up(char) or ""
    assert [look_up(part) for part in once] == list(once)


def test_fold__surrogates_are_separators() -> None:
    assert {look_up(chr(code)) for code in (0xD800, 0xDBFF, 0xDFFF)} == {None}


def test_fold__every_code_point_has_a_page() -> None:
    assert len(fold.load_fold().pages) << 8 == sys.maxunicode + 1


@pytest.mark.parametrize(
    ("char", "kind"),
    [
        ("\u201c", fold.QUOTE_OPEN),
        ("\u201d", fold.QUOTE_CLOSE),
        ('"', fold.QUOTE_TOGGLE),
        ("\u2018", fold.SINGLE_OPEN),
        ("\u2019", fold.APOSTROPHE),
        ("'", fold.APOSTROPHE),
        ("\n", fold.NEWLINE),
        (".", fold.SENTENCE_END),
        (" ", fold.SEPARATOR),
        ("\x00", fold.SEPARATOR),
        ("\u200d", fold.IGNORED),
        ("\u0301", fold.IGNORED),
    ],
)
def test_fold__separators_have_their_kinds(char: str, kind: int) -> None:
    table = fold.load_fold()
    assert table.entries[(int(table.pages[ord(char) >> 8]) << 8) + (ord(char) & 255)] == kind
