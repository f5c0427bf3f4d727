"""Stories in; relation, parent and probabilities of every document and pair out.

    documents, stories, pairs, passages, clues  ->  attribute()  ->  Attribution

Documents alone and without a clue are settled in bulk, as columns; the loop
runs over stories of two or more, and over single pages that say they are
copies.
"""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dedupe.attribute.evidence import Evidence, Pair, Scores, Story, score
from dedupe.attribute.model import UNSEEN_PRIOR, Posterior, posterior
from dedupe.attribute.names import default_names
from dedupe.attribute.pages import NEVER, Pages
from dedupe.attribute.signals import derives, find_evidence
from dedupe.attribute.tree import likeliest_tree
from dedupe.attribute.verdict import Verdict, judge, story_row
from dedupe.attribute.works import works
from dedupe.clean.clues import Clue

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from dedupe.attribute.names import Names
    from dedupe.settings import Settings

_LOG = logging.getLogger(__name__)

_MOST_WORKS = 300
"""Works weighed together; the model is cubic, and the rest of a larger story hangs below them."""

_SURE_PARENT = 0.5
_CROSSING = ("roundup", "partial")
_DIRECTED = (*_CROSSING, "exact", "repost", "excerpt", "rewrite", "paraphrase", "update")
_BEST_FIRST = (
    "exact",
    "repost",
    "excerpt",
    "update",
    "rewrite",
    "paraphrase",
    "roundup",
    "partial",
)


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
    settings: Settings,
    names: Names | None = None,
) -> Attribution:
    """Name the likely origin of every story, or say that nothing tells.

    Args:
        documents: table of `documents.SCHEMA`, sorted by id.
        stories: int64 (D,), the story of each document: its smallest row.
        pairs: verified pairs, rows of `documents`, a < b, sorted.
        passages: aligned passages, sorted by pair.
        clues: table of `clues_schema()`.
        settings: of the run.
        names: agencies and outlets to know; None takes those of the package.
    """
    del settings  # nothing of this stage is configurable yet
    names = names or default_names()
    stage = _Stage(documents, stories, pairs, passages, clues, names)
    for rows in stage.groups():
        stage.settle(rows)
    stage.settle_crossings()
    _LOG.debug("%d stories written", len(stage.story_rows))
    return stage.result()


