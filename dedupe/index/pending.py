"""Stories and components while a commit changes them: read many at once, written at once.

    numbers  ->  PendingRows.load()  ->  rows of the catalogue, as they stand
    changes  ->  PendingRows.write() ->  the same rows, in two statements each

A commit of a thousand documents changes some two hundred stories; one question
for each of their rows took as long as clustering them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dedupe.storage.catalog import Catalog

Table = Literal["stories", "components"]


class PendingRows:
    """Rows of `stories` and `components`, with changes that are not yet written.

    Args:
        catalog: of the index.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._rows: dict[Table, dict[int, tuple[Any, ...] | None]] = {
            "stories": {},
            "components": {},
        }
        self._changed: dict[Table, set[int]] = {"stories": set(), "components": set()}

    def load(self, table: Table, numbers: Iterable[int]) -> None:
        """Read rows in few questions."""
        rows = self._rows[table]
        wanted = set(numbers).difference(rows)
        found = self._catalog.get_many(table, wanted)
        rows.update({number: found.get(number) for number in wanted})

    def get(self, table: Table, number: int) -> tuple[Any, ...] | None:
        """Return the values of a row as it stands now, or None."""
        if number not in self._rows[table]:
            self.load(table, [number])
        return self._rows[table][number]

    def need(self, table: Table, number: int) -> tuple[Any, ...]:
        """Return the values of a row that must be there.

        Raises:
            CorruptIndexError: it is missing.
        """
        return self.get(table, number) or self._catalog.need(table, number)

    def numbers(self, table: Table, number: int) -> list[int]:
        """Return the documents of a row that must be there."""
        return list(np.frombuffer(self.need(table, number)[0], np.int64).tolist())

    def put(self, table: Table, number: int, *values: object) -> None:
        """Change a row, or make it."""
        self._rows[table][number] = values
        self._changed[table].add(number)

    def delete(self, table: Table, numbers: Iterable[int]) -> None:
        """Delete rows, if they are there."""
        for number in numbers:
            self._rows[table][number] = None
            self._changed[table].add(number)

    def write(self) -> None:
        """Write what has changed."""
        for table, changed in self._changed.items():
            rows = [(number, self._rows[table][number]) for number in sorted(changed)]
            self._catalog.delete(table, [number for number, row in rows if row is None])
            self._catalog.put(table, [(number, *row) for number, row in rows if row is not None])
            changed.clear()
