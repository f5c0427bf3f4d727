"""Round-ups told from the stories they quote, by where the pieces lie."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe.verify import mark_roundups

PAGE = 9
"""Row of the page that may be a round-up."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Piece:
    """A stretch of the page that stands in document `other`, and what is known of the pair."""

    other: int
    start: int
    end: int
    told: float = 0.4
    """Share of `other` that stands in the page."""
    lead: float = 1.0
    share: float = 0.3
    probability: float = 0.9
    same_story: bool = True


class Asked:
    """Answers what a page asks of documents; each is of an outlet of its own, or all of one."""

    def __init__(
        self, subject_odds: Callable[[int, int], float], *, one_outlet: bool = False
    ) -> None:
        self.subject_odds = subject_odds
        self._most = 1 if one_outlet else 99

    def n_outlets(self, rows: Collection[int]) -> int:
        return min(len(rows), self._most)


def always(_x: int, _y: int) -> float:
    return 9.0


def never(_x: int, _y: int) -> float:
    return -9.0


def marked(
    pieces: list[Piece],
    joined: tuple[tuple[int, int], ...] = (),
    *,
    printed: tuple[tuple[int, int, float], ...] = (),
    swapped: bool = False,
    subject_odds: Callable[[int, int], float] = always,
    one_outlet: bool = False,
    precedence: Sequence[int] | None = None,
) -> list[dict[str, Any]]:
    """Mark the pairs of the page with its pieces' documents; `joined` documents are one story.

    Of `printed` the second prints the first whole, which is that share of it.
    """
    page, other = ("a", "b") if swapped else ("b", "a")
    # The page comes before or behind the others, as its row says.
    page_row = -1 if swapped else PAGE
    rows = [
        {
            page: page_row, other: piece.other, "relation": "excerpt",
            "same_story": piece.same_story, "same_story_odds": 3.0,
            "probability": piece.probability,
            f"aligned_{page}": piece.share, f"aligned_{other}": piece.told,
            f"lead_{page}": 0.0, f"lead_{other}": piece.lead,
        }
        for piece in pieces
    ]  # fmt: skip
    rows += [
        {
            "a": a, "b": b, "relation": "rewrite", "same_story": True, "same_story_odds": 2.0,
            "probability": 0.9, "aligned_a": told, "aligned_b": share, "lead_a": 1.0, "lead_b": 1.0,
        }
        for a, b, told, share in [
            *((a, b, 0.9, 0.9) for a, b in joined),
            *((a, b, 1.0, share) for a, b, share in printed),
        ]
    ]  # fmt: skip
    passages = [
        {
            "pair": pair, f"{page}_start": piece.start, f"{page}_end": piece.end,
            f"{other}_start": 0, f"{other}_end": piece.end - piece.start,
        }
        for pair, piece in enumerate(pieces)
    ]  # fmt: skip
    names = ["pair", "a_start", "a_end", "b_start", "b_end"]
    schema = pa.schema([(name, pa.int64()) for name in names])
    table = pa.Table.from_pylist(rows)
    asked = Asked(subject_odds, one_outlet=one_outlet)
    order = None if precedence is None else np.array(precedence)
    found = mark_roundups(table, pa.Table.from_pylist(passages, schema=schema), asked, order)
    assert found.schema.equals(table.schema)
    rows_after: list[dict[str, Any]] = found.to_pylist()
    return rows_after


def relations(rows: list[dict[str, Any]]) -> list[str]:
    return [row["relation"] for row in rows]


THREE = [
    Piece(other=1, start=0, end=300, told=0.9),
    Piece(other=2, start=310, end=600, told=0.9),
    Piece(other=3, start=610, end=900, told=0.9),
]
TWO_FULLER = [Piece(other=1, start=0, end=300), Piece(other=2, start=310, end=600)]


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("pieces", [THREE, TWO_FULLER])
def test_roundups__pieces_of_unjoined_stories_make_one(
    pieces: list[Piece], *, swapped: bool
) -> None:
    for row in marked(pieces, swapped=swapped, subject_odds=never):
        assert row["relation"] == "roundup"
        assert not row["same_story"]
        assert row["same_story_odds"] < 0
        assert row["probability"] == 0.9


def test_roundups__two_stories_told_whole_are_no_round_up() -> None:
    two = [dataclasses.replace(piece, told=0.9) for piece in TWO_FULLER]
    assert relations(marked(two)) == ["excerpt", "excerpt"]


def test_roundups__two_told_whole_of_other_subjects_make_one() -> None:
    two = [dataclasses.replace(piece, told=0.9) for piece in TWO_FULLER]
    asked = []

    def subject_odds(x: int, y: int) -> float:
        asked.append((x, y))
        return -0.1

    assert relations(marked(two, subject_odds=subject_odds)) == ["roundup", "roundup"]
    assert asked == [(1, 2)]


