"""A summary in, what `cluster` and `demo` show out: a table, then a few plain lines.

summarize()  ->  render()  ->  rich renderables
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from dedupe.report.words import counts_line, notes, origin_line, plain, summary_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from rich.console import RenderableType

_COUNTS_WIDTH = 22


def render(
    summary: Mapping[str, Any], written: Mapping[str, Any] | None = None
) -> Iterator[RenderableType]:
    """Yield what `cluster` and `demo` show: a table, then a few plain lines.

    Args:
        summary: from `summarize`.
        written: {"folder": str, "files": {name: rows or None}}, when saved.
    """
    from rich.text import Text

    if summary["largest"]:
        yield stories_table(summary["largest"])
        more = summary["listed"] - len(summary["largest"])
        yield Text(f"… {more:,} more; --top N shows N.\n" if more else "")
    lines = [summary_line(summary), *notes(summary)]
    if written is not None:
        files = ", ".join(
            name if rows is None else f"{name} ({rows:,})"
            for name, rows in written["files"].items()
        )
        lines.append(f"Written to {plain(written['folder'])}: {files}.")
    for line in lines:
        yield Text(line)


def stories_table(stories: Iterable[Mapping[str, Any]]) -> RenderableType:
    """Return a table of described stories; cells are `Text`, so markup is inert."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("docs", justify="right")
    table.add_column("outlets", justify="right")
    table.add_column("story, its likely origin, and the strongest sign of it", ratio=1)
    table.add_column("the others", no_wrap=True, max_width=_COUNTS_WIDTH)
    for story in stories:
        table.add_row(
            str(story["size"]),
            str(len(story["sources"])),
            _story_cell(story),
            Text(_broken_between_counts(counts_line(story["relations"]))),
        )
    return table


def _story_cell(story: Mapping[str, Any]) -> RenderableType:
    from rich.console import Group
    from rich.text import Text

    title = plain(story["title"] or story["story"])
    lines = [
        Text(title, style="bold", no_wrap=True, overflow="ellipsis"),
        Text(origin_line(story["origin"])),
    ]
    if story["reason"]:
        lines.append(Text(plain(story["reason"]), style="dim"))
    return Group(*lines)


def _broken_between_counts(counts: str) -> str:
    """Break a line between counts and never inside one, which the table would do."""
    tied = counts.replace(" ", "\u00a0").replace(",\u00a0", ", ")
    return textwrap.fill(tied, _COUNTS_WIDTH).replace("\u00a0", " ")
