"""A judged story in, the parent and relation of each of its documents out.

    Story, Posterior, Verdict  ->  place_documents()  ->  Placed, one a document

The works form one tree (see tree.py). Within a work, the likeliest first
version stands for it and the others hang below. Where nothing tells which work
came first, a parent is given only to those whose direction is no coin toss.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe.attribute.pages import NEVER
from dedupe.attribute.tree import likeliest_tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dedupe.attribute.evidence import Pair, Scores, Story
    from dedupe.attribute.model import Posterior
    from dedupe.attribute.verdict import Verdict

_SURE = 0.5
_CLOSEST_FIRST = ("exact", "repost", "excerpt", "update", "rewrite", "paraphrase")
_SMALLEST = 1e-12


class Placed(NamedTuple):
    """Where one document stands.

    Attributes:
        row: the document.
        relation: the contract's word for it.
        parent: row of its likeliest parent, or -1.
        name: the absent parent's name, or None.
        probability: of that parent; NaN without one.
    """

    row: int
    relation: str
    parent: int = -1
    name: str | None = None
    probability: float = math.nan


def place_documents(
    story: Story, scores: Scores, known: Posterior, verdict: Verdict
) -> Iterator[Placed]:
    """Place every document of a judged story."""
    links = _Links(story)
    above = _work_parents(known, verdict, len(story.works))
    for work, members in enumerate(story.works):
        head = max(members, key=lambda row: (row == verdict.row, verdict.probability[row], -row))
        if head == verdict.row:
            yield Placed(head, "origin")
        else:
            yield _below(story, scores, links, known, verdict, (work, head, above[work]))
        yield from _versions(story, links, members, head, verdict)


def _below(
    story: Story,
    scores: Scores,
    links: _Links,
    known: Posterior,
    verdict: Verdict,
    place: tuple[int, int, int],
) -> Placed:
    """Place a work below its parent, or nowhere when its direction is a coin toss."""
    work, head, parent = place
    probability = float(known.parent[parent, work]) if parent >= 0 else 0.0
    told = verdict.band != "unknown"
    if parent < 0 or not (told or probability >= _SURE):
        return Placed(head, links.closest(head, work))
    if parent >= len(story.works):
        return Placed(head, "derived", -1, scores.absent[parent - len(story.works)], probability)
    row, relation = links.between(story, head, (work, parent), verdict)
    relation = relation or links.closest(head, work, across=True)
    return Placed(head, relation, row, None, probability)


def _versions(
    story: Story, links: _Links, members: Sequence[int], head: int, verdict: Verdict
) -> Iterator[Placed]:
    """Place the other documents of a work: an outlet's versions in their order, copies below."""
    total = sum(verdict.probability[row] for row in members)
    share = verdict.probability[head] / total if total > 0 else 1 / len(members)
    stands_out = head == verdict.row or share * len(members) > 1 + 1e-9
    place = _places_in_time(story, members, head) if stands_out else {}
    for row in members:
        if row == head:
            continue
        parent = _version_before(row, place, links, head)
        relation = links.relation(row, parent) or "exact"
        yield Placed(row, relation, parent, None, share) if stands_out else Placed(row, relation)


def _places_in_time(story: Story, members: Sequence[int], head: int) -> dict[int, int]:
    """Return the place of each version of the head's outlet in their order by clock."""
    pages = story.pages
    outlet = pages.outlet(head)
    timed = [row for row in members if pages.outlet(row) == outlet and pages.latest[row] != NEVER]
    timed.sort(key=lambda row: (row != head, int(pages.latest[row]), row))
    return {row: place for place, row in enumerate(timed)}


def _version_before(row: int, place: dict[int, int], links: _Links, head: int) -> int:
    """Return the last version before a row of which its relation is known, or else the head.

    Only measured partners are looked at: all the earlier versions would be quadratic.
    """
    if row not in place:
        return head
    before = [one for one in links.partners(row) if place.get(one, place[row]) < place[row]]
    return max(before, key=place.__getitem__, default=head)


