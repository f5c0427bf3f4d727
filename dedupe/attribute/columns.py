"""Stories in; relation, parent and probabilities of every document and pair out.

    documents, stories, pairs, passages, clues  ->  attribute()  ->  Attribution

Documents alone and without a clue are settled in bulk, as columns. The loop
runs over stories of two or more, and over single pages that say they are
copies.
"""

from __future__ import annotations

import functools
import itertools
import logging
import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dedupe.attribute.crossings import Taken, parent_of, passage_parents, roundups, taken
from dedupe.attribute.evidence import MOST_AFFINITY, Scores, Story, score, summed
from dedupe.attribute.findings import find_evidence, find_more, find_record
from dedupe.attribute.model import UNSEEN_PRIOR, posterior
from dedupe.attribute.pages import NEVER, Pages
from dedupe.attribute.parents import Placed, place_documents
from dedupe.attribute.rows import roundup_row, story_row
from dedupe.attribute.standing import Record, leanings
from dedupe.attribute.tables import ClueTable, PairTable
from dedupe.attribute.verdict import Judged, Verdict, judge
from dedupe.attribute.works import works
from dedupe.names import default_names, fold

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from dedupe.attribute.evidence import Evidence, Pair
    from dedupe.attribute.model import Posterior
    from dedupe.names import Names

_LOG = logging.getLogger(__name__)

_MOST_WORKS = 150
"""Works weighed together: the model is cubic. The rest of a larger story hangs below them."""

# Up to so many works without any evidence are all judged alike.
_SILENT = 2
# Stories whose documents are looked up at once.
_BLOCK = 4096
_OWN_VOICE = frozenset({"outlet", "agency", "told_own_name", "byline"})
_CROSSING = frozenset({"roundup", "partial"})
_DIRECTED = _CROSSING | {"exact", "repost", "excerpt", "rewrite", "paraphrase", "update"}
# Evidence this strong overrules the rule that the taker holds more of its own.
_STRONG = 0.8
_MOST_ODDS = 12.0


class Attribution(NamedTuple):
    """What attribution knows, by document and by pair.

    Shapes (D documents, P pairs)
        relation            list of str (D,)
        parent              int64 (D,)     row of the likeliest parent, -1 where absent
        parent_name         list (D,)      its outlet or agency, also when absent; None unknown
        parent_probability  float64 (D,)   NaN without a parent
        origin_probability  float64 (D,)
        pair_a_first        float64 (P,)   that a's text stands nearer the origin; .5 unknown
        stories             rows of stories.jsonl, in the order of their first document
    """

    relation: list[str]
    parent: NDArray[np.int64]
    parent_name: list[str | None]
    parent_probability: NDArray[np.float64]
    origin_probability: NDArray[np.float64]
    pair_a_first: NDArray[np.float64]
    stories: list[dict[str, Any]]


def attribute(
    documents: pa.Table,
    stories: NDArray[np.int64],
    pairs: pa.Table,
    passages: pa.Table,
    clues: pa.Table,
    names: Names | None = None,
    decided: Collection[int] = (),
) -> Attribution:
    """Name the likely origin of every story, or say that nothing tells.

    Args:
        documents: table of `documents.SCHEMA`, sorted by id.
        stories: int64 (D,), the story of each document: its smallest row.
        pairs: verified pairs, rows of `documents`, a < b, sorted.
        passages: aligned passages, sorted by pair.
        clues: table of `clues_schema()`.
        names: agencies and outlets to know, those with which the clues were
            harvested; None takes those of the package.
        decided: documents that a reader holds for the origins of their stories.
    """
    stories = np.asarray(stories, dtype=np.int64)
    names = names or default_names()
    desk = _Desk(Pages(documents, names), names, ClueTable(clues), len(stories), pairs.num_rows)
    table = PairTable(pairs, passages, stories)
    desk.learn_names()
    desk.decided = frozenset(decided)
    groups = _groups(stories, {*desk.clues.deriving(), *decided})
    for rows in _held(groups, desk.pages):
        desk.settle(rows, table.within(rows[0]))
    opened = desk.reopened()
    for rows in _held(iter([rows for rows, _ in opened.values()]), desk.pages):
        desk.settle(rows, table.within(rows[0]), opened.pop(rows[0])[1])
    desk.settle_crossings(table.crossing(_DIRECTED), stories)
    _LOG.debug("%d stories written", len(desk.rows))
    return desk.filled._replace(stories=[desk.rows[first] for first in sorted(desk.rows)])


