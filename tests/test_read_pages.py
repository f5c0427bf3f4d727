"""Reading web pages: with the extra "html", and without it."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from dedupe.errors import InputError, MissingExtraError
from dedupe.read import read
from dedupe.read.charsets import decode_page
from dedupe.read.pages import extract_page

if TYPE_CHECKING:
    from pathlib import Path

PARAGRAPHS = (
    (
        "The last ferry of the evening ran aground on the sandbank off Harbour Point on Tuesday, "
        "and its forty passengers were brought ashore in the lifeboat before midnight."
    ),
    (
        "Nobody was hurt, the harbour master said, and the vessel is expected to float free with "
        "the morning tide, which is the highest of the month."
    ),
    (
        "The operator has cancelled all crossings until divers have looked at the hull, and asked "
        "travellers to take the road around the bay instead."
    ),
)
PAGE = f"""<!DOCTYPE html>
<html lang="en"><head>
<title>Ferry runs aground | The Harbour Post</title>
<meta property="og:title" content="Ferry runs aground">
<meta property="og:site_name" content="The Harbour Post">
<meta property="article:published_time" content="2018-06-02T09:16:55-04:00">
<meta name="author" content="Ada Quill">
<link rel="canonical" href="https://harbourpost.example/2018/06/ferry">
</head><body>
<nav><ul><li><a href="/">Home</a></li><li><a href="/sport">Sport</a></li></ul></nav>
<article><h1>Ferry runs aground</h1>
{"".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)}
</article>
<footer>Subscribe to our newsletter</footer>
</body></html>
"""


def write_lines(path: Path, *records: dict[str, Any]) -> Path:
    path.write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    return path


@pytest.fixture
def without_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trafilatura", None)


@pytest.mark.usefixtures("without_extra")
def test_read__a_page_without_the_extra_names_the_extra(tmp_path: Path) -> None:
    (tmp_path / "ferry.html").write_text(PAGE, encoding="utf-8")
    with pytest.raises(MissingExtraError, match=r'pip install "dedupe-news\[html\]"'):
        read([tmp_path])
    with pytest.raises(MissingExtraError, match="html"):
        read([write_lines(tmp_path / "day.jsonl", {"html": PAGE})])


@pytest.mark.usefixtures("without_extra")
def test_read__stray_pages_without_the_extra_are_rejects(tmp_path: Path) -> None:
    for name in ("a.html", "b.txt", "c.htm"):
        (tmp_path / name).write_text(PAGE, encoding="utf-8")
    reading = read([tmp_path])
    assert reading.documents["id"].to_pylist() == ["b.txt"]
    assert reading.inputs[0]["rejects"] == 2
    assert {reject["file"].rpartition("/")[2] for reject in reading.rejects} == {"a.html", "c.htm"}
    assert all('"dedupe-news[html]"' in reject["reason"] for reject in reading.rejects)
    with pytest.raises(InputError, match=r"a\.html:1: reading HTML needs the extra"):
        read([tmp_path], on_error="fail")


@pytest.mark.usefixtures("without_extra")
def test_read__a_text_beside_the_html_needs_no_extra(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "day.jsonl", {"html": PAGE, "text": "The ferry ran aground."})
    assert read([path]).documents["text"].to_pylist() == ["The ferry ran aground."]


@pytest.mark.usefixtures("without_extra")
@pytest.mark.parametrize("html", [None, "", 5])
def test_read__no_html_needs_no_extra(tmp_path: Path, html: str | int | None) -> None:
    path = write_lines(tmp_path / "day.jsonl", {"html": html, "text": ""}, {"html": html})
    reading = read([path])
    assert reading.documents["text"].to_pylist() == [""]
    assert [reject["line"] for reject in reading.rejects] == [2]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_read__a_page_gives_its_text_and_its_facts(tmp_path: Path) -> None:
    pytest.importorskip("trafilatura")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "ferry.html").write_text(PAGE, encoding="utf-8")
    row = read([tmp_path]).documents.to_pylist()[0]
    assert row["id"] == "deep/ferry.html"
    assert all(paragraph in row["text"] for paragraph in PARAGRAPHS)
    assert "newsletter" not in row["text"]
    assert row["title"] == "Ferry runs aground"
    assert row["canonical"] == "https://harbourpost.example/2018/06/ferry"
    assert row["source"] == "The Harbour Post"
    assert row["byline"] == "Ada Quill"
    assert row["published"] == datetime(2018, 6, 2, 13, 16, 55, tzinfo=UTC)
    assert row["published_until"] == datetime(2018, 6, 2, 13, 16, 55, tzinfo=UTC)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_read__what_a_record_says_goes_before_what_its_page_says(tmp_path: Path) -> None:
    pytest.importorskip("trafilatura")
    record = {"id": "x", "markup": PAGE, "headline": "Aground", "url": "https://other.example/a"}
    path = write_lines(tmp_path / "day.jsonl", record, {"id": "y", "text": "Plain."})
    rows = read([path], fields={"html": "markup"}).documents.to_pylist()
    assert [rows[0]["title"], rows[0]["byline"]] == ["Aground", "Ada Quill"]
    assert PARAGRAPHS[0] in rows[0]["text"]
    assert [rows[1]["title"], rows[1]["text"]] == [None, "Plain."]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("page", ["<html></html>", "no markup at all", "<", "\x00\x01<p>", "<!--"])
def test_read__a_page_without_an_article_is_a_document(tmp_path: Path, page: str) -> None:
    pytest.importorskip("trafilatura")
    (tmp_path / "a.html").write_text(page, encoding="utf-8")
    reading = read([tmp_path])
    assert (reading.documents.num_rows, reading.rejects) == (1, [])


def test_read__a_page_nested_too_deep_is_a_reject(tmp_path: Path) -> None:
    pytest.importorskip("trafilatura")
    (tmp_path / "deep.html").write_text("<div>" * 20_000, encoding="utf-8")
    (tmp_path / "good.txt").write_text("The ferry sank.", encoding="utf-8")
    reading = read([tmp_path])
    assert reading.documents["id"].to_pylist() == ["good.txt"]
    assert [reject["reason"] for reject in reading.rejects] == [
        "the HTML nests more than 1000 elements"
    ]


def test_read__elements_side_by_side_are_not_nested() -> None:
    pytest.importorskip("trafilatura")
    assert extract_page("<div><span>word</span></div>" * 5_000)["text"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("charset", "stated", "words"),
    [
        ("iso-8859-1", '<meta charset="iso-8859-1">', "Die Fähre lief auf Grund."),
        ("cp1252", '<meta charset="ISO-8859-1">', "“Die Fähre”, hieß es."),
        ("latin-1", "<meta charset=latin1>", "Die Fähre\x81 lief."),
        ("gb18030", "<META CHARSET='gb18030'>", "渡轮在沙洲上搁浅。"),
        ("gb18030", '<meta charset="gb2312">', "鎔基"),
        (
            "windows-1251",
            '<meta http-equiv="Content-Type" content="text/html; charset=windows-1251">',
            "Паром сел на мель.",
        ),
        ("iso-2022-jp", '<meta charset="iso-2022-jp">', "フェリーが座礁した。"),
        ("utf-8", '<meta charset="iso-8859-1">', "Die Fähre lief auf Grund."),
        ("utf-8", '<meta charset="x-none">', "Die Fähre lief auf Grund."),
        ("ascii", '<meta charset="utf-16">', "The ferry ran aground."),
        ("ascii", '<meta charset="rot13">', "The ferry ran aground."),
    ],
)
def test_read__a_page_is_read_by_the_charset_it_states(
    tmp_path: Path, charset: str, stated: str, words: str
) -> None:
    pytest.importorskip("trafilatura")
    head = f"<html><head>{stated}</head><body><article><p>"
    page = f"{head}{words * 5}</p></article></body></html>"
    (tmp_path / "a.html").write_bytes(page.encode(charset))
    reading = read([tmp_path])
    assert reading.rejects == []
    assert words.replace("\x81", "") in reading.documents["text"][0].as_py().replace("\x81", "")


@pytest.mark.parametrize(
    ("stated", "reason"),
    [
        ("", "not UTF-8"),
        ("<meta charset=utf-8>", "not UTF-8"),
        ("<meta charset=utf-16>", "not UTF-8"),
        ("<meta charset=euc-jp>", "not UTF-8, nor in the charset that it states (euc-jp)"),
        (
            "<meta charset=x-none>",
            "not UTF-8, nor in the charset that it states (x-none, which is unknown)",
        ),
        (
            "<meta charset=punycode>",
            "not UTF-8, nor in the charset that it states (punycode, which is unknown)",
        ),
        (" " * 4_096 + "<meta charset=iso-8859-1>", "not UTF-8"),
    ],
)
def test_read__a_page_in_no_stated_charset_is_a_reject(
    tmp_path: Path, stated: str, reason: str
) -> None:
    pytest.importorskip("trafilatura")
    path = tmp_path / "a.html"
    path.write_bytes(stated.encode() + b"\n<p>caf\xe9</p>")
    [reject] = read([path]).rejects
    assert (reject["line"], reject["reason"]) == (2, reason)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_read__a_page_is_mended_in_the_charset_it_states(tmp_path: Path) -> None:
    pytest.importorskip("trafilatura")
    path = tmp_path / "a.html"
    page = b"<meta charset=euc-jp><body><p>" + "渡船".encode("euc-jp") * 9 + b"\xff</p>"
    path.write_bytes(page)
    text = read([path], on_error="replace").documents["text"][0].as_py()
    assert "渡船渡船" in text


def test_read__a_text_states_no_charset(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b'<meta charset="iso-8859-1"> caf\xe9')
    assert [reject["reason"] for reject in read([tmp_path]).rejects] == ["not UTF-8"]


def test_extract_page__bytes_are_read_by_their_charset() -> None:
    pytest.importorskip("trafilatura")
    page = PAGE.replace("<head>", "<head><meta charset=iso-8859-1>").replace("Quill", "Quäl")
    found = extract_page(page.encode("iso-8859-1"))
    assert found["byline"] == "Ada Quäl"


@pytest.mark.parametrize("order", ["le", "be"])
@pytest.mark.parametrize("bits", [16, 32])
def test_decode_page__a_byte_order_mark_goes_before_what_is_stated(bits: int, order: str) -> None:
    page = "<meta charset=iso-8859-1><p>Die Fähre lief auf Grund. 渡轮</p>"
    marked = f"\ufeff{page}".encode(f"utf-{bits}-{order}")
    assert decode_page(marked, "text/html; charset=koi8-r", mend=False) == page
    with pytest.raises(UnicodeDecodeError):
        decode_page(marked + b"\n", mend=False)
    assert decode_page(marked + b"\n", mend=True) == page + "\ufffd"


def test_decode_page__the_mark_of_utf_8_is_dropped() -> None:
    assert decode_page("\ufeffFähre".encode(), mend=False) == "Fähre"
    assert decode_page(b"\xef\xbb\xbfF\xe4hre", "text/html; charset=latin-1", mend=True) == "Fähre"


LD = '<script type="application/ld+json">{{"@type": "NewsArticle", "datePublished": "{}"}}</script>'
META = '<meta property="article:published_time" content="{}">'


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("head", "published"),
    [
        (META.format("2018-06-02T10:00:00Z"), "2018-06-02T10:00:00Z"),
        ('<meta content="2018-06-02T10:00:00Z" itemprop="datePublished">', "2018-06-02T10:00:00Z"),
        (META.format("2018-06-02T10:00:00&#43;02:00"), "2018-06-02T10:00:00+02:00"),
        (LD.format("2018-06-02T10:00:00Z"), "2018-06-02T10:00:00Z"),
        (META.format("2018-06-02") + LD.format("2018-06-02T10:00:00Z"), "2018-06-02T10:00:00Z"),
        (
            META.format("2018-06-02T09:00:00Z") + LD.format("2018-06-02T10:00:00Z"),
            "2018-06-02T09:00:00Z",
        ),
        (META.format("2018-06-02") + LD.format("2018-06-01T22:00:00Z"), "2018-06-01T22:00:00Z"),
        (META.format("2018-06-02") + LD.format("2018-05-31T22:00:00Z"), "2018-06-02"),
        (META.format("2018-06-02") + LD.format("2018-06-02T99:00:00Z"), "2018-06-02"),
        (META.format("2018-06-02T10:00:00"), "2018-06-02T10:00:00"),
        (META.format("2018-06-02"), "2018-06-02"),
    ],
)
def test_extract_page__time_of_day_is_as_the_page_states_it(head: str, published: str) -> None:
    pytest.importorskip("trafilatura")
    words = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
    page = f"<html><head>{head}</head><body><article>{words}</article></body></html>"
    found = extract_page(page)
    assert found is not None
    assert found["published"] == published
