"""Pairs that link two stories in; who took from whom, and which part from which page, out.

    Taken, one a pair  ->  parent_of(), passage_parents()

A round-up has several parents. Of each part of it, every page that holds the
part may be the one it was taken from; the likelier a page is its story's
origin, the likelier it is the parent. So a copy with an early date does not
stand for the page that it was itself copied from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from dedupe.attribute.evidence import Pair
    from dedupe.attribute.pages import Pages

# A page that holds this share of what the fullest holds may be the parent.
_AS_FULL = 0.8
# A shorter part is a phrase, in code points.
_SHORTEST_PART = 60
# Parts that overlap by half of the smaller are one.
_HALF = 2
_LEAST_CHANCE = 0.01


class Taken(NamedTuple):
    """What one document took from another of another story.

    Attributes:
        parent: the document it took from.
        label: that document's story.
        sure: probability of this direction, at least .5.
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


def parent_of(found: Sequence[Taken], chance: NDArray[Any]) -> Taken:
    """Return the likeliest parent: of the story that most was taken from, its likeliest origin.

    Args:
        found: what one document took.
        chance: float64 (D,), each document's chance to be its story's origin.
    """
    most = max(one.share for one in found)
    label = min(one.label for one in found if one.share == most)
    fit = [one for one in found if one.label == label and one.share >= _AS_FULL * most]
    return max(fit, key=lambda one: (round(float(chance[one.parent]), 6), one.sure, -one.parent))


def passage_parents(
    found: Sequence[Taken], chance: NDArray[Any], in_hand: Mapping[int, float], pages: Pages
) -> list[dict[str, Any]]:
    """Return the parts of a round-up by place, each with the page it likely came from.

    Args:
        found: what it took.
        chance: float64 (D,), each document's chance to be its story's origin.
        in_hand: the chance that a story's origin is among its documents, by story.
        pages: names of outlets.

    Returns:
        Rows of `start` and `end` (code points of the text as given), `parent`,
        `parent_name` and `probability`.
    """
    parts: list[tuple[int, int, list[tuple[int, Taken]]]] = []
    spans = sorted((span, one.parent, one) for one in found for span in one.spans)
    for (start, end), _, one in spans:
        if end - start < _SHORTEST_PART:
            continue
        for place in range(len(parts) - 1, max(-1, len(parts) - 4), -1):
            first, last, holders = parts[place]
            common = min(end, last) - max(start, first)
            if _HALF * common >= min(end - start, last - first):
                parts[place] = (first, last, [*holders, (common, one)])
                break
        else:
            parts.append((start, end, [(end - start, one)]))
    return [_part(part, chance, in_hand, pages) for part in parts]


def _part(
    part: tuple[int, int, list[tuple[int, Taken]]],
    chance: NDArray[Any],
    in_hand: Mapping[int, float],
    pages: Pages,
) -> dict[str, Any]:
    start, end, holders = part
    weights: dict[int, float] = {}
    absent = 0.0
    for length, one in holders:
        share = length / (end - start)
        weights[one.parent] = share * max(_LEAST_CHANCE, float(chance[one.parent]))
        absent = max(absent, 1.0 - in_hand[one.label])
    best = max(weights, key=lambda row: (round(weights[row], 9), -row))
    return {
        "start": start,
        "end": end,
        "parent": pages.id(best),
        "parent_name": pages.outlet(best),
        "probability": round(weights[best] / (sum(weights.values()) + absent), 4),
    }
