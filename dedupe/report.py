"""A result in; what a person reads, or the same as data, out.

    Result  ->  summarize()      dict, ready for --json
                  `->  render()  rich renderables: a table and a few lines
    Result  ->  write_csv()      documents.csv and stories.csv

Titles and names come from strangers: nothing they hold may move the cursor,
recolour the terminal, reverse the line, or run in a spreadsheet.
"""

from __future__ import annotations

import csv
import re
import textwrap
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa
    from rich.console import RenderableType

    from dedupe.result import Result

# C0, DEL, C1; then the marks that reorder or break a line. The joiners and
# the plain direction marks stay: Urdu and Persian are written with them.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]+")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")

_COUNTS_WIDTH = 22

_RELATION_ORDER = (
    "origin",
    "exact",
    "repost",
    "excerpt",
    "rewrite",
    "paraphrase",
    "update",
    "roundup",
    "partial",
    "same_event",
    "template",
    "derived",
    "single",
    "unrelated",
)


def plain(text: str | None) -> str:
    """Return `text` on one line, without characters that steer a terminal."""
    if not text:
        return ""
    return " ".join(_UNSAFE.sub(" ", text).split())


def summarize(result: Result, *, top: int = 10) -> dict[str, Any]:
    """Reduce a result to the figures and the largest stories a person wants.

    Args:
        result: of a run, or loaded from its folder.
        top: how many stories to describe; the others are only counted.

    Returns:
        A dict of plain values: `documents`, `stories` (of two documents or
        more), `duplicates` (documents beyond the first of each story; of a
        story that an earlier run holds, all new ones),
        `singles` (alone in their story), `derived` (from a source that is
        absent or unnamed), `rejects`, `bad_dates`, `capped_buckets`,
        `relations` (documents of each), `listed` (stories in stories.jsonl)
        and `largest`, a list of the first of them, largest first, ties by name.
    """
    sizes = [_Size.of(place, story) for place, story in enumerate(result.stories)]
    shared = [one for one in sizes if one.size > 1]
    n_new = [one.size - one.n_earlier for one in shared]
    n_firsts = sum(not one.n_earlier for one in shared)
    relations = _count(result.documents["relation"])
    largest = [result.stories[one.place] for one in sorted(sizes, key=_Size.rank)[:top]]
    members = _members(result.documents, [story["story"] for story in largest])
    return {
        "documents": result.documents.num_rows,
        "stories": len(shared),
        "duplicates": sum(n_new) - n_firsts,
        "singles": result.documents.num_rows - sum(n_new),
        "derived": relations.get("derived", 0),
        "rejects": len(result.rejects),
        "bad_dates": sum(row.get("bad_dates", 0) for row in result.run.get("inputs", [])),
        "capped_buckets": result.run.get("capped_buckets", {}),
        "relations": relations,
        "listed": len(result.stories),
        "largest": [_describe(story, members.get(story["story"], [])) for story in largest],
    }


class _Size(NamedTuple):
    """How large a story is, and where its row stands: rows are too large to hold them all."""

    size: int
    story: str
    n_earlier: int
    place: int

    @classmethod
    def of(cls, place: int, story: Mapping[str, Any]) -> _Size:
        return cls(story["size"], story["story"], len(story.get("earlier", ())), place)

    def rank(self) -> tuple[int, str]:
        return -self.size, self.story


def _count(column: pa.ChunkedArray) -> dict[str, int]:
    counts = {row["values"]: row["counts"] for row in column.value_counts().to_pylist()}
    return dict(sorted(counts.items(), key=lambda item: _relation_key(item[0])))


def _relation_key(relation: str) -> tuple[int, str]:
    known = relation in _RELATION_ORDER
    return (_RELATION_ORDER.index(relation) if known else len(_RELATION_ORDER), relation)


