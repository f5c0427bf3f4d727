"""Commands over a collection: cluster, filter, demo."""

import contextlib
import dataclasses
import importlib
import importlib.resources
import json as plain_json
import logging
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dedupe import interrupts
from dedupe.cli import terminal
from dedupe.cli.codes import Code
from dedupe.cli.dry_run import show_estimate
from dedupe.cli.options import (
    Against,
    AllPassages,
    CannotLinks,
    Csv,
    DryRun,
    FailOnDuplicates,
    Fields,
    Inputs,
    Json,
    Keep,
    Limit,
    MaxRejects,
    MemoryLimit,
    MustLinks,
    NamesFile,
    NoCsvGuard,
    OnError,
    OnErrorOption,
    Origins,
    Out,
    OverridesFile,
    Overwrite,
    Quiet,
    Report,
    Resume,
    SettingsFile,
    Strict,
    Threads,
    Top,
    Verbose,
    load_overrides,
    load_settings,
    parse_fields,
)
from dedupe.errors import InputError, OutputError
from dedupe.report import render, summarize, write_csv, write_page

if TYPE_CHECKING:
    from dedupe.arrays.spill import Spill
    from dedupe.read import Reading
    from dedupe.result import Result
    from dedupe.settings import Settings
    from dedupe.stages import OnProgress


logger = logging.getLogger(__name__)


def register(app: typer.Typer) -> None:
    """Add the commands of this module to the application."""
    app.command("cluster", epilog=_CLUSTER_EXAMPLES)(cluster)
    app.command("filter", epilog=_FILTER_EXAMPLES)(filter_)
    app.command("demo", epilog=_DEMO_EXAMPLES)(demo)


_CLUSTER_EXAMPLES = """
[bold]Examples[/bold]

dedupe cluster articles.jsonl --out stories

dedupe cluster monday.jsonl.gz tuesday.csv pages/ --out stories --overwrite --csv --report

zstdcat articles.jsonl.zst | dedupe cluster - --out stories --json

dedupe cluster export.parquet --field text=story_body --field source=paper --out stories

dedupe cluster monday.jsonl --out monday --keep

dedupe cluster tuesday.jsonl --against monday --out tuesday

dedupe cluster articles.jsonl --out stories --must-link a17,a18 --cannot-link a17,a30
"""


