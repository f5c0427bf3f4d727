"""Who comes before whom: by time, and never by id."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dedupe.documents import documents_table
from dedupe.published import published_by

CLOCKS = [None, "2026-03-01", "2026-03-01T08:00Z", "2026-03-02T08:00Z"]
KINDS = st.tuples(
    st.sampled_from(CLOCKS), st.sampled_from([None, "a.example", "b.example"]),
    st.integers(1, 3), st.integers(0, 3),
)  # fmt: skip


def first_to_last(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Return (published, outlet, words, hash of text) in order of precedence."""
    documents = [{"text": "x", "published": clock, "source": outlet} for clock, outlet, *_ in rows]
    place = published_by(documents_table(documents)).precedence(
        np.array([row[3] for row in rows], np.uint64), np.array([row[2] for row in rows], np.int32)
    )
    assert sorted(place.tolist()) == list(range(len(rows)))
    return [rows[at] for at in np.argsort(place).tolist()]


def test_precedence__the_earliest_come_first_and_unknown_clocks_last() -> None:
    rows = [(clock, "a.example", 1, 0) for clock in CLOCKS]
    in_order = [row[0] for row in first_to_last(rows)]
    assert in_order == ["2026-03-01", "2026-03-01T08:00Z", "2026-03-02T08:00Z", None]


def test_precedence__of_one_outlet_and_clock_the_longest_comes_first() -> None:
    assert [row[2] for row in first_to_last([(None, None, n, 0) for n in (1, 3, 2)])] == [3, 2, 1]


@given(st.lists(KINDS, min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_precedence__no_order_of_rows_changes_it(
    rows: list[tuple[Any, ...]], draw: random.Random
) -> None:
    expected = first_to_last(rows)
    shuffled = rows.copy()
    draw.shuffle(shuffled)
    assert first_to_last(shuffled) == expected
