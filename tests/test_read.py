"""Reading good input: every format, every place, under every usual name."""

from __future__ import annotations

import gzip
import io
import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
import zstandard
from pyarrow import csv as arrow_csv
from pyarrow import feather, parquet

import dedupe
from dedupe.dates import parse_interval
from dedupe.documents import SCHEMA, documents_table
from dedupe.errors import InputError
from dedupe.read import Limits, read, read_batches, read_table

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

STORIES: list[dict[str, Any]] = [
    {"id": "one", "text": "The ferry sank.\nNobody was aboard.", "title": "Ferry sinks"},
    {"id": "two", "text": "Der Fährbetrieb ruht bis auf Weiteres.", "title": "Fähre"},
    {"id": "three", "text": "کشتی ڈوب گئی، 😀 کوئی نہیں تھا", "title": None},
]


def as_lines(records: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def columns(table: pa.Table, *names: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = table.select(list(names)).to_pylist()
    return rows


def write_lines(path: Path, records: list[dict[str, Any]] = STORIES) -> None:
    path.write_bytes(as_lines(records))


def write_gzip(path: Path) -> None:
    path.write_bytes(gzip.compress(as_lines(STORIES)))


def write_gzip_members(path: Path) -> None:
    members = (gzip.compress(as_lines([story])) for story in STORIES)
    path.write_bytes(b"".join(members) + bytes(512))


def write_zstd(path: Path) -> None:
    path.write_bytes(zstandard.compress(as_lines(STORIES)))


def write_zstd_frames(path: Path) -> None:
    skippable = b"\x50\x2a\x4d\x18\x04\x00\x00\x00abcd"
    frames = (zstandard.compress(as_lines([story])) for story in STORIES)
    path.write_bytes(skippable + skippable.join(frames))


def write_array(path: Path) -> None:
    path.write_text(json.dumps(STORIES), encoding="utf-8")


def write_pretty_array(path: Path) -> None:
    path.write_text(json.dumps(STORIES, indent=2, ensure_ascii=False), encoding="utf-8")


def write_pretty_objects(path: Path) -> None:
    path.write_text("\n".join(json.dumps(story, indent=1) for story in STORIES), encoding="utf-8")


def write_csv(path: Path) -> None:
    arrow_csv.write_csv(pa.Table.from_pylist(STORIES), path)


def write_csv_of(delimiter: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        options = arrow_csv.WriteOptions(delimiter=delimiter)
        arrow_csv.write_csv(pa.Table.from_pylist(STORIES), path, options)

    return write


def write_csv_gzip(path: Path) -> None:
    sink = io.BytesIO()
    arrow_csv.write_csv(pa.Table.from_pylist(STORIES), sink)
    path.write_bytes(gzip.compress(sink.getvalue()))


def write_parquet(path: Path) -> None:
    parquet.write_table(pa.Table.from_pylist(STORIES), path)


def write_feather(path: Path) -> None:
    feather.write_feather(pa.Table.from_pylist(STORIES), path)


def write_arrow_stream(path: Path) -> None:
    table = pa.Table.from_pylist(STORIES)
    with pa.ipc.new_stream(str(path), table.schema) as sink:
        sink.write_table(table, max_chunksize=2)


def write_utf16(path: Path) -> None:
    lines = "".join(json.dumps(story, ensure_ascii=False) + "\n" for story in STORIES)
    path.write_bytes(lines.encode("utf-16"))


def write_with_mark(path: Path) -> None:
    path.write_bytes(b"\xef\xbb\xbf" + as_lines(STORIES))


def write_windows_lines(path: Path) -> None:
    path.write_bytes(as_lines(STORIES).replace(b"\n", b"\r\n"))


FORMATS: list[tuple[str, Callable[[Path], None]]] = [
    ("day.jsonl", write_lines),
    ("day.ndjson", write_windows_lines),
    ("day.jsonl", write_with_mark),
    ("day.jsonl", write_utf16),
    ("day.jsonl.gz", write_gzip),
    ("day.jsonl.gz", write_gzip_members),
    ("misnamed.jsonl", write_gzip),
    ("day.jsonl.zst", write_zstd),
    ("day.zst", write_zstd_frames),
    ("day.unheardof", write_lines),
    ("day.json", write_lines),
    ("day.json", write_array),
    ("day.json", write_pretty_array),
    ("day.json", write_pretty_objects),
    ("day.csv", write_csv),
    ("day.csv", write_csv_of(";")),
    ("day.tsv", write_csv_of("\t")),
    ("DAY.CSV.GZ", write_csv_gzip),
    ("day.parquet", write_parquet),
    ("day.data", write_parquet),
    ("day.feather", write_feather),
    ("day.arrow", write_feather),
    ("day.arrows", write_arrow_stream),
]


@pytest.mark.parametrize(("name", "write"), FORMATS)
def test_read__every_format_gives_the_same_documents(
    tmp_path: Path, name: str, write: Callable[[Path], None]
) -> None:
    write(tmp_path / name)
    reading = read([tmp_path / name])
    assert reading.documents.schema.equals(SCHEMA)
    assert columns(reading.documents, "id", "text", "title") == STORIES
    assert reading.rejects == []
    assert reading.inputs == [
        {
            "path": str(tmp_path / name),
            "documents": 3,
            "rejects": 0,
            "bad_dates": 0,
            "skipped_files": 0,
        }
    ]


def test_read__several_inputs_stay_in_order(tmp_path: Path) -> None:
    write_lines(tmp_path / "b.jsonl", STORIES[:1])
    write_lines(tmp_path / "a.jsonl", STORIES[1:])
    reading = read([tmp_path / "b.jsonl", str(tmp_path / "a.jsonl")])
    assert columns(reading.documents, "id", "text", "title") == STORIES
    assert [counts["documents"] for counts in reading.inputs] == [1, 2]


def test_read__no_input_is_no_document() -> None:
    assert read([]).documents.equals(SCHEMA.empty_table())


@pytest.mark.parametrize("compress", [bytes, gzip.compress, zstandard.compress])
def test_read__standard_input_is_json_lines(
    monkeypatch: pytest.MonkeyPatch, compress: Callable[[bytes], bytes]
) -> None:
    data = compress(as_lines([*STORIES, {"text": "No id."}]))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    reading = read(["-"])
    assert reading.documents["id"].to_pylist() == ["one", "two", "three", "-:4"]
    assert reading.inputs[0]["path"] == "-"


def test_read__a_folder_gives_its_files_by_name(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "b.txt").write_text("Second.", encoding="utf-8")
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbfFirst.\r\n")
    (tmp_path / "deep" / "er" / "c.txt").write_text("Fourth.", encoding="utf-8")
    (tmp_path / "deep" / "some.jsonl").write_bytes(b'{"text": "Third, after files above."}')
    (tmp_path / ".hidden" / "d.txt").write_text("Not seen.", encoding="utf-8")
    (tmp_path / "logo.png").write_bytes(b"\x89PNG")
    reading = read([tmp_path])
    assert columns(reading.documents, "id", "text") == [
        {"id": "a.txt", "text": "First.\r\n"},
        {"id": "b.txt", "text": "Second."},
        {"id": f"{tmp_path}/deep/some.jsonl:1", "text": "Third, after files above."},
        {"id": "deep/er/c.txt", "text": "Fourth."},
    ]
    assert reading.inputs[0]["skipped_files"] == 1


def test_read__a_text_file_alone_is_named_as_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text("First.", encoding="utf-8")
    assert read(["a.txt"], fields={"text": "body"}).documents["id"].to_pylist() == ["a.txt"]


def test_read__missing_ids_are_file_and_physical_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = b'{"text": "a"}\n\n{"text": "b", "id": null}\n  \n{"text": "c", "id": ""}'
    (tmp_path / "day.jsonl").write_bytes(lines)
    (tmp_path / "day.csv").write_text('id,text\n,"a\n\nb"\n\n,c\n', encoding="utf-8")
    (tmp_path / "day.json").write_text('[{"text": "a"}, {"text": "b"}]', encoding="utf-8")
    ids = read(["day.jsonl", "day.csv", "day.json"]).documents["id"].to_pylist()
    assert ids[:3] == ["day.jsonl:1", "day.jsonl:3", "day.jsonl:5"]
    assert ids[3:5] == ["day.csv:2", "day.csv:6"]
    assert ids[5:] == ["day.json:1", "day.json:2"]


@pytest.mark.parametrize(
    ("field", "names"),
    [
        ("text", ["text", "body", "content", "maintext", "ARTICLE_BODY", "articleBody"]),
        ("title", ["title", "headline", "Headline"]),
        ("url", ["url", "link", "URL"]),
        ("canonical", ["canonical", "canonical_url"]),
        ("source", ["source", "publisher", "domain", "source_domain", "site name"]),
        ("byline", ["byline", "author", "authors"]),
        ("language", ["language", "lang"]),
        ("id", ["id", "_id", "doc_id"]),
    ],
)
def test_read__common_names_are_found(tmp_path: Path, field: str, names: list[str]) -> None:
    base = {} if field == "text" else {"text": "The ferry sank."}
    write_lines(tmp_path / "day.jsonl", [{**base, name: f"in {name}"} for name in names])
    found = read([tmp_path / "day.jsonl"]).documents
    assert found[field].to_pylist() == [f"in {name}" for name in names]


@pytest.mark.parametrize(
    ("field", "names"),
    [
        ("published", ["published", "date", "date_publish", "date_published", "publishedAt"]),
        ("fetched", ["fetched", "date_download", "scrape_time"]),
    ],
)
def test_read__common_names_of_dates_are_found(
    tmp_path: Path, field: str, names: list[str]
) -> None:
    records = [{"text": "a", name: "2018-06-02T09:16:55Z"} for name in names]
    write_lines(tmp_path / "day.jsonl", records)
    found = read([tmp_path / "day.jsonl"]).documents
    moment = datetime(2018, 6, 2, 9, 16, 55, tzinfo=UTC)
    assert found[field].to_pylist() == [moment] * len(names)
    assert found[f"{field}_until"].to_pylist() == [moment] * len(names)


def test_read__the_first_name_that_is_not_empty_wins(tmp_path: Path) -> None:
    records: list[dict[str, Any]] = [
        {"body": "second choice", "text": "first choice"},
        {"text": "", "body": "not empty"},
        {"text": None, "body": None, "content": "third choice"},
        {"text": "", "body": None},
    ]
    write_lines(tmp_path / "day.jsonl", records)
    texts = read([tmp_path / "day.jsonl"]).documents["text"].to_pylist()
    assert texts == ["first choice", "not empty", "third choice", ""]


def test_read__a_given_name_replaces_the_common_ones(tmp_path: Path) -> None:
    records: list[dict[str, Any]] = [
        {"text": "short", "full": {"story": "the whole"}, "key": 7},
        {"text": "short", "full": None},
        {"text": "short", "full": "no object"},
    ]
    write_lines(tmp_path / "day.jsonl", records)
    reading = read([tmp_path / "day.jsonl"], fields={"text": "full.story", "id": "KEY"})
    assert columns(reading.documents, "id", "text") == [{"id": "7", "text": "the whole"}]
    assert [reject["line"] for reject in reading.rejects] == [2, 3]


def test_read__a_dotted_name_may_be_a_key(tmp_path: Path) -> None:
    write_lines(tmp_path / "day.jsonl", [{"full.story": "a", "full": {"story": "b"}}])
    reading = read([tmp_path / "day.jsonl"], fields={"text": "full.story"})
    assert reading.documents["text"].to_pylist() == ["a"]


def test_read__an_unknown_field_is_refused(tmp_path: Path) -> None:
    write_lines(tmp_path / "day.jsonl")
    with pytest.raises(InputError, match='no field "headline"; its fields: id, text'):
        read([tmp_path / "day.jsonl"], fields={"headline": "title"})


def test_read__values_that_are_not_strings_become_strings(tmp_path: Path) -> None:
    record = {
        "id": 12,
        "text": ["One.", "Two."],
        "authors": ["Ada Quill", {"name": "Bo Ink"}, None],
        "publisher": {"@type": "Organization", "name": "The Harbour Post"},
        "title": True,
        "date": {"$date": "2018-06-02T09:16:55Z"},
        "fetched": ["2018-06-02T09:16:55Z"],
        "url": {"nothing": "known"},
    }
    write_lines(tmp_path / "day.jsonl", [record])
    moment = datetime(2018, 6, 2, 9, 16, 55, tzinfo=UTC)
    assert read([tmp_path / "day.jsonl"]).documents.to_pylist() == [
        {
            "id": "12",
            "text": "One.\nTwo.",
            "title": None,
            "url": None,
            "canonical": None,
            "source": "The Harbour Post",
            "byline": "Ada Quill, Bo Ink",
            "published": moment,
            "published_until": moment,
            "fetched": moment,
            "fetched_until": moment,
            "language": None,
        }
    ]


def test_read__the_host_of_the_address_names_the_outlet(tmp_path: Path) -> None:
    records = [
        {"text": "a", "url": "https://www.harbourpost.example/ferry"},
        {"text": "b", "url": "https://other.example/ferry", "source": "The Other"},
        {"text": "c"},
    ]
    write_lines(tmp_path / "day.jsonl", records)
    sources = read([tmp_path / "day.jsonl"]).documents["source"].to_pylist()
    assert sources == ["harbourpost.example", "The Other", None]


def test_read__dates_agree_with_parse_interval_and_bad_ones_are_counted(tmp_path: Path) -> None:
    dates: list[Any] = [
        "2018-06-02T09:16:55-04:00",
        "2018-06-02 09:16:55.123456Z",
        "2018-06-02",
        None,
        "",
        "30 Feb 2018",
        "9999-12-31T23:59:59Z",
        "1970-01-01T00:00:00Z",
        0,
        1527945415,
    ]
    write_lines(tmp_path / "all.jsonl", [{"text": "a", "date": value} for value in dates])
    alone = []
    for place, value in enumerate(dates):
        write_lines(tmp_path / f"{place}.jsonl", [{"text": "a", "date": value}])
        alone.append(tmp_path / f"{place}.jsonl")
    for reading in (read([tmp_path / "all.jsonl"]), read(alone)):
        found = columns(reading.documents, "published", "published_until")
        assert [tuple(row.values()) for row in found] == [parse_interval(value) for value in dates]
        assert sum(counts["bad_dates"] for counts in reading.inputs) == 4
        assert reading.rejects == []


def test_read__batches_hold_what_read_holds(tmp_path: Path) -> None:
    records = [{"id": f"{n}", "text": "a" * (n % 97)} for n in range(2500)]
    write_lines(tmp_path / "day.jsonl", records)
    (tmp_path / "empty.jsonl").touch()
    inputs = [tmp_path / "day.jsonl", tmp_path / "empty.jsonl"]
    batches = list(read_batches(inputs, limits=Limits(batch_documents=100)))
    assert len(batches) > 2
    assert pa.concat_tables(batch.documents for batch in batches).equals(read(inputs).documents)
    last = {batch.counts["path"]: batch.counts["documents"] for batch in batches}
    assert list(last.values()) == [2500, 0]


def test_read__progress_ends_at_all_bytes(tmp_path: Path) -> None:
    write_lines(tmp_path / "day.jsonl")
    write_parquet(tmp_path / "day.parquet")
    told: list[tuple[str, int, int]] = []
    read([tmp_path / "day.jsonl"], on_progress=lambda *progress: told.append(progress))
    size = (tmp_path / "day.jsonl").stat().st_size
    assert told[-1] == ("read", size, size)
    told.clear()
    read([tmp_path / "day.parquet"], on_progress=lambda *progress: told.append(progress))
    size = (tmp_path / "day.parquet").stat().st_size
    assert told[-1] == ("read", size, size)


def test_read_table__maps_fields_as_files_do() -> None:
    moment = datetime(2018, 6, 2, 9, 16, 55, tzinfo=UTC)
    table = pa.table(
        {
            "key": pa.array([1, 2], pa.int64()),
            "maintext": pa.array(["One.", "Two."]).dictionary_encode(),
            "meta": pa.array([{"who": "Ada Quill"}, None]),
            "date": pa.array([moment, None], pa.timestamp("ns", "America/New_York")),
            "fetched": pa.array([moment.date(), None], pa.date32()),
        }
    )
    found = read_table(table, fields={"id": "key", "byline": "meta.who"}).documents
    expected = documents_table(
        [
            {"id": "1", "text": "One.", "byline": "Ada Quill", "published": moment,
             "fetched": "2018-06-02"},
            {"id": "2", "text": "Two."},
        ]
    )  # fmt: skip
    assert found.equals(expected)


def test_read_table__a_documents_table_passes_unchanged() -> None:
    table = documents_table([{"text": "a", "published": "2018-06-02"}, {"text": "b\x00"}])
    assert read_table(table).documents is table


def test_read_table__a_documents_table_with_equal_ids_is_refused() -> None:
    table = documents_table([{"text": "a", "id": "x"}, {"text": "b", "id": "x"}])
    with pytest.raises(InputError, match='the id "x": table:1 and table:2'):
        read_table(table)


def test_read_table__rows_without_text_are_rejects_by_number() -> None:
    table = pa.table({"text": ["a", None, "c"], "id": ["1", "2", None]})
    found = read_table(table)
    assert found.documents["id"].to_pylist() == ["1", "table:3"]
    assert found.rejects == [{"file": "table", "line": 2, "reason": "the text is null"}]
    (counts,) = found.inputs
    assert (counts["path"], counts["documents"], counts["rejects"]) == ("table", 2, 1)
    with pytest.raises(InputError, match="table:2: the text is null"):
        read_table(table, on_error="fail")


def test_read_table__a_documents_table_may_hold_nulls_where_it_says_it_has_none() -> None:
    given = documents_table([{"text": "a"}, {"text": "b"}, {"text": "c", "published": "2018"}])
    rows = given.to_pylist()
    rows[1]["text"] = rows[2]["id"] = None
    found = read_table(pa.Table.from_pylist(rows, schema=SCHEMA))
    assert found.documents["id"].to_pylist() == ["1", "table:3"]
    assert found.documents["published_until"].to_pylist() == [None, rows[2]["published_until"]]
    assert found.documents.schema.equals(SCHEMA)
    assert found.rejects == [{"file": "table", "line": 2, "reason": "the text is null"}]
    assert (found.inputs[0]["documents"], found.inputs[0]["rejects"]) == (2, 1)
    rows[2]["id"] = "1"
    with pytest.raises(InputError, match='the id "1": table:1 and table:3'):
        read_table(pa.Table.from_pylist(rows, schema=SCHEMA))


def test_read__times_that_python_cannot_hold_are_bad_dates(tmp_path: Path) -> None:
    far = 2**62
    table = pa.table(
        {
            "text": ["a"],
            "date": pa.array([far], pa.timestamp("us")),
            "fetched": pa.array([2**31 - 1], pa.date32()),
        }
    )
    parquet.write_table(table, tmp_path / "day.parquet")
    for reading in (read([tmp_path / "day.parquet"]), read_table(table)):
        assert columns(reading.documents, "published", "fetched") == [
            {"published": None, "fetched": None}
        ]
        assert reading.inputs[0]["bad_dates"] == 2


def test_read_table__rejects_and_the_input_reach_the_result() -> None:
    result = dedupe.find_duplicates(pa.table({"text": ["a", None], "id": ["1", "2"]}))
    assert result.documents["id"].to_pylist() == ["1"]
    assert result.rejects == [{"file": "table", "line": 2, "reason": "the text is null"}]
    assert result.run["rejects"] == 1
    assert result.run["inputs"][0]["path"] == "table"


def test_read__a_result_within_a_folder_is_not_read_again(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Words of a story.")
    before = read([tmp_path]).documents
    dedupe.find_duplicates(before).save(tmp_path / "out")
    (tmp_path / "out" / "kept.txt").write_text("Not of an input.")
    assert read([tmp_path]).documents["id"].to_pylist() == before["id"].to_pylist()
