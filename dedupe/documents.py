"""A news document, and the Arrow table of documents that every stage shares.

    Document, dict or str, many  ->  documents_table()  ->  pyarrow Table (SCHEMA)

`published` and `fetched` are intervals, never points: a date without a clock
may be any moment of that day in any time zone. The pair of columns holds the
earliest and the latest moment the clock allows; both are null when unknown.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
import re
from itertools import islice
from numbers import Number
from operator import attrgetter
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import UUID

import numpy as np
import pyarrow as pa

from dedupe.dates import EARLIEST_ZONE, LATEST_ZONE, Interval, parse_interval
from dedupe.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from dedupe.arrays.spill import Spill

_TIMESTAMP = pa.timestamp("us", tz="UTC")

SCHEMA = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("text", pa.large_string(), nullable=False),
        pa.field("title", pa.string()),
        pa.field("url", pa.string()),
        pa.field("canonical", pa.string()),
        pa.field("source", pa.string()),
        pa.field("byline", pa.string()),
        pa.field("published", _TIMESTAMP),
        pa.field("published_until", _TIMESTAMP),
        pa.field("fetched", _TIMESTAMP),
        pa.field("fetched_until", _TIMESTAMP),
        pa.field("language", pa.string()),
    ]
)
"""Columns of a documents table, in order.

Texts are as given; what UTF-8 or a terminal cannot hold (lone surrogates, and
control characters in what `read` reads) is replaced one for one, so that every
offset holds.
"""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One news document, as its reader found it.

    Attributes:
        text: the visible text; may be empty, and is never changed.
        id: unique in its collection; None gives it its place, `LINE`.
        title: the headline, when it stands apart from the text.
        url: where it was found.
        canonical: the address its page names as its original.
        source: the outlet; None takes the host of `url`.
        byline: who signed it.
        published: when the outlet says it appeared: ISO 8601, RFC 2822,
            day.month.year, seconds since 1970, a date or datetime, or the earliest and the
            latest moment that it may mean, as a tuple of datetimes with zones.
        fetched: when it was seen, in the same forms.
        language: ISO 639-1 code.
    """

    text: str
    id: str | None = None
    title: str | None = None
    url: str | None = None
    canonical: str | None = None
    source: str | None = None
    byline: str | None = None
    published: str | float | dt.date | dt.datetime | Interval | None = None
    fetched: str | float | dt.date | dt.datetime | Interval | None = None
    language: str | None = None


_NAMED_BY = ("name", "$oid", "@id", "title")
"""Keys under which an object that stands for a value keeps it, in schema.org and MongoDB."""
# Objects within objects that may stand for one value; deeper ones are none.
_DEEPEST = 4
# Documents that are objects and columns at the same time.
_AT_ONCE = 1000
_PLAIN = (str, bytes, Number, list, dict, dt.date, UUID)
_SURROGATES = re.compile("[\ud800-\udfff]")
_FIELDS = frozenset(field.name for field in dataclasses.fields(Document))
_STRINGS = [name for name in _FIELDS if name not in {"published", "fetched"}]


def host(url: str | None) -> str | None:
    """Return the host of `url` without "www.", or None where there is none."""
    if not url:
        return None
    try:
        name = urlsplit(url if "//" in url else f"//{url}").hostname
    except ValueError:
        return None
    return name.removeprefix("www.") if name else None


