"""Rows of stories.jsonl as lines: they read as the list they were."""

from __future__ import annotations

import copy
import io
import operator
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedupe.arrays.spill import MEMORY, Spill
from dedupe.result.lines import Lines, LineWriter

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


def test_lines__are_written_as_they_are() -> None:
    file = io.BytesIO()
    lines_of(ROWS).write(file)
    assert file.getvalue() == b"".join(orjson.dumps(row) + b"\n" for row in ROWS)


def test_lines__outlive_dropped_pages() -> None:
    spill = Spill(limit_bytes=8)
    lines = lines_of(ROWS, spill)
    spill.drop()
    assert spill.spilled_bytes > 0
    assert lines == ROWS
