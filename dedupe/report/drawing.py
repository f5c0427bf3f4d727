"""Documents of a story in; where each is drawn, out: who copied whom, and when.

    ids and parents     ->  in_order_of_copying()  rows, parents before their children
    rows in that order  ->  draw()                 Drawing: a row for each document

The left half is a tree, a child below its parent; the right half, where dates
are known, a line of time on the same rows.
"""

from __future__ import annotations

import dataclasses
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

from dedupe.report.words import plural, shortened

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, timedelta

_ROW = 22
_TOP = 30
_INDENT = 16
_TREE = 330
_DEEPEST = 110
_RELATION = 340
_TIME = 440
_TIME_WIDTH = 380
_MARGIN = 20
_LABEL_CHARACTERS = 34
_HALF_LETTERS = 3.5
"""Half the width of a letter of the drawing, in its units: what a name may take is cut by it."""


class Node(NamedTuple):
    """A document, or a source that is absent, as it is drawn.

    Attributes:
        name: of the outlet.
        relation: in words; "" of an absent source.
        x: of its dot in the tree.
        y: of its row.
        at: x of its dot in the line of time, None without a date.
        absent: whether no document stands for it.
        first: whether it is the likely origin.
    """

    name: str
    relation: str
    x: int
    y: int
    at: float | None
    absent: bool
    first: bool


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """Who copied whom, and when, in the units of an SVG.

    Attributes:
        nodes: from top to bottom.
        elbows: lines from each parent's dot to those of its children, as SVG path data.
        guides: lines of the rows along which time runs, likewise.
        width: of the whole.
        height: of the whole.
        relation_x: where relations are written.
        start: x where the line of time begins; `end`: where it ends.
        begins: earliest moment, None without dates; `ends`: the latest.
        lasts: time between both, in words.
    """

    nodes: list[Node]
    elbows: str
    guides: str
    width: int
    height: int
    relation_x: int = _RELATION
    start: int = _TIME
    end: int = _TIME + _TIME_WIDTH
    begins: datetime | None
    ends: datetime | None
    lasts: str


def in_order_of_copying(documents: Sequence[tuple[str, str | None, int]]) -> list[int]:
    """Return rows breadth first, so that each stands behind its parent if that is among them.

    The first of them, however few, have every parent that they can. Siblings stay in the
    order in which they come.

    Args:
        documents: id, parent and row of each.
    """
    held = {name for name, _, _ in documents}
    children: dict[str | None, list[tuple[str, int]]] = {}
    for name, parent, row in documents:
        children.setdefault(parent if parent in held else None, []).append((name, row))
    waiting, rows = deque(children.get(None, [])), []
    while waiting:
        name, row = waiting.popleft()
        rows.append(row)
        waiting.extend(children.pop(name, []))
    return rows


def draw(rows: Sequence[Mapping[str, Any]]) -> Drawing:
    """Place documents whose parents, if they are among them, stand before them.

    Args:
        rows: `id`, `parent`, `parent_name`, `relation`, `published` and `outlet` of each.
    """
    known = [row["published"] for row in rows if row["published"]]
    begins, ends = (min(known), max(known)) if known else (None, None)
    placed = _tree(rows)
    step = min(_INDENT, _DEEPEST // max([1, *(depth for _, depth, _ in placed)]))
    nodes: list[Node] = []
    elbows = []
    for place, (row, depth, above) in enumerate(placed):
        x, y = _MARGIN + step * depth, _TOP + _ROW * place + _ROW // 2
        if above is not None:
            elbows.append(f"M{nodes[above].x},{nodes[above].y}V{y}H{x}")
        letters = int((_TREE - x) / (2 * _HALF_LETTERS))
        nodes.append(
            Node(
                name=shortened(row["outlet"], min(_LABEL_CHARACTERS, letters)),
                relation=row["relation"].replace("_", " "),
                x=x,
                y=y,
                at=_moment(row["published"], begins, ends),
                absent=row["id"] is None,
                first=row["relation"] == "origin",
            )
        )
    return Drawing(
        nodes=nodes,
        elbows="".join(elbows),
        guides="".join(f"M{_TIME},{node.y}h{_TIME_WIDTH}" for node in nodes) if begins else "",
        width=_TIME + _TIME_WIDTH + _MARGIN if begins else _TIME,
        height=_TOP + _ROW * len(nodes) + _ROW // 2,
        begins=begins,
        ends=ends,
        lasts=in_words(ends - begins) if begins and ends else "",
    )


def in_words(span: timedelta) -> str:
    """Return a span of time by its largest unit: "3 days"."""
    minutes = round(span.total_seconds() / 60)
    if minutes < 2 * 60:
        return plural(minutes, "minute")
    if minutes < 2 * 24 * 60:
        return plural(round(minutes / 60), "hour")
    # No -y: plural() would make it "daies".
    return f"{round(minutes / (24 * 60)):,} days"


def _tree(
    rows: Sequence[Mapping[str, Any]],
) -> list[tuple[Mapping[str, Any], int, int | None]]:
    """Return rows depth first: each with its depth, and the place of its parent."""
    held = {row["id"] for row in rows}
    children: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    roots: list[tuple[tuple[str, str], Mapping[str, Any]]] = []
    for row in rows:
        if row["parent"] in held:
            children.setdefault(("document", row["parent"]), []).append(row)
        elif row["parent"] or row["parent_name"]:
            name = row["parent_name"] or row["parent"]
            if ("absent", name) not in children:
                roots.append((("absent", name), _absent(name)))
            children.setdefault(("absent", name), []).append(row)
        else:
            roots.append((("document", row["id"]), row))
    waiting = [(key, row, 0, None) for key, row in reversed(roots)]
    placed: list[tuple[Mapping[str, Any], int, int | None]] = []
    stack: list[tuple[tuple[str, str], Mapping[str, Any], int, int | None]] = [*waiting]
    while stack:
        key, row, depth, above = stack.pop()
        placed.append((row, depth, above))
        below = [
            (("document", child["id"]), child, depth + 1, len(placed) - 1)
            for child in children.get(key, ())
        ]
        stack.extend(reversed(below))
    return placed


def _absent(name: str) -> dict[str, Any]:
    return {"id": None, "outlet": name, "relation": "", "published": None}


def _moment(
    published: datetime | None, begins: datetime | None, ends: datetime | None
) -> float | None:
    if published is None or begins is None or ends is None:
        return None
    share = (published - begins) / (ends - begins) if ends > begins else 0.5
    return round(_TIME + share * _TIME_WIDTH, 1)
