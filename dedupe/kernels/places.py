"""Judged stories in; the parent and relation of each document, and what each kind of reason did.

    Docket, Weighing, Verdicts  ->  fill_places()   parents, relations, directions of pairs
    Docket, Weighing, Verdicts  ->  fill_without()  origins without each kind of reason

The works form one tree (see kernels/arborescence.py). Within a work, the
likeliest first version stands for it and the others hang below. Where nothing
tells which work came first, a parent is given only to those whose direction is
no coin toss.

Axes: S stories, M members, P pairs, see kernels/dockets.py.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe.kernels._compile import kernel
from dedupe.kernels.arborescence import fill_tree
from dedupe.kernels.dockets import (
    EXACT,
    NEVER,
    Docket,
    Limits,
    Sums,
    Verdicts,
    Weighing,
    marginals,
    stands_clear,
    story_sums,
    strongest_end,
    strongest_of,
    summed,
)
from dedupe.kernels.origins import fill_marginals

if TYPE_CHECKING:
    from numpy.typing import NDArray

LINEAGE = 6
"""Relations below this number are of one lineage, the closest first."""

ORIGIN, DERIVED = 11, 12
_PARAPHRASE, _UNKNOWN = 5, 99
N_KINDS = 3
"""Kinds of reasons that are left out in turn."""

# The sum is cubic: of more works, one kind of evidence rarely decides.
_MOST_WORKS = 60
_SURE = 0.5
_SMALLEST = 1e-12
_MOST_ODDS = 12.0


class Places(NamedTuple):
    """Where documents stand.

    Shapes
        head         bool    (M,)  stands for its work
        relation     int8    (M,)  place in attribute.parents.RELATIONS
        parent       int64   (M,)  member; -1 where absent
        name         int64   (M,)  absent parent; -1 unknown
        probability  float64 (M,)  of the parent; NaN without one
        first        float64 (P,)  that a's text stands nearer the origin
    """

    head: NDArray[np.bool_]
    relation: NDArray[np.int8]
    parent: NDArray[np.int64]
    name: NDArray[np.int64]
    probability: NDArray[np.float64]
    first: NDArray[np.float64]


class Without(NamedTuple):
    """Origins without a kind of reason.

    Shapes (S, N_KINDS)
        kind    int64    left out; -1 where there are no more
        before  float64  chance of the origin that was named, with all reasons
        after   float64  its chance without this kind
        work    int64    then the likeliest; -1 for an absent source
        name    int64    likewise; -1 unnamed
        clear   bool     and stands clear of the next
    """

    kind: NDArray[np.int64]
    before: NDArray[np.float64]
    after: NDArray[np.float64]
    work: NDArray[np.int64]
    name: NDArray[np.int64]
    clear: NDArray[np.bool_]


class _Links(NamedTuple):
    """The measured pairs of a story, by member of the story and by work: ranks of relations.

    Attributes:
        row, work: closest relation of each.
        row_across, work_across: closest with another work.
        to_origin: relation with the document named.
        to_head: relation with the head of its own work.
        before: last version before a member of which its relation is known, or -1.
        to_before: that relation.
        best: pair by which each work was copied from its parent, or -1.
    """

    row: NDArray[np.int64]
    work: NDArray[np.int64]
    row_across: NDArray[np.int64]
    work_across: NDArray[np.int64]
    to_origin: NDArray[np.int64]
    to_head: NDArray[np.int64]
    before: NDArray[np.int64]
    to_before: NDArray[np.int64]
    best: NDArray[np.int64]


@kernel
def fill_directions(
    docket: Docket, why: Weighing, limits: Limits, first: int, last: int, out: NDArray[np.float64]
) -> None:
    """Write, for stories of one pair each, the chance that a's text stands nearer the origin."""
    for s in range(first, last):
        sums = story_sums(docket, why, s, limits)
        out[s] = _direction(sums, 0, 1)


@kernel
def _direction(sums: Sums, i: int, j: int) -> float:
    """Return the chance that work i stands nearer the origin than work j."""
    odds = sums.order[i, j] + sums.edges[i, j] - sums.edges[j, i]
    odds += sums.standing[i] - sums.standing[j]
    return 1 / (1 + math.exp(-max(-_MOST_ODDS, min(_MOST_ODDS, odds))))


