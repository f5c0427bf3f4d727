"""What one story has to say of its origin: its works, and the evidence between them.

    members, pairs, clues of a story  ->  Story  ->  Evidence, many

Each piece of evidence speaks for one edge ("j was copied from i"), for an
absent source ("j was copied from AP"), or for one work ("j is derived"). Clues
that come from one act of editing, such as a credit, a byline and a dateline of
the same source, form a group, of which only the strongest counts.
"""
# ruff: noqa: RUF001 - newspapers set long dashes

from __future__ import annotations

import dataclasses
import functools
import itertools
import re
from typing import TYPE_CHECKING, NamedTuple

from dedupe.attribute.signals import (
    DESK_FORM,
    NAMING,
    is_explicit,
    makes_copy,
    may_mean_absent,
)
from dedupe.clean.leading import longest_name
from dedupe.names import fold, main_label

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dedupe.attribute.pages import Pages
    from dedupe.clean.clue import Clue
    from dedupe.names import Names

UNSEEN_PRIOR = 0.15
"""Chance that an origin is none of the works in hand, before any evidence. Of .075, .15 and .3:
of unseen origins of test trees .74, .77 and .82 are told, and .98, .97 and .92 of what is told to
be unseen is (benchmarks/origins.py); those of census and spotify are surer the less it is."""

CAP = 4.0
"""No group of clues moves an origin by more than this, in log-odds: halved, .828 of origins of
test trees are right, not .867 (benchmarks/origins.py); no case says more, so double is the same."""

ORDER_GROUPS = frozenset({"time", "length", "opening"})
"""Groups that only say which work is nearer the front: see kernels/origins.py."""


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
        rows: its documents, the first before the others.
        works: its documents by work, in the same order; works in order of their first.
        work_of: the work of each document.
        pairs: its verified pairs.
        clues: the clues of each document that has any.
        pages: outlets, texts and clocks of all documents.
        names: agencies and outlets to know.
    """

    rows: Sequence[int]
    works: Sequence[Sequence[int]]
    work_of: Mapping[int, int]
    pairs: Sequence[Pair]
    clues: Mapping[int, Sequence[Clue]]
    pages: Pages
    names: Names
    _bound: dict[str, frozenset[int]] = dataclasses.field(default_factory=dict)
    _holders: dict[str, frozenset[int]] = dataclasses.field(default_factory=dict)
    _versions: dict[tuple[int, str], frozenset[int]] = dataclasses.field(default_factory=dict)
    _called: dict[str, str] = dataclasses.field(default_factory=dict)
    _citing: dict[tuple[str, str | None], set[int]] = dataclasses.field(default_factory=dict)
    _n_citing: dict[tuple[str, str], int] = dataclasses.field(default_factory=dict)
    _mentions: dict[tuple[int, str], bool] = dataclasses.field(default_factory=dict)

    def bound(self, name: str) -> frozenset[int]:
        """Return the documents whose outlet is `name`, or that it is a section or edition of."""
        if name not in self._bound:
            self._bound[name] = self._of_outlet(name)
            if not self._bound[name] and not self.names.is_listed(name):
                front, _ = longest_name(name, self.names)
                self._bound[name] = self._of_outlet(front) if front else frozenset()
        return self._bound[name]

    def _of_outlet(self, name: str) -> frozenset[int]:
        rows = (row for row in self.rows if self.pages.is_outlet(row, name, self.names))
        return frozenset(rows)

    def holders(self, name: str) -> frozenset[int]:
        """Return the works that hold a document of the outlet `name`."""
        if name not in self._holders:
            self._holders[name] = frozenset(self.work_of[row] for row in self.bound(name))
        return self._holders[name]

    def versions(self, work: int, name: str) -> frozenset[int]:
        """Return the documents of a work whose outlet is `name`."""
        if (work, name) not in self._versions:
            rows = (row for row in self.bound(name) if self.work_of[row] == work)
            self._versions[work, name] = frozenset(rows)
        return self._versions[work, name]

    def one_owner(self, row: int, name: str) -> bool:
        """Say whether a document's outlet and another have one owner."""
        outlet = self.pages.outlet(row)
        owned = outlet is not None and outlet in self.names.owners
        return owned and self.names.one_owner(outlet or "", self.called(name))

    def names_absent(self, clue: Clue) -> bool:
        """Say whether a clue may name the story's source, and no document in hand is its."""
        return (
            clue.name is not None
            and may_mean_absent(clue.rule)
            and (is_explicit(clue.rule) or self.names.is_listed(clue.name))
            and not self.bound(clue.name)
        )

    def outweighs_form(self) -> bool:
        """Say whether a page names whom it has the story from, or somebody files it.

        The form of a last line then says nothing. Whoever stands in brackets where agencies
        do need not be known for that.
        """
        credited = any(
            clue.name is not None
            and clue.kind in NAMING
            and clue.rule != DESK_FORM
            and makes_copy(clue.rule)
            and (clue.kind == "dateline" or row not in self.bound(clue.name))
            for row, clues in self.clues.items()
            for clue in clues
        )
        return credited or any(_FILED.search(self.pages.text(row), 0, _FRONT) for row in self.rows)

    def called(self, name: str) -> str:
        """Return the one name by which a source is shown, however a page spells it.

        A member's is its outlet's. Of the spellings of an absent one, such as
        "Harbor Light" and harborlight.com, it is one that is no domain.
        """
        if name not in self._called:
            holders = self.bound(name)
            first = next((row for row in self.rows if row in holders), None)
            self._called[name] = self._plainest(name) if first is None else self.pages.label(first)
        return self._called[name]

    def _plainest(self, name: str) -> str:
        clues = itertools.chain.from_iterable(self.clues.values())
        absent = {clue.name for clue in clues if clue.name and self.names_absent(clue)}
        alike = [one for one in absent if _letters(one) == _letters(name)]
        return min(alike, key=lambda one: ("." in one, one), default=name)

    def mentions(self, row: int, name: str) -> bool:
        """Say whether a document holds a name, as any page spells it: text, title or byline."""
        if (row, name) not in self._mentions:
            spellings = {name, self.called(name), *self.names.spelled.get(name, ())}
            pattern = mention_pattern(frozenset(spellings))
            beside = (self.pages.field(field, row) for field in ("title", "byline"))
            words = "\n".join(filter(None, (self.pages.text(row), *beside)))
            self._mentions[row, name] = pattern.search(words) is not None
        return self._mentions[row, name]

    def n_citing(self, rule: str, name: str) -> int:
        """Count the works that cite a source by a rule, copies of a work that does left out."""
        if not self._citing:
            for row, clues in self.clues.items():
                for clue in clues:
                    self._citing.setdefault((clue.rule, clue.name), set()).add(self.work_of[row])
        if (rule, name) not in self._n_citing:
            citing = self._citing[rule, name]
            copies = sum(not citing.isdisjoint(self._copied(work) - {work}) for work in citing)
            self._n_citing[rule, name] = max(1, len(citing) - copies)
        return self._n_citing[rule, name]

    def _copied(self, work: int) -> set[int]:
        """Return the works that a work credits as its source."""
        clues = itertools.chain.from_iterable(self.clues.get(row, ()) for row in self.works[work])
        names = {clue.name for clue in clues if clue.name and makes_copy(clue.rule)}
        return set().union(*map(self.holders, names))


