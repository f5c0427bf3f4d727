"""Chances of works in; the chance of every document, and the likeliest origins, out.

    Graphs, Weighing, Model  ->  fill_candidate_origins()  ->  CandidateOrigins

Axes: see graphs.py.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from dedupe.kernels._compile import kernel
from dedupe.kernels.graphs import (
    N_CANDIDATES,
    NEVER,
    CandidateOrigins,
    Graphs,
    Limits,
    Model,
    Weighing,
    by_work,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LOWEST, _CLEAR = 0.35, 2.0
"""Least chance of an origin that is named, and how many times the next it must be.

Of origins of test trees .867 are right (benchmarks/origins.py). With a least chance of .7, or
4 times the next, it is .84, and of spotify's .8, not all. With .175 nothing changes; whoever is
likeliest, however near the next, is right in .89, at the price of what is told to be unseen:
.935 of it is, not .972.
"""


@kernel
def stands_clear(best: float, second: float) -> bool:
    """Say whether the likeliest of all origins may be named."""
    return best >= _LOWEST and best >= _CLEAR * second


@kernel
def fill_rivals(
    origin: NDArray[np.float64],
    starts: NDArray[np.int64],
    n_works: NDArray[np.int64],
    n_absent: NDArray[np.int64],
    absent: NDArray[np.int64],
    named: NDArray[np.int64],
    chance: NDArray[np.float64],
    likeliest: NDArray[np.int64],
    clear: NDArray[np.bool_],
) -> None:
    """Write the chance of the origin that was named, and the likeliest, of each story.

    Shapes (N stories, O origins of all, A absent sources at the most)
        origin     float64 (O,)    chances: of the works of a story, then of absent sources
        starts     int64   (N,)    where those of each story begin
        n_works, n_absent  int64 (N,)
        absent     int64   (N, A)  the absent sources
        named      int64   (N, 2)  work and absent source that was named; -1 where it is none
        chance     float64 (N,)    overwritten; 0 where what was named is not among them
        likeliest  int64   (N, 2)  overwritten: work or absent source, the other -1
        clear      bool    (N,)    overwritten: whether it stands clear of the next
    """
    for i in range(starts.size):
        chance[i] = origin[starts[i] + named[i, 0]] if named[i, 0] >= 0 else 0.0
        best, second = 0, -1
        for place in range(n_works[i] + n_absent[i]):
            value = origin[starts[i] + place]
            source = absent[i, place - n_works[i]] if place >= n_works[i] else np.int64(-1)
            if named[i, 0] < 0 and source >= 0 and source == named[i, 1]:
                chance[i] = value
            if place == 0:
                continue
            if value > origin[starts[i] + best]:
                best, second = place, best
            elif second < 0 or value > origin[starts[i] + second]:
                second = place
        next_best = origin[starts[i] + second] if second >= 0 else 0.0
        clear[i] = stands_clear(origin[starts[i] + best], next_best)
        likeliest[i] = -1
        if best < n_works[i]:
            likeliest[i, 0] = best
        else:
            likeliest[i, 1] = absent[i, best - n_works[i]]


@kernel
def fill_candidate_origins(
    graphs: Graphs,
    why: Weighing,
    limits: Limits,
    chosen: NDArray[np.int64],
    first: int,
    last: int,
    model: Model,
    out: CandidateOrigins,
) -> None:
    """Write the candidate origins of stories chosen[first:last], as the model has them."""
    for j in range(first, last):
        s = chosen[j]
        base = model.origin_offsets[j]
        origin = model.origin[base : base + graphs.n_works[s] + model.n_absent[j]]
        _fill_documents(graphs, why, s, limits, origin, out.probability)
        _fill_candidates(graphs, s, origin[graphs.n_works[s] :].copy(), model.absent[j], out)
        second = out.chance[s, 1] if out.n_candidates[s] > 1 else 0.0
        clear = why.offsets[s + 1] > why.offsets[s] and stands_clear(out.chance[s, 0], second)
        out.told[s] = graphs.decided[s] >= 0 or clear


@kernel
def _fill_documents(
    graphs: Graphs,
    why: Weighing,
    s: int,
    limits: Limits,
    origin: NDArray[np.float64],
    probability: NDArray[np.float64],
) -> None:
    """Share the chance of each work among its documents: own credits first, then clocks."""
    start, end = graphs.offsets[s], graphs.offsets[s + 1]
    n_works, work = graphs.n_works[s], graphs.work
    size, timed = np.zeros(n_works, np.int64), np.zeros(n_works, np.int64)
    n_first = np.zeros(n_works, np.int64)
    first, outlet = np.full(n_works, -1), np.full(n_works, -2)
    for m in range(start, end):
        probability[m] = 0.0
        w = work[m]
        if w < 0:
            continue
        size[w] += 1
        probability[m] = graphs.lead[m]
        outlet[w] = graphs.outlet[m] if outlet[w] in (-2, graphs.outlet[m]) else -1
        if graphs.latest[m] == NEVER:
            continue
        timed[w] += 1
        if first[w] < 0 or graphs.latest[m] < graphs.latest[first[w]]:
            first[w], n_first[w] = m, 1
        elif graphs.latest[m] == graphs.latest[first[w]]:
            n_first[w] += 1
    for e in range(why.offsets[s], why.offsets[s + 1]):
        probability[why.member[e]] += why.within[e]
    total = np.zeros(n_works)
    for w in range(n_works):
        if timed[w] == size[w] and n_first[w] == 1:
            trust = limits.own_clock if outlet[w] >= 0 else limits.other_clock
            probability[first[w]] += trust
    for m in range(start, end):
        if work[m] >= 0:
            total[work[m]] += math.exp(probability[m])
    decided = graphs.decided[s]
    for m in range(start, end):
        w = work[m]
        if w < 0:
            continue
        share = math.exp(probability[m]) / total[w] if size[w] > 1 else 1.0
        if decided >= 0 and work[decided] == w:
            share = 1.0 if m == decided else 0.0
        probability[m] = origin[w] * share


@kernel
def _fill_candidates(
    graphs: Graphs,
    s: int,
    absent_chance: NDArray[np.float64],
    absent: NDArray[np.int64],
    out: CandidateOrigins,
) -> None:
    """Write one candidate for each outlet, its likeliest document, and each absent source.

    Versions of one page may be two works, where the pair of them was not
    measured; they are no rivals.
    """
    start, end = graphs.offsets[s], graphs.offsets[s + 1]
    total, best = np.zeros(end - start), np.full(end - start, -1)
    for m in by_work(graphs.work, start, end, graphs.n_works[s]):
        one = graphs.whose[m]
        if best[one] < 0 or out.probability[m] > total[one]:
            best[one] = m
        total[one] += out.probability[m]
    n_all = len(absent_chance)
    for one in range(end - start):
        n_all += best[one] >= 0
    out.n_candidates[s] = n_all
    for place in range(min(n_all, N_CANDIDATES)):
        head, source = -1, -1
        for one in range(end - start):
            if best[one] >= 0 and (
                head < 0
                or total[one] > total[head]
                or (total[one] == total[head] and best[one] < best[head])
            ):
                head = one
        for v in range(len(absent_chance)):
            if absent_chance[v] >= 0 and (
                source < 0
                or absent_chance[v] > absent_chance[source]
                or (absent_chance[v] == absent_chance[source] and absent[v] < absent[source])
            ):
                source = v
        if source < 0 or (head >= 0 and total[head] >= absent_chance[source]):
            out.chance[s, place] = total[head]
            out.member[s, place], out.name[s, place] = best[head], -1
            best[head] = -1
        else:
            out.chance[s, place] = absent_chance[source]
            out.member[s, place], out.name[s, place] = -1, absent[source]
            absent_chance[source] = -1.0
