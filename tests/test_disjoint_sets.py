"""Sets that are united: each is named by its smallest, whatever the order of unions."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dedupe.disjoint_sets import DisjointSets

numbers = st.integers(0, 12)


@given(st.lists(st.tuples(numbers, numbers)))
def test_find__names_each_set_by_its_smallest(pairs: list[tuple[int, int]]) -> None:
    sets = DisjointSets()
    together = {number: {number} for number in range(13)}
    for one, other in pairs:
        sets.unite(one, other)
        both = together[one] | together[other]
        together |= dict.fromkeys(both, both)
    assert sets.all() == sorted({number for pair in pairs for number in pair})
    assert [sets.find(number) for number in range(13)] == [min(together[n]) for n in range(13)]
