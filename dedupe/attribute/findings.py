"""Every signal asked of a story.

Story  ->  find_evidence(), find_more()  ->  Evidence, any number

Signals of numbers alone are found in all stories at once (kernels/glances.py).
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, TypeAlias

from dedupe.attribute import days, edits, losses, said, standing, traces
from dedupe.attribute.evidence import Evidence
from dedupe.attribute.signals import SIGNALS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from dedupe.attribute.evidence import Story
    from dedupe.attribute.signals import Signal

    _Find: TypeAlias = Callable[[Story], Iterator[Evidence]]

FUNCTIONS: dict[str, _Find] = {
    "credit": said.credit,
    "pointer": said.pointer,
    "dateline": said.dateline,
    "byline": said.byline,
    "unnamed_agencies": said.unnamed_agencies,
    "scar": said.scar,
    "deletion": losses.deletion,
    "credit_lost": losses.credit_lost,
    "self_reference": said.self_reference,
    "dated_opening": losses.dated_opening,
    "residue": traces.residue,
    "link": traces.link,
    "clock_bound": days.clock_bound,
    "inner_time": days.inner_time,
    "edit_kind": edits.edit_kind,
    "quote_altered": edits.quote_altered,
    "shared_slip": edits.shared_slip,
    "union": standing.union,
}
"""The function of each signal that no kernel finds; it names neither signal nor group."""

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
    "residue": {"residue"},
    "link": {"link"},
    "clock_bound": {"dateline"},
    "inner_time": {"dateline"},
}

# Signals that compare works: one work alone need not ask them.
_COMPARING = {"deletion", "credit_lost", "dated_opening", "link", "clock_bound", "inner_time"}

# Signals that read whole texts, by the fewest works they need: asked where the
# others leave the origin open. A quote is altered against two others. With 2, 3, 3 or 6, 10, 6
# no origin changes (benchmarks/origins.py).
_LATE = {"quote_altered": 3, "shared_slip": 5, "union": 3}


def find_evidence(story: Story) -> list[Evidence]:
    """Ask every signal of clues that may find something, and sign what it finds."""
    kinds = frozenset(clue.kind for clues in story.clues.values() for clue in clues)
    return _signed(story, _worth_asking(kinds, alone=len(story.works) == 1))


def find_more(story: Story, *, edited: bool) -> list[Evidence]:
    """Ask the signals that read whole texts.

    Args:
        story: to be asked.
        edited: aligned text of two of its works differs in what `edit_kind` reads.
    """
    n_works = len(story.works)
    asked = [
        (signal, FUNCTIONS[signal.name])
        for signal in SIGNALS
        if (signal.name == "edit_kind" and edited) or n_works >= _LATE.get(signal.name, n_works + 1)
    ]
    return _signed(story, asked)


def _signed(story: Story, asked: Iterable[tuple[Signal, _Find]]) -> list[Evidence]:
    return [
        # A third of the time of `_replace`, for what is done most often of all.
        Evidence(signal.name, item[1] or signal.group, *item[2:])
        for signal, find in asked
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
        if kinds & _KINDS_READ.get(signal.name, frozenset())
        and not (alone and signal.name in _COMPARING)
    ]
