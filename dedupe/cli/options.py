"""Options that several commands share, and what their words mean."""

import dataclasses
import os
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dedupe.cli import terminal
from dedupe.cli.codes import Code
from dedupe.errors import OutputError

if TYPE_CHECKING:
    from dedupe.overrides import Overrides
    from dedupe.read import Reading
    from dedupe.settings import Settings

READING, WRITING, PRINTING = "Reading", "Writing", "Printing"


class OnError(Enum):
    """What to do with a record that cannot be read."""

    SKIP = "skip"
    REPLACE = "replace"
    FAIL = "fail"


Inputs = Annotated[
    list[str],
    typer.Argument(
        metavar="INPUT",
        help="Files or folders: JSON lines, JSON (plain, gzip, zstd), CSV, Parquet, Arrow, .txt; "
        "with the extra html also .html and WARC. [bold]-[/bold] reads JSON lines from stdin.",
        show_default=False,
    ),
]
Fields = Annotated[
    list[str] | None,
    typer.Option(
        "--field",
        metavar="FIELD=NAME",
        help="Take a field from a column of this name, as in text=story_body. Repeatable.",
        show_default=False,
        rich_help_panel=READING,
    ),
]
DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run",
        help="Cluster a sample and print what the run would take: seconds, memory, disk. "
        "Writes nothing.",
    ),
]
Against = Annotated[
    Path | None,
    typer.Option(
        "--against",
        metavar="DIR",
        help="Compare with the documents of an earlier run as well, which was made with "
        "--keep, and write only what concerns the new ones.",
        show_default=False,
    ),
]
Keep = Annotated[
    bool,
    typer.Option(
        "--keep",
        help="Keep texts and sketches in DIR, so that later runs can be made --against it.",
        rich_help_panel=WRITING,
    ),
]
OnErrorOption = Annotated[
    OnError,
    typer.Option(
        "--on-error",
        metavar="ACTION",
        help="A record that cannot be read: [bold]skip[/bold] it and count it, "
        "[bold]replace[/bold] what is not UTF-8, or [bold]fail[/bold] at once.",
        rich_help_panel=READING,
    ),
]
SettingsFile = Annotated[
    Path | None,
    typer.Option("--settings", metavar="FILE", help="TOML file; see dedupe config show."),
]
Json = Annotated[
    bool, typer.Option("--json", help="Print data instead of a table.", rich_help_panel=PRINTING)
]
Top = Annotated[
    int,
    typer.Option("--top", min=0, metavar="N", help="Stories to show.", rich_help_panel=PRINTING),
]
Quiet = Annotated[
    bool,
    typer.Option(
        "--quiet",
        "-q",
        help="No messages but errors, and no account of what was done unless --json asks for it.",
        rich_help_panel=PRINTING,
    ),
]
Verbose = Annotated[
    bool,
    typer.Option("--verbose", "-v", help="Say on stderr what is done.", rich_help_panel=PRINTING),
]
Out = Annotated[
    Path,
    typer.Option(
        "--out",
        metavar="DIR",
        help="Folder to write.",
        show_default=False,
        rich_help_panel=WRITING,
    ),
]
Threads = Annotated[
    int | None, typer.Option("--threads", min=0, metavar="N", help="0: one for each core.")
]
MemoryLimit = Annotated[
    str | None,
    typer.Option(
        "--memory-limit",
        metavar="SIZE",
        help="Stay below this much memory, as in 2GB; what does not fit waits on the disk of DIR.",
        show_default=False,
    ),
]
Csv = Annotated[
    bool,
    typer.Option(
        "--csv", help="Write documents.csv and stories.csv as well.", rich_help_panel=WRITING
    ),
]
Report = Annotated[
    bool,
    typer.Option(
        "--report",
        help="Write report.html as well, a page that a browser shows without a network.",
        rich_help_panel=WRITING,
    ),
]
NoCsvGuard = Annotated[
    bool,
    typer.Option(
        "--no-csv-guard",
        help="Write texts to CSV as they are, without the apostrophe that keeps a "
        "spreadsheet from running them as formulas.",
        rich_help_panel=WRITING,
    ),
]
AllPassages = Annotated[
    bool,
    typer.Option(
        "--all-passages",
        help="Write the aligned passages of every verified pair.",
        rich_help_panel=WRITING,
    ),
]
MustLinks = Annotated[
    list[str] | None,
    typer.Option(
        "--must-link",
        metavar="A,B",
        help="Two documents, by id, that are one story. Repeatable.",
        show_default=False,
    ),
]
CannotLinks = Annotated[
    list[str] | None,
    typer.Option(
        "--cannot-link",
        metavar="A,B",
        help="Two documents that are not. Repeatable.",
        show_default=False,
    ),
]
Origins = Annotated[
    list[str] | None,
    typer.Option(
        "--origin",
        metavar="DOC",
        help="A document, by id, that wrote its story first. Repeatable.",
        show_default=False,
    ),
]
OverridesFile = Annotated[
    Path | None,
    typer.Option(
        "--overrides",
        metavar="FILE",
        help=r'JSON lines of such decisions: {"must_link": \["a", "b"]}.',
    ),
]
NamesFile = Annotated[
    Path | None,
    typer.Option("--names", metavar="FILE", help="Agencies and outlets to know besides."),
]
Overwrite = Annotated[
    bool,
    typer.Option(
        "--overwrite",
        help="Replace DIR if it holds an earlier result.",
        rich_help_panel=WRITING,
    ),
]
Resume = Annotated[
    bool,
    typer.Option(
        "--resume",
        help="Keep each finished stage beside DIR, and go on from what an interrupted "
        "run with --resume has kept.",
        rich_help_panel=WRITING,
    ),
]
MaxRejects = Annotated[
    str | None,
    typer.Option(
        "--max-rejects",
        metavar="LIMIT",
        help="Exit 3, writing nothing, when more records are bad: a number, as 1, or a "
        "share, as 1%, 0.01 or 1.0, which is all.",
        rich_help_panel=READING,
    ),
]
Strict = Annotated[
    bool,
    typer.Option("--strict", help="Allow no bad record: --max-rejects 0.", rich_help_panel=READING),
]
FailOnDuplicates = Annotated[
    bool, typer.Option("--fail-on-duplicates", help="Exit 1 when there are duplicates.")
]


