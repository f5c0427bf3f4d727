"""Reading bad input: a clear error or a counted reject, never a lost good record."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
import zstandard
from pyarrow import parquet

import dedupe
from dedupe.errors import InputError
from dedupe.filter import unique_records
from dedupe.read import Limits, Reading, plain_lines, read, read_table
from dedupe.read.streams import LineSplitter

if TYPE_CHECKING:
    from collections.abc import Callable

GOOD = b'{"id": "good", "text": "The ferry sank."}\n'
MEBIBYTE = 1 << 20


def reading_of(tmp_path: Path, data: bytes, name: str = "day.jsonl", **options: Any) -> Reading:
    (tmp_path / name).write_bytes(data)
    return read([tmp_path / name], **options)


def outcome(reading: Reading) -> tuple[list[str], list[tuple[int, str]]]:
    rejects = [(reject["line"], reject["reason"]) for reject in reading.rejects]
    return reading.documents["id"].to_pylist(), rejects


@pytest.mark.parametrize("blank", [b"\n", b" \n", b"\r\n"])
@pytest.mark.parametrize("packed", [True, False], ids=["gzip", "plain"])
def test_read__runs_of_blank_lines_are_passed_at_once_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, blank: bytes, *, packed: bool
) -> None:
    looked_at = 0

    def split(splitter: LineSplitter, chunk: bytes) -> tuple[int, list[bytes | None]]:
        nonlocal looked_at
        number, lines = whole_split(splitter, chunk)
        looked_at += len(lines)
        return number, lines

    whole_split = LineSplitter.split
    monkeypatch.setattr(LineSplitter, "split", split)
    n_blank = (24 if packed else 6) * MEBIBYTE // len(blank)
    data = GOOD + blank * n_blank + b"oops\n" + blank * n_blank + GOOD.replace(b"good", b"last")
    reading = reading_of(tmp_path, gzip.compress(data, 1) if packed else data)
    assert reading.documents["id"].to_pylist() == ["good", "last"]
    assert [reject["line"] for reject in reading.rejects] == [n_blank + 2]
    # Only chunks that hold something else too are looked at line by line; those of a file
    # that is not packed are larger. Of 2 * n_blank lines that is a third at most.
    assert looked_at < (n_blank // 4 if packed else n_blank)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"text": "a\xff"}', "not UTF-8: byte 12 of the record"),
        (b'{"text": NaN}', "the text is null"),
        (b'{"text": "a", "n": nan}', "not JSON"),
        (b'{"text": "a"', "not JSON"),
        (b'{"text": "a\x00b"}', "not JSON"),
        (b"\x00\x01\x02\x03", "not JSON"),
        (b"[" * 200_000 + b"]" * 200_000, "not JSON"),
        (b'{"text": ' + b'{"a":' * 2000 + b"1" + b"}" * 2001, "not JSON"),
        (b'["a", "b"]', "a list, not an object"),
        (b'"a"', "a string, not an object"),
        (b"null", "null, not an object"),
        (b"{}", "no field text; the fields are: none"),
        (b'{"titel": "a", "foo": 1}', "no field text; the fields are: foo, titel"),
        (b'{"text": null}', "the text is null"),
        (b'{"text": 5}', "the text is a number, not a string"),
        (b'{"text": {"a": 1}}', "the text is an object, not a string"),
        (b'{"text": ["a", 1]}', "the text is a list, not a string"),
        (b'{"id": {"a": 1}, "text": "a"}', "the id is an object, not a string or a number"),
        (b'{"id": [{"a": 1}], "text": "a"}', "the id is a list, not a string or a number"),
        (b'{"id": ["a"], "text": "a"}', "the id is a list, not a string or a number"),
        (b'{"id": 1e400, "text": "a"}', "the id is an infinite number, not a string or a number"),
        (b'{"id": -1e400, "text": "a"}', "the id is an infinite number, not a string or a number"),
        (b'{"text": 1e400}', "the text is a number, not a string"),
        (b'{"id": true, "text": "a"}', "the id is true or false, not a string or a number"),
        (b'{"a\\u001b]0;b": 1}', "no field text; the fields are: a?]0;b"),
    ],
)
def test_read__a_bad_line_is_one_reject(tmp_path: Path, line: bytes, reason: str) -> None:
    last = b'{"id": "last", "text": ""}'
    reading = reading_of(tmp_path, GOOD + line + b"\n\n" + last)
    ids, rejects = outcome(reading)
    assert ids == ["good", "last"]
    assert len(rejects) == 1
    assert rejects[0][0] == 2
    assert rejects[0][1].startswith(reason)
    assert reading.rejects[0]["file"] == str(tmp_path / "day.jsonl")
    assert reading.inputs[0]["documents"] == 2
    assert reading.inputs[0]["rejects"] == 1


@pytest.mark.parametrize(
    "line",
    [
        b'{"text": "a", "title": NaN, "date": Infinity, "n": [-Infinity, 1e999]}',
        b'{"text": "a", "title": null, "source": NaN}',
    ],
)
def test_read__numbers_that_json_does_not_know_are_null(tmp_path: Path, line: bytes) -> None:
    reading = reading_of(tmp_path, GOOD + line)
    assert reading.rejects == []
    row = reading.documents.to_pylist()[1]
    assert (row["text"], row["title"], row["published"], row["source"]) == ("a", None, None, None)
    assert reading.inputs[0]["bad_dates"] == 0


def test_read__lines_are_known_as_such_though_the_first_holds_no_number(tmp_path: Path) -> None:
    data = b'{"text": "a", "n": NaN}\n\n{"n": NaN}\n'
    assert outcome(reading_of(tmp_path, data, "day.json"))[1][0][0] == 3


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (b'{"$oid": "5f"}', "5f"), (b"17", "17"), (b"1.5", "1.5"),
        (b"{}", None), (b"[]", None), (b'""', None), (b"null", None),
    ],
)  # fmt: skip
def test_read__an_id_is_what_says_one_and_its_place_where_nothing_is_said(
    tmp_path: Path, given: bytes, expected: str | None
) -> None:
    reading = reading_of(tmp_path, b'{"text": "a", "id": ' + given + b"}")
    assert reading.documents["id"].to_pylist() == [expected or f"{tmp_path / 'day.jsonl'}:1"]


def test_read__a_date_that_overflows_is_counted(tmp_path: Path) -> None:
    reading = reading_of(tmp_path, b'{"text": "a", "title": 1e400, "date": 1e400, "n": [1e400]}')
    (row,) = reading.documents.to_pylist()
    assert (row["title"], row["published"]) == (None, None)
    assert reading.inputs[0]["bad_dates"] == 1


def test_read__a_list_of_strings_is_a_text_in_paragraphs(tmp_path: Path) -> None:
    reading = reading_of(tmp_path, b'{"text": ["One.", "Two."]}')
    assert outcome(reading)[1] == []
    assert reading.documents["text"].to_pylist() == ["One.\nTwo."]


def test_read__an_escaped_lone_surrogate_is_replaced(tmp_path: Path) -> None:
    reading = reading_of(tmp_path, b'{"text": "a\\ud800b \\ud83d\\ude00"}')
    assert reading.documents["text"].to_pylist() == ["a\ufffdb \U0001f600"]


def test_read__rejects_stand_in_the_order_of_lines(tmp_path: Path) -> None:
    lines = [b"{}", b"junk", b'{"text": 5}', b'{"text": ', b'{"text": "a"}'] * 3
    rejects = reading_of(tmp_path, b"\n".join(lines)).rejects
    assert [reject["line"] for reject in rejects] == [1, 2, 3, 4, 6, 7, 8, 9, 11, 12, 13, 14]


@pytest.mark.parametrize("one", ["day.jsonl", b"day.jsonl", Path("day.jsonl")])
def test_read__one_path_in_place_of_a_list_is_told(one: Any) -> None:
    with pytest.raises(InputError, match="a list of inputs"):
        read(one)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (b'{"text": "a\xff\xfeb"}', "a\ufffd\ufffdb"),
        (b'{"text": "a\\ud800b"}', "a\ufffdb"),
        (b'{"text": "\\ud83d\\ude00"}', "\U0001f600"),
    ],
)
def test_read__replace_mends_what_is_not_unicode(tmp_path: Path, line: bytes, text: str) -> None:
    reading = reading_of(tmp_path, line, on_error="replace")
    assert reading.documents["text"].to_pylist() == [text]
    assert reading.rejects == []


@pytest.mark.parametrize(
    "line", [b'{"text": NaN}', b'{"text": "\xff"', b"[" * 200_000, b'{"a": 1' + b"0" * 9999 + b"}"]
)
def test_read__replace_still_rejects_what_is_no_record(tmp_path: Path, line: bytes) -> None:
    assert len(reading_of(tmp_path, line, on_error="replace").rejects) == 1


def test_read__fail_names_the_first_bad_record(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"day\.jsonl:2: no field text"):
        reading_of(tmp_path, GOOD + b"{}\n" + GOOD, on_error="fail")


def test_read__control_characters_become_spaces_one_for_one(tmp_path: Path) -> None:
    record = {
        "id": "a\x00b\nc",
        "title": "x\x1b]0;y\x9bz\tw",
        "text": "a\x00b\x1bc\x7fd\x85e\x9ff\tg\r\nh\u00a0i\x01",
    }
    reading = reading_of(tmp_path, json.dumps(record).encode())
    row = reading.documents.to_pylist()[0]
    assert row["text"] == "a b c d e f\tg\r\nh\u00a0i "
    assert len(row["text"]) == len(record["text"])
    assert row["id"] == record["id"]
    assert row["title"] == "x]0;yz w"


@pytest.mark.parametrize("control", ["\x00", "\x0b", "\x1f", "\x7f", "\x80", "\x9f"])
@pytest.mark.parametrize("place", [0, (1 << 17) - 2, (1 << 17) - 1, 1 << 17, (1 << 18) - 1])
def test_read__a_control_character_is_found_anywhere(
    tmp_path: Path, control: str, place: int
) -> None:
    text = "x" * place + control + "é" * 10
    reading = reading_of(tmp_path, json.dumps({"text": text}).encode())
    assert reading.documents["text"][0].as_py() == text.replace(control, " ")


def test_read__empty_text_is_a_document(tmp_path: Path) -> None:
    assert outcome(reading_of(tmp_path, b'{"id": "e", "text": ""}')) == (["e"], [])
    assert outcome(reading_of(tmp_path, b"", "empty.txt")) == ([f"{tmp_path}/empty.txt"], [])


@pytest.mark.parametrize(
    "name", ["e.jsonl", "e.json", "e.csv", "e.tsv", "e", "e.jsonl.gz", "e.zst"]
)
@pytest.mark.parametrize("data", [b"", b"\n", b"\xef\xbb\xbf", b" \r\n \n"])
def test_read__an_empty_file_holds_nothing(tmp_path: Path, name: str, data: bytes) -> None:
    assert outcome(reading_of(tmp_path, data, name)) == ([], [])


def test_read__equal_ids_are_an_error_that_names_both_places(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"\n" + GOOD)
    (tmp_path / "b.csv").write_text("id,text\nother,b\ngood,c\n", encoding="utf-8")
    with pytest.raises(InputError, match=r'"good": .*a\.jsonl:2 and .*b\.csv:3; .*--field id'):
        read([tmp_path / "a.jsonl", tmp_path / "b.csv"])


def test_read__equal_ids_of_one_batch_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"day\.jsonl:1 and .*day\.jsonl:3"):
        reading_of(tmp_path, GOOD + b"{}\n" + GOOD)


def test_read__equal_ids_far_apart_are_an_error(tmp_path: Path) -> None:
    between = b"".join(b'{"text": "", "id": %d}\n' % n for n in range(5000))
    with pytest.raises(InputError, match=r"day\.jsonl:1 and .*day\.jsonl:5002"):
        reading_of(tmp_path, GOOD + between + GOOD, limits=Limits(batch_documents=100))


def test_read__a_given_id_may_not_equal_a_made_one(tmp_path: Path) -> None:
    made = f"{tmp_path}/day.jsonl:2"
    data = json.dumps({"id": made, "text": "a"}).encode() + b'\n{"text": "b"}\n'
    with pytest.raises(InputError, match=r"day\.jsonl:1 and .*day\.jsonl:2"):
        reading_of(tmp_path, data)


def test_read__an_input_given_twice_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(GOOD)
    with pytest.raises(InputError, match="given twice"):
        read([tmp_path / "a.jsonl", tmp_path / "a.jsonl"])


def test_read__an_input_given_twice_in_other_words_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.jsonl").write_bytes(GOOD)
    (tmp_path / "link.jsonl").symlink_to("a.jsonl")
    for other in ("./a.jsonl", str(tmp_path / "a.jsonl"), "link.jsonl"):
        with pytest.raises(InputError, match=r"given twice, first as a\.jsonl"):
            read(["a.jsonl", other])
    (tmp_path / "-").write_bytes(b'{"id": "dash", "text": "a"}\n')
    assert read(["a.jsonl", "./-"]).documents["id"].to_pylist() == ["good", "dash"]


def test_read__an_input_within_a_folder_that_is_given_is_an_error(tmp_path: Path) -> None:
    inside, hidden, aside = (tmp_path / "day" / name for name in ("a.jsonl", ".b.jsonl", "c.log"))
    inside.parent.mkdir()
    for row, place in enumerate((inside, hidden, aside)):
        place.write_bytes(b'{"id": "%d", "text": "a"}\n' % row)
    for inputs in ([inside.parent, inside], [inside, tmp_path / "day"], [tmp_path, inside.parent]):
        with pytest.raises(InputError, match="given twice, once in"):
            read(inputs)
    # A folder gives neither of these.
    read_ids = read([inside.parent, hidden, aside]).documents["id"].to_pylist()
    assert read_ids == ["0", "1", "2"]
    (tmp_path / "daybreak.jsonl").write_bytes(GOOD)
    assert len(read([inside.parent, tmp_path / "daybreak.jsonl"]).documents) == 2


def test_read__standard_input_is_not_a_file_called_dash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "-").write_bytes(b'{"id": "dash", "text": "a"}\n')
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(GOOD)))
    assert read(["-", "./-"]).documents["id"].to_pylist() == ["good", "dash"]


@pytest.mark.parametrize("name", ["../../x", "a/../b", "é" * 5000, "=cmd()", ".", "\u202eevil"])
def test_read__any_string_is_an_id(tmp_path: Path, name: str) -> None:
    reading = reading_of(tmp_path, json.dumps({"id": name, "text": "a"}).encode())
    assert reading.documents["id"].to_pylist() == [name]


@pytest.mark.parametrize("given", ["nowhere.jsonl", "no/folder", "", "nul\0"])
def test_read__a_missing_input_is_an_error(given: str) -> None:
    with pytest.raises(InputError, match="give one that is there, or - for standard input"):
        read([given])


def test_read__a_folder_with_nothing_readable_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")
    with pytest.raises(InputError, match=r"nothing readable in this folder; .*Parquet"):
        read([tmp_path])


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser reads everything")
def test_read__a_file_without_permission_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(GOOD)
    (tmp_path / "a.jsonl").chmod(0)
    with pytest.raises(InputError, match=r"a\.jsonl: cannot be read"):
        read([tmp_path / "a.jsonl"])


def test_read__fail_names_a_record_without_a_text_before_a_later_line_that_is_no_record(
    tmp_path: Path,
) -> None:
    with pytest.raises(InputError, match=r":2: no field text"):
        reading_of(tmp_path, GOOD + b"{}\n" + b"null\n" + GOOD, on_error="fail")


def test_read__a_failing_disk_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing(io.BytesIO):
        def read(self, _size: int | None = -1, /) -> bytes:
            raise OSError(5, "Input/output error")

    (tmp_path / "a.jsonl").write_bytes(GOOD)
    monkeypatch.setattr(Path, "open", lambda *_: Failing())
    with pytest.raises(InputError, match=r"a\.jsonl: cannot be read \(Input/output error\)"):
        read([tmp_path / "a.jsonl"])


def test_read__an_unknown_form_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no form that is known"):
        reading_of(tmp_path, b"\x7fELF\x02\x01\x01", "program")


def test_read__a_file_of_bad_records_alone_is_an_error(tmp_path: Path) -> None:
    data = b'{"paragraphs": "a"}\n' * 300
    limits = Limits(hopeless=200, batch_documents=50)
    with pytest.raises(
        InputError, match=r"first 300 records.*no field text.*paragraphs.*--field text"
    ):
        reading_of(tmp_path, data, limits=limits)
    reading = reading_of(tmp_path, GOOD + data, limits=limits)
    assert (reading.documents.num_rows, len(reading.rejects)) == (1, 300)


def cut_gzip(data: bytes) -> bytes:
    return gzip.compress(data)[:-400]


def cut_zstd(data: bytes) -> bytes:
    compressor = zstandard.ZstdCompressor().compressobj()
    blocks = [
        compressor.compress(data[start : start + 2000])
        + compressor.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
        for start in range(0, len(data), 2000)
    ]
    return b"".join(blocks[:-2])


def noisy_lines(n_lines: int) -> list[bytes]:
    return [
        b'{"id": "%d", "text": "%s"}\n'
        % (n, zlib.adler32(b"%d" % n).to_bytes(4).hex().encode() * 9)
        for n in range(n_lines)
    ]


@pytest.mark.parametrize(
    ("cut", "reason"),
    [(cut_gzip, "gzip data ends early"), (cut_zstd, "zstd data ends early")],
)
def test_read__a_cut_file_keeps_what_stands_before_the_cut(
    tmp_path: Path, cut: Callable[[bytes], bytes], reason: str
) -> None:
    lines = noisy_lines(400)
    ids, rejects = outcome(reading_of(tmp_path, cut(b"".join(lines))))
    assert 200 < len(ids) < 400
    assert ids == [str(n) for n in range(len(ids))]
    assert len(rejects) == 1
    assert rejects[0][0] in {len(ids), len(ids) + 1}
    assert rejects[0][1].startswith(reason)


@pytest.mark.parametrize("ending", ["csv", "json"])
def test_read__a_cut_table_or_array_keeps_what_stands_before_the_cut(
    tmp_path: Path, ending: str
) -> None:
    records = [json.loads(line) for line in noisy_lines(400)]
    rows = [f'{record["id"]},"{record["text"]}\n."' for record in records]
    whole = json.dumps(records) if ending == "json" else "id,text\n" + "\n".join(rows)
    reading = reading_of(tmp_path, cut_gzip(whole.encode()), f"day.{ending}.gz")
    ids, rejects = outcome(reading)
    assert 200 < len(ids) < 400
    assert ids == [str(n) for n in range(len(ids))]
    assert [reason for _, reason in rejects] == ["gzip data ends early here: the file is cut"]


def test_read__bad_lines_shortly_before_a_cut_are_rejects_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plain_lines, "LEAST_BYTES", 1)
    lines = noisy_lines(3000)
    lines[-40], lines[-30] = b"[1, 2]\n", b"no JSON\n"
    whole = gzip.compress(b"".join(lines))
    ids, rejects = outcome(reading_of(tmp_path, whole[: -len(whole) // 400], "day.jsonl.gz"))
    assert [line for line, _ in rejects] == [2961, 2971, len(ids) + 3]
    assert [reason[:9] for _, reason in rejects] == ["a list, n", "not JSON:", "gzip data"]


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.compress])
def test_read__damaged_compression_is_one_reject(
    tmp_path: Path, compress: Callable[[bytes], bytes]
) -> None:
    first, second = compress(GOOD), bytearray(compress(b"".join(noisy_lines(400))))
    second[40:60] = b"\xff" * 20
    ids, rejects = outcome(reading_of(tmp_path, first + bytes(second)))
    assert ids[0] == "good"
    assert len(rejects) == 1
    assert "data is damaged here" in rejects[0][1]


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.compress])
def test_read__what_follows_compressed_data_is_told(
    tmp_path: Path, compress: Callable[[bytes], bytes]
) -> None:
    ids, rejects = outcome(reading_of(tmp_path, compress(GOOD) + b"what is this"))
    assert ids == ["good"]
    assert len(rejects) == 1


def test_read__a_long_record_is_skipped_and_counted(tmp_path: Path) -> None:
    long = b'{"text": "' + b"a" * 3 * MEBIBYTE + b'"}\n'
    edge = b'{"text": "' + b"a" * (2 * MEBIBYTE - 12) + b'"}'
    over = edge.replace(b'"}', b'a"}')
    data = GOOD + long + edge + b"\n" + over + b"\n" + b'{"id": "last", "text": ""}'
    for name, whole in (("day.jsonl", data), ("day.json", b"[" + data.replace(b"\n", b",") + b"]")):
        reading = reading_of(tmp_path, whole, name, limits=Limits(record_bytes=2 * MEBIBYTE))
        ids, rejects = outcome(reading)
        assert ids == ["good", f"{tmp_path}/{name}:3", "last"]
        assert rejects == [(2, "longer than 2,097,152 bytes"), (4, "longer than 2,097,152 bytes")]


def test_read__a_long_last_line_is_one_reject(tmp_path: Path) -> None:
    limits = Limits(record_bytes=100)
    _, rejects = outcome(reading_of(tmp_path, GOOD + b"x" * 101, limits=limits))
    assert rejects == [(2, "longer than 100 bytes")]


def bomb(form: str) -> bytes:
    """Return about a gibibyte of spaces, compressed."""
    space = b" " * MEBIBYTE
    if form == "gzip":
        deflater = zlib.compressobj(9, zlib.DEFLATED, 31)
        return b"".join(deflater.compress(space) for _ in range(600)) + deflater.flush()
    compressor = zstandard.ZstdCompressor(level=3).compressobj()
    return b"".join(compressor.compress(space) for _ in range(600)) + compressor.flush()


READ_UNDER_A_LIMIT = """
import resource, sys
from dedupe.read import Limits, read
read([sys.argv[2]])
import pyarrow.compute, zstandard
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
reading = read([sys.argv[1]], limits=Limits(expanded_bytes=256 << 20))
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(reading.documents.num_rows, len(reading.rejects), grown)
print(reading.rejects[0]["reason"])
"""


@pytest.mark.parametrize("form", ["gzip", "zstd"])
def test_read__a_bomb_is_left_before_it_fills_the_memory(tmp_path: Path, form: str) -> None:
    member = gzip.compress(GOOD) if form == "gzip" else zstandard.compress(GOOD)
    (tmp_path / "bomb.jsonl").write_bytes(member + bomb(form))
    (tmp_path / "good.jsonl").write_bytes(member)
    command = [sys.executable, "-c", READ_UNDER_A_LIMIT]
    paths = [str(tmp_path / "bomb.jsonl"), str(tmp_path / "good.jsonl")]
    done = subprocess.run([*command, *paths], capture_output=True, encoding="utf-8", check=True)
    counts, reason = done.stdout.splitlines()
    n_documents, n_rejects, grown = map(int, counts.split())
    assert (n_documents, n_rejects) == (1, 1)
    assert reason == "expands more than 500-fold; the rest was not read"
    kibibytes = grown // 1024 if sys.platform == "darwin" else grown
    assert kibibytes < 200 * 1024


def test_read__copies_of_one_page_are_no_bomb(tmp_path: Path) -> None:
    copies = b"".join(b'{"id": "%d", "text": "%s"}\n' % (n, b"a" * 2000) for n in range(10_000))
    for compress in (gzip.compress, zstandard.compress):
        reading = reading_of(tmp_path, compress(copies))
        assert reading.documents.num_rows == 10_000
        assert reading.rejects == []


def test_read__csv_without_a_text_column_names_its_columns(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"the fields are: headline, story_html; .*--field text="):
        reading_of(tmp_path, b"story_html,headline\na,b\n", "day.csv")


def test_read__csv_with_a_wrong_given_name_names_its_columns(tmp_path: Path) -> None:
    with pytest.raises(InputError, match='no field "main" for the text; the fields are: id, text'):
        reading_of(tmp_path, b"id,text\na,b\n", "day.csv", fields={"text": "main"})


def test_read__ragged_rows_are_rejects(tmp_path: Path) -> None:
    data = b"id,text\na,one\nb\nc,two,three\n\nd,four\n"
    assert outcome(reading_of(tmp_path, data, "day.csv")) == (
        ["a", "d"],
        [(3, "1 fields, where the header has 2"), (4, "3 fields, where the header has 2")],
    )


def test_read__a_quote_never_closed_costs_its_own_line(tmp_path: Path) -> None:
    rows = "".join(f'{n},"text {n}"\n' for n in range(1000))
    data = f'id,text\nbad,"never closed\n{rows}'.encode()
    ids, rejects = outcome(reading_of(tmp_path, data, "day.csv"))
    assert ids == [str(n) for n in range(1000)]
    assert [line for line, _ in rejects] == [2]


def test_read__a_quote_open_to_the_end_costs_its_own_line(tmp_path: Path) -> None:
    rows = "".join(f"{n},text {n}\n" for n in range(1000))
    ids, rejects = outcome(reading_of(tmp_path, f'id,text\nbad,"open\n{rows}'.encode(), "d.csv"))
    assert ids == [str(n) for n in range(1000)]
    assert rejects == [(2, "unexpected end of data")]


def test_read__many_open_quotes_are_not_read_forever(tmp_path: Path) -> None:
    data = b"id,text\n" + b'x,"a""b\n' * 3000
    reading = reading_of(tmp_path, data, "day.csv")
    assert reading.documents.num_rows == 0
    assert 1 <= len(reading.rejects) <= 3000


def test_read__huge_csv_fields_are_read(tmp_path: Path) -> None:
    text = "word " * 100_000
    reading = reading_of(tmp_path, f'id,text\na,"{text}"\n'.encode(), "day.csv")
    assert reading.documents["text"].to_pylist() == [text]


def test_read__long_csv_records_are_rejects(tmp_path: Path) -> None:
    data = b"id,text\na," + b"x" * 300 + b'\nb,"' + b"y\n" * 150 + b'"\nc,good\n'
    ids, rejects = outcome(reading_of(tmp_path, data, "d.csv", limits=Limits(record_bytes=200)))
    assert ids == ["c"]
    assert rejects[0] == (2, "longer than 200 bytes")
    assert (3, "longer than 200 bytes") in rejects


def test_read__bad_bytes_in_csv_are_a_reject_or_mended(tmp_path: Path) -> None:
    data = b"id,text\na,\xff\nb,caf\xc3\xa9\nc,nul\x00\n"
    assert outcome(reading_of(tmp_path, data, "d.csv")) == (["b", "c"], [(2, "not UTF-8")])
    mended = reading_of(tmp_path, data, "d.csv", on_error="replace")
    assert mended.documents["text"].to_pylist() == ["\ufffd", "café", "nul "]


def test_read__a_column_that_comes_twice_gives_its_first(tmp_path: Path) -> None:
    reading = reading_of(tmp_path, b"text,id,text\nfirst,a,second\n", "day.csv")
    assert reading.documents["text"].to_pylist() == ["first"]


@pytest.mark.parametrize("form", ["parquet", "arrow"])
def test_filter__a_column_that_comes_twice_keeps_both(tmp_path: Path, form: str) -> None:
    names = ["id", "text", "tag", "text", "tag"]
    table = pa.Table.from_arrays([pa.array([value]) for value in "abcde"], names)
    path = tmp_path / f"day.{form}"
    if form == "parquet":
        parquet.write_table(table, path)
    else:
        with pa.ipc.new_file(path, table.schema) as file:
            file.write_table(table)
    reading = read([path])
    assert reading.documents.select(["id", "text"]).to_pylist() == [{"id": "a", "text": "b"}]
    assert read_table(table).documents["text"].to_pylist() == ["b"]
    result = dedupe.find_duplicates(reading.documents)
    kept = {"id": "a", "text": "b", "tag": "c", "text (4)": "d", "tag (5)": "e"}
    assert list(unique_records(result, [path])) == [kept]


@pytest.mark.parametrize(
    ("name", "data", "place"),
    [
        ("a.txt", b"one\ntwo\nthree \xff", 3),
        ("a.txt.gz", gzip.compress(b"one\ntwo", mtime=0)[:-6], 1),
        ("a.txt", b"x" * 2000, 1),
    ],
)
def test_read__a_bad_text_file_is_a_reject(
    tmp_path: Path, name: str, data: bytes, place: int
) -> None:
    (tmp_path / name).write_bytes(data)
    (tmp_path / "good.txt").write_bytes(b"good")
    ids, rejects = outcome(read([tmp_path], limits=Limits(record_bytes=1000)))
    assert ids == ["good.txt"]
    assert [line for line, _ in rejects] == [place]


def test_read__a_file_name_of_any_bytes_is_read(tmp_path: Path) -> None:
    try:
        (tmp_path / os.fsdecode(b"caf\xe9.txt")).write_text("The ferry sank.", encoding="utf-8")
    except OSError:
        pytest.skip("this file system takes Unicode names only")
    assert read([tmp_path]).documents["id"].to_pylist() == ["caf\ufffd.txt"]


def test_read__elements_of_an_array_stand_for_themselves(tmp_path: Path) -> None:
    data = b'[{"text": "a"}, {"text": nope}, 5, {"text": "} ] \\" {"}, {"text": "z"'
    ids, rejects = outcome(reading_of(tmp_path, data, "day.json"))
    assert ids == [f"{tmp_path}/day.json:1", f"{tmp_path}/day.json:4"]
    assert [line for line, _ in rejects] == [2, 3, 5]


@pytest.mark.parametrize("name", ["day.parquet", "day.arrow", "day.feather"])
@pytest.mark.parametrize("data", [b"", b"PAR1", b"ARROW1\0\0", b"FEA1", b"\0" * 100, b"PAR1" * 50])
def test_read__what_is_no_parquet_or_arrow_is_a_reject(
    tmp_path: Path, name: str, data: bytes
) -> None:
    _, rejects = outcome(reading_of(tmp_path, data, name))
    assert [line for line, _ in rejects] == [1]
    assert rejects[0][1].startswith("cannot be read from here on")


def test_read__cut_parquet_is_a_reject(tmp_path: Path) -> None:
    parquet.write_table(pa.table({"text": ["a"] * 100}), tmp_path / "a.parquet")
    data = (tmp_path / "a.parquet").read_bytes()
    assert len(reading_of(tmp_path, data[:-20], "b.parquet").rejects) == 1


def test_read__a_cut_arrow_stream_keeps_its_first_batches(tmp_path: Path) -> None:
    sink = io.BytesIO()
    table = pa.table({"text": [f"text {n}" for n in range(100)]})
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=10)
    ids, rejects = outcome(reading_of(tmp_path, sink.getvalue()[:-300], "day.arrows"))
    assert len(ids) >= 10
    assert len(ids) % 10 == 0
    assert [line for line, _ in rejects] == [len(ids) + 1]


def test_read__parquet_without_a_text_column_names_its_columns(tmp_path: Path) -> None:
    parquet.write_table(pa.table({"a": [1], "b": [2]}), tmp_path / "a.parquet")
    with pytest.raises(InputError, match=r"a\.parquet: no field text; the fields are: a, b"):
        read([tmp_path / "a.parquet"])


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.binary()])
def test_read__bad_utf8_in_arrow_is_a_reject_or_mended(tmp_path: Path, kind: pa.DataType) -> None:
    raw = pa.array([b"good", b"bad \xff", b"caf\xc3\xa9", None])
    large = raw.cast(pa.large_binary())
    source = large if kind == pa.large_string() else raw
    text = source if kind == pa.binary() else pa.Array.from_buffers(kind, 4, source.buffers())
    table = pa.table({"id": ["1", "2", "3", "4"], "text": text})
    with (
        pa.OSFile(str(tmp_path / "a.arrow"), "wb") as sink,
        pa.ipc.new_file(sink, table.schema) as writer,
    ):
        writer.write_table(table)
    ids, rejects = outcome(read([tmp_path / "a.arrow"]))
    assert ids == ["1", "3"]
    assert sorted(line for line, _ in rejects) == [2, 4]
    mended = read([tmp_path / "a.arrow"], on_error="replace").documents
    assert mended["text"].to_pylist() == ["good", "bad \ufffd", "café"]


def test_read__forged_arrow_offsets_are_refused(tmp_path: Path) -> None:
    offsets = bytearray(np.arange(3, dtype=np.int32).tobytes())
    text = pa.Array.from_buffers(pa.string(), 2, [None, pa.py_buffer(offsets), pa.py_buffer(b"ab")])
    offsets[4:8] = (2**30).to_bytes(4, "little")
    table = pa.table({"text": text})
    with (
        pa.OSFile(str(tmp_path / "a.arrow"), "wb") as sink,
        pa.ipc.new_file(sink, table.schema) as writer,
    ):
        writer.write_table(table)
    reading = read([tmp_path / "a.arrow"])
    assert reading.documents.num_rows == 0
    assert len(reading.rejects) == 1


def test_read__utf16_with_a_lone_surrogate_costs_one_record(tmp_path: Path) -> None:
    lines = ['{"text": "a"}', '{"text": "\ud800"}', '{"text": "c"}']
    data = b"\xff\xfe" + "\n".join(lines).encode("utf-16-le", "surrogatepass")
    reading = reading_of(tmp_path, data)
    assert reading.documents["text"].to_pylist() == ["a", "c"]
    assert [reject["line"] for reject in reading.rejects] == [2]


def test_read__utf16_cut_inside_a_character_is_one_reject(tmp_path: Path) -> None:
    reading = reading_of(tmp_path, '{"text": "a"}\n{"text'.encode("utf-16") + b"\x00")
    assert reading.documents["text"].to_pylist() == ["a"]
    assert len(reading.rejects) == 1
