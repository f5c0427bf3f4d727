"""Stories as columns, and the documents of each that are one work.

    documents by story, pairs  ->  fill_works()  ->  Graphs

Here stand the bundles of arrays that the kernels of attribution pass on:

    sums.py      Graphs, Weighing         ->  Model     chances of origins and parents
    candidate_origins.py  Graphs, Model            ->  CandidateOrigins  who wrote each story first
    places.py    Graphs, Model, CandidateOrigins  ->  Places    who copied whom
    glances.py   Graphs                   ->  Glimpses  reasons seen without texts

Every kernel takes stories [first, last) and writes what belongs to them, so
threads may share the work. To a helper go the arrays that it reads, not the
bundle: each array counts as seven arguments, and compiling takes its time.

Axes: S stories, M members (documents of stories), P pairs inside stories,
E reasons. A member is a place in the graphs, not a row of the documents.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe.kernels._compile import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

NEVER = np.iinfo(np.int64).min
"""An unknown moment, in microseconds since 1970."""

EXACT, EXCERPT = 0, 2
"""Relations that mean more here than their rank."""

N_CANDIDATES, MOST_ABSENT = 8, 5
"""Candidates that are kept, and absent sources of a story, the unnamed one included."""


class Graphs(NamedTuple):
    """Stories as graphs of documents and pairs, as columns: copy trees are found in them.

    Shapes
        rows       int64 (M,)    documents, the first of a story before the others
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
        relation   int8  (P,)    place in attribute.relations.BY_CLOSENESS
        resemblance, containment_a, containment_b   float64 (P,)
        broken     bool  (M,)    its clock is not believed
        lead       float64 (M,)  log-odds over other versions of its work, which it or they credit
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
        cap: no group moves an origin by more.
        unseen: chance that an origin is none of the works in hand, before evidence.
        own_clock: log-odds of the first version of one outlet's page.
        other_clock: the same where a work has several outlets.
    """

    cap: float
    unseen: float
    own_clock: float
    other_clock: float


class CandidateOrigins(NamedTuple):
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


class Model(NamedTuple):
    """Chances of origins and parents of stories, one after the other.

    Shapes (J stories judged; of each, N works and V absent sources)
        n_absent        int64 (J,)    V, at least 1
        absent          int64 (J, MOST_ABSENT)  absent sources; the last of V is unnamed, -1
        origin_offsets  int64 (J+1,)
        origin          float64       from there (N+V,): chance to be the origin
        square_offsets  int64 (J+1,)
        ahead           float64       from there (N, N): log-odds that i stands nearer the
                                      origin than j
        parent_offsets  int64 (J+1,)
        parent          float64       from there (N+V, N): chance that j was copied from i;
                                      nothing where parents are not wanted
    """

    n_absent: NDArray[np.int64]
    absent: NDArray[np.int64]
    origin_offsets: NDArray[np.int64]
    origin: NDArray[np.float64]
    square_offsets: NDArray[np.int64]
    ahead: NDArray[np.float64]
    parent_offsets: NDArray[np.int64]
    parent: NDArray[np.float64]


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

    Works are numbered in the order of their first member. Shapes: see Graphs.
    """
    for s in range(first, last):
        start = offsets[s]
        leader = np.arange(offsets[s + 1] - start)
        for p in range(pair_offsets[s], pair_offsets[s + 1]):
            if relation[p] == EXACT or (outlet[a[p]] >= 0 and outlet[a[p]] == outlet[b[p]]):
                one, other = find(leader, a[p] - start), find(leader, b[p] - start)
                leader[max(one, other)] = min(one, other)
        n_found = 0
        for m in range(len(leader)):
            head = find(leader, m)
            if head == m:
                work[start + m] = n_found
                n_found += 1
            else:
                work[start + m] = work[start + head]
        n_works[s] = n_found


@kernel
def find(leader: NDArray[np.int64], member: int) -> int:
    """Return who leads a member at last; shortens the way there."""
    while leader[member] != member:
        leader[member] = leader[leader[member]]
        member = leader[member]
    return member


@kernel
def by_work(work: NDArray[np.int64], start: int, end: int, n_works: int) -> NDArray[np.int64]:
    """Return the weighed members of a story by work, each work's rising.

    Shapes  work  int64 (M,)  of which a story has [start, end)
    """
    places = np.zeros(n_works + 1, np.int64)
    for m in range(start, end):
        if work[m] >= 0:
            places[work[m] + 1] += 1
    for w in range(n_works):
        places[w + 1] += places[w]
    members = np.empty(places[n_works], np.int64)
    for m in range(start, end):
        w = work[m]
        if w >= 0:
            members[places[w]] = m
            places[w] += 1
    return members
