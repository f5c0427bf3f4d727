"""Plain JSON lines give what the patient reader gives; whatever is not plain goes to it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dedupe.errors import DedupeError
from dedupe.kernels import json_lines as kernels
from dedupe.kernels import json_strings as strings
from dedupe.read import plain_lines, read

if TYPE_CHECKING:
    from pathlib import Path

NEVER = 1 << 60
CHARACTERS = st.one_of(
    st.characters(codec="utf-8"),
    st.sampled_from('"\\/\n\t\r\b\x00\x1f\x7f\x80\x85\x9f\xa0\xe9\u2019\u5b57\U0001f600'),
)
STRINGS = st.text(CHARACTERS, max_size=70)
MOMENTS = st.sampled_from(
    ["2018-06-02T09:16:55Z", "2018-06-02 09:16:55+02:00", "2018-06-02", "June 2, 2018", "soon", ""]
)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), STRINGS,
    st.integers(min_value=10**17, max_value=10**40),
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(STRINGS, inner, max_size=2),
    max_leaves=5,
)
RECORDS = st.fixed_dictionaries(
    {},
    optional={
        "text": STRINGS | VALUES, "body": STRINGS, "title": STRINGS, "headline": SCALARS,
        "author": VALUES, "date": MOMENTS | VALUES, "fetched": MOMENTS, "url": STRINGS,
        "source": STRINGS | st.none(), "lang": STRINGS, "views": VALUES, "meta": VALUES,
        "html": st.none() | st.just(""), "id": VALUES, 'a"b': VALUES, "é": VALUES,
    },
)  # fmt: skip
MOSTLY_PLAIN = st.fixed_dictionaries(
    {"text": STRINGS, "title": STRINGS | st.none()},
    optional={"date": MOMENTS, "url": STRINGS, "views": VALUES, "author": VALUES},
)
TRAPS = [
    b"",
    b" ",
    b"\t\r",
    b"\x0b",
    b"null",
    b"[]",
    b"{}",
    b'{"text":"a"} ',
    b'{"text":"a"}{"text":"b"}',
    b'{"text":"a",}',
    b'{"text":"a" "title":"b"}',
    b'{"text":"a","text":"b"}',
    b'{"text":"\xff"}',
    b'{"text":"\xed\xa0\x80"}',
    b'{"text":"\xc0\x80"}',
    b'{"text":"\xf4\x90\x80\x80"}',
    b'{"text":"\xe2\x82"}',
    b'{"text":"\xc2\x85 \xc2\xa0"}',
    b'{"text":"\\ud83d\\ude00"}',
    b'{"text":"\\ud83d"}',
    b'{"text":"\\ude00"}',
    b'{"text":"\\ud83d\\u0041"}',
    b'{"text":"\\u00e"}',
    b'{"text":"\\x"}',
    b'{"text":"\x01"}',
    b'{"text":"\\u0001\\u0085\\u000a"}',
    b'{"\\u0074ext":"a"}',
    b'{"text":"a","n":01}',
    b'{"text":"a","id":true}',
    b'{"text":"a","id":{"b":1}}',
    b'{"text":"a","id":1e400}',
    b'{"text":"a","n":-}',
    b'{"text":"a","n":1.}',
    b'{"text":"a","n":1e999}',
    b'{"text":"a","n":1E5}',
    b'{"text":"a","n":-0}',
    b'{"text":"a","n":NaN}',
    b'{"text":"a","n":nul}',
    b'{"text":"a","n":[1,[2,{"a":[]}],"]"]}',
    b'{"text":"a","n":[1 2]}',
    b'{"text":"a","n":{"a" 1}}',
    b'{"text":"a","n":' + b"9" * 400 + b"}",
    b'{"text":"a","n":' + b"[" * 70 + b"]" * 70 + b"}",
    b'{"text":"a","n":' + b"[" * 1100 + b"]" * 1100 + b"}",
    b'\xef\xbb\xbf{"text":"a"}',
    b'{"text":"a"',
    b'{"text":"a","n":true}',
    b'{"text":"a","n":truest}',
    b'{"text":"a","n":.5}',
    b'{"text":"a","n":}',
    b'{"text":"' + b"word " * 40 + b'\\n\xc3\xa9"}',
    b'{"text":["a","b"]}',
    b'{"text":null}',
    b'{"text":7}',
]


def written(record: dict[str, Any], *, ascii_only: bool, spaced: bool) -> bytes:
    separators = None if spaced else (",", ":")
    line = json.dumps(record, ensure_ascii=ascii_only, separators=separators)
    return line.encode("utf-8", "surrogatepass")


LINES = st.lists(
    st.one_of(
        st.builds(written, MOSTLY_PLAIN, ascii_only=st.booleans(), spaced=st.booleans()),
        st.builds(written, MOSTLY_PLAIN, ascii_only=st.booleans(), spaced=st.booleans()),
        st.builds(written, RECORDS, ascii_only=st.booleans(), spaced=st.booleans()),
        st.sampled_from(TRAPS),
    ),
    max_size=8,
)


@pytest.fixture
def both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Read lines the plain way where it can be, and by records; in groups of about 300 bytes."""
    monkeypatch.setattr(plain_lines, "_MOST_FAILURES", NEVER)
    monkeypatch.setattr("dedupe.read.json_records.GROUP_BYTES", 300)
    monkeypatch.setattr("dedupe.read.streams._CHUNK", 200)
    path = tmp_path / "a.jsonl"

    def read_twice(data: bytes, **options: Any) -> tuple[Any, Any]:
        path.write_bytes(data)
        answers: list[Any] = []
        for least in (0, NEVER):
            monkeypatch.setattr(plain_lines, "LEAST_BYTES", least)
            try:
                reading = read([path], **options)
            except DedupeError as error:
                answers.append(str(error))
            else:
                reading.documents.validate(full=True)
                answers.append((reading.documents.to_pylist(), reading.rejects, reading.inputs))
        return answers[0], answers[1]

    return read_twice