def _held(groups: Iterator[list[int]], pages: Pages) -> Iterator[list[int]]:
    """Yield groups of documents whose ids and outlets were looked up, many at once."""
    while block := list(itertools.islice(groups, _BLOCK)):
        pages.hold(np.array([row for rows in block for row in rows], np.int64))
        yield from block


def _groups(stories: NDArray[np.int64], deriving: Collection[int]) -> Iterator[list[int]]:
    """Yield the documents of each story that needs thought, in the order of its first."""
    sizes = np.bincount(stories, minlength=len(stories))
    lone = [row for row in deriving if sizes[stories[row]] == 1]
    order = np.argsort(stories, kind="stable")
    ends = np.cumsum(sizes)
    for label in sorted({*np.flatnonzero(sizes >= 2).tolist(), *lone}):
        yield order[ends[label] - sizes[label] : ends[label]].tolist()


class _Desk:
    """Judges stories one by one and fills the columns."""

    def __init__(
        self, pages: Pages, names: Names, clues: ClueTable, n_docs: int, n_pairs: int
    ) -> None:
        self.pages = pages
        self.names = names
        self.clues = clues
        self.rows: dict[int, dict[str, Any]] = {}
        self._no_copies: dict[tuple[object, ...] | None, float] = {}
        self.records: dict[str, Record] = {}
        self.leanings: dict[str, float] = {}
        self.decided: frozenset[int] = frozenset()
        self._open: dict[int, tuple[list[int], _FirstLook]] | None = {}
        self.filled = Attribution(
            relation=["single"] * n_docs,
            parent=np.full(n_docs, -1, dtype=np.int64),
            parent_name=[None] * n_docs,
            parent_probability=np.full(n_docs, np.nan),
            origin_probability=np.full(n_docs, 1 - UNSEEN_PRIOR),
            pair_a_first=np.full(n_pairs, 0.5),
            stories=[],
        )

    def learn_names(self) -> None:
        """Learn what outlets call themselves, and else what others call them."""
        labels = self.pages.unlisted_labels()
        for row, clue in self.clues.named():
            name = clue.name or ""
            if clue.rule in _OWN_VOICE and self.pages.is_outlet(row, name, self.names):
                self.pages.learn(self.pages.source(row), name)
        for _, clue in self.clues.named():
            self.pages.learn(labels.get(fold(clue.name or "").removeprefix("the")), clue.name or "")

    def settle(
        self, rows: Sequence[int], pairs: Sequence[Pair], seen: _FirstLook | None = None
    ) -> None:
        """Judge one story and fill in its documents and pairs.

        Args:
            rows: its documents.
            pairs: its verified pairs.
            seen: a first look at it, which a second only adds to.
        """
        alone = len(rows) == 1 and rows[0] not in self.decided
        said = self._said(rows[0]) if alone else None
        if said in self._no_copies:
            self.filled.origin_probability[rows[0]] = self._no_copies[said]
            return
        whole = self._story(rows, pairs)
        story = _core(whole)
        judged = _judged(story, seen)
        _, _, scores, known, verdict = judged
        for row, probability in verdict.probability.items():
            self.filled.origin_probability[row] = probability
        if len(rows) == 1 and (verdict.work >= 0 or verdict.band == "unknown"):
            # Its own name in its own credit: a page alone, and no copy.
            if said is not None:
                self._no_copies[said] = verdict.probability[rows[0]]
            return
        if self._awaits(rows, judged):
            return
        placed = list(place_documents(story, scores, known, verdict))
        for one in placed:
            self._place(one)
        self._direct(story, scores, verdict)
        if story is not whole:
            self._hang_rest(whole, story, verdict)
        self.rows[rows[0]] = story_row(whole, judged, placed)

    def _awaits(self, rows: Sequence[int], judged: Judged) -> bool:
        """Note who was the origin, or that a story is left open for a second look."""
        verdict, story = judged.verdict, judged.story
        outlets = {self.pages.outlet(row) for row in story.rows} - {None}
        if self._open is None or len(outlets) < 2:
            return False
        if verdict.band in ("unknown", "low"):
            self._open[rows[0]] = list(rows), _FirstLook(*judged[1:])
            return True
        origin = self.pages.outlet(verdict.row) if verdict.row >= 0 else None
        for outlet in outlets:
            n_stories, n_origin = self.records.get(outlet or "", (0, 0))
            record = Record(n_stories + 1, n_origin + (outlet == origin))
            self.records[outlet or ""] = record
        return False

    def reopened(self) -> dict[int, tuple[list[int], _FirstLook]]:
        """Return the stories left open, as they were judged: now their outlets' records count."""
        left, self._open = self._open or {}, None
        self.leanings = leanings(self.records)
        return left

    def _story(self, rows: Sequence[int], pairs: Sequence[Pair]) -> Story:
        return _gather(works(rows, pairs, self.pages), pairs, self)

    def _said(self, row: int) -> tuple[object, ...]:
        """Return all that a page alone is judged by: who it is, and its clues but for places."""
        whose = self.pages.outlet(row), self.pages.domain(row)
        return *whose, *((clue.kind, clue.name, clue.rule) for clue in self.clues.of(row))

    def _place(self, placed: Placed) -> None:
        row, parent = placed.row, placed.parent
        self.filled.relation[row] = placed.relation
        self.filled.parent[row] = parent
        self.filled.parent_name[row] = self.pages.outlet(parent) if parent >= 0 else placed.name
        self.filled.parent_probability[row] = placed.probability

    def _direct(self, story: Story, scores: Scores, verdict: Verdict) -> None:
        for pair in story.pairs:
            i, j = story.work_of[pair.a], story.work_of[pair.b]
            if i != j:
                self.filled.pair_a_first[pair.place] = _direction(scores, i, j)
                continue
            one, other = verdict.probability[pair.a], verdict.probability[pair.b]
            if one + other > 0:
                self.filled.pair_a_first[pair.place] = one / (one + other)

    def _hang_rest(self, whole: Story, core: Story, verdict: Verdict) -> None:
        """Hang what was not weighed below the verdict: siblings, not a chain."""
        measured = {(pair.a, pair.b): pair.relation for pair in whole.pairs}
        closest = {row: pair.relation for pair in whole.pairs for row in (pair.a, pair.b)}
        probability = verdict.origin["probability"]
        for row in sorted(set(whole.rows).difference(core.rows)):
            self.filled.origin_probability[row] = 0.0
            relation = closest.get(row, "paraphrase")
            if probability is None:
                self._place(Placed(row, relation))
            elif verdict.row >= 0:
                ends = (min(row, verdict.row), max(row, verdict.row))
                relation = measured.get(ends, relation)
                self._place(Placed(row, relation, verdict.row, None, probability))
            else:
                self._place(Placed(row, "derived", -1, verdict.name, probability))

    def settle_crossings(self, pairs: Iterator[Pair], stories: NDArray[np.int64]) -> None:
        """Direct the pairs that link two stories; a page alone that took from another says so."""
        linked = list(pairs)
        n_parts = roundups(linked, stories)
        found: dict[int, list[Taken]] = {}
        for pair in linked:
            story = _gather([[pair.a], [pair.b]], [pair], self)
            first = _direction(score(story, find_evidence(story)), 0, 1)
            self.filled.pair_a_first[pair.place] = first
            if pair.relation not in _CROSSING:
                continue
            child = _taker(pair, first, n_parts)
            sure = max(0.5, first if child == pair.b else 1 - first)
            parent = pair.b if child == pair.a else pair.a
            found.setdefault(child, []).append(taken(pair, child, int(stories[parent]), sure))
        chance = self.filled.origin_probability
        in_hand = dict(enumerate(np.bincount(stories, chance, len(stories)).tolist()))
        for child in sorted(found):
            if self.filled.relation[child] != "single":
                continue
            best = parent_of(found[child], chance)
            self._place(Placed(child, best.relation, best.parent, None, best.sure))
            if len({one.label for one in found[child]}) > 1:
                parts = passage_parents(found[child], chance, in_hand, self.pages)
                self.rows[child] = roundup_row(self.pages, child, parts)


