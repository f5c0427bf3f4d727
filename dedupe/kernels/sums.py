"""Reasons of stories in; their sums, and the chances that follow from them, out.

    Graphs, Weighing  ->  fill_model()  ->  Model

Axes: N works of a story, E reasons; see graphs.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe.kernels._compile import kernel
from dedupe.kernels.graphs import MOST_ABSENT, Graphs, Limits, Model, Weighing
from dedupe.kernels.origins import fill_marginals
from dedupe.kernels.totals import largest

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Weight of an edge between works that share nothing measured; and how many works of most pairs
# bring others near. Half and twice the one, 1 and 6 of the other change no origin
# (benchmarks/origins.py).
_UNMEASURED, _HUBS = 0.05, 3
MOST_AFFINITY = 1 + _UNMEASURED
"""Affinity of two works, one of which holds all of the other."""

# Log-odds that no evidence outweighs, and a chance whose logarithm still is a number.
_CERTAIN, _ALMOST_NONE = 700.0, 1e-300


@kernel
def fill_affinity(graphs: Graphs, s: int, affinity: NDArray[np.float64], alike: bool) -> None:
    """Weigh an edge by what two works share, whichever way it points; or take all for copies."""
    n_works, work = len(affinity), graphs.work
    for i in range(n_works):
        for j in range(n_works):
            affinity[i, j] = MOST_AFFINITY if alike else _UNMEASURED
    if alike:
        return
    for p in range(graphs.pair_offsets[s], graphs.pair_offsets[s + 1]):
        i, j = work[graphs.a[p]], work[graphs.b[p]]
        if i < 0 or j < 0:
            continue
        shared = max(graphs.containment_a[p], graphs.containment_b[p], graphs.resemblance[p])
        affinity[i, j] = max(affinity[i, j], _UNMEASURED + shared)
        affinity[j, i] = affinity[i, j]
    if n_works <= 2:
        return
    # Of many copies only the pairs with a few of them are measured: two works
    # that are both near such a hub are near each other.
    measured = np.zeros(n_works, np.int64)
    for i in range(n_works):
        for j in range(n_works):
            measured[j] += affinity[i, j] > _UNMEASURED
    for _ in range(_HUBS):
        hub = largest(measured)
        measured[hub] = -1
        near = np.empty(n_works)
        for i in range(n_works):
            near[i] = min(affinity[hub, i], 1.0)
        for i in range(n_works):
            for j in range(n_works):
                affinity[i, j] = max(affinity[i, j], near[i] * near[j])


@kernel
def strongest_end(why: Weighing, first: int, last: int) -> int:
    """Return the end of the reasons of one group on one target, which begin at `first`."""
    e = first + 1
    while (
        e < last
        and why.child[e] == why.child[first]
        and why.parent[e] == why.parent[first]
        and why.name[e] == why.name[first]
        and why.group[e] == why.group[first]
    ):
        e += 1
    return e


@kernel
def strongest_of(why: Weighing, first: int, last: int, without: int) -> int:
    """Return the strongest of some reasons that are not of one kind; -1 for none."""
    best = -1
    for e in range(first, last):
        if why.kind[e] != without and (best < 0 or abs(why.points[e]) > abs(why.points[best])):
            best = e
    return best


@kernel
def fill_sums(
    why: Weighing,
    first: int,
    last: int,
    without: int,
    cap: float,
    order: NDArray[np.float64],
    edges: NDArray[np.float64],
    roots: NDArray[np.float64],
    standing: NDArray[np.float64],
    pulls: NDArray[np.float64],
    absent: NDArray[np.int64],
) -> int:
    """Add up the reasons [first, last) of a story: the strongest of each group on each target.

    Those of kind `without` are left out; -1 leaves out none.

    Shapes (N works), all 0 before
        order, edges     float64 (N, N)  see origins.fill_marginals
        roots, standing  float64 (N,)    `standing` is `roots` without "names an absent source"
        pulls            float64 (MOST_ABSENT, N)
        absent           int64 (MOST_ABSENT,)  overwritten

    Returns the number of absent sources, the unnamed one included.
    """
    n_works, n_naming, n_names = len(roots), 0, 0
    for e in range(first, last):
        n_naming += why.name[e] >= 0
    names, totals = np.empty(n_naming, np.int64), np.zeros(n_naming)
    pulled = np.zeros((n_naming, n_works))
    e = first
    while e < last:
        end = strongest_end(why, e, last)
        best = strongest_of(why, e, end, without)
        e = end
        if best < 0:
            continue
        points = max(-cap, min(cap, why.points[best]))
        child, parent = why.child[best], why.parent[best]
        if parent == child:
            continue  # of two versions of one work
        if why.name[best] >= 0:
            n = 0
            while n < n_names and names[n] != why.name[best]:
                n += 1
            names[n] = why.name[best]
            n_names = max(n_names, n + 1)
            pulled[n, child] += points
            totals[n] += points
        elif parent >= 0:
            if why.orders[why.group[best]]:
                order[parent, child] += points
                order[child, parent] -= points
            else:
                edges[parent, child] += points
        else:
            roots[child] += points
            if why.group[best] != why.derived:
                standing[child] += points
    return _fill_absent(names[:n_names], totals, pulled, pulls, absent)


@kernel
def _fill_absent(
    names: NDArray[np.int64],
    totals: NDArray[np.float64],
    pulled: NDArray[np.float64],
    pulls: NDArray[np.float64],
    absent: NDArray[np.int64],
) -> int:
    """Keep the absent sources that evidence names most strongly, and the unnamed one.

    Shapes (A sources named, N works)
        names   int64   (A,)    overwritten
        totals  float64 (A,)    what all their evidence weighs
        pulled  float64 (A, N)  what it weighs for each work
        pulls, absent           as `fill_sums` has them
    Returns how many, the unnamed one included.
    """
    n_absent = 0
    while n_absent < min(MOST_ABSENT - 1, len(names)):
        best = -1
        for n in range(len(names)):
            if names[n] >= 0 and (
                best < 0
                or totals[n] > totals[best]
                or (totals[n] == totals[best] and names[n] < names[best])
            ):
                best = n
        for i in range(pulls.shape[1]):
            pulls[n_absent, i] = pulled[best, i]
        absent[n_absent], names[best] = names[best], -1
        n_absent += 1
    absent[n_absent] = -1
    return n_absent + 1


@kernel
def fill_model(
    graphs: Graphs,
    why: Weighing,
    limits: Limits,
    chosen: NDArray[np.int64],
    without: NDArray[np.int64],
    first: int,
    last: int,
    out: Model,
) -> None:
    """Write the chances of stories chosen[first:last], without a kind of reasons each.

    A reader's decision leaves only the trees of its root.
    """
    for j in range(first, last):
        s = chosen[j]
        n = graphs.n_works[s]
        start, end, decided = why.offsets[s], why.offsets[s + 1], graphs.decided[s]
        affinity, order, edges = np.empty((n, n)), np.zeros((n, n)), np.zeros((n, n))
        roots, standing = np.zeros(n), np.zeros(n)
        pulls = np.zeros((MOST_ABSENT, n))
        # How much they share moves no origin where nothing tells, and brings no
        # parent to even odds: at most .48, where they share all.
        silent = n <= 2 and start == end and decided < 0
        fill_affinity(graphs, s, affinity, silent)
        n_absent = fill_sums(
            why, start, end, without[j], limits.cap, order, edges, roots, standing, pulls,
            out.absent[j],
        )  # fmt: skip
        prior = np.full(n_absent, limits.unseen / n_absent if decided < 0 else _ALMOST_NONE)
        if decided >= 0:
            for i in range(n):
                roots[i] = 0.0 if i == graphs.work[decided] else -_CERTAIN
            standing[graphs.work[decided]] += _CERTAIN
        out.n_absent[j] = n_absent
        base, square = out.origin_offsets[j], out.square_offsets[j]
        origin = out.origin[base : base + n + n_absent]
        base = out.parent_offsets[j]
        n_rows = n + n_absent if out.parent_offsets[j + 1] > base else 0
        parent = out.parent[base : base + n_rows * n].reshape(n_rows, n)
        fill_marginals(affinity, order, edges, roots, pulls, prior, origin, parent)
        # Differences first: of two works exchanged the sum is the opposite, to the last digit.
        for i in range(n):
            for k in range(n):
                out.ahead[square + i * n + k] = (
                    order[i, k] + (edges[i, k] - edges[k, i]) + (standing[i] - standing[k])
                )


@kernel
def fill_kinds(
    why: Weighing, chosen: NDArray[np.int64], first: int, last: int, out: NDArray[np.int64]
) -> None:
    """Write the kinds of reasons that weigh most in stories chosen[first:last].

    Shapes  out  int64 (number of chosen, kinds wanted)  -1 where there are no more
    """
    for place in range(first, last):
        s = chosen[place]
        weight = np.full(len(why.orders), -1.0)
        e, end = why.offsets[s], why.offsets[s + 1]
        while e < end:
            next_group = strongest_end(why, e, end)
            best = strongest_of(why, e, next_group, -1)
            e = next_group
            weight[why.kind[best]] = max(weight[why.kind[best]], 0.0) + abs(why.points[best])
        for n in range(out.shape[1]):
            kind = largest(weight)
            out[place, n] = kind if weight[kind] >= 0 else -1
            weight[kind] = -1.0
