"""Documents that are one work: exact copies, and one outlet's versions of its own page.

    members and verified pairs of a story  ->  works()  ->  documents by work

A work can be the origin only once, however often it was copied: counting each
exact copy would let the most copied text win.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dedupe.attribute.evidence import Pair
    from dedupe.attribute.pages import Pages


def works(rows: Sequence[int], pairs: Iterable[Pair], pages: Pages) -> list[list[int]]:
    """Group the documents of a story into works.

    Args:
        rows: documents of the story, rising.
        pairs: its verified pairs of the same story.
        pages: outlets by document.

    Returns:
        Documents by work, each rising, works in the order of their first document.
    """
    leader = {row: row for row in rows}
    for pair in pairs:
        if pair.relation == "exact" or _same_outlet(pair, pages):
            first, second = sorted((_find(leader, pair.a), _find(leader, pair.b)))
            leader[second] = first
    groups: dict[int, list[int]] = {}
    for row in rows:
        groups.setdefault(_find(leader, row), []).append(row)
    return list(groups.values())


def _same_outlet(pair: Pair, pages: Pages) -> bool:
    outlet = pages.outlet(pair.a)
    return outlet is not None and outlet == pages.outlet(pair.b)


def _find(leader: dict[int, int], row: int) -> int:
    while leader[row] != row:
        leader[row] = leader[leader[row]]
        row = leader[row]
    return row
