"""Pairs of pages that share paragraphs in; which of them begin as different stories, out.

    pairs of documents, texts  ->  begin_otherwise()  ->  bool for each pair
    the same, and their blocks ->  is_one_story()     ->  bool for each pair

A list of other stories, or a box about the paper, may be the larger part of short
pages, so that how much they share says little. What stands before it says more: a
story's own paragraphs come first, and versions of it have its names in them,
however little else they keep.
"""

from __future__ import annotations

import functools
import itertools
import re
from typing import TYPE_CHECKING

import numpy as np

from dedupe.clean.blocks import BYTES_PER_WORD

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pyarrow as pa
    from numpy.typing import NDArray

    from dedupe.clean.kept import Kept

LONG_BYTES = 12 * BYTES_PER_WORD
"""A block of so many words may be a paragraph. Of 6, 12 and 24 .9989, .9987 and .9936 of the words
of edited versions are kept (`pages.versions_kept`)."""

# Chosen by what is cut of sidebars and what is kept of stories whose tops have nothing in common
# (`outlets.sidebars_cut` and `outlets.new_tops_kept` of benchmarks/cleaning.py).
_ALIKE = 0.1
"""Share of the fewer words from which on two are of one story. TODO"""
_LONG_WORD = 5
"""Letters of the words that are compared. TODO"""
_FEWEST_WORDS = 3
"""A lead of fewer words tells nothing. TODO"""
_LEAD_LINES = 8
"""Lines of a lead that are read. TODO"""
_OFTEN = 0.25
"""Share of pairs that begin alike among those of a block that is of one story. TODO"""

_LINES_AT_HAND = 1024
"""Pages whose lines are kept for the next pair: bounds memory."""


def begin_otherwise(
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    texts: Kept,
    titles: pa.ChunkedArray | None,
) -> NDArray[np.bool_]:
    """Say which pairs of documents begin as different stories, bool (N,).

    What is compared are the longer words of their titles and leads, a lead being the lines
    before the first paragraph that both have. Few of them are the other's, or of what both have.

    Args:
        a: int64 (N,), documents.
        b: int64 (N,), the other of each pair.
        texts: of all documents, whole.
        titles: string (D,), null where unknown.
    """
    rows, places = np.unique(np.concatenate([a, b]), return_inverse=True)
    named = [None] * len(rows) if titles is None else titles.take(rows).to_pylist()
    headlines = [long_words(title) for title in named]

    @functools.lru_cache(_LINES_AT_HAND)
    def lines(row: int) -> dict[str, None]:
        return _lines(texts, int(rows[row]))

    def differ(one: int, other: int) -> bool:
        if headlines[one] and headlines[one] == headlines[other]:
            return False
        first = headlines[one] | _lead_words(lines(one), lines(other))
        second = headlines[other] | _lead_words(lines(other), lines(one))
        if min(len(first), len(second)) < _FEWEST_WORDS or _is_alike(first, second):
            return False
        both = _words(filter(_is_long, lines(one).keys() & lines(other).keys()))
        return not (_is_alike(first, both) and _is_alike(second, both))

    pairs = zip(places[: len(a)].tolist(), places[len(a) :].tolist(), strict=True)
    return np.fromiter(itertools.starmap(differ, pairs), np.bool_, len(a))


def is_one_story(
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    is_apart: NDArray[np.bool_],
    key: NDArray[np.uint64],
    document: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Say which pairs of documents are of one story, bool (N,): not those alike by chance.

    Of the many pages with one sidebar a few pairs have words in common, enough to chain all of
    them to one story. So a pair needs a block whose pairs often begin alike.

    Args:
        a: int64 (N,), documents.
        b: int64 (N,), the other of each pair.
        is_apart: bool (N,), whether they begin otherwise.
        key: uint64 (M,), the blocks that made the pairs.
        document: int64 (M,), where each stands.
    """
    from scipy.sparse import csr_matrix

    if not is_apart.any():
        return ~is_apart
    _, number = np.unique(key, return_inverse=True)
    holds = csr_matrix((np.ones(len(key), np.int32), (document, number)))
    shared = holds[a].multiply(holds[b]).tocsr()
    n_pairs, n_alike = (np.ravel(some.sum(axis=0)) for some in (shared, shared[~is_apart]))
    is_telling = n_alike >= _OFTEN * n_pairs
    return np.asarray(~is_apart & (shared @ is_telling > 0))


def _lines(texts: Kept, document: int) -> dict[str, None]:
    """Return the different lines of a text, in their order."""
    start, end = texts.text_offsets[document : document + 2]
    text = bytes(texts.data[start:end]).decode(errors="ignore")
    return dict.fromkeys(filter(None, map(str.strip, text.split("\n"))))


def _lead_words(own: dict[str, None], others: dict[str, None]) -> frozenset[str]:
    """Return the words of a page's first lines that another has not, up to a paragraph it has."""
    before = itertools.takewhile(lambda line: line not in others or not _is_long(line), own)
    return _words(itertools.islice((line for line in before if line not in others), _LEAD_LINES))


def _is_long(line: str) -> bool:
    return len(line.encode()) >= LONG_BYTES


def _is_alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return len(one & other) >= _ALIKE * min(len(one), len(other))


def _words(lines: Iterable[str]) -> frozenset[str]:
    return frozenset().union(*map(long_words, lines))


_WORD = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u3040-\u9fff]|[^\W\d_]{2,}")


def long_words(text: str | None, least: int = _LONG_WORD) -> frozenset[str]:
    """Return the words of so many letters; of scripts written without spaces, pairs of letters."""
    words = _WORD.findall((text or "").casefold())
    letters = [word for word in words if len(word) == 1]
    pairs = map("".join, itertools.pairwise(letters))
    return frozenset(pairs).union(word for word in words if len(word) >= least)
