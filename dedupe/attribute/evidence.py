"""What one story has to say of its origin: its works, and the evidence between them.

    members, pairs, clues of a story  ->  Story  ->  Evidence, many  ->  Scores

Each piece of evidence speaks for one edge ("j was copied from i"), for an
absent source ("j was copied from AP"), or for one work ("j is derived"). Clues
that come from one act of editing, such as a credit, a byline and a dateline of
the same source, form a group, of which only the strongest counts.
"""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe.attribute.model import UNSEEN_PRIOR, Weights
from dedupe.attribute.signals import is_explicit, makes_copy
from dedupe.names import fold, main_label

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from dedupe.attribute.pages import Pages
    from dedupe.attribute.standing import Record
    from dedupe.clean.clue import Clue
    from dedupe.names import Names

CAP = 4.0
"""No group of clues moves a verdict by more than this, in log-odds."""

ORDER_GROUPS = frozenset({"time", "length", "opening"})
"""Groups that only say which work is nearer the front: see model.py."""

_MOST_NAMES = 4
# Two works of one story that share no measured pair: still one lineage, by others.
_UNMEASURED = 0.05
MOST_AFFINITY = 1 + _UNMEASURED
"""Affinity of two works, one of which holds all of the other."""

_HUBS = 3
# Log-odds that no evidence outweighs, and a chance whose logarithm still is a number.
_NEVER, _ALMOST_NONE = 700.0, 1e-300


class Pair(NamedTuple):
    """A verified pair of two members: a row of the pairs table, and its passages."""

    place: int
    a: int
    b: int
    relation: str
    resemblance: float
    containment_a: float
    containment_b: float
    passages: Sequence[tuple[int, int, int, int]]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One story, ready to be asked for evidence.

    Attributes:
        rows: its documents, rising.
        works: its documents by work, each rising; works in order of their first row.
        work_of: the work of each document.
        pairs: its verified pairs.
        clues: the clues of each document that has any.
        pages: outlets, texts and clocks of all documents.
        names: agencies and outlets to know.
        records: of outlets, in the other stories of the collection.
        leanings: what these records say of each outlet, in log-odds.
        decided: the document that a reader holds for the origin, or -1.
    """

    rows: Sequence[int]
    works: Sequence[Sequence[int]]
    work_of: Mapping[int, int]
    pairs: Sequence[Pair]
    clues: Mapping[int, Sequence[Clue]]
    pages: Pages
    names: Names
    records: Mapping[str, Record] = dataclasses.field(default_factory=dict)
    leanings: Mapping[str, float] = dataclasses.field(default_factory=dict)
    decided: int = -1
    _bound: dict[str, frozenset[int]] = dataclasses.field(default_factory=dict)
    _holders: dict[str, frozenset[int]] = dataclasses.field(default_factory=dict)
    _called: dict[str, str] = dataclasses.field(default_factory=dict)
    _citing: dict[tuple[str, str | None], set[int]] = dataclasses.field(default_factory=dict)

    def bound(self, name: str) -> frozenset[int]:
        """Return the documents whose outlet is `name`."""
        if name not in self._bound:
            rows = (row for row in self.rows if self.pages.is_outlet(row, name, self.names))
            self._bound[name] = frozenset(rows)
        return self._bound[name]

    def holders(self, name: str) -> frozenset[int]:
        """Return the works that hold a document of the outlet `name`."""
        if name not in self._holders:
            self._holders[name] = frozenset(self.work_of[row] for row in self.bound(name))
        return self._holders[name]

    def one_owner(self, row: int, name: str) -> bool:
        """Say whether a document's outlet and another have one owner."""
        outlet = self.pages.outlet(row)
        owned = outlet is not None and outlet in self.names.owners
        return owned and self.names.one_owner(outlet or "", self.called(name))

    def names_absent(self, clue: Clue) -> bool:
        """Say whether a clue names the story's source, and no document in hand is its."""
        return (
            clue.name is not None
            and makes_copy(clue.rule)
            and (is_explicit(clue.rule) or self.names.is_listed(clue.name))
            and not self.bound(clue.name)
        )

    def called(self, name: str) -> str:
        """Return the one name by which a source is shown, however a page spells it.

        A member's is its outlet's. Of the spellings of an absent one, such as
        "Harbor Light" and harborlight.com, it is one that is no domain.
        """
        if name not in self._called:
            holders = self.bound(name)
            self._called[name] = self.pages.label(min(holders)) if holders else self._plainest(name)
        return self._called[name]

    def _plainest(self, name: str) -> str:
        clues = itertools.chain.from_iterable(self.clues.values())
        absent = {clue.name for clue in clues if clue.name and self.names_absent(clue)}
        alike = [one for one in absent if _letters(one) == _letters(name)]
        return min(alike, key=lambda one: ("." in one, one), default=name)

    def n_citing(self, rule: str, name: str | None) -> int:
        """Count the works that carry a clue of this rule and name."""
        if not self._citing:
            for row, clues in self.clues.items():
                for clue in clues:
                    self._citing.setdefault((clue.rule, clue.name), set()).add(self.work_of[row])
        return len(self._citing[rule, name])


