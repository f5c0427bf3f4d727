"""Pairs that link two stories in; who took from whom, and which part from which page, out.

    pairs of two stories    ->  settle_crossings()  directions; rows of round-ups
    Taken, one a pair       ->  parent_of(), passage_parents()

A round-up has several parents. Of each part of it, every page that holds the
part may be the one it was taken from; the likelier a page is its story's
origin, the likelier it is the parent. So a copy with an early date does not
stand for the page that it was itself copied from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dedupe.attribute.graphs import crossing_graphs
from dedupe.attribute.inference import new_inference
from dedupe.attribute.relations import BY_CLOSENESS, SINGLE
from dedupe.attribute.rows import roundup_row

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from dedupe.attribute.evidence import Pair
    from dedupe.attribute.inference import Inputs
    from dedupe.attribute.placing import Filled

# A page that holds this share of what the fullest holds may be the parent. With .4 or 1, or half or
# twice _SHORTEST_PART, the parents of seeds are the same (`seeds.parent_accuracy`).
_AS_FULL = 0.8
# A shorter part is a phrase, in code points.
_SHORTEST_PART = 60
# Parts that overlap by half of the smaller are one.
_HALF = 2
# So that pages with no chance to be an origin are still told apart by what they share.
_LEAST_CHANCE = 0.01


_DIRECTED = np.array([
    BY_CLOSENESS.index(name) for name in
    ("roundup", "partial", "exact", "repost", "excerpt", "rewrite", "paraphrase", "update")
])  # fmt: skip
_CROSSING = [BY_CLOSENESS.index(name) for name in ("roundup", "partial")]
# Evidence this strong overrules the rule that the taker holds more of its own. With half of it the
# parents of seeds are the same, with twice .946 are right, not .973 (`seeds.parent_accuracy`).
_STRONG = 0.8
# A page is no parent that is less likely than this the earlier one; that the taker is longer, as
# a round-up is, says less.
_LATER = 0.3


class Taken(NamedTuple):
    """What one document took from another of another story.

    Attributes:
        parent: the document it took from.
        label: that document's story.
        sure: probability that the parent's text stands nearer the origin.
        share: of the taker's text.
        relation: roundup or partial.
        spans: half-open places in the taker's text.
    """

    parent: int
    label: int
    sure: float
    share: float
    relation: str
    spans: Sequence[tuple[int, int]]


def settle_crossings(
    inputs: Inputs, stories: NDArray[np.int64], decided: Collection[int], filled: Filled
) -> dict[int, dict[str, Any]]:
    """Direct the pairs that link two stories; a page alone that took from another says so.

    Args:
        inputs: outlets, clues, pairs.
        stories: int64 (D,), the story of each document.
        decided: documents that a reader holds for origins.
        filled: what is known of all documents; written to.

    Returns:
        The rows of round-ups, by document.
    """
    places = inputs.table.crossing(_DIRECTED)
    first = _directions(inputs, places, decided)
    filled.pair_a_first[places] = first
    crossing = np.isin(inputs.table.relation[places], _CROSSING)
    linked = inputs.table.pairs(places[crossing])
    n_parts = roundups(linked, stories)
    found: dict[int, list[Taken]] = {}
    for pair, a_first in zip(linked, first[crossing].tolist(), strict=True):
        child = _taker(pair, a_first, n_parts, inputs.precedence)
        sure = a_first if child == pair.b else 1 - a_first
        parent = pair.b if child == pair.a else pair.a
        found.setdefault(child, []).append(taken(pair, child, int(stories[parent]), sure))
    chance = filled.origin_probability
    in_hand = _in_hand(stories, chance, inputs.precedence) if found else chance
    rows = {}
    for child in sorted(found):
        if filled.relation[child] != SINGLE:
            continue
        held = found[child]
        most = max(held, key=lambda one: (one.share, -inputs.precedence[one.parent]))
        filled.relation[child] = BY_CLOSENESS.index(most.relation)
        earlier = [one for one in held if one.sure >= _LATER]
        if earlier:
            best = parent_of(earlier, chance, inputs.precedence)
            filled.relation[child] = BY_CLOSENESS.index(best.relation)
            filled.parent[child] = best.parent
            filled.parent_name[child] = inputs.pages.outlet(best.parent)
            filled.parent_probability[child] = max(0.5, best.sure)
        if len({one.label for one in held}) > 1 and (
            parts := passage_parents(earlier, in_hand, filled, inputs)
        ):
            rows[child] = roundup_row(inputs.pages, child, parts)
    return rows


def _in_hand(
    stories: NDArray[np.int64], chance: NDArray[np.float64], precedence: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the chance, by story, that its origin is among its documents, float64 (D,)."""
    # Sums of fractions depend on their order.
    first_to_last = np.argsort(precedence)
    sums = np.bincount(stories[first_to_last], chance[first_to_last], len(stories))
    return np.asarray(sums, np.float64)


