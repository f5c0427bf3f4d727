"""Judged pairs in; those between a round-up and the stories it quotes set right, out.

A round-up holds large pieces of several stories, in different places. Pair by
pair each piece looks like an excerpt; only together do they show that the
document is none of those stories.
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

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


# Conventions, held to by the edited copies and round-ups of benchmarks/quality.py. With half of the
# first .965 of re-wrapped copies are joined, not .995; with twice .895 of round-ups are kept apart,
# not .995. With .6 or .9 for the second, no figure changes.
_LEAST_PART = 0.12
_LARGEST_PART = 0.75
"""Share of the round-up's words that one story's piece may make up."""

LIKELY = 0.5
"""Probability of shared lineage from which on what two documents have in common is a piece."""

_LEAST_LEAD = 0.5
"""Share of a story's lead that its piece in a round-up holds. With half as much two edited copies
are wrongly joined, which none is, and of near pairs of ECB+ .931 are found, not .948."""

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

_OUTLETS_ODDS, _MOST_OUTLETS, MOST_HOLDERS = 1.5, 4, 16
"""What each doubling of the outlets that have the one of two stories, and not the other, takes
from the log-odds that both are parts of one, how many outlets count, and of how many documents
they are: an editor cuts a story's end off, and seldom prints it alone."""

_NEAR_TOPICS, _NEAR_PIECES = 8, 8
"""Topics, and pieces of each, that a further piece is held against."""

_TWIN = 0.9
"""A text that makes up more of a page is the page again, not a part of it."""

_TOLD_COMPLETE = 0.85
"""Share of a text that stands in a page which prints it whole."""

_FRAMED = 0.9
"""Share of a document that a piece of it and a text it prints whole make up, from which on the
piece is what stands around that text."""

_MENTION = 0.05
"""A whole text that makes up less of a page of another story is a teaser on it, wherever it
stands."""

_ODDS = -6.0
"""Log-odds of same_story between a round-up and a story in it."""


class _Part(NamedTuple):
    """A piece of a document that stands in another: where, with whom, by which pair.

    `told` is how much of the other stands there, `share` how much of the document it is.
    Slight pieces, and those not from another's top, do not make a round-up; in
    one that is, they are parts as well. `whole` is one that stands in the document
    from top to end, and joins it to another story.
    """

    start: int
    end: int
    other: int
    pair: int
    told: float
    counts: bool
    whole: bool
    share: float


_Story = list[_Part]
"""The pieces that make up one story of a page."""


class _Known(NamedTuple):
    """What is known of the stories that a page may be made of.

    `joined` are the documents that a same-story pair joins to each, `copies` those that equal it.
    """

    joined: dict[int, list[int]]
    copies: dict[int, list[int]]
    asked: Asked

    def mean_odds(self, pairs: Iterable[tuple[_Story, _Story]]) -> float:
        """Return the mean log-odds of one subject of pairs of stories."""
        return statistics.fmean(self._odds(one, other) for one, other in pairs)

    def _odds(self, one: _Story, other: _Story) -> float:
        """Return bounded log-odds, for two stories may meet by chance, less what outlets say."""
        odds = self.asked.subject_odds(*sorted((_standing(one), _standing(other))))
        held = self._holders(one), self._holders(other)
        apart = held[0] - held[1], held[1] - held[0]
        n_outlets = min(_MOST_OUTLETS, *map(self.asked.n_outlets, apart))
        doublings = math.log2(max(1, n_outlets))
        return max(-_SUBJECT_CLIP, min(odds, _SUBJECT_CLIP)) - _OUTLETS_ODDS * doublings

    def _holders(self, story: _Story) -> set[int]:
        """Return documents that tell a story: those with pieces in the page, and some like them."""
        others = itertools.chain(
            (part.other for part in story), self.joined.get(_standing(story), ())
        )
        found = set(itertools.islice(others, MOST_HOLDERS))
        return found.union(*(self.copies.get(one, ())[:MOST_HOLDERS] for one in found))


def mark_roundups(pairs: pa.Table, passages: pa.Table, asked: Asked) -> pa.Table:
    """Turn the pairs of each round-up with its parts into `roundup`, not the same story.

    Pieces in different places are of different stories when no pair joins what
    they come from, and they are of different subjects: a story may have been cut into
    parts by others. Two are enough when both are told more fully elsewhere, or
    leave little out between them.

    What several outlets print, each without the other, are stories.

    What stands around a story on two pages, furniture that no third page has, is no piece of it.

    What prints other stories whole beside its own, and little else, is a round-up as
    well, even where one of them is most of it; where the others are too slight for
    that, only their pairs are turned: a page belongs to one story.

    Args:
        pairs: the judged pairs (verify.relation).
        passages: their aligned passages, by pair.
        asked: of the documents that two pieces come from.

    Returns:
        The pairs, with relation, same_story and same_story_odds corrected.
    """
    chosen = np.zeros(pairs.num_rows, np.bool_)
    joined = _joined(pairs, pairs.column("same_story").to_numpy())
    known = _Known(joined, _joined(pairs, _is_exact(pairs)), asked)
    printed = _printed_whole(pairs)
    for found in _parts(pairs, passages).values():
        parts = _without_frames(found, printed)
        stories = _stories(_topics([part for part in parts if part.counts]), joined)
        told = [one for one in parts if one.counts or (one.whole and one.share >= _MENTION)]
        if _are_apart(stories, _stories(_topics(told), joined), known):
            chosen[[part.pair for part in parts]] = True
            continue
        whole = _stories(_topics([part for part in parts if part.whole]), joined)
        beside = _beside(whole, known)
        if sum(max(part.share for part in story) for story in beside) >= _LEAST_PART:
            chosen[[part.pair for part in parts]] = True
        else:
            chosen[[part.pair for story in beside for part in story]] = True
    return _corrected(pairs, chosen) if chosen.any() else pairs