class _FirstLook(NamedTuple):
    """A judged story without its pages and pairs, to be kept until a second look."""

    evidence: list[Evidence]
    scores: Scores
    known: Posterior
    verdict: Verdict


def _judged(story: Story, seen: _FirstLook | None = None) -> Judged:
    """Judge a story by what is seen at a glance, and by its texts where that leaves it open.

    A second look adds what the records of outlets say.
    """
    if seen is not None and not (record := find_record(story)):
        return Judged(story, *seen)
    evidence = find_evidence(story) if seen is None else [*seen.evidence, *record]
    scores, known = _weighed(story, evidence)
    verdict = judge(story, scores, known, evidence)
    if seen is not None or len(story.works) == 1 or verdict.band == "high":
        return Judged(story, evidence, scores, known, verdict)
    if more := find_more(story):
        evidence += more
        scores, known = _weighed(story, evidence)
        verdict = judge(story, scores, known, evidence)
    return Judged(story, evidence, scores, known, verdict)


def _weighed(story: Story, evidence: Sequence[Evidence]) -> tuple[Scores, Posterior]:
    """Add up the evidence of a story, and weigh its origins and parents."""
    if not evidence and len(story.works) <= _SILENT and story.decided < 0:
        return _nothing_said(len(story.works))
    scores = score(story, evidence)
    return scores, posterior(scores.weights)