@kernel
def fill_places(
    docket: Docket,
    why: Weighing,
    limits: Limits,
    chosen: NDArray[np.int64],
    first: int,
    last: int,
    verdicts: Verdicts,
    out: Places,
) -> None:
    """Place the weighed documents of stories chosen[first:last], and direct their pairs."""
    for place in range(first, last):
        s = chosen[place]
        told = verdicts.told[s]
        named = verdicts.member[s, 0] if told else -1
        sums = story_sums(docket, why, s, limits)
        origin, parent = marginals(sums)
        heads = _heads(docket, s, named, verdicts.probability)
        above = _work_parents(origin, parent, docket.work[named] if named >= 0 else -1)
        links = _links(docket, s, named, heads, above, verdicts.probability)
        n_works = docket.n_works[s]
        for w in range(n_works):
            head = heads[w]
            out.head[head] = True
            out.parent[head] = out.name[head] = -1
            out.probability[head] = np.nan
            chance = parent[above[w], w] if above[w] >= 0 else 0.0
            if head == named:
                out.relation[head] = ORIGIN
            elif above[w] < 0 or not (told or chance >= _SURE):
                out.relation[head] = _closest(links.row, links.work, head - docket.offsets[s], w)
            elif above[w] >= n_works:
                out.relation[head] = DERIVED
                out.name[head] = sums.absent[above[w] - n_works]
                out.probability[head] = chance
            else:
                _place_below(docket, s, links, named, heads, w, above[w], out)
                out.probability[head] = chance
        _place_versions(docket, s, links, named, heads, verdicts.probability, out)
        _direct(docket, s, sums, verdicts.probability, out.first)


