"""The command over two documents: compare."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dedupe.cli import terminal
from dedupe.cli.options import Json
from dedupe.errors import InputError
from dedupe.report.words import evidence_line, plain

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

    from dedupe.comparison import Comparison
    from dedupe.documents import Document

_EXAMPLES = """
[bold]Examples[/bold]

dedupe compare ours.txt theirs.txt

dedupe compare ours.txt theirs.txt --json
"""

# So near to .5 neither text is named; below _LIKELY there is no lineage to have an origin.
_EVEN = 0.05
_LIKELY = 0.5


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
        terminal.emit_rich(render(comparison, (str(a), str(b)), (first.text, second.text)))


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
    from dedupe.read import read

    reading = read([str(path)])
    if reading.documents.num_rows != 1:
        reason = reading.rejects[0]["reason"] if reading.rejects else "give a file that holds one"
        raise InputError(f"{path}: holds {reading.documents.num_rows} documents: {reason}")
    return document_of(reading.documents.to_pylist()[0])


def document_of(row: Mapping[str, Any]) -> "Document":
    """Turn a row of a documents table into a document, its dates as the intervals they are."""
    from dedupe.documents import Document

    known = {field.name: row[field.name] for field in dataclasses.fields(Document)}
    for name in ("published", "fetched"):
        known[name] = row[name], row[f"{name}_until"]
    return Document(**known)


def as_data(comparison: "Comparison") -> dict[str, Any]:
    """Return a comparison as plain values."""
    passages = [passage._asdict() for passage in comparison.passages]
    return dataclasses.asdict(comparison) | {"passages": passages}


def render(
    comparison: Mapping[str, Any], names: tuple[str, str], texts: tuple[str, str]
) -> Iterator["RenderableType"]:
    """Yield the verdict, the measures, the evidence and the shared passages."""
    from rich.text import Text

    yield Text(f"a: {plain(names[0])}\nb: {plain(names[1])}")
    yield Text(verdict(comparison), style="bold")
    yield Text(
        f"{comparison['containment_a']:.0%} of a is found in b, {comparison['containment_b']:.0%} "
        f"of b in a; resemblance {comparison['resemblance']:.2f}, "
        f"longest run {comparison['longest_run']} words."
    )
    yield Text(direction(comparison))
    for row in comparison["evidence"]:
        yield Text(f"  - {evidence_line(row)}")
    passages = comparison["passages"]
    if passages:
        yield Text(f"{len(passages)} shared passage{'s' if len(passages) > 1 else ''}:")
    for passage in passages:
        yield from side_by_side(tuple(passage.values()), *texts)


def verdict(comparison: Mapping[str, Any]) -> str:
    """Return the one-line answer."""
    same = "The same story" if comparison["same_story"] else "Not the same story"
    relation = comparison["relation"].replace("_", " ")
    return f"{same} ({relation}); shared lineage {comparison['probability']:.2f}."


def direction(comparison: Mapping[str, Any]) -> str:
    """Return which text stands nearer the origin; close to even means nobody knows.

    Of texts that more likely share no lineage neither does, whatever the figure
    says of the case that they do.
    """
    if comparison["probability"] < _LIKELY:
        return "Nearer the origin: neither, without shared lineage."
    first = comparison["a_first_probability"]
    if abs(first - 0.5) < _EVEN:
        return "Nearer the origin: cannot tell."
    name, sure = ("a", first) if first > 0.5 else ("b", 1 - first)
    return f"Nearer the origin: {name} ({sure:.2f})."


def side_by_side(passage: Sequence[int], text_a: str, text_b: str) -> Iterator["RenderableType"]:
    """Yield a passage: its offsets, then both texts, [what differs] in brackets and bold."""
    from rich.table import Table
    from rich.text import Text

    a_start, a_end, b_start, b_end = passage
    yield Text(f"a[{a_start}:{a_end}] = b[{b_start}:{b_end}]", style="dim")
    table = Table.grid(padding=(0, 2), expand=True)
    table.add_column(ratio=1)
    table.add_column(ratio=1)
    table.add_row(*marked(passage, text_a, text_b))
    yield table


def marked(passage: Sequence[int], text_a: str, text_b: str) -> tuple["Text", "Text"]:
    """Return both sides of a passage, [what differs] in brackets and bold."""
    from rich.text import Text

    from dedupe.verify.edits import substitutions

    sides = Text(), Text()
    for edit in substitutions(text_a, text_b, passage):
        pieces = text_a[edit.a_start : edit.a_end], text_b[edit.b_start : edit.b_end]
        for side, piece in zip(sides, pieces, strict=True):
            if words := plain(piece):
                same = edit.kind == "equal"
                side.append(f"{words} " if same else f"[{words}] ", style="" if same else "bold")
    return sides
