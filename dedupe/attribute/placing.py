"""Judged stories in; relation, parent and probabilities by document, directions by pair, out.

Judging  ->  place(), hang_rest()  ->  Filled
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe.attribute.judging import in_ranges
from dedupe.attribute.parents import BY_CLOSENESS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe.attribute.judging import Judging
    from dedupe.kernels.dockets import Docket, Model
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


def place(judging: Judging, written: NDArray[np.int64], model: Model, filled: Filled) -> Places:
    """Place the documents of all stories; those of stories not written keep their relation.

    Args:
        judging: the stories.
        written: those that get a row, rising.
        model: the chances of their parents.
        filled: what is known of all documents; written to.

    Returns:
        The places, by member, for the rows.
    """
    from dedupe.kernels.places import Places, fill_places

    docket, verdicts = judging.docket, judging.verdicts
    places = Places(
        head=np.zeros(len(docket.rows), np.bool_),
        relation=np.zeros(len(docket.rows), np.int8),
        parent=np.full(len(docket.rows), -1),
        name=np.full(len(docket.rows), -1),
        probability=np.full(len(docket.rows), np.nan),
        first=np.full(len(docket.place), 0.5),
    )
    in_ranges(
        len(written),
        lambda first, last: fill_places(docket, written, first, last, model, verdicts, places),
    )
    filled.origin_probability[docket.rows] = verdicts.probability
    filled.pair_a_first[docket.place] = places.first
    is_written = np.zeros(judging.n_stories, np.bool_)
    is_written[written] = True
    members = np.flatnonzero(is_written[judging.story_of()] & (docket.work >= 0))
    _fill(judging, members, places, filled)
    return places


def _fill(judging: Judging, members: NDArray[np.int64], places: Places, filled: Filled) -> None:
    """Write where some members stand."""
    rows, parents = judging.docket.rows, places.parent[members]
    children = rows[members]
    filled.relation[children] = places.relation[members]
    filled.parent[children] = np.where(parents >= 0, rows[parents], -1)
    filled.parent_probability[children] = places.probability[members]
    names = np.array([*judging.reasons.names, None], object)[places.name[members]]
    in_hand = np.flatnonzero(parents >= 0)
    labels = map(judging.desk.pages.outlet, rows[parents[in_hand]].tolist())
    names[in_hand] = np.fromiter(labels, object, len(in_hand))
    filled.parent_name[children] = names


def hang_rest(judging: Judging, filled: Filled) -> None:
    """Hang what was not weighed below the verdict of its story: siblings, not a chain."""
    docket, verdicts, rows = judging.docket, judging.verdicts, judging.docket.rows
    story = judging.story_of()
    rest = np.flatnonzero(docket.work < 0)
    if not len(rest):
        return
    told, named = verdicts.told[story[rest]], verdicts.member[story[rest], 0]
    in_hand, absent = told & (named >= 0), told & (named < 0)
    best = np.where(verdicts.told, verdicts.member[:, 0], -1)
    relation = relations_below(docket, best[story[docket.a]], len(rows))
    documents = rows[rest]
    filled.relation[documents] = np.where(absent, _DERIVED, relation[rest])
    filled.parent[documents] = np.where(in_hand, rows[named], -1)
    chance = np.round(verdicts.chance[story[rest], 0], 4)
    filled.parent_probability[documents] = np.where(told, chance, np.nan)
    names = np.array([*judging.reasons.names, None], object)[verdicts.name[story[rest], 0]]
    names[~told] = None
    labels = map(judging.desk.pages.outlet, rows[named[in_hand]].tolist())
    names[in_hand] = np.fromiter(labels, object, int(in_hand.sum()))
    filled.parent_name[documents] = names
    filled.origin_probability[documents] = 0.0


def relations_below(docket: Docket, origin: NDArray[np.int64], n_members: int) -> NDArray[np.int8]:
    """Return the relation of each member with the origin of its story, int8 (M,).

    Where that pair was not measured, it is the one of its twin, of equal text; else the
    closest with anybody, equal texts apart; and where none is of one lineage, it must
    tell the same in other words.

    Args:
        docket: the pairs.
        origin: int64 (P,), the member that is the origin of each pair's story, or -1.
        n_members: M.
    """
    from dedupe.kernels.dockets import EXACT
    from dedupe.kernels.links import LINEAGE, UNKNOWN

    ends = np.stack([docket.a, docket.b], axis=1)
    rank, is_twin = docket.relation, docket.relation == EXACT
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
