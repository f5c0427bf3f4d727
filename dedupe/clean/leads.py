"""Pairs of pages that share paragraphs in; which of them begin as different stories, out.

    pairs of documents, texts  ->  begin_otherwise()  ->  bool for each pair

A list of other stories, or a box about the paper, may be the larger part of short
pages, so that how much they share says little. What stands before it says more: a
story's own paragraphs come first, and versions of it have its names in them,
however little else they keep.
"""

from __future__ import annotations

import functools
import itertools
import re
import unicodedata
from typing import TYPE_CHECKING

import numpy as np

from dedupe.clean.blocks import BYTES_PER_WORD

if TYPE_CHECKING:
    from collections.abc import Collection
    from collections.abc import Set as AbstractSet

    import pyarrow as pa
    from numpy.typing import NDArray

    from dedupe.clean.kept import Kept

LONG_BYTES = 12 * BYTES_PER_WORD
"""A block of so many words may be a paragraph. Of 6, 12 and 24 .9989, .9987 and .9936 of the words
of edited versions are kept (`pages.versions_kept`)."""

# Chosen on the tuning half of pages, by the share cut of sidebars and the share kept of stories
# whose tops have nothing in common: `outlets.sidebars_cut` and `outlets.new_tops_kept` of
# benchmarks/cleaning.py, here "cut" and "kept".
_ALIKE = 0.1
"""Share of the fewer words that two must have in common to be alike. Of .05, .1 and .2 cut is .938,
.998 and 1.000, kept .995, .990 and .748."""
_LONG_WORD = 5
"""Letters of the words that are compared: shorter ones are in common by chance. Of 4, 5 and 6 cut
is .982, .998 and .977, kept .983, .990 and .918."""
_FEWEST_WORDS = 3
"""A lead of fewer words tells nothing. Of 1, 3, 6 and 12 cut is .998, .998, .992 and .728, kept
.990, .990, .990 and .995."""
_LEAD_LINES = 8
"""Lines of a lead that are read: a bound on work. With 4 or 16 no figure changes."""

_PAGES_AT_HAND = 1024
"""Pages whose lines and words are kept for the next pair: bounds memory."""


def begin_otherwise(
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    texts: Kept,
    titles: pa.ChunkedArray | None,
) -> NDArray[np.bool_]:
    """Say which pairs of documents begin as different stories, bool (N,).

    What is compared are the longer words of their titles and leads, a lead being the lines
    before the first paragraph that both have. Few of them are the other's, or of what both have.

    A text is cut into lines once while its pairs follow one another. A pair then costs what the
    page of fewer lines has: of the other only those in common are read, and `_LEAD_LINES` more.

    Args:
        a: int64 (N,), documents.
        b: int64 (N,), the other of each pair.
        texts: of all documents, whole.
        titles: string (D,), null where unknown.
    """
    from dedupe.kernels.components import merge_groups

    rows, places = np.unique(np.concatenate([a, b]), return_inverse=True)
    named = [None] * len(rows) if titles is None else titles.take(rows).to_pylist()
    headlines = [long_words(title) for title in named]
    lines = functools.lru_cache(_PAGES_AT_HAND)(lambda row: _lines(texts, int(rows[row])))
    words = functools.lru_cache(_PAGES_AT_HAND)(_words)

    def differ(one: int, other: int) -> bool:
        if headlines[one] and headlines[one] == headlines[other]:
            return False
        own, others = lines(one), lines(other)
        both = own.keys() & others.keys()
        first = headlines[one] | words(_lead(own, both))
        second = headlines[other] | words(_lead(others, both))
        if min(len(first), len(second)) < _FEWEST_WORDS or _is_alike(first, second):
            return False
        shared = words(frozenset(line for line in both if own[line]))
        return not (_is_alike(first, shared) and _is_alike(second, shared))

    # Pages that are compared with each other one after another, so that their lines are at hand.
    left, right = places[: len(a)], places[len(a) :]
    groups = np.arange(len(rows))
    merge_groups(left, right, groups)
    order = np.argsort(groups[left], kind="stable")
    pairs = zip(left[order].tolist(), right[order].tolist(), strict=True)
    found = np.empty(len(a), np.bool_)
    found[order] = np.fromiter(itertools.starmap(differ, pairs), np.bool_, len(a))
    return found


def _lines(texts: Kept, document: int) -> dict[str, bool]:
    """Return each line of a text once, in their order, and which may be paragraphs."""
    start, end = texts.text_offsets[document : document + 2]
    text = bytes(texts.data[start:end]).decode(errors="ignore")
    lines = filter(None, map(str.strip, text.split("\n")))
    return {line: len(line.encode()) >= LONG_BYTES for line in lines}


def _lead(lines: dict[str, bool], both: AbstractSet[str]) -> tuple[str, ...]:
    """Return the first lines that another page has not, up to a paragraph it has."""
    found: list[str] = []
    for line, is_long in lines.items():
        if line not in both:
            found.append(line)
        if (is_long and line in both) or len(found) == _LEAD_LINES:
            break
    return tuple(found)


def _words(lines: Collection[str]) -> frozenset[str]:
    return frozenset().union(*map(long_words, lines))


def _is_alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return len(one & other) >= _ALIKE * min(len(one), len(other))


# From Devanagari to Sinhala most vowels are marks, which are no letters to `re`. Marks of other
# scripts are left out: Latin letters with accents are letters as they are.
_VOWEL_SIGNS = "".join(
    char for char in map(chr, range(0x0900, 0x0E00)) if unicodedata.category(char)[0] == "M"
)
# A letter of Thai, Lao, Burmese, Khmer, Japanese or Chinese; or letters and vowels in a row.
_WORD = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17d3\u3040-\u9fff]"
    rf"|(?:[^\W\d_]|[{_VOWEL_SIGNS}]){{2,}}"
)
_FIRST_HANGUL, _LAST_HANGUL = "\uac00", "\ud7a3"
_LONG_HANGUL = 2
"""Letters of a long word of Hangul, where each is a syllable."""


def long_words(text: str | None, least: int = _LONG_WORD) -> frozenset[str]:
    """Return the words of so many letters; of scripts written without spaces, pairs of letters.

    Vowel signs count as letters. Of Hangul, whose letters are syllables, two are enough.
    """
    words = _WORD.findall((text or "").casefold())
    letters = [word for word in words if len(word) == 1]
    pairs = map("".join, itertools.pairwise(letters))
    return frozenset(pairs).union(
        word
        for word in words
        if len(word) >= (_LONG_HANGUL if _FIRST_HANGUL <= word[0] <= _LAST_HANGUL else least)
    )
