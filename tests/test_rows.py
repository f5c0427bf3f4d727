"""Rows of columns: what is cut apart and joined is as it was."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dedupe.arrays.rows import join_rows, take_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Pages(NamedTuple):
    number: NDArray[np.int64]
    share: NDArray[np.float64]


@given(st.integers(0, 20), st.lists(st.integers(0, 20), max_size=4))
def test_join_rows__of_all_cuts_is_the_whole(n_rows: int, cuts: list[int]) -> None:
    whole = Pages(np.arange(n_rows), np.arange(n_rows) / 7)
    bounds = [0, *sorted(cuts), n_rows]
    parts = [take_rows(whole, slice(*ends)) for ends in itertools.pairwise(bounds)]
    joined = join_rows(parts)
    assert isinstance(joined, Pages)
    assert joined.number.tolist() == list(range(n_rows))
    assert joined.share.tolist() == [number / 7 for number in range(n_rows)]


def test_take_rows__keeps_the_order_asked_for_and_plain_tuples_plain() -> None:
    taken = take_rows((np.arange(5), np.arange(5) * 2), np.array([3, 0, 3]))
    assert type(taken) is tuple
    assert [column.tolist() for column in taken] == [[3, 0, 3], [6, 0, 6]]
