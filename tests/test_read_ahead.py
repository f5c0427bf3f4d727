"""Standard input as it comes, read by a thread; and items made one ahead by another."""

from __future__ import annotations

import fcntl
import gzip
import json
import os
import sys
import termios
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from dedupe.read import Limits, read, read_batches
from dedupe.read.ahead import ReadAhead, one_ahead

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LIVE = Limits(batch_documents=100, ahead_bytes=1 << 20)


def line(number: int) -> bytes:
    return json.dumps({"id": str(number), "text": f"Words of text {number}."}).encode() + b"\n"


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Put a pipe in the place of standard input; returns the end to write to."""
    reader, writer = os.pipe()
    with os.fdopen(reader, "r") as given, os.fdopen(writer, "wb", 0) as end:
        monkeypatch.setattr(sys, "stdin", given)
        yield end


def n_unread(descriptor: int) -> int:
    """Return how many bytes wait in a pipe."""
    return int.from_bytes(fcntl.ioctl(descriptor, termios.FIONREAD, bytes(4)), sys.byteorder)


def next_ids(batches: Iterator[Any]) -> list[str]:
    """Return the ids of the next batch that has some."""
    for batch in batches:
        if batch.documents.num_rows:
            return list(batch.documents.column("id").to_pylist())
    return []


def test_read_ahead__says_once_that_nothing_has_come_and_then_waits() -> None:
    reader, writer = os.pipe()
    ahead = ReadAhead(reader, 1 << 20)
    assert ahead.read(10) is None
    os.write(writer, b"one")
    assert ahead.read(2) == b"on"
    assert ahead.read(2) == b"e"
    assert ahead.read(2) is None
    os.close(writer)
    assert ahead.read(2) == b""
    assert ahead.read(2) == b""
    os.close(reader)


def test_read_ahead__holds_no_more_than_it_may() -> None:
    reader, writer = os.pipe()
    ahead = ReadAhead(reader, 1)
    given = b"abc" * 400_000
    os.set_blocking(writer, False)
    written, read = 0, b""
    while len(read) < len(given):
        try:
            while written < len(given):
                written += os.write(writer, given[written:])
        except BlockingIOError:
            pass
        # One piece more than may be held, beside the pipe itself.
        assert written - len(read) <= (1 << 16) * 3
        read += ahead.read(1 << 20) or b""
    assert read == given
    os.close(writer)
    assert ahead.read(1) in {b"", None}
    os.close(reader)


def test_read_ahead__what_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path, os.O_RDONLY)
    ahead = ReadAhead(descriptor, 1 << 20)
    with pytest.raises(IsADirectoryError):
        _ = ahead.read(1) or ahead.read(1)
    os.close(descriptor)


@pytest.mark.parametrize("fault", [MemoryError(), ValueError("no file")])
def test_read_ahead__whatever_ends_the_thread_ends_the_wait(
    monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    def fail(*_: int) -> bytes:
        raise fault

    found: list[object] = []

    def ask() -> None:
        try:
            found.append(source.read(1) or source.read(1))
        except Exception as error:  # noqa: BLE001 - what is looked at
            found.append(error)

    monkeypatch.setattr("dedupe.read.ahead.os", SimpleNamespace(read=fail))
    source = ReadAhead(0, 1)
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(10)
    assert found == [fault]


def as_gzip() -> Callable[[bytes], bytes]:
    import zlib

    packer = zlib.compressobj(wbits=31)
    return lambda data: packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH)


PACKERS: dict[str, Callable[[], Callable[[bytes], bytes]]] = {
    "plain": lambda: lambda data: data,
    "gzip": as_gzip,
    "gzip members": lambda: gzip.compress,
    "zstd frames": lambda: zstandard.compress,
}


@pytest.mark.parametrize("packing", PACKERS)
def test_read_batches__a_batch_ends_where_a_pipe_gives_no_more_yet(pipe: Any, packing: str) -> None:
    pack = PACKERS[packing]()
    batches = read_batches(["-"], limits=LIVE)
    for number in range(3):
        pipe.write(pack(line(number)))
        assert next_ids(batches) == [str(number)]
    # Half a record is none, and whatever came before it does not wait for the other half.
    pipe.write(pack(line(3) + line(4)[:9]))
    assert next_ids(batches) == ["3"]
    pipe.write(pack(line(4)[9:]))
    assert next_ids(batches) == ["4"]
    pipe.close()
    assert next_ids(batches) == []


def test_read_batches__values_of_an_array_are_given_as_they_end(pipe: Any) -> None:
    batches = read_batches(["-"], limits=LIVE)
    pipe.write(b"[\n" + line(0) + b"," + line(1) + b",")
    assert next_ids(batches) == ["0", "1"]
    pipe.write(line(2) + b"]")
    assert next_ids(batches) == ["2"]
    pipe.close()
    assert next_ids(batches) == []


@pytest.mark.parametrize("live", [False, True], ids=["when asked", "ahead"])
@pytest.mark.parametrize("size", [1, 3, 7])
def test_read__a_pipe_in_pieces_gives_what_it_gives_whole(
    pipe: Any, tmp_path: Path, size: int, live: bool
) -> None:
    """A record over several lines is known for what it is, however few bytes come first."""
    given = json.dumps([{"id": "a", "text": "Wörter."}, {"id": "b", "text": "B."}], indent=1)
    data = gzip.compress(given.encode("utf-16"))
    (tmp_path / "whole.json").write_bytes(data)

    is_over = threading.Event()

    def feed() -> None:
        for start in range(0, len(data), size):
            pipe.write(data[start : start + size])
            while n_unread(sys.stdin.fileno()) and not is_over.wait(0.0001):
                pass
        pipe.close()

    feeder = threading.Thread(target=feed)
    feeder.start()
    try:
        reading = read(["-"], limits=LIVE if live else Limits())
    finally:
        is_over.set()
        feeder.join()
    assert reading.documents.equals(read([tmp_path / "whole.json"]).documents)


@pytest.mark.parametrize("form", ["lines", "plain lines", "csv", "text files"])
def test_read_batches__a_name_stands_for_an_id_and_ids_may_come_twice(
    tmp_path: Path, form: str
) -> None:
    rows: list[dict[str, Any]] = [{"url": f"u{n}", "text": "Words. " * 400} for n in range(400)]
    rows += [{"url": None, "text": "Others."}, {"id": "a", "url": "x", "text": "A."}] * 2
    if form.endswith("lines"):
        rows = rows[:: 1 if form == "plain lines" else 40] + rows[-4:]
        path = tmp_path / "day.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    elif form == "csv":
        table = pa.Table.from_pylist([{"id": None} | row for row in rows])
        from pyarrow import csv

        path = tmp_path / "day.csv"
        csv.write_csv(table, path)
    else:
        path = tmp_path / "pages"
        path.mkdir()
        rows = [{"text": f"Page {n}."} for n in range(3)]
        for n, row in enumerate(rows):
            (path / f"{n}.txt").write_text(row["text"], encoding="utf-8")
    batches = read_batches([path], name=lambda url, text: f"{url}|{text[:8]}")
    found = [name for batch in batches for name in batch.documents.column("id").to_pylist()]
    wanted = [row.get("id") or f"{row.get('url')}|{row['text'][:8]}" for row in rows]
    assert found == wanted


@given(items=st.lists(st.integers()))
def test_one_ahead__the_items_come_as_they_are(items: list[int]) -> None:
    assert list(one_ahead(iter(items))) == items


def test_one_ahead__the_next_item_is_made_before_it_is_asked_for_and_no_further() -> None:
    made = threading.Semaphore(0)
    n_made = 0

    def items() -> Iterator[int]:
        nonlocal n_made
        while True:
            n_made += 1
            made.release()
            yield n_made

    ahead = one_ahead(items())
    assert next(ahead) == 1
    assert made.acquire(timeout=60)
    assert made.acquire(timeout=60)
    ahead.close()
    assert n_made == 2


def test_one_ahead__an_error_comes_after_the_items_before_it() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise OSError("gone")

    ahead = one_ahead(items())
    assert next(ahead) == 1
    with pytest.raises(OSError, match="gone"):
        next(ahead)
