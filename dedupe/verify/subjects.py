"""Two texts in; how likely they are of one subject, as parts of one story are, out.

    texts  ->  views()  ->  what their long words and names have in common  ->  subject_odds()

Two parts of one story share no sentence, but words and names. Long words say most: few
of them are of the language alone, and a collection tells which of them are common in it.
Long texts share more by chance, so that what speaks for one subject grows with their
size. `benchmarks/subjects.py` fits it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe.kernels.columns import NAMES_A, NAMES_B, NAMES_SHARED
from dedupe.ragged import running_total
from dedupe.shingle import Shingles, shingle
from dedupe.verify.alignments import align

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe.clean import Kept
    from dedupe.settings import Settings

_LONG = 5
"""Letters of a long word: 4, 5, 6 and 7 tell parts of one Reuters story from parts of two with
a word of the title in common in .919, .931, .931 and .916 of all comparisons, names in .867."""

_FEWEST_LONG = 0.125
"""Share of long words below which all words count: scripts are read otherwise there."""

_FEWEST_DOCUMENTS, _MOST_DOCUMENTS = 500, 2000
"""Documents that tell how common a word is. Of fewer, a story and its copies make their own
words common."""

_WEIGHTS = {False: (27.8, -0.34, 9.0, -1.58, -0.66), True: (42.6, -0.17, 6.3, -1.63, -1.38)}
"""Of `views` and of 1, to log-odds of one subject; by whether it is known how common words are
(benchmarks/subjects.py). Where it is, half a unit less than fitted: a round-up called a story
joins what it quotes."""


class Common(NamedTuple):
    """How common long words are in a collection.

    Shapes (W words)
        words   uint64 (W,)  hashes, rising
        n_docs  int64  (W,)  documents of the sample with each
        n_all   int          documents of the sample
    """

    words: NDArray[np.uint64]
    n_docs: NDArray[np.int64]
    n_all: int


def common_words(kept: Kept, settings: Settings) -> Common | None:
    """Count the long words of documents spread over a collection; None where it is small."""
    if kept.n_docs < _FEWEST_DOCUMENTS:
        return None
    rows = np.arange(0, kept.n_docs, max(1, kept.n_docs // _MOST_DOCUMENTS))
    words, _ = long_words(kept, rows, shingle(kept, rows, settings))
    return Common(*np.unique(words, return_counts=True), len(rows))


def subject_odds(
    kept: Kept, rows: NDArray[np.int64], settings: Settings, common: Common | None = None
) -> float:
    """Return log-odds that two documents, rows of `kept`, int64 (2,), are of one subject."""
    view = views(kept, rows, np.array([0]), np.array([1]), settings, common)[0]
    *weights, bias = _WEIGHTS[common is not None]
    return float(view @ np.array(weights)) + bias


def views(
    kept: Kept,
    rows: NDArray[np.int64],
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    settings: Settings,
    common: Common | None = None,
) -> NDArray[np.float64]:
    """Return what pairs of texts have in common, float64 (P, 4).

    The cosine of both sets of distinct long words and the logarithm of the smaller one's
    size, each word weighing as much as it is rare; the same of names, each weighing 1.

    Args:
        kept: of all documents.
        rows: int64 (N,), of kept.
        a: int64 (P,), places in rows.
        b: int64 (P,), others.
        settings: `threads`.
        common: how common words are; None lets each weigh 1.
    """
    shingles = shingle(kept, rows, settings)
    words, offsets = long_words(kept, rows, shingles)
    weights = np.ones(len(words)) if common is None else _rarity(words, common)
    before = np.concatenate([[0.0], np.cumsum(weights)])
    sizes = before[offsets[1:]] - before[offsets[:-1]]
    shared = np.empty(len(a))
    for pair, (x, y) in enumerate(zip(a.tolist(), b.tolist(), strict=True)):
        one, other = (words[offsets[row] : offsets[row + 1]] for row in (x, y))
        both = np.isin(one, other, assume_unique=True)
        shared[pair] = weights[offsets[x] : offsets[x + 1]][both].sum()
    counts, _ = align(a, b, shingles, settings)
    parts = (
        (shared, sizes[a], sizes[b]),
        (counts[:, NAMES_SHARED], counts[:, NAMES_A], counts[:, NAMES_B]),
    )
    columns = []
    for n_shared, size_a, size_b in parts:
        one, other = np.maximum(size_a, 1.0), np.maximum(size_b, 1.0)
        columns += [n_shared / np.sqrt(one * other), np.log(np.minimum(one, other))]
    return np.stack(columns, axis=1)


def _rarity(words: NDArray[np.uint64], common: Common) -> NDArray[np.float64]:
    """Return the logarithm of one in how many documents holds each word, float64 (W,)."""
    places = np.searchsorted(common.words, words)
    places[places == len(common.words)] = 0
    n_docs = np.where(common.words[places] == words, common.n_docs[places], 0)
    return np.asarray(np.log((common.n_all + 1) / (n_docs + 1)))


def long_words(
    kept: Kept, rows: NDArray[np.int64], shingles: Shingles
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return the hashes of the distinct long words of each document, rising, and their bounds."""
    words = [np.zeros(0, np.uint64)]
    for place, row in enumerate(rows.tolist()):
        first, last = shingles.token_offsets[place : place + 2].tolist()
        start, end = kept.text_offsets[row : row + 2].tolist()
        # Bytes that go on with a letter are no letters.
        n_letters = running_total((kept.data[start:end] & 0xC0) != 0x80)
        starts, ends = shingles.token_starts[first:last], shingles.token_ends[first:last]
        hashes = shingles.token_hashes[first:last]
        is_long = n_letters[ends] - n_letters[starts] >= _LONG
        is_read_so = is_long.sum() > _FEWEST_LONG * len(hashes)
        words.append(np.unique(hashes[is_long] if is_read_so else hashes))
    sizes = np.array([len(one) for one in words[1:]], np.int64)
    return np.concatenate(words), running_total(sizes)