def load_settings(
    path: Path | None,
    *,
    threads: int | None,
    all_passages: bool,
    names: Path | None = None,
    memory_limit: str | None = None,
) -> "Settings":
    """Return the settings of a file, or the defaults, with what the flags change."""
    from dedupe.settings import Settings

    settings = Settings() if path is None else Settings.load(path)
    if threads is not None:
        settings = dataclasses.replace(settings, threads=threads)
    if memory_limit is not None:
        settings = dataclasses.replace(settings, memory_limit=memory_limit)
    if names is not None:
        settings = dataclasses.replace(settings, names=str(names))
    return dataclasses.replace(settings, all_passages=True) if all_passages else settings


def load_overrides(
    path: Path | None,
    must_link: Sequence[str] | None,
    cannot_link: Sequence[str] | None,
    origins: Sequence[str] | None,
) -> "Overrides":
    """Return a reader's decisions of a file and of the flags.

    Raises:
        typer.BadParameter: an option that is not two ids with one comma between.
    """
    from dedupe.overrides import Overrides

    given = Overrides() if path is None else Overrides.load(path)
    return Overrides(
        must_link=(*given.must_link, *(_two_ids(one, "--must-link") for one in must_link or ())),
        cannot_link=(
            *given.cannot_link,
            *(_two_ids(one, "--cannot-link") for one in cannot_link or ()),
        ),
        origins=(*given.origins, *(origins or ())),
    )


def _two_ids(option: str, flag: str) -> tuple[str, str]:
    ids = option.split(",")
    if len(ids) != 2 or not all(ids):
        raise typer.BadParameter(
            f'"{option}" is not A,B; ids that hold a comma go into --overrides FILE',
            param_hint=flag,
        )
    return ids[0], ids[1]


def check_not_read(file: Path | None, read: Sequence[str | Path | None]) -> None:
    """Refuse a file to write which the command also reads, before it is opened.

    Args:
        file: to be written; None for none.
        read: files and folders that the command reads.

    Raises:
        OutputError: the file is one of them, or lies in one.
    """
    if file is None:
        return
    # realpath, because Path.resolve raises on links that lead to themselves
    here = Path(os.path.realpath(file))
    for name in read:
        there = None if name in {None, "-"} else Path(os.path.realpath(str(name)))
        if there and here.is_relative_to(there):
            how = "is" if here == there else "lies in"
            raise OutputError(
                f"{file}: {how} {name}, which this command reads; give another file to write"
            )


def parse_fields(options: Sequence[str] | None) -> dict[str, str]:
    """Turn ["text=body"] into {"text": "body"}.

    Raises:
        typer.BadParameter: an option without both sides, or a field named twice.
    """
    fields: dict[str, str] = {}
    for option in options or ():
        field, equals, name = option.partition("=")
        if not (field and equals and name):
            raise typer.BadParameter(f'"{option}" is not FIELD=NAME', param_hint="--field")
        if field in fields:
            raise typer.BadParameter(f'"{field}" is given twice', param_hint="--field")
        fields[field] = name
    return fields


@dataclasses.dataclass(frozen=True, slots=True)
class Limit:
    """How many bad records a run may have.

    Attributes:
        most: a number of records, or a share of all of them; None for no limit.
        share: whether `most` is a share.
    """

    most: float | None
    share: bool = False

    @classmethod
    def parse(cls, text: str | None) -> "Limit":
        """Read "10", "0.01" or "1%".

        Raises:
            typer.BadParameter: another form, or a share above 1.
        """
        if text is None:
            return cls(None)
        if text.isascii() and text.isdigit():
            return cls(int(text))
        try:
            most = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        except ValueError:
            most = -1
        if not 0 <= most <= 1:
            raise typer.BadParameter(
                f'"{text}" is neither a number of records nor a share as in 1% or 0.01',
                param_hint="--max-rejects",
            )
        return cls(most, share=True)

    def check(self, reading: "Reading") -> None:
        """Exit with 3 when more records are bad than allowed, or all; name the first few."""
        bad, read = len(reading.rejects), reading.documents.num_rows
        allowed = self.most if not self.share else (self.most or 0) * (bad + read)
        if (allowed is None or bad <= allowed) and (read or not bad):
            return
        for reject in reading.rejects[:5]:
            terminal.say(f"{reject['file']}:{reject['line']}: {reject['reason']}")
        terminal.say(f"{bad:,} of {bad + read:,} records are bad; nothing was written")
        raise typer.Exit(Code.BAD_RECORDS)
