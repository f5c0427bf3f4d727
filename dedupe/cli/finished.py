"""Commands over a finished run: explain, sources."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dedupe.cli import terminal
from dedupe.cli.options import PRINTING, WRITING, Json
from dedupe.cli.pair import evidence_line, side_by_side
from dedupe.report import plain

if TYPE_CHECKING:
    from rich.console import RenderableType

    from dedupe.explanation import Explanation
    from dedupe.sources import Network

_EXPLAIN_EXAMPLES = """
[bold]Examples[/bold]

dedupe explain stories articles.jsonl:3 articles.jsonl:8

dedupe explain stories a17 a18 --inputs moved/articles.jsonl --json
"""

_SOURCES_EXAMPLES = """
[bold]Examples[/bold]

dedupe sources stories

dedupe sources stories --graphml network.graphml --parquet network.parquet --json
"""

_MOST_REASONS = 5

Folder = Annotated[
    Path, typer.Argument(metavar="DIR", help="What dedupe cluster wrote.", show_default=False)
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module to the application."""
    app.command("explain", epilog=_EXPLAIN_EXAMPLES)(explain)
    app.command("sources", epilog=_SOURCES_EXAMPLES)(sources)


def explain(
    folder: Folder,
    a: Annotated[str, typer.Argument(metavar="A", help="Id of a document.", show_default=False)],
    b: Annotated[str, typer.Argument(metavar="B", help="Of another.", show_default=False)],
    inputs: Annotated[
        list[str] | None,
        typer.Option(
            "--inputs",
            metavar="FILE",
            help="Where an input of the run is now, if it moved. Repeatable.",
            show_default=False,
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Say why two documents of a run were judged as they were, and what would change it.

    Reads and cleans the run's inputs again: what is furniture, or rare, depends on all of them.
    """
    import dedupe

    with terminal.session():
        found = dedupe.explain(folder, a, b, inputs)
    if json:
        lists = {
            name: [row._asdict() for row in getattr(found, name)]
            for name in ("reasons", "passages")
        }
        change = found.change._asdict() if found.change else None
        terminal.emit_json(dataclasses.asdict(found) | lists | {"change": change})
    else:
        terminal.emit_rich(render(found))


def render(found: "Explanation") -> Iterator["RenderableType"]:
    """Yield the verdict, how the pair was found, the measures, the reasons, the passages."""
    from rich.text import Text

    yield Text(f"a: {plain(found.a)}\nb: {plain(found.b)}")
    yield Text(_verdict(found), style="bold")
    yield Text(
        f"Found by: {', '.join(found.found_by)}" if not found.why_not
        else f"Not a verified pair: {found.why_not}"
    )  # fmt: skip
    yield Text(
        f"{found.bands_in_common} of {found.bands} bands and {found.rare_in_common} rare shingles "
        f"in common."
    )
    yield Text(
        f"{found.containment_a:.0%} of a is found in b, {found.containment_b:.0%} of b in a; "
        f"resemblance {found.resemblance:.2f}, longest run {found.longest_run} words."
    )
    if found.reasons:
        yield Text("What moved the model of one story most (log-odds):")
    for reason in found.reasons[:_MOST_REASONS]:
        name = reason.feature.replace("_", " ")
        yield Text(f"  {reason.log_odds:+.2f}  {name} is {reason.value:.2f}")
    if found.change:
        name = found.change.feature.replace("_", " ")
        yield Text(
            f"It would flip if {name} were {found.change.needed:.2f}, "
            f"and not {found.change.value:.2f}."
        )
    elif found.reasons:
        yield Text("No single change would flip it.")
    for row in found.evidence:
        yield Text(f"  - {evidence_line(row)}")
    for passage in found.passages:
        yield from side_by_side(passage, found.text_a, found.text_b)


def _verdict(found: "Explanation") -> str:
    stories = "In one story" if found.one_story else "In two stories"
    if found.relation is None:
        return f"{stories}; the two were not compared."
    alone = "the same story" if found.same_story else "not the same story"
    return (
        f"{stories}; as a pair, {alone} ({found.relation.replace('_', ' ')}); "
        f"shared lineage {found.probability:.2f}."
    )


def sources(
    folder: Folder,
    json: Json = False,
    top: Annotated[
        int,
        typer.Option("--top", min=0, metavar="N", help="Rows to show.", rich_help_panel=PRINTING),
    ] = 20,
    graphml: Annotated[
        Path | None,
        typer.Option(
            "--graphml", metavar="FILE", help="Write the network.", rich_help_panel=WRITING
        ),
    ] = None,
    parquet: Annotated[
        Path | None,
        typer.Option("--parquet", metavar="FILE", help="Write its edges.", rich_help_panel=WRITING),
    ] = None,
) -> None:
    """Say who copies whom across the stories of a run, how late, and whether with credit."""
    import dedupe

    network = dedupe.sources(dedupe.Result.load(folder))
    if graphml is not None:
        network.write_graphml(graphml)
    if parquet is not None:
        network.write_parquet(parquet)
    if json:
        terminal.emit_json(
            {"outlets": network.outlets.to_pylist(), "edges": network.edges.to_pylist()}
        )
    else:
        terminal.emit_rich(render_network(network, top))


def render_network(network: "Network", top: int) -> Iterator["RenderableType"]:
    """Yield the outlets, then who copies whom."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    for rows in (network.outlets, network.edges):
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
        for field in rows.schema:
            words = str(field.type) == "string"
            table.add_column(field.name.replace("_", " "), justify="left" if words else "right")
        for row in rows.slice(0, top).to_pylist():
            table.add_row(*(Text(_cell(value)) for value in row.values()))
        yield table
        if rows.num_rows > top:
            yield Text(f"… {rows.num_rows - top:,} more; --top N shows N.")


def _cell(value: str | float | None) -> str:
    if isinstance(value, float):
        return f"{value:.2f}"
    return plain(str(value)) if value is not None else "-"
