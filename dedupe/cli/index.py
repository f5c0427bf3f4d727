"""Commands over an index that lasts: index add, query, story, remove, check, compact, and more."""

import itertools
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, Self

import typer

from dedupe.cli import terminal
from dedupe.cli.codes import Code
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
from dedupe.report import plain, plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dedupe.index import Match
    from dedupe.read import Batch
    from dedupe.stages import OnProgress

Folder = Annotated[
    Path, typer.Argument(metavar="DIR", help="Folder of the index.", show_default=False)
]

_COMMIT, _MOST_TOLD = 1000, 10
"""Documents of a commit; rejects that are told one by one."""

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
    rejects: Annotated[
        Path | None,
        typer.Option("--rejects", metavar="FILE", help="Write what cannot be read here."),
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Add documents, a thousand to a commit, and say which story each belongs to.

    They are added as they are read, so that what came before an interruption is
    kept. With --json, one line for each document. The index is made when there
    is none; what cannot be read is told on stderr, or written to --rejects.
    """
    from dedupe.index import Index

    fields = parse_fields(field)
    settings = None
    if settings_file is not None:
        settings = load_settings(settings_file, threads=None, all_passages=False)
    n_read = n_new = n_merged = 0
    with (
        terminal.session(quiet=quiet, verbose=verbose) as on_progress,
        _Rejects(rejects) as refused,
        _begun(_batches(inputs, fields, on_error, on_progress)) as batches,
        Index(folder, settings, window=window) as index,
    ):
        before = len(index)
        for batch in batches:
            refused.add(batch.rejects)
            matches = index.add_many(batch.documents)
            n_read += len(matches)
            n_new += sum(match.is_new_story for match in matches)
            n_merged += sum(len(match.merged) for match in matches)
            if json:
                terminal.emit_bytes(_line(_brief(match)) for match in matches)
        held = len(index)
    if not json and not quiet:
        terminal.emit(
            f"{plural(n_read, 'document')} read, {held - before:,} of them new to the index, "
            f"{n_new:,} of new stories; {plural(n_merged, 'story')} merged; "
            f"{plural(refused.n, 'record')} rejected; the index holds {held:,}\n"
        )


def _batches(
    inputs: list[str],
    fields: dict[str, str],
    on_error: OnError,
    on_progress: "OnProgress | None",
) -> "Iterator[Batch]":
    from dedupe.read import Limits, read_batches

    return read_batches(
        inputs,
        fields=fields,
        on_error=on_error.value,
        limits=Limits(batch_documents=_COMMIT),
        on_progress=on_progress,
    )


@contextmanager
def _begun(batches: "Iterator[Batch]") -> "Iterator[Iterator[Batch]]":
    """Read the first batch at once, so that inputs that cannot be read make no index."""
    yield itertools.chain([*itertools.islice(batches, 1)], batches)


class _Rejects:
    """Writes rejects to a file as they come or, without one, tells the first of them."""

    def __init__(self, path: Path | None) -> None:
        self.n = 0
        self._path = path
        self._file: BinaryIO | None = None

    def __enter__(self) -> Self:
        from dedupe.errors import OutputError

        if self._path is not None:
            try:
                self._file = self._path.open("wb")
            except OSError as error:
                raise OutputError(f"{self._path}: cannot be written ({error.strerror})") from error
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()
        elif self.n > _MOST_TOLD:
            terminal.say(f"{self.n - _MOST_TOLD:,} more rejected; --rejects FILE lists them all")

    def add(self, rejects: list[dict[str, Any]]) -> None:
        """Take the rejects of one batch."""
        if self._file is not None:
            self._file.writelines(map(_line, rejects))
            self._file.flush()
        else:
            for one in rejects[: max(0, _MOST_TOLD - self.n)]:
                terminal.say(f"{one['file']}:{one['line']}: rejected: {one['reason']}")
        self.n += len(rejects)


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
    size = plural(found.size, "document")
    lines = [f"story {found.story}: {size}, origin {origin['name'] or 'unknown'}"]
    for one in found.documents:
        about = values["relations"].get(one, {"relation": "", "parent": None})
        parent = f" of {about['parent']}" if about["parent"] else ""
        lines.append(f"  {one}  {about['relation']}{parent}")
    terminal.emit("".join(plain(line) + "\n" for line in lines))


@app.command()
def remove(
    folder: Folder,
    names: Annotated[
        list[str], typer.Argument(metavar="ID...", help="Documents.", show_default=False)
    ],
    json: Json = False,
) -> None:
    """Take documents out of their stories; `compact` then erases their texts."""
    from dedupe.index import Index

    with terminal.session(), Index(folder) as index:
        found = {name: index.remove(name) for name in names}
    if json:
        terminal.emit_json(found)
    for name in () if json else names:
        terminal.emit(plain(f"{name}: {'removed' if found[name] else 'not in the index'}") + "\n")


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
        f"{plural(found['documents'], 'document')} ({plural(found['versions'], 'version')}, "
        f"{plural(found['texts'], 'text')}) in {plural(found['commits'], 'commit')}\n"
        f"{found['bytes']:,} bytes, {found['bytes_per_document_beside']:,.0f} a document beside "
        f"its text; {plural(len(found['segments']), 'segment')}, "
        f"{plural(found['recent_documents'], 'document')} not yet in one\n"
    )
