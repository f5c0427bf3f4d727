"""Leaders of one component in; the edges between them, as a run would measure them, out.

    leaders, followers  ->  Printed.edges()  ->  EDGE arrays by leader, from leader to leader

A document is compared with those that were found when it came, and of equal texts the
first is found. Which documents of two texts a run would measure is only known when all
have come (candidates/equal_texts.py): such pairs are measured here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe.candidates.equal_texts import Copies
from dedupe.cluster import CLIP
from dedupe.index.held import Held
from dedupe.index.records import EDGE, MEASURED, PUBLISHED, as_table
from dedupe.published import published_by
from dedupe.verify.roundups import MOST_HOLDERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from dedupe.index.placing import Places
    from dedupe.index.records import Stored
    from dedupe.storage.store import Store

    Measure = Callable[[list[tuple[int, int]]], list[float]]
    """Numbers of documents, many pairs -> log-odds of same_story of each."""


class _Met(NamedTuple):
    """An edge between documents of two leaders."""

    own: int
    other: int
    edge: NDArray[np.void]
    is_copy: bool = False
    """Taken from documents of equal text, and measured anew in nothing but its log-odds."""


class Printed:
    """The documents that leaders speak for: of each leader itself, and the first that follow.

    Args:
        leaders: of one component.
        places: where documents stand.
        store: the index.

    Attributes:
        leader_of: whose each document is, by number.
    """

    def __init__(self, leaders: list[int], places: Places, store: Store) -> None:
        self._leaders, self._places = set(leaders), places
        self.leader_of = {
            one: leader
            for leader in leaders
            for one in (leader, *places.followers_of(leader)[:MOST_HOLDERS])
        }
        self.numbers = sorted(self.leader_of)
        # Read anew: a newcomer is in the catalogue by now, and in no earlier Held.
        self._documents = Held(store).documents(self.numbers)
        # Under a window equal texts may have two leaders: neither stands for the other.
        held: dict[tuple[int, int], int] = {}
        self._text = [
            held.setdefault((one.text_hash, self.leader_of[one.number]), row)
            for row, one in enumerate(self._documents)
        ]
        self._published = published_by(as_table(self._documents, PUBLISHED))
        # No length decides here, and no text is read: only documents of one text are compared
        # within an outlet.
        precedence = self._precedence({})
        self._copies = Copies(np.array(self._text, np.int64), self._published.outlets, precedence)
        self._row = {number: row for row, number in enumerate(self.numbers)}

    def speakers(self) -> dict[int, int]:
        """Return who speaks for each leader where clustering looks closer: the first, as in a run.

        The earliest come first.
        """
        speakers: dict[int, int] = {}
        for row in np.argsort(self._precedence(self._deciding_lengths())).tolist():
            speakers.setdefault(self.leader_of[self.numbers[row]], self.numbers[row])
        return speakers

    def edges(self, measure: Measure) -> dict[int, NDArray[np.void]]:
        """Return the edges of each leader to others, with what all their documents say."""
        between: dict[tuple[int, int], list[_Met]] = {}
        for one in self._as_printed(list(self._met()), measure):
            ends = self._leader(one.own), self._leader(one.other)
            own, other = max(ends), min(ends)
            turned = one if ends[0] == own else _turned(one)
            between.setdefault((own, other), []).append(turned)
        found: dict[int, list[NDArray[np.void]]] = {leader: [] for leader in self._leaders}
        for (own, other), met in sorted(between.items()):
            odds = np.mean([np.clip(one.edge["odds"], -CLIP, CLIP) for one in met])
            edges = np.array([one.edge for one in _shown(met, own, other)], EDGE)
            edges["other"], edges["odds"] = other, odds
            found[own].append(edges)
        nothing = np.zeros(0, EDGE)
        return {leader: np.concatenate([nothing, *parts]) for leader, parts in found.items()}

    def _precedence(self, n_words: dict[int, int]) -> NDArray[np.int64]:
        """Return the place of each document among all; texts have so many words, or none."""
        hashes = [one.text_hash for one in self._documents]
        lengths = [n_words.get(one, 0) for one in hashes]
        return self._published.precedence(np.array(hashes, np.uint64), np.array(lengths, np.int32))

    def _deciding_lengths(self) -> dict[int, int]:
        """Count the words of texts that one outlet printed at the time of another, by their hash.

        Of a text as first given, where a run counts what cleaning keeps. No others are read.
        """
        printed = [*zip(*(column.tolist() for column in self._published), strict=True)]
        texts: dict[tuple[int, ...], set[int]] = {}
        for when, one in zip(printed, self._documents, strict=True):
            texts.setdefault(when, set()).add(one.text_hash)
        deciding: dict[int, Stored] = {}
        for when, one in zip(printed, self._documents, strict=True):
            if len(texts[when]) > 1:
                deciding.setdefault(one.text_hash, one)
        given = as_table([*deciding.values()], MEASURED).column("text").to_pylist()
        return {key: len(text.split()) for key, text in zip(deciding, given, strict=True)}

    def _leader(self, number: int) -> int:
        return self.leader_of.get(number) or self._places.leader(number)

    def _met(self) -> Iterator[_Met]:
        """Yield the edges between documents of two leaders."""
        for own in self.numbers:
            for edge in self._places.edges(own):
                other = int(edge["other"])
                leader = self._leader(other)
                if leader in self._leaders and leader != self.leader_of[own]:
                    yield _Met(own, other, edge)

    def _as_printed(self, met: list[_Met], measure: Measure) -> list[_Met]:
        """Let the edges between two texts be those of the documents that a run would measure."""
        kept: list[_Met] = []
        of_texts: dict[tuple[int, int], dict[tuple[int, int], _Met]] = {}
        for one in met:
            rows = [self._row.get(end, -1) for end in (one.own, one.other)]
            texts = [self._text[row] for row in rows]
            if min(rows) < 0 or texts[0] == texts[1]:
                # Its end is gone, or one of very many; or its texts are one.
                kept.append(one)
                continue
            ordered = one if texts[0] < texts[1] else _turned(one)
            ends = ordered.own, ordered.other
            of_texts.setdefault((min(texts), max(texts)), {})[ends] = ordered
        if not of_texts:
            return kept
        pairs = list(of_texts)
        a, b = np.array(pairs, np.int64).T
        chosen = (column.tolist() for column in self._copies.pairs_of(a, b))
        asked: list[_Met] = []
        for at, i, j in zip(*chosen, strict=True):
            known = of_texts[pairs[at]]
            ends = self.numbers[i], self.numbers[j]
            if ends in known:
                kept.append(known[ends])
            else:
                # What equal texts share is the same; by whom and when they are may not be.
                asked.append(_Met(*ends, next(iter(known.values())).edge.copy(), is_copy=True))
        if asked:
            odds = measure([(one.own, one.other) for one in asked])
            for met_anew, value in zip(asked, odds, strict=True):
                met_anew.edge["odds"] = value
        return kept + asked


def _turned(met: _Met) -> _Met:
    """Return an edge as its other end would hold it."""
    edge = met.edge.copy()
    for name in ("aligned", "lead"):
        edge[name] = edge[name][::-1]
    edge["span"] = edge["span"][[2, 3, 0, 1]]
    return met._replace(own=met.other, other=met.own, edge=edge)


def _shown(met: list[_Met], own: int, other: int) -> list[_Met]:
    """Return the edges between two leaders that tell where pieces stand, of all that speak for it.

    In those that follow they stand elsewhere, and in a copied edge as in those it was taken from.
    """
    measured = [one for one in met if not one.is_copy] or met
    return [one for one in measured if (one.own, one.other) == (own, other)] or measured
