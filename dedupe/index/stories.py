"""New and removed documents in; the stories they change, clustered anew, out.

Documents that positive pairs connect, or pieces that may show a round-up, form a
component. Each component that a change touches is clustered as a run over a
collection would, from the pairs kept of its documents; no other is looked at.
A text nearly equal to one known follows it, and needs no further look.

A story is numbered by its first document, and keeps that number while any of
it lives: of stories that merge the oldest name stays; of one that splits, the
part with its first document keeps it.
"""

from __future__ import annotations

import dataclasses
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from dedupe.disjoint_sets import DisjointSets
from dedupe.index.clustering import clustered
from dedupe.index.edges import bound_by
from dedupe.index.placing import Newcomer, Places
from dedupe.storage.tables import ALONE, GROUPED, Place
from dedupe.verify.roundups import MOST_HOLDERS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dedupe.index.held import Held
    from dedupe.settings import Settings


@dataclasses.dataclass(slots=True)
class Changes:
    """What a commit did to the stories, by number.

    Attributes:
        merged: (a story that is gone, the story it went into).
        judged: documents whose edges are others now.
        story_of: the story of each document whose place was written.
    """

    merged: list[tuple[int, int]] = dataclasses.field(default_factory=list)
    judged: set[int] = dataclasses.field(default_factory=set)
    story_of: dict[int, int] = dataclasses.field(default_factory=dict)

    def include(self, later: Changes) -> None:
        """Add what was done after."""
        self.merged += later.merged
        self.judged |= later.judged
        self.story_of |= later.story_of


