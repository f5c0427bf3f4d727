"""A news document, and the Arrow table of documents that every stage shares.

    Document, dict or str, many  ->  documents_table()  ->  pyarrow Table (SCHEMA)

`published` and `fetched` are intervals, never points: a date without a clock
may be any moment of that day in any time zone. The pair of columns holds the
earliest and the latest moment the clock allows; both are null when unknown.
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pyarrow as pa

from dedupe.dates import EARLIEST_ZONE, LATEST_ZONE, parse_interval
from dedupe.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date, datetime

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
            day.month.year, seconds since 1970, or a date or datetime.
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
    published: str | float | date | datetime | None = None
    fetched: str | float | date | datetime | None = None
    language: str | None = None


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


def as_document(value: Document | Mapping[str, Any] | str) -> Document:
    """Accept the three forms a document may come in.

    Raises:
        InputError: a mapping without `text`, or a value of another type.
    """
    if isinstance(value, Document):
        return value
    if isinstance(value, str):
        return Document(text=value)
    try:
        known = {name: value[name] for name in value if name in _FIELDS}
    except TypeError:
        raise InputError(
            f"a document is a str, a dict or a Document, not {type(value).__name__}"
        ) from None
    if not isinstance(known.get("text"), str):
        raise InputError(f"a document has no text; its fields are {', '.join(map(str, value))}")
    return Document(**known)


def documents_table(documents: Iterable[Document | Mapping[str, Any] | str]) -> pa.Table:
    """Collect documents into one table of `SCHEMA`, in the order given.

    A missing id becomes the place in the order, from 1. Lone surrogates, which
    UTF-8 cannot hold, become U+FFFD.

    Raises:
        InputError: from `as_document` and `append_document`.
    """
    columns: dict[str, list[Any]] = {name: [] for name in SCHEMA.names}
    for place, value in enumerate(documents, start=1):
        append_document(columns, as_document(value), default_id=str(place))
    return pa.table(columns, schema=SCHEMA)


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


def append_document(columns: dict[str, list[Any]], document: Document, default_id: str) -> None:
    """Append one document to columns named as in `SCHEMA`.

    Raises:
        InputError: a field that should be a string is not.
    """
    row: dict[str, Any] = {name: _string(document, name) for name in _STRINGS}
    row["id"] = row["id"] or default_id
    row["source"] = row["source"] or host(row["url"])
    row["published"], row["published_until"] = parse_interval(document.published)
    row["fetched"], row["fetched_until"] = parse_interval(document.fetched)
    for name, value in row.items():
        columns[name].append(value)


def _string(document: Document, name: str) -> str | None:
    """Return a field as UTF-8 can hold it; numbers may be ids, and pandas says NaN for none."""
    value = getattr(document, name)
    if value is None or value != value:  # noqa: PLR0124 - NaN
        return None
    if name == "id" and isinstance(value, int):
        value = str(value)
    if not isinstance(value, str):
        raise InputError(f"the {name} of a document is a string, not {type(value).__name__}")
    return encodable(value)


def encodable(text: str | None) -> str | None:
    """Replace lone surrogates by U+FFFD, so that the text has a UTF-8 form."""
    if text is None or text.isascii():
        return text
    return _SURROGATES.sub("\ufffd", text)