@kernel
def _heads(
    docket: Docket, s: int, named: int, probability: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Return the document that stands for each work: the origin, or its likeliest."""
    heads = np.full(docket.n_works[s], -1)
    for m in range(docket.offsets[s], docket.offsets[s + 1]):
        w = docket.work[m]
        if w >= 0 and (
            heads[w] < 0
            or m == named
            or (heads[w] != named and probability[m] > probability[heads[w]])
        ):
            heads[w] = m
    return heads


@kernel
def _work_parents(
    origin: NDArray[np.float64], parent: NDArray[np.float64], root: int
) -> NDArray[np.int64]:
    """Return the parent of each work: a work, an absent source (N and up), or -1.

    Args:
        origin: float64 (N+V,)
        parent: float64 (N+V, N)
        root: the work that was named, or -1.
    """
    n_works = parent.shape[1]
    if root < 0:
        root = np.argmax(origin)
    above = np.full(n_works, -1)
    absent = np.empty(n_works, np.int64)
    for w in range(n_works):
        absent[w] = n_works + np.argmax(parent[n_works:, w])
    if n_works == 1:
        above[0] = -1 if root == 0 else absent[0]
        return above
    if n_works == 2 and root < n_works:
        # No circle can close: the other work hangs below the root or an absent source.
        other = 1 - root
        hangs = parent[root, other] > parent[absent[other], other]
        above[other] = root if hangs else absent[other]
        return above
    gains = np.full((n_works + 1, n_works + 1), -np.inf)
    for w in range(n_works):
        gains[0, 1 + w] = math.log(max(parent[absent[w], w], _SMALLEST))
        for i in range(n_works):
            gains[1 + i, 1 + w] = math.log(max(parent[i, w], _SMALLEST))
    if root < n_works:
        gains[:, 1 + root] = -np.inf
        gains[0, 1 + root] = 0.0
    tree = np.empty(n_works + 1, np.int64)
    fill_tree(gains, tree)
    for w in range(n_works):
        if tree[1 + w] > 0:
            above[w] = tree[1 + w] - 1
        elif w != root:
            above[w] = absent[w]
    return above


@kernel
def _links(
    docket: Docket,
    s: int,
    named: int,
    heads: NDArray[np.int64],
    above: NDArray[np.int64],
    probability: NDArray[np.float64],
) -> _Links:
    """Read the pairs of a story once: all looks at them from each work would be quadratic."""
    start, n_works = docket.offsets[s], docket.n_works[s]
    n = docket.offsets[s + 1] - start
    links = _Links(
        np.full(n, _UNKNOWN), np.full(n_works, _UNKNOWN), np.full(n, _UNKNOWN),
        np.full(n_works, _UNKNOWN), np.full(n, _UNKNOWN), np.full(n, _UNKNOWN),
        np.full(n, -1), np.full(n, _UNKNOWN), np.full(n_works, -1),
    )  # fmt: skip
    for p in range(docket.pair_offsets[s], docket.pair_offsets[s + 1]):
        a, b = docket.a[p], docket.b[p]
        i, j = docket.work[a], docket.work[b]
        if i < 0 or j < 0:
            continue
        rank = min(np.int64(docket.relation[p]), LINEAGE)
        for m, w in ((a, i), (b, j)):
            links.row[m - start] = min(links.row[m - start], rank)
            links.work[w] = min(links.work[w], rank)
            if i != j:
                links.row_across[m - start] = min(links.row_across[m - start], rank)
                links.work_across[w] = min(links.work_across[w], rank)
        for m, other in ((a, b), (b, a)):
            if other == named:
                links.to_origin[m - start] = rank
        if i != j:
            for below, upper in ((i, j), (j, i)):
                held = links.best[below]
                if above[below] == upper and (
                    held < 0 or _fits_better(docket, p, held, upper, named, heads, probability)
                ):
                    links.best[below] = p
        elif rank < LINEAGE:
            for m, other in ((a, b), (b, a)):
                if other == heads[i]:
                    links.to_head[m - start] = rank
                _note_version(docket, start, links, heads[i], m, other, rank)
    return links


@kernel
def _fits_better(
    docket: Docket,
    p: int,
    held: int,
    upper: int,
    named: int,
    heads: NDArray[np.int64],
    probability: NDArray[np.float64],
) -> bool:
    """Say whether a pair, rather than another, is the one by which a work was copied.

    It is the version most alike, then the origin, then what stands for its work.
    """
    one = docket.relation[p] < LINEAGE
    other = docket.relation[held] < LINEAGE
    if one != other:
        return bool(one)
    alike = np.rint(docket.resemblance[p] * 100) - np.rint(docket.resemblance[held] * 100)
    if alike != 0:
        return bool(alike > 0)
    above, below = docket.a[p], docket.b[p]
    if docket.work[above] != upper:
        above, below = below, above
    held_above, held_below = docket.a[held], docket.b[held]
    if docket.work[held_above] != upper:
        held_above, held_below = held_below, held_above
    if (above == named) != (held_above == named):
        return bool(above == named)
    head = heads[docket.work[below]]
    if (below == head) != (held_below == head):
        return bool(below == head)
    if probability[above] != probability[held_above]:
        return bool(probability[above] > probability[held_above])
    return bool(above < held_above)


@kernel
def _note_version(
    docket: Docket, start: int, links: _Links, head: int, m: int, other: int, rank: int
) -> None:
    """Note `other` as the last version before `m`, if it is."""
    outlet = docket.outlet[head]
    for one in (m, other):
        if docket.outlet[one] != outlet or docket.latest[one] == NEVER:
            return
    held = links.before[m - start]
    if _follows(docket, head, m, other) and (held < 0 or _follows(docket, head, other, held)):
        links.before[m - start] = other
        links.to_before[m - start] = rank


@kernel
def _follows(docket: Docket, head: int, m: int, other: int) -> bool:
    """Say whether a version comes after another: the head is first, then clocks tell."""
    if m == head or other == head:
        return bool(m != head)
    if docket.latest[m] != docket.latest[other]:
        return bool(docket.latest[m] > docket.latest[other])
    return bool(m > other)


@kernel
def _closest(rows: NDArray[np.int64], works: NDArray[np.int64], m: int, w: int) -> int:
    """Return the closest relation measured for a document, or else for its work.

    Without any, as where a reader linked it to what it shares nothing with, it
    tells the same in other words.
    """
    rank = rows[m] if rows[m] != _UNKNOWN else works[w]
    return min(rank, _PARAPHRASE)


@kernel
def _place_below(
    docket: Docket,
    s: int,
    links: _Links,
    named: int,
    heads: NDArray[np.int64],
    w: int,
    upper: int,
    out: Places,
) -> None:
    """Write the document of the parent's work, and the relation measured with it."""
    start = docket.offsets[s]
    parent, relation = heads[upper], np.int64(_UNKNOWN)
    if links.best[w] >= 0:
        p = links.best[w]
        parent = docket.a[p] if docket.work[docket.a[p]] == upper else docket.b[p]
        relation = np.int64(docket.relation[p])
        # Exact copies stand for each other, and only one of them is measured.
        stands_for = named >= 0 and docket.work[named] == upper
        if stands_for and links.to_origin[parent - start] == EXACT:
            parent = named
    if relation >= LINEAGE:
        relation = _closest(links.row_across, links.work_across, heads[w] - start, w)
    out.parent[heads[w]], out.relation[heads[w]] = parent, relation


@kernel
def _place_versions(
    docket: Docket,
    s: int,
    links: _Links,
    named: int,
    heads: NDArray[np.int64],
    probability: NDArray[np.float64],
    out: Places,
) -> None:
    """Place the other documents of works: an outlet's versions in their order, copies below."""
    start, end = docket.offsets[s], docket.offsets[s + 1]
    total, size = np.zeros(len(heads)), np.zeros(len(heads), np.int64)
    for m in range(start, end):
        if docket.work[m] >= 0:
            total[docket.work[m]] += probability[m]
            size[docket.work[m]] += 1
    for m in range(start, end):
        w = docket.work[m]
        if w < 0 or heads[w] == m:
            continue
        share = probability[heads[w]] / total[w] if total[w] > 0 else 1 / size[w]
        stands_out = heads[w] == named or share * size[w] > 1 + 1e-9
        before = links.before[m - start] if stands_out else -1
        rank = links.to_before[m - start] if before >= 0 else links.to_head[m - start]
        out.head[m] = False
        out.relation[m] = rank if rank < LINEAGE else EXACT
        out.name[m], out.parent[m], out.probability[m] = -1, -1, np.nan
        if stands_out:
            out.parent[m] = before if before >= 0 else heads[w]
            out.probability[m] = share


@kernel
def _direct(
    docket: Docket,
    s: int,
    sums: Sums,
    probability: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    for p in range(docket.pair_offsets[s], docket.pair_offsets[s + 1]):
        a, b = docket.a[p], docket.b[p]
        i, j = docket.work[a], docket.work[b]
        if i < 0 or j < 0:
            continue
        if i != j:
            out[p] = _direction(sums, i, j)
        elif probability[a] + probability[b] > 0:
            out[p] = probability[a] / (probability[a] + probability[b])


@kernel
def fill_without(
    docket: Docket,
    why: Weighing,
    limits: Limits,
    chosen: NDArray[np.int64],
    first: int,
    last: int,
    verdicts: Verdicts,
    out: Without,
) -> None:
    """Judge stories chosen[first:last] again without their strongest kinds of reasons, in turn."""
    for place in range(first, last):
        s = chosen[place]
        out.kind[s] = -1
        n_works = docket.n_works[s]
        if not verdicts.told[s] or docket.decided[s] >= 0 or n_works > _MOST_WORKS:
            continue
        sums = story_sums(docket, why, s, limits)
        member, name = verdicts.member[s, 0], verdicts.name[s, 0]
        before = _chances(sums)[_place_of(docket, member, name, sums.absent, n_works)]
        weight = _kind_weights(why, s)
        for place_of_kind in range(N_KINDS):
            kind = np.argmax(weight)
            if weight[kind] < 0:
                break
            weight[kind] = -1.0
            start, end = why.offsets[s], why.offsets[s + 1]
            less = summed(why, start, end, kind, sums.affinity, limits)
            chances = _chances(less)
            same = _place_of(docket, member, name, less.absent, n_works)
            best = np.argmax(chances)
            out.kind[s, place_of_kind] = kind
            out.before[s, place_of_kind] = before
            out.after[s, place_of_kind] = chances[same] if same >= 0 else 0.0
            out.work[s, place_of_kind] = best if best < n_works else -1
            out.name[s, place_of_kind] = less.absent[best - n_works] if best >= n_works else -1
            likeliest = chances[best]
            chances[best] = -1.0
            n_kept = 0
            for e in range(start, end):
                n_kept += why.kind[e] != kind
            out.clear[s, place_of_kind] = n_kept > 0 and stands_clear(likeliest, chances.max())


@kernel
def _chances(sums: Sums) -> NDArray[np.float64]:
    """Return the chance of every origin, without parents."""
    origin = np.empty(len(sums.roots) + len(sums.prior))
    fill_marginals(
        sums.affinity, sums.order, sums.edges, sums.roots, sums.pulls, sums.prior,
        origin, np.empty((len(origin), 0)),
    )  # fmt: skip
    return origin


@kernel
def _place_of(
    docket: Docket, member: int, name: int, absent: NDArray[np.int64], n_works: int
) -> int:
    """Return the place of an origin among all; -1 where it is none of them."""
    if member >= 0:
        return int(docket.work[member])
    for v in range(len(absent)):
        if absent[v] == name:
            return n_works + v
    return -1


@kernel
def _kind_weights(why: Weighing, s: int) -> NDArray[np.float64]:
    """Return the points of each kind of reason that counts in a story; -1 for those it lacks."""
    weight = np.full(len(why.orders), -1.0)
    e, last = why.offsets[s], why.offsets[s + 1]
    while e < last:
        end = strongest_end(why, e, last)
        best = strongest_of(why, e, end, -1)
        e = end
        weight[why.kind[best]] = max(weight[why.kind[best]], 0.0) + abs(why.points[best])
    return weight
