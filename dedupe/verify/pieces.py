"""Judged pairs and their passages in; the pieces of each document that stand in others, out.

pairs, passages  ->  parts_by_document()  ->  Part, many
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

# Conventions, held to by the edited copies and round-ups of benchmarks/quality.py. With half of the
# first .965 of re-wrapped copies are joined, not .995; with twice .895 of round-ups are kept apart,
# not .995. With .6 or .9 for the second, no figure changes.
LEAST_PART = 0.12
_LARGEST_PART = 0.75
"""Least and largest share of the round-up's words that one story's piece may make up."""

LIKELY = 0.5
"""Probability of shared lineage from which on what two documents have in common is a piece."""

_LEAST_LEAD = 0.5
"""Share of a story's lead that its piece in a round-up holds. With half as much two edited copies
are wrongly joined, which none is, and of near pairs of ECB+ .931 are found, not .948."""

_TWIN = 0.9
"""A text that makes up more of a page is the page again, not a part of it."""

TOLD_COMPLETE = 0.85
"""Share of a text that stands in a page which prints it whole."""


class Part(NamedTuple):
    """A piece of a document that stands in another: where, with whom, by which pair.

    `told` is how much of the other stands there, `share` how much of the document it is.
    Slight pieces, and those not from another's top, do not make a round-up; in
    one that is, they are parts as well. `whole` is one that stands in the document
    from top to end, and joins it to another story.
    """

    start: int
    end: int
    other: int
    pair: int
    told: float
    counts: bool
    whole: bool
    share: float


def shows_roundup(
    probability: NDArray[np.floating], share: NDArray[np.floating], lead: NDArray[np.floating]
) -> NDArray[np.bool_]:
    """Say which pieces count among those that make a document a round-up, bool (P,).

    A round-up takes a story from its top; a new story takes background from within.

    Args:
        probability: of shared lineage with the document that each piece comes from.
        share: of the round-up's words that each makes up.
        lead: share of the lead of the document it comes from that it holds.
    """
    is_large = (share >= LEAST_PART) & (share <= _LARGEST_PART)
    return np.asarray(is_large & (lead >= _LEAST_LEAD) & (probability >= LIKELY))


def is_exact(pairs: pa.Table) -> NDArray[np.bool_]:
    """Say which pairs are of equal texts, bool (P,)."""
    import pyarrow.compute as pc

    found: NDArray[np.bool_] = pc.equal(pairs.column("relation"), "exact").to_numpy()
    return found


def joined_documents(pairs: pa.Table, chosen: NDArray[np.bool_]) -> dict[int, list[int]]:
    """Return the documents that one of some pairs, bool (P,), joins to each document."""
    joined: dict[int, list[int]] = defaultdict(list)
    sides = (pairs.column(side).to_numpy()[chosen].tolist() for side in ("a", "b"))
    for a, b in zip(*sides, strict=True):
        joined[a].append(b)
        joined[b].append(a)
    return joined


def printed_whole(pairs: pa.Table) -> dict[int, list[tuple[int, float]]]:
    """Return the texts that each document prints whole, and how much of it each is."""
    same = pairs.column("same_story").to_numpy()
    printed: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for side, other in (("a", "b"), ("b", "a")):
        told = pairs.column(f"aligned_{other}").to_numpy()
        rows = np.flatnonzero(same & (told >= TOLD_COMPLETE))
        columns = (pairs.column(name).to_numpy() for name in (side, other, f"aligned_{side}"))
        for document, text, share in zip(*(one[rows].tolist() for one in columns), strict=True):
            printed[document].append((text, share))
    return printed


def parts_by_document(pairs: pa.Table, passages: pa.Table) -> dict[int, list[Part]]:
    """Collect, for each document, the pieces of it that others hold too."""
    probability = pairs.column("probability").to_numpy()
    same = pairs.column("same_story").to_numpy()
    pair = passages.column("pair").to_numpy()
    parts: dict[int, list[Part]] = defaultdict(list)
    for side, other in (("a", "b"), ("b", "a")):
        aligned = pairs.column(f"aligned_{side}").to_numpy()
        lead = pairs.column(f"lead_{other}").to_numpy()
        counts = shows_roundup(probability, aligned, lead)
        told = pairs.column(f"aligned_{other}").to_numpy()
        whole = same & (lead >= _LEAST_LEAD) & (told >= TOLD_COMPLETE)
        # A larger part matters only where it stands whole among others.
        wanted = (probability >= LIKELY) & (
            (aligned <= _LARGEST_PART) | (whole & (aligned <= _TWIN))
        )
        rows = np.flatnonzero(wanted)
        if not len(rows):
            continue
        near = wanted[pair]
        starts, ends = _longest(
            pair[near],
            passages.column(f"{side}_start").to_numpy()[near],
            passages.column(f"{side}_end").to_numpy()[near],
            pairs.num_rows,
        )
        documents = pairs.column(side).to_numpy()
        others = pairs.column(other).to_numpy()
        found = rows[ends[rows] > starts[rows]]
        places = np.arange(pairs.num_rows)
        values = (starts, ends, others, places, told, counts, whole, aligned)
        pieces = zip(*(column[found].tolist() for column in values), strict=True)
        for document, piece in zip(documents[found].tolist(), pieces, strict=True):
            parts[document].append(Part(*piece))
    return {document: found for document, found in parts.items() if len(found) > 1}


def _longest(
    pair: NDArray[np.int64], starts: NDArray[np.int64], ends: NDArray[np.int64], n_pairs: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where each pair's longest passage begins and ends; (0, 0) without any.

    The whole extent would not do: a shared footer would stretch it over the page.
    """
    first = np.zeros(n_pairs, np.int64)
    last = np.zeros(n_pairs, np.int64)
    # Of several assignments to one place the last stands: the longest, then the first.
    order = np.lexsort((-starts, ends - starts, pair))
    first[pair[order]] = starts[order]
    last[pair[order]] = ends[order]
    return first, last
