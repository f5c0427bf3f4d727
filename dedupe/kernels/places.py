"""Stories and their origins in; parent and relation of documents, direction of pairs, out.

    Graphs, Model, CandidateOrigins  ->  fill_places()

The works form one tree (see kernels/arborescence.py). Within a work, the
likeliest first version stands for it and the others hang below. Where nothing
tells which work came first, a parent is given only to those whose direction is
no coin toss.

Axes: S stories, M members, P pairs, see kernels/graphs.py.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe.kernels._compile import kernel
from dedupe.kernels.arborescence import fill_tree
from dedupe.kernels.graphs import EXACT, CandidateOrigins, Graphs, Model
from dedupe.kernels.links import LINEAGE, UNKNOWN, Links, read_links
from dedupe.kernels.totals import largest

if TYPE_CHECKING:
    from numpy.typing import NDArray

ORIGIN, DERIVED = 11, 12
_UPDATE, _PARAPHRASE = 3, 5
# Where no origin is told, a parent is from this chance on. At .25 and .75 no figure changes.
_SURE = 0.5
# Least chance whose logarithm is taken, and log-odds beyond which a direction is as sure.
_SMALLEST = 1e-12
_MOST_ODDS = 12.0


class Places(NamedTuple):
    """Where documents stand.

    Shapes
        head         bool    (M,)  stands for its work
        relation     int8    (M,)  place in attribute.relations.BY_CLOSENESS
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


@kernel
def fill_places(
    graphs: Graphs,
    chosen: NDArray[np.int64],
    first: int,
    last: int,
    model: Model,
    origins: CandidateOrigins,
    out: Places,
) -> None:
    """Place the weighed documents of stories chosen[first:last], and direct their pairs."""
    for j in range(first, last):
        s = chosen[j]
        told = origins.told[s]
        named = origins.member[s, 0] if told else -1
        n_works, n_all = graphs.n_works[s], graphs.n_works[s] + model.n_absent[j]
        base = model.parent_offsets[j]
        parent = model.parent[base : base + n_all * n_works].reshape(n_all, n_works)
        base = model.origin_offsets[j]
        heads = _heads(graphs, s, named, origins.probability)
        root = graphs.work[named] if named >= 0 else largest(model.origin[base : base + n_all])
        above = _work_parents(parent, root)
        links = read_links(graphs, s, named, heads, above, origins.probability)
        for w in range(n_works):
            head = heads[w]
            out.head[head] = True
            out.parent[head], out.name[head], out.probability[head] = -1, -1, np.nan
            chance = parent[above[w], w] if above[w] >= 0 else 0.0
            if head == named:
                out.relation[head] = ORIGIN
            elif above[w] < 0 or not (told or chance >= _SURE):
                out.relation[head] = _closest(links.row, links.work, head - graphs.offsets[s], w)
            elif above[w] >= n_works:
                out.relation[head] = DERIVED
                out.name[head] = model.absent[j, above[w] - n_works]
                out.probability[head] = chance
            else:
                _place_below(graphs, s, links, named, heads, w, above[w], out)
                out.probability[head] = chance
        _place_versions(graphs, s, links, named, heads, origins.probability, out)
        _direct(graphs, s, model.ahead[model.square_offsets[j] :], origins.probability, out.first)