def _directions(
    inputs: Inputs, places: NDArray[np.int64], decided: Collection[int]
) -> NDArray[np.float64]:
    """Return the chance, of some pairs, that a's text stands nearer the origin."""
    from dedupe.kernels.places import first_chance

    graphs = crossing_graphs(places, inputs.pages, inputs.table, inputs.precedence)
    for member in np.flatnonzero(np.isin(graphs.rows, sorted(decided)))[::-1].tolist():
        graphs.decided[member // 2] = member
    inference = new_inference(inputs, graphs)
    inference.glance()
    model = inference.model(inference.reasons.weighing(), np.arange(len(places)))
    # Of two works, the first against the second is the second of four numbers, and the second
    # against the first the third.
    odds = np.where(graphs.work[graphs.a] == 0, model.ahead[1::4], model.ahead[2::4])
    return np.array([first_chance(one) for one in odds.tolist()])


def _taker(
    pair: Pair, a_first: float, n_parts: Mapping[int, int], precedence: NDArray[np.int64]
) -> int:
    """Return who took: the page that holds parts of more stories, and then as evidence says.

    Where that is weak, the page of which the smaller share is found in the
    other: a round-up holds much that its sources do not. Of equal shares the later.
    """
    parts = n_parts.get(pair.a, 0), n_parts.get(pair.b, 0)
    if pair.relation == "roundup" and parts[0] != parts[1]:
        return pair.a if parts[0] > parts[1] else pair.b
    if max(a_first, 1 - a_first) > _STRONG:
        return pair.a if a_first < 0.5 else pair.b
    if pair.containment_a != pair.containment_b:
        return pair.a if pair.containment_a < pair.containment_b else pair.b
    return pair.a if precedence[pair.a] > precedence[pair.b] else pair.b


def taken(pair: Pair, child: int, label: int, sure: float) -> Taken:
    """Read a pair from the side of the document that took."""
    side = 0 if child == pair.a else 2
    share = pair.containment_a if child == pair.a else pair.containment_b
    spans = [(span[side], span[side + 1]) for span in pair.passages]
    return Taken(pair.b if child == pair.a else pair.a, label, sure, share, pair.relation, spans)


def roundups(pairs: Sequence[Pair], stories: NDArray[Any]) -> dict[int, int]:
    """Count the stories that each document holds parts of."""
    partners: dict[int, set[int]] = {}
    for pair in pairs:
        if pair.relation == "roundup":
            partners.setdefault(pair.a, set()).add(int(stories[pair.b]))
            partners.setdefault(pair.b, set()).add(int(stories[pair.a]))
    return {row: len(labels) for row, labels in partners.items()}


def parent_of(found: Sequence[Taken], chance: NDArray[Any], precedence: NDArray[np.int64]) -> Taken:
    """Return the likeliest parent: of the story that most was taken from, its likeliest origin.

    Args:
        found: what one document took.
        chance: float64 (D,), each document's chance to be its story's origin.
        precedence: int64 (D,), the place of each document: of equals the first.
    """
    fullest = max(found, key=lambda one: (one.share, -precedence[one.parent]))
    least = _AS_FULL * fullest.share
    fit = [one for one in found if one.label == fullest.label and one.share >= least]
    return max(
        fit,
        key=lambda one: (
            round(float(chance[one.parent]), 6), one.sure, -precedence[one.parent],
        ),
    )  # fmt: skip


def passage_parents(
    found: Sequence[Taken], in_hand: NDArray[Any], filled: Filled, inputs: Inputs
) -> list[dict[str, Any]]:
    """Return the parts of a round-up by place, each with the page it likely came from.

    Args:
        found: what it took.
        in_hand: float64 (D,), the chance that a story's origin is among its documents.
        filled: each document's chance to be its story's origin, and its absent parent.
        inputs: outlets, and the place of each document: of equals the first.

    Returns:
        Rows of `start` and `end` (code points of the text as given), `parent`,
        `parent_name` and `probability`. Where the source is likelier to be absent than any
        page in hand, `parent` is null, and `parent_name` the source's, if pages name it.
    """
    parts: list[tuple[int, int, list[tuple[int, Taken]]]] = []
    spans = sorted(
        (span, int(inputs.precedence[one.parent]), one) for one in found for span in one.spans
    )
    for (start, end), _, one in spans:
        if end - start < _SHORTEST_PART:
            continue
        # Parts come sorted by start, so only the last three are compared: a bound on work.
        for place in range(len(parts) - 1, max(-1, len(parts) - 4), -1):
            first, last, holders = parts[place]
            common = min(end, last) - max(start, first)
            if _HALF * common >= min(end - start, last - first):
                parts[place] = (first, last, [*holders, (common, one)])
                break
        else:
            parts.append((start, end, [(end - start, one)]))
    return [_part(part, in_hand, filled, inputs) for part in parts]


def _part(
    part: tuple[int, int, list[tuple[int, Taken]]],
    in_hand: NDArray[Any],
    filled: Filled,
    inputs: Inputs,
) -> dict[str, Any]:
    start, end, holders = part
    weights: dict[int, float] = {}
    absent = 0.0
    for length, one in holders:
        chance = max(_LEAST_CHANCE, float(filled.origin_probability[one.parent]))
        weight = length / (end - start) * chance
        weights[one.parent] = max(weights.get(one.parent, 0.0), weight)
        absent = max(absent, 1.0 - float(in_hand[one.label]))
    best = max(weights, key=lambda row: (round(weights[row], 9), -inputs.precedence[row]))
    is_in_hand = weights[best] >= absent
    # A page whose parent is absent tells in its name who that is.
    absent_name = filled.parent_name[best] if filled.parent[best] < 0 else None
    return {
        "start": start,
        "end": end,
        "parent": inputs.pages.id(best) if is_in_hand else None,
        "parent_name": inputs.pages.outlet(best) if is_in_hand else absent_name,
        "probability": round(max(weights[best], absent) / (sum(weights.values()) + absent), 4),
    }
