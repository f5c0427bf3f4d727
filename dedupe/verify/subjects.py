"""Two texts in; how likely they are of one subject, as parts of one story are, out.

    texts  ->  views()  ->  what their words and names have in common  ->  subject_odds()

Two parts of one story share no sentence, but words and names. Long words say most: few
of them are of the language alone, and a collection tells which of them are common in it.
Two stories of one kind, of two earthquakes, share such words too. Each of them holds
together better than both do, though: what a part says again and again, and what its
opening announces, the other part of its story tells on, and another story does not.
`benchmarks/subjects.py` fits it.
"""

from __future__ import annotations

import functools
import itertools
import json
import math
import statistics
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe.arrays.ragged import running_total
from dedupe.kernels.text import CAPITALISED, QUOTED, SENTENCE_START
from dedupe.shingle import Shingles, shingle

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from dedupe.clean import Kept
    from dedupe.settings import Settings

    _Halves = tuple[frozenset[int], frozenset[int]]

VIEWS = (
    "words", "size", "names", "n_names", "cohesion", "names_cohesion", "carried", "leads",
    "leading", "quoting", "repeated", "repeated_names", "introduced",
)  # fmt: skip
"""Names of the columns of `views`, in order."""

_MODEL = Path(__file__).with_name("model_subjects.json")

_LONG = 5
"""Letters of a long word: 4, 5, 6 and 7 tell parts of one Reuters story from parts of two with
a word of the title in common in .919, .931, .931 and .916 of all comparisons, names in .867."""

_FEWEST_LONG = 0.125
"""Share of long words below which all words count: scripts are read otherwise there."""

_FEWEST_DOCUMENTS, _MOST_DOCUMENTS = 500, 2000
"""Texts that tell how common a word is, each counted once however often it was copied. Of fewer,
a story makes its own words common."""

OVERLAP = {False: (27.8, -0.34, 9.0, -1.58, -0.66), True: (42.6, -0.17, 6.3, -1.63, -1.38)}
"""Of the first four views and of 1, to log-odds of one subject; by whether it is known how common
words are. Fitted on parts of one dispatch of Reuters against parts of two with a word of their
titles in common; alone it keeps .43 of the halves of invented stories of 250 words together."""

_OVERLAP_SHARE, _OVERLAP_CLIP = 0.35, 3.0
"""What overlap counts beside how texts are built, and log-odds that it says at most. Of .25, .35
and .5: thirds joined .848, .868, .893, stories on one page apart .788, .759, .729
(benchmarks/gate.py)."""

_LEAD_WORDS, _LEAD_SHARE = 30, 4
"""Words of a text's opening, at most, and of how many of its words one is of it."""

_SENTENCE_WORDS = 6
"""Words of a sentence; a shorter one is part of the next."""

_LITTLE = 0.05
"""Added to both sides of a ratio of cosines: short texts share next to nothing by chance."""


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


class Said(NamedTuple):
    """The words of one text, as sets of their hashes.

    Attributes:
        words: the long ones.
        halves: the same, of its first half and of its second.
        lead: the same, of its opening.
        told: the same, of all behind that.
        repeated: the same, that stand in it more than once.
        names: capitalised words within sentences.
        name_halves: the same, of its first half and of its second.
        repeated_names: the same, that stand in it more than once.
        introduced: the same, that once at least follow another capitalised word.
        leading: how much more of its first sentence comes up again than of others.
        quoting: whether it opens with a quotation.
    """

    words: frozenset[int]
    halves: tuple[frozenset[int], frozenset[int]]
    lead: frozenset[int]
    told: frozenset[int]
    repeated: frozenset[int]
    names: frozenset[int]
    name_halves: tuple[frozenset[int], frozenset[int]]
    repeated_names: frozenset[int]
    introduced: frozenset[int]
    leading: float
    quoting: bool


def common_words(kept: Kept, text_hashes: NDArray[np.uint64], settings: Settings) -> Common | None:
    """Count the long words of a sample of a collection's texts; None where it has few.

    Args:
        kept: of all documents.
        text_hashes: uint64 (D,), equal for equal texts: of these the smallest are the sample.
        settings: `threads`.
    """
    rows = np.sort(np.unique(text_hashes, return_index=True)[1][:_MOST_DOCUMENTS])
    if len(rows) < _FEWEST_DOCUMENTS:
        return None
    shingles = shingle(kept, rows, settings)
    words = [np.unique(hashes[is_long]) for hashes, is_long, _ in _tokens(kept, rows, shingles)]
    return Common(*np.unique(np.concatenate(words), return_counts=True), len(rows))


