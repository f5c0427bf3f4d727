"""Where documents stand while their stories are brought up to date: read, changed, written at once.

    new documents, and those that go  ->  Places  ->  rows of places

A document nearly equal to one known follows it: that one, its leader, speaks
for it. A leader that goes is succeeded by one of its followers, or by a newcomer
nearly equal to it, which keeps what it was near to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe.cluster import NEAR_EQUAL
from dedupe.index.pending import PendingRows
from dedupe.storage.tables import ALONE, GROUPED, Place
from dedupe.verify.relation import EXACT_ODDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from dedupe.index.held import Held


_MOST_MEMBERS = 1_000
"""Members of a story, its first, among whom followers are looked for: a bound on work."""


class Newcomer(NamedTuple):
    """A document that has just been written.

    Attributes:
        number: its number.
        id: its id.
        edges: EDGE (n,), to earlier ones.
        replaces: the version of the same id that goes; 0 without any.
    """

    number: int
    id: str
    edges: NDArray[np.void]
    replaces: int


class Places:
    """Places of documents: those of the catalogue, and the changes not yet written.

    Args:
        held: the index.

    Attributes:
        gone: by document that goes: the new version that goes on with its story, or 0.
        rows: stories and components, with what is not yet written.
        inherited: edges of documents that have taken the place of another, with those of that.
    """

    def __init__(self, held: Held) -> None:
        self._held, self._catalog = held, held.catalog
        self.rows = PendingRows(held.catalog)
        self._now: dict[int, Place] = {}
        self._new: dict[int, Newcomer] = {}
        self._joined: dict[int, list[int]] = {}
        self._followers: dict[int, dict[int, list[int]]] = {}
        self._equals: dict[int, list[int]] | None = None
        self.gone: dict[int, int] = {}
        self.inherited: dict[int, NDArray[np.void]] = {}

    def come(self, newcomers: Iterable[Newcomer]) -> list[int]:
        """Place new documents, each alone; returns their numbers."""
        self._new = {one.number: one for one in newcomers}
        for number in self._new:
            self._now[number] = Place(ALONE, number, number, number)
        return list(self._new)

    def load_near(self, numbers: Iterable[int]) -> None:
        """Read the places of all that documents have edges to, and of their leaders."""
        others: set[int] = set()
        for number in numbers:
            others.update(self.edges(number)["other"].tolist())
        self._held.load_places(others.difference(self._now))

    def __getitem__(self, number: int) -> Place:
        """Return where a document stands now."""
        return self._now.get(number) or self._held.place(number)

    def __setitem__(self, number: int, place: Place) -> None:
        self._now[number] = place

    def follow(self, number: int, leader: int) -> None:
        """Let a new document follow a leader."""
        self[number] = Place(GROUPED, 0, 0, leader)
        self._joined.setdefault(leader, []).append(number)

    def is_new(self, number: int) -> bool:
        """Say whether a document has just come."""
        return number in self._new

    def had_others(self, number: int) -> bool:
        """Say whether a document, or the version before it, was ever in a story with others."""
        new = self._new.get(number)
        before = number if new is None else new.replaces
        return bool(before) and self._held.place(before).state == GROUPED

    def was(self, number: int) -> Place:
        """Return where an old document stood before."""
        return self._held.place(number)

    def story_was(self, number: int) -> int:
        """Return the story of a document before; 0 for a new one."""
        return 0 if number in self._new else self._held.place(number).story

    def edges(self, number: int) -> NDArray[np.void]:
        """Return the edges of a document to earlier ones."""
        if number in self.inherited:
            return self.inherited[number]
        new = self._new.get(number)
        return self._held.document(number).edges if new is None else new.edges

    def name(self, number: int) -> str:
        """Return the id of a document."""
        new = self._new.get(number)
        return self._held.document(number).id if new is None else new.id

    def leader(self, number: int) -> int:
        """Return the live leader of a document; 0 when it has none."""
        place = self[number]
        while place.leader != number:
            number = place.leader
            place = self[number]
        return number if place.state <= GROUPED else 0

    def to_follow(self, number: int) -> int:
        """Return whom a document is to follow: itself, or the leader of one nearly equal."""
        edges = self.edges(number)
        near = _nearly_equal(edges)
        if not near:
            return number
        for other, odds in sorted(near.items()):
            leader = self.leader(other)
            # A copy of a follower, of one that is gone too, is as near to the leader as that is.
            speaks = leader == other or odds >= EXACT_ODDS
            if speaks and leader not in {0, number}:
                is_copy = odds >= EXACT_ODDS
                return leader if is_copy or self._speaks_for_all(leader, edges) else number
        return number

    def _speaks_for_all(self, leader: int, edges: NDArray[np.void]) -> bool:
        """Say whether a leader was compared with all that a document is near to, by its edges.

        Of a crowd each is compared with a few. Whom the leader does not know would lose the
        one that it is near to.
        """
        near = {self.leader(other) for other in edges["other"][edges["odds"] > 0].tolist()}
        return all(
            self._was_compared(leader, one) or self._was_compared(one, leader)
            for one in near - {leader, 0}
        )

    def _was_compared(self, one: int, other: int) -> bool:
        """Say whether an edge of a document leads to another, or to one that follows it."""
        return any(self.leader(end) == other for end in self.edges(one)["other"].tolist())

    def leaders_of(self, component: int) -> list[int]:
        """Return the documents that a component is clustered by."""
        if self.rows.get("components", component) is None and self[component].state != GROUPED:
            return [component]
        return self.rows.numbers("components", component)

    def members_of(self, story: int) -> list[int]:
        """Return the documents that a story had before."""
        if self.was(story).state == ALONE:
            return [story]
        return self.rows.numbers("stories", story)

    def followers_of(self, leader: int) -> list[int]:
        """Return live documents that follow a leader, rising: those among its story's first."""
        story = leader if self.is_new(leader) else self.was(leader).story
        if story not in self._followers:
            self._followers[story] = self._followers_in(story)
        return sorted({*self._followers[story].get(leader, ()), *self._joined.get(leader, ())})

    def _followers_in(self, story: int) -> dict[int, list[int]]:
        """Return who follows whom among the first members that a story had before."""
        members = [] if self.is_new(story) else self.members_of(story)[:_MOST_MEMBERS]
        self._held.load_places(members)
        followers: dict[int, list[int]] = {}
        for one in members:
            leader = self.leader(one)
            if leader not in {0, one} and one not in self.gone:
                followers.setdefault(leader, []).append(one)
        return followers

    def retire(self, number: int, state: int) -> None:
        """Take a document out; one nearly equal to it takes its place as a leader."""
        place = self[number]
        heir = place.leader
        if heir == number:
            heir = self._succeeded(number, place)
        self[number] = Place(state, place.story, place.component, heir)
        if place.leader == number != heir:
            self._inherit(heir, number)

    def _succeeded(self, number: int, place: Place) -> int:
        """Return who leads instead of a leader that goes: a follower, or else a newcomer.

        It returns the leader itself where none is nearly equal to it.
        """
        members = self.members_of(place.story)
        self._held.load_places(members)
        followers = [one for one in members if one not in self.gone and self[one].leader == number]
        if not followers:
            return next(iter(self._newly_equal().get(number, ())), number)
        heir = followers[0]
        for one in followers:
            self[one] = self[one]._replace(leader=heir)
        leaders = self.leaders_of(place.component)
        leaders = sorted(heir if one == number else one for one in leaders)
        self.rows.put("components", place.component, np.array(leaders, np.int64).tobytes())
        return heir

    def _newly_equal(self) -> dict[int, list[int]]:
        """Return the newcomers that nearly equal those that go, by these; new versions first."""
        if self._equals is None:
            self._equals = {}
            for one in self._new:
                for other in self.gone.keys() & _nearly_equal(self.edges(one)).keys():
                    self._equals.setdefault(other, []).append(one)
            for number, equals in self._equals.items():
                equals.sort(key=self.gone[number].__ne__)
        return self._equals

    def _inherit(self, heir: int, number: int) -> None:
        """Let a document keep what the one whose place it takes was near to.

        An equal text was never compared with any but one that has it.
        """
        self.load_near([heir, number])
        own, edges = self.edges(heir), self.edges(number)
        known = {0, heir, *map(self.leader, own["other"].tolist())}
        is_new = [self.leader(other) not in known for other in edges["other"].tolist()]
        if any(is_new):
            edges = np.concatenate([own, edges[is_new]])
            self.inherited[heir] = edges[np.argsort(edges["other"], kind="stable")]

    def write(self) -> dict[int, int]:
        """Write what has changed; returns the stories of documents whose places were written."""
        self.rows.write()
        heirs = self._held.documents(self.inherited)
        self._catalog.put("documents", [one.row_with(self.inherited[one.number]) for one in heirs])
        rows = [
            (number, *place)
            for number, place in sorted(self._now.items())
            if number in self._new or self._held.place(number) != place
        ]
        self._catalog.put("places", rows)
        return {number: place.story for number, place in self._now.items()}


def _nearly_equal(edges: NDArray[np.void]) -> dict[int, float]:
    """Return the documents that the owner of edges nearly equals, with their log-odds."""
    if not len(edges):
        return {}
    near = edges[(edges["resemblance"] >= NEAR_EQUAL) & (edges["odds"] > 0)]
    return dict(zip(near["other"].tolist(), near["odds"].tolist(), strict=True))
