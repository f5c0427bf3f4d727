"""The measured pairs of one story in; how close its documents and works are, out.

    Graphs, heads and parents of works  ->  read_links()  ->  Links

All pairs are read once: to look at them from each work would be quadratic.

Axes: M members and N works of one story, P pairs; see graphs.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe.kernels._compile import kernel
from dedupe.kernels.graphs import EXACT, NEVER, Graphs, find

if TYPE_CHECKING:
    from numpy.typing import NDArray

LINEAGE = 6
"""Relations below this number are of one lineage, the closest first."""

UNKNOWN = 99
"""Stands for a relation that was not measured."""


class Links(NamedTuple):
    """The measured pairs of a story, by member of the story and by work: ranks of relations.

    Attributes:
        row, work: closest relation of each.
        row_across, work_across: closest with another work.
        to_origin: relation with the document named.
        to_head: relation with the head of its own work.
        before: last version before a member of which its relation is known, or -1.
        to_before: that relation.
        text: the first member of its own work that has its text, itself where no other has.
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
    text: NDArray[np.int64]
    best: NDArray[np.int64]


@kernel
def read_links(
    graphs: Graphs,
    s: int,
    named: int,
    heads: NDArray[np.int64],
    above: NDArray[np.int64],
    probability: NDArray[np.float64],
) -> Links:
    """Read the pairs of a story once: all looks at them from each work would be quadratic."""
    start, n_works = graphs.offsets[s], graphs.n_works[s]
    n = graphs.offsets[s + 1] - start
    links = Links(
        np.full(n, UNKNOWN), np.full(n_works, UNKNOWN), np.full(n, UNKNOWN),
        np.full(n_works, UNKNOWN), np.full(n, UNKNOWN), np.full(n, UNKNOWN),
        np.full(n, -1), np.full(n, UNKNOWN), np.arange(n), np.full(n_works, -1),
    )  # fmt: skip
    for p in range(graphs.pair_offsets[s], graphs.pair_offsets[s + 1]):
        a, b = graphs.a[p], graphs.b[p]
        i, j = graphs.work[a], graphs.work[b]
        rank = min(int(graphs.relation[p]), LINEAGE)
        for m, w in ((a, i), (b, j)):
            # In a crowd one's pairs may all be with documents that are not weighed.
            if w < 0:
                continue
            links.row[m - start] = min(links.row[m - start], rank)
            links.work[w] = min(links.work[w], rank)
            if i != j:
                links.row_across[m - start] = min(links.row_across[m - start], rank)
                links.work_across[w] = min(links.work_across[w], rank)
        if i < 0 or j < 0:
            continue
        for m, other in ((a, b), (b, a)):
            if other == named:
                links.to_origin[m - start] = rank
        if i != j:
            for below, upper in ((i, j), (j, i)):
                held = links.best[below]
                if above[below] == upper and (
                    held < 0 or _fits_better(graphs, p, held, upper, named, heads, probability)
                ):
                    links.best[below] = p
        elif rank < LINEAGE:
            if rank == EXACT:
                one, another = find(links.text, a - start), find(links.text, b - start)
                links.text[max(one, another)] = min(one, another)
            for m, other in ((a, b), (b, a)):
                if other == heads[i]:
                    links.to_head[m - start] = rank
                _note_version(
                    graphs.outlet, graphs.latest, start, links.before, links.to_before, heads[i], m,
                    other, rank,
                )  # fmt: skip
    for m in range(n):
        links.text[m] = find(links.text, m)
    return links


@kernel
def _fits_better(
    graphs: Graphs,
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
    one = graphs.relation[p] < LINEAGE
    other = graphs.relation[held] < LINEAGE
    if one != other:
        return bool(one)
    alike = np.rint(graphs.resemblance[p] * 100) - np.rint(graphs.resemblance[held] * 100)
    if alike != 0:
        return bool(alike > 0)
    above, below = graphs.a[p], graphs.b[p]
    if graphs.work[above] != upper:
        above, below = below, above
    held_above, held_below = graphs.a[held], graphs.b[held]
    if graphs.work[held_above] != upper:
        held_above, held_below = held_below, held_above
    if (above == named) != (held_above == named):
        return bool(above == named)
    head = heads[graphs.work[below]]
    if (below == head) != (held_below == head):
        return bool(below == head)
    if probability[above] != probability[held_above]:
        return bool(probability[above] > probability[held_above])
    return bool(above < held_above)


@kernel
def _note_version(
    outlets: NDArray[np.int64],
    latest: NDArray[np.int64],
    start: int,
    before: NDArray[np.int64],
    to_before: NDArray[np.int64],
    head: int,
    m: int,
    other: int,
    rank: int,
) -> None:
    """Note `other` as the last version before `m`, if it is."""
    for one in (m, other):
        if outlets[one] != outlets[head] or latest[one] == NEVER:
            return
    held = before[m - start]
    if _follows(latest, head, m, other) and (held < 0 or _follows(latest, head, other, held)):
        before[m - start] = other
        to_before[m - start] = rank


@kernel
def _follows(latest: NDArray[np.int64], head: int, m: int, other: int) -> bool:
    """Say whether a version comes after another: the head is first, then clocks tell."""
    if head in (m, other):
        return bool(m != head)
    if latest[m] != latest[other]:
        return bool(latest[m] > latest[other])
    return bool(m > other)
