"""An index as a thing that is open: its files, its locks, its threads, and forks."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import secrets
import threading
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Self

import orjson

from dedupe.errors import SettingsError, StoreError
from dedupe.index.asked import as_folder, as_settings, parse_window
from dedupe.index.held import Held
from dedupe.settings import Settings
from dedupe.storage.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

_OPENED: weakref.WeakSet[OpenIndex] = weakref.WeakSet()
_LEFT_BEHIND: list[Store] = []
"""Stores of a parent process: kept, so that nothing closes them here."""


class OpenIndex:
    """An index that is open; see `Index`, which says what can be done with it.

    Attributes:
        path: its folder.
        settings: it works with these.
        window_minutes: compare only what appeared within so much time; 0 for no limit.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        settings: Settings | None = None,
        *,
        window: str | None = None,
        read_only: bool = False,
    ) -> None:
        # While the index is open the process may change its directory, and a symbolic link
        # may be made to lead elsewhere.
        self.path = Path(os.path.realpath(as_folder(path)))
        self._asked = as_settings(settings)
        self._window = None if window is None else parse_window(window)
        self._lock = threading.RLock()
        self._pid = self._made_in = os.getpid()
        self._store: Store | None = None
        self._open(read_only=read_only)
        _OPENED.add(self)

    def _open(self, *, read_only: bool) -> Store:
        made = dataclasses.replace(self._asked or Settings(), seed=secrets.randbits(63))
        meta = {
            "settings": orjson.dumps(made.to_dict()),
            "window": orjson.dumps(self._window or 0),
        }
        store = Store(self.path, read_only=read_only, meta=meta)
        try:
            kept = Settings.from_dict(orjson.loads(store.catalog.need("meta", "settings")[0]))
            self.settings = self._agreed(kept)
            window = orjson.loads(store.catalog.need("meta", "window")[0])
        except BaseException:
            # Whoever keeps the error would keep the index locked.
            store.close()
            raise
        self.window_minutes: int = window if self._window is None else self._window
        self._store = store
        return store

    def _agreed(self, kept: Settings) -> Settings:
        """Return the settings asked for, with the seed of those it was made with; or these."""
        if self._asked is None:
            return kept
        asked = dataclasses.replace(self._asked, seed=kept.seed)
        for name in asked.differing(kept):
            raise SettingsError(
                f"{self.path}: was made with {name} {getattr(kept, name)}, "
                f"not {getattr(asked, name)}; open it without settings, or make a new index"
            )
        return asked

    def close(self) -> None:
        """Close the files; another process may write then."""
        with self._lock:
            if self._store is not None and self._pid == os.getpid():
                self._store.close()
            elif self._store is not None:
                _LEFT_BEHIND.append(self._store)
            self._store = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Held]:
        """Give what the index holds, at one state of the catalogue, to one thread at a time."""
        with self._lock:
            store = self._opened()
            with store.snapshot():
                yield Held(store)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[Store]:
        """Give the store, inside a transaction, to one thread at a time."""
        with self._lock:
            store = self._writable()
            with store.transaction():
                yield store

    def _opened(self) -> Store:
        if self._store is None:
            raise StoreError(f"{self.path}: this index is closed; open it anew")
        if self._pid != os.getpid():
            # SQLite's connection must not cross a fork, not even to be closed.
            left, self._store = self._store, None
            _LEFT_BEHIND.append(left)
            self._pid = os.getpid()
            store = self._open(read_only=True)
            if not store.folder.is_same(left.folder):
                self.close()
                raise StoreError(
                    f"{self.path}: the index was moved or deleted while it was open, and another "
                    "stands there; close it, and open it where it is now"
                )
            return store
        return self._store

    def _writable(self) -> Store:
        if self._store is not None and self._made_in != os.getpid():
            raise StoreError(
                f"{self.path}: was opened before this process was forked; here it can only be "
                "read. Open it in the process that writes"
            )
        return self._opened()

    def _after_fork(self) -> None:
        self._lock = threading.RLock()
        if self._store is not None:
            # Lets go of the parent's lock without ending it.
            self._store.folder.close()


def _forked() -> None:
    for index in list(_OPENED):
        index._after_fork()  # noqa: SLF001 - of this module


os.register_at_fork(after_in_child=_forked)
