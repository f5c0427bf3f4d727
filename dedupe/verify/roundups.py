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

    AreOneStory = Callable[[int, int], bool]
    """Rows of two documents -> whether they are about one thing."""

_LEAST_PART = 0.12
_LARGEST_PART = 0.75
"""Share of the round-up's words that one story's piece may make up."""

_ODDS = -6.0
"""Log-odds of same_story between a round-up and a story in it."""


class _Part(NamedTuple):
    """A piece of a document that stands in another: where, with whom, by which pair."""

    start: int
    end: int
    other: int
    pair: int


def mark_roundups(pairs: pa.Table, passages: pa.Table, are_one_story: AreOneStory) -> pa.Table:
    """Turn the pairs of each round-up with its parts into `roundup`, not the same story.

    Args:
        pairs: the judged pairs (verify.judge).
        passages: their aligned passages, by pair.
        are_one_story: asked of two documents whose pieces stand in different
            places of a third.

    Returns:
        The pairs, with relation, same_story and same_story_odds corrected.
    """
    chosen = np.zeros(pairs.num_rows, np.bool_)
    joined = _joined(pairs)
    for parts in _parts(pairs, passages).values():
        topics = _topics(parts)
        if len(topics) > 1 and _disagree(topics, joined, are_one_story):
            chosen[[part.pair for topic in topics for part in topic]] = True
    if not chosen.any():
        return pairs
    return _corrected(pairs, chosen)


def _joined(pairs: pa.Table) -> set[tuple[int, int]]:
    same = pairs.filter(pairs.column("same_story"))
    return set(zip(same.column("a").to_pylist(), same.column("b").to_pylist(), strict=True))


def _parts(pairs: pa.Table, passages: pa.Table) -> dict[int, list[_Part]]:
    """Collect, for each document, the pieces of it that others hold too."""
    likely = pairs.column("probability").to_numpy() >= 0.5
    pair = passages.column("pair").to_numpy()
    parts: dict[int, list[_Part]] = defaultdict(list)
    for side, other in (("a", "b"), ("b", "a")):
        aligned = pairs.column(f"aligned_{side}").to_numpy()
        wanted = likely & (aligned >= _LEAST_PART) & (aligned <= _LARGEST_PART)
        rows = np.flatnonzero(wanted)
        if not len(rows):
            continue
        starts, ends = _extents(
            pair,
            passages.column(f"{side}_start").to_numpy(),
            passages.column(f"{side}_end").to_numpy(),
            pairs.num_rows,
        )
        documents = pairs.column(side).to_numpy()
        others = pairs.column(other).to_numpy()
        for row in rows[ends[rows] > starts[rows]].tolist():
            parts[int(documents[row])].append(
                _Part(int(starts[row]), int(ends[row]), int(others[row]), row)
            )
    return {document: found for document, found in parts.items() if len(found) > 1}


def _extents(
    pair: NDArray[np.int64], starts: NDArray[np.int64], ends: NDArray[np.int64], n_pairs: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first and last code point of each pair's passages; (0, 0) without any."""
    first = np.full(n_pairs, np.iinfo(np.int64).max)
    last = np.zeros(n_pairs, np.int64)
    np.minimum.at(first, pair, starts)
    np.maximum.at(last, pair, ends)
    return np.where(last > 0, first, 0), last


def _topics(parts: list[_Part]) -> list[list[_Part]]:
    """Group pieces that overlap by half of the smaller one, from first to last."""
    topics: list[list[_Part]] = []
    for part in sorted(parts):
        for topic in topics:
            if any(_overlap(part, known) for known in topic):
                topic.append(part)
                break
        else:
            topics.append([part])
    return topics


def _overlap(one: _Part, other: _Part) -> bool:
    common = min(one.end, other.end) - max(one.start, other.start)
    return 2 * common >= min(one.end - one.start, other.end - other.start)


def _disagree(
    topics: list[list[_Part]], joined: set[tuple[int, int]], are_one_story: AreOneStory
) -> bool:
    """Say whether the pieces in different places belong to different stories."""
    documents = [sorted({part.other for part in topic}) for topic in topics]
    for i, here in enumerate(documents):
        for there in documents[i + 1 :]:
            apart = not any((min(x, y), max(x, y)) in joined for x in here for y in there)
            if apart and not are_one_story(here[0], there[0]):
                return True
    return False


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
