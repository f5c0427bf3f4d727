"""Where compiled kernels are kept on disk, and when what is kept there may be used.

    kernel  ->  KernelCache: a folder of the code's or our own, a stamp of all sources

The logger of this module says once, at INFO, that kernels are being compiled;
at WARNING, that they cannot be kept.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import logging
import os
import re
import stat
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numba
from numba.core.caching import CompileResultCacheImpl, FunctionCache, NullCache, _CacheLocator
from numba.core.runtime import nrt

from dedupe.kernels._loading import payload, rebuild, support_arrays

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

logger = logging.getLogger(__name__)

_PACKAGE = Path(__file__).resolve().parent.parent
_BESIDE = Path(__file__).resolve().parent / "__pycache__"

SEEN: dict[str, int] = {}
"""When each file that holds kernels had last changed as they were read from it."""
# Release whose cached files were looked into; others are loaded as Numba does it.
_SEEN_NUMBA = (0, 68)
_COMMENT = re.compile("#[^\n]*")
_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+)?import[ \t]*(?:\(([^)]*)\)|([^\n]*))", re.MULTILINE
)
_NAME = re.compile(r"[\w.]+")


class KernelCache(NullCache):
    """Compiled code on disk; a cache that fails costs time, never the run."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._disk: Any = None
        if cache_folder() is not None:
            self._disk = cast("Any", _DiskCache)(function)

    @property
    def cache_path(self) -> str | None:
        return None if self._disk is None else str(self._disk.cache_path)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        found = None
        if self._disk is not None:
            try:
                found = self._disk.load_overload(sig, target_context)
            except Exception as error:  # noqa: BLE001 - unpickling raises anything
                _warn_once(f"a cached kernel in {self.cache_path} cannot be read ({error!r})")
                self._forget()
        if found is None:
            _announce_once()
            support_arrays()
        return found

    def save_overload(self, sig: Any, data: Any) -> None:
        if self._disk is None:
            return
        try:
            self._disk.save_overload(sig, data)
        except Exception as error:  # noqa: BLE001 - the index is unpickled here too
            _warn_once(f"kernels cannot be cached in {self.cache_path} ({error})")

    def _forget(self) -> None:
        with contextlib.suppress(OSError):
            self._disk.flush()

    def flush(self) -> None:
        if self._disk is not None:
            self._disk.flush()


class _Locator(_CacheLocator):
    """Where a kernel is cached, and under which name."""

    def __init__(self, function: Callable[..., Any], file: str) -> None:
        self._line = function.__code__.co_firstlineno
        self._file = file
        self._py_file = file

    @classmethod
    def from_function(cls, py_func: Callable[..., Any], py_file: str) -> _Locator:
        return cls(py_func, py_file)

    def get_cache_path(self) -> str:
        return str(cache_folder())

    def get_source_stamp(self) -> str:
        return _source_stamp(Path(self._file))

    def get_disambiguator(self) -> str:
        # The stamp is in the name too: of two processes started after an
        # upgrade, one could otherwise read old code under the other's new index.
        return f"{self._line}-{self.get_source_stamp()[:12]}"


class _DiskCacheFiles(CompileResultCacheImpl):
    _locator_classes: list[type[object]] = [_Locator]  # noqa: RUF012 - as in the base class


