"""Commands over an index that lasts: index add, query, story, remove, check, compact, and more."""

import itertools
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dedupe import interrupts
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
    check_not_read,
    load_settings,
    parse_fields,
)
from dedupe.report.words import plain, plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dedupe.index import Index, Match

Folder = Annotated[
    Path, typer.Argument(metavar="DIR", help="Folder of the index.", show_default=False)
]
RejectsFile = Annotated[
    Path | None,
    typer.Option("--rejects", metavar="FILE", help="Write what cannot be read here."),
]

app = typer.Typer(
    no_args_is_help=True, help="Keep stories on disk and ask them, as a crawler does."
)


def register(to: typer.Typer) -> None:
    """Add the commands of this module to the application."""
    to.add_typer(app, name="index")


@app.command(
    epilog="""
[bold]Examples[/bold]

dedupe index add index monday.jsonl.gz

crawl | dedupe index add index - --window 30d --json
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
    rejects: RejectsFile = None,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Add documents, at most a thousand to a commit, and say which story each belongs to.

    They are added as they come: what a slow pipe has given is added at once, and
    what came before an interruption is kept. With --json, one line for each
    document, with its file and line. The index is made when there is none; what
    cannot be read is told on stderr, or written to --rejects.

    An id given again, also in one input, is a new version of its document. A
    document without an id is named by its url, or else by its text; so is each
    file of text or HTML, whose path is no id.
    """
    from dedupe.cli import incoming
    from dedupe.index import Index

    fields = parse_fields(field)
    check_not_read(rejects, [*inputs, folder, settings_file])
    settings = None
    if settings_file is not None:
        settings = load_settings(settings_file, threads=None, all_passages=False)
    changes: Counter[str | None] = Counter()
    n_new = n_merged = 0
    with (
        terminal.session(quiet=quiet, verbose=verbose) as on_progress,
        incoming.Rejects(rejects) as refused,
    ):
        how = incoming.How(fields, on_error, on_progress)
        commits = incoming.commits(inputs, how, refused)
        with Index(folder, settings, window=window) as index:
            for commit in commits:
                interrupts.check()
                matches = index.add_many(commit.documents)
                changes.update(match.change for match in matches)
                n_new += sum(match.is_new_story for match in matches)
                n_merged += sum(len(match.merged) for match in matches)
                if json:
                    told = zip(matches, commit.places, strict=True)
                    terminal.emit_bytes(
                        incoming.line(match.to_brief() | _at(place)) for match, place in told
                    )
            held = len(index)
    if not json and not quiet:
        terminal.emit(
            f"{plural(changes.total(), 'document')} read: {changes['new']:,} new to the index, "
            f"{plural(changes['version'], 'new version')}, {changes['unchanged']:,} unchanged; "
            f"{plural(n_new, 'new story')}, {plural(n_merged, 'story')} merged; "
            f"{plural(refused.n, 'record')} rejected; the index holds {held:,}\n"
        )


def _at(place: tuple[str, int]) -> dict[str, Any]:
    """Say where a document stands, by the names that rejects have for it."""
    return dict(zip(("file", "line"), place, strict=True))


@app.command(
    epilog="""
[bold]Examples[/bold]

dedupe index query index page.txt

crawl | dedupe index query index - --json
"""
)
def query(
    folder: Folder,
    inputs: Inputs,
    field: Fields = None,
    on_error: OnErrorOption = OnError.SKIP,
    rejects: RejectsFile = None,
    json: Json = False,
) -> None:
    """Say which story each document belongs to, and where it came from; changes nothing.

    Takes what `index add` takes, names documents as it does, and answers as they
    come, each with its file and line; with --json, a line of JSON for each. To a
    person, one document alone, in a file, is told in two lines. A file whose name
    tells no form is read as a text.
    """
    from dedupe.cli import incoming
    from dedupe.index import Index

    fields = parse_fields(field)
    check_not_read(rejects, [*inputs, folder])
    with (
        terminal.session(),
        incoming.Rejects(rejects) as refused,
        Index(folder, read_only=True) as index,
    ):
        given = incoming.documents(inputs, incoming.How(fields, on_error), refused)
        matches = ((index.query(document), place) for document, place in given)
        # What comes through a pipe may wait long for a second.
        first = [] if json or "-" in inputs else [*itertools.islice(matches, 2)]
        if len(first) == 1:
            terminal.emit(_answer(_in_full(first[0][0]), "\n") + "\n")
            return
        n_asked = 0
        for match, place in itertools.chain(first, matches):
            found = _in_full(match)
            if json:
                terminal.emit_bytes([incoming.line(found | _at(place))])
            else:
                file, number = place
                terminal.emit(f"{plain(file)}:{number}: {_answer(found, '; ')}\n")
            n_asked += 1
        if not n_asked:
            refused.refuse("asked")


def _in_full(match: "Match") -> dict[str, Any]:
    passages = [{"document": other} | passage._asdict() for other, passage in match.passages]
    return match.to_dict() | {"passages": passages}


def _answer(found: dict[str, Any], between: str) -> str:
    """Return what a person is told of a match: its story, and its origin."""
    if found["is_new_story"]:
        return "no document of the index tells this story"
    origin = found["origin"]
    of = f" of {found['parent']}" if found["parent"] else ""
    lineage = f"lineage {found['probability']:.2f}"
    return (
        plain(f"story {found['story']}: {found['relation']}{of}, {lineage}")
        + between
        + plain(f"origin: {origin['name'] or 'cannot tell'} ({origin['band']})")
    )


@app.command(
    epilog="""
[bold]Examples[/bold]

dedupe index story index a1

dedupe index story index a1 --json
"""
)
def story(
    folder: Folder,
    name: Annotated[
        str, typer.Argument(metavar="ID", help="A story or a document.", show_default=False)
    ],
    json: Json = False,
) -> None:
    """Show a story: its documents, what each is, and where the story came from.

    What each is, `relations` with --json, and the origin are read from the 300
    oldest documents of a story.
    """
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


@app.command(
    epilog="""
[bold]Example[/bold]

dedupe index remove index a1 a2
"""
)
def remove(
    folder: Folder,
    names: Annotated[
        list[str], typer.Argument(metavar="ID...", help="Documents.", show_default=False)
    ],
    json: Json = False,
) -> None:
    """Take documents out of their stories; `compact` then erases their texts.

    Exit code 2 where one of them is not in the index; the others are taken out.
    """
    from dedupe.errors import InputError

    found = {}
    with terminal.session(), _existing(folder) as index:
        for name in dict.fromkeys(names):
            interrupts.check()
            found[name] = index.remove(name)
    if json:
        terminal.emit_json(found)
    for name, is_removed in () if json else found.items():
        terminal.emit(plain(f"{name}: {'removed' if is_removed else 'not in the index'}") + "\n")
    absent = [name for name, is_removed in found.items() if not is_removed]
    if absent:
        with terminal.session():
            raise InputError(
                f"{folder}: holds no document {', '.join(absent)}; `dedupe index export` lists all"
            )


@contextmanager
def _existing(folder: Path) -> "Iterator[Index]":
    """Open an index for writing where there is one: a wrong path must not make another."""
    from dedupe.index import Index

    with Index(folder, read_only=True):
        pass
    with Index(folder) as index:
        yield index


@app.command(
    epilog="""
[bold]Example[/bold]

dedupe index check index
"""
)
def check(folder: Folder, json: Json = False) -> None:
    """Read every byte of an index; exit 4 when any is damaged.

    Of one that is open, or whose writer was killed or closed it beside a reader, a changed
    byte that no answer depends on is not found: what tells it is made at closing.
    """
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


@app.command(
    epilog="""
[bold]Example[/bold]

dedupe index compact index
"""
)
def compact(
    folder: Folder, json: Json = False, quiet: Quiet = False, verbose: Verbose = False
) -> None:
    """Merge an index into its smallest form, and erase the texts of removed documents."""
    with (
        terminal.session(quiet=quiet, verbose=verbose) as on_progress,
        _existing(folder) as index,
    ):
        before = index.stats()["bytes"]
        # How far it has come is not known: the bar shows that it works.
        on_progress("compact", 0, 0)
        index.compact()
        after = index.stats()["bytes"]
    if json:
        terminal.emit_json({"index": str(folder), "bytes_before": before, "bytes_after": after})
    elif not quiet:
        terminal.emit(f"{folder}: {before:,} bytes before, {after:,} after\n")


@app.command(
    epilog="""
[bold]Example[/bold]

dedupe index export index > documents.jsonl
"""
)
def export(folder: Folder, json: Json = False) -> None:
    """Write every document with its story as JSON lines to stdout.

    While another process adds, each hundred documents are as the index holds them
    when their turn comes: all of them together may be no one state of it.
    """
    del json  # There is no other form.
    import orjson

    from dedupe.index import Index

    with terminal.session(), Index(folder, read_only=True) as index:
        terminal.emit_bytes(
            orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in index.export()
        )


@app.command(
    epilog="""
[bold]Example[/bold]

dedupe index stats index --json
"""
)
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
