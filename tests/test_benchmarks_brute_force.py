from __future__ import annotations

from pathlib import Path

import brute_force
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

TEXTS = st.lists(st.text(alphabet="ab ", max_size=24), max_size=8)


def slow_pairs(texts: list[str], floor: float, size: int) -> dict[tuple[int, int], int]:
    sets = []
    for text in texts:
        tokens = brute_force.words(text)
        sets.append({tuple(tokens[i : i + size]) for i in range(len(tokens) - size + 1)})
    return {
        (a, b): len(sets[a] & sets[b])
        for b in range(len(texts))
        for a in range(b)
        if sets[a] & sets[b] and len(sets[a] & sets[b]) >= floor * min(len(sets[a]), len(sets[b]))
    }


@given(TEXTS, st.sampled_from([0.1, 0.5, 1.0]), st.sampled_from([1, 2]))
def test_exact_pairs__agree_with_comparing_every_pair_of_sets(
    texts: list[str], floor: float, size: int
) -> None:
    found = brute_force.exact_pairs(texts, floor, size)
    pairs = zip(found.a.tolist(), found.b.tolist(), strict=True)
    assert dict(zip(pairs, found.shared.tolist(), strict=True)) == slow_pairs(texts, floor, size)


def test_exact_pairs__find_pairs_that_lie_in_different_blocks() -> None:
    texts = [f"word{n} filler{n} other{n}" for n in range(brute_force.BLOCK * 2 + 3)]
    texts[-1] = texts[0]
    found = brute_force.exact_pairs(texts, 0.5, 2)
    assert (found.a.tolist(), found.b.tolist()) == ([0], [len(texts) - 1])


def test_overlaps__resemblance_and_containment_of_a_case_done_by_hand() -> None:
    # one two three four: 3 pairs of words; the excerpt holds 2 of them and no other
    found = brute_force.exact_pairs(["one two three four", "two three four"], 0.5, 2)
    assert found.resemblance() == pytest.approx([2 / 3])
    assert found.containment() == pytest.approx([1.0])


def test_exact_pairs__the_cache_gives_back_what_was_counted(tmp_path: Path) -> None:
    texts = ["a b c d", "a b c e", "x y z"]
    first = brute_force.exact_pairs(texts, 0.5, 2, tmp_path)
    again = brute_force.exact_pairs(texts, 0.5, 2, tmp_path)
    assert all(np.array_equal(x, y) for x, y in zip(first, again, strict=True))
    assert len(list(tmp_path.iterdir())) == 1
    brute_force.exact_pairs(texts, 0.4, 2, tmp_path)
    assert len(list(tmp_path.iterdir())) == 2
