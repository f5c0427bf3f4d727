"""Stories in; what clocks, lengths and outlets say of their works, out.

    Graphs  ->  glance()  ->  Glimpses, one a reason

What each signal means, and when it fails, stands in dedupe/attribute/signals.py.
A clock is never a point. Intervals that do not meet give an order, less sure
the closer they are; intervals that overlap but are shifted, such as two days
without zones, give a weaker one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe.kernels._compile import kernel
from dedupe.kernels.graphs import EXCERPT, NEVER, Graphs, by_work

if TYPE_CHECKING:
    from numpy.typing import NDArray

CLOCK, FIRST_SEEN, LENGTH, ONE_OUTLET = 0, 1, 2, 3
"""Signals that need no text and no clue."""

_HOUR = 3_600_000_000
# Between two clocks an hour apart, half of the trust is left. Half or twice these scales make
# .869 or .863 of origins of test trees right, not .867 (benchmarks/origins.py).
_APART_SCALE, _SEEN_SCALE = _HOUR, 6 * _HOUR
# Beyond this many works, all are compared with the earliest only: all pairs are quadratic.
_ALL_PAIRS = 64
# Of a text in another: less says nothing of which was cut. At half or twice as much no origin
# changes (benchmarks/origins.py).
_SMALLEST_SURPLUS = 0.05


class Worth(NamedTuple):
    """Points of the cases, in log-odds."""

    apart: float
    shifted: float
    seen: float
    excerpt: float
    longer: float
    one_outlet: float


class Glimpses(NamedTuple):
    """Reasons seen at a glance.

    Shapes (E,)
        story, signal, child, parent   int64
        points   float64  log-odds
        member   int64    document that carries it
        other    int64    document that it is set against; -1 for none
        value    float64  microseconds between the clocks, or share of the other's text
    """

    story: NDArray[np.int64]
    signal: NDArray[np.int64]
    child: NDArray[np.int64]
    parent: NDArray[np.int64]
    points: NDArray[np.float64]
    member: NDArray[np.int64]
    other: NDArray[np.int64]
    value: NDArray[np.float64]


@kernel
def glance(graphs: Graphs, worth: Worth, first: int, last: int, out: Glimpses) -> int:
    """Write what is seen of stories [first, last); returns how many reasons there are.

    Those beyond the length of `out` are counted only: call again with longer arrays.
    """
    n = 0
    for s in range(first, last):
        n = _clocks(graphs, worth, s, out, n)
        n = _versions(graphs, worth, s, out, n)
        n = _lengths(graphs, worth, s, out, n)
        n = _one_outlet(graphs, worth, s, out, n)
    return n


@kernel
def _put(
    out: Glimpses,
    n: int,
    story: int,
    signal: int,
    child: int,
    parent: int,
    points: float,
    member: int,
    other: int,
    value: float,
) -> int:
    if n < len(out.story):
        out.story[n], out.signal[n], out.child[n], out.parent[n] = story, signal, child, parent
        out.points[n], out.value[n] = points, value
        out.member[n], out.other[n] = member, other
    return n + 1


@kernel
def _clocks(graphs: Graphs, worth: Worth, s: int, out: Glimpses, n: int) -> int:
    """Compare when works appeared; where no page claims a date, when they were first seen."""
    n_works = graphs.n_works[s]
    if n_works < 2:
        return n
    row, sighted = np.full(n_works, -1), np.full(n_works, -1)
    earliest, unclaimed = np.zeros(n_works, np.int64), np.ones(n_works, np.bool_)
    members = by_work(graphs.work, graphs.offsets[s], graphs.offsets[s + 1], n_works)
    for m in members:
        w, latest = graphs.work[m], graphs.latest[m]
        if latest != NEVER and not graphs.broken[m]:
            bound = graphs.earliest[m]
            # Unknown is the smallest number: one unbounded clock unbounds them all.
            earliest[w] = bound if row[w] < 0 else min(earliest[w], bound)
            if row[w] < 0 or latest < graphs.latest[row[w]]:
                row[w] = m
        if graphs.earliest[m] != NEVER or graphs.seen[m] == NEVER:
            unclaimed[w] = False
        elif sighted[w] < 0 or graphs.seen[m] < graphs.seen[sighted[w]]:
            sighted[w] = m
    for w in range(n_works):
        if not unclaimed[w]:
            sighted[w] = -1
    n = _publications(graphs.latest, worth, s, row, earliest, out, n)
    return _sightings(graphs.seen, worth, s, sighted, out, n)


@kernel
def _first(row: NDArray[np.int64], moments: NDArray[np.int64]) -> int:
    """Return the only work to set against all others; -1 where all pairs are compared."""
    n_known, first = 0, -1
    for w in range(len(row)):
        if row[w] >= 0:
            n_known += 1
            if first < 0 or moments[row[w]] < moments[row[first]]:
                first = w
    return first if n_known > _ALL_PAIRS else -1


@kernel
def _publications(
    latest: NDArray[np.int64],
    worth: Worth,
    s: int,
    row: NDArray[np.int64],
    earliest: NDArray[np.int64],
    out: Glimpses,
    n: int,
) -> int:
    only = _first(row, latest)
    for i in range(len(row)):
        if row[i] < 0 or (only >= 0 and i != only):
            continue
        for j in range(len(row)):
            if i == j or row[j] < 0 or earliest[j] == NEVER:
                continue
            early, late = latest[row[i]], latest[row[j]]
            points = _order(worth, earliest[i], early, earliest[j], late)
            if points > 0.0:
                n = _put(out, n, s, CLOCK, j, i, points, row[i], row[j], float(late - early))
    return n


@kernel
def _order(worth: Worth, from_1: int, to_1: int, from_2: int, to_2: int) -> float:
    """Return the log-odds that the first of two clocks came first; 0 where they do not say."""
    gap = from_2 - to_1
    if gap > 0:
        return worth.apart * gap / (gap + _APART_SCALE)
    if from_1 == NEVER or not (from_1 < from_2 <= to_1 < to_2):
        return 0.0
    shift = min(from_2 - from_1, to_2 - to_1)
    width = max(to_2 - from_2, to_1 - from_1)
    return worth.shifted * min(1.0, 2 * shift / width)


@kernel
def _sightings(
    seen: NDArray[np.int64], worth: Worth, s: int, row: NDArray[np.int64], out: Glimpses, n: int
) -> int:
    only = _first(row, seen)
    for i in range(len(row)):
        if row[i] < 0 or (only >= 0 and i != only):
            continue
        for j in range(len(row)):
            gap = seen[row[j]] - seen[row[i]] if row[j] >= 0 else 0
            if gap > 0:
                points = worth.seen * gap / (gap + _SEEN_SCALE)
                n = _put(out, n, s, FIRST_SEEN, j, i, points, row[i], row[j], float(gap))
    return n


@kernel
def _versions(graphs: Graphs, worth: Worth, s: int, out: Glimpses, n: int) -> int:
    """Of equal texts, one outlet's appeared before all others': they are one work, its own parent.

    Nothing is summed of it; the chance of a work is shared among its documents by their clocks.
    """
    n_works, start, end = graphs.n_works[s], graphs.offsets[s], graphs.offsets[s + 1]
    first, second, known = np.full(n_works, -1), np.full(n_works, -1), np.ones(n_works, np.bool_)
    for m in range(start, end):
        w, latest = graphs.work[m], graphs.latest[m]
        if w < 0:
            continue
        if latest == NEVER or graphs.broken[m]:
            known[w] = False
        elif first[w] < 0 or latest < graphs.latest[first[w]]:
            first[w] = m
    for m in range(start, end):
        w, latest = graphs.work[m], graphs.latest[m]
        if w < 0 or not known[w] or graphs.whose[m] == graphs.whose[first[w]]:
            continue
        if second[w] < 0 or latest < graphs.latest[second[w]]:
            second[w] = m
    for w in range(n_works):
        one, other = first[w], second[w]
        if not known[w] or other < 0:
            continue
        early, late = graphs.latest[one], graphs.latest[other]
        points = _order(worth, graphs.earliest[one], early, graphs.earliest[other], late)
        if points > 0.0:
            n = _put(out, n, s, CLOCK, w, w, points, one, other, float(late - early))
    return n


@kernel
def _lengths(graphs: Graphs, worth: Worth, s: int, out: Glimpses, n: int) -> int:
    """One text holds the other and more: copies are cut more often than grown."""
    for p in range(graphs.pair_offsets[s], graphs.pair_offsets[s + 1]):
        a, b = graphs.a[p], graphs.b[p]
        i, j = graphs.work[a], graphs.work[b]
        if i < 0 or j < 0 or i == j:
            continue
        surplus = graphs.containment_b[p] - graphs.containment_a[p]
        most = worth.excerpt if graphs.relation[p] == EXCERPT else worth.longer
        points = most * min(1.0, 2 * abs(surplus))
        if surplus >= _SMALLEST_SURPLUS:
            n = _put(out, n, s, LENGTH, j, i, points, a, b, graphs.containment_b[p])
        elif -surplus >= _SMALLEST_SURPLUS:
            n = _put(out, n, s, LENGTH, i, j, points, b, a, graphs.containment_a[p])
    return n


@kernel
def _one_outlet(graphs: Graphs, worth: Worth, s: int, out: Glimpses, n: int) -> int:
    """Nobody but one outlet has the story."""
    row, n_rows, outlet = -1, 0, -1
    for m in range(graphs.offsets[s], graphs.offsets[s + 1]):
        if graphs.work[m] < 0:
            continue
        if row < 0:
            row, outlet = m, graphs.outlet[m]
        if graphs.outlet[m] < 0 or graphs.outlet[m] != outlet:
            return n
        n_rows += 1
    if n_rows >= 2:
        for w in range(graphs.n_works[s]):
            n = _put(out, n, s, ONE_OUTLET, w, -1, worth.one_outlet, row, -1, 0.0)
    return n
