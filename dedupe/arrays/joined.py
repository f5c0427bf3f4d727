"""Tables of one schema in, one after another; one table, which may leave memory, out.

Joined  --add, add, ...-->  whole()
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa

    from dedupe.arrays.growth import Growing
    from dedupe.arrays.spill import Spill


class Joined:
    """Tables of one schema, one after another, as one that may leave memory.

    Args:
        spill: where it goes.
    """

    def __init__(self, spill: Spill) -> None:
        self._bytes = spill.grow(np.uint8, read_only=True)
        self._writer: Any = None

    def add(self, table: pa.Table) -> None:
        """Append a table.

        Raises:
            OutputError: the folder is full, or cannot be written.
        """
        import pyarrow as pa

        if self._writer is None:
            sink = pa.PythonFile(_Into(self._bytes), "w")
            self._writer = pa.ipc.new_stream(sink, table.schema)
        self._writer.write_table(table.combine_chunks())

    def whole(self) -> pa.Table:
        """Return the table; nothing can be added afterwards."""
        import pyarrow as pa

        if self._writer is None:
            raise ValueError("no table says what the columns are")
        self._writer.close()
        return pa.ipc.open_stream(pa.py_buffer(self._bytes.whole())).read_all()


class InMemory(Joined):
    """Tables of one schema, one after another, in memory: nothing is written to be read back."""

    def __init__(self) -> None:
        self._tables: list[pa.Table] = []

    def add(self, table: pa.Table) -> None:
        """Append a table."""
        self._tables.append(table)

    def whole(self) -> pa.Table:
        """Return the table."""
        import pyarrow as pa

        return pa.concat_tables(self._tables).combine_chunks()


class _Into:
    """A file for Arrow to write: into an array that grows."""

    closed = False

    def __init__(self, growing: Growing) -> None:
        self._growing = growing

    def write(self, data: Any) -> int:
        """Take bytes, which may change afterwards."""
        self._growing.add(np.frombuffer(bytes(data), np.uint8))
        return len(data)

    def flush(self) -> None:
        """Nothing waits here."""

    def close(self) -> None:
        """Leave the array to who made it."""
