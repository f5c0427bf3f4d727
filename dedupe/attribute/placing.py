"""Stories and their origins in; how each document and pair stands to the others, out.

Inference  ->  place(), hang_rest()  ->  Filled
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe.attribute.relations import BY_CLOSENESS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe.attribute.inference import Inference
    from dedupe.kernels.graphs import Graphs, Model
    from dedupe.kernels.places import Places

_DERIVED, _PARAPHRASE = BY_CLOSENESS.index("derived"), BY_CLOSENESS.index("paraphrase")


class Filled(NamedTuple):
    """The columns of an Attribution, to be written to.

    Shapes (D documents, P pairs)
        relation            int8    (D,)  place in BY_CLOSENESS
        parent              int64   (D,)
        parent_name         object  (D,)
        parent_probability  float64 (D,)
        origin_probability  float64 (D,)
        pair_a_first        float64 (P,)
    """

    relation: NDArray[np.int8]
    parent: NDArray[np.int64]
    parent_name: NDArray[np.object_]
    parent_probability: NDArray[np.float64]
    origin_probability: NDArray[np.float64]
    pair_a_first: NDArray[np.float64]


def place(inference: Inference, written: NDArray[np.int64], model: Model, filled: Filled) -> Places:
    """Place the documents of all stories; those of stories not written keep their relation.

    Args:
        inference: the stories.
        written: those that get a row, rising.
        model: the chances of their parents.
        filled: what is known of all documents; written to.

    Returns:
        The places, by member, for the rows.
    """
    from dedupe.kernels.places import Places, fill_places

    graphs, origins = inference.graphs, inference.origins
    places = Places(
        head=np.zeros(len(graphs.rows), np.bool_),
        relation=np.zeros(len(graphs.rows), np.int8),
        parent=np.full(len(graphs.rows), -1),
        name=np.full(len(graphs.rows), -1),
        probability=np.full(len(graphs.rows), np.nan),
        first=np.full(len(graphs.place), 0.5),
    )
    inference.in_ranges(
        len(written),
        lambda first, last: fill_places(graphs, written, first, last, model, origins, places),
    )
    filled.origin_probability[graphs.rows] = origins.probability
    filled.pair_a_first[graphs.place] = places.first
    is_written = np.zeros(inference.n_stories, np.bool_)
    is_written[written] = True
    members = np.flatnonzero(is_written[inference.story_of()] & (graphs.work >= 0))
    _fill(inference, members, places, filled)
    return places


def _fill(inference: Inference, members: NDArray[np.int64], places: Places, filled: Filled) -> None:
    """Write where some members stand."""
    rows, parents = inference.graphs.rows, places.parent[members]
    children = rows[members]
    filled.relation[children] = places.relation[members]
    filled.parent[children] = np.where(parents >= 0, rows[parents], -1)
    filled.parent_probability[children] = places.probability[members]
    names = np.array([*inference.reasons.names, None], object)[places.name[members]]
    in_hand = np.flatnonzero(parents >= 0)
    labels = map(inference.inputs.pages.outlet, rows[parents[in_hand]].tolist())
    names[in_hand] = np.fromiter(labels, object, len(in_hand))
    filled.parent_name[children] = names


def hang_rest(inference: Inference, filled: Filled) -> None:
    """Hang what was not weighed below the origin of its story: siblings, not a chain."""
    graphs, origins, rows = inference.graphs, inference.origins, inference.graphs.rows
    story = inference.story_of()
    rest = np.flatnonzero(graphs.work < 0)
    if not len(rest):
        return
    told, named = origins.told[story[rest]], origins.member[story[rest], 0]
    in_hand, absent = told & (named >= 0), told & (named < 0)
    best = np.where(origins.told, origins.member[:, 0], -1)
    relation = relations_below(graphs, best[story[graphs.a]], len(rows))
    documents = rows[rest]
    filled.relation[documents] = np.where(absent, _DERIVED, relation[rest])
    filled.parent[documents] = np.where(in_hand, rows[named], -1)
    chance = np.round(origins.chance[story[rest], 0], 4)
    filled.parent_probability[documents] = np.where(told, chance, np.nan)
    names = np.array([*inference.reasons.names, None], object)[origins.name[story[rest], 0]]
    names[~told] = None
    labels = map(inference.inputs.pages.outlet, rows[named[in_hand]].tolist())
    names[in_hand] = np.fromiter(labels, object, int(in_hand.sum()))
    filled.parent_name[documents] = names
    filled.origin_probability[documents] = 0.0


def relations_below(graphs: Graphs, origin: NDArray[np.int64], n_members: int) -> NDArray[np.int8]:
    """Return the relation of each member with the origin of its story, int8 (M,).

    Where that pair was not measured, it is the one of its twin, of equal text; else the
    closest with anybody, equal texts apart; and where none is of one lineage, it must
    tell the same in other words.

    Args:
        graphs: the pairs.
        origin: int64 (P,), the member that is the origin of each pair's story, or -1.
        n_members: M.
    """
    from dedupe.kernels.graphs import EXACT
    from dedupe.kernels.links import LINEAGE, UNKNOWN

    ends = np.stack([graphs.a, graphs.b], axis=1)
    rank, is_twin = graphs.relation, graphs.relation == EXACT
    is_copy = (rank < LINEAGE) & ~is_twin
    closest, with_origin = np.full((2, n_members), UNKNOWN, np.int8)
    np.minimum.at(closest, ends[is_copy].ravel(), np.repeat(rank[is_copy], 2))
    for below, above in ((0, 1), (1, 0)):
        known = np.flatnonzero((ends[:, above] == origin) & (origin >= 0) & (rank < LINEAGE))
        with_origin[ends[known, below]] = rank[known]
    for found in (closest, with_origin):
        # Of equal texts one stands for the others, so that no twin is further than a step.
        of_twins = found[ends[is_twin][:, ::-1]]
        np.minimum.at(found, ends[is_twin].ravel(), of_twins.ravel())
    relation = np.where(with_origin < UNKNOWN, with_origin, closest)
    return np.where(relation < UNKNOWN, relation, _PARAPHRASE).astype(np.int8)
