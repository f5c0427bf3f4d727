"""Signals of where a page's parts came from: residue of another outlet, and links.

Story  ->  newsletter lines, link tags, picture addresses, links  ->  Evidence
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dedupe.attribute.pages import plain_address
from dedupe.attribute.said import about, of_kind
from dedupe.attribute.signals import points_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dedupe.attribute.evidence import Evidence, Story
    from dedupe.clean.clue import Clue


def residue(story: Story) -> Iterator[Evidence]:
    """Another outlet's newsletter line, link tag or picture address stayed in the page."""
    for row, clue in of_kind(story, "residue"):
        if clue.name is None:
            continue
        holders = story.holders(clue.name)
        if story.work_of[row] in holders:
            continue
        says = f"still carries a line or an address of {story.called(clue.name)}"
        item = about(story, row, clue, _points(story, row, "residue", clue), says)
        for parent in sorted(holders):
            yield item._replace(parent=parent)
        if not holders and story.names.is_listed(clue.name):
            yield item._replace(name=story.called(clue.name))


def link(story: Story) -> Iterator[Evidence]:
    """The body links to the address at which another page of the story stands."""
    places: dict[str, int] = {}
    for row, clue in of_kind(story, "link"):
        places = places or {
            address: member
            for member in reversed(story.rows)
            if (address := story.pages.address(member))
        }
        target = places.get(plain_address(story.pages.text(row)[clue.start : clue.end]))
        if target is None or story.work_of[target] == story.work_of[row]:
            continue
        says = f"links to the page of {story.pages.label(target)}"
        item = about(story, row, clue, _points(story, row, "link", clue), says)
        yield item._replace(parent=story.work_of[target])


def _points(story: Story, row: int, signal: str, clue: Clue) -> float:
    one_owner = story.one_owner(row, clue.name or "")
    return points_of(signal, clue.rule, one_owner=one_owner)
