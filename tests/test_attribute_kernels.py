from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe.attribute.edits import _look
from dedupe.kernels.candidate_origins import fill_rivals, stands_clear
from dedupe.kernels.edits import fill_edited
from tests.stories import BODY, judge, pair

if TYPE_CHECKING:
    from collections.abc import Sequence

MARKED = st.text('aé÷ȏɐ"“”«»„「」….\u2027d said', max_size=40) | st.sampled_from(
    ["He said.", "a" * 40 + "é" * 4, 'x"' * 9, "«" * 5, "and so...", " sai", "d said", ""]
)


def edited(texts: Sequence[str], spans: Sequence[Sequence[int]]) -> bool:
    """Ask the kernel about one pair of texts."""
    encoded = [text.encode() for text in texts]
    offsets = np.cumsum([0, *map(len, encoded)])
    differs = np.ones(1, np.bool_)
    fill_edited(
        np.frombuffer(b"".join(encoded), np.uint8), offsets, np.array([[0, 1]]), np.array([0]),
        np.array([0, len(spans)]), np.array(spans, np.int64).reshape(-1, 4), 0, 1, differs,
    )  # fmt: skip
    return bool(differs[0])


def by_definition(texts: Sequence[str], spans: Sequence[Sequence[int]]) -> bool:
    """Read both sides of the aligned text as the signal does."""
    sides = [
        "\n".join(text[span[side] : span[side + 1]] for span in spans)
        for text, side in zip(texts, (0, 2), strict=True)
    ]
    if sides[0] == sides[1]:
        return False
    one, other = map(_look, sides)
    return (
        one.is_cut != other.is_cut
        or (not one.n_accents) != (not other.n_accents)
        or (not one.n_marks) != (not other.n_marks)
        or all(" said" in side for side in sides)
    )


@given(MARKED, MARKED, st.lists(st.tuples(*[st.integers(0, 45)] * 4), max_size=3))
def test_edited__equals_what_is_read_in_the_aligned_texts(
    one: str, other: str, places: list[tuple[int, ...]]
) -> None:
    spans = []
    for place in places:
        starts = [
            min(start, len(text)) for start, text in zip(place[::2], (one, other), strict=True)
        ]
        ends = [
            min(max(start, end), len(text))
            for start, end, text in zip(starts, place[1::2], (one, other), strict=True)
        ]
        spans.append((starts[0], ends[0], starts[1], ends[1]))
    assert edited([one, other], spans) == by_definition([one, other], spans)


def dated(n_pages: int) -> list[dict[str, Any]]:
    """Return pages of as many outlets, each a day after the one before."""
    return [
        {"source": f"p{n}.example", "text": f"{BODY} {n}", "published": f"2026-03-{1 + n:02}"}
        for n in range(n_pages)
    ]


def test_glance__sees_every_pair_of_clocks_however_many_there_are() -> None:
    n_pages = 30  # 435 orders of two: more than a story of so few pairs has room for at first
    found = judge(dated(n_pages), pairs=[pair(0, other) for other in range(1, n_pages)])
    assert found.stories[0]["origin"]["document"] == "d000"
    assert found.pair_a_first.min() > 0.75


def test_graphs__the_order_of_stories_and_lone_copies_changes_no_origin() -> None:
    lone = [{"source": f"q{n}.example", "text": f"OSLO (AP) — {BODY} {n % 3}"} for n in range(5)]
    first = judge(
        [*lone, *dated(3)], stories=[0, 1, 2, 3, 4, 5, 5, 5], pairs=[pair(5, 6), pair(5, 7)]
    )
    last = judge(
        [*dated(3), *lone], stories=[0, 0, 0, 3, 4, 5, 6, 7], pairs=[pair(0, 1), pair(0, 2)]
    )
    assert first.relation[5:] == last.relation[:3]
    assert first.relation[:5] == last.relation[3:] == ["derived"] * 5
    assert first.origin_probability[5:].tolist() == last.origin_probability[:3].tolist()
    assert [story["size"] for story in first.stories] == [1] * 5 + [3]
    assert [story["size"] for story in last.stories] == [3] + [1] * 5


def test_ties__of_works_that_nothing_tells_apart_the_first_document_comes_first() -> None:
    papers = [{"source": f"p{n}.example", "text": f"{BODY} {n}"} for n in range(7)]
    ring = [pair(n, n + 1) for n in range(6)] + [pair(0, 6)]
    ranked = judge(papers, pairs=ring).stories[0]["candidates"]
    assert [one["document"] for one in ranked] == [None, *(f"d{n:03}" for n in range(7))]


@settings(max_examples=100)
@given(data=st.data(), n_stories=st.integers(1, 4))
def test_rivals__equal_the_definition(data: st.DataObject, n_stories: int) -> None:
    few = st.sampled_from([0.0, 0.1, 0.2, 0.35, 0.4, 0.8])
    sizes = st.tuples(st.integers(1, 3), st.integers(0, 3)) | st.just((0, 1))
    n_works, n_absent = np.array(data.draw(st.tuples(*[sizes] * n_stories)), np.int64).T.copy()
    totals = (n_works + n_absent).tolist()
    chances = [data.draw(st.lists(few, min_size=n, max_size=n)) for n in totals]
    absent = np.array([data.draw(st.permutations(range(3))) for _ in totals], np.int64)
    named = np.array(
        [
            data.draw(st.tuples(st.integers(-1, works - 1), st.integers(-1, 2)))
            for works in n_works.tolist()
        ],
        np.int64,
    )
    chance, clear = np.empty(n_stories), np.empty(n_stories, np.bool_)
    likeliest = np.empty((n_stories, 2), np.int64)
    fill_rivals(
        np.concatenate([np.array(one) for one in chances]), np.cumsum([0, *totals[:-1]]),
        n_works, n_absent, absent, named, chance, likeliest, clear,
    )  # fmt: skip
    for i, one in enumerate(chances):
        works, sources = int(n_works[i]), absent[i, : n_absent[i]].tolist()
        work, source = named[i].tolist()
        held = dict(zip(sources, one[works:], strict=True))
        assert chance[i] == (one[work] if work >= 0 else held.get(source, 0.0))
        best = one.index(max(one))
        second = max(one[:best] + one[best + 1 :], default=0.0)
        assert clear[i] == stands_clear(one[best], second)
        expected = [best, -1] if best < works else [-1, sources[best - works]]
        assert likeliest[i].tolist() == expected
