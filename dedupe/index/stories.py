"""New and removed documents in; the stories they change, clustered anew, out.

Documents that positive pairs connect form a component. Each component that a
change touches is clustered as a run over a collection would, from the pairs
kept of its documents; no other is looked at. A text nearly equal to one known
follows it, and needs no further look.

A story is numbered by its first document, and keeps that number while any of
it lives: of stories that merge the oldest name stays; of one that splits, the
part with its first document keeps it.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from dedupe.candidates import weigh
from dedupe.clean import clean
from dedupe.cluster import cluster
from dedupe.index.edges import group_tables
from dedupe.index.matching import Counted, background_of, fetch
from dedupe.index.outlets import furniture_of
from dedupe.index.records import as_table
from dedupe.sketch import sketch
from dedupe.storage.catalog import ALONE, GROUPED, Place
from dedupe.verify import OnDemand, mark_roundups

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe.settings import Settings
    from dedupe.storage.store import Store

NEAR_EQUAL = 0.9
"""Resemblance from which on a text follows another, as in cluster.py."""

_EXACT_ODDS = 9.5
"""Log-odds that only equal texts have (verify.relation)."""


@dataclasses.dataclass(slots=True)
class Changes:
    """What a commit did to the stories, by number.

    Attributes:
        touched: stories that are new, or have other members than before.
        merged: (a story that is gone, the story it went into).
        split: (a story, a part of it that is now another).
    """

    touched: set[int] = dataclasses.field(default_factory=set)
    merged: list[tuple[int, int]] = dataclasses.field(default_factory=list)
    split: list[tuple[int, int]] = dataclasses.field(default_factory=list)

    def include(self, later: Changes) -> None:
        """Add what was done after."""
        self.touched |= later.touched
        self.merged += later.merged
        self.split += later.split


class Regrouping:
    """Brings the stories of an index up to date, inside a transaction.

    Args:
        store: the index; the new documents are in its catalogue already.
        settings: of the index.
    """

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store, self._catalog, self._settings = store, store.catalog, settings
        self._places: dict[int, Place] = {}
        self._was: dict[int, Place] = {}
        self._ids: dict[int, str] = {}
        self._edges: dict[int, NDArray[np.void]] = {}
        self._gone: dict[int, int] = {}
        self._regrouped: set[int] = set()
        self.changes = Changes()

    def place(self, number: int) -> Place:
        """Return where a document stands now."""
        if number not in self._places:
            self._places[number] = self._was[number] = self._catalog.place(number)
        return self._places[number]

    def add(self, numbers: list[int], gone: dict[int, tuple[int, int]]) -> None:
        """Place new documents, and take away those that are gone.

        Args:
            numbers: new documents, rising.
            gone: by document to go: its state to be, and the new version that
                goes on with its story, or 0.
        """
        for number in numbers:
            self._places[number] = Place(ALONE, number, number, number)
        self._gone = {number: heir for number, (_, heir) in gone.items()}
        followers: dict[int, list[int]] = {}
        leaders = []
        for number in numbers:
            leader = self._follow(number)
            if leader == number:
                leaders.append(number)
            else:
                self._places[number] = Place(GROUPED, 0, 0, leader)
                followers.setdefault(leader, []).append(number)
        for number, (state, _) in gone.items():
            self._retire(number, state)
        groups = self._unions(leaders, set(leaders), sorted(gone))
        grouped = {leader for group in groups for leader in group}
        lone = [one for one in sorted(followers) if self.place(one).state == ALONE]
        groups += [[one] for one in lone if one not in grouped]
        grouped.update(lone)
        for group in groups:
            if len(group) == 1 and self._is_new_and_alone(group[0], followers):
                self.changes.touched.add(group[0])
            else:
                self._regroup(group, followers)
        for leader, joined in followers.items():
            if leader not in grouped:
                self._join(leader, joined)
        for number in gone:
            self._forget(self._was[number])
        self._write()

    def _is_new_and_alone(self, number: int, followers: dict[int, list[int]]) -> bool:
        heir = number in self._gone.values()
        return number not in self._was and number not in followers and not heir

    def _follow(self, number: int) -> int:
        """Return the leader of a new document: itself, or one of nearly equal text."""
        edges = self._edges_of(number)
        if not len(edges):
            return number
        near = edges[(edges["resemblance"] >= NEAR_EQUAL) & (edges["odds"] > 0)]
        for edge in near[np.argsort(near["other"])]:
            other = int(edge["other"])
            place = self.place(other)
            # A copy of a follower is as near to the leader as that is.
            speaks = place.leader == other or edge["odds"] > _EXACT_ODDS
            if place.state <= GROUPED and speaks and not {other, place.leader} & set(self._gone):
                return place.leader
        return number

    def _retire(self, number: int, state: int) -> None:
        """Take a document out; one that follows it takes its place as a leader."""
        place = self.place(number)
        heir = number
        if place.leader == number and place.state == GROUPED:
            followers = [
                one for one in self._members(place.story)
                if one != number and self.place(one).leader == number
            ]  # fmt: skip
            if followers:
                heir = followers[0]
                for one in followers:
                    self._places[one] = self.place(one)._replace(leader=heir)
                self._replace_leader(place.component, number, heir)
        elif place.leader != number:
            heir = place.leader
        self._places[number] = Place(state, place.story, place.component, heir)

    def _replace_leader(self, component: int, number: int, heir: int) -> None:
        leaders = self._leaders(component)
        leaders = sorted(heir if one == number else one for one in leaders)
        self._catalog.put("components", [(component, np.array(leaders, np.int64).tobytes())])

    def again(self, numbers: list[int]) -> None:
        """Cluster the components of documents whose edges have changed."""
        leaders = []
        for number in numbers:
            place = self.place(number)
            if place.leader != number and self._follow(number) == number:
                self._places[number] = place._replace(leader=number)
            if self._places[number].leader == number:
                leaders.append(number)
        for group in self._unions(leaders, set(), []):
            self._regroup(group, {})
        self._write()

    def _unions(self, leaders: list[int], new: set[int], gone: list[int]) -> list[list[int]]:
        """Return the components that the changes touch or join, as their leaders.

        Args:
            leaders: documents that are new, or whose edges have changed.
            new: which of them are new.
            gone: documents that are gone.
        """
        component_of = {
            number: number if number in new else self.place(number).component for number in leaders
        }
        root: dict[int, int] = {}

        def find(one: int) -> int:
            root.setdefault(one, one)
            while root[one] != one:
                root[one] = root[root[one]]
                one = root[one]
            return one

        for number in leaders:
            own = component_of[number]
            find(own)
            edges = self._edges_of(number)
            for other in edges["other"][edges["odds"] > 0].tolist():
                near = self._leader(other)
                if near:
                    place = self._places[near]
                    component = component_of.get(near) or place.component
                    one, two = sorted((find(own), find(component)))
                    root[two] = one
        for number in gone:
            find(self.place(number).component)
        changed: dict[int, list[int]] = {}
        for number in leaders:
            changed.setdefault(component_of[number], []).append(number)
        groups: dict[int, set[int]] = {}
        for component in sorted(root):
            members = groups.setdefault(find(component), set())
            members.update([component] if component in new else self._leaders(component))
            members.update(changed.get(component, ()))
        alive = [
            sorted(one for one in group if self.place(one).state <= GROUPED)
            for group in groups.values()
        ]
        return [group for group in alive if group]

    def _leader(self, number: int) -> int:
        """Return the live leader of a document; 0 when it has none."""
        place = self.place(number)
        while place.leader != number:
            number = place.leader
            place = self.place(number)
        return number if place.state <= GROUPED else 0

    def _leaders(self, component: int) -> list[int]:
        row = self._catalog.get("components", component)
        if row is None:
            if self.place(component).state == GROUPED:
                self._catalog.need("components", component)
            return [component]
        return list(np.frombuffer(row[0], np.int64).tolist())

    def _members(self, story: int) -> list[int]:
        if self._was.get(story, self.place(story)).state == ALONE:
            return [story]
        row = self._catalog.need("stories", story)
        return list(np.frombuffer(row[0], np.int64).tolist())

    def _edges_of(self, number: int) -> NDArray[np.void]:
        if number not in self._edges:
            stored = fetch(self._store, [number])[0]
            self._ids[number], self._edges[number] = stored.id, stored.edges
        return self._edges[number]

    def _regroup(self, leaders: list[int], followers: dict[int, list[int]]) -> None:
        """Cluster one component anew, and give its stories their numbers."""
        labels = self._clustered(leaders)
        groups: dict[int, list[int]] = {}
        for leader, label in zip(leaders, labels, strict=True):
            groups.setdefault(label, []).append(leader)
        parts = sorted(groups.values())
        group_of = {leader: i for i, part in enumerate(parts) for leader in part}
        components = {self._was[one].component for one in leaders if one in self._was}
        stories = {self._was[one].story for one in leaders if one in self._was}
        for number in self._gone:
            if self._was[number].component in components or self._gone[number] in group_of:
                stories.add(self._was[number].story)
                components.add(self._was[number].component)
        component = min(components | {leaders[0]})
        self._regrouped |= components
        claims: list[list[int]] = [[] for _ in parts]
        for story in sorted(stories):
            heir = self._heir(story, parts, group_of)
            if heir is not None:
                claims[heir].append(story)
        members = self._parted(stories, group_of, len(parts))
        for i, part in enumerate(parts):
            new = [one for one in part if one not in self._was]
            new += [one for leader in part for one in followers.get(leader, [])]
            members[i] = sorted({*members[i], *new})
            story = claims[i][0] if claims[i] else members[i][0]
            self.changes.merged += [(old, story) for old in claims[i][1:]]
            was = {self._was[one].story for one in part if one in self._was}
            self.changes.split += [(old, story) for old in sorted(was - set(claims[i]))]
            merged = self._merged(claims[i])
            self._settle(story, component, members[i], merged, alone=len(leaders) == 1)
        kept = {claim[0] for claim in claims if claim}
        self._catalog.delete("stories", sorted(stories - kept))
        self._catalog.delete("components", sorted(components - {component}))
        if len(leaders) > 1 or self._places[leaders[0]].state == GROUPED:
            row = (component, np.array(leaders, np.int64).tobytes())
            self._catalog.put("components", [row])
        else:
            self._catalog.delete("components", [component])

    def _heir(self, story: int, parts: list[list[int]], group_of: dict[int, int]) -> int | None:
        """Return the part that keeps a story's number; None when none of it lives."""
        first = self._gone.get(story) or story
        leader = self._leader(first)
        if leader in group_of:
            return group_of[leader]
        held = [sum(1 for one in part if self._story_was(one) == story) for part in parts]
        return held.index(max(held)) if any(held) else None

    def _story_was(self, number: int) -> int:
        return self._was[number].story if number in self._was else 0

    def _parted(self, stories: set[int], group_of: dict[int, int], n_parts: int) -> list[list[int]]:
        """Share the members of old stories out among the parts."""
        parts: list[list[int]] = [[] for _ in range(n_parts)]
        for story in sorted(stories):
            held = {i for one, i in group_of.items() if self._story_was(one) == story}
            members = [
                one for one in self._members(story)
                if one not in self._gone
            ]  # fmt: skip
            if len(held) == 1:
                parts[held.pop()] += members
                continue
            for one in members:
                leader = self._leader(one)
                if leader in group_of:
                    parts[group_of[leader]].append(one)
        return parts

    def _merged(self, claims: list[int]) -> bytes:
        """Return the stories that have gone into the first of these, and those that do now."""
        rows = [self._catalog.get("stories", story) for story in claims]
        before = [np.frombuffer(row[1], np.int64) for row in rows if row is not None]
        now = np.array(claims[1:], np.int64)
        return np.unique(np.concatenate([now, *before])).astype(np.int64).tobytes()

    def _settle(
        self, story: int, component: int, members: list[int], merged: bytes, *, alone: bool
    ) -> None:
        """Write where the members of a story stand, and the story."""
        self.changes.touched.add(story)
        if alone and members == [story]:
            self._places[story] = Place(ALONE, story, story, story)
            self._catalog.delete("stories", [story])
            return
        for one in members:
            place = self.place(one)
            self._places[one] = Place(GROUPED, story, component, place.leader)
        changed = self._store.counts["n_commits"] + 1
        row = (story, np.array(members, np.int64).tobytes(), merged, changed)
        self._catalog.put("stories", [row])

    def _join(self, leader: int, joined: list[int]) -> None:
        """Add followers to the story of a leader that needs no other look."""
        place = self.place(leader)
        packed, merged, _ = self._catalog.need("stories", place.story)
        for one in joined:
            self._places[one] = Place(GROUPED, place.story, place.component, leader)
        changed = self._store.counts["n_commits"] + 1
        members = packed + np.array(joined, np.int64).tobytes()
        self._catalog.put("stories", [(place.story, members, merged, changed)])
        self.changes.touched.add(place.story)

    def _forget(self, place: Place) -> None:
        """Delete the story of a document that is gone, when no other is left in its component."""
        self.changes.touched.add(place.story)
        if place.component not in self._regrouped:
            self._catalog.delete("stories", [place.story])
            self._catalog.delete("components", [place.component])

    def _clustered(self, leaders: list[int]) -> list[int]:
        """Return a label for each leader: those of one story have one."""
        if len(leaders) == 1:
            return [0]
        owned = []
        for number in leaders:
            edges = self._edges_of(number)
            led = np.array([self._leader(other) for other in edges["other"].tolist()], np.int64)
            keep = np.isin(led, leaders) & (led != number)
            edges = edges[keep].copy()
            edges["other"] = led[keep]
            owned.append((number, edges))
        if len(leaders) == 2:
            # No third can speak for or against: what cluster() would say, at once.
            odds = np.concatenate([edges["odds"] for _, edges in owned]).astype(np.float64)
            units = np.rint(np.clip(odds, -8, 8) * 1024).sum()
            return [0, 0 if len(odds) and units >= len(odds) else 1]
        ordered = sorted(leaders, key=lambda number: (self._ids[number], number))
        rows = {number: row for row, number in enumerate(ordered)}
        pairs, passages = group_tables(owned, rows)
        look = _Look(self._store, self._settings, ordered)
        pairs = mark_roundups(pairs, passages, look.one_subject)
        labels = cluster(pairs, len(ordered), look.same_story_odds)
        return [int(labels[rows[number]]) for number in leaders]

    def _write(self) -> None:
        rows = [
            (number, *place)
            for number, place in sorted(self._places.items())
            if self._was.get(number) != place
        ]
        self._catalog.put("places", rows)


