"""Judged pairs in; those between a round-up and the stories it quotes set right, out.

A round-up holds large pieces of several stories, in different places. Pair by
pair each piece looks like an excerpt; only together do they show that the
document is none of those stories.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa
    from numpy.typing import NDArray

    OneSubject = Callable[[int, int], bool]
    """Rows of two documents -> whether they name the same people and places."""

# Conventions, held to by the edited copies and round-ups of benchmarks/quality.py.
_LEAST_PART = 0.12
_LARGEST_PART = 0.75
"""Share of the round-up's words that one story's piece may make up."""

_LEAST_LEAD = 0.5
"""Share of a story's lead that its piece in a round-up holds."""

_TOLD_WHOLE = 0.65
"""A story of which less than this stands in the round-up is told more fully elsewhere."""

_LARGEST_GAP = 0.15
"""Of the text from the first piece to the second. A round-up turns from one to the
next; a late version of a story, an early one and its own end both cut out, does not."""

_NEAR_TOPICS, _NEAR_PIECES = 8, 8
"""Topics, and pieces of each, that a further piece is held against."""

_ODDS = -6.0
"""Log-odds of same_story between a round-up and a story in it."""


class _Part(NamedTuple):
    """A piece of a document that stands in another: where, with whom, by which pair.

    Slight pieces, and those not from another's top, do not make a round-up; in
    one that is, they are parts as well.
    """

    start: int
    end: int
    other: int
    pair: int
    told_fuller: bool
    counts: bool


def mark_roundups(pairs: pa.Table, passages: pa.Table, one_subject: OneSubject) -> pa.Table:
    """Turn the pairs of each round-up with its parts into `roundup`, not the same story.

    Pieces in different places are of different stories when no pair joins what
    they come from. Two are enough when both are told more fully elsewhere. A
    long story may have been cut into two by others, but hardly into three, and
    its halves name the same people, or leave much of it out between them.

    Args:
        pairs: the judged pairs (verify.relation).
        passages: their aligned passages, by pair.
        one_subject: asked of the documents that two pieces come from.

    Returns:
        The pairs, with relation, same_story and same_story_odds corrected.
    """
    chosen = np.zeros(pairs.num_rows, np.bool_)
    joined = _joined(pairs)
    for parts in _parts(pairs, passages).values():
        stories = _stories(_topics([part for part in parts if part.counts]), joined)
        if _are_apart(stories, one_subject):
            chosen[[part.pair for part in parts]] = True
    return _corrected(pairs, chosen) if chosen.any() else pairs


def _are_apart(stories: list[list[_Part]], one_subject: OneSubject) -> bool:
    if len(stories) < 2:
        return False
    n_fuller = sum(any(part.told_fuller for part in story) for story in stories)
    if n_fuller >= 2 or len(stories) >= 3:
        return True
    if _gap(*stories) > _LARGEST_GAP:
        return False
    return not one_subject(min(part.other for part in stories[0]), min(p.other for p in stories[1]))


def _gap(one: list[_Part], other: list[_Part]) -> float:
    """Return how much of the text from one story's pieces to the other's is between them."""
    first, second = sorted(
        (min(story).start, max(part.end for part in story)) for story in (one, other)
    )
    return (second[0] - first[1]) / (max(first[1], second[1]) - first[0])


def _joined(pairs: pa.Table) -> dict[int, list[int]]:
    """Return the documents that a same-story pair joins to each document."""
    same = pairs.filter(pairs.column("same_story"))
    joined: dict[int, list[int]] = defaultdict(list)
    for a, b in zip(same.column("a").to_pylist(), same.column("b").to_pylist(), strict=True):
        joined[a].append(b)
        joined[b].append(a)
    return joined


