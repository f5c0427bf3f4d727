"""The table of signals by which a story's origin is judged: one small function each.

    Story  ->  SIGNALS, each  ->  Evidence, any number

Points are log-odds. They are editors' rules of thumb stated as odds, not
fitted to data: an explicit credit is right about thirty times in thirty-one, a
clock at best nine times in ten, a longer text a little more often than not.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, NamedTuple

from dedupe.attribute import clocks, compared, said
from dedupe.names import fold, main_label

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dedupe.attribute.evidence import Evidence, Story


class Signal(NamedTuple):
    """One row of the table of signals.

    Attributes:
        name: as it stands in a story's evidence.
        group: signals of one group on one target count once.
        points: the most it can say, in log-odds.
        what: what it looks for.
        fails_when: what makes it wrong.
        find: the function.
    """

    name: str
    group: str
    points: float
    what: str
    fails_when: str
    find: Callable[[Story], Iterator[Evidence]]


SIGNALS = (
    Signal(
        "credit", "credit", 3.5,
        'explicit credit: "originally appeared on X", a copyright line, "told X"',
        "it credits one fact or a photo, or is a footer template",
        said.credit,
    ),
    Signal(
        "pointer", "credit", 3.5,
        "canonical address at another outlet",
        "a homepage, tracker or network-wide address; its absence says nothing",
        said.pointer,
    ),
    Signal(
        "dateline", "credit", 3.5,
        'agency or outlet in the dateline: "CITY (AP) -"',
        "a callsign is taken for an agency",
        said.dateline,
    ),
    Signal(
        "byline", "credit", 3.2,
        'agency or outlet in the byline or signature: "By NAME, Associated Press"',
        'it signs a contribution: "AP contributed to this report"',
        said.byline,
    ),
    Signal(
        "unnamed_agencies", "derived", 2.5,
        'a dateline that names nobody: "(Agencies)"',
        "house style",
        said.unnamed_agencies,
    ),
    Signal(
        "scar", "scar", 3.2,
        'a name cut out: "() ...", "told that", "in an interview with ."',
        "an extraction fault cuts names out of originals",
        said.scar,
    ),
    Signal(
        "deletion", "deletion", 3.6,
        'aligned text with "told X that" on one side and "told that" on the other',
        "both are copies of X",
        compared.deletion,
    ),
    Signal(
        "credit_lost", "credit", 2.0,
        "one side credits a source, the other lost it",
        "an editor who knew added the credit",
        compared.credit_lost,
    ),
    Signal(
        "self_reference", "self", 2.0,
        '"told this newspaper", or the outlet\'s own name',
        "a copy keeps the words",
        said.self_reference,
    ),
    Signal(
        "dated_opening", "opening", 0.8,
        "place and date open one side only",
        "house style",
        compared.dated_opening,
    ),
    Signal(
        "clock", "time", 2.2,
        "publication intervals that do not meet, or are shifted",
        "wrong zones, overwritten updates, back-dating: about one clock in ten",
        clocks.clock,
    ),
    Signal(
        "first_seen", "time", 0.7,
        "order of sighting, where no page claims a date",
        "crawlers visit big outlets more often",
        clocks.first_seen,
    ),
    Signal(
        "length", "length", 0.6,
        "one text holds the other and more",
        "updates and round-ups grow",
        compared.length,
    ),
    Signal(
        "one_outlet", "self", 0.3,
        "every version found is one outlet's own",
        "its source was not collected",
        compared.one_outlet,
    ),
)  # fmt: skip
"""Every signal. Reports and documentation print this table."""


# Kinds of clues that a signal reads: stories without them need not ask it.
_KINDS_READ = {
    "credit": {"credit"},
    "pointer": {"pointer"},
    "dateline": {"dateline"},
    "byline": {"byline"},
    "unnamed_agencies": {"dateline"},
    "scar": {"scar"},
    "deletion": {"scar"},
    "credit_lost": {"credit", "pointer", "dateline", "byline"},
    "self_reference": {"self_reference"},
    "dated_opening": {"dateline"},
}


# Signals that compare works: one work alone need not ask them.
_COMPARING = {"deletion", "credit_lost", "dated_opening", "clock", "first_seen", "length"}


@functools.cache
def _worth_asking(
    kinds: frozenset[str], *, alone: bool
) -> list[Callable[[Story], Iterator[Evidence]]]:
    """Return the signals that may find something in a story.

    Args:
        kinds: of its clues.
        alone: it has one work.
    """
    return [
        signal.find
        for signal in SIGNALS
        if (signal.name not in _KINDS_READ or kinds & _KINDS_READ[signal.name])
        and not (alone and signal.name in _COMPARING)
    ]


def find_evidence(story: Story) -> list[Evidence]:
    """Ask every signal, and call each absent source by one name."""
    kinds = frozenset(clue.kind for clues in story.clues.values() for clue in clues)
    asked = _worth_asking(kinds, alone=len(story.works) == 1)
    found = [item for find in asked for item in find(story)]
    names = {item.name for item in found if item.name}
    if not names:
        return found
    called = _one_name_each(names)
    return [item._replace(name=called[item.name]) if item.name else item for item in found]


def _one_name_each(names: set[str]) -> dict[str, str]:
    """Map names of one source, such as "Harbor Light" and harborlight.com, to the one to show."""
    groups: dict[str, list[str]] = {}
    for name in sorted(names):
        domain = "." in name and " " not in name
        letters = main_label(name) if domain else fold(name).removeprefix("the")
        groups.setdefault(letters or name, []).append(name)
    return {
        name: min(group, key=lambda one: ("." in one, one))
        for group in groups.values()
        for name in group
    }
