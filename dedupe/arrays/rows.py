"""Named tuples of arrays that are as long as each other: rows of them taken, and joined."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Columns = TypeVar("Columns", bound=tuple[Any, ...])


def take_rows(columns: Columns, rows: NDArray[np.integer] | slice) -> Columns:
    """Return some rows of each column."""
    return _like(columns, [column[rows] for column in columns])


def join_rows(parts: Sequence[Columns]) -> Columns:
    """Put the rows of several tuples of one kind behind each other; there is at least one."""
    return _like(parts[0], [np.concatenate(column) for column in zip(*parts, strict=True)])


def _like(columns: Columns, made: list[NDArray[Any]]) -> Columns:
    make = getattr(columns, "_make", type(columns))
    like: Columns = make(made)
    return like
