"""What comes next, made ready by a thread while others work on what has come.

    pipe   ->  ReadAhead.read()  ->  bytes, or None: nothing more has come yet
    items  ->  one_ahead()       ->  the same items

A pipe holds 64 KiB. Who works on what it gives and reads nothing meanwhile
finds little more at the next look, however fast the other side writes.
"""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

# What a pipe holds on Linux, so that one read empties it.
_PIECE = 1 << 16

Item = TypeVar("Item")


def one_ahead(items: Iterator[Item]) -> Generator[Item, None, None]:
    """Yield items, each made by a thread while who asked for the one before works on it.

    Args:
        items: none of them None; whoever makes one must not wait for long, for an
            interrupt waits as long.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="dedupe") as thread:
        coming = thread.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = thread.submit(next, items, None)
            yield item


class ReadAhead:
    """The bytes of an open file, at most so many ahead of who asks for them.

    Args:
        descriptor: of the file, which nothing else reads. `os.read` holds no lock: one
            of Python's own, held by a thread that waits, would abort the process at its end.
        n_bytes: most to hold.
    """

    def __init__(self, descriptor: int, n_bytes: int) -> None:
        self._descriptor = descriptor
        self._most = n_bytes
        self._held = bytearray()
        self._is_over = self._was_told = False
        self._error: BaseException | None = None
        self._changed = threading.Condition()
        threading.Thread(target=self._fill, daemon=True).start()

    def read(self, size: int) -> bytes | None:
        """Return what has come, at most `size` bytes; b"" at the end.

        Returns None once when nothing new has arrived; the next call blocks.

        Raises:
            OSError: the file cannot be read on; or whatever else hindered the thread that reads.
        """
        with self._changed:
            if not (self._held or self._is_over or self._was_told):
                self._was_told = True
                return None
            self._changed.wait_for(lambda: self._held or self._is_over)
            self._was_told = False
            if self._error and not self._held:
                raise self._error
            data = bytes(self._held[:size])
            del self._held[:size]
            self._changed.notify()
            return data

    def _fill(self) -> None:
        try:
            while data := os.read(self._descriptor, _PIECE):
                with self._changed:
                    self._held += data
                    self._changed.notify()
                    self._changed.wait_for(lambda: len(self._held) < self._most)
        except BaseException as error:  # noqa: BLE001 - raised where the bytes are asked for
            self._error = error
        finally:
            with self._changed:
                self._is_over = True
                self._changed.notify()
