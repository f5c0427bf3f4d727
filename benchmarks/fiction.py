"""A source of chance in, a news story of the project's own invention out.

    invent(rng)  ->  Report   paragraphs of narration and quotes, a place, a reporter

Sentences are put together from parts, so that two stories share words as
unrelated news does, and hardly ever a run of them. `{told}` marks a place
where the outlet that was told stands; copytrees.py writes it out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

PLACES = (
    "Port Ellery", "Marlow", "Lantry", "Corvane", "Saint Brennan", "Duskwater", "Oldmere",
    "Teal Bay",
    "Harrowgate", "Vesper Falls", "Quillon", "Northam", "Ashby Cross", "Brackwater", "Fenwick",
    "Gallow Hill", "Ivesport", "Juniper Flats", "Kestrel Point", "Low Haven", "Merriton",
    "Nine Elms",
    "Orrin", "Pell Valley", "Rusk", "Stonecross", "Thornbury", "Umber", "Wexley", "Yarrow",
)  # fmt: skip
_FIRST = (
    "Mara", "Tobias", "Ines", "Callum", "Odette", "Rufus", "Wenna", "Silas", "Petra", "Lorcan",
    "Hester", "Anton", "Bettina", "Clement", "Delia", "Emrys", "Farah", "Gideon", "Hanne", "Ivor",
    "Jocasta", "Kasimir", "Leonie", "Magnus", "Noor", "Osric", "Priya", "Quentin", "Ramona",
    "Soren",
)  # fmt: skip
_LAST = (
    "Quill", "Solano", "Trewe", "Embry", "Laird", "Holm", "Wren", "Ostler", "Vance", "Pargeter",
    "Adeyemi", "Bracken", "Corso", "Dunmore", "Ekholm", "Farrow", "Garrick", "Hallam", "Ibarra",
    "Jessop", "Kovar", "Lindqvist", "Mbeki", "Nightingale", "Okafor", "Pryce", "Rasmus", "Sable",
    "Tamm", "Underhill", "Vickers", "Whitlock", "Yoder", "Zeller",
)  # fmt: skip
_BODIES = (
    "harbor commission", "county council", "school board", "water authority", "transit agency",
    "planning office", "fire service", "hospital trust", "housing fund", "port police",
    "teachers' union", "ferry company", "bridge authority", "election board", "farm cooperative",
    "zoning panel", "power utility", "library service", "river trust", "tax office",
    "museum board", "rail operator", "coast guard", "court clerk", "market hall",
)  # fmt: skip
_ROLES = (
    "spokeswoman", "chairman", "deputy director", "engineer", "auditor", "lawyer", "treasurer",
    "shop steward", "surveyor", "foreman", "inspector", "secretary", "adviser", "manager",
)  # fmt: skip
_THINGS = (
    "pier", "reservoir", "tramline", "clinic", "archive", "ballpark", "dam", "orchard", "warehouse",
    "ferry", "tunnel", "lighthouse", "cannery", "quarry", "greenhouse", "stadium", "viaduct",
    "playground", "bakery", "foundry", "courthouse", "dry dock", "windmill", "kennel",
    "skating rink",
    "canal lock", "signal box", "bandstand", "crematorium", "fish market",
)  # fmt: skip
_ADJECTIVES = (
    "old", "disputed", "half-built", "flooded", "northern", "abandoned", "municipal", "rebuilt",
    "listed", "private", "costly", "narrow", "western", "unlit", "rented", "leaking", "popular",
    "neglected", "insured", "fenced", "temporary", "granite", "wooden", "crowded", "unsafe",
)  # fmt: skip
_VERBS = (
    "approved", "rejected", "inspected", "closed", "sold", "mortgaged", "reopened", "surveyed",
    "condemned", "leased", "repaired", "photographed", "evacuated", "insured", "searched",
    "auctioned", "guarded", "repainted", "measured", "drained", "emptied", "postponed",
    "investigated", "restored", "fined", "widened", "relocated",
)  # fmt: skip
_ABSTRACT = (
    "contract", "budget", "permit", "ledger", "survey", "lease", "complaint", "petition",
    "timetable",
    "inquiry", "settlement", "forecast", "invoice", "blueprint", "subsidy", "warning", "ballot",
    "grievance", "deadline", "insurance claim", "toll", "strike notice", "loan", "census",
    "safety report",
)  # fmt: skip
_CONJUNCTIONS = (
    "because", "after", "although", "while", "before", "once", "since", "until", "when", "as",
)  # fmt: skip
_CLAIMS = (
    "nobody had read the {0}", "the {0} would be paid by June",
    "the {1} could not stand another winter",
    "every key to the {1} had been copied", "the {0} was signed before it was written",
    "the {1} would open to visitors again", "there was no second {0}",
    "the {1} belonged to the town",
    "the {0} covered a fraction of the damage", "work on the {1} would stop at once",
    "the {0} had been lost in the move", "people had avoided the {1} for years",
    "the {0} meant nothing without a date", "the {1} had been empty since autumn",
)  # fmt: skip
_SPEECH = (
    "You can argue with a {0}, but not with a {1}",
    "We walked past the {1} every day and saw nothing",
    "I signed the {0} and I would sign it again",
    "Somebody knew, and somebody kept the {0} in a drawer",
    "My mother learned to swim beside that {1}", "There is no {0} that brings back a {1}",
    "If the {1} goes, the street goes with it", "They promised us a {0} and sent us a bill",
    "Nobody from the office has ever stood inside the {1}",
    "It is only a {1}, and it is all we have",
    "The {0} was thick and said very little", "Ask me again when the {0} is public",
)  # fmt: skip
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Report(NamedTuple):
    """One invented story.

    Attributes:
        title: its headline.
        paragraphs: of one or two sentences each; `{told}` stands where an
            outlet may be named.
        place: where it was filed.
        reporter: who signed it.
    """

    title: str
    paragraphs: list[str]
    place: str
    reporter: str


def person(rng: random.Random) -> str:
    """Return a first and a last name."""
    return f"{rng.choice(_FIRST)} {rng.choice(_LAST)}"


def invent(rng: random.Random, *, least: int = 10, most: int = 22) -> Report:
    """Write a story of so many paragraphs."""
    place = rng.choice(PLACES)
    cast = [(person(rng), f"{rng.choice(_ROLES)} of the {rng.choice(_BODIES)}") for _ in range(3)]
    body, thing = rng.choice(_BODIES), rng.choice(_THINGS)
    title = f"{body.capitalize()} {rng.choice(_VERBS)} {rng.choice(_ADJECTIVES)} {thing} in {place}"
    lead = (
        f"The {body} of {place} {rng.choice(_VERBS)} the {rng.choice(_ADJECTIVES)} {thing} on "
        f"{rng.choice(_DAYS)} {_reason(rng)}, {_sum(rng)} of it charged to the "
        f"{rng.choice(_ABSTRACT)}."
    )
    rest = [_paragraph(rng, cast, thing) for _ in range(rng.randint(least, most) - 1)]
    # Somebody told the outlet something, in the upper half of most stories.
    rest.insert(rng.randint(0, len(rest) // 2), _told(rng, cast, thing))
    return Report(title, [lead, *rest], place, person(rng))


def paragraphs(rng: random.Random, n: int) -> list[str]:
    """Write some paragraphs of another story."""
    cast = [(person(rng), f"{rng.choice(_ROLES)} of the {rng.choice(_BODIES)}") for _ in range(2)]
    return [_paragraph(rng, cast, rng.choice(_THINGS)) for _ in range(n)]


def _paragraph(rng: random.Random, cast: Sequence[tuple[str, str]], thing: str) -> str:
    kind = rng.random()
    if kind < 0.22:
        name, role = rng.choice(cast)
        return f"“{_filled(rng, _SPEECH, thing)},” said {name}, {role}."
    if kind < 0.3:
        return _told(rng, cast, thing)
    return " ".join(_narration(rng, thing) for _ in range(rng.randint(1, 3)))


def _told(rng: random.Random, cast: Sequence[tuple[str, str]], thing: str) -> str:
    name, role = rng.choice(cast)
    return f"{name}, {role}, {{told}} {_filled(rng, _CLAIMS, thing)} {_reason(rng)}."


def _filled(rng: random.Random, frames: Sequence[str], thing: str) -> str:
    return rng.choice(frames).format(
        rng.choice(_ABSTRACT), rng.choice((thing, rng.choice(_THINGS)))
    )


def _reason(rng: random.Random) -> str:
    subject = f"the {rng.choice(_ADJECTIVES)} {rng.choice((*_THINGS, *_ABSTRACT))}"
    return f"{rng.choice(_CONJUNCTIONS)} {subject} was {rng.choice(_VERBS)}"


def _sum(rng: random.Random) -> str:
    return f"{rng.randint(2, 990)}{rng.choice((' crowns', ',000 crowns', ' percent', ' tons'))}"


def _narration(rng: random.Random, thing: str) -> str:
    body, other = rng.choice(_BODIES), rng.choice((thing, rng.choice(_THINGS)))
    verb, adjective, paper = rng.choice(_VERBS), rng.choice(_ADJECTIVES), rng.choice(_ABSTRACT)
    reason, amount = _reason(rng), _sum(rng)
    filed = f"the {paper} was sent to the {body}"
    year, many = rng.randint(1950, 2024), rng.randint(2, 60)
    frames = (
        f"The {body} {verb} the {adjective} {other} {reason}.",
        f"{reason.capitalize()}, the {paper} for the {other} grew by {amount}.",
        f"The {adjective} {other} near {rng.choice(PLACES)} was {verb} {reason}, and {filed}.",
        f"In {year} the {body} had {verb} {many} of them {reason}.",
        f"The {paper}, which names {person(rng)}, puts the loss at {amount} {reason}.",
        f"Neighbors of the {other} {verb} the {paper} {reason}, records of the {body} show.",
    )
    return rng.choice(frames)
