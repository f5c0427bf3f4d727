"""Equal hashes brought together, in partitions, against counting by dictionaries."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe.arrays import equals
from dedupe.arrays.equals import equal_hashes
from dedupe.arrays.ragged import running_total
from dedupe.candidates import weigh
from dedupe.sketch import Sketches

# Some agree in their first forty bits and no further, some in the first few.
HASHES = [top << 44 | low for top in (1, 2, 1 << 19, (1 << 19) + 1) for low in (0, 1, 7)]
documents = st.lists(st.lists(st.sampled_from(HASHES), unique=True, max_size=6), max_size=9)


def ragged(held: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    hashes = np.array([value for values in held for value in sorted(values)], np.uint64)
    return hashes, running_total(np.array([len(values) for values in held], np.int64))


@settings(max_examples=150)
@given(held=documents, wanted=st.data(), largest=st.sampled_from([0, 1 << 22]))
def test_buckets__hold_the_wanted_holders_of_each_hash(
    held: list[list[int]], wanted: st.DataObject, largest: int
) -> None:
    chosen = wanted.draw(st.lists(st.booleans(), min_size=len(held), max_size=len(held)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(equals, "_LARGEST", largest)
        members, bounds = equal_hashes(*ragged(held)).buckets(np.array(chosen, np.bool_))
    found = [members[start:end].tolist() for start, end in pairwise(bounds.tolist())]
    holders: dict[int, list[int]] = defaultdict(list)
    for document, values in enumerate(held):
        for value in values:
            if chosen[document]:
                holders[value].append(document)
    assert sorted(found) == sorted(rows for rows in holders.values() if len(rows) > 1)


@settings(max_examples=80)
@given(
    held=documents,
    partition=st.sampled_from([1, 3, 1 << 16]),
    dealt=st.sampled_from([1, 50, 96_000_000]),
)
def test_weigh__is_the_same_in_any_partitions(
    held: list[list[int]], partition: int, dealt: int
) -> None:
    hashes, offsets = ragged(held)
    n_docs = len(held)
    sketches = Sketches(
        np.zeros((n_docs, 1), np.uint32), np.arange(n_docs).astype(np.uint64),
        np.ones(n_docs, np.int32), hashes, offsets,
    )  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(equals, "_PARTITION", partition)
        patch.setattr(equals, "_DEALT_BYTES", dealt)
        weights = weigh(sketches, n_threads=2).weights
    frequency = Counter(hashes.tolist())
    expected = [np.float32(np.log1p(n_docs / frequency[value])) for value in hashes.tolist()]
    assert weights.tolist() == [float(value) for value in expected]


@settings(max_examples=80)
@given(
    hashes=st.lists(st.integers(1, 40) | st.integers(1, 2**64 - 1), max_size=40),
    wanted=st.lists(st.integers(1, 40) | st.integers(1, 2**64 - 1), max_size=20),
    few=st.sampled_from([0, 1000]),
)
def test_among__is_membership(hashes: list[int], wanted: list[int], few: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(equals, "_FEW", few)
        found = equals.among(np.array(hashes, np.uint64), np.array(sorted(wanted), np.uint64))
    assert found.tolist() == [one in wanted for one in hashes]
