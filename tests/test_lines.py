"""Rows of stories.jsonl as lines: they read as the list they were."""

from __future__ import annotations

import copy
import operator
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedupe.arrays.spill import MEMORY, Spill
from dedupe.result.lines import Lines, LineWriter, write_lines

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

ROWS: list[dict[str, Any]] = [{"story": "b", "size": 2}, {"story": "é\n", "origin": None}, {}]


def lines_of(rows: list[dict[str, Any]], spill: Spill = MEMORY) -> Lines:
    writer = LineWriter(spill)
    for place, row in enumerate(rows):
        writer.add({place: row})
    return Lines(*writer.done())


@given(firsts=st.permutations(range(6)), cut=st.integers(0, 6), limit=st.sampled_from([0, 8]))
def test_lines__stand_in_order_of_first_documents_however_they_came(
    firsts: list[int], cut: int, limit: int
) -> None:
    writer = LineWriter(Spill(limit_bytes=limit))
    for some in (firsts[:cut], firsts[cut:]):
        writer.add({first: {"story": "s" * first} for first in some})
    assert [len(row["story"]) for row in Lines(*writer.done())] == list(range(6))


def test_lines__are_indexed_cut_and_compared_as_a_list_is() -> None:
    lines = lines_of(ROWS)
    assert len(lines) == 3
    assert (lines[0], lines[-1], lines[1:]) == (ROWS[0], ROWS[-1], ROWS[1:])
    assert (list(lines), [*reversed(lines)]) == (ROWS, ROWS[::-1])
    assert lines == ROWS
    assert operator.eq(ROWS, lines)
    assert lines == lines_of(ROWS)
    assert lines != ROWS[:2]
    assert lines != [*ROWS[:2], {"story": "c"}]
    assert lines != "rows"
    assert ROWS[1] in lines
    assert copy.deepcopy(lines) == ROWS
    with pytest.raises(IndexError):
        lines[3]
    with pytest.raises(TypeError):
        hash(lines)


def test_lines__without_rows_are_an_empty_list() -> None:
    lines = lines_of([])
    assert (list(lines), bool(lines)) == ([], False)
    assert lines == []


@pytest.mark.parametrize("rows", [ROWS, lines_of(ROWS), Lines.of(ROWS)])
def test_write_lines__rows_and_lines_are_written_alike(
    rows: Sequence[dict[str, Any]], tmp_path: Path
) -> None:
    write_lines(tmp_path / "rows", rows)
    assert (tmp_path / "rows").read_bytes() == b"".join(orjson.dumps(row) + b"\n" for row in ROWS)
    assert Lines.read(tmp_path / "rows") == ROWS


@pytest.mark.parametrize(
    ("data", "rows"),
    [
        (b"", []),
        (b"\n", []),
        (b'{"a":1}', [{"a": 1}]),
        (b"\r\n", []),
        (b'{"a":1}\r\n\n{"a":2}', [{"a": 1}, {"a": 2}]),
        (b'\r\n{"a":1}\r\n\r\n \t\n{"a":2}\r\n ', [{"a": 1}, {"a": 2}]),
    ],
)
def test_lines__of_a_file_are_all_but_blank_ones(
    data: bytes, rows: list[dict[str, int]], tmp_path: Path
) -> None:
    (tmp_path / "rows").write_bytes(data)
    lines = Lines.read(tmp_path / "rows")
    assert (list(lines), len(lines), [lines[place] for place in range(len(lines))]) == (
        rows, len(rows), rows,
    )  # fmt: skip


def test_lines__of_zeros_are_no_blank_ones(tmp_path: Path) -> None:
    # As a disk leaves what was not yet written.
    (tmp_path / "rows").write_bytes(b'{"a":1}\n\0\0\0\n')
    assert len(Lines.read(tmp_path / "rows")) == 2


def test_lines__a_changed_row_changes_no_line() -> None:
    lines = Lines.of(ROWS)
    lines[0]["story"] = "changed"
    assert lines == ROWS


def test_lines__outlive_dropped_pages() -> None:
    spill = Spill(limit_bytes=8)
    lines = lines_of(ROWS, spill)
    spill.drop()
    assert spill.spilled_bytes > 0
    assert lines == ROWS