def _members(documents: pa.Table, stories: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of some stories, by story, in input order."""
    import pyarrow as pa
    import pyarrow.compute as pc

    wanted = pc.is_in(documents["story"], value_set=pa.array(stories, pa.string()))
    columns = ["id", "story", "relation", "source", "title"]
    members: dict[str, list[dict[str, Any]]] = {}
    for row in documents.select(columns).filter(wanted).to_pylist():
        members.setdefault(row["story"], []).append(row)
    return members


def _describe(story: Mapping[str, Any], members: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    relations = Counter(row["relation"] for row in members)
    return {
        "story": story["story"],
        "title": _title(story, members),
        "size": story["size"],
        "sources": story["sources"],
        "first_published": story["first_published"],
        "origin": story["origin"],
        "reason": strongest_reason(story),
        "relations": dict(sorted(relations.items(), key=lambda item: _relation_key(item[0]))),
    }


def _title(story: Mapping[str, Any], members: Sequence[Mapping[str, Any]]) -> str | None:
    """Return the origin's headline, else the first member's that has one."""
    titles = {row["id"]: row["title"] for row in members if row["title"]}
    return titles.get(story["origin"]["document"]) or next(iter(titles.values()), None)


def strongest_reason(story: Mapping[str, Any]) -> str | None:
    """Return the first sentence of evidence for the named origin, or any first one.

    None where no origin is named: no sign told.
    """
    if story["origin"]["band"] == "unknown":
        return None
    evidence = story["evidence"]
    name = story["origin"]["name"]
    speaks = [row["says"] for row in evidence if not row["against"] and row["toward"] == name]
    return next(iter(speaks or [row["says"] for row in evidence]), None)


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
            Text(counts_line(story["relations"])),
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


def origin_line(origin: Mapping[str, Any]) -> str:
    """Return an origin as a person reads it: name, where it is, how sure.

    The band stands alone: two digits would claim more than is known.
    """
    if origin["band"] == "unknown":
        return "origin: cannot tell"
    name = plain(origin["name"] or origin["document"]) or "a source without a name"
    place = "" if origin["in_collection"] else " (not in the collection)"
    return f"{name}{place}: {origin['band']}"


def counts_line(relations: Mapping[str, int]) -> str:
    """Return the relations of all but the origin as "9 repost, 3 excerpt".

    Lines break between counts and never inside one, which the table would do.
    """
    tied = ", ".join(
        f"{count:,} {name}".replace(" ", "\u00a0").replace("_", "\u00a0")
        for name, count in relations.items()
        if name != "origin"
    )
    return textwrap.fill(tied, _COUNTS_WIDTH).replace("\u00a0", " ")


def summary_line(summary: Mapping[str, Any]) -> str:
    """Return the one line that says how the collection falls apart."""
    return (
        f"{plural(summary['documents'], 'document')}: {plural(summary['stories'], 'story')} of "
        f"two or more ({plural(summary['duplicates'], 'duplicate')}), "
        f"{plural(summary['singles'], 'single')}."
    )


def notes(summary: Mapping[str, Any]) -> list[str]:
    """Return a line for each thing a careful reader must know of the run."""
    lines = []
    if summary["derived"]:
        lines.append(f"{plural(summary['derived'], 'document')} from a source absent or unnamed.")
    if summary["rejects"]:
        lines.append(f"{plural(summary['rejects'], 'record')} rejected; the others were used.")
    if summary["bad_dates"]:
        lines.append(f"{plural(summary['bad_dates'], 'date')} unreadable or impossible: ignored.")
    capped = sum(summary["capped_buckets"].values())
    if capped:
        lines.append(
            f"{plural(capped, 'bucket')} over the cap: in each, all were compared with the few "
            "of smallest hash."
        )
    return lines


def plural(count: int, noun: str) -> str:
    """Return a number with what it counts."""
    if count == 1:
        return f"1 {noun}"
    return f"{count:,} {noun[:-1] + 'ies' if noun.endswith('y') else noun + 's'}"


def write_csv(result: Result, folder: Path, *, guard: bool = True) -> dict[str, int]:
    """Write documents.csv and stories.csv.

    Args:
        result: of a run, or loaded from its folder.
        folder: existing; `Result.save(also=...)` gives its draft, so that a failure
            here leaves nothing.
        guard: prefix texts that a spreadsheet would run as formulas with `'`.

    Returns:
        Rows written, by file name.
    """
    documents = result.documents
    batches = (batch.to_pylist() for batch in documents.to_batches(max_chunksize=10_000))
    rows = (list(row.values()) for batch in batches for row in batch)
    _write_rows(folder / "documents.csv", documents.column_names, rows, guard=guard)
    _write_rows(
        folder / "stories.csv", _STORY_COLUMNS, map(_story_row, result.stories), guard=guard
    )
    return {"documents.csv": documents.num_rows, "stories.csv": len(result.stories)}


_STORY_COLUMNS = (
    "story",
    "size",
    "sources",
    "first_published",
    "origin",
    "origin_document",
    "origin_in_collection",
    "origin_probability",
    "origin_band",
    "reason",
)


def _story_row(story: Mapping[str, Any]) -> list[Any]:
    origin = story["origin"]
    return [
        story["story"],
        story["size"],
        "; ".join(story["sources"]),
        story["first_published"],
        origin["name"],
        origin["document"],
        origin["in_collection"],
        origin["probability"],
        origin["band"],
        strongest_reason(story),
    ]


def _write_rows(
    path: Path, header: Iterable[str], rows: Iterable[Iterable[Any]], *, guard: bool
) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows([csv_cell(value, guard=guard) for value in row] for row in rows)


def csv_cell(value: Any, *, guard: bool = True) -> Any:
    """Return a value as a CSV cell; texts that would run as formulas get a `'`.

    Control characters become spaces: a terminal would obey them. Numbers pass: a
    spreadsheet reads "-0.5" as the number it is.
    """
    if isinstance(value, str):
        clear = _CONTROLS.sub(" ", value)
        return f"'{clear}" if guard and value.startswith(_FORMULA_STARTS) else clear
    return value.isoformat() if hasattr(value, "isoformat") else value
