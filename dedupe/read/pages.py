"""Text files and web pages in, records out: one of each file.

    news/a.txt   ->  {"id": "news/a.txt", "text": its content}
    news/b.html  ->  {"id": "news/b.html", text, title, published, canonical, source, ...}

What a page says is extracted by trafilatura, which the extra "html" brings.
"""

from __future__ import annotations

import importlib.util
import re
from typing import TYPE_CHECKING, Any

from dedupe.errors import MissingExtraError
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
            found = extract_page(page)
            if found is None:
                reason = f"the HTML nests more than {_DEEPEST} elements"
                ledger.reject(records.files[row], records.lines[row], reason)
                continue
            mapped[row] = {**mapped[row], PAGE: found}
        rows.append(row)
    return records._replace(
        records=[mapped[row] for row in rows],
        files=[records.files[row] for row in rows],
        lines=[records.lines[row] for row in rows],
    )


def extract_page(page: str | bytes) -> dict[str, Any] | None:
    """Return what a page says of its article, by field; None where it nests too deep.

    Raises:
        MissingExtraError: trafilatura is not installed.
    """
    try:
        import trafilatura
    except ImportError as error:
        raise needs_extra() from error
    html = page.decode("utf-8", "replace") if isinstance(page, bytes) else page
    if _depth(html) > _DEEPEST:
        return None
    found: Any = trafilatura.bare_extraction(html, with_metadata=True, include_comments=False)
    if found is None:
        return {"text": trafilatura.html2txt(html) or ""}
    return {
        "text": found.text or "",
        "title": found.title,
        "canonical": found.url,
        "source": found.sitename or found.hostname,
        "byline": found.author,
        "published": found.date,
        "language": found.language,
    }


def can_extract() -> bool:
    """Say whether the extra that reads pages is installed."""
    return importlib.util.find_spec("trafilatura") is not None


def needs_extra() -> MissingExtraError:
    """Return the error of a page that cannot be read without the extra."""
    return MissingExtraError("reading HTML", "html")


def _depth(html: str) -> int:
    """Return how deep elements nest, at most; those whose end may be left out do not count."""
    depth = deepest = 0
    for mark in _NESTING_TAG.finditer(html):
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
        content = _content(stream, file, ledger, limits)
        if content is not None:
            records.append({"id": name, field: content})
            files.append(file)
            size += len(content)
        full = len(records) + ledger.n_rejects - n_rejects >= limits.batch_documents
        if full or size >= limits.batch_bytes:
            yield Records(records, files, [1] * len(files), own_names=True)
            records, files, size, n_rejects = [], [], 0, ledger.n_rejects
    yield Records(records, files, [1] * len(files), own_names=True)


def _content(stream: ByteStream, file: str, ledger: Ledger, limits: Limits) -> str | None:
    data = stream.whole()
    if data is None or stream.damage:
        ledger.reject(file, 1, stream.damage or f"longer than {limits.record_bytes:,} bytes")
        return None
    try:
        return data.decode("utf-8", "replace" if ledger.on_error == "replace" else "strict")
    except UnicodeDecodeError as error:
        ledger.reject(file, 1 + data.count(b"\n", 0, error.start), "not UTF-8")
        return None
