"""Judged pairs in; those between a round-up and the stories it quotes set right, out.

A round-up holds large pieces of several stories, in different places. Pair by
pair each piece looks like an excerpt; only together do they show that the
document is none of those stories.
"""

from __future__ import annotations

import heapq
import itertools
import math
import statistics
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from dedupe.disjoint_sets import DisjointSets
from dedupe.verify.pieces import (
    LEAST_PART,
    TOLD_COMPLETE,
    Part,
    is_exact,
    joined_documents,
    parts_by_document,
    printed_whole,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    import pyarrow as pa
    from numpy.typing import NDArray


class Asked(Protocol):
    """What is asked of documents, by their rows, when a page holds pieces of several."""

    def subject_odds(self, x: int, y: int) -> float:
        """Return log-odds that two documents are of one subject."""

    def n_outlets(self, rows: Collection[int]) -> int:
        """Return how many outlets documents are of; those of unknown ones count as of one."""


# Conventions, held to by the edited copies and round-ups of benchmarks/quality.py.
_TOLD_WHOLE = 0.65
"""A story of which less than this stands in the round-up is told more fully elsewhere."""

_LARGEST_GAP = 0.15
"""Of the text from the first piece to the last. A round-up turns from one to the
next; a late version of a story, an early one and its own end both cut out, does not."""

_MOST_COMPARED = 8
"""Stories of one page, the largest, whose subjects are compared, each with each."""

_SUBJECT_CLIP, _LOOSE_ODDS = 3.0, 2.0
"""Log-odds of one subject that a pair of stories can say at most, and that two stories must fall
below which leave much of the text between them out."""

_CUT_ODDS = 1.0
"""Log-odds of one subject that stories must fall below of which the page prints none whole: parts
of one text stand in it from top to end. With 0, pages that print two or three paragraphs each of
some sets of three stories are no round-ups; no figure of edits and subjects changes."""

_OUTLETS_ODDS, _MOST_OUTLETS, MOST_HOLDERS = 1.5, 4, 16
"""What each doubling of the outlets that have the one of two stories, and not the other, takes
from the log-odds that both are parts of one, how many outlets count, and of how many documents
they are: an editor cuts a story's end off, and seldom prints it alone."""

_NEAR_TOPICS, _NEAR_PIECES = 8, 8
"""Topics, and pieces of each, that a further piece is held against."""

_FRAMED = 0.9
"""Share of a document that a piece of it and a text it prints whole make up, from which on the
piece is what stands around that text."""

_MENTION = 0.05
"""A whole text that makes up less of a page of another story is a teaser on it, wherever it
stands."""

_ODDS = -6.0
"""Log-odds of same_story between a round-up and a story in it."""


_Story = list[Part]
"""The pieces that make up one story of a page."""


class _Known(NamedTuple):
    """What is known of the stories that a page may be made of.

    `joined` are the documents that a same-story pair joins to each, `copies` those that equal it.
    """

    joined: dict[int, list[int]]
    copies: dict[int, list[int]]
    asked: Asked
    precedence: NDArray[np.int64] | None

    def mean_odds(self, pairs: Iterable[tuple[_Story, _Story]]) -> float:
        """Return the mean log-odds of one subject of pairs of stories."""
        return statistics.fmean(self._odds(one, other) for one, other in pairs)

    def _odds(self, one: _Story, other: _Story) -> float:
        """Return bounded log-odds, for two stories may meet by chance, less what outlets say."""
        odds = self.asked.subject_odds(*sorted((self._standing(one), self._standing(other))))
        held = self._holders(one), self._holders(other)
        apart = held[0] - held[1], held[1] - held[0]
        n_outlets = min(_MOST_OUTLETS, *map(self.asked.n_outlets, apart))
        doublings = math.log2(max(1, n_outlets))
        return max(-_SUBJECT_CLIP, min(odds, _SUBJECT_CLIP)) - _OUTLETS_ODDS * doublings

    def _standing(self, story: _Story) -> int:
        """Return the document that stands for a story: the first."""
        return min((part.other for part in story), key=self.place)

    def place(self, row: int) -> int:
        """Return the place of a document: of equals the first."""
        return row if self.precedence is None else int(self.precedence[row])

    def _holders(self, story: _Story) -> set[int]:
        """Return documents that tell a story: those with pieces in the page, and some like them."""
        near = self._first_few(self.joined.get(self._standing(story), ()))
        others = itertools.chain(self._first_few(part.other for part in story), near)
        found = set(itertools.islice(others, MOST_HOLDERS))
        return found.union(*(self._first_few(self.copies.get(one, ())) for one in found))

    def _first_few(self, rows: Iterable[int]) -> list[int]:
        return heapq.nsmallest(MOST_HOLDERS, rows, self.place)


def mark_roundups(
    pairs: pa.Table,
    passages: pa.Table,
    asked: Asked,
    precedence: NDArray[np.int64] | None = None,
) -> pa.Table:
    """Turn the pairs of each round-up with its parts into `roundup`, not the same story.

    Pieces in different places are of different stories when no pair joins what
    they come from, and they are of different subjects: a story may have been cut into
    parts by others. Two are enough when both are told more fully elsewhere, or
    leave little out between them but pieces of others.

    What several outlets print, each without the other, are stories.

    What stands around a story on two pages, furniture that no third page has, is no piece of it.

    What prints other stories whole beside its own, and little else, is a round-up as
    well, even where one of them is most of it; where the others are too slight for
    that, only their pairs are turned: a page belongs to one story.

    Args:
        pairs: the judged pairs (verify.relation).
        passages: their aligned passages, by pair.
        asked: of the documents that two pieces come from.
        precedence: int64 (D,), the place of each document: the first stands for a story, and
            of pieces that stand in one place its own comes first; None takes its row.

    Returns:
        The pairs, with relation, same_story and same_story_odds corrected.
    """
    chosen = np.zeros(pairs.num_rows, np.bool_)
    joined = joined_documents(pairs, pairs.column("same_story").to_numpy())
    known = _Known(joined, joined_documents(pairs, is_exact(pairs)), asked, precedence)
    printed = printed_whole(pairs)
    for found in parts_by_document(pairs, passages).values():
        parts = _without_frames(found, printed)
        stories = _stories(_topics([part for part in parts if part.counts], known), joined)
        told = [one for one in parts if one.counts or (one.whole and one.share >= _MENTION)]
        if _are_apart(stories, _stories(_topics(told, known), joined), known, parts):
            chosen[[part.pair for part in parts]] = True
            continue
        whole = _stories(_topics([part for part in parts if part.whole], known), joined)
        beside = _beside(whole, known)
        if math.fsum(max(part.share for part in story) for story in beside) >= LEAST_PART:
            chosen[[part.pair for part in parts]] = True
        else:
            chosen[[part.pair for story in beside for part in story]] = True
    return _corrected(pairs, chosen) if chosen.any() else pairs


def _are_apart(
    stories: list[_Story], among: list[_Story], known: _Known, parts: list[Part]
) -> bool:
    """Say whether stories that stand in a page are of different subjects, on the whole.

    `among` are those that subjects are asked of: slight ones, too, if they stand there whole.
    Nothing is left out between them where one of the other `parts` stands.
    """
    # A slight piece may be joined with several stories, and make them one.
    if min(len(stories), len(among)) < 2:
        return False
    shown = [*stories, *_of_others(parts, stories, known)]
    n_fuller = sum(any(part.told < _TOLD_WHOLE for part in story) for story in stories)
    is_loose = n_fuller < 2 and len(stories) == 2 and _uncovered(shown) > _LARGEST_GAP
    pairs = itertools.combinations(_largest(among), 2)
    is_cut = all(part.told < TOLD_COMPLETE for story in stories for part in story)
    return known.mean_odds(pairs) < (-_LOOSE_ODDS if is_loose else _CUT_ODDS if is_cut else 0)


def _of_others(parts: list[Part], stories: list[_Story], known: _Known) -> list[_Story]:
    """Return each piece of a document that no pair joins to what these stories come from."""
    told = {part.other for story in stories for part in story}
    near = told.union(*(known.joined.get(one, ()) for one in told))
    return [[part] for part in parts if part.other not in near]


def _largest(stories: list[_Story]) -> list[_Story]:
    return sorted(stories, key=_extent)[-_MOST_COMPARED:]


def _beside(stories: list[_Story], known: _Known) -> list[_Story]:
    """Return the stories that a page prints whole beside its largest, of another subject.

    Where much of the page is none of them, only the slightest: a late version may hold
    an early one and its own end, each cut out.
    """
    if len(stories) < 2:
        return []
    largest = max(stories, key=_extent)
    others = [story for story in stories if story is not largest]
    if _uncovered(stories) > _LARGEST_GAP:
        others = [story for story in others if max(part.share for part in story) < _MENTION]
    return [
        story
        for story in others
        if known.mean_odds((story, near) for near in _largest(stories) if near is not story) < 0
    ]


def _extent(story: _Story) -> int:
    return max(part.end - part.start for part in story)


def _uncovered(stories: list[_Story]) -> float:
    """Return how much of the text from the first piece to the last is in none.

    A piece is only the longest passage of its story: what the shares of all passages
    leave of the page is a bound, too.
    """
    parts = sorted(part for story in stories for part in story)
    start = reached = parts[0].start
    missing = 0
    for part in parts:
        missing += max(0, part.start - reached)
        reached = max(reached, part.end)
    shares = math.fsum(max(part.share for part in story) for story in stories)
    return min(missing / (reached - start), 1 - shares)


def _without_frames(parts: list[Part], printed: dict[int, list[tuple[int, float]]]) -> list[Part]:
    """Let no piece count that only stands around the story of the document it comes from.

    The rest of that document is another's text, whole, of which the page has nothing.
    """
    known = {part.other for part in parts}

    def is_frame(part: Part) -> bool:
        # A text that is more than the rest holds the piece as well.
        return any(
            text not in known and _FRAMED - part.told <= share <= 1 - part.told / 2
            for text, share in printed.get(part.other, ())
        )

    return [part._replace(counts=part.counts and not is_frame(part)) for part in parts]


def _topics(parts: list[Part], known: _Known) -> list[_Story]:
    """Group pieces that overlap by half of the smaller one, from first to last.

    A piece is held against the last few that reach beyond its start, so that a
    page quoted by thousands costs no more than its pieces.
    """
    topics: list[list[Part]] = []
    for part in sorted(parts, key=lambda part: (part.start, part.end, known.place(part.other))):
        near = topics[-_NEAR_TOPICS:]
        for topic in near:
            if any(_overlap(part, one) for one in topic[-_NEAR_PIECES:]):
                topic.append(part)
                break
        else:
            topics.append([part])
    return topics


def _overlap(one: Part, other: Part) -> bool:
    common = min(one.end, other.end) - max(one.start, other.start)
    return 2 * common >= min(one.end - one.start, other.end - other.start)


def _stories(topics: list[_Story], joined: dict[int, list[int]]) -> list[_Story]:
    """Unite topics whose documents some pair joins."""
    topic_of = {part.other: place for place, topic in enumerate(topics) for part in topic}
    united = DisjointSets()
    for place, topic in enumerate(topics):
        for part in topic:
            # A document may have pieces in two topics: it joins them itself.
            for near in (part.other, *joined.get(part.other, ())):
                if near in topic_of:
                    united.unite(place, topic_of[near])
    stories: dict[int, list[Part]] = defaultdict(list)
    for place, topic in enumerate(topics):
        stories[united.find(place)] += topic
    return list(stories.values())


def _corrected(pairs: pa.Table, chosen: NDArray[np.bool_]) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    relation = pc.if_else(pa.array(chosen), "roundup", pairs.column("relation"))
    odds = pairs.column("same_story_odds").to_numpy().copy()
    odds[chosen] = np.minimum(odds[chosen], _ODDS)
    columns = {
        "relation": relation,
        "same_story": pa.array(pairs.column("same_story").to_numpy() & ~chosen),
        "same_story_odds": pa.array(odds),
    }
    for name, column in columns.items():
        pairs = pairs.set_column(pairs.schema.get_field_index(name), name, column)
    return pairs