def as_text(value: Any, *, mend: bool = False) -> str | None:
    """Return a text given whole, in paragraphs, or as bytes; None for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return "\n".join(value)
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8", "replace" if mend else "strict")
        except UnicodeDecodeError:
            return None
    return None


def as_string(value: Any, depth: int = 0) -> str | None:
    """Return a field's value as a string, or None where it says nothing.

    Lists are joined by ", "; an object gives the name it carries.
    """
    if isinstance(value, str):
        return value or None
    is_infinite = isinstance(value, float) and math.isinf(value)
    is_nan = value != value  # noqa: PLR0124 - NaT, too
    if value is None or isinstance(value, bool) or is_nan or is_infinite:
        return None
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace") or None
    if isinstance(value, (list, dict)):
        if depth >= _DEEPEST:
            return None
        parts = (
            value if isinstance(value, list) else [value[k] for k in _NAMED_BY if k in value][:1]
        )
        return ", ".join(filter(None, (as_string(part, depth + 1) for part in parts))) or None
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def as_id(value: Any) -> str | None:
    """Return an id as a string, that of an object such as {"$oid": ...} too, or None."""
    return None if isinstance(value, list) else as_string(value)


def is_unsaid(value: Any) -> bool:
    """Tell whether a value is none: null, not a number, or empty."""
    if isinstance(value, (str, bytes, list, dict)):
        return not value
    return value is None or value != value  # noqa: PLR0124 - NaN, NaT


def as_document(value: Document | Mapping[str, Any] | str) -> Document:
    """Accept the three forms a document may come in.

    Its text may come in paragraphs, or as UTF-8.

    Raises:
        InputError: a document without `text`, or a value of another type.
    """
    if isinstance(value, str):
        return Document(text=value)
    given: object = value
    if isinstance(given, (bytes, bytearray, memoryview)):
        raise InputError("a document is a str, a dict or a Document, not bytes; decode it first")
    if isinstance(value, Document):
        known = {name: getattr(value, name) for name in _FIELDS}
    else:
        try:
            known = {name: value[name] for name in value if name in _FIELDS}
        except TypeError:
            raise InputError(
                f"a document is a str, a dict or a Document, not {type(value).__name__}"
            ) from None
    text = as_text(known.get("text"))
    if text is None:
        raise InputError(_no_text(known if isinstance(value, Document) else value, known))
    if isinstance(value, Document) and text is value.text:
        return value
    return Document(**known | {"text": text})


def _no_text(fields: Iterable[object], known: Mapping[str, Any]) -> str:
    """Say why a document of these fields, some of them known, has no text."""
    given = known.get("text")
    if isinstance(given, bytes):
        return "the text of a document is not UTF-8"
    if given is not None:
        kind = "a list of more than strings" if isinstance(given, list) else type(given).__name__
        return f"the text of a document is a string, not {kind}"
    if "text" in known:
        return "the text of a document is a string, not None"
    names = ", ".join(map(str, fields))
    if not names:
        return "a document has no text and no other field"
    return f"a document has no text; its fields are {names}"


def documents_table(documents: Iterable[Document | Mapping[str, Any] | str]) -> pa.Table:
    """Collect documents into one table of `SCHEMA`, in the order given.

    A missing id becomes the place in the order, from 1. Lone surrogates, which
    UTF-8 cannot hold, become U+FFFD; in an id, where two might become one, they
    are refused.

    Raises:
        InputError: from `as_document` and `named_columns`; an id that is the
            place of a document without one.
    """
    columns: dict[str, list[Any]] = {name: [] for name in SCHEMA.names}
    unnamed: set[str] = set()
    values = iter(documents)
    while some := [as_document(value) for value in islice(values, _AT_ONCE)]:
        first = len(columns["id"]) + 1
        places = range(first, first + len(some))
        for name, part in named_columns(some, [*map(str, places)].__getitem__).items():
            columns[name] += part
        both = zip(places, some, strict=True)
        unnamed.update(str(place) for place, one in both if as_id(one.id) is None)
    if unnamed:
        _check_places(columns["id"], unnamed)
    return pa.table(columns, schema=SCHEMA)


def _check_places(ids: Sequence[str], unnamed: set[str]) -> None:
    """Refuse an id that another document has got from its place."""
    for place, name in enumerate(ids, start=1):
        if name in unnamed and name != str(place):
            raise InputError(
                f'document {name} was given no id, and document {place} has its place, "{name}", '
                "for one; give an id to every document, or to none"
            )


def one_array(column: pa.ChunkedArray) -> pa.Array:
    """Return a column as one array: itself, if it is one; Arrow's own joining copies even that."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def spilled_table(tables: Iterable[pa.Table], spill: Spill) -> pa.Table:
    """Join tables of documents into one whose texts are one piece, and may leave memory."""
    texts = spill.grow(np.uint8, read_only=True)
    sizes = [np.zeros(1, np.int64)]
    others = spill.joined()
    others.add(SCHEMA.empty_table().drop_columns(["text"]))
    for table in tables:
        data, offsets = text_bytes(table)
        texts.add(data[offsets[0] : offsets[-1]])
        sizes.append(np.diff(offsets))
        others.add(table.drop_columns(["text"]))
    offsets = np.cumsum(np.concatenate(sizes))
    text = pa.LargeStringArray.from_buffers(
        len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(texts.whole())
    )
    rest = others.whole()
    columns = {name: spill.column(one_array(rest.column(name))) for name in rest.column_names}
    return pa.table(columns, rest.schema).add_column(
        SCHEMA.get_field_index("text"), SCHEMA.field("text"), text
    )


