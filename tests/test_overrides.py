"""A reader's decisions: honoured, recorded, and refused where they contradict."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedupe.errors import InputError
from dedupe.overrides import Overrides, constrained, rows_of, signed
from dedupe.pipeline import find_duplicates
from dedupe.report.words import strongest_reason
from dedupe.settings import Settings
from tests import invented
from tests.stories import BODY

IDS = ["a", "b", "c", "d", "e"]


def judged(*rows: tuple[int, int, float], resemblance: float = 0.5) -> pa.Table:
    names = ("a", "b", "same_story_odds", "resemblance")
    kinds = (pa.int64(), pa.int64(), pa.float64(), pa.float64())
    return pa.Table.from_pylist(
        [dict(zip(names, (*row, resemblance), strict=True)) for row in rows],
        schema=pa.schema(list(zip(names, kinds, strict=True))),
    )


def decide(
    stories: list[int],
    pairs: pa.Table,
    precedence: Sequence[int] = range(5),
    *,
    must_link: Sequence[tuple[str, str]] = (),
    cannot_link: Sequence[tuple[str, str]] = (),
) -> list[int]:
    rows = rows_of(Overrides(must_link=tuple(must_link), cannot_link=tuple(cannot_link)), IDS)
    found = constrained(np.array(stories), pairs, rows, np.array(precedence))
    return [int(story) for story in found]


def test_overrides__must_links_join_whole_stories_one_after_another() -> None:
    links = [("e", "b"), ("c", "b")]
    assert decide([0, 0, 2, 2, 4], judged(), must_link=links) == [0, 0, 0, 0, 0]


def test_overrides__a_cannot_link_parts_by_the_strongest_ties() -> None:
    pairs = judged((0, 1, 3.0), (0, 2, 1.0), (0, 3, 2.0), (1, 2, 2.0), (2, 3, 1.0))
    assert decide([0, 0, 0, 0, 4], pairs, cannot_link=[("d", "a")]) == [0, 0, 0, 3, 4]
    assert decide([0, 0, 0, 0, 4], pairs, cannot_link=[("a", "c")]) == [0, 0, 2, 0, 4]


def test_overrides__must_linked_documents_stay_on_one_side() -> None:
    pairs = judged((0, 1, 5.0), (0, 2, 5.0), (0, 3, 5.0), (1, 2, 1.0))
    found = decide([0, 0, 0, 0, 4], pairs, must_link=[("b", "c")], cannot_link=[("a", "b")])
    assert found == [0, 1, 1, 0, 4]


def test_overrides__equal_ties_are_followed_by_resemblance_and_then_by_precedence() -> None:
    alike = judged((1, 2, 2.0), resemblance=0.6)
    other = judged((0, 2, 2.0), (0, 1, 2.0), resemblance=0.5)
    pairs = pa.concat_tables([other, alike])
    assert decide([0, 0, 0, 3, 4], pairs, cannot_link=[("a", "b")]) == [0, 1, 1, 3, 4]
    # "c" is tied to both alike, and "d" to neither: they go with the earlier, whatever its id.
    ties = judged((0, 2, 2.0), (1, 2, 2.0))
    for order, expected in (([0, 1, 2, 3, 4], [0, 1, 0, 0, 4]), ([1, 0, 2, 3, 4], [0, 1, 1, 1, 4])):
        assert decide([0, 0, 0, 0, 4], ties, order, cannot_link=[("a", "b")]) == expected


@given(
    st.permutations(range(5)),
    st.permutations(range(5)),
    st.lists(st.sampled_from([(a, b) for b in range(5) for a in range(b)]), unique=True),
    st.lists(st.tuples(st.sampled_from(IDS), st.sampled_from(IDS)), max_size=3),
    st.lists(st.sampled_from([("a", "b"), ("b", "c"), ("d", "e")]), max_size=1),
)
def test_overrides__a_story_parts_alike_whatever_the_ids(
    precedence: list[int],
    renamed: list[int],
    measured: list[tuple[int, int]],
    links: list[tuple[str, str]],
    bound: list[tuple[str, str]],
) -> None:
    def parted(row_of: list[int]) -> list[bool]:
        name = {one: IDS[row] for one, row in zip(IDS, row_of, strict=True)}
        apart = [link for link in links if link[0] != link[1] and {*link} not in map(set, bound)]
        rows = [sorted((row_of[a], row_of[b])) for a, b in measured]
        found = decide(
            [0] * 5,
            judged(*((a, b, 2.0) for a, b in rows)),
            [precedence[row_of.index(row)] for row in range(5)],
            must_link=[(name[a], name[b]) for a, b in bound],
            cannot_link=[(name[a], name[b]) for a, b in apart],
        )
        return [found[row_of[a]] == found[row_of[b]] for b in range(5) for a in range(b)]

    assert parted(list(renamed)) == parted(list(range(5)))


@given(st.lists(st.tuples(st.sampled_from(IDS), st.sampled_from(IDS)), max_size=6))
def test_overrides__every_cannot_link_holds_in_whatever_order(links: list[tuple[str, str]]) -> None:
    apart = [link for link in links if link[0] != link[1]]
    pairs = judged((0, 1, 3.0), (1, 2, 2.0), (2, 3, 1.0), (3, 4, 4.0))
    found = decide([0] * 5, pairs, cannot_link=apart)
    assert found == decide([0] * 5, pairs, cannot_link=[(b, a) for a, b in reversed(apart)])
    for a, b in apart:
        assert found[IDS.index(a)] != found[IDS.index(b)]
    assert all(found[story] == story <= row for row, story in enumerate(found))


def test_overrides__a_contradiction_names_both_decisions() -> None:
    given = Overrides(must_link=(("a", "b"), ("c", "b")), cannot_link=(("a", "c"),))
    with pytest.raises(InputError, match=r'cannot-link "a" and "c".*"a" to "b", "b" to "c"'):
        rows_of(given, IDS)


def test_overrides__an_unknown_id_is_named() -> None:
    with pytest.raises(InputError, match='"zebra", which is no document'):
        rows_of(Overrides(cannot_link=(("a", "zebra"),)), IDS)


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        '{"must": ["a", "b"]}',
        '{"must_link": ["a"]}',
        '{"must_link": "ab"}',
        "7",
        '{"origin": 7}',
        '{"origin": ["a"]}',
    ],
)
def test_overrides__a_bad_line_of_a_file_is_named(line: str, tmp_path: Path) -> None:
    path = tmp_path / "decisions.jsonl"
    path.write_text('{"must_link": ["a", "b"]}\n' + line, encoding="utf-8")
    with pytest.raises(InputError, match=r"decisions.jsonl:2: not a decision"):
        Overrides.load(path)


def test_overrides__a_file_may_begin_with_a_mark_and_hold_what_else_ends_lines(
    tmp_path: Path,
) -> None:
    path = tmp_path / "decisions.jsonl"
    lines = '{"origin": "a\u2028b"}\r\n\n{"must_link": ["c\u0085", "d\u2029"]}\n'
    path.write_text(lines, encoding="utf-8-sig")
    given = Overrides.load(path)
    assert (given.origins, given.must_link) == (("a\u2028b",), (("c\u0085", "d\u2029"),))


@pytest.mark.parametrize(
    "given",
    [
        {"must_link": ["ab"]},
        {"cannot_link": "ab"},
        {"must_link": [7]},
        {"must_link": 7},
        {"must_link": [("a", 7)]},
        {"origins": "ab"},
    ],
)
def test_overrides__what_is_no_pair_or_no_list_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"write \{"):
        Overrides(**given)


def test_overrides__a_story_shows_each_decision_once() -> None:
    stories = [invented.story("a", ["a", "b"]), invented.story("c", ["c"])]
    rows = signed(stories, Overrides(must_link=(("b", "a"),)))
    assert [item["signal"] for item in rows[0]["evidence"]] == ["reader"]
    assert rows[1]["evidence"] == []


def test_overrides__decisions_come_first_and_clues_point_to_what_they_pointed_to() -> None:
    found = invented.reason("names it", toward="harborlight.example")
    clues = [{"document": "a", "for": [0], "against": []}]
    story = invented.story("a", ["a", "b"], evidence=[found], clues=clues)
    (row,) = signed([story], Overrides(must_link=(("b", "a"),), origins=("b",)))
    assert [item["signal"] for item in row["evidence"]] == ["reader", "reader", "credit"]
    assert row["evidence"][0]["toward"] == row["origin"]["name"]
    assert row["clues"] == [{"document": "a", "for": [2], "against": []}]


def test_find_duplicates__honours_and_records_what_a_reader_decided() -> None:
    documents = [{"id": name, "text": BODY} for name in "abc"] + [{"id": "d", "text": "Bake sale."}]
    given = Overrides(must_link=(("a", "d"),), cannot_link=(("a", "c"),))
    result = find_duplicates(documents, Settings(threads=1), overrides=given)
    stories = dict(
        zip(result.documents["id"].to_pylist(), result.documents["story"].to_pylist(), strict=True)
    )
    assert stories["a"] == stories["d"] != stories["c"]
    assert result.run["overrides"] == {
        "must_link": [["a", "d"]], "cannot_link": [["a", "c"]], "origins": [],
    }  # fmt: skip
    assert any(item["signal"] == "reader" for item in result.stories[0]["evidence"])
    undecided = find_duplicates(documents, Settings(threads=1))
    assert type(result.stories) is type(undecided.stories)


PAPERS = [
    {
        "id": "a",
        "text": f"() {BODY}",
        "source": "one.example",
        "published": "2021-03-04T05:00Z",
    },
    {"id": "b", "text": BODY, "source": "two.example", "published": "2021-03-04T09:00Z"},
    {"id": "c", "text": BODY, "source": "three.example", "published": "2021-03-04T07:00Z"},
    {"id": "d", "text": BODY[: len(BODY) * 3 // 4], "source": "four.example"},
]


def of_documents(column: str, **given: Any) -> dict[str, Any]:
    result = find_duplicates(PAPERS, Settings(threads=1), **given)
    ids = result.documents["id"].to_pylist()
    return dict(zip(ids, result.documents[column].to_pylist(), strict=True))


@pytest.mark.parametrize("chosen", ["a", "b", "c", "d"])
def test_overrides__a_decided_origin_is_one_and_all_others_hang_below_it(chosen: str) -> None:
    result = find_duplicates(PAPERS, Settings(threads=1), overrides=Overrides(origins=(chosen,)))
    story = result.stories[0]
    assert (story["size"], story["origin"]["document"]) == (4, chosen)
    assert (story["origin"]["probability"], story["origin"]["band"]) == (1.0, "high")
    assert story["origin"]["name"] != chosen
    assert [item["toward"] for item in story["evidence"] if item["signal"] == "reader"] == [
        story["origin"]["name"]
    ]
    assert strongest_reason(story) == f"a reader decided that {chosen} wrote it first"
    assert story["counterfactuals"] == []
    for row in result.documents.to_pylist():
        assert row["origin_probability"] == pytest.approx(float(row["id"] == chosen), abs=1e-12)
        assert (row["relation"] == "origin") == (row["id"] == chosen) == (row["parent"] is None)
    for row in result.pairs.to_pylist():
        if chosen in (row["a"], row["b"]):
            assert (row["a_first_probability"] > 0.99) == (row["a"] == chosen)
    assert result.run["overrides"]["origins"] == [chosen]


def test_overrides__without_a_decision_no_origin_is_certain() -> None:
    assert max(of_documents("origin_probability").values()) < 0.9


def test_overrides__a_story_has_one_origin() -> None:
    two = Overrides(origins=("b", "a"))
    with pytest.raises(InputError, match='origins "a" and "b" are in one story'):
        find_duplicates(PAPERS, Settings(threads=1), overrides=two)
    parted = dataclasses.replace(two, cannot_link=(("a", "b"),))
    found = of_documents("origin_probability", overrides=parted)
    assert found["a"] == found["b"] == 1.0


def test_overrides__an_unknown_origin_is_named() -> None:
    with pytest.raises(InputError, match='"zebra", which is no document'):
        find_duplicates(PAPERS, Settings(threads=1), overrides=Overrides(origins=("zebra",)))


def test_overrides__a_file_holds_decisions_of_all_kinds(tmp_path: Path) -> None:
    path = tmp_path / "decisions.jsonl"
    path.write_text('{"origin": "a"}\n{"cannot_link": ["a", "b"]}\n', encoding="utf-8")
    assert Overrides.load(path) == Overrides(cannot_link=(("a", "b"),), origins=("a",))


def test_overrides__a_must_linked_document_without_a_measured_pair_is_no_exact_copy() -> None:
    other = {"id": "e", "text": "Bake sale at the school.", "source": "five.example"}
    twin = other | {"id": "f", "source": "six.example"}
    linked = Overrides(must_link=(("a", "e"),), origins=("a",))
    result = find_duplicates([*PAPERS, other, twin], Settings(threads=1), overrides=linked)
    rows = {row["id"]: row for row in result.documents.to_pylist()}
    lone = find_duplicates([*PAPERS, other], Settings(threads=1), overrides=linked)
    assert lone.documents.to_pylist()[4]["relation"] == "paraphrase"
    assert {rows["e"]["relation"], rows["f"]["relation"]} == {"paraphrase", "exact"}
    head = next(row for row in (rows["e"], rows["f"]) if row["relation"] == "paraphrase")
    assert head["parent"] not in ("e", "f")
