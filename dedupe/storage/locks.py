"""SQLite's locks on a catalogue, kept while its bytes are read past SQLite.

They are POSIX locks: a process loses all of them when it closes any descriptor of the
file, SQLite's own or another. A reader without its lock would not be seen by a writer
that closes, which then takes the log away; the reader would answer from what was, for
good. So a descriptor opened here is closed after this process's last connection.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dedupe.storage.folder import Folder

_mutex = threading.Lock()
# A child that is forked while another thread holds it would wait for ever.
os.register_at_fork(
    before=_mutex.acquire, after_in_parent=_mutex.release, after_in_child=_mutex.release
)
_n_users: Counter[tuple[int, int]] = Counter()
_descriptors: dict[tuple[int, int], int] = {}
"""By device and inode of a file, as POSIX locks are."""


def take_up(folder: Folder, name: str) -> tuple[int, int]:
    """Count a connection to a file; returns what `let_go` takes."""
    found = folder.stat(name)
    file = (found.st_dev, found.st_ino) if found else (0, 0)
    with _mutex:
        _n_users[file] += 1
    return file


def let_go(file: tuple[int, int]) -> None:
    """Count a connection less, after it was closed."""
    with _mutex:
        _n_users[file] -= 1
        if not _n_users[file]:
            del _n_users[file]
            if file in _descriptors:
                os.close(_descriptors.pop(file))


@contextlib.contextmanager
def reading(folder: Folder, name: str) -> Iterator[int]:
    """Give a descriptor of a file, to be read at places: others may read it too."""
    file = take_up(folder, name)
    try:
        with _mutex:
            if file not in _descriptors:
                _descriptors[file] = folder.open(name)
        yield _descriptors[file]
    finally:
        let_go(file)
