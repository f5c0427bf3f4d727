"""Stories in turn; their works, what lies open between them, and the origin of each.

    Docket                   ->  fill_works()     documents that are one work
    Docket                   ->  glance()         clocks and lengths: Reasons
    Docket, Reasons          ->  fill_verdicts()  chance of each document, candidates

Every kernel takes stories [first, last) and writes what belongs to them, so
threads may share the work.

Axes: S stories, M members (documents of stories), P pairs inside stories,
E reasons. A member is a place in the docket, not a row of the documents.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe.kernels._compile import kernel
from dedupe.kernels.origins import fill_marginals

if TYPE_CHECKING:
    from numpy.typing import NDArray

NEVER = np.iinfo(np.int64).min
"""An unknown moment, in microseconds since 1970."""

EXACT, EXCERPT = 0, 2
"""Relations that mean more here than their rank."""

SEEN_PAIRS = 64
"""Works of a story whose clocks are all compared; of more, each with the earliest only."""

N_CANDIDATES = 8
_N_NAMES = 4
_UNMEASURED, _HUBS = 0.05, 3
MOST_AFFINITY = 1 + _UNMEASURED
"""Affinity of two works, one of which holds all of the other."""

# Log-odds that no evidence outweighs, and a chance whose logarithm still is a number.
_CERTAIN, _ALMOST_NONE = 700.0, 1e-300
_LOWEST, _CLEAR = 0.35, 2.0


class Docket(NamedTuple):
    """Stories to be judged, as columns.

    Shapes
        rows       int64 (M,)    documents, rising within a story
        offsets    int64 (S+1,)  story s has members [offsets[s], offsets[s+1])
        outlet     int64 (M,)    a number for each outlet's name; -1 unknown
        whose      int64 (M,)    the outlet within its story; those unknown differ
        earliest, latest, seen   int64 (M,)  clocks, see attribute.pages.Pages
        decided    int64 (S,)    member that a reader holds for the origin, or -1
        work       int64 (M,)    its work within the story; -1 for not weighed
        n_works    int64 (S,)    works weighed
        pair_offsets  int64 (S+1,)  pairs of a story
        place      int64 (P,)    row of the pairs table
        a, b       int64 (P,)    members
        relation   int8  (P,)    place in attribute.parents.RELATIONS
        resemblance, containment_a, containment_b   float64 (P,)
        broken     bool  (M,)    its clock is not believed
        lead       float64 (M,)  log-odds over other versions of its work, by its own credits
    """

    rows: NDArray[np.int64]
    offsets: NDArray[np.int64]
    outlet: NDArray[np.int64]
    whose: NDArray[np.int64]
    earliest: NDArray[np.int64]
    latest: NDArray[np.int64]
    seen: NDArray[np.int64]
    decided: NDArray[np.int64]
    work: NDArray[np.int64]
    n_works: NDArray[np.int64]
    pair_offsets: NDArray[np.int64]
    place: NDArray[np.int64]
    a: NDArray[np.int64]
    b: NDArray[np.int64]
    relation: NDArray[np.int8]
    resemblance: NDArray[np.float64]
    containment_a: NDArray[np.float64]
    containment_b: NDArray[np.float64]
    broken: NDArray[np.bool_]
    lead: NDArray[np.float64]


class Weighing(NamedTuple):
    """Reasons as the sums take them, sorted by story, child, parent, name and group.

    Shapes
        offsets    int64 (S+1,)  reasons of a story
        child      int64 (E,)    work that was copied, or that the reason is about
        parent     int64 (E,)    work it was copied from, or -1
        name       int64 (E,)    absent source it was copied from, or -1
        group      int64 (E,)    of one group on one target, the strongest counts
        kind       int64 (E,)    what may be left out together, for counterfactuals
        points     float64 (E,)  log-odds
        member     int64 (E,)    document that carries it
        within     float64 (E,)  what it says of the versions of one work, log-odds
        orders     bool  (number of groups,)  says only which work is nearer the front
        derived    int64         the group of "names an absent source"
    """

    offsets: NDArray[np.int64]
    child: NDArray[np.int64]
    parent: NDArray[np.int64]
    name: NDArray[np.int64]
    group: NDArray[np.int64]
    kind: NDArray[np.int64]
    points: NDArray[np.float64]
    member: NDArray[np.int64]
    within: NDArray[np.float64]
    orders: NDArray[np.bool_]
    derived: int


class Limits(NamedTuple):
    """Constants of attribution.

    Attributes:
        cap: no group moves a verdict by more.
        unseen: chance that an origin is none of the works in hand, before evidence.
        own_clock: log-odds of the first version of one outlet's page.
        other_clock: the same where a work has several outlets.
    """

    cap: float
    unseen: float
    own_clock: float
    other_clock: float


class Verdicts(NamedTuple):
    """Who wrote it first.

    Shapes
        probability  float64 (M,)  of each document to be the origin
        told         bool  (S,)    the first candidate is named
        n_candidates int64 (S,)    all there are
        chance       float64 (S, N_CANDIDATES)  of the first candidates, falling
        member       int64 (S, N_CANDIDATES)    document; -1 for an absent source
        name         int64 (S, N_CANDIDATES)    absent source; -1 for unnamed
    """

    probability: NDArray[np.float64]
    told: NDArray[np.bool_]
    n_candidates: NDArray[np.int64]
    chance: NDArray[np.float64]
    member: NDArray[np.int64]
    name: NDArray[np.int64]


class Sums(NamedTuple):
    """Reasons of one story, added up: see attribute.model.Weights, and Scores for standing."""

    affinity: NDArray[np.float64]
    order: NDArray[np.float64]
    edges: NDArray[np.float64]
    roots: NDArray[np.float64]
    pulls: NDArray[np.float64]
    prior: NDArray[np.float64]
    standing: NDArray[np.float64]
    absent: NDArray[np.int64]


@kernel
def fill_works(
    offsets: NDArray[np.int64],
    outlet: NDArray[np.int64],
    pair_offsets: NDArray[np.int64],
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    relation: NDArray[np.int8],
    first: int,
    last: int,
    work: NDArray[np.int64],
    n_works: NDArray[np.int64],
) -> None:
    """Write the work of each member: exact copies are one, and an outlet's own versions.

    Works are numbered in the order of their first member. Shapes: see Docket.
    """
    for s in range(first, last):
        start = offsets[s]
        leader = np.arange(offsets[s + 1] - start)
        for p in range(pair_offsets[s], pair_offsets[s + 1]):
            if relation[p] == EXACT or (outlet[a[p]] >= 0 and outlet[a[p]] == outlet[b[p]]):
                one, other = _find(leader, a[p] - start), _find(leader, b[p] - start)
                leader[max(one, other)] = min(one, other)
        n_found = 0
        for m in range(len(leader)):
            head = _find(leader, m)
            if head == m:
                work[start + m] = n_found
                n_found += 1
            else:
                work[start + m] = work[start + head]
        n_works[s] = n_found


@kernel
def _find(leader: NDArray[np.int64], member: int) -> int:
    while leader[member] != member:
        leader[member] = leader[leader[member]]
        member = leader[member]
    return member


@kernel
def by_work(docket: Docket, s: int) -> NDArray[np.int64]:
    """Return the weighed members of a story by work, each work's rising."""
    start, end = docket.offsets[s], docket.offsets[s + 1]
    places = np.zeros(docket.n_works[s] + 1, np.int64)
    for m in range(start, end):
        if docket.work[m] >= 0:
            places[docket.work[m] + 1] += 1
    for w in range(docket.n_works[s]):
        places[w + 1] += places[w]
    members = np.empty(places[-1], np.int64)
    for m in range(start, end):
        w = docket.work[m]
        if w >= 0:
            members[places[w]] = m
            places[w] += 1
    return members