class _Stage:
    """The tables of one run and the columns being filled."""

    def __init__(
        self,
        documents: pa.Table,
        stories: NDArray[np.int64],
        pairs: pa.Table,
        passages: pa.Table,
        clues: pa.Table,
        names: Names,
    ) -> None:
        n_docs = documents.num_rows
        self.names = names
        self.pages = Pages(documents, names)
        self.stories = np.asarray(stories, dtype=np.int64)
        self.clues = _Clues(clues)
        self.pairs = _Pairs(pairs, passages, self.stories)
        self.relation = ["single"] * n_docs
        self.parent = np.full(n_docs, -1, dtype=np.int64)
        self.parent_name: list[str | None] = [None] * n_docs
        self.parent_probability = np.full(n_docs, np.nan)
        self.origin_probability = np.full(n_docs, 1 - UNSEEN_PRIOR)
        self.a_first = np.full(pairs.num_rows, 0.5)
        self.story_rows: list[dict[str, Any]] = []

    def groups(self) -> Iterator[list[int]]:
        """Yield the documents of each story that needs thought, in order."""
        sizes = np.bincount(self.stories, minlength=len(self.stories))
        order = np.argsort(self.stories, kind="stable")
        ends = np.cumsum(sizes)
        derived = self.clues.rows_that_derive()
        wanted = np.flatnonzero(sizes >= 2).tolist()
        lone = [row for row in derived if sizes[self.stories[row]] == 1]
        for label in sorted({*wanted, *lone}):
            yield order[ends[label] - sizes[label] : ends[label]].tolist()

    def story(self, rows: Sequence[int], held: Sequence[Pair]) -> Story:
        """Prepare a story."""
        by_work = works(rows, held, self.pages)
        return Story(
            rows=rows,
            works=by_work,
            work_of={row: work for work, members in enumerate(by_work) for row in members},
            pairs=held,
            clues={row: found for row in rows if (found := self.clues.of(row))},
            pages=self.pages,
            names=self.names,
        )

    def settle(self, rows: list[int]) -> None:
        """Judge one story and fill in its documents and pairs."""
        whole = self.story(rows, self.pairs.within(rows[0]))
        story = _core(whole)
        evidence = find_evidence(story)
        if len(rows) == 1 and not evidence:
            return
        scores = score(story, evidence)
        known = posterior(
            scores.affinity, scores.edges, scores.roots, scores.absent_edges, scores.absent_prior
        )
        verdict = judge(story, scores, known, evidence)
        if len(rows) == 1 and verdict.work >= 0:
            # Its own clues outweigh the scar: a page alone that claims its story.
            self.origin_probability[rows[0]] = verdict.probability[rows[0]]
            return
        for row, probability in verdict.probability.items():
            self.origin_probability[row] = probability
        self._fill_pairs(story, scores, verdict)
        self._fill_parents(story, scores, known, verdict)
        if story is not whole:
            self._hang_rest(whole, story, verdict)
        full = whole if story is not whole else story
        self.story_rows.append(story_row(full, verdict, evidence))

    def _fill_pairs(self, story: Story, scores: Scores, verdict: Verdict) -> None:
        for pair in story.pairs:
            i, j = story.work_of[pair.a], story.work_of[pair.b]
            if i == j:
                one, other = verdict.probability[pair.a], verdict.probability[pair.b]
                self.a_first[pair.place] = one / (one + other) if one + other > 0 else 0.5
            else:
                self.a_first[pair.place] = _direction(scores, i, j)

    def _fill_parents(
        self, story: Story, scores: Scores, known: Posterior, verdict: Verdict
    ) -> None:
        above = _tree(known, verdict, len(story.works))
        shares = {row: verdict.probability[row] for row in story.rows}
        between = _between_works(story)
        for work, members in enumerate(story.works):
            head = max(members, key=lambda row: (row == verdict.row, shares[row], -row))
            parent = above[work]
            probability = float(known.parent[parent, work]) if parent >= 0 else math.nan
            self._fill_head(story, scores, verdict, between, work, head, parent, probability)
            self._fill_versions(story, work, members, head, shares, verdict)

    def _fill_head(
        self,
        story: Story,
        scores: Scores,
        verdict: Verdict,
        between: dict[tuple[int, int], list[Pair]],
        work: int,
        head: int,
        parent: int,
        probability: float,
    ) -> None:
        n_works = len(story.works)
        self.relation[head] = _best_relation(story, work, head)
        if head == verdict.row:
            self.relation[head] = "origin"
        elif parent >= n_works:
            self.relation[head] = "derived"
            self.parent_name[head] = scores.absent[parent - n_works]
            self.parent_probability[head] = probability
        elif parent >= 0 and (verdict.work >= 0 or verdict.name or probability >= _SURE_PARENT):
            row, relation = _parent_document(story, between, work, parent, head, verdict)
            self.relation[head] = relation or self.relation[head]
            self._set_parent(head, row, probability)

    def _fill_versions(
        self,
        story: Story,
        work: int,
        members: Sequence[int],
        head: int,
        shares: dict[int, float],
        verdict: Verdict,
    ) -> None:
        total = sum(shares[row] for row in members) or 1.0
        for row in members:
            if row == head:
                continue
            self.relation[row] = _relation_of(story, row, head) or "exact"
            if verdict.work == work or shares[head] > total / len(members) * 1.01:
                self._set_parent(row, head, shares[head] / total)

    def _set_parent(self, row: int, parent: int, probability: float) -> None:
        self.parent[row] = parent
        self.parent_name[row] = self.pages.outlet(parent)
        self.parent_probability[row] = probability

    def _hang_rest(self, whole: Story, core: Story, verdict: Verdict) -> None:
        """Hang the documents beyond the core below the verdict: siblings, not a chain."""
        weighed = set(core.rows)
        probability = verdict.origin["probability"]
        for row in whole.rows:
            if row in weighed:
                continue
            self.origin_probability[row] = 0.0
            self.relation[row] = "derived" if verdict.row < 0 and probability else "exact"
            if verdict.row >= 0:
                self.relation[row] = _relation_of(whole, row, verdict.row) or "repost"
                self._set_parent(row, verdict.row, probability)
            elif probability:
                self.parent_name[row] = verdict.name
                self.parent_probability[row] = probability
        for pair in whole.pairs:
            if not (pair.a in weighed and pair.b in weighed):
                one, other = self.origin_probability[pair.a], self.origin_probability[pair.b]
                if one + other > 0:
                    self.a_first[pair.place] = min(0.95, max(0.05, one / (one + other)))

    def settle_crossings(self) -> None:
        """Direct the pairs that link two stories, and name the parents of round-ups."""
        best: dict[int, tuple[float, int, str]] = {}
        for pair in self.pairs.crossing():
            story = self.story([pair.a, pair.b], [pair._replace(relation="partial")])
            if len(story.works) == 1:
                continue
            scores = score(story, find_evidence(story))
            first = _direction(scores, 0, 1)
            self.a_first[pair.place] = first
            if pair.relation not in _CROSSING:
                continue
            # The page that took less of itself from the other took from it.
            by_length = pair.containment_a < pair.containment_b
            child, parent = (pair.a, pair.b) if _is_child(first, by_length) else (pair.b, pair.a)
            sure = first if child == pair.b else 1 - first
            held = best.get(child)
            if held is None or (sure, -parent) > (held[0], -held[1]):
                best[child] = (sure, parent, pair.relation)
        for child, (sure, parent, relation) in best.items():
            if self.relation[child] == "single":
                self.relation[child] = relation
                self._set_parent(child, parent, max(sure, 0.5))

    def result(self) -> Attribution:
        return Attribution(
            self.relation,
            self.parent,
            self.parent_name,
            self.parent_probability,
            self.origin_probability,
            self.a_first,
            self.story_rows,
        )


