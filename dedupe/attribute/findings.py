"""Every signal asked of a story.

Story  ->  find_evidence()  ->  Evidence, any number
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, TypeAlias

from dedupe.attribute import clocks, compared, said

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dedupe.attribute.evidence import Evidence, Story

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
"""The function of each signal of the table, in its order."""

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
    """Ask every signal that may find something."""
    kinds = frozenset(clue.kind for clues in story.clues.values() for clue in clues)
    asked = _worth_asking(kinds, alone=len(story.works) == 1)
    return [item for find in asked for item in find(story)]


@functools.cache
def _worth_asking(kinds: frozenset[str], *, alone: bool) -> list[_Find]:
    """Return the signals that may find something in a story.

    Args:
        kinds: of its clues.
        alone: it has one work.
    """
    return [
        find
        for name, find in FUNCTIONS.items()
        if (name not in _KINDS_READ or kinds & _KINDS_READ[name])
        and not (alone and name in _COMPARING)
    ]