def test_roundups__two_told_whole_far_apart_must_be_of_clearly_other_subjects() -> None:
    """An early version stands at the top of a late one, whose end someone cut out."""
    two = [
        Piece(other=1, start=0, end=300, told=0.9),
        Piece(other=2, start=500, end=800, told=0.9),
    ]
    near = [two[0], dataclasses.replace(two[1], start=390)]
    assert relations(marked(two, subject_odds=lambda _x, _y: -1.0)) == ["excerpt", "excerpt"]
    assert relations(marked(near, subject_odds=lambda _x, _y: -1.0)) == ["roundup", "roundup"]
    assert relations(marked(two, subject_odds=never)) == ["roundup", "roundup"]


@pytest.mark.parametrize("pieces", [THREE, TWO_FULLER])
def test_roundups__pieces_of_one_subject_are_cuts_of_one_story(pieces: list[Piece]) -> None:
    assert relations(marked(pieces)) == ["excerpt"] * len(pieces)


def test_roundups__one_pair_alike_by_chance_does_not_outvote_the_others() -> None:
    def subject_odds(x: int, y: int) -> float:
        return 99.0 if (x, y) == (1, 2) else -2.0

    assert relations(marked(THREE, subject_odds=subject_odds)) == ["roundup"] * 3


def test_roundups__a_slight_whole_story_helps_to_tell_the_subjects_apart() -> None:
    two = [dataclasses.replace(piece, told=0.9) for piece in TWO_FULLER]
    slight = Piece(other=3, start=610, end=700, told=1.0, share=0.1)

    def subject_odds(_x: int, y: int) -> float:
        return -3.0 if y == slight.other else 1.0

    assert relations(marked(two, subject_odds=subject_odds)) == ["excerpt"] * 2
    assert relations(marked([*two, slight], subject_odds=subject_odds)) == ["roundup"] * 3


@pytest.mark.parametrize(
    ("n_outlets", "one_outlet", "expected"),
    [((1, 1), False, "excerpt"), ((4, 1), False, "excerpt"), ((4, 4), False, "roundup"),
     ((4, 4), True, "excerpt")],
)  # fmt: skip
def test_roundups__what_several_outlets_print_each_alone_are_two_stories(
    n_outlets: tuple[int, int], expected: str, *, one_outlet: bool
) -> None:
    pieces = [
        dataclasses.replace(piece, told=0.9, other=piece.other + 2 * copy)
        for piece, copies in zip(TWO_FULLER, n_outlets, strict=True)
        for copy in range(copies)
    ]
    found = marked(pieces, subject_odds=lambda _x, _y: 1.0, one_outlet=one_outlet)
    assert relations(found) == [expected] * len(pieces)


def test_roundups__of_many_holders_the_earliest_speak_whatever_their_rows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Collection[int]] = []

    def n_outlets(_self: Asked, rows: Collection[int]) -> int:
        asked.append(rows)
        return 1

    monkeypatch.setattr(Asked, "n_outlets", n_outlets)
    near = tuple((1, row) for row in range(10, 60))
    latest_first = np.arange(60)[::-1].tolist()
    for precedence, first in ((None, range(10, 24)), (latest_first, range(45, 60))):
        asked.clear()
        marked(TWO_FULLER, joined=near, subject_odds=never, precedence=precedence)
        assert {1, *first} in asked


def test_roundups__documents_that_hold_both_pieces_do_not_speak_for_two_stories() -> None:
    two = [dataclasses.replace(piece, told=0.9) for piece in TWO_FULLER]
    both = tuple((piece.other, row) for piece in two for row in (5, 6, 7))
    found = marked(two, joined=both, subject_odds=lambda _x, _y: 1.0)
    assert relations(found)[:2] == ["excerpt"] * 2


MOSTLY_ONE = [
    Piece(other=1, start=0, end=800, told=1.0, share=0.8),
    Piece(other=2, start=805, end=900, told=1.0, share=0.09),
    Piece(other=3, start=905, end=1000, told=1.0, share=0.09),
]


def test_roundups__a_page_of_whole_stories_is_one_though_the_largest_is_most_of_it() -> None:
    assert relations(marked(MOSTLY_ONE, subject_odds=never)) == ["roundup"] * 3


def test_roundups__one_slight_whole_story_beside_is_not_joined_through_the_page() -> None:
    assert relations(marked(MOSTLY_ONE[:2], subject_odds=never)) == ["excerpt", "roundup"]