@kernel
def fill_affinity(docket: Docket, s: int, affinity: NDArray[np.float64]) -> None:
    """Weigh an edge by what two works share, whichever way it points."""
    affinity[:] = _UNMEASURED
    work = docket.work
    for p in range(docket.pair_offsets[s], docket.pair_offsets[s + 1]):
        i, j = work[docket.a[p]], work[docket.b[p]]
        if i < 0 or j < 0:
            continue
        shared = max(docket.containment_a[p], docket.containment_b[p], docket.resemblance[p])
        affinity[i, j] = max(affinity[i, j], _UNMEASURED + shared)
        affinity[j, i] = affinity[i, j]
    n_works = len(affinity)
    if n_works <= 2:
        return
    # Of many copies only the pairs with a few of them are measured: two works
    # that are both near such a hub are near each other.
    measured = np.zeros(n_works, np.int64)
    for i in range(n_works):
        for j in range(n_works):
            measured[j] += affinity[i, j] > _UNMEASURED
    for _ in range(_HUBS):
        hub = np.argmax(measured)
        measured[hub] = -1
        near = np.minimum(affinity[hub], 1.0)
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
def summed(
    why: Weighing,
    first: int,
    last: int,
    without: int,
    affinity: NDArray[np.float64],
    limits: Limits,
) -> Sums:
    """Add up the reasons [first, last) of a story: the strongest of each group on each target.

    Args:
        without: kind of reasons to leave out, or -1.
    """
    n_works = len(affinity)
    order, edges = np.zeros((n_works, n_works)), np.zeros((n_works, n_works))
    roots, standing = np.zeros(n_works), np.zeros(n_works)
    n_naming = 0
    for e in range(first, last):
        n_naming += why.name[e] >= 0
    names, pulled = np.empty(n_naming, np.int64), np.zeros((n_naming, n_works))
    n_names = 0
    e = first
    while e < last:
        end = strongest_end(why, e, last)
        best = strongest_of(why, e, end, without)
        e = end
        if best < 0:
            continue
        points = max(-limits.cap, min(limits.cap, why.points[best]))
        child, parent = why.child[best], why.parent[best]
        if why.name[best] >= 0:
            n = 0
            while n < n_names and names[n] != why.name[best]:
                n += 1
            names[n] = why.name[best]
            n_names = max(n_names, n + 1)
            pulled[n, child] += points
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
    n_absent = min(_N_NAMES, n_names) + 1
    absent, pulls = np.full(n_absent, -1), np.zeros((n_absent, n_works))
    totals = pulled[:n_names].sum(axis=1)
    for v in range(n_absent - 1):
        best = -1
        for n in range(n_names):
            if names[n] >= 0 and (
                best < 0
                or totals[n] > totals[best]
                or (totals[n] == totals[best] and names[n] < names[best])
            ):
                best = n
        absent[v], pulls[v] = names[best], pulled[best]
        names[best] = -1
    prior = np.full(n_absent, limits.unseen / n_absent)
    return Sums(affinity, order, edges, roots, pulls, prior, standing, absent)


