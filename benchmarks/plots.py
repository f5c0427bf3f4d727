"""Figures in, plots out, as plain SVG: no display and no other library is needed.

series of (x, y)  ->  lines()   ->  SVG, both axes logarithmic
parts of wholes   ->  bars()    ->  SVG, each bar a hundred per cent
named points      ->  points()  ->  SVG, x logarithmic
"""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 720, 420, 70, 30, 170, 50
COLOURS = (
    "#3465a4", "#cc0000", "#4e9a06", "#f57900", "#75507b", "#c17d11", "#06989a", "#555753",
    "#d3a4c4", "#204a87", "#8ae234", "#edd400",
)  # fmt: skip


class Axis(NamedTuple):
    """How values of an axis become places from 0 to 1."""

    low: float
    high: float
    is_log: bool

    def place(self, value: float) -> float:
        """Return where a value stands."""
        low, high, value = map(math.log10, (self.low, self.high, value)) if self.is_log else (
            self.low, self.high, value,
        )  # fmt: skip
        return (value - low) / ((high - low) or 1.0)

    def ticks(self) -> list[float]:
        """Return the values to name: powers of ten, or fifths."""
        if not self.is_log:
            return [self.low + (self.high - self.low) * part / 5 for part in range(6)]
        powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        return [10.0**power for power in powers if self.low <= 10.0**power <= self.high]


def axis(values: Sequence[float], *, is_log: bool) -> Axis:
    """Return the axis that holds all values; a logarithmic one from ten to ten."""
    if not is_log:
        return Axis(0.0, max(1.0, *values), is_log=False)
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return Axis(10.0**low, 10.0 ** max(high, low + 1), is_log=True)


def lines(
    series: Mapping[str, Sequence[tuple[float, float]]], title: str, x_name: str, y_name: str
) -> str:
    """Draw one line for each series, both axes logarithmic."""
    points = [point for one in series.values() for point in one]
    across = axis([x for x, _ in points], is_log=True)
    up = axis([y for _, y in points], is_log=True)
    marks = []
    for place, (name, one) in enumerate(series.items()):
        colour = COLOURS[place % len(COLOURS)]
        at = [(_x(across.place(x)), _y(up.place(y))) for x, y in sorted(one)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
        marks.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for (x, y), (n, cost) in zip(at, sorted(one), strict=True):
            marks.append(_dot(x, y, colour, f"{name}: {n:,.0f}, {cost:,.4g}"))
        marks.append(_key(place, name, colour))
    return _plot([*_frame(across, up, x_name, y_name), *marks], title)


def points(named: Mapping[str, tuple[float, float]], title: str, x_name: str, y_name: str) -> str:
    """Draw a point for each name, x logarithmic, y from 0 to 1."""
    across = axis([x for x, _ in named.values()], is_log=True)
    up = Axis(0.0, 1.0, is_log=False)
    marks = []
    for place, (name, (x, y)) in enumerate(named.items()):
        colour = COLOURS[place % len(COLOURS)]
        marks += [
            _dot(_x(across.place(x)), _y(y), colour, f"{name}: {x:.4g}, {y:.4f}", 6),
            _key(place, name, colour),
        ]
    return _plot([*_frame(across, up, x_name, y_name), *marks], title)


def bars(wholes: Mapping[str, Mapping[str, float]], title: str) -> str:
    """Draw a bar for each whole, cut into the shares of its parts."""
    names = list(dict.fromkeys(part for parts in wholes.values() for part in parts))
    colours = {name: COLOURS[place % len(COLOURS)] for place, name in enumerate(names)}
    marks = [_key(place, name, colours[name]) for place, name in enumerate(names)]
    step = (WIDTH - LEFT - RIGHT) / max(len(wholes), 1)
    for place, (name, parts) in enumerate(wholes.items()):
        below, total = 0.0, sum(parts.values()) or 1.0
        left = LEFT + step * (place + 0.2)
        for part, value in parts.items():
            share = value / total
            top, height = _y(below + share), (HEIGHT - TOP - BOTTOM) * share
            marks.append(
                f'<rect x="{left:.1f}" y="{top:.1f}" width="{step * 0.6:.1f}" '
                f'height="{height:.1f}" fill="{colours[part]}">'
                f"<title>{escape(part)}: {share:.1%}</title></rect>"
            )
            below += share
        marks.append(_text(left + step * 0.3, HEIGHT - BOTTOM + 18, name))
    return _plot(marks, title)


def _frame(across: Axis, up: Axis, x_name: str, y_name: str) -> list[str]:
    """Return the box around a plot, its ticks and what its axes are."""
    box = (
        f'<rect x="{LEFT}" y="{TOP}" width="{WIDTH - LEFT - RIGHT}" '
        f'height="{HEIGHT - TOP - BOTTOM}" fill="none" stroke="#888"/>'
    )
    marks = [
        box,
        _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, x_name),
        f'<g transform="rotate(-90 16 {HEIGHT / 2})">{_text(16, HEIGHT / 2, y_name)}</g>',
    ]
    for value in across.ticks():
        x = _x(across.place(value))
        marks.append(f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{HEIGHT - BOTTOM}" {_FAINT}')
        marks.append(_text(x, HEIGHT - BOTTOM + 18, f"{value:,g}"))
    for value in up.ticks():
        y = _y(up.place(value))
        marks.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" {_FAINT}')
        marks.append(_text(LEFT - 6, y + 4, f"{value:,g}", "end"))
    return marks


_FAINT = 'stroke="#ddd"/>'


def _x(place: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * place


def _y(place: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * place


def _dot(x: float, y: float, colour: str, says: str, radius: int = 4) -> str:
    place = f'cx="{x:.1f}" cy="{y:.1f}" r="{radius}"'
    return f'<circle {place} fill="{colour}"><title>{escape(says)}</title></circle>'


def _key(place: int, name: str, colour: str) -> str:
    y = TOP + 14 + 18 * place
    square = f'<rect x="{WIDTH - RIGHT + 14}" y="{y - 9}" width="10" height="10" fill="{colour}"/>'
    return square + _text(WIDTH - RIGHT + 30, y, name, "start")


def _text(x: float, y: float, words: str, anchor: str = "middle") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def _plot(marks: Sequence[str], title: str) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="12">\n<rect width="100%" height="100%" fill="#fff"/>'
    )
    return "\n".join([head, _text((LEFT + WIDTH - RIGHT) / 2, 18, title), *marks, "</svg>\n"])
