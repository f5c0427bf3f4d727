"""Options that several commands share, and what their words mean."""

import dataclasses
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dedupe.cli import terminal
from dedupe.cli.codes import Code

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
        help="Files or folders: JSON lines (plain, gzip, zstd), CSV, Parquet, Arrow, "
        "folders of .txt; [bold]-[/bold] reads JSON lines from stdin.",
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
        help="Print nothing but errors, and the data that --json asks for.",
        rich_help_panel=PRINTING,
    ),
]
Verbose = Annotated[
    bool,
    typer.Option("--verbose", "-v", help="Say on stderr what is done.", rich_help_panel=PRINTING),
]


def load_settings(path: Path | None, *, threads: int | None, all_passages: bool) -> "Settings":
    """Return the settings of a file, or the defaults, with what the flags change."""
    from dedupe.settings import Settings

    settings = Settings() if path is None else Settings.load(path)
    if threads is not None:
        settings = dataclasses.replace(settings, threads=threads)
    return dataclasses.replace(settings, all_passages=True) if all_passages else settings


def load_overrides(
    path: Path | None,
    must_link: Sequence[str] | None,
    cannot_link: Sequence[str] | None,
    origins: Sequence[str] | None,
) -> "Overrides | None":
    """Return a reader's decisions of a file and of the flags; None without any.

    Raises:
        typer.BadParameter: an option that is not two ids with one comma between.
    """
    if path is None and not must_link and not cannot_link and not origins:
        return None
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