class Evidence(NamedTuple):
    """One reason, for or against.

    Attributes:
        signal: name of the signal in SIGNALS; `find_evidence` fills it in.
        group: signals of one group on one target count once; likewise, unless a
            signal gives another than its own.
        points: log-odds; negative speaks against.
        child: work that was copied, or that the evidence is about.
        parent: work it was copied from, or -1; `child` itself, where one of its
            documents came before the equal ones of other outlets, or names one.
        name: absent source it was copied from, or the outlet of the equal document
            that is named, or None. Neither parent nor name: the points are for
            `child` being the origin.
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


# "OSLO (Corsa) -", and the code points of a page in which it opens the story.
_FILED = re.compile(r"[(（][^()（）\n]{2,40}[)）]\s*(?:--?|[‐-―−])")
_FRONT = 400
# A name of so few letters may be a word: it counts only as it is set.
_SHORT = 4
_INITIALS = re.compile(r"[A-Z]{3,5}")
# Between the letters of a long name.
_MARKS = r"[\W_]{0,3}"


@functools.lru_cache(maxsize=1024)
def mention_pattern(spellings: frozenset[str]) -> re.Pattern[str]:
    """Return the pattern that finds a name in a text, by its spellings.

    Blanks and marks within it do not count, nor capitals where it is long: "Harborlight" is
    "Harbor Light". "NPA" is also North Press Agency.
    """
    ways: set[str] = set()
    for spelling in spellings:
        letters = _letters(spelling)
        if len(letters) > _SHORT:
            ways |= {f"(?i:{_MARKS.join(letters)})", f"(?i:{re.escape(spelling)})"}
        else:
            ways |= {re.escape(spelling), re.escape(spelling.upper())}
        if _INITIALS.fullmatch(spelling):
            ways.add(r"[\s-]".join(rf"{letter}\w+" for letter in spelling))
    whole = (rf"\b(?:{way})\b" if way.isascii() else way for way in sorted(ways))
    return re.compile("|".join(whole))


def _letters(name: str) -> str:
    is_domain = "." in name and " " not in name
    return (main_label(name) if is_domain else fold(name).removeprefix("the")) or name
