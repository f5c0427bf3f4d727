"""Web archives in, records out: one of each page that was fetched whole.

    crawl.warc.gz  ->  {"url", "fetched", "html"} of each response that is a page

Pictures, scripts, redirects, errors and the archive's own records are no
documents, and are passed over. warcio takes the records apart; the extra
"html" brings it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dedupe.errors import DedupeError, MissingExtraError
from dedupe.read.charsets import decode_page
from dedupe.read.ledger import Records

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dedupe.read.ledger import Ledger, Limits
    from dedupe.read.streams import ByteStream

_KINDS = {"response", "resource", "conversion"}
_FORMS = {"text/html": "html", "application/xhtml+xml": "html", "text/plain": "text"}
_UNPACKED = {"gzip", "deflate"}
_HEAD_BYTES = 2_048
_CUT = "the record is cut short"
# NUL is every second byte of a page in UTF-16.
_CONTROLS = bytes({*range(1, 0x20)} - {*b"\t\n\f\r\x1b"})
_MOST_CONTROLS = 0.02
"""Share of control bytes from which on a body is still packed: a tenth of packed bytes are such."""


def read_warc(stream: ByteStream, file: str, ledger: Ledger, limits: Limits) -> Iterator[Records]:
    """Yield the pages of an archive; a record's line is its place among all records.

    Where the archive is damaged the rest cannot be found, and one reject says so.

    Raises:
        MissingExtraError: warcio is not installed.
    """
    records: list[dict[str, Any]] = []
    lines: list[int] = []
    size = place = 0
    cut = False
    for place, entry in enumerate(_entries(stream), 1):
        record: dict[str, Any] | str | None
        if isinstance(entry, Exception):
            record, cut = f"the archive is damaged from here on ({_said(entry)})", True
        else:
            record = _page(entry, limits.record_bytes)
            cut = record == _CUT
        if isinstance(record, dict):
            records.append(record)
            lines.append(place)
            size += len(record.get("html") or record.get("text") or "")
        elif record and not (cut and stream.damage):
            ledger.reject(file, place, record)
        if len(records) >= limits.batch_documents or size >= limits.batch_bytes:
            yield Records(records, [file] * len(records), lines)
            records, lines, size = [], [], 0
    if stream.damage:
        # Of a record cut by the damage, this is the one reject.
        ledger.reject(file, place if cut else place + 1, stream.damage)
    yield Records(records, [file] * len(records), lines)


def _entries(stream: ByteStream) -> Iterator[Any]:
    """Yield the records of an archive as warcio has them; last, what ended it early."""
    try:
        from warcio.archiveiterator import ArchiveIterator
    except ImportError as error:
        raise MissingExtraError("reading WARC", "html") from error
    try:
        # The HTTP head is parsed later: a bad one must not cost the records after it.
        yield from ArchiveIterator(_File(stream), no_record_parse=True)
    except (DedupeError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 - warcio lets out whatever a bad byte leads to
        yield error


def _said(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _page(entry: Any, limit: int) -> dict[str, Any] | str | None:
    """Return a page's record, why it cannot be one, or None where it is no page."""
    if entry.rec_type is None:
        # warcio stops at blank lines where a record should begin.
        return "no record of an archive: nothing behind it was read"
    if entry.rec_type not in _KINDS:
        return None
    try:
        return _fetched(entry, limit)
    except EOFError:
        return _CUT
    except (DedupeError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 - the same
        return f"not as HTTP has it ({_said(error)})"


def _fetched(entry: Any, limit: int) -> dict[str, Any] | str | None:
    from warcio.recordloader import ArcWarcRecordLoader

    stated_headers = entry.rec_headers
    url = stated_headers.get_header("WARC-Target-URI") or stated_headers.get_header("uri")
    headers = entry.http_headers = ArcWarcRecordLoader().load_http_headers(
        entry.rec_type, url or "http:", entry.raw_stream, entry.length
    )
    if headers is not None and headers.get_statuscode() != "200":
        return None
    stated = (headers or stated_headers).get_header("Content-Type") or ""
    form = _FORMS.get(stated.partition(";")[0].strip().lower())
    if form is None:
        return None
    packing = (headers.get_header("Content-Encoding") or "") if headers else ""
    if packing and packing.lower() not in _UNPACKED:
        # warcio would unpack Brotli, and cannot: it trips over what that module no longer allows.
        headers.replace_header("Content-Encoding", "identity")
    content = entry.content_stream().read(limit + 1)
    if len(content) > limit:
        return f"longer than {limit:,} bytes"
    if _is_cut(entry.raw_stream):
        return _CUT
    if packing and entry.length > headers.total_len and _is_packed(content):
        return f"its body cannot be unpacked ({packing})"
    return {
        "url": url,
        "fetched": stated_headers.get_header("WARC-Date"),
        form: decode_page(content, stated, mend=True),
    }


def _is_cut(stream: Any) -> bool:
    """Tell whether a record ends before the length that it states."""
    while stream.read(_HEAD_BYTES):
        pass
    return bool(getattr(stream, "limit", 0) > 0)


def _is_packed(content: bytes) -> bool:
    """Tell whether a body that came packed is so still: warcio lets through what it cannot unpack.

    An archive may keep bodies unpacked, with the head of the packed ones.
    """
    head = content[:_HEAD_BYTES]
    n_controls = len(head) - len(head.translate(None, _CONTROLS))
    return not head or n_controls > _MOST_CONTROLS * len(head)


class _File:
    """A `ByteStream` as the open file that warcio reads."""

    def __init__(self, stream: ByteStream) -> None:
        self._chunks = iter(stream)
        self._held = b""
        self._place = 0

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes, at least one before the end."""
        if not self._held:
            self._held = next(filter(None, self._chunks), b"")
        end = len(self._held) if size < 0 else size
        data, self._held = self._held[:end], self._held[end:]
        self._place += len(data)
        return data

    def tell(self) -> int:
        """Return how many bytes were read."""
        return self._place
