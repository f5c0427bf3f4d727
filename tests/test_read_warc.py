"""Web archives as inputs: which records are pages, and what damage costs."""

from __future__ import annotations

import gzip
import sys
import tempfile
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from dedupe.errors import InputError, MissingExtraError
from dedupe.read import Limits, read
from tests.test_read_pages import PAGE

if TYPE_CHECKING:
    from collections.abc import Callable

FETCHED = datetime(2018, 6, 2, 14, 0, tzinfo=UTC)


def entry(body: bytes, kind: str = "response", content_type: str = "application/http") -> bytes:
    head = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: https://harbourpost.example/ferry\r\n"
        f"WARC-Date: 2018-06-02T14:00:00Z\r\nContent-Type: {content_type}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body + b"\r\n\r\n"


def response(
    page: bytes, status: str = "200 OK", content_type: str = "text/html", more: str = ""
) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\n{more}\r\n"
    return entry(head.encode() + page)


def test_read__archive_gives_a_document_of_each_page(tmp_path: Path) -> None:
    path = tmp_path / "crawl.warc"
    path.write_bytes(
        entry(b"software: none", "warcinfo", "application/warc-fields")
        + response(PAGE.encode())
        + response(b"gone", "404 Not Found")
        + response(b"\x89PNG", content_type="image/png")
        + response(b"A plain text of some words.", content_type="text/plain")
    )
    reading = read([path])
    assert reading.rejects == []
    first, second = reading.documents.to_pylist()
    assert "ran aground on the sandbank" in first["text"]
    assert first["title"] == "Ferry runs aground"
    assert first["url"] == "https://harbourpost.example/ferry"
    assert first["fetched"] == FETCHED
    assert [first["id"], second["id"]] == [f"{path}:2", f"{path}:5"]
    assert second["text"] == "A plain text of some words."


@pytest.mark.parametrize("one_member", [True, False])
def test_read__archive_compressed_whole_or_record_by_record(
    tmp_path: Path, *, one_member: bool
) -> None:
    pages = [response(PAGE.encode()), response(PAGE.encode())]
    path = tmp_path / "crawl.warc.gz"
    path.write_bytes(
        gzip.compress(b"".join(pages)) if one_member else b"".join(map(gzip.compress, pages))
    )
    assert read([path]).documents.num_rows == 2


def test_read__chunked_and_compressed_response_is_decoded(tmp_path: Path) -> None:
    packed = gzip.compress("Die Fähre lief auf Grund.".encode("latin-1"))
    chunked = f"{len(packed):x}\r\n".encode() + packed + b"\r\n0\r\n\r\n"
    path = tmp_path / "crawl.warc"
    path.write_bytes(
        response(
            chunked,
            content_type="text/plain; charset=iso-8859-1",
            more="Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n",
        )
    )
    assert read([path]).documents["text"].to_pylist() == ["Die Fähre lief auf Grund."]


@pytest.mark.parametrize(
    ("header", "stated", "charset"),
    [
        ("text/html; charset=iso-8859-1", "<meta charset=koi8-r>", "iso-8859-1"),
        ("text/html; charset=x-none", "<meta charset=iso-8859-1>", "iso-8859-1"),
        ("text/html; charset=utf-8", "<meta charset=iso-8859-1>", "iso-8859-1"),
        ("text/html; charset=iso-8859-1", "", "utf-8"),
        ("text/html", " " * 3_000 + "<meta charset=iso-8859-1>", "iso-8859-1"),
    ],
)
def test_read__page_in_the_charset_of_its_server_or_its_own(
    tmp_path: Path, header: str, stated: str, charset: str
) -> None:
    words = "Die Fähre lief auf Grund."
    page = f"<html><head>{stated}</head><body><p>{words * 9}</p></body></html>"
    path = tmp_path / "crawl.warc"
    path.write_bytes(response(page.encode(charset), content_type=header))
    assert words in read([path]).documents["text"][0].as_py()


@pytest.mark.parametrize(
    ("packing", "packed"),
    [
        ("deflate", zlib.compress(PAGE.encode())),
        ("gzip", PAGE.encode()),
        ("br", PAGE.encode()),
        ("zstd", PAGE.encode("utf-16")),
    ],
)
def test_read__body_that_is_unpacked_or_kept_so_is_a_page(
    tmp_path: Path, packing: str, packed: bytes
) -> None:
    path = tmp_path / "crawl.warc"
    kind = "text/html; charset=utf-16" if packing == "zstd" else "text/html"
    path.write_bytes(response(packed, content_type=kind, more=f"Content-Encoding: {packing}\r\n"))
    reading = read([path])
    assert reading.rejects == []
    assert "ran aground on the sandbank" in reading.documents["text"][0].as_py()


@pytest.mark.parametrize(
    ("packing", "packed"),
    [
        ("zstd", zstandard.compress(PAGE.encode())),
        ("gzip", gzip.compress(PAGE.encode(), mtime=0)[:40]),
        ("br", zstandard.compress(PAGE.encode())),
        ("gzip", zstandard.compress(PAGE.encode())),
    ],
)
def test_read__body_that_cannot_be_unpacked_is_a_reject(
    tmp_path: Path, packing: str, packed: bytes
) -> None:
    path = tmp_path / "crawl.warc"
    page = response(packed, more=f"Content-Encoding: {packing}\r\n")
    path.write_bytes(page + response(b"whole", content_type="text/plain"))
    reading = read([path])
    assert reading.documents["text"].to_pylist() == ["whole"]
    [reject] = reading.rejects
    assert (reject["line"], reject["reason"]) == (1, f"its body cannot be unpacked ({packing})")