def subject_odds(
    kept: Kept, rows: NDArray[np.int64], settings: Settings, common: Common | None = None
) -> float:
    """Return log-odds that two documents, rows of `kept`, int64 (2,), are of one subject."""
    view = views(kept, rows, np.array([0]), np.array([1]), settings, common)
    return float(load_subjects(known=common is not None).log_odds(view)[0])


class Subjects(NamedTuple):
    """A logistic model of one subject.

    How texts are built knows no lengths: trees that did were surer of texts as long as those
    they were fitted on, and took half of all pairs of longer stories for parts of one.

    Attributes:
        overlap: float64 (5,), of the first four views and of 1: what texts have in common.
        weights: float64 (len(VIEWS) - 4,), of the others: how they are built.
        bias: log-odds where all of these are 0.
    """

    overlap: NDArray[np.float64]
    weights: NDArray[np.float64]
    bias: float

    def log_odds(self, found: NDArray[np.float64]) -> NDArray[np.float64]:
        """Apply the model to views (P, len(VIEWS)); returns natural log-odds (P,)."""
        common = found[:, :4] @ self.overlap[:4] + self.overlap[4]
        built = found[:, 4:] @ self.weights + self.bias
        return np.asarray(built + _OVERLAP_SHARE * np.clip(common, -_OVERLAP_CLIP, _OVERLAP_CLIP))


@functools.cache
def load_subjects(*, known: bool) -> Subjects:
    """Read the fitted model, for where it is `known` how common words are or where it is not."""
    fitted = json.loads(_MODEL.read_text(encoding="utf-8"))
    weights = np.array([fitted["weights"][name] for name in VIEWS[4:]])
    return Subjects(np.array(OVERLAP[known]), weights, fitted["bias"])


def views(
    kept: Kept,
    rows: NDArray[np.int64],
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    settings: Settings,
    common: Common | None = None,
) -> NDArray[np.float64]:
    """Return what pairs of texts have in common, float64 (P, len(VIEWS)).

    Args:
        kept: of all documents.
        rows: int64 (N,), of kept.
        a: int64 (P,), places in rows.
        b: int64 (P,), others.
        settings: `threads`.
        common: how common words are; None lets each weigh 1.
    """
    shingles = shingle(kept, rows, settings)
    texts = [_said(*tokens) for tokens in _tokens(kept, rows, shingles)]
    weights = [_weights(said.words, common) for said in texts]
    pairs = zip(a.tolist(), b.tolist(), strict=True)
    found = [
        [*_by_rarity(weights[x], weights[y]), *_by_build(texts[x], texts[y])] for x, y in pairs
    ]
    return np.array(found, np.float64).reshape(len(found), len(VIEWS))


def _by_rarity(one: dict[int, float], other: dict[int, float]) -> tuple[float, float]:
    """Return the cosine of two sets of words, and the logarithm of the smaller one's size."""
    shared = math.fsum(one[word] for word in one.keys() & other.keys())
    sizes = sorted(max(1.0, math.fsum(words.values())) for words in (one, other))
    return shared / math.sqrt(sizes[0] * sizes[1]), math.log(sizes[0])


def _by_build(one: Said, other: Said) -> Sequence[float]:
    """Return the views of two texts from "names" on."""
    both_ways = ((one, other), (other, one))
    return (
        _cosine(one.names, other.names),
        math.log(max(1, min(len(one.names), len(other.names)))),
        _cohesion(one.halves, other.halves),
        _cohesion(one.name_halves, other.name_halves),
        min(
            math.log((1 + len(x.lead & y.words)) / (1 + len(x.lead & x.told))) for x, y in both_ways
        ),
        _cosine(one.lead, other.lead),
        min(one.leading, other.leading),
        float(one.quoting or other.quoting),
        min(_share(x.repeated, y.words) for x, y in both_ways),
        min(_share(x.repeated_names, y.names) for x, y in both_ways),
        math.log(1 + len(one.introduced & other.introduced)),
    )


def _cohesion(one: _Halves, other: _Halves) -> float:
    """Return the logarithm of how alike halves of two texts are against those of one."""
    across = math.fsum(_cosine(x, y) for x in one for y in other) / 2
    within = _cosine(*one) + _cosine(*other)
    return math.log((across + _LITTLE) / (within + _LITTLE))


def _cosine(one: frozenset[int], other: frozenset[int]) -> float:
    return len(one & other) / math.sqrt(max(1, len(one)) * max(1, len(other)))