class _Look:
    """Measures pairs of a component that no one has measured yet.

    Args:
        store: the index.
        settings: of the index.
        numbers: the document of each row.
    """

    def __init__(self, store: Store, settings: Settings, numbers: list[int]) -> None:
        self._store, self._settings, self._numbers = store, settings, numbers

    def same_story_odds(self, a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return log-odds of same_story for rows a < b, as verify.OnDemand does."""
        rows = np.unique(np.concatenate([a, b]))
        return self._on_demand(rows).same_story_odds(
            np.searchsorted(rows, a), np.searchsorted(rows, b)
        )

    def one_subject(self, x: int, y: int) -> bool:
        """Say whether two documents name the same people and places."""
        rows = np.unique(np.array([x, y]))
        return len(rows) == 1 or self._on_demand(rows).one_subject(0, 1)

    def _on_demand(self, rows: NDArray[np.int64]) -> OnDemand:
        numbers = [self._numbers[row] for row in rows.tolist()]
        table = as_table(fetch(self._store, numbers)).combine_chunks()
        kept = clean(table, self._settings, furniture_of(self._store.catalog, table))
        sketches = sketch(kept, self._settings)
        weights = weigh(sketches, background_of(sketches, 0, Counted.none(), self._store))
        return OnDemand(sketches, weights, table, kept, self._settings)