class Regrouping:
    """Brings the stories of an index up to date, inside a transaction; used once.

    Args:
        held: the index; new documents are in its catalogue already.
        settings: of the index.
    """

    def __init__(self, held: Held, settings: Settings) -> None:
        self._held, self._settings = held, settings
        self._places = Places(held)
        self._rows = self._places.rows
        self._regrouped: set[int] = set()
        self.changes = Changes()

    def add(self, newcomers: Iterable[Newcomer], gone: dict[int, tuple[int, int]]) -> None:
        """Place new documents, and take away those that are gone.

        Args:
            newcomers: new documents, by rising number.
            gone: by document to go: its state to be, and the new version that
                goes on with its story, or 0.
        """
        places = self._places
        places.gone = {number: heir for number, (_, heir) in gone.items()}
        self._held.load_places(gone)
        numbers = _near(places.come(newcomers), places)
        places.load_near(numbers)
        for number, (state, _) in gone.items():
            places.retire(number, state)
        followers: dict[int, list[int]] = {}
        leaders = []
        for number in numbers:
            leader = places.to_follow(number)
            if leader == number:
                leaders.append(number)
            else:
                places.follow(number, leader)
                followers.setdefault(leader, []).append(number)
        groups = self._unions(leaders + self._newly_followed(followers), sorted(gone), followers)
        grouped = {leader for group in groups for leader in group}
        lone = [one for one in sorted(followers) if places[one].state == ALONE]
        groups += [[one] for one in lone if one not in grouped]
        grouped.update(lone)
        self._load(groups)
        for group in groups:
            if len(group) > 1 or not self._is_new_and_alone(group[0], followers):
                self._regroup(group, followers)
        for leader, joined in followers.items():
            if leader not in grouped:
                self._join(leader, joined)
        for number in gone:
            self._forget(places.was(number))
        self.changes.judged.update(places.inherited)
        self.changes.story_of = places.write()

    def _newly_followed(self, followers: dict[int, list[int]]) -> list[int]:
        """Return the leaders whose new followers may say something of others.

        A follower may be bound to others itself. Parts that few outlets print may be of one
        text; and what an outlet prints of two texts tells how they relate. A text with more
        copies than are counted tells nothing new.

        Args:
            followers: new documents, by the leader that they follow.
        """
        places = self._places
        binding = {leader for leader, joined in followers.items() if self._binds(leader, joined)}
        old = [one for one in followers if not places.is_new(one) and places[one].state == GROUPED]
        self._rows.load("components", {places[one].component for one in old})
        of_many = [one for one in old if len(places.leaders_of(places[one].component)) > 1]
        self._rows.load("stories", {places.was(one).story for one in of_many})
        few = {
            one for one in of_many if len(places.members_of(places.was(one).story)) <= MOST_HOLDERS
        }
        return sorted(binding | few)

    def _binds(self, leader: int, joined: list[int]) -> bool:
        """Say whether followers belong to one component with others than their leader."""
        ends = {end for one in joined for end in bound_by(self._places.edges(one))}
        return not {self._places.leader(end) for end in ends} <= {0, leader}

    def again(self, numbers: list[int]) -> None:
        """Cluster the components of documents whose edges have changed."""
        places = self._places
        places.load_near(numbers)
        leaders = []
        for number in numbers:
            place = places[number]
            if place.leader != number and places.to_follow(number) == number:
                places[number] = place._replace(leader=number)
            if places[number].leader == number:
                leaders.append(number)
        groups = self._unions(leaders, [], {})
        self._load(groups)
        for group in groups:
            self._regroup(group, {})
        self.changes.story_of = places.write()

    def _load(self, groups: list[list[int]]) -> None:
        """Read the stories of components that are clustered anew."""
        places = self._places
        old = [one for group in groups for one in group if not places.is_new(one)]
        self._rows.load("stories", {places.was(one).story for one in old})

    def _is_new_and_alone(self, number: int, followers: dict[int, list[int]]) -> bool:
        heir = number in self._places.gone.values() or self._places.had_others(number)
        return self._places.is_new(number) and number not in followers and not heir

    def _unions(
        self, leaders: list[int], gone: list[int], followers: dict[int, list[int]]
    ) -> list[list[int]]:
        """Return the components that the changes touch or join, as their leaders.

        Args:
            leaders: documents that are new, or whose edges have changed.
            gone: documents that are gone.
            followers: new documents, by the leader that they follow.
        """
        places = self._places
        component_of = {number: places[number].component for number in leaders}
        components = DisjointSets()
        for number in leaders:
            own = component_of[number]
            components.find(own)
            bound = (bound_by(places.edges(one)) for one in (number, *followers.get(number, ())))
            for other in chain.from_iterable(bound):
                near = places.leader(other)
                if near:
                    components.unite(own, component_of.get(near) or places[near].component)
        for number in gone:
            own = places[number].component
            # These have a claim to the number of one story.
            for heir in (places.gone[number], places.leader(number)):
                components.unite(own, component_of.get(heir, own))
        changed: dict[int, list[int]] = {}
        for number in leaders:
            changed.setdefault(component_of[number], []).append(number)
        groups: dict[int, set[int]] = {}
        old = [one for one in components.all() if not places.is_new(one)]
        self._rows.load("components", old)
        for component in components.all():
            members = groups.setdefault(components.find(component), set())
            is_new = places.is_new(component)
            members.update([component] if is_new else places.leaders_of(component))
            members.update(changed.get(component, ()))
        self._held.load_places(
            one for group in groups.values() for one in group if not places.is_new(one)
        )
        alive = [
            sorted(one for one in group if places[one].state <= GROUPED)
            for group in groups.values()
        ]  # fmt: skip
        return [group for group in alive if group]

    def _regroup(self, leaders: list[int], followers: dict[int, list[int]]) -> None:
        """Cluster one component anew, and give its stories their numbers."""
        places = self._places
        labels = clustered(leaders, places, self._held.store, self._settings)
        groups: dict[int, list[int]] = {}
        for leader, label in zip(leaders, labels, strict=True):
            groups.setdefault(label, []).append(leader)
        parts = sorted(groups.values())
        group_of = {leader: i for i, part in enumerate(parts) for leader in part}
        old = [places.was(one) for one in leaders if not places.is_new(one)]
        components, stories = {place.component for place in old}, {place.story for place in old}
        gone = {number: places.was(number) for number in places.gone}
        components.update(
            gone[one].component for one, heir in places.gone.items() if heir in group_of
        )
        stories.update(place.story for place in gone.values() if place.component in components)
        component = min(components | {leaders[0]})
        self._regrouped |= components
        claims: list[list[int]] = [[] for _ in parts]
        for story in sorted(stories):
            heir_part = self._heir(story, parts, group_of)
            if heir_part is not None:
                claims[heir_part].append(story)
        members = self._parted(stories, group_of, len(parts))
        for i, part in enumerate(parts):
            new = [one for one in part if places.is_new(one)]
            new += [one for leader in part for one in followers.get(leader, [])]
            members[i] = sorted({*members[i], *new})
            story = claims[i][0] if claims[i] else members[i][0]
            self.changes.merged += [(before, story) for before in claims[i][1:]]
            merged = self._merged(claims[i])
            self._settle(story, component, members[i], merged, alone=len(leaders) == 1)
        kept = {claim[0] for claim in claims if claim}
        self._rows.delete("stories", stories - kept)
        self._rows.delete("components", components - {component})
        if len(leaders) > 1 or places[leaders[0]].state == GROUPED:
            packed = np.array(leaders, np.int64).tobytes()
            self._rows.put("components", component, packed)
        elif component in components:
            self._rows.delete("components", [component])

    def _heir(self, story: int, parts: list[list[int]], group_of: dict[int, int]) -> int | None:
        """Return the part that keeps a story's number; None when none of it lives."""
        places = self._places
        leader = places.leader(places.gone.get(story) or story)
        if leader in group_of:
            return group_of[leader]
        held = [sum(places.story_was(one) == story for one in part) for part in parts]
        return held.index(max(held)) if any(held) else None

    def _parted(self, stories: set[int], group_of: dict[int, int], n_parts: int) -> list[list[int]]:
        """Share the members of old stories out among the parts."""
        places = self._places
        parts: list[list[int]] = [[] for _ in range(n_parts)]
        for story in sorted(stories):
            held = {i for one, i in group_of.items() if places.story_was(one) == story}
            members = [one for one in places.members_of(story) if one not in places.gone]
            if len(held) == 1:
                parts[held.pop()] += members
                continue
            self._held.load_places(members)
            for one in members:
                leader = places.leader(one)
                if leader in group_of:
                    parts[group_of[leader]].append(one)
        return parts

    def _merged(self, claims: list[int]) -> bytes:
        """Return the stories that have gone into the first of these, and those that do now."""
        rows = [self._rows.get("stories", claim) for claim in claims]
        before = [np.frombuffer(row[1], np.int64).tolist() for row in rows if row is not None]
        return np.array(sorted({*claims[1:], *chain(*before)}), np.int64).tobytes()

    def _settle(
        self, story: int, component: int, members: list[int], merged: bytes, *, alone: bool
    ) -> None:
        """Write where the members of a story stand, and the story.

        One that had others keeps its row, which tells when it was left alone.
        """
        places = self._places
        if alone and members == [story] and not places.had_others(story):
            places[story] = Place(ALONE, story, story, story)
            self._rows.delete("stories", [story])
            return
        self._held.load_places(one for one in members if not places.is_new(one))
        for one in members:
            places[one] = Place(GROUPED, story, component, places[one].leader)
        packed = np.array(members, np.int64).tobytes()
        before = self._rows.get("stories", story)
        if before is not None and before[:2] == (packed, merged):
            return
        changed = self._held.store.counts["n_commits"] + 1
        self._rows.put("stories", story, packed, merged, changed)

    def _join(self, leader: int, joined: list[int]) -> None:
        """Add followers to the story of a leader that needs no other look."""
        place = self._places[leader]
        packed, merged, _ = self._rows.need("stories", place.story)
        for one in joined:
            self._places[one] = Place(GROUPED, place.story, place.component, leader)
        changed = self._held.store.counts["n_commits"] + 1
        members = packed + np.array(joined, np.int64).tobytes()
        self._rows.put("stories", place.story, members, merged, changed)

    def _forget(self, place: Place) -> None:
        """Delete the story of a document that is gone, when no other is left in its component."""
        if place.component not in self._regrouped:
            self._rows.delete("stories", [place.story])
            self._rows.delete("components", [place.component])


def _near(numbers: list[int], places: Places) -> list[int]:
    """Return the newcomers that belong to a component with others."""
    near = set(places.gone.values())
    near.update(number for number in numbers if places.had_others(number))
    for number in numbers:
        others = bound_by(places.edges(number))
        if others:
            near.update([number, *others])
    return [one for one in numbers if one in near]
