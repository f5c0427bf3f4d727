"""What the catalogue keeps of a document, and back: a row of the documents table.

table row  ->  pack_about(), compress()  ->  about (figures, then JSON), text (zstd)
rows       ->  as_table()                ->  documents table
"""

from __future__ import annotations

import functools
import re
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pyarrow as pa

from dedupe.documents import SCHEMA, stated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

EDGE = np.dtype(
    [
        ("other", "<u4"), ("relation", "u1"), ("odds", "<f4"), ("probability", "<f4"),
        ("resemblance", "<f4"), ("aligned", "<f4", 2), ("lead", "<f2", 2), ("span", "<u4", 4),
    ]
)  # fmt: skip
"""A measured pair of a document with an earlier one: [0] is its own side, [1] the other's.

`span` is where the longest passage lies, in code points: start, end in its own
text, start, end in the other's.
"""

FIELDS = [name for name in SCHEMA.names if name != "text"]
"""Columns that are kept beside the text, in order; the id is the first."""

PUBLISHED = pa.schema([SCHEMA.field(name) for name in ("source", "published", "published_until")])
"""Columns that tell by whom and when a document was published."""

MEASURED = PUBLISHED.append(SCHEMA.field("text"))
"""Columns that cleaning and judging look at."""

# No text is longer: what a damaged record claims beyond is not made room for.
_TEXT_LIMIT = 1 << 30
_FIGURES = struct.Struct("<IQ")
_LIKE_A_VERSION = re.compile(r"#[0-9]+\Z")


class Stored:
    """A document as the catalogue holds it.

    Attributes:
        number: its place in the index, from 1.
        version: 1, or more when its id was given before.
        text_hash: of its folded words.
        edges: EDGE (n,).
        packed: its text, compressed.
    """

    def __init__(self, number: int, row: tuple[bytes, bytes, bytes]) -> None:
        self._about, edges, self.packed = row
        self.number = number
        self.version, self.text_hash = _FIGURES.unpack_from(self._about)
        self.edges: NDArray[np.void] = np.frombuffer(edges, EDGE)

    @functools.cached_property
    def fields(self) -> list[Any]:
        """Columns of the documents table, but the text."""
        return list(orjson.loads(self._about[_FIGURES.size :]))

    @property
    def id(self) -> str:
        """The id it was given."""
        return str(self.fields[0])

    @property
    def story_name(self) -> str:
        """The name of a story whose first document this is."""
        return name_of_story(self.id, self.version)

    def row_with(self, edges: NDArray[np.void]) -> tuple[int, bytes, bytes, bytes]:
        """Return its row of the catalogue with other edges."""
        return self.number, self._about, edges.tobytes(), self.packed


def name_of_story(document: str, version: int) -> str:
    """Return what a story is called whose first document is this version of an id.

    That is the id of a first version, unless it reads like the name of a later one.
    """
    plain = version == 1 and not _LIKE_A_VERSION.search(document)
    return document if plain else f"{document}#{version}"


def pack_fields(columns: dict[str, list[Any]]) -> list[list[Any]]:
    """Return the fields of each row of a table given as columns of plain values."""
    return list(map(list, zip(*(columns[name] for name in FIELDS), strict=True)))


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
    """Write all but the text."""
    return _FIGURES.pack(version, text_hash) + orjson.dumps(fields)


def compress(texts: Sequence[str]) -> list[bytes]:
    """Compress texts, each by itself."""
    import zstandard

    compressor = zstandard.ZstdCompressor(level=1, write_checksum=False)
    return [compressor.compress(text.encode()) for text in texts]


def as_table(stored: Sequence[Stored], schema: pa.Schema = SCHEMA) -> pa.Table:
    """Return documents as a table of `documents.SCHEMA`, or of some of its columns."""
    columns = list(zip(*(one.fields for one in stored), strict=True)) or [()] * len(FIELDS)
    of: dict[str, Sequence[Any]] = dict(zip(FIELDS, columns, strict=True))
    if "text" in schema.names:
        of["text"] = _texts(stored)
    return pa.table([pa.array(of[field.name], field.type) for field in schema], schema=schema)


def _texts(stored: Sequence[Stored]) -> list[str]:
    import zstandard

    decompressor = zstandard.ZstdDecompressor()
    return [decompressor.decompress(one.packed, _TEXT_LIMIT).decode() for one in stored]


def as_rows(stored: Sequence[Stored]) -> list[dict[str, Any]]:
    """Return documents as plain values, their clocks as the pages state them."""
    table = as_table(stored)
    for name in ("published", "fetched"):
        place = table.schema.get_field_index(name)
        table = table.set_column(place, table.schema.field(place), stated(table, name))
    return list(table.to_pylist())
