"""Evidence of many stories as columns: how it adds up, and how it is read again.

    Evidence (from texts and clues), Glimpses (from clocks and lengths)
        ->  Reasons  ->  weighing(), for the sums; of(), for the reader

Most evidence is never read, so what numbers alone tell stays numbers until a
row is written: a sentence for each pair of clocks would cost more than all sums.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from dedupe.attribute.evidence import CAP, ORDER_GROUPS, UNSEEN_PRIOR, Evidence
from dedupe.attribute.signals import POINTS, SIGNALS
from dedupe.dates import HOUR_MICROSECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from dedupe.attribute.pages import Pages
    from dedupe.attribute.standing import Record
    from dedupe.kernels.glances import Glimpses
    from dedupe.kernels.graphs import Graphs, Limits, Weighing

GROUPS = sorted({signal.group for signal in SIGNALS} | {"derived"})
"""Every group of evidence, in the order in which it is added up."""

_NUMBER = {signal.name: number for number, signal in enumerate(SIGNALS)}
_GROUP = {group: number for number, group in enumerate(GROUPS)}
_GROUP_OF = np.array([_GROUP[signal.group] for signal in SIGNALS])
_ORDERS = np.array([group in ORDER_GROUPS for group in GROUPS])
# Numbers of the signals that kernels find, in the order of kernels/glances.py.
_SEEN = np.array([_NUMBER[name] for name in ("clock", "first_seen", "length", "one_outlet")])
# A credit of its own sets one version before the others; another's, behind. Half or twice as much
# changes no figure of benchmarks/origins.py.
_VERSION_POINTS = 2.0

# The versions of one outlet follow its own clock, at odds of fifty to one. Half or twice as much
# changes no origin (benchmarks/origins.py).
_OWN_CLOCK = 4.0


class Reasons:
    """The evidence of many stories.

    Attributes:
        names: absent sources that evidence names, sorted; the kernels know their places.
    """

    def __init__(self, n_stories: int) -> None:
        """Start without any."""
        self.names: list[str] = []
        self._n_stories = n_stories
        self._spoken: list[Evidence] = []
        self._columns = np.zeros(0, _ROW)
        self._ends = np.zeros(n_stories + 1, np.int64)

    def say(
        self, said: Sequence[tuple[int, Evidence]], members: NDArray[np.int64], look: int = 0
    ) -> None:
        """Add evidence that has its sentence.

        Args:
            said: (story, evidence), many.
            members: int64, the documents that carry them, see `members_of`.
            look: later looks come after earlier ones.
        """
        if not said:
            return
        rows = np.zeros(len(said), _ROW)
        rows["story"] = [story for story, _ in said]
        items = [item for _, item in said]
        signals, groups, points, children, parents, names, _, starts, *_ = zip(*items, strict=True)
        rows["spoken"] = np.arange(len(self._spoken), len(self._spoken) + len(said))
        rows["signal"] = [_NUMBER[name] for name in signals]
        rows["group"] = [_GROUP[group] for group in groups]
        rows["points"], rows["child"], rows["parent"] = points, children, parents
        rows["member"], rows["look"] = members, look
        beside = np.array([name in ("pointer", "byline") for name in signals])
        beside &= np.array(starts, np.int64) < 0
        own = rows["group"] == _GROUP["self"]
        rows["within"] = np.where(beside, np.where(own, _VERSION_POINTS, -_VERSION_POINTS), 0.0)
        self._spoken += items
        self._name(names, rows)
        self._add(rows)

    def _name(self, names: Sequence[str | None], rows: NDArray[np.void]) -> None:
        """Number the absent sources in the order of their names, those known before anew."""
        known = sorted({*self.names, *(name for name in names if name is not None)})
        place = {name: number for number, name in enumerate(known)}
        moved = np.array([place[name] for name in self.names] + [-1])
        self._columns["name"] = moved[self._columns["name"]]
        self.names = known
        rows["name"] = [-1 if name is None else place[name] for name in names]

    def glimpse(self, glimpses: Glimpses, signals: NDArray[np.int64], look: int = 0) -> None:
        """Add what numbers tell; `signals` are places in SIGNALS."""
        rows = np.zeros(len(glimpses.story), _ROW)
        for name, column in zip(glimpses._fields, glimpses, strict=True):
            rows[name] = column
        rows["signal"], rows["group"] = signals, _GROUP_OF[signals]
        rows["name"] = rows["spoken"] = -1
        rows["look"] = look
        self._add(rows)

    def seen(self, glimpses: Glimpses) -> None:
        """Add what `glance` saw."""
        self.glimpse(glimpses, _SEEN[glimpses.signal])

    def _add(self, rows: NDArray[np.void]) -> None:
        both = np.concatenate([self._columns, rows])
        order = np.lexsort((both["signal"], both["look"], both["story"]))
        self._columns = both[order]
        self._ends = np.searchsorted(self._columns["story"], np.arange(self._n_stories + 1))

    def weighing(self) -> Weighing:
        """Return all evidence as the kernels take it."""
        from dedupe.kernels.graphs import Weighing

        rows = self._columns
        # What is equal stays in order: of two as strong, the first counts.
        keys = ("group", "name", "parent", "child", "story")
        rows = rows[np.lexsort([rows[key] for key in keys])]
        columns = {
            name: np.ascontiguousarray(rows[name])
            for name in ("child", "parent", "name", "group", "points", "member", "within")
        }
        return Weighing(
            offsets=self._ends,
            kind=_GROUP_OF[rows["signal"]],
            orders=_ORDERS,
            derived=_GROUP["derived"],
            **columns,
        )

    def of(
        self, graphs: Graphs, first: int, last: int, pages: Pages, records: Mapping[str, Record]
    ) -> list[list[Evidence]]:
        """Return the evidence of stories [first, last), each with its sentences."""
        rows = self._columns[self._ends[first] : self._ends[last]]
        documents = np.stack([graphs.rows[rows["member"]], graphs.rows[rows["other"]]])
        fields = ("spoken", "signal", "points", "child", "parent", "value")
        columns = (rows[name].tolist() for name in fields)
        items = [
            self._spoken[spoken]
            if spoken >= 0
            else _read(pages, records, signal, points, child, parent, value, row, other)
            for spoken, signal, points, child, parent, value, row, other in zip(
                *columns, *documents.tolist(), strict=True
            )
        ]
        ends = (self._ends[first : last + 1] - self._ends[first]).tolist()
        return [items[start:end] for start, end in itertools.pairwise(ends)]


_ROW = np.dtype(
    [(name, np.int64) for name in ("story", "look", "signal", "group", "child", "parent", "name")]
    + [(name, np.int64) for name in ("member", "other", "spoken")]
    + [(name, np.float64) for name in ("points", "value", "within")]
)
"""One reason; `spoken` is the place of its Evidence, or -1 where it has no sentence yet."""


def members_of(graphs: Graphs, said: Sequence[tuple[int, Evidence]]) -> NDArray[np.int64]:
    """Return the members of graphs that carry some evidence."""
    n_rows = int(graphs.rows.max(initial=0)) + 1
    story = np.repeat(np.arange(len(graphs.n_works)), np.diff(graphs.offsets))
    wanted = np.array([place * n_rows + item.row for place, item in said], np.int64)
    held = story * n_rows + graphs.rows
    order = np.argsort(held)
    found: NDArray[np.int64] = order[np.searchsorted(held, wanted, sorter=order)]
    return found


def _read(
    pages: Pages,
    records: Mapping[str, Record],
    signal: int,
    points: float,
    child: int,
    parent: int,
    value: float,
    row: int,
    other: int,
) -> Evidence:
    """Put into words what numbers told."""
    name, label = SIGNALS[signal].name, pages.label(row)
    if name == "clock":
        says = f"{label} {_ahead(pages, row, other, value)} before {pages.label(other)}"
    elif name == "first_seen":
        says = f"{label} was seen {_span(value)} before {pages.label(other)}"
    elif name == "length":
        kept = f"{value:.0%} of what is kept of the text of {pages.label(other)}"
        says = f"{label} holds {kept}, and more"
    elif name == "outlet_prior":
        record = records[pages.outlet(row) or ""]
        says = f"{label} was the origin of {record.n_origin} of {record.n_stories} other stories"
    else:
        says = f"every version found is {label}'s own"
    return Evidence(name, SIGNALS[signal].group, points, child, parent, None, row, -1, -1, says)


def _ahead(pages: Pages, row: int, other: int, value: float) -> str:
    """Say how much sooner a document appeared than another, as far as their clocks tell.

    Args:
        pages: their clocks.
        row: the sooner.
        other: the later.
        value: microseconds between the ends of their clocks.
    """
    gap = int(pages.earliest[other]) - int(pages.latest[row])
    if gap <= 0:
        # Both may have appeared at one moment: it is what they state that differs.
        stated = int(pages.stated[other]) - int(pages.stated[row])
        return f"is dated {_span(stated if stated > 0 else value)}"
    exact = pages.is_moment(row) and pages.is_moment(other)
    return f"appeared {_span(gap)}" if exact else f"appeared at least {_span(gap)}"


def _span(microseconds: float) -> str:
    hours = microseconds / HOUR_MICROSECONDS
    if hours < 1:
        return f"{max(1, round(hours * 60))} min"
    return f"{round(hours)} h" if hours < 48 else f"{round(hours / 24)} days"


def limits() -> Limits:
    """Return the constants of attribution as the kernels take them."""
    from dedupe.kernels.graphs import Limits

    return Limits(
        cap=CAP, unseen=UNSEEN_PRIOR, own_clock=_OWN_CLOCK, other_clock=POINTS["clock"]["apart"]
    )