def _parts(pairs: pa.Table, passages: pa.Table) -> dict[int, list[_Part]]:
    """Collect, for each document, the pieces of it that others hold too."""
    likely = pairs.column("probability").to_numpy() >= 0.5
    pair = passages.column("pair").to_numpy()
    parts: dict[int, list[_Part]] = defaultdict(list)
    for side, other in (("a", "b"), ("b", "a")):
        aligned = pairs.column(f"aligned_{side}").to_numpy()
        # A round-up takes a story from its top; a new story takes background from within.
        from_top = pairs.column(f"lead_{other}").to_numpy() >= _LEAST_LEAD
        counts = from_top & (aligned >= _LEAST_PART)
        wanted = likely & (aligned <= _LARGEST_PART)
        rows = np.flatnonzero(wanted)
        if not len(rows):
            continue
        starts, ends = _longest(
            pair,
            passages.column(f"{side}_start").to_numpy(),
            passages.column(f"{side}_end").to_numpy(),
            pairs.num_rows,
        )
        documents = pairs.column(side).to_numpy()
        others = pairs.column(other).to_numpy()
        fuller = pairs.column(f"aligned_{other}").to_numpy() < _TOLD_WHOLE
        found = rows[ends[rows] > starts[rows]]
        values = (starts, ends, others, np.arange(len(fuller)), fuller, counts)
        pieces = zip(*(column[found].tolist() for column in values), strict=True)
        for document, piece in zip(documents[found].tolist(), pieces, strict=True):
            parts[document].append(_Part(*piece))
    return {document: found for document, found in parts.items() if len(found) > 1}


def _longest(
    pair: NDArray[np.int64], starts: NDArray[np.int64], ends: NDArray[np.int64], n_pairs: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where each pair's longest passage begins and ends; (0, 0) without any.

    The whole extent would not do: a shared footer would stretch it over the page.
    """
    first = np.zeros(n_pairs, np.int64)
    last = np.zeros(n_pairs, np.int64)
    # Of several assignments to one place the last stands: the longest, then the first.
    order = np.lexsort((-starts, ends - starts, pair))
    first[pair[order]] = starts[order]
    last[pair[order]] = ends[order]
    return first, last


def _topics(parts: list[_Part]) -> list[list[_Part]]:
    """Group pieces that overlap by half of the smaller one, from first to last.

    A piece is held against the last few that reach beyond its start, so that a
    page quoted by thousands costs no more than its pieces.
    """
    topics: list[list[_Part]] = []
    for part in sorted(parts):
        near = topics[-_NEAR_TOPICS:]
        for topic in near:
            if any(_overlap(part, known) for known in topic[-_NEAR_PIECES:]):
                topic.append(part)
                break
        else:
            topics.append([part])
    return topics


def _overlap(one: _Part, other: _Part) -> bool:
    common = min(one.end, other.end) - max(one.start, other.start)
    return 2 * common >= min(one.end - one.start, other.end - other.start)


def _stories(topics: list[list[_Part]], joined: dict[int, list[int]]) -> list[list[_Part]]:
    """Unite topics whose documents some pair joins."""
    topic_of = {part.other: place for place, topic in enumerate(topics) for part in topic}
    leader = list(range(len(topics)))

    def find(place: int) -> int:
        while leader[place] != place:
            leader[place] = leader[leader[place]]
            place = leader[place]
        return place

    for place, topic in enumerate(topics):
        for part in topic:
            # A document may have pieces in two topics: it joins them itself.
            for near in (part.other, *joined.get(part.other, ())):
                if near in topic_of:
                    one, other = find(place), find(topic_of[near])
                    leader[max(one, other)] = min(one, other)
    stories: dict[int, list[_Part]] = defaultdict(list)
    for place, topic in enumerate(topics):
        stories[find(place)] += topic
    return list(stories.values())


def _corrected(pairs: pa.Table, chosen: NDArray[np.bool_]) -> pa.Table:
    import pyarrow as pa

    relation = np.array(pairs.column("relation").to_pylist(), dtype=object)
    relation[chosen] = "roundup"
    odds = pairs.column("same_story_odds").to_numpy().copy()
    odds[chosen] = np.minimum(odds[chosen], _ODDS)
    columns = {
        "relation": pa.array(relation, pa.string()),
        "same_story": pa.array(pairs.column("same_story").to_numpy() & ~chosen),
        "same_story_odds": pa.array(odds),
    }
    for name, column in columns.items():
        pairs = pairs.set_column(pairs.schema.get_field_index(name), name, column)
    return pairs
