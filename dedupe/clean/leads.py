"""Pairs of pages that share paragraphs in; which of them begin as different stories, out.

    pairs of documents, texts  ->  begin_otherwise()  ->  bool for each pair

A list of other stories, or a box about the paper, may be the larger part of short
pages, so that what they share says little. What stands before it says more: a
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
    import pyarrow as pa
    from numpy.typing import NDArray

    from dedupe.clean.kept import Kept

LONG_BYTES = 12 * BYTES_PER_WORD
"""A block of so many words may be a paragraph. Of 6, 12 and 24 .9989, .9987 and .9936 of the words
of edited versions are kept (`pages.versions_kept`)."""

_ALIKE = 0.2
_FEWEST_WORDS = 8
_LEAD_LINES = 8
_AT_HAND = 4096
"""Pages whose lines are kept for the next pair."""


def begin_otherwise(
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    texts: Kept,
    titles: pa.ChunkedArray | None,
) -> NDArray[np.bool_]:
    """Say which pairs of documents have, in front of what they share, few words in common.

    Args:
        a: int64 (N,), documents.
        b: int64 (N,), the other of each pair.
        texts: of all documents, whole.
        titles: string (D,), null where unknown.
    """
    if len(a) == 0:
        return np.zeros(0, np.bool_)
    rows = np.unique(np.concatenate([a, b]))
    named = [None] * len(rows) if titles is None else titles.take(rows).to_pylist()
    headlines = dict(zip(rows.tolist(), map(long_words, named), strict=True))

    @functools.lru_cache(_AT_HAND)
    def lines(document: int) -> dict[str, None]:
        return _lines(texts, document)

    def differ(one: int, other: int) -> bool:
        heads = headlines[one], headlines[other]
        if all(heads) and (heads[0] <= heads[1] or heads[1] <= heads[0]):
            return False
        leads = (_lead(lines(one), lines(other)), _lead(lines(other), lines(one)))
        found, others = (head | long_words(lead) for head, lead in zip(heads, leads, strict=True))
        fewer = min(len(found), len(others))
        return fewer >= _FEWEST_WORDS and len(found & others) < _ALIKE * fewer

    pairs = zip(a.tolist(), b.tolist(), strict=True)
    return np.fromiter(itertools.starmap(differ, pairs), np.bool_, len(a))


def _lines(texts: Kept, document: int) -> dict[str, None]:
    """Return the different lines of a text, in their order."""
    start, end = texts.text_offsets[document : document + 2]
    text = bytes(texts.data[start:end]).decode(errors="ignore")
    return dict.fromkeys(filter(None, map(str.strip, text.split("\n"))))


def _lead(own: dict[str, None], others: dict[str, None]) -> str:
    """Return the first lines of a page that another has not, before a paragraph that both have."""
    found: list[str] = []
    for line in own:
        if line not in others:
            found.append(line)
            if len(found) == _LEAD_LINES:
                break
        elif len(line.encode()) >= LONG_BYTES:
            break
    return "\n".join(found)


_WORD = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u3040-\u9fff]|[^\W\d_]{4,}")


def long_words(text: str | None) -> frozenset[str]:
    """Return the longer words of a text; of scripts written without spaces, pairs of letters."""
    words = _WORD.findall((text or "").casefold())
    letters = [word for word in words if len(word) == 1]
    pairs = map("".join, itertools.pairwise(letters))
    return frozenset(pairs).union(word for word in words if len(word) > 1)