class _DiskCache(FunctionCache):
    _impl_class = _DiskCacheFiles

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Load compiled code, and only that; releases of Numba not seen are left to their way."""
        numbas: Any = super()
        if numba.version_info[:2] != _SEEN_NUMBA:
            support_arrays()
            return numbas.load_overload(sig, target_context)
        nrt.rtsys.initialize(target_context)
        files: Any = self._cache_file
        codegen = target_context.codegen()
        name = files._load_index().get(numbas._index_key(sig, codegen))  # noqa: SLF001
        path = Path(files._data_path(name)) if name else None  # noqa: SLF001
        # It could have been removed while the index still names it.
        if path is None or not path.is_file():
            return None
        return rebuild(target_context, payload(path.read_bytes()))


@functools.cache
def _source_stamp(file: Path) -> str:
    """Hash a module, every module of the package it imports, and Numba's version.

    Numba's own stamp covers the one file, so a kernel that calls a changed
    kernel of another file would keep the old machine code. A file that has changed since
    its kernels were read is not what runs here: its stamp is for this process alone.
    """
    digest = hashlib.sha256(numba.__version__.encode())
    for source in sorted(_sources(file)):
        digest.update(source.read_bytes())
        changed = source.stat().st_ctime_ns
        if SEEN.get(str(source), changed) != changed:
            digest.update(os.urandom(16))
    return digest.hexdigest()


def _sources(file: Path) -> set[Path]:
    found: set[Path] = set()
    waiting = [file.resolve()]
    while waiting:
        source = waiting.pop()
        if source not in found:
            found.add(source)
            waiting.extend(_imported(source))
    return found


@functools.cache
def _imported(source: Path) -> frozenset[Path]:
    """Return the files of this package that a module names in its imports.

    Read by pattern: to parse every module would take a tenth of a short run. A
    line of prose that looks like an import costs a needless file, never a stale kernel.
    """
    found = set()
    text = _COMMENT.sub("", source.read_text(encoding="utf-8")).replace("\\\n", " ")
    for module, brackets, line in _IMPORT.findall(text):
        given = _NAME.findall(brackets or line)
        for name in [module, *(f"{module}.{name}" for name in given)] if module else given:
            package, *parts = name.split(".")
            path = _PACKAGE.joinpath(*parts).with_suffix(".py")
            if package == _PACKAGE.name and parts and path.is_file():
                found.add(path)
    return frozenset(found)


@functools.cache
def cache_folder() -> Path | None:
    """Choose the first folder that can be written; None when there is none."""
    asked = _asked_folder()
    for folder in _folders():
        if _can_write(folder):
            if asked and Path(asked) not in folder.parents:
                logger.warning(
                    "NUMBA_CACHE_DIR=%s cannot be written, or may hold what others wrote; kernels "
                    "go elsewhere", asked,
                )  # fmt: skip
            return folder
    logger.warning(
        "no folder can be written, so kernels are compiled anew in every process; "
        "set NUMBA_CACHE_DIR to a folder that can"
    )
    return None


def _asked_folder() -> str:
    return str(getattr(numba.config, "CACHE_DIR", ""))


def _folders() -> Iterator[Path]:
    """Yield the folders to try: asked for, beside the code, the user's, temporary."""
    asked = _asked_folder()
    if asked:
        yield Path(asked) / "dedupe-news"
    yield _BESIDE
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 - Path.home() raises without a home
    if home.is_absolute():
        caches = home / ("Library/Caches" if sys.platform == "darwin" else ".cache")
        yield Path(os.environ.get("XDG_CACHE_HOME") or caches) / "dedupe-news"
    yield Path(tempfile.gettempdir()) / f"dedupe-news-{os.getuid()}"


def _can_write(folder: Path) -> bool:
    """Say whether kernels may be kept here: writable, and ours, or beside the code.

    Cached code is unpickled, so a folder that another account owns, or that its mode lets
    others write, is never read. Of the one beside the code this is not asked, for who writes
    there can write the code too.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        about = folder.lstat()
        if not stat.S_ISDIR(about.st_mode):
            return False
        is_ours = about.st_uid == os.getuid() and not about.st_mode & 0o022
        if folder != _BESIDE and not is_ours:
            return False
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return False
    return True


@functools.cache
def _announce_once() -> None:
    logger.info(
        "compiling the kernels this command needs and no earlier one did, each once; a first run "
        "takes a minute or two"
    )


@functools.cache
def _warn_once(message: str) -> None:
    logger.warning("%s; the run goes on without", message)