def _is_child(a_first: float, by_length: bool) -> bool:
    """Say whether a is the taker: by evidence where it is strong, else by containment."""
    if abs(a_first - 0.5) > 0.3:
        return a_first < 0.5
    return by_length


def _direction(scores: Scores, i: int, j: int) -> float:
    odds = scores.edges[i, j] - scores.edges[j, i] + scores.standing[i] - scores.standing[j]
    return float(1 / (1 + math.exp(-max(-12.0, min(12.0, odds)))))


def _core(story: Story) -> Story:
    """Keep the works that can tell something, where there are too many to weigh together."""
    if len(story.works) <= _MOST_WORKS:
        return story
    pages = story.pages

    def promise(work: int) -> tuple[bool, bool, int, int]:
        members = story.works[work]
        clocks = [int(pages.latest[row]) for row in members if pages.latest[row] != NEVER]
        speaks = any(clue.name for row in members for clue in story.clues.get(row, ()))
        return (not speaks, not clocks, min(clocks, default=0), members[0])

    order = sorted(range(len(story.works)), key=promise)
    # Half by what they say, half by their clocks alone: the first may have said nothing.
    early = sorted(order, key=lambda work: promise(work)[1:])
    chosen: dict[int, None] = {}
    for pair in zip(order, early, strict=True):
        chosen.update(dict.fromkeys(pair))
        if len(chosen) >= _MOST_WORKS:
            break
    kept = [story.works[work] for work in sorted(chosen)]
    rows = sorted(row for members in kept for row in members)
    held = set(rows)
    return Story(
        rows=rows,
        works=kept,
        work_of={row: work for work, members in enumerate(kept) for row in members},
        pairs=[pair for pair in story.pairs if pair.a in held and pair.b in held],
        clues={row: found for row, found in story.clues.items() if row in held},
        pages=pages,
        names=story.names,
    )


def _tree(known: Posterior, verdict: Verdict, n_works: int) -> list[int]:
    """Return the parent of each work in the drawn tree: a work, an absent source, or -1."""
    with np.errstate(divide="ignore"):
        gains = np.log(np.maximum(known.parent, 1e-12))
    absent = gains[n_works:]
    weights = np.full((n_works + 1, n_works + 1), -np.inf)
    weights[1:, 1:] = gains[:n_works]
    weights[0, 1:] = absent.max(axis=0)
    root = verdict.work if verdict.work >= 0 else int(np.argmax(known.origin))
    if root < n_works:
        weights[:, 1 + root] = -np.inf
        weights[0, 1 + root] = 0.0
    above = likeliest_tree(weights)[1:]
    chosen = []
    for work in range(n_works):
        if above[work] > 0:
            chosen.append(int(above[work]) - 1)
        else:
            chosen.append(-1 if work == root else n_works + int(absent[:, work].argmax()))
    return chosen


def _between_works(story: Story) -> dict[tuple[int, int], list[Pair]]:
    between: dict[tuple[int, int], list[Pair]] = {}
    for pair in story.pairs:
        i, j = sorted((story.work_of[pair.a], story.work_of[pair.b]))
        if i != j:
            between.setdefault((i, j), []).append(pair)
    return between


