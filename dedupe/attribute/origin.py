"""Probabilities in, words out: the origin of a story, and its band.

    CandidateOrigins of graphs  ->  name_origin()  ->  NamedOrigin

A copy is called "likely copied from"; nothing here calls it anything worse.
Where no candidate stands clear of the next, it is "cannot tell".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dedupe.attribute.pages import Pages

CANNOT_TELL: dict[str, Any] = {
    "name": None,
    "document": None,
    "in_collection": None,
    "probability": None,
    "band": "unknown",
}
"""The origin of a story in which nothing tells."""

HIGH, MEDIUM = 0.9, 0.6
"""Least probability of a band."""


class Candidate(NamedTuple):
    """A possible origin: a document that stands for its outlet, or a source that is absent."""

    probability: float
    row: int
    name: str | None


class NamedOrigin(NamedTuple):
    """Who wrote it first.

    Attributes:
        origin: as stories.jsonl holds it (docs/output.md); CANNOT_TELL where nothing tells.
        ranked: the likeliest origins, best first.
        work: the work named, or -1.
        row: the document named, or -1.
        name: the absent source named, or None.
    """

    origin: dict[str, Any]
    ranked: list[Candidate]
    work: int
    row: int
    name: str | None

    @property
    def told(self) -> bool:
        """Say whether an origin is named."""
        return bool(self.origin["band"] != "unknown")


def name_origin(
    pages: Pages, ranked: list[Candidate], works: Sequence[int], *, told: bool
) -> NamedOrigin:
    """Put into words who wrote a story first.

    Args:
        pages: outlets and ids.
        ranked: the likeliest origins, best first.
        works: the work of each of them.
        told: the first is named.
    """
    if not told:
        return NamedOrigin(dict(CANNOT_TELL), ranked, -1, -1, None)
    best = ranked[0]
    return NamedOrigin(origin_object(pages, best), ranked, works[0], best.row, best.name)


def origin_object(pages: Pages, one: Candidate) -> dict[str, Any]:
    """Return a possible origin as stories.jsonl holds it (docs/output.md)."""
    in_hand = one.row >= 0
    return {
        "name": pages.outlet(one.row) if in_hand else one.name,
        "document": pages.id(one.row) if in_hand else None,
        "in_collection": in_hand,
        "probability": round(one.probability, 4),
        "band": band(one.probability),
    }


def band(probability: float) -> str:
    """Say a probability as a band: high, medium or low."""
    if probability >= HIGH:
        return "high"
    return "medium" if probability >= MEDIUM else "low"