def _work_parents(known: Posterior, verdict: Verdict, n_works: int) -> list[int]:
    """Return the parent of each work: a work, an absent source (n_works and up), or -1."""
    root = verdict.work if verdict.work >= 0 else int(known.origin.argmax())
    if n_works == 1:
        return [-1] if root == 0 else [1 + int(known.parent[1:, 0].argmax())]
    if n_works == 2 and root < n_works:
        # No circle can close: the other work hangs below the root or an absent source.
        above = known.parent[:, 1 - root].tolist()
        absent_best = max(range(n_works, len(above)), key=above.__getitem__)
        other = root if above[root] > above[absent_best] else absent_best
        return [-1, other] if root == 0 else [other, -1]
    gains = np.log(np.maximum(known.parent, _SMALLEST))
    absent = gains[n_works:]
    weights = np.full((n_works + 1, n_works + 1), -np.inf)
    weights[1:, 1:] = gains[:n_works]
    weights[0, 1:] = absent.max(axis=0)
    if root < n_works:
        weights[:, 1 + root] = -np.inf
        weights[0, 1 + root] = 0.0
    parents = []
    for work, above in enumerate(likeliest_tree(weights)[1:].tolist()):
        if above > 0:
            parents.append(above - 1)
        else:
            parents.append(-1 if work == root else n_works + int(absent[:, work].argmax()))
    return parents


class _Links:
    """The measured pairs of a story, by their documents and by their works."""

    def __init__(self, story: Story) -> None:
        self._relation = {(pair.a, pair.b): pair.relation for pair in story.pairs}
        self._partners: dict[int, list[int]] = {}
        self._works: dict[tuple[int, int], list[Pair]] = {}
        self._closest: dict[tuple[str, int], int] = {}
        self._across: dict[tuple[str, int], int] = {}
        for pair in story.pairs:
            rank = _closeness(pair.relation)
            i, j = story.work_of[pair.a], story.work_of[pair.b]
            for ranks in (self._closest, self._across) if i != j else (self._closest,):
                for key in (("row", pair.a), ("row", pair.b), ("work", i), ("work", j)):
                    ranks[key] = min(rank, ranks.get(key, rank))
            if i != j:
                self._works.setdefault((min(i, j), max(i, j)), []).append(pair)
            if pair.relation in _CLOSEST_FIRST:
                self._partners.setdefault(pair.a, []).append(pair.b)
                self._partners.setdefault(pair.b, []).append(pair.a)

    def relation(self, row: int, other: int) -> str | None:
        """Return the measured relation of two documents of one lineage, or None."""
        relation = self._relation.get((min(row, other), max(row, other)))
        return relation if relation in _CLOSEST_FIRST else None

    def partners(self, row: int) -> Sequence[int]:
        """Return the documents of one lineage with which a document was measured."""
        return self._partners.get(row, ())

    def closest(self, row: int, work: int, *, across: bool = False) -> str:
        """Return the closest relation measured for a document, or else for its work.

        Without any, as where a reader linked it to what it shares nothing with,
        it tells the same in other words.

        Args:
            row: the document.
            work: its work.
            across: only with documents of other works.
        """
        ranks = self._across if across else self._closest
        rank = ranks.get(("row", row), ranks.get(("work", work), len(_CLOSEST_FIRST)))
        return _CLOSEST_FIRST[min(rank, len(_CLOSEST_FIRST) - 1)]

    def between(
        self, story: Story, head: int, works: tuple[int, int], verdict: Verdict
    ) -> tuple[int, str | None]:
        """Return the document of the parent's work, and the relation measured with it.

        Args:
            story: whose works they are.
            head: the document that stands for the work below.
            works: the work below, and its parent.
            verdict: on the story.
        """
        upper = works[1]
        links = self._works.get((min(works), max(works)), [])
        if not links:
            return self._likeliest(story.works[upper], verdict), None

        def ends(pair: Pair) -> tuple[int, int]:
            return (pair.a, pair.b) if story.work_of[pair.a] == upper else (pair.b, pair.a)

        best = max(links, key=lambda pair: self._fitness(pair, ends(pair), head, verdict))
        above, _ = ends(best)
        relation = best.relation if best.relation in _CLOSEST_FIRST else None
        # Exact copies stand for each other, and only one of them is measured.
        if story.work_of.get(verdict.row) == upper and self.relation(above, verdict.row) == "exact":
            above = verdict.row
        return above, relation

    def _likeliest(self, rows: Sequence[int], verdict: Verdict) -> int:
        return max(rows, key=lambda row: (row == verdict.row, verdict.probability[row], -row))

    def _fitness(
        self, pair: Pair, ends: tuple[int, int], head: int, verdict: Verdict
    ) -> tuple[bool, float, bool, bool, float, int]:
        """Rank a pair as the one by which a work was copied: the version most alike."""
        above, below = ends
        return (
            pair.relation in _CLOSEST_FIRST,
            round(pair.resemblance, 2),
            above == verdict.row,
            below == head,
            verdict.probability[above],
            -above,
        )


def _closeness(relation: str) -> int:
    if relation in _CLOSEST_FIRST:
        return _CLOSEST_FIRST.index(relation)
    return len(_CLOSEST_FIRST)
