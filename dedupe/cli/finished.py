"""Commands over a finished run: explain, report, sources."""

import dataclasses
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dedupe.cli import terminal
from dedupe.cli.compare import side_by_side
from dedupe.cli.options import PRINTING, WRITING, Json, Quiet, check_not_read
from dedupe.report.page import TOP, page, write_page
from dedupe.report.words import evidence_line, plain, plural, without_line

if TYPE_CHECKING:
    from rich.console import RenderableType

    from dedupe.explanation import Explanation
    from dedupe.explanation.grounds import Turn
    from dedupe.network import Network

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

_REPORT_EXAMPLES = """
[bold]Examples[/bold]

dedupe report stories

dedupe report stories --top 1000 --out report.html
"""

# Lines of `explain`: the strongest reasons, and the nearest turns.
_MOST_REASONS = 5
_MOST_TURNS = 3

Folder = Annotated[
    Path, typer.Argument(metavar="DIR", help="What dedupe cluster wrote.", show_default=False)
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module to the application."""
    app.command("explain", epilog=_EXPLAIN_EXAMPLES)(explain)
    app.command("report", epilog=_REPORT_EXAMPLES)(report)
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
    quiet: Quiet = False,
) -> None:
    """Say why two documents of a run were judged as they were, and what would change it.

    Reads and cleans the run's inputs again: what is furniture, or rare, depends on all of them.
    """
    import dedupe

    with terminal.session(quiet=quiet):
        found = dedupe.explain(folder, a, b, inputs)
    if json:
        lists = {
            name: [row._asdict() for row in getattr(found, name)]
            for name in ("reasons", "passages")
        }
        change = found.change._asdict() if found.change else None
        data = dataclasses.asdict(found)
        if found.grounds:
            data["grounds"]["turns"] = [turn._asdict() for turn in found.grounds.turns]
        terminal.emit_json(data | lists | {"change": change})
    else:
        terminal.emit_rich(render(found))


def render(found: "Explanation") -> Iterator["RenderableType"]:
    """Yield the verdict, what decides it, the measures, the model, the origin, the passages."""
    from rich.text import Text

    yield Text(f"a: {plain(found.a)}\nb: {plain(found.b)}")
    yield Text(_verdict(found), style="bold")
    for line in (*_relation_lines(found), *_measure_lines(found), *_model_lines(found)):
        yield Text(line)
    for line in _origin_lines(found):
        yield Text(line)
    for passage in found.passages:
        yield from side_by_side(passage, found.text_a, found.text_b)


def _relation_lines(found: "Explanation") -> Iterator[str]:
    """Say which convention gives the relation, what overrules it, what would turn it."""
    if found.why_not:
        yield f"Not a verified pair: {found.why_not}."
    if found.grounds is None:
        return
    if found.relation != "roundup":
        name = found.grounds.relation.replace("_", " ")
        yield f"Why {name}: {found.grounds.says}."
    for says in found.overruled:
        yield f"Overruled: {plain(says)}."
    if found.grounds.turns and found.relation in {None, found.grounds.relation}:
        yield "Nearest changes that would give another relation:"
        for turn in found.grounds.turns[:_MOST_TURNS]:
            yield f"  {turn.relation.replace('_', ' ')}: {_turn(turn)}"


def _turn(turn: "Turn") -> str:
    if turn.measure == "one_outlet":
        return "from one outlet" if turn.needed else "from two outlets"
    if turn.measure == "recurs":
        return "not a form filled in anew"
    rises = turn.needed > turn.value
    # Rounded away from the value, so that what is printed does turn it.
    shown = (math.ceil if rises else math.floor)(turn.needed * 1000) / 1000
    return f"{turn.measure.replace('_', ' ')} {shown:.3f} in place of {turn.value:.3f}"


def _measure_lines(found: "Explanation") -> Iterator[str]:
    yield (
        f"They share {found.bands_in_common} of {found.bands} bands and {found.rare_in_common} "
        "rare shingles."
    )
    yield (
        f"{found.containment_a:.0%} of a is found in b, {found.containment_b:.0%} of b in a; "
        f"resemblance {found.resemblance:.2f}, longest run {found.longest_run} words."
    )


def _model_lines(found: "Explanation") -> Iterator[str]:
    """Say what moved the model of one story, and what would flip it."""
    if not found.reasons or found.grounds is None:
        return
    odds = found.grounds.same_story_log_odds
    yield f"The model of one story gives {odds:+.2f} log-odds; what moved it most:"
    for reason in found.reasons[:_MOST_REASONS]:
        name = reason.feature.replace("_", " ")
        yield f"  {reason.log_odds:+.2f}  {name} is {reason.value:.2f}"
    if found.change:
        name = found.change.feature.replace("_", " ")
        needed, value = found.change.needed, found.change.value
        yield f"It would flip if {name} were {needed:.3f}, not {value:.3f}."
    else:
        yield "No single change would flip it."


def _origin_lines(found: "Explanation") -> Iterator[str]:
    """Give each document's clues, and what the origin would be without a kind of evidence."""
    for letter, document in (("a", found.a), ("b", found.b)):
        clues = found.clues[document]
        if clues["for"] or clues["against"]:
            yield f"Where {letter} stands in its story:"
        for side, sign in (("for", "+"), ("against", "-")):
            for row in clues[side]:
                yield f"  {sign} {evidence_line(row)}"
    for row in found.counterfactuals:
        yield f"Story {plain(row['story'])} {without_line(row)}"


def _verdict(found: "Explanation") -> str:
    stories = "In one story" if found.one_story else "In two stories"
    if found.relation is None:
        return f"{stories}; the two were not compared."
    alone = "the same story" if found.same_story else "not the same story"
    return (
        f"{stories}; as a pair, {alone} ({found.relation.replace('_', ' ')}); "
        f"shared lineage {found.probability:.2f}."
    )


def report(
    folder: Folder,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FILE",
            help="Where to write the page instead of DIR/report.html; [bold]-[/bold] is stdout.",
            show_default=False,
            rich_help_panel=WRITING,
        ),
    ] = None,
    json: Json = False,
    top: Annotated[
        int,
        typer.Option(
            "--top",
            min=0,
            metavar="N",
            help="Stories to tell, the largest.",
            rich_help_panel=WRITING,
        ),
    ] = TOP,
) -> None:
    """Write the stories of a run, with origins and evidence, as one page for a browser.

    The page needs no network and no other file. It holds titles, not texts.
    """
    from dedupe.result import Result

    if out is not None and str(out) == "-":
        if json:
            raise typer.BadParameter("--out - writes the page to stdout; leave --json out")
        with terminal.session():
            terminal.emit_bytes([page(Result.load(folder), folder=str(folder), top=top)])
        return
    file = out or folder / "report.html"
    if os.path.realpath(file) != os.path.realpath(folder / "report.html"):
        check_not_read(file, [folder])
    with terminal.session():
        result = Result.load(folder)
        write_page(result, file, folder=folder, top=top)
    shown, listed = min(top, len(result.stories)), len(result.stories)
    if json:
        told = {"file": str(file), "size_bytes": file.stat().st_size}
        terminal.emit_json(told | {"stories": shown, "left_out": listed - shown})
    else:
        smaller = "smaller " if shown else ""
        more = f"; {listed - shown:,} {smaller}left out" if listed > shown else ""
        terminal.emit(f"Written to {plain(str(file))}: {plural(shown, 'story')}{more}.\n")


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

    for file in (graphml, parquet):
        check_not_read(file, [folder])
    with terminal.session():
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
