"""Simple rules for which document came first: what our method must beat.

    rows of a story, Evening  ->  RULES[name](rows, seen)  ->  the rows, best first

The copy network lets every document copy its most similar strictly earlier
neighbour, as studies of news diffusion without credits do.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping, Sequence


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Evening:
    """What a rule may look at: documents, what links them, and what they credit."""

    documents: Sequence[dict[str, Any]]
    outlet: Sequence[str]
    alike: Mapping[tuple[int, int], float]
    credited: Mapping[int, Sequence[str]]
    rng: random.Random


def by_chance(rows: Sequence[int], seen: Evening) -> list[int]:
    """Draw."""
    return seen.rng.sample(list(rows), len(rows))


def earliest(rows: Sequence[int], seen: Evening) -> list[int]:
    """Believe the dates as they stand, a day as its noon; a page without any comes last."""

    def claim(row: int) -> str:
        document = seen.documents[row]
        given = str(document.get("published") or document.get("fetched") or "9")
        return given if "T" in given else f"{given}T12:00"

    return sorted(by_chance(rows, seen), key=claim)


def longest(rows: Sequence[int], seen: Evening) -> list[int]:
    """Take the longest text."""
    return sorted(by_chance(rows, seen), key=lambda row: -len(seen.documents[row]["text"]))


def most_central(rows: Sequence[int], seen: Evening) -> list[int]:
    """Take the text most like all others."""

    def degree(row: int) -> float:
        return sum(seen.alike.get((min(row, one), max(row, one)), 0.0) for one in rows)

    return sorted(by_chance(rows, seen), key=lambda row: -round(degree(row), 6))


def copy_network(rows: Sequence[int], seen: Evening) -> list[int]:
    """Let each copy its most similar strictly earlier neighbour; rank by descendants."""
    order = earliest(rows, seen)
    place = {row: at for at, row in enumerate(order)}
    below = Counter(rows)
    for row in reversed(order):
        before = [one for one in rows if place[one] < place[row]]
        pair = {one: seen.alike.get((min(row, one), max(row, one)), 0.0) for one in before}
        parent = max(before, key=lambda one: (pair[one], -place[one]), default=None)
        if parent is not None and pair[parent] > 0:
            below[parent] += below[row]
    return sorted(order, key=lambda row: -below[row])


RULES: dict[str, Callable[[Sequence[int], Evening], list[int]]] = {
    "random": by_chance,
    "earliest": earliest,
    "longest": longest,
    "most central": most_central,
    "copy network": copy_network,
}