@kernel
def _heads(
    graphs: Graphs, s: int, named: int, probability: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Return the document that stands for each work: the origin, or its likeliest."""
    heads = np.full(graphs.n_works[s], -1)
    for m in range(graphs.offsets[s], graphs.offsets[s + 1]):
        w = graphs.work[m]
        if w >= 0 and (
            heads[w] < 0
            or m == named
            or (heads[w] != named and probability[m] > probability[heads[w]])
        ):
            heads[w] = m
    return heads


@kernel
def _work_parents(parent: NDArray[np.float64], root: int) -> NDArray[np.int64]:
    """Return the parent of each work: a work, an absent source (N and up), or -1.

    Args:
        parent: float64 (N+V, N)
        root: the work that was named, or the likeliest of all origins.
    """
    n_works = parent.shape[1]
    above = np.full(n_works, -1)
    absent = np.empty(n_works, np.int64)
    for w in range(n_works):
        absent[w] = n_works + largest(parent[n_works:, w])
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
        gains[0, 1 + w] = math.log(max(float(parent[absent[w], w]), _SMALLEST))
        for i in range(n_works):
            gains[1 + i, 1 + w] = math.log(max(float(parent[i, w]), _SMALLEST))
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
def _closest(rows: NDArray[np.int64], works: NDArray[np.int64], m: int, w: int) -> int:
    """Return the closest relation measured for a document, or else for its work.

    Without any, as where a reader linked it to what it shares nothing with, it
    tells the same in other words.
    """
    rank = rows[m] if rows[m] != UNKNOWN else works[w]
    return min(rank, _PARAPHRASE)


@kernel
def _place_below(
    graphs: Graphs,
    s: int,
    links: Links,
    named: int,
    heads: NDArray[np.int64],
    w: int,
    upper: int,
    out: Places,
) -> None:
    """Write the document of the parent's work, and the relation measured with it."""
    start = graphs.offsets[s]
    parent, relation = heads[upper], np.int64(UNKNOWN)
    if links.best[w] >= 0:
        p = links.best[w]
        parent = graphs.a[p] if graphs.work[graphs.a[p]] == upper else graphs.b[p]
        relation = np.int64(graphs.relation[p])
        # Exact copies stand for each other, and only one of them is measured.
        stands_for = named >= 0 and graphs.work[named] == upper
        if stands_for and links.to_origin[parent - start] == EXACT:
            parent = named
    if relation >= LINEAGE:
        relation = _closest(links.row_across, links.work_across, heads[w] - start, w)
    out.parent[heads[w]], out.relation[heads[w]] = parent, relation


@kernel
def _place_versions(
    graphs: Graphs,
    s: int,
    links: Links,
    named: int,
    heads: NDArray[np.int64],
    probability: NDArray[np.float64],
    out: Places,
) -> None:
    """Place the other documents of works: an outlet's versions in their order, copies below.

    Of equal texts one stands below what it was made from, and the others below it.
    """
    start, end = graphs.offsets[s], graphs.offsets[s + 1]
    total, size = np.zeros(len(heads)), np.zeros(len(heads), np.int64)
    for m in range(start, end):
        if graphs.work[m] >= 0:
            total[graphs.work[m]] += probability[m]
            size[graphs.work[m]] += 1
    printed = _first_printed(graphs, s, links, heads, probability)
    to_head = np.full(end - start, UNKNOWN)
    for m in range(end - start):
        text = links.text[m]
        to_head[text] = min(to_head[text], links.to_head[m])
    for m in range(start, end):
        w = graphs.work[m]
        if w < 0 or heads[w] == m:
            continue
        text = links.text[m - start]
        share = probability[heads[w]] / total[w] if total[w] > 0 else 1 / size[w]
        stands_out = heads[w] == named or share * size[w] > 1 + 1e-9
        before = links.before[m - start] if stands_out else -1
        out.head[m] = False
        if printed[text] != m:
            before = printed[text]
            out.relation[m] = EXACT
        elif before >= 0:
            out.relation[m] = links.to_before[m - start]
        elif to_head[text] != UNKNOWN:
            out.relation[m] = to_head[text]
        else:
            out.relation[m] = _hidden(graphs, links, heads[w], m, start)
        out.name[m], out.parent[m], out.probability[m] = -1, -1, np.nan
        if stands_out:
            out.parent[m] = before if before >= 0 else heads[w]
            out.probability[m] = share


@kernel
def _first_printed(
    graphs: Graphs,
    s: int,
    links: Links,
    heads: NDArray[np.int64],
    probability: NDArray[np.float64],
) -> NDArray[np.int64]:
    """Return, at the first member of each text of a work, the member that printed it first.

    It is what stands for the work, or else what the outlet of that printed, or else the
    likeliest; of equals the first.
    """
    start, end = graphs.offsets[s], graphs.offsets[s + 1]
    printed = np.full(end - start, -1)
    rank = np.zeros(end - start)
    for m in range(start, end):
        w = graphs.work[m]
        if w < 0:
            continue
        text, own = links.text[m - start], probability[m]
        if graphs.outlet[m] >= 0 and graphs.outlet[m] == graphs.outlet[heads[w]]:
            own = 2.0
        if m == heads[w]:
            own = 3.0
        if printed[text] < 0 or own > rank[text]:
            printed[text], rank[text] = m, own
    return printed


@kernel
def _hidden(graphs: Graphs, links: Links, head: int, m: int, start: int) -> int:
    """Return the relation of a version with the head of its work, where no pair tells it.

    A crowd may hide the pair of two versions of one outlet; of another outlet, a document
    stands in the work by what it is closest to.
    """
    if graphs.outlet[m] >= 0 and graphs.outlet[m] == graphs.outlet[head]:
        return np.int64(_UPDATE)
    return min(links.row[m - start], np.int64(_PARAPHRASE))


@kernel
def _direct(
    graphs: Graphs,
    s: int,
    ahead: NDArray[np.float64],
    probability: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    """Write, of each pair of a story, the chance that a's text stands nearer the origin."""
    for p in range(graphs.pair_offsets[s], graphs.pair_offsets[s + 1]):
        a, b = graphs.a[p], graphs.b[p]
        i, j = graphs.work[a], graphs.work[b]
        if i < 0 or j < 0:
            continue
        if i != j:
            out[p] = first_chance(ahead[i * graphs.n_works[s] + j])
        elif probability[a] + probability[b] > 0:
            out[p] = probability[a] / (probability[a] + probability[b])


@kernel
def first_chance(odds: float) -> float:
    """Return the chance that log-odds mean; no more of it than evidence can be worth.

    Of the opposite log-odds it is 1 less this, to the last digit.
    """
    likelier = 1 / (1 + math.exp(-min(_MOST_ODDS, abs(odds))))
    return likelier if odds >= 0 else 1 - likelier
