"""What the catalogue keeps of a document, and back: a row of the documents table.

table row  ->  pack()     ->  about (JSON), text (zstd)
rows       ->  as_table() ->  documents table
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import orjson
import pyarrow as pa

from dedupe.documents import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

EDGE = np.dtype(
    [
        ("other", "<i8"), ("relation", "u1"), ("odds", "<f4"), ("probability", "<f4"),
        ("resemblance", "<f4"), ("aligned", "<f4", 2), ("lead", "<f4", 2), ("span", "<u4", 4),
    ]
)  # fmt: skip
"""A measured pair of a document with an earlier one: [0] is its own side, [1] the other's.

`span` is where the longest passage lies, in code points: start, end in its own
text, start, end in the other's.
"""

FIELDS = [name for name in SCHEMA.names if name != "text"]
"""Columns that are kept beside the text, in order; the id is the first."""

_TEXT_LIMIT = 1 << 30


class Stored(NamedTuple):
    """A document as the catalogue holds it.

    Attributes:
        number: its place in the index, from 1.
        fields: columns of the documents table, but the text.
        version: 1, or more when its id was given before.
        text_hash: of its folded words.
        edges: EDGE (n,).
        packed: its text, compressed.
    """

    number: int
    fields: list[Any]
    version: int
    text_hash: int
    edges: NDArray[np.void]
    packed: bytes

    @property
    def id(self) -> str:
        """The id it was given."""
        return str(self.fields[0])

    @property
    def story_name(self) -> str:
        """The name of a story whose first document this is."""
        return self.id if self.version == 1 else f"{self.id}#{self.version}"


def pack_fields(columns: dict[str, list[Any]], row: int) -> list[Any]:
    """Return the fields of one row of a table given as columns of plain values."""
    return [columns[name][row] for name in FIELDS]


def plain_columns(table: pa.Table) -> dict[str, list[Any]]:
    """Return the columns of a documents table, times as microseconds since 1970."""
    return {
        name: (
            table.column(name).cast("int64") if pa.types.is_timestamp(field.type)
            else table.column(name)
        ).to_pylist()
        for name, field in zip(SCHEMA.names, SCHEMA, strict=True)
    }  # fmt: skip


def pack_about(fields: list[Any], version: int, text_hash: int) -> bytes:
    """Write all but the text as JSON."""
    return orjson.dumps([fields, version, str(text_hash)])


def unpack(number: int, row: tuple[bytes, bytes, bytes]) -> Stored:
    """Read a row of the catalogue's documents."""
    about, edges, text = row
    fields, version, text_hash = orjson.loads(about)
    return Stored(number, fields, version, int(text_hash), np.frombuffer(edges, EDGE), text)


def compress(texts: Sequence[str]) -> list[bytes]:
    """Compress texts, each by itself."""
    import zstandard

    compressor = zstandard.ZstdCompressor(level=1, write_checksum=False)
    return [compressor.compress(text.encode()) for text in texts]


def as_table(stored: Sequence[Stored]) -> pa.Table:
    """Return documents as a table of `documents.SCHEMA`."""
    import zstandard

    decompressor = zstandard.ZstdDecompressor()
    texts = [decompressor.decompress(one.packed, _TEXT_LIMIT) for one in stored]
    columns = {name: [one.fields[i] for one in stored] for i, name in enumerate(FIELDS)}
    arrays = [
        pa.array(texts, pa.large_binary()).cast(pa.large_string()) if name == "text"
        else pa.array(columns[name], field.type)
        for name, field in zip(SCHEMA.names, SCHEMA, strict=True)
    ]  # fmt: skip
    return pa.table(arrays, schema=SCHEMA)
