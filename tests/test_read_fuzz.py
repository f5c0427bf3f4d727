"""Any bytes are read or refused: never a crash, and the counts add up."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dedupe.errors import DedupeError
from dedupe.read import Limits, read, streams
from dedupe.read.json_records import split_values
from dedupe.read.streams import split_lines

if TYPE_CHECKING:
    import pytest

NAMES = [
    "a.jsonl", "a.json", "a.csv", "a.tsv", "a.txt", "a.parquet", "a.arrow", "a", "a.jsonl.gz",
]  # fmt: skip
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
SMALL = Limits(record_bytes=200, batch_documents=3, batch_bytes=300, hopeless=50)
JSON_PIECES = st.sampled_from(
    [
        b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b"\n", b"\r", b" ", b'"text"', b'"id"',
        b'{"text":"a"}', b'{"text":"b","id":"x"}\n', b"\xff", b"\x00", b"null", b"NaN", b"1e999",
        b"\xef\xbb\xbf", b"\\ud800", b'""', b"x" * 210, b"text,id\n", b'"",', b'a,"b\n',
    ]
)  # fmt: skip
SOUP = st.lists(JSON_PIECES, max_size=30).map(b"".join)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
RECORDS = st.dictionaries(
    st.sampled_from(["text", "body", "id", "title", "author", "date", "source", "url", "html2"]),
    VALUES,
)


def n_read(data: bytes, name: str, limits: Limits, on_error: Any = "skip") -> int:
    """Return documents and rejects together."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        reading = read([path], limits=limits, on_error=on_error)
    counts: dict[str, int] = reading.inputs[0]
    assert counts["documents"] == reading.documents.num_rows
    assert counts["rejects"] == len(reading.rejects)
    reading.documents.validate(full=True)
    return counts["documents"] + counts["rejects"]


@given(st.binary(max_size=400) | SOUP, st.sampled_from(NAMES), st.sampled_from(["skip", "replace"]))
def test_read__any_bytes_are_read_or_refused(data: bytes, name: str, on_error: str) -> None:
    try:
        n_read(data, name, SMALL, on_error)
    except DedupeError as error:
        assert str(error)  # noqa: PT017 - whether it is raised depends on the bytes


@given(st.lists(st.binary(max_size=60) | SOUP, max_size=12))
def test_read__documents_and_rejects_are_all_lines_that_are_not_blank(lines: list[bytes]) -> None:
    data = b"\n".join(lines)
    # Compression and a byte order mark would make it another text.
    data = b" \n" + data
    n_lines = sum(bool(line.strip()) for line in data.split(b"\n"))
    try:
        assert n_read(data, "a.jsonl", SMALL) == n_lines
    except DedupeError as error:
        assert "two documents have the id" in str(error)  # noqa: PT017 - the same


@given(st.lists(RECORDS, max_size=8), st.booleans())
def test_read__json_lines_and_arrays_give_the_same_counts(
    records: list[dict[str, Any]], pretty: bool
) -> None:
    for place, record in enumerate(records):
        record["id"] = f"{place}"
    lines = "\n".join(json.dumps(record) for record in records).encode()
    array = json.dumps(records, indent=1 if pretty else None).encode()
    assert n_read(lines, "a.jsonl", Limits()) == len(records)
    assert n_read(array, "a.json", Limits()) == len(records)


@given(st.lists(VALUES, max_size=8), st.integers(1, 50))
def test_split_values__gives_the_elements_of_any_array(values: list[Any], n_bytes: int) -> None:
    data = json.dumps(values, ensure_ascii=True).encode()
    chunks = (data[start : start + n_bytes] for start in range(0, len(data), n_bytes))
    pieces = [piece for _, found in split_values(chunks, 10**6) for piece in found]
    assert json.dumps([json.loads(piece or b"") for piece in pieces]) == json.dumps(values)


@given(
    st.lists(st.sampled_from([b"", b" ", b"a", b"bc", b"d" * 9, b"e" * 30]), max_size=9), st.data()
)
def test_split_lines__gives_the_lines_of_any_chunks(
    lines: list[bytes], data: st.DataObject
) -> None:
    whole = b"\n".join(lines)
    sizes = data.draw(st.lists(st.integers(1, 12), min_size=len(whole), max_size=len(whole)))
    chunks, start = [], 0
    for size in sizes:
        chunks.append(whole[start : start + size])
        start += size
    expected = [
        (number, line if len(line) <= 10 else None)
        for number, line in enumerate(whole.split(b"\n"), 1)
    ]
    if expected[-1][1] == b"":
        expected.pop()
    found, without_blank = (
        [
            (number, piece)
            for first, pieces in split_lines(iter(chunks), 10, skip_blank=skip_blank)
            for number, piece in enumerate(pieces, first)
        ]
        for skip_blank in (False, True)
    )
    assert found == expected
    bare, expected = (
        [(number, line and line.strip()) for number, line in lines]
        for lines in (without_blank, expected)
    )
    # The last is given, blank or not: it says how far the file goes.
    assert bare[-1:] == expected[-1:]
    assert set(bare) <= set(expected)
    assert all(line == b"" for _, line in set(expected).difference(bare))


@settings(max_examples=50)
@given(st.data(), st.sampled_from([gzip.compress, zstandard.compress]))
def test_read__any_damage_to_compression_keeps_the_counts(
    data: st.DataObject, compress: Any
) -> None:
    lines = b"".join(
        orjson.dumps({"id": str(n), "text": f"{n * 7919:x}"}) + b"\n" for n in range(50)
    )
    whole = bytearray(compress(lines))
    place = data.draw(st.integers(4, len(whole) - 1))
    if data.draw(st.booleans()):
        del whole[place:]
    else:
        whole[place] ^= data.draw(st.integers(1, 255))
    try:
        assert n_read(bytes(whole), "a.jsonl", Limits()) >= 1
    except DedupeError as error:
        assert "two documents have the id" in str(error)  # noqa: PT017 - the same


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.lists(st.text(st.sampled_from('a,;"\n\r \té😀'), max_size=12), max_size=9),
    n_bytes=st.integers(1, 9),
)
def test_read__any_table_reads_back_whatever_the_chunks(
    texts: list[str], n_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "_CHUNK", n_bytes)
    sink = io.StringIO(newline="")
    writer = csv.writer(sink, quoting=csv.QUOTE_ALL)
    writer.writerows([("id", "text"), *((f"{n}", text) for n, text in enumerate(texts))])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        path.write_text(sink.getvalue(), encoding="utf-8", newline="")
        reading = read([path])
    assert reading.documents["text"].to_pylist() == texts
    assert reading.rejects == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.lists(st.text(max_size=12), max_size=9),
    n_bytes=st.integers(4, 40),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
    compress=st.sampled_from([bytes, gzip.compress, zstandard.compress]),
)
def test_read__any_lines_read_back_whatever_the_chunks(
    texts: list[str], n_bytes: int, encoding: str, compress: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "_CHUNK", n_bytes)
    records = ({"id": f"{n}", "text": text} for n, text in enumerate(texts))
    lines = "".join(json.dumps(record, ensure_ascii=False) + "\r\n" for record in records)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.jsonl"
        path.write_bytes(compress(lines.encode(encoding)))
        reading = read([path])
    expected = [CONTROL.sub(" ", text) for text in texts]
    assert reading.documents["text"].to_pylist() == expected
    assert reading.rejects == []