def _parent_document(
    story: Story,
    between: dict[tuple[int, int], list[Pair]],
    work: int,
    parent: int,
    head: int,
    verdict: Verdict,
) -> tuple[int, str | None]:
    """Return the parent's document, its likeliest first, and the relation measured with it."""
    links = between.get((min(work, parent), max(work, parent)), [])
    in_parent = set(story.works[parent])

    def fitness(pair: Pair) -> tuple[bool, bool, float, int]:
        upper = pair.a if pair.a in in_parent else pair.b
        lower = pair.b if upper == pair.a else pair.a
        return (upper == verdict.row, lower == head, verdict.probability[upper], -upper)

    if not links:
        members = story.works[parent]
        return max(
            members, key=lambda row: (row == verdict.row, verdict.probability[row], -row)
        ), None
    best = max(links, key=fitness)
    return (best.a if best.a in in_parent else best.b), best.relation


def _relation_of(story: Story, row: int, other: int) -> str | None:
    for pair in story.pairs:
        if {pair.a, pair.b} == {row, other}:
            return pair.relation
    return None


def _best_relation(story: Story, work: int, head: int) -> str:
    """Return the closest relation that a document has to any other of its story."""
    found = [
        pair.relation
        for pair in story.pairs
        if head in (pair.a, pair.b) or work in (story.work_of[pair.a], story.work_of[pair.b])
    ]
    known = [relation for relation in found if relation in _BEST_FIRST]
    return min(known, key=_BEST_FIRST.index, default="derived" if len(story.rows) == 1 else "exact")


class _Clues:
    """The clues table, looked up by document."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table
        documents = table.column("document").to_numpy()
        self._order = np.argsort(documents, kind="stable")
        self._documents = documents[self._order]
        self._fields = {name: table.column(name).to_pylist() for name in Clue._fields}

    def of(self, row: int) -> list[Clue]:
        """Return the clues of one document."""
        first, last = np.searchsorted(self._documents, [row, row + 1])
        return [self._clue(int(place)) for place in self._order[first:last]]

    def rows_that_derive(self) -> list[int]:
        """Return the documents of which some clue may say that they are copies."""
        places = range(self._table.num_rows)
        documents = self._table.column("document").to_numpy()
        return sorted({int(documents[place]) for place in places if derives(self._clue(place))})

    def _clue(self, place: int) -> Clue:
        return Clue(*(self._fields[name][place] for name in Clue._fields))


class _Pairs:
    """The pairs and passages tables, looked up by story."""

    def __init__(self, pairs: pa.Table, passages: pa.Table, stories: NDArray[np.int64]) -> None:
        self._a = pairs.column("a").to_numpy()
        self._b = pairs.column("b").to_numpy()
        self._relation = pairs.column("relation").to_pylist()
        self._measures = [
            pairs.column(name).to_numpy()
            for name in ("resemblance", "containment_a", "containment_b")
        ]
        self._spans = (
            np.stack(
                [
                    passages.column(name).to_numpy()
                    for name in ("a_start", "a_end", "b_start", "b_end")
                ],
                axis=1,
            )
            if passages.num_rows
            else np.zeros((0, 4), np.int64)
        )
        self._span_pair = passages.column("pair").to_numpy()
        label = stories[self._a] if len(self._a) else np.zeros(0, np.int64)
        same = label == stories[self._b] if len(self._a) else np.zeros(0, bool)
        self._inner = np.flatnonzero(same)
        self._inner = self._inner[np.argsort(label[self._inner], kind="stable")]
        self._inner_label = label[self._inner]
        self._outer = np.flatnonzero(~same)

    def within(self, label: int) -> list[Pair]:
        """Return the pairs of one story."""
        first, last = np.searchsorted(self._inner_label, [label, label + 1])
        return [self._pair(int(place)) for place in self._inner[first:last]]

    def crossing(self) -> Iterator[Pair]:
        """Yield the pairs of two stories whose direction means something."""
        for place in self._outer.tolist():
            if self._relation[place] in _DIRECTED:
                yield self._pair(place)

    def _pair(self, place: int) -> Pair:
        first, last = np.searchsorted(self._span_pair, [place, place + 1])
        return Pair(
            place,
            int(self._a[place]),
            int(self._b[place]),
            self._relation[place],
            *(float(measure[place]) for measure in self._measures),
            passages=[tuple(map(int, span)) for span in self._spans[first:last]],
        )
