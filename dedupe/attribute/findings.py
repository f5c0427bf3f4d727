"""Every signal asked of a story.

Story  ->  find_evidence()  ->  Evidence, any number
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, TypeAlias

from dedupe.attribute import clocks, compared, said
from dedupe.attribute.signals import SIGNALS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dedupe.attribute.evidence import Evidence, Story
    from dedupe.attribute.signals import Signal

    _Find: TypeAlias = Callable[[Story], Iterator[Evidence]]

FUNCTIONS: dict[str, _Find] = {
    "credit": said.credit,
    "pointer": said.pointer,
    "dateline": said.dateline,
    "byline": said.byline,
    "unnamed_agencies": said.unnamed_agencies,
    "scar": said.scar,
    "deletion": compared.deletion,
    "credit_lost": compared.credit_lost,
    "self_reference": said.self_reference,
    "dated_opening": compared.dated_opening,
    "clock": clocks.clock,
    "first_seen": clocks.first_seen,
    "length": compared.length,
    "one_outlet": compared.one_outlet,
}
"""The function of each signal; it names neither the signal nor the table's group."""

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


def find_evidence(story: Story) -> list[Evidence]:
    """Ask every signal that may find something, and sign what it finds."""
    kinds = frozenset(clue.kind for clues in story.clues.values() for clue in clues)
    return [
        item._replace(signal=signal.name, group=item.group or signal.group)
        for signal, find in _worth_asking(kinds, alone=len(story.works) == 1)
        for item in find(story)
    ]


@functools.cache
def _worth_asking(kinds: frozenset[str], *, alone: bool) -> list[tuple[Signal, _Find]]:
    """Return the signals that may find something in a story, and their functions.

    Args:
        kinds: of its clues.
        alone: it has one work.
    """
    return [
        (signal, FUNCTIONS[signal.name])
        for signal in SIGNALS
        if (signal.name not in _KINDS_READ or kinds & _KINDS_READ[signal.name])
        and not (alone and signal.name in _COMPARING)
    ]