def cluster(
    *,
    inputs: Inputs,
    out: Out,
    threads: Threads = None,
    memory_limit: MemoryLimit = None,
    settings_file: SettingsFile = None,
    field: Fields = None,
    json: Json = False,
    top: Top = 10,
    csv: Csv = False,
    no_csv_guard: NoCsvGuard = False,
    report: Report = False,
    all_passages: AllPassages = False,
    must_link: MustLinks = None,
    cannot_link: CannotLinks = None,
    origin: Origins = None,
    overrides_file: OverridesFile = None,
    names: NamesFile = None,
    overwrite: Overwrite = False,
    resume: Resume = False,
    keep: Keep = False,
    against: Against = None,
    dry_run: DryRun = False,
    on_error: OnErrorOption = OnError.SKIP,
    max_rejects: MaxRejects = None,
    strict: Strict = False,
    fail_on_duplicates: FailOnDuplicates = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Group documents into stories and say where each story most likely came from.

    Writes the result into DIR, all or nothing, and prints the largest stories.
    """
    limit = Limit.parse("0" if strict else max_rejects)
    fields = parse_fields(field)
    settings = load_settings(
        settings_file,
        threads=threads,
        all_passages=all_passages,
        names=names,
        memory_limit=memory_limit,
    )
    overrides = load_overrides(overrides_file, must_link, cannot_link, origin)
    check_out(out, inputs, overwrite=overwrite, against=against)
    checkpoints = out.absolute().with_name(f".{out.name}.stages") if resume else None
    spill = spill_beside(out, settings)
    if dry_run:
        with terminal.session(quiet=quiet, verbose=verbose):
            show_estimate(
                inputs, settings, fields, on_error.value, keep=keep, against=against, json=json
            )
        return
    with terminal.session(quiet=quiet, verbose=verbose) as on_progress:
        result = _clustered(
            inputs, fields, on_error, limit, settings, on_progress, spill,
            overrides=overrides, checkpoints=checkpoints, keep=keep, against=against,
        )  # fmt: skip
        also = _also(result, out, csv=csv, guard=not no_csv_guard, report=report)
        result.save(out, overwrite=overwrite, also=also)
        _forget(checkpoints)
    if json or not quiet:
        files = written_files(result, out)
        show(result, json=json, top=top, written={"folder": str(out), "files": files})
    if fail_on_duplicates and any(story["size"] > 1 for story in result.stories):
        raise typer.Exit(Code.DUPLICATES)


def _clustered(
    inputs: Sequence[str],
    fields: Mapping[str, str],
    on_error: OnError,
    limit: Limit,
    settings: "Settings",
    on_progress: "OnProgress",
    spill: "Spill",
    **options: Any,
) -> "Result":
    """Read inputs and find duplicates, with options of that; reading is a stage of the run."""
    started = time.perf_counter()
    import dedupe.read

    # The other modules are imported while kernels read: neither needs the other.
    imports = threading.Thread(target=_import_pipeline, daemon=True)
    imports.start()
    with spill.held():
        reading = read(inputs, fields, on_error, on_progress, spill)
    limit.check(reading)
    # Awaited here, where Ctrl-C ends the wait, and not at the lock of an import.
    imports.join()
    rows, seconds = reading.documents.num_rows, time.perf_counter() - started
    result = dedupe.find_duplicates(reading, settings, on_progress, spill=spill, **options)
    stages = [{"stage": "read", "seconds": round(seconds, 4), "rows": rows}, *result.run["stages"]]
    return dataclasses.replace(result, run=result.run | {"stages": stages})


def _import_pipeline() -> None:
    # An import that fails is tried again by who needs it, and told there. Some fail for no
    # other reason than that the command ends meanwhile.
    with contextlib.suppress(Exception):
        importlib.import_module("dedupe.pipeline")


def _also(
    result: "Result", out: Path, *, csv: bool, guard: bool, report: bool
) -> Callable[[Path], None]:
    """Return what writes the files that were asked for besides, into the draft of a folder."""

    def write(draft: Path) -> None:
        if csv:
            write_csv(result, draft, guard=guard)
        if report:
            write_page(result, draft / "report.html", folder=out)
        interrupts.check()

    return write


def _forget(checkpoints: Path | None) -> None:
    if checkpoints:
        from dedupe.checkpoints import remove

        remove(checkpoints)


_FILTER_EXAMPLES = """
[bold]Examples[/bold]

dedupe filter stories articles.jsonl > unique.jsonl

dedupe filter stories monday.jsonl.gz tuesday.csv | gzip > unique.jsonl.gz
"""


def filter_(
    *,
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="What dedupe cluster wrote.", show_default=False)
    ],
    inputs: Inputs,
    field: Fields = None,
    on_error: OnErrorOption = OnError.SKIP,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Write one document of each story, and every single, as JSON lines to stdout.

    Give the inputs and fields just as dedupe cluster got them. Records keep every field
    as JSON can have it: bytes become text; NaN and infinite numbers, null.
    """
    from dedupe.filter import unique_records
    from dedupe.result import Result

    names = parse_fields(field)
    with terminal.session(quiet=quiet, verbose=verbose):
        records = unique_records(Result.load(folder), inputs, fields=names, on_error=on_error.value)
        terminal.emit_bytes(map(_line, records))


def _line(record: dict[str, Any]) -> bytes:
    """Write a record as a line of JSON."""
    import orjson

    try:
        return orjson.dumps(record, default=_as_json, option=orjson.OPT_APPEND_NEWLINE)
    except orjson.JSONEncodeError:
        # A whole number beyond 64 bits, which only Python's json writes.
        plain = plain_json.dumps(record, default=_as_json, ensure_ascii=False)
        return plain.encode("utf-8", "replace") + b"\n"


def _as_json(value: Any) -> str:
    """Return as text what a Parquet or Arrow file holds and JSON does not."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


_DEMO_EXAMPLES = """
[bold]Examples[/bold]

dedupe demo

dedupe demo --top 3 --json
"""


def demo(
    *, json: Json = False, top: Top = 10, quiet: Quiet = False, verbose: Verbose = False
) -> None:
    """Cluster a small invented newsroom that comes with the package; writes nothing."""
    import dedupe

    with (
        importlib.resources.as_file(seeds()) as path,
        terminal.session(quiet=quiet, verbose=verbose) as on_progress,
    ):
        reading = read([str(path)], {}, OnError.FAIL, on_progress)
        result = dedupe.find_duplicates(reading, on_progress=on_progress)
    if json or not quiet:
        show(result, json=json, top=top)


def seeds() -> Any:
    """Return the bundled newsroom: in the package, or beside it in a checkout."""
    package = importlib.resources.files("dedupe")
    for folder in (package / "seeds", package / ".." / "seeds"):
        if (folder / "newsroom.jsonl").is_file():
            return folder / "newsroom.jsonl"
    raise InputError("the bundled newsroom is missing from this installation; install it again")


def read(
    inputs: Sequence[str],
    fields: Mapping[str, str],
    on_error: OnError,
    on_progress: "OnProgress",
    spill: "Spill | None" = None,
) -> "Reading":
    """Read inputs as the library does."""
    from dedupe.arrays.spill import MEMORY
    from dedupe.read import read as read_inputs

    logger.info("reading %s", ", ".join(inputs))
    return read_inputs(
        inputs,
        fields=fields,
        on_error=on_error.value,
        on_progress=on_progress,
        spill=spill or MEMORY,
    )


def spill_beside(out: Path, settings: "Settings") -> "Spill":
    """Return where arrays go that memory does not hold: onto the disk that the result goes to."""
    from dedupe.arrays.spill import Spill

    folder = next(folder for folder in out.absolute().parents if folder.is_dir())
    return Spill(folder, settings.memory_limit_bytes)


def show(
    result: "Result", *, json: bool, top: int, written: Mapping[str, Any] | None = None
) -> None:
    """Print a result for a person, or the same as data."""
    summary = summarize(result, top=top)
    if json:
        terminal.emit_json(summary | {"written": written})
    else:
        terminal.emit_rich(render(summary, written))


def written_files(result: "Result", folder: Path) -> dict[str, int | None]:
    """Return the rows of each file that was saved, None where it has none."""
    from dedupe.result.folder import FILES

    rows = {
        "documents.parquet": result.documents.num_rows,
        "pairs.parquet": result.pairs.num_rows,
        "passages.parquet": result.passages.num_rows,
        "stories.jsonl": len(result.stories),
        "rejects.jsonl": len(result.rejects),
        "documents.csv": result.documents.num_rows,
        "stories.csv": len(result.stories),
        "archive": result.documents.num_rows,
    }
    return {name: rows.get(name) for name in FILES if (folder / name).exists()}


def check_out(
    out: Path, inputs: Sequence[str], *, overwrite: bool, against: Path | None = None
) -> None:
    """Refuse, before hours of work, a folder that could not be written after them.

    Raises:
        OutputError: a file, a folder that holds something else, or one that
            holds an input, or the run to compare with, or lies in that.
    """
    from dedupe.result.folder import check_place

    if against is not None:
        here, there = Path(os.path.realpath(out)), Path(os.path.realpath(against))
        if here.is_relative_to(there) or there.is_relative_to(here):
            raise OutputError(
                f"{out}: the earlier run {against} stands there; give --out another folder"
            )
    for name in inputs:
        # realpath, because Path.resolve raises on links that lead to themselves
        if name != "-" and Path(os.path.realpath(name)).is_relative_to(os.path.realpath(out)):
            raise OutputError(f"{out}: holds the input {name}; give --out another folder")
    check_place(out, overwrite=overwrite)
    parent = next(folder for folder in out.absolute().parents if folder.exists())
    if not os.access(parent, os.W_OK):
        raise OutputError(f"{out}: {parent} cannot be written; give --out another folder")
