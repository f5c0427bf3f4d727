"""The command over one document: inspect."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dedupe.cli import terminal
from dedupe.cli.compare import load_document
from dedupe.cli.options import Json
from dedupe.report.words import plain

if TYPE_CHECKING:
    from rich.console import RenderableType

    from dedupe.inspection import Inspection

_EXAMPLES = """
[bold]Examples[/bold]

dedupe inspect page.txt

dedupe inspect page.html --json
"""


def register(app: typer.Typer) -> None:
    """Add the command of this module to the application."""
    app.command("inspect", epilog=_EXAMPLES)(inspect)


def inspect(
    document: Annotated[
        Path, typer.Argument(metavar="DOC", help="A text or a page.", show_default=False)
    ],
    json: Json = False,
) -> None:
    """Show how one document is read: its story, its furniture, its credits and scars.

    A file is plain text; or .json, holding one document; or .html, one page (extra html).
    """
    from dedupe.inspection import inspect as look

    given = load_document(document)
    with terminal.session():
        found = look(given)
    if json:
        terminal.emit_json({"document": str(document)} | as_data(found))
    else:
        terminal.emit_rich(render(found))


def as_data(found: "Inspection") -> dict[str, list[dict[str, object]]]:
    """Return an inspection as plain values."""
    return {
        name: [row._asdict() for row in getattr(found, name)]
        for name in ("kept", "furniture", "signs")
    }


def render(found: "Inspection") -> Iterator["RenderableType"]:
    """Yield the story, then the furniture, then the signs, each with its offsets."""
    from rich.text import Text

    n_words = sum(len(span.text.split()) for span in found.kept)
    yield Text(f"Story ({n_words} words)", style="bold")
    for span in found.kept:
        yield Text(f"[{span.start}:{span.end}]", style="dim")
        for line in span.text.splitlines():
            yield Text(plain(line))
    yield Text(f"Furniture ({len(found.furniture)} lines)", style="bold")
    for span in found.furniture:
        yield Text(f"[{span.start}:{span.end}] {plain(span.text)}", style="dim")
    yield Text(f"Signs of its origin ({len(found.signs)})", style="bold")
    for sign in found.signs:
        place = f"[{sign.start}:{sign.end}]" if sign.start >= 0 else "[metadata]"
        name = f" {sign.name}" if sign.name else ""
        words = f": {sign.text}" if sign.text else ""
        yield Text(plain(f"{place} {sign.kind.replace('_', ' ')}{name}{words}"))
