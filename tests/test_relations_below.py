"""The relation that documents get with what they hang below, where not every pair is measured."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedupe import Settings, find_duplicates
from dedupe.attribute.placing import relations_below
from dedupe.attribute.relations import BY_CLOSENESS
from tests.test_index import text, with_changes

N = 6
EXACT, REPOST, REWRITE, SAME_EVENT = (
    BY_CLOSENESS.index(name) for name in ("exact", "repost", "rewrite", "same_event")
)


def below(pairs: list[tuple[int, int, int]], origin: int) -> list[str]:
    a, b, rank = (np.array(column, np.int64) for column in zip(*pairs, strict=True))
    graphs: Any = SimpleNamespace(a=a, b=b, relation=rank.astype(np.int8))
    found = relations_below(graphs, np.full(len(a), origin), N)
    return [BY_CLOSENESS[code] for code in found.tolist()]


def test_relations_below__the_pair_with_the_origin_goes_before_closer_ones() -> None:
    pairs = [(0, 1, REWRITE), (1, 2, REPOST), (2, 3, EXACT), (0, 4, SAME_EVENT), (1, 4, REPOST)]
    found = below(pairs, 0)
    assert found[1] == "rewrite"
    # Of one that was not measured with it, the closest with anybody; its twin is as near.
    assert found[2:5] == ["repost", "repost", "repost"]
    assert found[5] == "paraphrase"


def test_relations_below__a_twin_of_the_origin_is_exact_and_one_of_a_sibling_is_not() -> None:
    pairs = [(0, 1, EXACT), (0, 2, EXACT), (0, 3, REPOST), (3, 4, EXACT)]
    assert below(pairs, 1)[:5] == ["exact", "exact", "exact", "repost", "repost"]


@given(
    st.lists(
        st.tuples(st.integers(0, N - 2), st.integers(1, N - 1), st.integers(0, 10)).filter(
            lambda pair: pair[0] < pair[1]
        ),
        min_size=1,
        max_size=12,
        unique_by=lambda pair: pair[:2],
    )
)
def test_relations_below__is_one_that_was_measured_or_other_words(
    pairs: list[tuple[int, int, int]],
) -> None:
    measured = {BY_CLOSENESS[rank] for *_, rank in pairs if rank < REWRITE + 2}
    assert set(below(pairs, 0)) <= measured | {"paraphrase"}


@pytest.mark.needs_jit
def test_find_duplicates__in_a_crowd_what_shares_nearly_all_is_no_paraphrase() -> None:
    documents = [
        {"id": f"{i:04}", "text": with_changes(text(1, 200), i, 8), "source": f"s{i}.example"}
        for i in range(600)
    ]
    result = find_duplicates(documents, Settings(seed=1))
    relations = set(result.documents["relation"].to_pylist())
    assert "paraphrase" not in relations
    assert "exact" not in relations