@pytest.mark.parametrize(
    "change", [{"told": 0.5}, {"lead": 0.1}, {"same_story": False}, {"other": 1}]
)
def test_roundups__what_is_beside_counts_whole_from_its_top_and_of_another_story(
    change: dict[str, Any],
) -> None:
    beside = dataclasses.replace(MOSTLY_ONE[1], **change)
    assert relations(marked([MOSTLY_ONE[0], beside], subject_odds=never)) == ["excerpt"] * 2


def test_roundups__parts_of_one_subject_beside_are_kept() -> None:
    assert relations(marked(MOSTLY_ONE)) == ["excerpt"] * 3


def test_roundups__the_page_printed_again_is_no_part_of_it() -> None:
    again = dataclasses.replace(MOSTLY_ONE[0], share=0.95, end=900)
    assert relations(marked([again, MOSTLY_ONE[2]], subject_odds=never)) == ["excerpt"] * 2


def test_roundups__a_teaser_printed_whole_joins_nothing_wherever_it_stands() -> None:
    story = Piece(other=1, start=400, end=900, told=1.0, share=0.5)
    teaser = Piece(other=2, start=0, end=30, told=1.0, share=0.03)
    tail = dataclasses.replace(teaser, end=80, share=0.08)
    assert relations(marked([story, teaser], subject_odds=never)) == ["excerpt", "roundup"]
    assert relations(marked([story, tail], subject_odds=never)) == ["excerpt", "excerpt"]


def test_roundups__a_piece_in_many_passages_leaves_no_gap() -> None:
    """Only the longest passage says where a piece lies; its share says how much it is."""
    two = [
        Piece(other=1, start=0, end=400, told=1.0, share=0.45),
        Piece(other=2, start=700, end=1000, told=1.0, share=0.53),
    ]
    assert relations(marked(two, subject_odds=never)) == ["roundup", "roundup"]


def test_roundups__one_told_fuller_and_one_whole_are_no_round_up() -> None:
    pieces = [TWO_FULLER[0], dataclasses.replace(TWO_FULLER[1], told=0.9)]
    assert relations(marked(pieces)) == ["excerpt", "excerpt"]


def test_roundups__pieces_of_one_story_in_two_places_are_none() -> None:
    found = marked(TWO_FULLER, joined=((1, 2),))
    assert relations(found) == ["excerpt", "excerpt", "rewrite"]
    assert [row["same_story_odds"] for row in found] == [3.0, 3.0, 2.0]


def test_roundups__three_documents_of_two_joined_stories_told_whole_are_none() -> None:
    assert relations(marked(THREE, joined=((1, 2),)))[:3] == ["excerpt"] * 3


def test_roundups__documents_joined_through_a_third_are_one_story() -> None:
    assert relations(marked(THREE, joined=((1, 2), (2, 3))))[:3] == ["excerpt"] * 3


def test_roundups__many_copies_of_one_piece_are_one_topic() -> None:
    copies = [Piece(other=row, start=0, end=300 + row) for row in range(1, 8)]
    assert relations(marked(copies)) == ["excerpt"] * 7


def test_roundups__background_from_within_other_stories_does_not_count() -> None:
    pieces = [dataclasses.replace(piece, lead=0.1) for piece in THREE]
    assert relations(marked(pieces)) == ["excerpt"] * 3


@pytest.mark.parametrize("change", [{"share": 0.05}, {"share": 0.9}, {"probability": 0.3}])
def test_roundups__slight_nearly_whole_or_unlikely_pieces_do_not_count(
    change: dict[str, float],
) -> None:
    pieces = [dataclasses.replace(piece, **change) for piece in TWO_FULLER]  # type: ignore[arg-type]
    assert relations(marked(pieces)) == ["excerpt"] * 2


def test_roundups__a_shared_footer_does_not_stretch_a_piece_over_the_page() -> None:
    pairs = pa.Table.from_pylist(
        [
            {
                "a": row, "b": PAGE, "relation": "excerpt", "same_story": True,
                "same_story_odds": 3.0, "probability": 0.9, "aligned_a": 0.4, "aligned_b": 0.3,
                "lead_a": 1.0, "lead_b": 0.0,
            }
            for row in (1, 2)
        ]
    )  # fmt: skip
    spans = [(0, 0, 300), (0, 900, 940), (1, 310, 600), (1, 900, 940)]
    passages = pa.table(
        {
            "pair": [pair for pair, _, _ in spans],
            "a_start": [start for _, start, _ in spans],
            "a_end": [end for _, _, end in spans],
            "b_start": [start for _, start, _ in spans],
            "b_end": [end for _, _, end in spans],
        }
    )
    assert mark_roundups(pairs, passages, Asked(never))["relation"].to_pylist() == ["roundup"] * 2


