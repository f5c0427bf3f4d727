"""Stories in, columns out: documents, works and pairs as the kernels take them.

    documents, stories, pairs  ->  story_graphs(), crossing_graphs()  ->  Graphs

Exact copies and an outlet's own versions are one work: it can be the origin
only once, however often it was copied. Counting each exact copy would let the
most copied text win.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from dedupe.attribute.pages import Pages
    from dedupe.attribute.tables import PairTable
    from dedupe.kernels.graphs import Graphs

MOST_WORKS = 150
"""Works weighed together: the model is cubic. The rest of a larger story hangs below them."""


def story_graphs(
    rows: NDArray[np.int64],
    stories: NDArray[np.int64],
    pages: Pages,
    table: PairTable,
    decided: Collection[int],
    speaking: NDArray[np.bool_],
) -> Graphs:
    """Return stories as columns.

    Args:
        rows: their documents, by story, the first of each before the others.
        stories: int64 (D,), the story of each document.
        pages: outlets and clocks.
        table: verified pairs.
        decided: documents that a reader holds for origins.
        speaking: bool (D,), documents that name a source.
    """
    from dedupe.kernels.graphs import fill_works

    labels = stories[rows]
    offsets = np.append(np.flatnonzero(np.diff(labels, prepend=-1)), len(rows))
    place, pair_offsets = table.within(labels[offsets[:-1]])
    member = np.full(len(stories), -1)
    member[rows] = np.arange(len(rows))
    a, b = member[table.rows[place]].T
    n_works = np.zeros(len(offsets) - 1, np.int64)
    graphs = _columns(rows, offsets, pages, table, place, pair_offsets, a, b, n_works)
    story = np.repeat(np.arange(len(n_works)), np.diff(offsets))
    for row in sorted(decided, reverse=True):
        if member[row] >= 0:
            graphs.decided[story[member[row]]] = member[row]
    fill_works(
        offsets, graphs.outlet, pair_offsets, graphs.a, graphs.b, graphs.relation,
        0, len(n_works), graphs.work, n_works,
    )  # fmt: skip
    for large in np.flatnonzero(n_works > MOST_WORKS).tolist():
        n_works[large] = _choose(graphs, large, speaking)
    return graphs


def crossing_graphs(
    place: NDArray[np.int64], pages: Pages, table: PairTable, precedence: NDArray[np.int64]
) -> Graphs:
    """Return pairs as stories of two works each, the first before the other."""
    n_pairs = len(place)
    ends = np.arange(n_pairs + 1)
    rows = table.rows[place]
    b_first = precedence[rows[:, 1]] < precedence[rows[:, 0]]
    rows = np.where(b_first[:, None], rows[:, ::-1], rows).ravel()
    a, b = 2 * ends[:-1] + b_first, 2 * ends[:-1] + ~b_first
    n_works = np.full(n_pairs, 2)
    graphs = _columns(rows, 2 * ends, pages, table, place, ends, a, b, n_works)
    graphs.work[:] = np.tile([0, 1], n_pairs)
    return graphs


def _columns(
    rows: NDArray[np.int64],
    offsets: NDArray[np.int64],
    pages: Pages,
    table: PairTable,
    place: NDArray[np.int64],
    pair_offsets: NDArray[np.int64],
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    n_works: NDArray[np.int64],
) -> Graphs:
    from dedupe.kernels.graphs import Graphs

    outlet = pages.outlet_numbers(rows)
    return Graphs(
        rows=rows,
        offsets=offsets,
        outlet=outlet,
        whose=_whose(outlet, offsets),
        earliest=pages.earliest[rows],
        latest=pages.latest[rows],
        seen=pages.seen[rows],
        decided=np.full(len(n_works), -1),
        work=np.zeros(len(rows), np.int64),
        n_works=n_works,
        pair_offsets=pair_offsets,
        place=place,
        a=np.ascontiguousarray(a),
        b=np.ascontiguousarray(b),
        relation=table.relation[place],
        resemblance=table.resemblance[place],
        containment_a=table.containment_a[place],
        containment_b=table.containment_b[place],
        broken=np.zeros(len(rows), np.bool_),
        lead=np.zeros(len(rows)),
    )


def _whose(outlet: NDArray[np.int64], offsets: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number the outlets of each story; a page without one is an outlet of its own."""
    if not len(outlet):
        return outlet
    n_outlets = int(outlet.max()) + 1
    one = np.where(outlet >= 0, outlet, n_outlets + np.arange(len(outlet)))
    story = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    together = story * (n_outlets + len(outlet)) + one
    distinct, number = np.unique(together, return_inverse=True)
    first = np.searchsorted(distinct, np.arange(len(offsets) - 1) * (n_outlets + len(outlet)))
    return number.astype(np.int64) - first[story]


def _choose(graphs: Graphs, s: int, speaking: NDArray[np.bool_]) -> int:
    """Keep the works that can tell something, where there are too many to weigh together.

    Half are chosen by what they say and half by their clocks: the first page of
    all may have said nothing. Works not chosen become -1; returns how many are.
    """
    from dedupe.kernels.graphs import NEVER

    start, end = graphs.offsets[s : s + 2].tolist()
    work, latest, rows = (column[start:end] for column in (graphs.work, graphs.latest, graphs.rows))
    n_works = int(graphs.n_works[s])
    latest = np.where(latest == NEVER, np.iinfo(np.int64).max, latest)
    clock = np.full(n_works, np.iinfo(np.int64).max)
    np.minimum.at(clock, work, latest)
    speaks = np.zeros(n_works, np.bool_)
    np.logical_or.at(speaks, work, speaking[rows])
    # Works are numbered by their first document: equals stay in its order.
    early = np.argsort(clock, kind="stable")
    loud = early[np.argsort(~speaks[early], kind="stable")]
    decided = graphs.decided[s]
    chosen = {int(graphs.work[decided])} if decided >= 0 else set()
    for ranked in zip(early.tolist(), loud.tolist(), strict=True):
        chosen.update(ranked)
        if len(chosen) >= MOST_WORKS:
            break
    number = np.full(n_works, -1)
    number[sorted(chosen)] = np.arange(len(chosen))
    graphs.work[start:end] = number[work]
    return len(chosen)
