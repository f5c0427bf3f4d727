"""Two documents in; how they relate, where, and which is nearer the origin, out.

The same stages as a run over a collection, with three differences: documents that
share a single shingle are aligned; every shingle is weighted, not a sample; and
passages are sought sentence by sentence too, so that other words hide nothing.
Weights come from a `Background`; without one all shingles weigh the same.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dedupe.attribute import attribute
from dedupe.candidates import names_its_text, weighted
from dedupe.clean import clean
from dedupe.clean.clues import harvest
from dedupe.documents import Document, as_document, documents_table
from dedupe.errors import InputError
from dedupe.published import published_by
from dedupe.settings import Settings
from dedupe.shingle import shingle
from dedupe.sketch import sketch
from dedupe.verify import given_pairs, verify
from dedupe.verify.sentences import align_sentences

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pyarrow as pa
    from numpy.typing import NDArray

    from dedupe.clean import Kept
    from dedupe.read import Reading

EVERY_SHINGLE = Settings(rare_sampling=1, containment_floor=0.0)
"""Settings of a comparison: nothing is sampled, nothing is screened."""


class Passage(NamedTuple):
    """One aligned passage: half-open code point ranges of both texts as given."""

    a_start: int
    a_end: int
    b_start: int
    b_end: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How two documents relate; docs/output.md says what each figure means.

    `a_first_probability` is the probability that a's text stands nearer the
    origin than b's, if they share lineage at all: .5 when nothing tells.
    """

    relation: str
    same_story: bool
    probability: float
    resemblance: float
    containment_a: float
    containment_b: float
    longest_run: int
    a_first_probability: float
    evidence: list[dict[str, Any]]
    passages: list[Passage]


@dataclasses.dataclass(frozen=True, slots=True)
class Background:
    """Word statistics of a collection: in how many documents each shingle stands.

    Attributes:
        hashes: uint64 (S,), rising and distinct.
        frequency: int64 (S,).
        n_docs: documents counted.
    """

    hashes: NDArray[np.uint64]
    frequency: NDArray[np.int64]
    n_docs: int

    @classmethod
    def of(
        cls, documents: Reading | pa.Table | Iterable[Document | Mapping[str, Any] | str]
    ) -> Background:
        """Count the shingles of a collection; equal texts count once."""
        from dedupe.intake import as_reading

        sketches = sketch(clean(as_reading(documents).documents, EVERY_SHINGLE), EVERY_SHINGLE)
        counted = names_its_text(sketches)
        holders = np.repeat(counted, np.diff(sketches.offsets))
        hashes, frequency = np.unique(sketches.sampled[holders], return_counts=True)
        return cls(hashes, frequency, int(counted.sum()))

    def of_shingles(self, hashes: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Return the document frequency of each hash, 0 for one never seen, int64 (n,)."""
        if not len(self.hashes):
            return np.zeros(len(hashes), np.int64)
        places = np.searchsorted(self.hashes, hashes).clip(max=len(self.hashes) - 1)
        return np.where(self.hashes[places] == hashes, self.frequency[places], 0)


def compare(
    a: Document | Mapping[str, Any] | str,
    b: Document | Mapping[str, Any] | str,
    background: Background | None = None,
) -> Comparison:
    """Say how two documents relate, and which stands nearer the origin.

    Args:
        a: Document, dict or str.
        b: the other; swapping them swaps every figure's side.
        background: word statistics of the collection they come from, which
            keep stock phrases from counting as copying.

    Raises:
        InputError: a document without text, or a background that is none.
    """
    if not isinstance(background, Background | None):
        raise InputError(
            f"background must be a Background, not {background!r}; Background.of(documents) is one"
        )
    sides = [dataclasses.replace(as_document(side), id=name) for name, side in (("a", a), ("b", b))]
    table = documents_table(sides)
    kept = clean(table, EVERY_SHINGLE)
    sketches = sketch(kept, EVERY_SHINGLE)
    counted = background or Background(np.zeros(0, np.uint64), np.zeros(0, np.int64), 1)
    weights = weighted(sketches, counted.of_shingles(sketches.sampled), counted.n_docs)
    candidates = given_pairs(np.array([0]), np.array([1]), sketches, weights, EVERY_SHINGLE)
    pairs, passages = verify(candidates, table, kept, EVERY_SHINGLE, closely=True)
    if not pairs.num_rows:
        return _unrelated()
    # The two are taken as one story even where they are not: a passage, too, has a direction.
    clues = harvest(table, kept, n_threads=EVERY_SHINGLE.threads)
    precedence = published_by(table).precedence(sketches.text_hashes, sketches.n_words)
    origins = attribute(
        table, np.zeros(2, np.int64), pairs, passages, clues,
        n_threads=EVERY_SHINGLE.threads, precedence=precedence,
    )  # fmt: skip
    pair = pairs.to_pylist()[0]
    names = [field.name for field in dataclasses.fields(Comparison) if field.name in pair]
    return Comparison(
        **{name: pair[name] for name in names},
        a_first_probability=float(origins.pair_a_first[0]),
        evidence=origins.stories[0]["evidence"] if origins.stories else [],
        passages=_passages(kept),
    )


def _passages(kept: Kept) -> list[Passage]:
    """Align the two texts by sentences too, which a run over a collection does not."""
    both = np.arange(2)
    shingles = shingle(kept, both, EVERY_SHINGLE)
    told = align_sentences(both[:1], both[1:], both, shingles, kept, EVERY_SHINGLE)
    return [Passage._make(row[1:]) for row in told.tolist()]


def _unrelated() -> Comparison:
    return Comparison(
        relation="unrelated",
        same_story=False,
        probability=0.0,
        resemblance=0.0,
        containment_a=0.0,
        containment_b=0.0,
        longest_run=0,
        a_first_probability=0.5,
        evidence=[],
        passages=[],
    )
