"""Commands over an index that lasts: index add, query, story, check, compact, export, stats."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dedupe.cli import terminal
from dedupe.cli.codes import Code
from dedupe.cli.corpus import read
from dedupe.cli.options import (
    Fields,
    Inputs,
    Json,
    OnError,
    OnErrorOption,
    Quiet,
    SettingsFile,
    Verbose,
    load_settings,
    parse_fields,
)
from dedupe.cli.pair import load_document
from dedupe.report import plain

if TYPE_CHECKING:
    from dedupe.index import Match

Folder = Annotated[
    Path, typer.Argument(metavar="DIR", help="Folder of the index.", show_default=False)
]

_COMMIT = 1000

app = typer.Typer(
    no_args_is_help=True, help="Keep stories on disk and ask them, as a crawler does."
)


def register(to: typer.Typer) -> None:
    """Add the commands of this module to the application."""
    to.add_typer(app, name="index")


@app.command(
    epilog="""
[bold]Examples[/bold]

dedupe index add stories monday.jsonl.gz

crawl | dedupe index add stories - --window 30d --json
"""
)
def add(
    folder: Folder,
    inputs: Inputs,
    window: Annotated[
        str | None,
        typer.Option(
            "--window",
            metavar="TIME",
            help="Compare only what appeared within this time, as in 30d or 12h; a new index "
            "remembers it.",
        ),
    ] = None,
    settings_file: SettingsFile = None,
    field: Fields = None,
    on_error: OnErrorOption = OnError.SKIP,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Add documents, a thousand to a commit, and say which story each belongs to.

    With --json, one line for each document. The index is made when there is none.
    """
    from dedupe.index import Index

    fields = parse_fields(field)
    settings = None
    if settings_file is not None:
        settings = load_settings(settings_file, threads=None, all_passages=False)
    n_new = n_merged = 0
    with terminal.session(quiet=quiet, verbose=verbose) as on_progress:
        reading = read(inputs, fields, on_error, on_progress)
        table = reading.documents
        with Index(folder, settings, window=window) as index:
            for start in range(0, table.num_rows, _COMMIT):
                matches = index.add_many(table.slice(start, _COMMIT))
                n_new += sum(match.is_new_story for match in matches)
                n_merged += sum(len(match.merged) for match in matches)
                if json:
                    terminal.emit_bytes(_line(_brief(match)) for match in matches)
            held = len(index)
    if not json and not quiet:
        terminal.emit(
            f"{table.num_rows:,} documents added, {n_new:,} of them new stories; "
            f"{n_merged:,} stories merged; {len(reading.rejects):,} records rejected; "
            f"the index holds {held:,}\n"
        )


def _brief(match: "Match") -> dict[str, Any]:
    names = ("document", "story", "is_new_story", "probability", "nearest", "merged")
    return {name: getattr(match, name) for name in names}


def _line(value: dict[str, Any]) -> bytes:
    import orjson

    return orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)


@app.command()
def query(
    folder: Folder,
    document: Annotated[
        Path, typer.Argument(metavar="DOC", help="A text or a page.", show_default=False)
    ],
    json: Json = False,
) -> None:
    """Say which story a document belongs to, and where it came from; changes nothing."""
    from dedupe.index import Index

    given = load_document(document)
    with terminal.session(), Index(folder, read_only=True) as index:
        match = index.query(given)
        found = match.to_dict() | {
            "passages": [
                {"document": other} | passage._asdict() for other, passage in match.passages
            ]
        }
    if json:
        terminal.emit_json(found)
        return
    if match.is_new_story:
        terminal.emit("no document of the index tells this story\n")
        return
    origin = found["origin"]
    terminal.emit(
        plain(
            f"story {match.story}: {found['relation']}"
            + (f" of {found['parent']}" if found["parent"] else "")
            + f", lineage {match.probability:.2f}"
        )
        + "\n"
        + plain(f"origin: {origin['name'] or 'cannot tell'} ({origin['band']})")
        + "\n"
    )


@app.command()
def story(
    folder: Folder,
    name: Annotated[
        str, typer.Argument(metavar="ID", help="A story or a document.", show_default=False)
    ],
    json: Json = False,
) -> None:
    """Show a story: its documents, what each is, and where the story came from."""
    from dedupe.errors import InputError
    from dedupe.index import Index

    with terminal.session(), Index(folder, read_only=True) as index:
        found = index.story(name)
        if found is None:
            raise InputError(f'{folder}: holds no story or document "{name}"')
        values = found.to_dict()
    if json:
        terminal.emit_json(values)
        return
    origin = values["origin"]
    lines = [f"story {found.story}: {found.size} documents, origin {origin['name'] or 'unknown'}"]
    for one in found.documents:
        about = values["relations"].get(one, {"relation": "", "parent": None})
        parent = f" of {about['parent']}" if about["parent"] else ""
        lines.append(f"  {one}  {about['relation']}{parent}")
    terminal.emit("".join(plain(line) + "\n" for line in lines))


@app.command()
def check(folder: Folder, json: Json = False) -> None:
    """Read every byte of an index; exit 4 when any is damaged."""
    from dedupe.errors import CorruptIndexError
    from dedupe.index import Index

    with terminal.session():
        try:
            with Index(folder, read_only=True) as index:
                faults = index.check()
        except CorruptIndexError as error:
            faults = [str(error)]
    if json:
        terminal.emit_json({"index": str(folder), "faults": faults})
    else:
        terminal.emit("".join(plain(one) + "\n" for one in faults) or f"{folder}: whole\n")
    if faults:
        raise typer.Exit(Code.CORRUPT)


@app.command()
def compact(folder: Folder, json: Json = False) -> None:
    """Merge an index into its smallest form, and erase the texts of removed documents."""
    from dedupe.index import Index

    with terminal.session(), Index(folder) as index:
        before = index.stats()["bytes"]
        index.compact()
        after = index.stats()["bytes"]
    if json:
        terminal.emit_json({"index": str(folder), "bytes_before": before, "bytes_after": after})
    else:
        terminal.emit(f"{folder}: {before:,} bytes before, {after:,} after\n")


@app.command()
def export(folder: Folder, json: Json = False) -> None:
    """Write every document with its story as JSON lines to stdout."""
    del json  # There is no other form.
    import orjson

    from dedupe.index import Index

    with terminal.session(), Index(folder, read_only=True) as index:
        terminal.emit_bytes(
            orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in index.export()
        )


@app.command()
def stats(folder: Folder, json: Json = False) -> None:
    """Show how much an index holds and takes."""
    from dedupe.index import Index

    with terminal.session(), Index(folder, read_only=True) as index:
        found = index.stats()
    if json:
        terminal.emit_json(found)
        return
    terminal.emit(
        f"{found['documents']:,} documents ({found['versions']:,} versions, "
        f"{found['texts']:,} texts) in {found['commits']:,} commits\n"
        f"{found['bytes']:,} bytes, {found['bytes_per_document_beside']:,.0f} a document beside "
        f"its text; {len(found['segments'])} segments, {found['recent_documents']:,} documents "
        "not yet in one\n"
    )
