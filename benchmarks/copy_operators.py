"""What happens to a story when another outlet prints it: one function for each thing.

    Page of the parent  ->  OPERATORS[name](page, rng)  ->  the copy's Page, changed in place

A page is kept in parts until it is written: the outlet that was told stands in
the text as a mark, so that a copy can keep the name, cut it out and leave a
scar, or smooth the sentence over.
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

import fiction

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

    Operator = Callable[["Page", random.Random], None]

TOLD = "{told}"

SYNONYMS = {
    "approved": "endorsed", "rejected": "turned down", "old": "aged", "costly": "expensive",
    "said": "stated", "closed": "shut", "sold": "offloaded", "town": "municipality",
    "people": "residents", "near": "close to", "show": "indicate", "had": "had earlier",
    "loss": "damage", "grew": "rose", "sent": "forwarded", "names": "mentions", "narrow": "tight",
    "repaired": "fixed", "unsafe": "dangerous", "rented": "hired", "delay": "hold-up",
    "company": "firm", "shares": "stock", "rose": "climbed", "fell": "dropped",
    "year": "twelvemonth",
    "expected": "anticipated", "told": "informed", "also": "additionally", "about": "roughly",
    "increase": "rise", "agreement": "accord", "officials": "functionaries", "big": "large",
    "would": "was set to", "because": "as", "after": "following", "before": "ahead of",
    "despite": "notwithstanding", "although": "even though", "while": "whilst", "public": "open",
}  # fmt: skip
"""Words that a spinner replaces."""

_WORD = re.compile(r"[A-Za-z]+")
_QUOTE = re.compile(r"[“\"]([^”\"]{15,})[”\"]")
_GENERIC = ("told local media that", "told reporters that", "said in an interview that")


@dataclasses.dataclass(slots=True, kw_only=True)
class Page:
    """One document in parts.

    Attributes:
        outlet: who prints it.
        title: its headline.
        body: its paragraphs; `TOLD` marks where an outlet was told.
        place: of the dateline, "" where it has none.
        wire: the agency named in the dateline; "" cut out, leaving "()"; None not named.
        dated: the dateline bears the day.
        byline: the line above the story, "" for none.
        told: whom people told: the outlet's name, "" cut out, None said plainly, or
            words of their own.
        credit: a line that names the source, "" for none.
        credit_first: it stands above the story.
        residue: lines that were copied along with the story.
        canonical: the address given as the original, None for none.
        utm: what the address says of where the page was found.
    """

    outlet: str
    title: str
    body: list[str]
    place: str = ""
    wire: str | None = None
    dated: bool = False
    byline: str = ""
    told: str | None = None
    told_words: str = ""
    credit: str = ""
    credit_first: bool = False
    residue: list[str] = dataclasses.field(default_factory=list)
    canonical: str | None = None
    utm: str = ""

    def copy(self) -> Page:
        """Return a page that can be changed."""
        return dataclasses.replace(self, body=list(self.body), residue=list(self.residue))


def trim(page: Page, rng: random.Random) -> None:
    """Cut from the end, as editors do."""
    keep = max(3, round(len(page.body) * rng.uniform(0.35, 0.9)))
    page.body = page.body[:keep]


def spin(page: Page, rng: random.Random) -> None:
    """Replace words by others that mean the same."""
    rate = rng.uniform(0.4, 0.95)

    def swapped(match: re.Match[str]) -> str:
        word = match.group()
        new = SYNONYMS.get(word.lower())
        if new is None or rng.random() > rate:
            return word
        return new.capitalize() if word[0].isupper() else new

    page.body = [
        TOLD.join(_WORD.sub(swapped, part) for part in text.split(TOLD)) for text in page.body
    ]


def headline(page: Page, rng: random.Random) -> None:
    """Write another headline."""
    words = page.title.split()
    keep = words[: max(3, len(words) - rng.randint(1, 3))]
    page.title = f"{rng.choice(('What we know:', 'Revealed:', 'Report:', 'Why'))} {' '.join(keep)}"


def insert(page: Page, rng: random.Random) -> None:
    """Add a paragraph or two of one's own."""
    for text in fiction.paragraphs(rng, rng.randint(1, 2)):
        page.body.insert(rng.randint(1, len(page.body)), text.replace(TOLD, "said that"))


def alter_quotes(page: Page, rng: random.Random) -> None:
    """Change a word or two inside quotation marks."""

    def altered(match: re.Match[str]) -> str:
        words = match.group(1).split()
        place = rng.randrange(len(words))
        words[place] = rng.choice(("really", "surely", "perhaps", words[place - 1]))
        return match.group().replace(match.group(1), " ".join(words))

    page.body = [_QUOTE.sub(altered, text) for text in page.body]


def reorder(page: Page, rng: random.Random) -> None:
    """Move paragraphs about, below the lead. Never used in tuning."""
    rest = page.body[1:]
    rng.shuffle(rest)
    page.body[1:] = rest


def compress(page: Page, rng: random.Random) -> None:
    """Shorten sentences: what follows the last comma goes. Never used in tuning."""
    for place, text in enumerate(page.body):
        if rng.random() < 0.5 and TOLD not in text and "”" not in text and ", " in text:
            page.body[place] = text.rsplit(", ", 1)[0] + "."


OPERATORS: dict[str, Operator] = {
    function.__name__: function
    for function in (trim, spin, headline, insert, alter_quotes, reorder, compress)
}
"""What may happen to the words."""

HELD_OUT = ("reorder", "compress")
"""Operators that only the test generator knows."""


def generic_attribution(page: Page, rng: random.Random) -> None:
    """Say that somebody was told, and not who."""
    page.told, page.told_words = "", rng.choice(_GENERIC)


def cut_names(page: Page, rng: random.Random) -> None:
    """Cut the links out of a page, and their words with them: scars stay."""
    if page.wire and rng.random() < 0.7:
        page.wire = ""
    else:
        page.wire, page.place = None, ""
    if page.told:
        page.told, page.told_words = "", "told that"
    page.byline = page.credit = ""


def strip_names(page: Page, rng: random.Random) -> None:
    """Take every name of the source out, and leave no trace."""
    page.wire, page.dated, page.byline, page.credit = None, False, "", ""
    if rng.random() < 0.5:
        page.place = ""
    if page.told and rng.random() < 0.3:
        generic_attribution(page, rng)
    else:
        page.told = None


def written(page: Page, day: str, head: Sequence[str], foot: Sequence[str]) -> str:
    """Write a page out as a crawler would find it.

    Args:
        page: in parts.
        day: for a dateline, such as "Nov 3".
        head: the outlet's furniture above the story.
        foot: likewise below.
    """
    told = f"told {page.told} that" if page.told else page.told_words or "said that"
    body = [text.replace(TOLD, told) for text in page.body]
    body[0] = _dateline(page, day) + body[0]
    credit = [page.credit] if page.credit else []
    above = credit if page.credit_first else []
    below = [] if page.credit_first else credit
    byline = [page.byline] if page.byline else []
    return "\n\n".join([*head, *byline, *above, *body, *below, *page.residue, *foot])


def _dateline(page: Page, day: str) -> str:
    place = page.place.upper()
    if page.wire is None:
        return f"{place}, {day} - " if place and page.dated else f"{place} — " if place else ""
    if not page.wire:
        return "() "
    when = f", {day}" if page.dated else ""
    return f"{place}{when} ({page.wire}) - "
