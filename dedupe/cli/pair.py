"""The command over two documents: compare."""

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dedupe.cli import terminal
from dedupe.cli.options import Json
from dedupe.errors import InputError
from dedupe.report import plain

if TYPE_CHECKING:
    from rich.console import RenderableType

    from dedupe.compare import Comparison
    from dedupe.documents import Document

_EXAMPLES = """
[bold]Examples[/bold]

dedupe compare ours.txt theirs.txt

dedupe compare ours.txt theirs.txt --json
"""

_QUOTE_CHARACTERS = 160


def register(app: typer.Typer) -> None:
    """Add the command of this module to the application."""
    app.command("compare", epilog=_EXAMPLES)(compare)


def compare(
    a: Annotated[Path, typer.Argument(metavar="A", help="A text.", show_default=False)],
    b: Annotated[Path, typer.Argument(metavar="B", help="Another.", show_default=False)],
    json: Json = False,
) -> None:
    """Say how two documents relate, which came first, and show the text they share.

    A file is plain text; or .json, holding one document; or .html, one page (extra html).
    """
    import dedupe

    first, second = load_document(a), load_document(b)
    with terminal.session():
        comparison = as_data(dedupe.compare(first, second))
    if json:
        terminal.emit_json({"a": str(a), "b": str(b)} | comparison)
    else:
        terminal.emit_rich(render(comparison, str(a), str(b), first.text))


def load_document(path: Path) -> "Document":
    """Read the one document of a file.

    Raises:
        InputError: the file is missing, is a folder, or holds no or several documents.
    """
    from dedupe.documents import Document
    from dedupe.read.sources import form_of

    if form_of(str(path)) != "unknown":
        return _load_record(path)
    try:
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    return Document(text=text)


def _load_record(path: Path) -> "Document":
    from dedupe.documents import Document
    from dedupe.read import read

    reading = read([str(path)])
    if reading.documents.num_rows != 1:
        reason = reading.rejects[0]["reason"] if reading.rejects else "compare takes one of each"
        raise InputError(f"{path}: holds {reading.documents.num_rows} documents: {reason}")
    row = reading.documents.to_pylist()[0]
    for name in ("published", "fetched"):
        # Document takes one value; a point picked from a wider interval would be false certainty.
        row[name] = row[name] if row[name] == row[f"{name}_until"] else None
    known = {field.name for field in dataclasses.fields(Document)}
    return Document(**{name: value for name, value in row.items() if name in known})


def as_data(comparison: "Comparison") -> dict[str, Any]:
    """Return a comparison as plain values."""
    passages = [passage._asdict() for passage in comparison.passages]
    return dataclasses.asdict(comparison) | {"passages": passages}


def render(
    comparison: Mapping[str, Any], a: str, b: str, text_a: str
) -> Iterator["RenderableType"]:
    """Yield the verdict, the measures, the evidence and the shared passages."""
    from rich.text import Text

    yield Text(verdict(comparison, a, b), style="bold")
    yield Text(
        f"{comparison['containment_a']:.0%} of {plain(a)} is found in {plain(b)}, "
        f"{comparison['containment_b']:.0%} the other way; resemblance "
        f"{comparison['resemblance']:.2f}, longest run {comparison['longest_run']} words."
    )
    yield Text(direction(comparison, a, b))
    for row in comparison["evidence"]:
        yield Text(f"  - {plain(row['says'])}")
    passages = comparison["passages"]
    if passages:
        yield Text(f"{len(passages)} shared passage{'s' if len(passages) > 1 else ''}:")
    for passage in passages:
        yield Text(passage_line(passage, text_a))


def verdict(comparison: Mapping[str, Any], a: str, b: str) -> str:
    """Return the one-line answer."""
    same = "the same story" if comparison["same_story"] else "not the same story"
    relation = comparison["relation"].replace("_", " ")
    return (
        f"{plain(a)} and {plain(b)}: {same} ({relation}); "
        f"shared lineage {comparison['probability']:.2f}."
    )


def direction(comparison: Mapping[str, Any], a: str, b: str) -> str:
    """Return which text stands nearer the origin; close to even means nobody knows."""
    first = comparison["a_first_probability"]
    if abs(first - 0.5) < 0.05:
        return "Which came first: cannot tell."
    name, sure = (a, first) if first > 0.5 else (b, 1 - first)
    return f"Nearer the origin: {plain(name)} ({sure:.2f})."


def passage_line(passage: Mapping[str, int], text_a: str) -> str:
    """Return a passage with its offsets in both texts and its opening words."""
    quote = plain(text_a[passage["a_start"] : passage["a_end"]])
    if len(quote) > _QUOTE_CHARACTERS:
        quote = quote[: _QUOTE_CHARACTERS - 1] + "…"
    return (
        f"  [{passage['a_start']}:{passage['a_end']}] = "
        f"[{passage['b_start']}:{passage['b_end']}]  {quote}"
    )