@functools.cache
def _nothing_said(n_works: int) -> tuple[Scores, Posterior]:
    """Return what is known of one work or two of which nothing tells which came first.

    How much they share moves no origin then, and brings no parent to even odds:
    at most 0.48, where they share all.
    """
    alike = np.full((n_works, n_works), MOST_AFFINITY)
    scores = summed(alike, ())
    known = posterior(scores.weights)
    # All silent stories share them.
    for array in (*scores.weights, scores.standing, *known):
        array.flags.writeable = False
    return scores, known


def _gather(by_work: list[list[int]], pairs: Sequence[Pair], desk: _Desk) -> Story:
    rows = sorted(row for members in by_work for row in members)
    return Story(
        rows=rows,
        works=by_work,
        work_of={row: work for work, members in enumerate(by_work) for row in members},
        pairs=pairs,
        clues={row: found for row in rows if (found := desk.clues.of(row))},
        pages=desk.pages,
        names=desk.names,
        records=desk.records,
        leanings=desk.leanings,
        decided=next(iter(desk.decided.intersection(rows)), -1) if desk.decided else -1,
    )


def _direction(scores: Scores, i: int, j: int) -> float:
    """Return the chance that work i stands nearer the origin than work j."""
    edges, standing = scores.weights.edges, scores.standing
    odds = scores.weights.order[i, j] + edges[i, j] - edges[j, i] + standing[i] - standing[j]
    return float(1 / (1 + math.exp(-max(-_MOST_ODDS, min(_MOST_ODDS, odds)))))


def _taker(pair: Pair, a_first: float, n_parts: Mapping[int, int]) -> int:
    """Return who took: the page that holds parts of more stories, and then as evidence says.

    Where that is weak, the page of which the smaller share is found in the
    other: a round-up holds much that its sources do not.
    """
    parts = n_parts.get(pair.a, 0), n_parts.get(pair.b, 0)
    if pair.relation == "roundup" and parts[0] != parts[1]:
        return pair.a if parts[0] > parts[1] else pair.b
    if max(a_first, 1 - a_first) > _STRONG:
        return pair.a if a_first < 0.5 else pair.b
    return pair.a if pair.containment_a < pair.containment_b else pair.b


def _core(story: Story) -> Story:
    """Keep the works that can tell something, where there are too many to weigh together.

    Half are chosen by what they say and half by their clocks: the first page
    of all may have said nothing.
    """
    if len(story.works) <= _MOST_WORKS:
        return story

    def age(work: int) -> tuple[bool, int, int]:
        latest = story.pages.latest
        clocks = [int(latest[row]) for row in story.works[work] if latest[row] != NEVER]
        return not clocks, min(clocks, default=0), story.works[work][0]

    def speaks(work: int) -> bool:
        return any(clue.name for row in story.works[work] for clue in story.clues.get(row, ()))

    early = sorted(range(len(story.works)), key=age)
    chosen: dict[int, None] = {}
    if story.decided >= 0:
        chosen[story.work_of[story.decided]] = None
    for ranked in zip(early, sorted(early, key=lambda work: not speaks(work)), strict=True):
        chosen.update(dict.fromkeys(ranked))
        if len(chosen) >= _MOST_WORKS:
            break
    kept = [list(story.works[work]) for work in sorted(chosen)]
    rows = {row for members in kept for row in members}
    return Story(
        rows=sorted(rows),
        works=kept,
        work_of={row: work for work, members in enumerate(kept) for row in members},
        pairs=[pair for pair in story.pairs if pair.a in rows and pair.b in rows],
        clues={row: found for row, found in story.clues.items() if row in rows},
        pages=story.pages,
        names=story.names,
        decided=story.decided,
    )