@kernel
def story_sums(docket: Docket, why: Weighing, s: int, limits: Limits) -> Sums:
    """Add up the reasons of one story; a reader's decision leaves only the trees of its root."""
    n_works = docket.n_works[s]
    affinity = np.empty((n_works, n_works))
    first, last = why.offsets[s], why.offsets[s + 1]
    decided = docket.decided[s]
    if n_works <= 2 and first == last and decided < 0:
        # How much they share moves no origin then, and brings no parent to even
        # odds: at most .48, where they share all.
        affinity[:] = MOST_AFFINITY
    else:
        fill_affinity(docket, s, affinity)
    sums = summed(why, first, last, -1, affinity, limits)
    if decided >= 0:
        root = docket.work[decided]
        sums.roots[:] = -_CERTAIN
        sums.roots[root] = 0.0
        sums.standing[root] += _CERTAIN
        sums.prior[:] = _ALMOST_NONE
    return sums


@kernel
def marginals(sums: Sums) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the chance of every origin, and of every parent: see `fill_marginals`."""
    n_works, n_absent = len(sums.roots), len(sums.prior)
    origin, parent = np.empty(n_works + n_absent), np.empty((n_works + n_absent, n_works))
    fill_marginals(
        sums.affinity, sums.order, sums.edges, sums.roots, sums.pulls, sums.prior, origin, parent
    )
    return origin, parent


@kernel
def stands_clear(best: float, second: float) -> bool:
    """Say whether the likeliest of all origins may be named."""
    return best >= _LOWEST and best >= _CLEAR * second


@kernel
def fill_verdicts(
    docket: Docket,
    why: Weighing,
    limits: Limits,
    chosen: NDArray[np.int64],
    first: int,
    last: int,
    out: Verdicts,
) -> None:
    """Write the verdicts of stories chosen[first:last]."""
    for place in range(first, last):
        s = chosen[place]
        sums = story_sums(docket, why, s, limits)
        origin, _ = marginals(sums)
        _fill_documents(docket, why, s, limits, origin, out.probability)
        _fill_candidates(docket, s, origin[docket.n_works[s] :], sums.absent, out)
        second = out.chance[s, 1] if out.n_candidates[s] > 1 else 0.0
        clear = why.offsets[s + 1] > why.offsets[s] and stands_clear(out.chance[s, 0], second)
        out.told[s] = docket.decided[s] >= 0 or clear


@kernel
def _fill_documents(
    docket: Docket,
    why: Weighing,
    s: int,
    limits: Limits,
    origin: NDArray[np.float64],
    probability: NDArray[np.float64],
) -> None:
    """Share the chance of each work among its documents: own credits first, then clocks."""
    start, end = docket.offsets[s], docket.offsets[s + 1]
    n_works, work = docket.n_works[s], docket.work
    size, timed = np.zeros(n_works, np.int64), np.zeros(n_works, np.int64)
    n_first = np.zeros(n_works, np.int64)
    first, outlet = np.full(n_works, -1), np.full(n_works, -2)
    for m in range(start, end):
        probability[m] = 0.0
        w = work[m]
        if w < 0:
            continue
        size[w] += 1
        probability[m] = docket.lead[m]
        outlet[w] = docket.outlet[m] if outlet[w] in (-2, docket.outlet[m]) else -1
        if docket.latest[m] == NEVER:
            continue
        timed[w] += 1
        if first[w] < 0 or docket.latest[m] < docket.latest[first[w]]:
            first[w], n_first[w] = m, 1
        elif docket.latest[m] == docket.latest[first[w]]:
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
    decided = docket.decided[s]
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
    docket: Docket,
    s: int,
    absent_chance: NDArray[np.float64],
    absent: NDArray[np.int64],
    out: Verdicts,
) -> None:
    """Write one candidate for each outlet, its likeliest document, and each absent source.

    Versions of one page may be two works, where the pair of them was not
    measured; they are no rivals.
    """
    start, end = docket.offsets[s], docket.offsets[s + 1]
    total, best = np.zeros(end - start), np.full(end - start, -1)
    for m in by_work(docket, s):
        one = docket.whose[m]
        if best[one] < 0 or out.probability[m] > total[one]:
            best[one] = m
        total[one] += out.probability[m]
    n_all = len(absent)
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
        for v in range(len(absent)):
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
