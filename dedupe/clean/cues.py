"""One pattern of words that tell something of a page's source.

Every pattern is linear: literal lead-ins, bounded repeats, no nested
quantifiers. `needles` are lower-case literals of which one must be in a line before
the pattern is tried there; it may stand behind the match ("ist zuerst in der Z erschienen").
"""
# ruff: noqa: RUF001 - newspapers set long dashes

from __future__ import annotations

import functools
import re
from typing import NamedTuple

CUT = ".|,|;"
"""Where a name was cut out: what follows at once."""


class Cue(NamedTuple):
    """One pattern.

    Attributes:
        rule: its name in the clues table.
        needles: lower-case literals; a line with none of them is not matched.
        expression: for a credit, the match ends where the name begins, or has it as `name`.
        at_line_start: the match must begin its line, a bracket or a mark of a list aside.
        name_known: only a name of names.json or a domain counts, because the
            words alone also announce data, photos and recipes.
        whole_line: nothing but the name may follow.
    """

    rule: str
    needles: tuple[str, ...]
    expression: str
    at_line_start: bool = False
    name_known: bool = False
    whole_line: bool = False

    @property
    def pattern(self) -> re.Pattern[str]:
        """The expression, compiled where a needle is first met: most never are."""
        return _compiled(
            rf"{_MARKS}(?:{self.expression})" if self.at_line_start else self.expression
        )


_MARKS = r"[(\[*•·–—\s-]{0,4}"
_compiled = functools.cache(re.compile)


def each(firsts: str, seconds: str) -> str:
    """Return the needles "first second" of every first and second; cuts may touch the word."""
    return "|".join(
        f"{first}{gap}{second}"
        for first in firsts.split("|")
        for second in seconds.split("|")
        for gap in ((" ", "") if second in CUT else (" ",))
    )


def cue(rule: str, needles: str, pattern: str, **limits: bool) -> Cue:
    """Return a cue whose needles are parted by bars."""
    return Cue(rule, tuple(needles.split("|")), pattern, **limits)
