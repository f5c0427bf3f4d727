"""Rows of stories.jsonl, as they are found, in; read again as they are asked for.

    rows by first document  --add-->  LineWriter  ->  Written  ->  Lines
    rows, or stories.jsonl  --of, read--------------------------->  Lines

A row as an object takes six times the memory of its line, and mostly it is only written to a file.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, overload

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from dedupe.arrays.spill import Spill

# What JSON takes for white space.
_BLANKS = np.frombuffer(b" \t\r\n", np.uint8)


class Lines(Sequence[dict[str, Any]]):
    """A list of JSON objects, each parsed anew when it is asked for.

    Args:
        data: uint8, lines with their ends, in any order.
        places: int64 (N, 2), where each begins and ends.
    """

    def __init__(self, data: NDArray[np.uint8], places: NDArray[np.int64]) -> None:
        self._data = data
        self._places = places

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, Any]]) -> Lines:
        """Return rows as lines."""
        return cls._split(b"".join(map(_line, rows)))

    @classmethod
    def read(cls, path: Path) -> Lines:
        """Return the lines of a file, without blank ones; a row that is no JSON fails when parsed.

        Raises:
            OSError: it cannot be read.
        """
        return cls._split(path.read_bytes())

    @classmethod
    def _split(cls, data: bytes) -> Lines:
        if data and not data.endswith(b"\n"):
            data += b"\n"
        values = np.frombuffer(data, np.uint8)
        bounds = np.append(0, np.flatnonzero(values == ord("\n")) + 1)
        places = np.stack([bounds[:-1], bounds[1:]], axis=1)
        is_blank = np.logical_and.reduceat(np.isin(values, _BLANKS), bounds[:-1])
        return cls(values, places[~is_blank])

    def __len__(self) -> int:
        """Count the rows."""
        return len(self._places)

    @overload
    def __getitem__(self, place: int) -> dict[str, Any]: ...

    @overload
    def __getitem__(self, place: slice) -> list[dict[str, Any]]: ...

    def __getitem__(self, place: int | slice) -> dict[str, Any] | list[dict[str, Any]]:
        """Return a row, or a list of some."""
        if isinstance(place, slice):
            return list(Lines(self._data, self._places[place]))
        return _parsed(self._data[slice(*self._places[place].tolist())])

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield all rows."""
        return map(_parsed, self.each())

    def __eq__(self, other: object) -> bool:
        """Say whether a list or other lines hold the same rows."""
        if not isinstance(other, (Lines, list)):
            return NotImplemented
        return len(self) == len(other) and all(map(operator.eq, self, other))

    def __hash__(self) -> int:
        """Raise TypeError, as a list does."""
        raise TypeError("rows are not hashable")

    def __repr__(self) -> str:
        """Tell how many there are."""
        return f"<{len(self)} rows>"

    def each(self) -> Iterator[NDArray[np.uint8]]:
        """Yield the bytes of each line."""
        return (self._data[start:end] for start, end in self._places.tolist())


class Written(NamedTuple):
    """Lines, in the order of their first documents.

    Shapes (N lines)
        data    uint8          each with its end, in any order
        places  int64 (N, 2)   where each begins and ends
    """

    data: NDArray[np.uint8]
    places: NDArray[np.int64]


class LineWriter:
    """Rows that leave memory as lines.

    Args:
        spill: where they go.
    """

    def __init__(self, spill: Spill) -> None:
        self._bytes = spill.grow(np.uint8, read_only=True)
        self._firsts: list[int] = []
        self._ends = [0]

    def add(self, rows: Mapping[int, Mapping[str, Any]]) -> None:
        """Append rows, by their first documents."""
        lines = [*map(_line, rows.values())]
        self._bytes.add(np.frombuffer(b"".join(lines), np.uint8))
        self._firsts += rows
        self._ends += (self._ends[-1] + np.cumsum([len(line) for line in lines])).tolist()

    def done(self) -> Written:
        """Return all lines; nothing can be added afterwards."""
        order = np.argsort(np.array(self._firsts, np.int64), kind="stable")
        ends = np.array(self._ends)
        return Written(self._bytes.whole(), np.stack([ends[:-1], ends[1:]], axis=1)[order])


def write_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows as lines of JSON; lines are written as they are."""
    with path.open("wb") as file:
        if isinstance(rows, Lines):
            file.writelines(line.data for line in rows.each())
        else:
            file.writelines(map(_line, rows))


def _line(row: Mapping[str, Any]) -> bytes:
    import orjson

    return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)


def _parsed(line: NDArray[np.uint8]) -> dict[str, Any]:
    import orjson

    row: dict[str, Any] = orjson.loads(line.data)
    return row
