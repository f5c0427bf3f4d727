"""Plain Python loops in, compiled kernels out: the one door to the compiler.

    @kernel  compiled on first use, cached on disk, GIL released

What a kernel must keep to, so that it means the same compiled and, under
NUMBA_DISABLE_JIT=1, interpreted:

- uint64 meets only uint64 (`np.uint64(32)`): with a signed integer it becomes
  float64 and loses its low bits.
- A small integer read from an array is widened before arithmetic
  (`np.int64(data[i])`): compiled code widens by itself, NumPy scalars wrap.
- Tables and large arrays enter as arguments; as globals they stop the caching.
- Arrays are copied number by number: with `a[:n] = b[:n]` Numba compiles the words
  of the error that unlike shapes would raise, which takes a second or more.
"""

from __future__ import annotations

import functools
import os
import threading
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numba
import numpy as np
from numba.core import types

from dedupe.kernels._cache import SEEN, KernelCache

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_MAKING = threading.RLock()
"""Held while a kernel is made Numba's, so that two threads do not both compile it."""

Function = TypeVar("Function", bound="Callable[..., Any]")


def kernel(function: Function) -> Function:
    """Compile a loop over arrays: cached, GIL released, no fastmath, no threads.

    Args:
        function: module-level function of arrays and scalars. It is compiled
            for each set of argument types on first call, or read from the
            cache. Under NUMBA_DISABLE_JIT=1 it runs as it is, with the
            compiled code's silent wrap-around. One whose name begins with an
            underscore is for other kernels only: it gets no way in from Python,
            which takes long to compile.

    Returns:
        The kernel, called like the function.
    """
    if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
        return _without_warnings(function)
    return cast("Function", _Kernel(function))


class _Kernel:
    """A kernel, made Numba's when it is first called, or by another kernel.

    Of some two hundred that a run imports it calls forty: the others are in their code.

    Args:
        function: as in `kernel`.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        functools.update_wrapper(self, function)
        self._function = function
        file = function.__code__.co_filename
        if file not in SEEN and os.path.exists(file):  # noqa: PTH110 - for every kernel
            SEEN[file] = os.stat(file).st_ctime_ns  # noqa: PTH116
        self._made: Any = None

    def __call__(self, *args: Any) -> Any:
        return (self._made or self._dispatcher())(*args)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._dispatcher(), name)

    @property
    def _numba_type_(self) -> Any:
        """What kernels that call this one are compiled with: Numba asks any global for it."""
        return types.Dispatcher(self._dispatcher())

    def _dispatcher(self) -> Any:
        with _MAKING:
            self._made = self._made or _dispatcher(self._function)
        return self._made


def _dispatcher(function: Callable[..., Any]) -> Any:
    # Two of the options are none that Numba's type hints know.
    options: dict[str, Any] = {
        "nogil": True,
        "fastmath": False,
        "boundscheck": False,
        "error_model": "numpy",
        "cache": False,
        "no_cfunc_wrapper": True,
        "no_cpython_wrapper": function.__name__.startswith("_"),
    }
    dispatcher: Any = numba.njit(**options)(function)
    dispatcher._cache = KernelCache(function)  # noqa: SLF001 - Numba has no public way
    dispatcher.get_call_template = _without_constants(dispatcher.get_call_template)
    return dispatcher


def _without_constants(typed: Callable[..., Any]) -> Callable[..., Any]:
    """Type a call in a kernel by the kinds of its arguments, whatever their values.

    Numba compiles a kernel that is called with a written-out 0 anew for that 0, and
    with it all that it calls: a sixth of all code, which does nothing faster.
    """
    wide: Any = types.unliteral

    def widened(args: Any, kws: Mapping[str, Any]) -> Any:
        return typed(tuple(map(wide, args)), {name: wide(kind) for name, kind in kws.items()})

    return widened


def _without_warnings(function: Function) -> Function:
    @functools.wraps(function)
    def interpreted(*args: Any) -> Any:
        with np.errstate(all="ignore"):
            return function(*args)

    return cast("Function", interpreted)
