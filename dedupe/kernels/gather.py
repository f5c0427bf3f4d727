"""Pairs of sentences in; the passages they make, out.

    seeds -> gather() -> passages (n, N_BOX)

Seeds that stand closely together in both texts are one passage; one whose sides
do not agree as wholes is gathered again with half the gap, until they do or
nothing is left.

Axes: E seeds, W distinct stems of a pair.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe.kernels._compile import kernel
from dedupe.kernels.passages import A_FROM, A_TO, B_FROM, B_TO, MATCHED
from dedupe.kernels.sorting import sort_range

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe.kernels.sentences import Side

_LOW = np.uint64(0xFFFFFFFF)
_SHIFT_32 = np.uint64(32)
# Beyond every place in a text.
_FAR = np.int64(1) << 40

IN_MILLIONTHS = 1_000_000
"""What MATCHED counts in passages of sentences: cosines are real, boxes hold integers."""


class Levels(NamedTuple):
    """What a passage must be.

    Attributes:
        gap_a: tokens of a that may lie between two of its sentences.
        gap_b: tokens of b.
        cosine: of all words of one side with all of the other, at least.
        least_words: tokens of the shorter side.
        least_seeds: pairs of sentences.
    """

    gap_a: int
    gap_b: int
    cosine: float
    least_words: int
    least_seeds: int


@kernel
def _cut(
    members: NDArray[np.uint64],
    first: int,
    last: int,
    seeds: NDArray[np.int64],
    side: int,
    bounds: NDArray[np.int64],
    gap: int,
) -> int:
    """Sort members[first:last] along one side; return where the gap is first passed, or last."""
    for at in range(first, last):
        seed = members[at] & _LOW
        members[at] = (np.uint64(seeds[np.int64(seed), side]) << _SHIFT_32) | seed
    sort_range(members, first, last)
    reached = np.int64(-1)
    for at in range(first, last):
        place = seeds[np.int64(members[at] & _LOW), side]
        if at > first and bounds[place] - reached > gap:
            return at
        reached = max(reached, bounds[place + 1])
    return last


@kernel
def _cosine(
    a: Side,
    b: Side,
    box: NDArray[np.int64],
    weights: NDArray[np.float64],
    counts: NDArray[np.int64],
) -> float:
    """Return the cosine of all words of both sides of a passage; counts int64 (W, 2) stay zero."""
    for t in range(box[A_FROM], box[A_TO]):
        counts[a.stems[t], 0] += 1
    for t in range(box[B_FROM], box[B_TO]):
        counts[b.stems[t], 1] += 1
    dot = 0.0
    square_a = 0.0
    square_b = 0.0
    for stems, first, last in (
        (a.stems, box[A_FROM], box[A_TO]),
        (b.stems, box[B_FROM], box[B_TO]),
    ):
        for t in range(first, last):
            stem = stems[t]
            in_a = counts[stem, 0] * weights[stem]
            in_b = counts[stem, 1] * weights[stem]
            dot += in_a * in_b
            square_a += in_a * in_a
            square_b += in_b * in_b
            counts[stem, 0] = 0
            counts[stem, 1] = 0
    norm = np.sqrt(square_a * square_b)
    return dot / norm if norm > 0 else 0.0


@kernel
def _enclose(
    members: NDArray[np.uint64],
    first: int,
    last: int,
    seeds: NDArray[np.int64],
    a: Side,
    b: Side,
    box: NDArray[np.int64],
) -> None:
    """Write the token ranges that hold the sentences of members[first:last]."""
    box[:] = 0
    box[A_FROM] = _FAR
    box[B_FROM] = _FAR
    for place in range(first, last):
        seed = np.int64(members[place] & _LOW)
        i, j = seeds[seed, 0], seeds[seed, 1]
        box[A_FROM] = min(box[A_FROM], a.bounds[i])
        box[A_TO] = max(box[A_TO], a.bounds[i + 1])
        box[B_FROM] = min(box[B_FROM], b.bounds[j])
        box[B_TO] = max(box[B_TO], b.bounds[j + 1])


@kernel
def gather(
    a: Side,
    b: Side,
    weights: NDArray[np.float64],
    seeds: NDArray[np.int64],
    levels: Levels,
    passages: NDArray[np.int64],
) -> int:
    """Write the passages that seeds make; returns how many.

    Shapes
        weights   float64 (W,)
        seeds     int64   (E, 2)         sentence of a, of b
        passages  int64   (E, N_BOX)     token ranges; MATCHED: the cosine in millionths
    Source  Sanchez-Perez, Sidorov and Gelbukh 2014: clusters of sentence pairs,
            gathered anew with a smaller gap where the two sides disagree.
    """
    members = np.arange(len(seeds)).astype(np.uint64)
    counts = np.zeros((len(weights), 2), np.int64)
    # Ranges of members that wait to be cut: first, last, times the gap was halved.
    waiting = np.zeros((2 * len(seeds) + 2, 3), np.int64)
    waiting[0, 1] = len(seeds)
    n_waiting = 1 if len(seeds) else 0
    at = 0
    while n_waiting:
        n_waiting -= 1
        first, last, halvings = waiting[n_waiting]
        gap_a = levels.gap_a >> halvings
        gap_b = levels.gap_b >> halvings
        cut = _cut(members, first, last, seeds, 0, a.bounds, gap_a)
        if cut == last:
            cut = _cut(members, first, last, seeds, 1, b.bounds, gap_b)
        if cut < last:
            waiting[n_waiting] = cut, last, halvings
            waiting[n_waiting + 1] = first, cut, halvings
            n_waiting += 2
            continue
        box = passages[at]
        _enclose(members, first, last, seeds, a, b, box)
        cosine = _cosine(a, b, box, weights, counts)
        shorter = min(box[A_TO] - box[A_FROM], box[B_TO] - box[B_FROM])
        if cosine >= levels.cosine:
            box[MATCHED] = np.int64(cosine * IN_MILLIONTHS)
            enough = last - first >= levels.least_seeds and shorter >= levels.least_words
            at += np.int64(enough)
        elif gap_a + gap_b > 0 and last - first > 1:
            waiting[n_waiting] = first, last, halvings + 1
            n_waiting += 1
    return at
