"""Ids of documents as they come, each with its place; two alike are an error.

An id names one document in every table of a result, so a clash cannot be
repaired by renaming one of the two in silence.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from dedupe.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

# Code points of an id in a message.
_LONGEST_SHOWN = 80


class Ids:
    """All ids so far and where they stand, about 100 bytes a document."""

    def __init__(self) -> None:
        self._rows: dict[str, int] = {}
        self._files: dict[str, int] = {}
        self._file_of = array("l")
        self._line_of = array("q")

    def add(self, ids: Sequence[str], files: Sequence[str], lines: Sequence[int]) -> None:
        """Take in the ids of a batch and the place of each.

        Raises:
            InputError: an id that came before, with both places.
        """
        for file in dict.fromkeys(files):
            self._files.setdefault(file, len(self._files))
        self._file_of.extend(map(self._files.__getitem__, files))
        self._line_of.extend(lines)
        first_row = len(self._rows)
        if not self._rows.keys().isdisjoint(ids) or len(set(ids)) < len(ids):
            self._complain(ids, first_row)
        self._rows.update(zip(ids, range(first_row, first_row + len(ids)), strict=True))

    def _complain(self, ids: Sequence[str], first_row: int) -> None:
        for row, name in enumerate(ids, start=first_row):
            before = self._rows.setdefault(name, row)
            if before != row:
                shown = name if len(name) <= _LONGEST_SHOWN else f"{name[:_LONGEST_SHOWN]}..."
                raise InputError(
                    f'two documents have the id "{shown}": {self._place(before)} and '
                    f"{self._place(row)}; give each its own, or take the id from another field "
                    "(--field id=NAME)"
                )

    def _place(self, row: int) -> str:
        file = list(self._files)[self._file_of[row]]
        return f"{file}:{self._line_of[row]}"
