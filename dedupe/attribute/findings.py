"""Every signal asked of a story.

Story  ->  find_evidence(), find_more(), find_record()  ->  Evidence, any number
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, TypeAlias

from dedupe.attribute import clocks, compared, days, edits, said, standing, traces
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
    "deletion": compared.deletion,
    "credit_lost": compared.credit_lost,
    "self_reference": said.self_reference,
    "dated_opening": compared.dated_opening,
    "residue": traces.residue,
    "link": traces.link,
    "clock_bound": days.clock_bound,
    "inner_time": days.inner_time,
    "clock": clocks.clock,
    "first_seen": clocks.first_seen,
    "length": compared.length,
    "one_outlet": compared.one_outlet,
    "edit_kind": edits.edit_kind,
    "quote_altered": edits.quote_altered,
    "shared_slip": edits.shared_slip,
    "union": standing.union,
    "outlet_prior": standing.outlet_prior,
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
    "residue": {"residue"},
    "link": {"link"},
    "clock_bound": {"dateline"},
}

# Signals that compare works: one work alone need not ask them.
_COMPARING = {
    "deletion", "credit_lost", "dated_opening", "clock", "first_seen", "length", "link",
    "clock_bound", "inner_time",
}  # fmt: skip

# Signals that read whole texts, by the fewest works they need: asked where the
# others leave the origin open.
_LATE = {
    "edit_kind": 2, "quote_altered": 3, "shared_slip": 5, "union": 3, "outlet_prior": 2,
}  # fmt: skip
_MOST_READ = 24


def find_evidence(story: Story) -> list[Evidence]:
    """Ask every signal that may find something at a glance, and sign what it finds."""
    kinds = frozenset(clue.kind for clues in story.clues.values() for clue in clues)
    return _signed(story, _worth_asking(kinds, alone=len(story.works) == 1))


def find_more(story: Story) -> list[Evidence]:
    """Ask the signals that read whole texts; a story of many works is decided without them."""
    n_works = len(story.works)
    if n_works > _MOST_READ:
        return []
    return _signed(story, [one for fewest, one in _LATE_SIGNALS if n_works >= fewest])


def find_record(story: Story) -> list[Evidence]:
    """Ask what the other stories of a story's outlets say; of many works, as little as the rest."""
    if not story.leanings or not 2 <= len(story.works) <= _MOST_READ:
        return []
    return _signed(story, [one for _, one in _LATE_SIGNALS if one[0].name == "outlet_prior"])


def _signed(story: Story, asked: Iterable[tuple[Signal, _Find]]) -> list[Evidence]:
    return [
        # A third of the time of `_replace`, for what is done most often of all.
        Evidence(signal.name, item[1] or signal.group, *item[2:])
        for signal, find in asked
        for item in find(story)
    ]


_LATE_SIGNALS = [
    (_LATE[signal.name], (signal, FUNCTIONS[signal.name]))
    for signal in SIGNALS
    if signal.name in _LATE
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
        if signal.name not in _LATE
        and (signal.name not in _KINDS_READ or kinds & _KINDS_READ[signal.name])
        and not (alone and signal.name in _COMPARING)
    ]