def text_bytes(documents: pa.Table) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the text column as (data, text_offsets), without copying a single chunk."""
    column = one_array(documents.column("text"))
    _, offsets_buffer, data_buffer = column.buffers()
    n_docs = len(column)
    if offsets_buffer is None or n_docs == 0:
        return np.zeros(0, np.uint8), np.zeros(n_docs + 1, np.int64)
    offsets = np.frombuffer(offsets_buffer, np.int64)[column.offset : column.offset + n_docs + 1]
    empty = data_buffer is None or data_buffer.size == 0
    data = np.zeros(0, np.uint8) if empty else np.frombuffer(data_buffer, np.uint8)
    return data, offsets


def stated(documents: pa.Table, name: str = "published") -> pa.Array:
    """Return a clock as its page states it, read as UTC; null where unknown.

    The interval of a clock without a zone begins fourteen hours before what it
    says (UTC+14 is the first zone to see a day), and spans a day or more.
    """
    import pyarrow.compute as pc

    start, end = documents.column(name), documents.column(f"{name}_until")
    unzoned = pc.greater_equal(
        pc.subtract(end, start), pa.scalar(EARLIEST_ZONE + LATEST_ZONE, pa.duration("us"))
    )
    moment = pc.if_else(unzoned, pc.add(start, pa.scalar(EARLIEST_ZONE, pa.duration("us"))), start)
    return moment.combine_chunks()


def named_columns(
    documents: Sequence[Document], name: Callable[[int], str]
) -> dict[str, list[Any]]:
    """Return documents as the columns of `SCHEMA`.

    Args:
        documents: many.
        name: gives the id of the document at a place, from 0, that has none.

    Raises:
        InputError: a field that is no plain value, or an id that UTF-8 cannot hold.
    """
    columns: dict[str, list[Any]] = {field: _strings(documents, field) for field in _STRINGS}
    columns["id"] = [one or name(place) for place, one in enumerate(columns["id"])]
    outlets = zip(columns["source"], columns["url"], strict=True)
    columns["source"] = [source or host(url) for source, url in outlets]
    for clock in ("published", "fetched"):
        intervals = [parse_interval(getattr(one, clock)) for one in documents]
        columns[clock] = [start for start, _ in intervals]
        columns[f"{clock}_until"] = [end for _, end in intervals]
    return columns


def _strings(documents: Sequence[Document], field: str) -> list[str | None]:
    """Return a field of each document as UTF-8 can hold it; of the text, as much as there is."""
    return [
        # Nearly all are as they should be already.
        value if value is None or (type(value) is str and value and value.isascii())
        else _string(value, field)
        for value in map(attrgetter(field), documents)
    ]  # fmt: skip


def _string(value: Any, field: str) -> str | None:
    if field == "text":
        return encodable(value)
    if value is not None and not isinstance(value, _PLAIN):
        raise InputError(f"the {field} of a document is a string, not {type(value).__name__}")
    return _checked_id(value) if field == "id" else encodable(as_string(value))


def _checked_id(value: Any) -> str | None:
    found = as_id(value)
    if found is None and not is_unsaid(value):
        raise InputError(f"the id of a document is a string or a number, not {value!r:.60}")
    if found and _SURROGATES.search(found):
        raise InputError(
            f"the id {found!a:.60} holds a lone surrogate, which UTF-8 cannot hold; give the "
            "document another"
        )
    return found


def encodable(text: str | None) -> str | None:
    """Replace lone surrogates by U+FFFD, so that the text has a UTF-8 form."""
    if text is None or text.isascii():
        return text
    return _SURROGATES.sub("\ufffd", text)
