"""Probabilities and what came of them in, a reliability diagram out, as plain SVG.

    outcomes, probabilities  ->  diagram()  ->  SVG

A dot a tenth: its height the share that came true, its size how many were
asked. On the diagonal, probabilities mean what they say (Murphy and Winkler,
1977).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_SIZE, _EDGE = 400, 50
_FORM = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" font-family="sans-serif" \
font-size="12">
<rect {frame} fill="none" stroke="#888"/>
<line {line} stroke="#888" stroke-dasharray="4"/>
{marks}
<text x="{middle}" y="{foot}" text-anchor="middle">probability told</text>
<text x="14" y="{middle}" text-anchor="middle" \
transform="rotate(-90 14 {middle})">share that came true</text>
</svg>
"""


def bins(
    outcomes: Sequence[bool], probabilities: Sequence[float], n_bins: int = 10
) -> list[tuple[float, float, int]]:
    """Return (mean probability, share that came true, how many) of each bin that has any.

    Raises:
        ValueError: the sequences differ in length.
    """
    held: list[list[tuple[bool, float]]] = [[] for _ in range(n_bins)]
    for outcome, told in zip(outcomes, probabilities, strict=True):
        held[min(int(told * n_bins), n_bins - 1)].append((outcome, told))
    return [
        (
            math.fsum(told for _, told in members) / len(members),
            sum(outcome for outcome, _ in members) / len(members),
            len(members),
        )
        for members in held
        if members
    ]


def diagram(outcomes: Sequence[bool], probabilities: Sequence[float]) -> str:
    """Draw the diagram."""
    found = bins(outcomes, probabilities)
    most = max((count for _, _, count in found), default=1)
    side = _SIZE + 2 * _EDGE
    marks = [_mark(told, true, count, most) for told, true, count in found]
    ticks = [_tick(tenth / 10) for tenth in range(0, 11, 2)]
    middle = side / 2
    frame = f'x="{_EDGE}" y="{_EDGE}" width="{_SIZE}" height="{_SIZE}"'
    return _FORM.format(
        side=side,
        frame=frame,
        line=f'x1="{_x(0)}" y1="{_y(0)}" x2="{_x(1)}" y2="{_y(1)}"',
        marks="\n".join([*marks, *ticks]),
        middle=middle,
        foot=side - 8,
    )


def _mark(told: float, true: float, count: int, most: int) -> str:
    place = f'cx="{_x(told):.1f}" cy="{_y(true):.1f}" r="{3 + 12 * math.sqrt(count / most):.1f}"'
    says = f"{count} at {told:.2f}: {true:.2f} came true"
    return f'<circle {place} fill="#3465a4" fill-opacity=".7"><title>{says}</title></circle>'


def _tick(share: float) -> str:
    below = f'<text x="{_x(share):.1f}" y="{_y(0) + 18:.1f}" text-anchor="middle">{share:g}</text>'
    beside = f'<text x="{_EDGE - 8}" y="{_y(share) + 4:.1f}" text-anchor="end">{share:g}</text>'
    return below + beside


def _x(share: float) -> float:
    return _EDGE + _SIZE * share


def _y(share: float) -> float:
    return _EDGE + _SIZE * (1 - share)
