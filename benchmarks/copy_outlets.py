"""Who prints in the trees of copies: agencies by their names, papers of the project's invention.

a name, chance  ->  new_outlet()  ->  Outlet   furniture, and how its pages tell the time
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import fiction

if TYPE_CHECKING:
    import random

AGENCIES = {
    "AP": ("apnews.com", "Associated Press"), "Reuters": ("reuters.com", "Reuters"),
    "AFP": ("afp.com", "Agence France-Presse"), "UPI": ("upi.com", "United Press International"),
}  # fmt: skip
_WORDS = ("Ledger", "Courier", "Standard", "Herald", "Tribune", "Gazette", "Observer", "Post")
_FRONTS = (
    "Amber", "Bishop", "Cedar", "Delta", "Elm", "Falcon", "Granite", "Hollow", "Iron", "Jasper",
    "Keel", "Linden", "Mill", "Needle", "Orchard", "Pine", "Quarry", "Raven", "Saddle", "Tamarack",
)  # fmt: skip
PAPERS = tuple(f"{front} {word}" for front in _FRONTS for word in _WORDS)
"""Names of papers."""


class Outlet(NamedTuple):
    """Who prints: a name, a domain, furniture, and how its pages tell the time."""

    name: str
    domain: str
    head: list[str]
    foot: list[str]
    clock: str


def new_outlet(name: str, domain: str, rng: random.Random) -> Outlet:
    """Found an outlet; without a domain it has one of its name."""
    head = [f"{name} | Home | News | Sport | Weather", "Share this article"]
    foot = [
        f"Sign up for the {name} newsletter and never miss a story.",
        *(f"More: {fiction.invent(rng).title}" for _ in range(3)),
    ]
    # Agencies stamp everything they file.
    clock = "minute" if domain else rng.choices(("minute", "day", "none"), (80, 12, 8))[0]
    return Outlet(name, domain or f"{name.replace(' ', '').lower()}.example", head, foot, clock)