@pytest.fixture
def n_plain(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count the records that were read the plain way."""
    counted: list[int] = []
    original = plain_lines.PlainLines.read

    def counting(self: Any, lines: Any) -> Any:
        columns = original(self, lines)
        counted.append(len(columns) if columns else 0)
        return columns

    monkeypatch.setattr(plain_lines.PlainLines, "read", counting)
    return counted


@given(
    lines=LINES,
    end=st.sampled_from([b"", b"\n", b"\r\n"]),
    on_error=st.sampled_from(["skip", "replace", "fail"]),
    fields=st.sampled_from([{}, {"text": "body"}, {"title": "headline", "source": "meta.name"}]),
)
@settings(max_examples=250, suppress_health_check=list(HealthCheck))
@example(lines=TRAPS, end=b"", on_error="skip", fields={})
@example(lines=[b'{"text":"","id":{}}', b"{}"], end=b"", on_error="fail", fields={})
@example(
    lines=[b'{"text":"","author":[-9223372036854775809]}'],
    end=b"\n",
    on_error="skip",
    fields={},
)
def test_read__plain_lines_and_records_give_the_same(
    both: Any, lines: list[bytes], end: bytes, on_error: str, fields: dict[str, str]
) -> None:
    data = (end or b"\n").join(lines) + end
    plain, patient = both(data, on_error=on_error, fields=fields)
    assert plain == patient


@pytest.mark.parametrize("line", TRAPS)
def test_read__each_trap_alone_reads_as_by_records(both: Any, line: bytes) -> None:
    plain, patient = both(b'{"text":"first"}\n' + line + b'\n{"text":"last","id":7}')
    assert plain == patient


def test_read__what_crawls_write_is_plain(both: Any, n_plain: list[int]) -> None:
    record = {
        "url": "https://a.example/1", "maintext": "“One” 字\n\ntwo.", "authors": ["Ann", "Bo"],
        "date_publish": "2018-06-02 09:16:55", "image": None, "n": 3.5, "meta": {"tags": ["x", {}]},
    }  # fmt: skip
    lines = [orjson.dumps({**record, "id": f"a{n}"} | {f"k{n}": n}) for n in range(9)]
    plain, patient = both(b"\n".join([*lines, b""]))
    assert plain == patient
    assert sum(n_plain) == len(lines)


def test_read__one_odd_line_sends_its_neighbours_alone_to_the_patient_reader(
    both: Any, n_plain: list[int]
) -> None:
    lines = [b'{"text":"%s %d"}' % (b"word " * 20, n) for n in range(40)]
    lines[17] = b'{"text":"\\ud800"}'
    plain, patient = both(b"\n".join([*lines, b""]))
    assert plain == patient
    assert n_plain.count(0) == 1
    assert sum(n_plain) >= len(lines) - 4


def test_read__a_file_that_is_never_plain_is_soon_taken_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    monkeypatch.setattr(plain_lines, "LEAST_BYTES", 0)
    monkeypatch.setattr("dedupe.read.json_records.GROUP_BYTES", 10)
    monkeypatch.setattr("dedupe.read.streams._CHUNK", 100)
    monkeypatch.setattr(
        plain_lines.PlainLines, "_columns", lambda *arguments: calls.append(arguments)
    )
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"text":["%s"]}\n' % (b"a" * 100) * 60)
    assert read([path]).documents.num_rows == 60
    assert len(calls) == plain_lines._MOST_FAILURES


def test_find_values__keys_in_another_order_and_blank_lines_are_found() -> None:
    data = np.frombuffer(b'{"a":1,"b":"x"}\n\n {"b" : "y\\n" , "a":null}\n', np.uint8)
    starts, ends = np.empty((2, 2, 3), np.int32)
    kinds, lines = np.zeros((2, 3), np.uint8), np.empty(3, np.int64)
    progress = np.zeros(3, np.int64)
    keys, offsets = np.frombuffer(b"ab", np.uint8), np.array([0, 1, 2])
    verdict = kernels.find_values(
        data, keys, offsets, 2, progress, np.empty(2, np.int64), starts, ends, kinds, lines
    )
    assert verdict == kernels.DONE
    assert progress.tolist() == [len(data), 2, 3]
    assert lines[:2].tolist() == [0, 2]
    string, escaped = strings.STRING, strings.STRING | strings.ESCAPED | strings.WHITE
    assert kinds[:, :2].tolist() == [[strings.OTHER, strings.NULL], [string, escaped]]
    out, begins = np.empty(70, np.uint8), np.empty(3, np.int64)
    strings.fill_strings(data, starts[1, :2], ends[1, :2], kinds[1, :2], begins, out)
    assert out[: begins[-1]].tobytes() == b"xy\n"
