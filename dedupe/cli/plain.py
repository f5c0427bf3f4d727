"""Words of the command line in, plain values out, without pydantic where no rule needs it.

typer asks pydantic what each option's words mean, and importing that takes a tenth of a
short run. What is plainly a string, a number within its bounds, a new path or one of a
few words is understood here; all else, every error among it, is left to typer.
"""

import enum
import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer.core

_MOST_DIGITS = 9


def spare_pydantic() -> None:
    """Let options understand plain words by themselves, in this process."""
    parameter: Any = getattr(typer.core, "_TyperParameter", None)
    asked = getattr(parameter, "get_runtime_param", None)
    # A release of typer that works otherwise keeps its way.
    if asked is not None:
        parameter.get_runtime_param = lambda param: _Plain(functools.partial(asked, param))


class _Plain:
    """What typer asks for the value of one option.

    Args:
        asked: returns what typer itself would ask.
    """

    def __init__(self, asked: Callable[[], Any]) -> None:
        self._asked = asked

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return the value that a word, or a default, stands for."""
        about = param.type_descriptor
        if value is None:
            return () if param.multiple or param.nargs == -1 else None
        is_plain, found = _understood(value, about.annotation, about.parameter_info)
        return found if is_plain else self._asked().coerce(value, param=param, ctx=ctx)


def _understood(value: Any, kind: Any, about: Any) -> tuple[bool, Any]:
    """Say whether a value is plain, and what it is then."""
    if kind == list[str] and isinstance(value, (list, tuple)):
        return all(type(one) is str for one in value), list(value)
    if kind is str:
        return type(value) is str, value
    if kind is int:
        return _number(value, about)
    if kind is Path and type(value) is str:
        # Only what does not exist needs no look at what it is.
        is_new = not (about.exists or about.resolve_path or os.path.lexists(value))
        return is_new, Path(value)
    if not isinstance(kind, enum.EnumMeta):
        return False, None
    words = {one.value: one for one in list[enum.Enum](kind)}
    word = value.value if isinstance(value, enum.Enum) else value
    return word in words, words.get(word)


def _number(value: Any, about: Any) -> tuple[bool, int]:
    if type(value) is str:
        is_digits = value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS
        value = int(value) if is_digits else None
    if type(value) is not int:
        return False, 0
    least, most = about.min, about.max
    return (least is None or value >= least) and (most is None or value <= most), value
