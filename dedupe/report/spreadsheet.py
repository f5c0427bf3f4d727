"""A result in, documents.csv and stories.csv out, which no spreadsheet runs as formulas."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dedupe.report.words import strongest_reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dedupe.result import Result

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]+")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")


def write_csv(result: Result, folder: str | Path, *, guard: bool = True) -> dict[str, int]:
    """Write documents.csv and stories.csv.

    Args:
        result: of a run, or loaded from its folder.
        folder: existing; `Result.save(also=...)` gives its draft, so that a failure
            here leaves nothing.
        guard: prefix texts that a spreadsheet would run as formulas with `'`.

    Returns:
        Rows written, by file name.
    """
    folder, documents = Path(folder), result.documents
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
