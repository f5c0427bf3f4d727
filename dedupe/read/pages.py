"""Text files and web pages in, records out: one of each file.

    news/a.txt   ->  {"id": "news/a.txt", "text": its content}
    news/b.html  ->  {"id": "news/b.html", text, title, published, canonical, source, ...}

What a page says is extracted by trafilatura, which the extra "html" brings.
"""

from __future__ import annotations

import html
import importlib.util
import itertools
import re
from typing import TYPE_CHECKING, Any

from dedupe.dates import parse_interval
from dedupe.errors import InputError, MissingExtraError
from dedupe.read.charsets import decode_page
from dedupe.read.fields import PAGE
from dedupe.read.ledger import Records

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dedupe.read.fields import FieldNames
    from dedupe.read.ledger import Ledger, Limits
    from dedupe.read.streams import ByteStream

_NESTING_TAG = re.compile(
    r"<(/?)(?:div|span|section|article|table|ul|ol|b|i|em|font|a|blockquote)\b"
)
_DEEPEST = 1_000
"""Real pages nest some dozens of elements; parsers take quadratic time past thousands."""
_HEAD_CHARS = 1 << 20
"""How much of a page is searched for the moment it was published."""
_MOST_MOMENTS = 20
"""How many moments of each kind are looked at: the page's own stands among the first."""
_META = re.compile(r"<meta\b[^<>]{0,500}>", re.IGNORECASE)
_IS_PUBLISHED = re.compile(
    r"\b(?:property|name|itemprop)=[\"']?(?:article:published_time|datePublished)\b", re.IGNORECASE
)
_CONTENT = re.compile(r"\bcontent=[\"']?([^\"'>]{1,100})", re.IGNORECASE)
_JSON_LD = re.compile(r'"datePublished"\s{0,20}:\s{0,20}"([^"\\]{1,100})"')


def with_pages(records: Records, names: FieldNames, ledger: Ledger) -> Records:
    """Extract the page of each record that has HTML and no text, under the key `PAGE`.

    Raises:
        MissingExtraError: there is such a record, and no trafilatura.
    """
    keys: frozenset[str] = frozenset().union(*records.records)
    if not names.paths("html", keys):
        return records
    texts = names.column("text", records.records, keys)
    pages = names.column("html", records.records, keys)
    rows: list[int] = []
    mapped = list(records.records)
    for row, (text, page) in enumerate(zip(texts, pages, strict=True)):
        if not text and page and isinstance(page, (str, bytes)):
            try:
                mapped[row] = {**mapped[row], PAGE: extract_page(page)}
            except InputError as error:
                ledger.reject(records.files[row], records.lines[row], str(error))
                continue
        rows.append(row)
    return records._replace(
        records=[mapped[row] for row in rows],
        files=[records.files[row] for row in rows],
        lines=[records.lines[row] for row in rows],
    )


def extract_page(page: str | bytes) -> dict[str, Any]:
    """Return what a page says of its article, by field.

    Raises:
        InputError: it nests too deep.
        MissingExtraError: trafilatura is not installed.
    """
    try:
        import trafilatura
    except ImportError as error:
        raise needs_extra() from error
    markup = decode_page(page, mend=True) if isinstance(page, bytes) else page
    if _depth(markup) > _DEEPEST:
        raise InputError(f"the HTML nests more than {_DEEPEST} elements")
    found: Any = trafilatura.bare_extraction(markup, with_metadata=True, include_comments=False)
    if found is None:
        return {"text": trafilatura.html2txt(markup) or ""}
    return {
        "text": found.text or "",
        "title": found.title,
        "canonical": found.url,
        "source": found.sitename or found.hostname,
        "byline": found.author,
        "published": _published(markup, found.date),
        "language": found.language,
    }


def _published(markup: str, day: str | None) -> str | None:
    """Return the moment of a day as the page states it, for trafilatura gives days only.

    The first moment of a `<meta>`, and the first of JSON-LD, that lies on that
    day somewhere on Earth; the one that says more of the two, or else the day.
    """
    earliest, latest = parse_interval(day)
    if earliest is None or latest is None:
        return day
    head = markup[:_HEAD_CHARS]
    published, least = day, latest - earliest
    for moments in (_in_meta(head), (match.group(1) for match in _JSON_LD.finditer(head))):
        for moment in itertools.islice(moments, _MOST_MOMENTS):
            first, last = parse_interval(moment)
            if first and last and earliest <= first and last <= latest:
                if last - first < least:
                    published, least = moment, last - first
                break
    return published


def _in_meta(head: str) -> Iterator[str]:
    """Yield the moments of publication that the `<meta>` elements of a page state."""
    for element in _META.finditer(head):
        content = _CONTENT.search(element.group())
        if content and _IS_PUBLISHED.search(element.group()):
            yield html.unescape(content.group(1)).strip()


def can_extract() -> bool:
    """Say whether the extra that reads pages is installed."""
    return importlib.util.find_spec("trafilatura") is not None


def needs_extra() -> MissingExtraError:
    """Return the error of a page that cannot be read without the extra."""
    return MissingExtraError("reading HTML", "html")


def _depth(markup: str) -> int:
    """Return how deep elements nest, at most; those whose end may be left out do not count."""
    depth = deepest = 0
    for mark in _NESTING_TAG.finditer(markup):
        depth = max(depth - 1, 0) if mark.group(1) else depth + 1
        deepest = max(deepest, depth)
    return deepest


def read_files(
    streams: Iterator[tuple[ByteStream, str, str]], field: str, ledger: Ledger, limits: Limits
) -> Iterator[Records]:
    """Yield one record of each file: its id, and its content under `field`.

    `streams` gives the open file, its name for messages, and its id.
    """
    records: list[dict[str, Any]] = []
    files: list[str] = []
    size, n_rejects = 0, ledger.n_rejects
    for stream, file, name in streams:
        content = _content(stream, file, field, ledger, limits)
        if content is not None:
            records.append({"id": name, field: content})
            files.append(file)
            size += len(content)
        full = len(records) + ledger.n_rejects - n_rejects >= limits.batch_documents
        if full or size >= limits.batch_bytes:
            yield Records(records, files, [1] * len(files), own_names=True)
            records, files, size, n_rejects = [], [], 0, ledger.n_rejects
    yield Records(records, files, [1] * len(files), own_names=True)


def _content(
    stream: ByteStream, file: str, field: str, ledger: Ledger, limits: Limits
) -> str | None:
    data = stream.whole()
    if data is None or stream.damage:
        ledger.reject(file, 1, stream.damage or f"longer than {limits.record_bytes:,} bytes")
        return None
    mend = ledger.on_error == "replace"
    try:
        if field == "html":
            return decode_page(data, mend=mend)
        return data.decode("utf-8", "replace" if mend else "strict")
    except UnicodeDecodeError as error:
        reason = error.reason if field == "html" else "not UTF-8"
        ledger.reject(file, 1 + data.count(b"\n", 0, error.start), reason)
        return None