class Evidence(NamedTuple):
    """One reason, for or against.

    Attributes:
        signal: name of the signal in SIGNALS; `find_evidence` fills it in.
        group: signals of one group on one target count once; likewise, unless a
            signal gives another than its own.
        points: log-odds; negative speaks against.
        child: work that was copied, or that the evidence is about.
        parent: work it was copied from, or -1.
        name: absent source it was copied from, or None. Neither parent nor
            name: the points are for `child` being the origin.
        row: document that carries the evidence.
        start: first code point of the quote, or -1.
        end: one past its last, or -1.
        says: one sentence for a reader.
    """

    signal: str
    group: str
    points: float
    child: int
    parent: int
    name: str | None
    row: int
    start: int
    end: int
    says: str


class Scores(NamedTuple):
    """Evidence added up.

    Attributes:
        weights: as the model takes it.
        standing: float64 (N,), `weights.roots` without the evidence that a work
            names an absent source: a copy that kept its credit is no further
            from the origin than one that lost it.
        absent: names of the absent sources; the last is None, the unnamed one.
    """

    weights: Weights
    standing: NDArray[np.float64]
    absent: list[str | None]


def _letters(name: str) -> str:
    is_domain = "." in name and " " not in name
    return (main_label(name) if is_domain else fold(name).removeprefix("the")) or name


def score(story: Story, evidence: Iterable[Evidence]) -> Scores:
    """Add up the evidence of one story; a reader's decision leaves only the trees of its root."""
    scores = summed(_affinity(story), evidence)
    return scores if story.decided < 0 else _rooted(scores, story.work_of[story.decided])


def _rooted(scores: Scores, work: int) -> Scores:
    """Leave no chance to any origin but one work."""
    roots = np.full(len(scores.standing), -_NEVER)
    roots[work] = 0.0
    standing = scores.standing.copy()
    standing[work] += _NEVER
    prior = np.full(len(scores.absent), _ALMOST_NONE)
    weights = scores.weights._replace(roots=roots, absent_prior=prior)
    return scores._replace(weights=weights, standing=standing)


def summed(affinity: NDArray[np.float64], evidence: Iterable[Evidence]) -> Scores:
    """Add up evidence: the strongest of each group on each target, capped.

    Args:
        affinity: float64 (N, N), see `Weights`.
        evidence: between the N works.
    """
    n_works = len(affinity)
    order, edges = np.zeros((2, n_works, n_works))
    roots, standing = np.zeros((2, n_works))
    pulls: dict[str, NDArray[np.float64]] = {}
    for item in strongest(evidence):
        points = max(-CAP, min(CAP, item.points))
        if item.name is not None:
            pulls.setdefault(item.name, np.zeros(n_works))[item.child] += points
        elif item.parent >= 0:
            if item.group in ORDER_GROUPS:
                order[item.parent, item.child] += points
                order[item.child, item.parent] -= points
            else:
                edges[item.parent, item.child] += points
        else:
            roots[item.child] += points
            standing[item.child] += 0.0 if item.group == "derived" else points
    named = sorted(pulls, key=lambda name: (-pulls[name].sum(), name))[:_MOST_NAMES]
    absent: list[str | None] = [*named, None]
    prior = np.array([UNSEEN_PRIOR / len(absent)] * len(absent))
    pull = np.zeros((len(absent), n_works))
    for place, name in enumerate(named):
        pull[place] = pulls[name]
    return Scores(Weights(affinity, order, edges, roots, pull, prior), standing, absent)


def strongest(evidence: Iterable[Evidence]) -> list[Evidence]:
    """Keep the strongest of each group on each target, in an order of its own.

    Sums of floats depend on their order; this one does not depend on the input's.
    """
    held: dict[tuple[int, int, str, str], Evidence] = {}
    for item in evidence:
        key = (item.child, item.parent, item.name or "", item.group)
        if key not in held or abs(item.points) > abs(held[key].points):
            held[key] = item
    return [held[key] for key in sorted(held)]


def _affinity(story: Story) -> NDArray[np.float64]:
    """Weigh an edge by what two works share, whichever way it points."""
    n_works = len(story.works)
    affinity = np.full((n_works, n_works), _UNMEASURED)
    for pair in story.pairs:
        i, j = story.work_of[pair.a], story.work_of[pair.b]
        shared = max(pair.containment_a, pair.containment_b, pair.resemblance)
        affinity[i, j] = affinity[j, i] = max(affinity[i, j], _UNMEASURED + shared)
    if n_works <= 2:
        return affinity
    # Of many copies only the pairs with a few of them are measured: two works
    # that are both near such a hub are near each other.
    measured = (affinity > _UNMEASURED).sum(axis=0)
    for hub in np.argsort(-measured, kind="stable")[:_HUBS]:
        near = np.minimum(affinity[hub], 1.0)
        affinity = np.maximum(affinity, np.outer(near, near))
    return affinity