def _share(some: frozenset[int], among: frozenset[int]) -> float:
    """Return how many of some words are among others, drawn toward a third where few are known."""
    return (len(some & among) + 1 / 3) / (len(some) + 1)


def _weights(words: frozenset[int], common: Common | None) -> dict[int, float]:
    """Weigh words by the logarithm of one in how many documents holds each."""
    if common is None:
        return dict.fromkeys(words, 1.0)
    hashes = np.array(sorted(words), np.uint64)
    places = np.searchsorted(common.words, hashes)
    places[places == len(common.words)] = 0
    n_docs = np.where(common.words[places] == hashes, common.n_docs[places], 0)
    rarity = np.log((common.n_all + 1) / (n_docs + 1))
    return dict(zip(hashes.tolist(), rarity.tolist(), strict=True))


def _said(hashes: NDArray[np.uint64], is_long: NDArray[np.bool_], flags: NDArray[np.uint8]) -> Said:
    """Sort the words of a text, (T,) each, into sets."""
    lead = min(_LEAD_WORDS, len(hashes) // _LEAD_SHARE)
    is_capitalised = flags & CAPITALISED > 0
    is_name = is_capitalised & (flags & SENTENCE_START == 0)
    follows = np.concatenate([[False], is_capitalised])[:-1]
    words, names = hashes[is_long], hashes[is_name]
    return Said(
        frozenset(words.tolist()),
        _halves(hashes, is_long),
        _chosen(hashes[:lead], is_long[:lead]),
        _chosen(hashes[lead:], is_long[lead:]),
        _repeated(words),
        frozenset(names.tolist()),
        _halves(hashes, is_name),
        _repeated(names),
        _chosen(hashes, is_name & follows),
        _leading(_sentences(hashes, is_long, flags)),
        bool((flags[:1] & QUOTED).any()),
    )


def _halves(hashes: NDArray[np.uint64], is_chosen: NDArray[np.bool_]) -> _Halves:
    middle = len(hashes) // 2
    return (
        _chosen(hashes[:middle], is_chosen[:middle]),
        _chosen(hashes[middle:], is_chosen[middle:]),
    )


def _sentences(
    hashes: NDArray[np.uint64], is_long: NDArray[np.bool_], flags: NDArray[np.uint8]
) -> list[frozenset[int]]:
    """Return the long words of each sentence."""
    bounds = [0]
    for start in np.flatnonzero(flags & SENTENCE_START).tolist():
        if start - bounds[-1] >= _SENTENCE_WORDS:
            bounds.append(start)
    bounds.append(len(hashes))
    return [_chosen(hashes[x:y], is_long[x:y]) for x, y in itertools.pairwise(bounds)]


def _leading(sentences: list[frozenset[int]]) -> float:
    """Return how much more of the first sentence than of others stands in some sentence too.

    A story opens with what all of it is about; what is cut from its middle does not.
    """
    n_sentences = Counter(itertools.chain.from_iterable(sentences))
    first, *others = [
        sum(n_sentences[word] > 1 for word in words) / max(1, len(words)) for words in sentences
    ]
    return first - statistics.fmean(others or [first])


def _chosen(hashes: NDArray[np.uint64], is_chosen: NDArray[np.bool_]) -> frozenset[int]:
    return frozenset(hashes[is_chosen].tolist())


def _repeated(hashes: NDArray[np.uint64]) -> frozenset[int]:
    distinct, counts = np.unique(hashes, return_counts=True)
    return _chosen(distinct, counts > 1)


def _tokens(
    kept: Kept, rows: NDArray[np.int64], shingles: Shingles
) -> Iterator[tuple[NDArray[np.uint64], NDArray[np.bool_], NDArray[np.uint8]]]:
    """Yield the words of each document: hashes, which of them are long, and flags, (T,) each."""
    for place, row in enumerate(rows.tolist()):
        first, last = shingles.token_offsets[place : place + 2].tolist()
        start, end = kept.text_offsets[row : row + 2].tolist()
        # Bytes that go on with a letter are no letters.
        n_letters = running_total((kept.data[start:end] & 0xC0) != 0x80)
        starts, ends = shingles.token_starts[first:last], shingles.token_ends[first:last]
        hashes, flags = shingles.token_hashes[first:last], shingles.token_flags[first:last]
        is_long = n_letters[ends] - n_letters[starts] >= _LONG
        if is_long.sum() <= _FEWEST_LONG * len(hashes):
            is_long = np.ones(len(hashes), np.bool_)
        yield hashes, is_long, flags
