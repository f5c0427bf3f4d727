"""A result in; one HTML file out that a browser shows without a network.

    Result  ->  figures, accounts of the largest stories, outlets, the run
            ->  template/page.html, with page.css and page.js in it  ->  report.html

Nothing of a document can act in the page: jinja2 escapes every value, which
`plain` clears before of what reorders text; only http and https become links; and a
policy in the page lets a browser run and draw just the script and the style that
came with it, by their hashes, and fetch nothing at all.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from dedupe.errors import InputError, OutputError
from dedupe.in_place import put_in_place
from dedupe.report.accounts import tell
from dedupe.report.summary import survey
from dedupe.report.words import RELATIONS, notes, plain, shortened

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    import pyarrow as pa
    from jinja2 import Environment

    from dedupe.result import Result

TOP = 200
"""Stories that a page tells, if nobody says how many."""

_COUNTED = ("documents", "rejects", "bad_dates")
_MOST_NETWORK_OUTLETS = 100
_MOST_ROWS = 50
_CELL_CHARACTERS = 200


def write_page(
    result: Result, path: str | Path, *, folder: str | Path | None = None, top: int = TOP
) -> None:
    """Write the page of a result, whole or not at all.

    Args:
        result: of a run, or loaded from its folder.
        path: the file to write; what stands there is replaced.
        folder: where the run stands, as the commands that the page prints name it; None
            takes the folder of `path`.
        top: stories to tell, the largest.

    Raises:
        OutputError: the file cannot be written, or is another file of a result.
    """
    from dedupe.result.folder import FILES

    path = Path(path)
    if path.name in set(FILES) - {"report.html"}:
        raise OutputError(f"{path}: a result has a file of this name; give the page another")
    data = page(result, folder=str(folder or path.parent), top=top)
    with put_in_place(path) as beside:
        beside.write_bytes(data)


def page(result: Result, *, folder: str, top: int = TOP) -> bytes:
    """Return the page of a result, as UTF-8.

    Its size follows `top`, and not the collection: each story, table and text has a bound.
    The same result gives the same bytes.
    """
    summary, stories = survey(result, top=top)
    outlets, problem = _outlet_names(result)
    accounts = tell(result, stories, summary["largest"], outlets, folder)
    template = _environment().get_template("page.html")
    text = template.render(
        accounts=accounts,
        folder=folder,
        left_out=summary["listed"] - len(accounts),
        notes=notes(summary),
        summary=summary,
        relations=_relations(summary["relations"]),
        outlets=_outlets(result, outlets) | {"problem": problem},
        run=_run(result),
        rejects=result.rejects[:_MOST_ROWS],
    )
    # A path of the run may hold bytes that are no text.
    return text.encode("utf-8", "replace")


def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        autoescape=True,
        finalize=_clear,
        loader=PackageLoader("dedupe.report", "template"),
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )
    environment.globals |= {"inline": _inline, "policy": _policy}
    environment.filters |= {"at": _at, "name": _name, "share": _share, "sure": _sure}
    return environment


def _clear(value: Any) -> Any:
    """Clear a text of what reorders a page; markup is the template's own."""
    return plain(value) if type(value) is str else value


def _inline(name: str) -> Any:
    """Return a file of the template, to stand in the page as it is."""
    from markupsafe import Markup

    return Markup(_source(name))  # noqa: S704 - ours, and not of a document


def _source(name: str) -> str:
    return (Path(__file__).parent / "template" / name).read_text("utf-8")


def _policy() -> str:
    """Return the policy that lets the script and the style of the page run, and nothing else."""
    import base64
    import hashlib

    script, style = (
        base64.b64encode(hashlib.sha256(_source(name).encode()).digest()).decode()
        for name in ("page.js", "page.css")
    )
    return (
        f"default-src 'none'; script-src 'sha256-{script}'; style-src 'sha256-{style}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _at(moment: datetime | str) -> str:
    """Return a moment as a person reads it: 2025-03-10 10:00."""
    if isinstance(moment, str):
        return plain(moment)[:16].replace("T", " ")
    return f"{moment:%Y-%m-%d %H:%M}"


def _name(text: str | None) -> str:
    return shortened(text, _CELL_CHARACTERS)


def _share(value: float | None) -> str:
    """Return a probability or a share with two digits, none where there is none."""
    return "" if value is None else f"{value:.2f}"


def _sure(value: float | None) -> str:
    """Return a probability so that none reads as certain but what a reader decided."""
    return "> 0.99" if value is not None and 0.995 <= value < 1 else _share(value)


def _relations(counts: Mapping[str, int]) -> list[dict[str, Any]]:
    """Return the relations of documents, with what each says and its share of the largest."""
    most = max(counts.values(), default=1)
    return [
        {
            "name": name.replace("_", " "),
            "says": RELATIONS.get(name, ""),
            "count": count,
            "share": round(100 * count / most, 1),
        }
        for name, count in counts.items()
    ]


def _outlet_names(result: Result) -> tuple[pa.Array, str]:
    """Return what each document's outlet is called, or nulls and what is the matter."""
    import pyarrow as pa

    from dedupe.network import outlet_names

    try:
        return outlet_names(result), ""
    except InputError as error:
        # The file of names is lost: the page says so, and shows each source as given.
        return pa.nulls(result.documents.num_rows, pa.string()), str(error)


def _outlets(result: Result, names: pa.Array) -> dict[str, Any]:
    """Return who copies whom: rows that copied or were copied."""
    from dedupe.network import count_copies

    network = count_copies(result, names)
    rows = [row for row in network.outlets.to_pylist() if row["copied"] or row["copies"]]
    rows.sort(key=lambda row: (-row["copies"], -row["copied"], row["outlet"]))
    return {
        "rows": rows[:_MOST_NETWORK_OUTLETS],
        "edges": network.edges.slice(0, _MOST_ROWS).to_pylist(),
        "left_out": max(0, len(rows) - _MOST_NETWORK_OUTLETS),
    }


def _run(result: Result) -> dict[str, Any]:
    """Return what the run was: version, settings, inputs, stages, decisions of a reader.

    Other versions of the package may have recorded less of it.
    """
    run = result.run
    inputs = [dict.fromkeys(_COUNTED, "") | row for row in run.get("inputs", [])]
    decisions = {name: len(rows) for name, rows in run.get("overrides", {}).items() if rows}
    peak = run.get("peak_memory_bytes")
    return {
        "version": run.get("version", ""),
        "settings": run.get("settings", {}),
        "inputs": inputs[:_MOST_ROWS],
        "inputs_left_out": max(0, len(inputs) - _MOST_ROWS),
        "stages": run.get("stages", []),
        "seconds": sum(row["seconds"] for row in run.get("stages", [])),
        "decisions": decisions,
        "capped": {net: n for net, n in run.get("capped_buckets", {}).items() if n},
        "peak_megabytes": None if peak is None else round(peak / 1e6),
        "against": run.get("against"),
    }