def shows_roundup(
    probability: NDArray[np.floating], share: NDArray[np.floating], lead: NDArray[np.floating]
) -> NDArray[np.bool_]:
    """Say which pieces count among those that make a document a round-up, bool (P,).

    A round-up takes a story from its top; a new story takes background from within.

    Args:
        probability: of shared lineage with the document that each piece comes from.
        share: of the round-up's words that each makes up.
        lead: share of the lead of the document it comes from that it holds.
    """
    is_large = (share >= _LEAST_PART) & (share <= _LARGEST_PART)
    return np.asarray(is_large & (lead >= _LEAST_LEAD) & (probability >= LIKELY))


def _are_apart(stories: list[_Story], among: list[_Story], known: _Known) -> bool:
    """Say whether stories that stand in a page are of different subjects, on the whole.

    `among` are those that subjects are asked of: slight ones, too, if they stand there whole.
    """
    # A slight piece may be joined with several stories, and make them one.
    if min(len(stories), len(among)) < 2:
        return False
    n_fuller = sum(any(part.told < _TOLD_WHOLE for part in story) for story in stories)
    is_loose = n_fuller < 2 and len(stories) == 2 and _uncovered(stories) > _LARGEST_GAP
    pairs = itertools.combinations(_largest(among), 2)
    return known.mean_odds(pairs) < (-_LOOSE_ODDS if is_loose else 0)


def _largest(stories: list[_Story]) -> list[_Story]:
    return sorted(stories, key=_extent)[-_MOST_COMPARED:]


def _standing(story: _Story) -> int:
    """Return the document that stands for a story."""
    return min(part.other for part in story)


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
    shares = sum(max(part.share for part in story) for story in stories)
    return min(missing / (reached - start), 1 - shares)


def _is_exact(pairs: pa.Table) -> NDArray[np.bool_]:
    import pyarrow.compute as pc

    found: NDArray[np.bool_] = pc.equal(pairs.column("relation"), "exact").to_numpy()
    return found


def _joined(pairs: pa.Table, chosen: NDArray[np.bool_]) -> dict[int, list[int]]:
    """Return the documents that one of some pairs, bool (P,), joins to each document."""
    joined: dict[int, list[int]] = defaultdict(list)
    sides = (pairs.column(side).to_numpy()[chosen].tolist() for side in ("a", "b"))
    for a, b in zip(*sides, strict=True):
        joined[a].append(b)
        joined[b].append(a)
    return joined


def _printed_whole(pairs: pa.Table) -> dict[int, list[tuple[int, float]]]:
    """Return the texts that each document prints whole, and how much of it each is."""
    same = pairs.column("same_story").to_numpy()
    printed: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for side, other in (("a", "b"), ("b", "a")):
        told = pairs.column(f"aligned_{other}").to_numpy()
        rows = np.flatnonzero(same & (told >= _TOLD_COMPLETE))
        columns = (pairs.column(name).to_numpy() for name in (side, other, f"aligned_{side}"))
        for document, text, share in zip(*(one[rows].tolist() for one in columns), strict=True):
            printed[document].append((text, share))
    return printed


def _without_frames(parts: list[_Part], printed: dict[int, list[tuple[int, float]]]) -> list[_Part]:
    """Let no piece count that only stands around the story of the document it comes from.

    The rest of that document is another's text, whole, of which the page has nothing.
    """
    known = {part.other for part in parts}

    def is_frame(part: _Part) -> bool:
        # A text that is more than the rest holds the piece as well.
        return any(
            text not in known and _FRAMED - part.told <= share <= 1 - part.told / 2
            for text, share in printed.get(part.other, ())
        )

    return [part._replace(counts=part.counts and not is_frame(part)) for part in parts]


def _parts(pairs: pa.Table, passages: pa.Table) -> dict[int, list[_Part]]:
    """Collect, for each document, the pieces of it that others hold too."""
    probability = pairs.column("probability").to_numpy()
    same = pairs.column("same_story").to_numpy()
    pair = passages.column("pair").to_numpy()
    parts: dict[int, list[_Part]] = defaultdict(list)
    for side, other in (("a", "b"), ("b", "a")):
        aligned = pairs.column(f"aligned_{side}").to_numpy()
        lead = pairs.column(f"lead_{other}").to_numpy()
        counts = shows_roundup(probability, aligned, lead)
        told = pairs.column(f"aligned_{other}").to_numpy()
        whole = same & (lead >= _LEAST_LEAD) & (told >= _TOLD_COMPLETE)
        # A larger part matters only where it stands whole among others.
        wanted = (probability >= LIKELY) & (
            (aligned <= _LARGEST_PART) | (whole & (aligned <= _TWIN))
        )
        rows = np.flatnonzero(wanted)
        if not len(rows):
            continue
        near = wanted[pair]
        starts, ends = _longest(
            pair[near],
            passages.column(f"{side}_start").to_numpy()[near],
            passages.column(f"{side}_end").to_numpy()[near],
            pairs.num_rows,
        )
        documents = pairs.column(side).to_numpy()
        others = pairs.column(other).to_numpy()
        found = rows[ends[rows] > starts[rows]]
        places = np.arange(pairs.num_rows)
        values = (starts, ends, others, places, told, counts, whole, aligned)
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


def _topics(parts: list[_Part]) -> list[_Story]:
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


def _stories(topics: list[_Story], joined: dict[int, list[int]]) -> list[_Story]:
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