def test_roundups__of_no_pairs_are_none() -> None:
    table = pa.Table.from_pylist(marked(TWO_FULLER)).slice(0, 0)
    empty = pa.table(
        {
            name: pa.array([], pa.int64())
            for name in ("pair", "a_start", "a_end", "b_start", "b_end")
        }
    )
    assert mark_roundups(table, empty, Asked(always)).num_rows == 0


def test_roundups__stories_that_a_slight_piece_unites_are_one() -> None:
    two = [dataclasses.replace(piece, told=0.9) for piece in TWO_FULLER]
    slight = Piece(other=3, start=610, end=700, told=1.0, share=0.1)
    found = marked([*two, slight], joined=((1, 3), (2, 3)), subject_odds=never)
    assert relations(found)[:3] == ["excerpt"] * 3


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        # Page 2 is text 3 and what stands around it: nothing of it is of another story.
        (((3, 2, 0.7),), "excerpt"),
        (((3, 2, 0.72), (4, 2, 0.2)), "excerpt"),
        # Nobody prints the rest of page 2; or a part of it; or all of it.
        ((), "roundup"),
        (((3, 2, 0.4),), "roundup"),
        (((3, 2, 0.95),), "roundup"),
        # The page has text 1 in common with page 2.
        (((1, 2, 0.7),), "excerpt"),
    ],
)
def test_roundups__what_stands_around_another_story_is_no_piece_of_it(
    printed: tuple[tuple[int, int, float], ...], expected: str, swapped: bool
) -> None:
    shared = Piece(other=2, start=0, end=290, told=0.3, same_story=False)
    story = Piece(other=1, start=300, end=900, told=1.0, share=0.6)
    found = marked([shared, story], printed=printed, swapped=swapped, subject_odds=never)
    assert relations(found)[:2] == [expected] * 2


pieces = st.builds(
    lambda other, start, size, told, lead, share, same: Piece(
        other=other, start=start, end=start + size, told=told, lead=lead, share=share,
        same_story=same,
    ),
    st.integers(0, 5), st.integers(0, 900), st.integers(1, 500), st.sampled_from([0.3, 0.7, 1.0]),
    st.sampled_from([0.2, 1.0]), st.sampled_from([0.03, 0.1, 0.3, 0.6, 0.8, 0.95]), st.booleans(),
)  # fmt: skip
joins = st.tuples(st.integers(0, 5), st.integers(0, 5)).filter(lambda pair: pair[0] < pair[1])


@settings(max_examples=150)
@given(
    found=st.lists(pieces, min_size=1, max_size=9, unique_by=lambda piece: piece.other),
    joined=st.lists(joins, max_size=6, unique=True),
    printed=st.lists(st.tuples(joins, st.sampled_from([0.3, 0.6, 0.8])), max_size=4),
    odds=st.lists(st.floats(-9, 9), min_size=1, max_size=5),
)
def test_roundups__whatever_a_page_holds_pairs_become_round_ups_or_stay(
    found: list[Piece],
    joined: list[tuple[int, int]],
    printed: list[tuple[tuple[int, int], float]],
    odds: list[float],
) -> None:
    def subject_odds(x: int, y: int) -> float:
        assert x < y
        return odds[(x + y) % len(odds)]

    whole = tuple((a, b, share) for (a, b), share in printed)
    rows = marked(found, tuple(joined), printed=whole, subject_odds=subject_odds)
    before = ["excerpt"] * len(found) + ["rewrite"] * (len(joined) + len(whole))
    for row, relation in zip(rows, before, strict=True):
        assert row["relation"] in {relation, "roundup"}
        assert (row["same_story_odds"] < 0) == (row["relation"] == "roundup")


def rather(_x: int, _y: int) -> float:
    """Log-odds that two documents are of one subject: a little likelier than not."""
    return 0.5


def test_roundups__pieces_cut_from_fuller_stories_are_of_several_unless_subjects_agree() -> None:
    cut = [dataclasses.replace(piece, told=0.6) for piece in THREE]
    assert set(relations(marked(cut, subject_odds=rather))) == {"roundup"}
    assert set(relations(marked(THREE, subject_odds=rather))) == {"excerpt"}
    assert set(relations(marked(cut, subject_odds=always))) == {"excerpt"}


def test_roundups__a_piece_from_within_another_story_leaves_no_gap() -> None:
    def unlike(_x: int, _y: int) -> float:
        return -1.0

    two = [
        Piece(other=1, start=0, end=300, told=0.6),
        Piece(other=2, start=600, end=900, told=0.9),
    ]
    within = Piece(other=3, start=310, end=590, lead=0.1)
    assert set(relations(marked(two, subject_odds=unlike))) == {"excerpt"}
    assert set(relations(marked([*two, within], subject_odds=unlike))) == {"roundup"}
