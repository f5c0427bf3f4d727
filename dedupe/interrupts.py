"""Ctrl-C at the command line: remembered, since Python drops some that it raises.

    listen()   take over from Python's own handler
    check()    raise the one that came

Python prints and drops a KeyboardInterrupt raised in its own callbacks (weak
references, the compiler). One raised during an import may leave its lock held.
A command checks before it commits, puts a file in its place, or writes to stdout.
The library never listens: signals belong to the program that calls it. It stands outside
`cli/`, whose import loads typer: Ctrl-C is to be listened for before that.
"""

import signal
from types import FrameType

_came: list[int] = []


def listen() -> None:
    """Remember Ctrl-C from now on, unless the process was told to ignore it."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _remember)


def came() -> bool:
    """Tell whether Ctrl-C came since `listen`."""
    return bool(_came)


def check() -> None:
    """Raise a Ctrl-C that came and may have been dropped.

    Raises:
        KeyboardInterrupt: it came.
    """
    if _came:
        raise KeyboardInterrupt


def _remember(number: int, frame: FrameType | None) -> None:
    """Raise at once, but within the import of a module only when it comes again."""
    _came.append(number)
    if len(_came) > 1 or not _is_of_an_import(frame):
        raise KeyboardInterrupt


def _is_of_an_import(frame: FrameType | None) -> bool:
    return frame is not None and frame.f_code.co_filename.startswith("<frozen importlib")