def test_read__damaged_archive_gives_what_stands_before(tmp_path: Path) -> None:
    path = tmp_path / "crawl.warc"
    path.write_bytes(response(PAGE.encode()) + b"no header at all\r\n\r\n" + response(b"lost"))
    reading = read([path])
    assert reading.documents.num_rows == 1
    [reject] = reading.rejects
    assert (reject["file"], reject["line"]) == (str(path), 2)
    assert "damaged from here on" in reject["reason"]


def test_read__record_above_the_limit_is_rejected_alone(tmp_path: Path) -> None:
    path = tmp_path / "crawl.warc"
    path.write_bytes(response(b"x" * 5_000) + response(b"short", content_type="text/plain"))
    reading = read([path], limits=Limits(record_bytes=1_000))
    assert reading.documents["text"].to_pylist() == ["short"]
    assert [reject["line"] for reject in reading.rejects] == [1]


@pytest.mark.parametrize("data", [bytes(range(256)) * 40, b"\n\nno archive\n", b"\n" * 9])
def test_read__bytes_that_are_no_archive_are_told(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "crawl.warc"
    path.write_bytes(data)
    reading = read([path])
    assert reading.documents.num_rows == 0
    assert len(reading.rejects) == 1


def test_read__archive_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "warcio.archiveiterator", None)
    path = tmp_path / "crawl.warc"
    path.write_bytes(response(PAGE.encode()))
    with pytest.raises(MissingExtraError, match="reading WARC"):
        read([path])


def test_read__bad_archive_stops_where_asked(tmp_path: Path) -> None:
    path = tmp_path / "crawl.warc"
    path.write_bytes(response(PAGE.encode()) + b"junk\r\n")
    with pytest.raises(InputError, match="damaged from here on"):
        read([path], on_error="fail")


def test_read__record_without_an_address_costs_no_other(tmp_path: Path) -> None:
    bare = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nNo address."
    head = f"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: {len(bare)}\r\n\r\n".encode()
    path = tmp_path / "crawl.warc"
    path.write_bytes(head + bare + b"\r\n\r\n" + response(b"last", content_type="text/plain"))
    reading = read([path])
    assert reading.documents["text"].to_pylist() == ["No address.", "last"]
    assert reading.documents["url"].to_pylist() == [None, "https://harbourpost.example/ferry"]


def test_read__bad_http_head_costs_its_record_alone(tmp_path: Path) -> None:
    path = tmp_path / "crawl.warc"
    path.write_bytes(entry(b"HTPT 200\r\n\r\nx") + response(b"last", content_type="text/plain"))
    reading = read([path])
    assert reading.documents["text"].to_pylist() == ["last"]
    assert [reject["line"] for reject in reading.rejects] == [1]


@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_read__page_cut_short_is_one_reject(
    tmp_path: Path, compress: Callable[[bytes], bytes]
) -> None:
    texts = [response(f"{n} {'x' * 40_000}".encode(), content_type="text/plain") for n in range(2)]
    whole = compress(b"".join(texts))
    path = tmp_path / "crawl.warc"
    path.write_bytes(whole[: len(whole) - len(whole) // 4])
    reading = read([path])
    assert [text[:1] for text in reading.documents["text"].to_pylist()] == ["0"]
    assert [reject["line"] for reject in reading.rejects] == [2]


WHOLE = b"".join(
    [
        entry(b"software: none", "warcinfo", "application/warc-fields"),
        response(b"first", content_type="text/plain; charset=latin-1"),
        response(
            b"6\r\nsecond\r\n0\r\n\r\n",
            content_type="text/plain",
            more="Transfer-Encoding: chunked\r\n",
        ),
        response(
            gzip.compress(b"third"), content_type="text/plain", more="Content-Encoding: gzip\r\n"
        ),
    ]
)


@given(
    edits=st.lists(
        st.tuples(
            st.integers(0, len(WHOLE)),
            st.integers(0, 30),
            st.binary(max_size=4) | st.sampled_from([b"\r\n", b"\r\n\r\n", b"\xff\xfe", b"-1"]),
        ),
        max_size=4,
    ),
    compress=st.sampled_from([bytes, gzip.compress]),
)
def test_read__any_damage_to_an_archive_is_read_or_refused(
    edits: list[tuple[int, int, bytes]], compress: Callable[[bytes], bytes]
) -> None:
    data = WHOLE
    for place, n_bytes, put in edits:
        data = data[:place] + put + data[place + n_bytes :]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "crawl.warc"
        path.write_bytes(compress(data))
        reading = read([path])
    assert reading.inputs[0]["documents"] == reading.documents.num_rows <= 3 + len(edits)
    assert edits or reading.documents["text"].to_pylist() == ["first", "second", "third"]
    assert edits or not reading.rejects
