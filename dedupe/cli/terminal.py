"""stdout for data, stderr for messages and progress.

    emit, emit_json    data, so that pipes work
    say                a message to the person
    session            logging and a progress bar while a command works

Progress is drawn only on a terminal; into a file or a pipe go plain lines.
"""

import contextlib
import json
import logging
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from dedupe import interrupts
from dedupe.errors import OutputError
from dedupe.report.words import plain

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.progress import Progress, TaskID

    from dedupe.stages import OnProgress


def emit(text: str) -> None:
    """Write data to stdout.

    Raises:
        KeyboardInterrupt: Ctrl-C came before.
        OutputError: it cannot be written, as on a full disk.
    """
    with _stdout_fit():
        sys.stdout.write(text)
        sys.stdout.flush()


def emit_bytes(lines: Iterable[bytes]) -> None:
    """Write lines of UTF-8 to stdout, whatever the terminal's encoding.

    Raises:
        KeyboardInterrupt: Ctrl-C came before one of them.
        OutputError: it cannot be written, as on a full disk.
    """
    for line in lines:
        with _stdout_fit():
            sys.stdout.buffer.write(line)
    with _stdout_fit():
        sys.stdout.buffer.flush()


@contextlib.contextmanager
def _stdout_fit() -> Iterator[None]:
    interrupts.check()
    try:
        yield
    except OSError as error:
        raise stdout_unfit(error) from error


def stdout_unfit(error: OSError) -> OutputError:
    """Return the error that tells of one in writing to standard output."""
    return OutputError(
        f"standard output: cannot be written ({error.strerror or error}); "
        "free its disk, or send it elsewhere"
    )


def emit_json(value: Any) -> None:
    """Write a value as indented JSON; escaped where stdout cannot hold Unicode."""
    escape = (sys.stdout.encoding or "ascii").lower().replace("-", "") != "utf8"
    emit(json.dumps(value, ensure_ascii=escape, indent=2, default=str) + "\n")


def emit_rich(renderables: Iterable["RenderableType"]) -> None:
    """Write rich renderables to stdout: styled on a terminal, plain in a pipe.

    Raises:
        KeyboardInterrupt: Ctrl-C came before.
        OutputError: it cannot be written, as on a full disk.
    """
    from rich.console import Console

    console = Console(markup=False, highlight=False, emoji=False)
    # rich writes to the file even while it captures what is printed.
    with _stdout_fit(), console.capture() as capture:
        for renderable in renderables:
            console.print(renderable)
    emit("".join(f"{line.rstrip()}\n" for line in capture.get().splitlines()))


def say(message: str) -> None:
    """Write a line to stderr, without anything that steers the terminal."""
    sys.stderr.write(f"dedupe: {plain(message)}\n")
    sys.stderr.flush()


@contextlib.contextmanager
def session(*, quiet: bool = False, verbose: bool = False) -> Iterator["OnProgress"]:
    """Log to stderr and draw progress there while the block runs; end it by a Ctrl-C that came.

    Yields:
        What the library calls to report progress; nothing is drawn when quiet or in a pipe.

    Raises:
        KeyboardInterrupt: at a report of progress, or at the end of the block.
    """
    levels = {
        "dedupe": logging.ERROR if quiet else logging.INFO if verbose else logging.WARNING,
        # says that a first run compiles, which is worth a line in any run
        "dedupe.kernels": logging.ERROR if quiet else logging.INFO,
    }
    before = {name: logging.getLogger(name).level for name in levels}
    handler = _Stderr()
    logging.getLogger("dedupe").addHandler(handler)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    try:
        if quiet or not sys.stderr.isatty():
            yield _reporter(None)
        else:
            with _progress() as progress:
                yield _reporter(progress)
        interrupts.check()
    finally:
        logging.getLogger("dedupe").removeHandler(handler)
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)


class _Stderr(logging.Handler):
    """Looks stderr up for each record: the progress bar puts its own in place."""

    def emit(self, record: logging.LogRecord) -> None:
        say(record.getMessage())


def _progress() -> "Progress":
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
    from rich.progress import TimeRemainingColumn as Eta

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), Eta())
    return Progress(*columns, console=Console(stderr=True), transient=True)


def _reporter(progress: "Progress | None") -> "OnProgress":
    """Return a callback that minds Ctrl-C, and keeps one bar for each stage."""
    tasks: dict[str, TaskID] = {}

    def on_progress(stage: str, done: int, total: int) -> None:
        interrupts.check()
        if progress is None:
            return
        if stage not in tasks:
            tasks[stage] = progress.add_task(stage, total=None)
        progress.update(tasks[stage], completed=done, total=total or None)

    return on_progress
