"""The command line: parse, call the library, print.

    corpus.py    cluster, filter, demo
    dry_run.py   what cluster --dry-run prints
    compare.py   compare
    inspect.py   inspect
    finished.py  explain, report, sources
    index.py     index add, query, story, remove, check, compact, export, stats
    incoming.py  what index add and index query read, and what they refuse
    setup.py     doctor, config show
    terminal.py  stdout for data, stderr for messages and progress
    options.py   options that several commands share, and what their words mean
    codes.py     what the exit code says

Only this package turns errors into exit codes.
"""

import contextlib
import errno
import gc
import os
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

import dedupe
from dedupe import interrupts
from dedupe.cli import compare, corpus, finished, index, inspect, setup
from dedupe.cli.codes import Code
from dedupe.cli.terminal import emit, say, stdout_unfit
from dedupe.errors import CorruptIndexError, DedupeError

# Time a thread waits for the interpreter lock. The default of 5 ms is paid hundreds of times a
# run.
_SWITCH_SECONDS = 0.0005

_INTERRUPTED = "interrupted; nothing half-written is left"

app = typer.Typer(
    name="dedupe",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(value: bool) -> None:
    if value:
        emit(f"dedupe {dedupe.__version__}\n")
        raise typer.Exit


@app.callback()
def _main(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Find which news documents tell the same written story, and who most likely wrote it first.

    [bold]Try it:[/bold] dedupe demo
    """


corpus.register(app)
compare.register(app)
inspect.register(app)
finished.register(app)
index.register(app)
setup.register(app)


def main() -> None:
    """Run the command line; every way out has its exit code."""
    _prepare_streams()
    sys.setswitchinterval(_SWITCH_SECONDS)
    try:
        app(prog_name="dedupe")
    except SystemExit as stop:
        if stop.code == Code.INTERRUPTED or interrupts.came():
            say(_INTERRUPTED)
            sys.exit(Code.INTERRUPTED)
        _flush_stdout()
        raise
    except DedupeError as error:
        say(str(error))
        sys.exit(Code.CORRUPT if isinstance(error, CorruptIndexError) else Code.USAGE)
    except Exception as error:  # noqa: BLE001 - any fault needs its own code
        if isinstance(error, SystemError) and _is_interrupt(error):
            say(_INTERRUPTED)
            sys.exit(Code.INTERRUPTED)
        if isinstance(error, OSError) and error.errno == errno.ENOSPC and not error.filename:
            # Help is written without our hands.
            say(str(stdout_unfit(error)))
            sys.exit(Code.USAGE)
        if isinstance(error, OSError) and _names_a_file_of_the_caller(error):
            say(f"{os.fsdecode(error.filename)}: {error.strerror or error}")
            sys.exit(Code.USAGE)
        from dedupe.settings import current_folder

        if isinstance(error, FileNotFoundError) and not current_folder():
            # Not all that is called does without, as Numba where it compiles.
            say("the current folder was removed; change to another, and start again")
            sys.exit(Code.USAGE)
        sys.excepthook(*sys.exc_info())
        say("this is a fault in dedupe, not in your input; please report it with the lines above")
        sys.exit(Code.FAULT)
    finally:
        _drop_unwritten()
        # Python would look through every object several times before it ends.
        gc.freeze()


def _flush_stdout() -> None:
    """Write what Python still holds of the output, or tell that it cannot be written."""
    try:
        sys.stdout.flush()
    except OSError as error:
        say(str(stdout_unfit(error)))
        sys.exit(Code.USAGE)


def _drop_unwritten() -> None:
    """Let Python's last try to write go nowhere, once one failed: it would change the exit code."""
    try:
        sys.stdout.flush()
    except OSError:
        with contextlib.suppress(OSError), Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())


def _is_interrupt(error: BaseException | None) -> bool:
    """Tell whether Ctrl-C stands behind an error: inside a kernel it becomes a SystemError."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


def _names_a_file_of_the_caller(error: OSError) -> bool:
    """Tell whether a path that the caller can mend failed, and not one of this package."""
    if not isinstance(error.filename, (str, bytes)):
        return False
    path = Path(os.path.realpath(os.fsdecode(error.filename)))
    return not path.is_relative_to(Path(os.path.realpath(dedupe.__file__)).parent)


def _prepare_streams() -> None:
    """Die quietly with a closed pipe, and never fail on a character."""
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - until the end
    if sys.stdout is None:
        say("standard output is closed; give it a place, be it /dev/null")
        sys.exit(Code.USAGE)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
