"""Words of a passage that changed: every word once, in order, and as few changes as may be."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe import InputError, compare
from dedupe.verify import edits as editing
from dedupe.verify.edits import Edit, substitutions
from tests import mixed_scripts
from tests.reference_pairs import best_match_score
from tests.reference_text import tokens

words = st.lists(st.sampled_from(["tide", "ferry", "crew", "the", "Quay"]), max_size=9).map(
    " ".join
)


def whole(a: str, b: str) -> tuple[int, int, int, int]:
    return 0, len(a), 0, len(b)


def read(a: str, b: str) -> list[tuple[str, str, str]]:
    found = substitutions(a, b, whole(a, b))
    return [(e.kind, a[e.a_start : e.a_end], b[e.b_start : e.b_end]) for e in found]


def test_substitutions__are_told_from_insertions_and_deletions() -> None:
    a = "The ferry Marlow ran aground on Tuesday, with 42 people aboard."
    b = "the ferry ran ashore late on Tuesday with 42 frightened people"
    assert read(a, b) == [
        ("equal", "The ferry", "the ferry"),
        ("deleted", "Marlow", ""),
        ("equal", "ran", "ran"),
        ("substituted", "aground", "ashore late"),
        ("equal", "on Tuesday, with 42", "on Tuesday with 42"),
        ("inserted", "", "frightened"),
        ("equal", "people", "people"),
        ("deleted", "aboard", ""),
    ]


def test_substitutions__of_equal_words_in_other_case_and_accents_are_none() -> None:
    a, b = "“The café rose”", "THE CAFE ROSE"
    assert substitutions(a, b, whole(a, b)) == [Edit("equal", 1, 14, 0, 13)]


def test_substitutions__prefer_one_run_to_scattered_words() -> None:
    a, b = "the tide rose", "the quay the tide rose"
    assert [kind for kind, _, _ in read(a, b)] == ["inserted", "equal"]


@settings(max_examples=150)
@given(a=words | mixed_scripts.texts, b=words | mixed_scripts.texts)
def test_substitutions__hold_every_word_once_in_order(a: str, b: str) -> None:
    found = substitutions(a, b, whole(a, b))
    sides = [
        (a, [(edit.a_start, edit.a_end) for edit in found]),
        (b, [(edit.b_start, edit.b_end) for edit in found]),
    ]
    held = []
    for text, spans in sides:
        assert all(start <= end for start, end in spans)
        assert all(before[1] <= after[0] for before, after in pairwise(spans))
        held.append([[word.folded for word in tokens(text[i:j])] for i, j in spans])
        assert [word for run in held[-1] for word in run] == [word.folded for word in tokens(text)]
    assert all(before.kind != after.kind for before, after in pairwise(found))
    for edit, left, right in zip(found, *held, strict=True):
        assert (left == right) == (edit.kind == "equal")
        assert (edit.kind == "inserted") == (not left)
        assert (edit.kind == "deleted") == (not right)


@settings(max_examples=150)
@given(a=words, b=words)
def test_substitutions__match_as_well_as_any_alignment_could(a: str, b: str) -> None:
    equal = [left for kind, left, _ in read(a, b) if kind == "equal"]
    scored = sum(2 * len(run.split()) - 1 for run in equal)
    assert scored == best_match_score(a.lower().split(), b.lower().split())


@settings(max_examples=100)
@given(a=words | mixed_scripts.texts, b=words | mixed_scripts.texts)
def test_substitutions__swapping_the_sides_mirrors_them(a: str, b: str) -> None:
    mirror = {"inserted": "deleted", "deleted": "inserted"}
    back = [
        (mirror.get(edit.kind, edit.kind), *edit[3:5], *edit[1:3])
        for edit in substitutions(b, a, whole(b, a))
    ]
    assert [tuple(edit) for edit in substitutions(a, b, whole(a, b))] == back


def test_substitutions__of_a_passage_are_placed_in_the_whole_texts() -> None:
    a, b = "Früh: the tide rose high. More.", "And so the tide fell high, they said"
    passage = (6, 24, 7, 25)
    for edit in substitutions(a, b, passage):
        assert passage[0] <= edit.a_start <= edit.a_end <= passage[1]
        assert passage[2] <= edit.b_start <= edit.b_end <= passage[3]
    changed = next(e for e in substitutions(a, b, passage) if e.kind == "substituted")
    assert (a[changed.a_start : changed.a_end], b[changed.b_start : changed.b_end]) == (
        "rose",
        "fell",
    )


def test_substitutions__read_the_passages_of_a_comparison() -> None:
    a = "The ferry Marlow ran aground on Tuesday with 42 people aboard, the harbour office said."
    b = a.replace("Tuesday", "Friday")
    (passage,) = compare(a, b).passages
    changed = [edit for edit in substitutions(a, b, passage) if edit.kind != "equal"]
    assert [(a[e.a_start : e.a_end], b[e.b_start : e.b_end]) for e in changed] == [
        ("Tuesday", "Friday")
    ]


def test_substitutions__of_long_passages_are_found_between_landmarks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    a = " ".join(f"word{number}" for number in range(300))
    b = a.replace("word100 ", "other ").replace("word200 ", "").replace("word250", "word250 new")
    expected = substitutions(a, b, whole(a, b))
    monkeypatch.setattr(editing, "MAX_CELLS", 400)
    assert substitutions(a, b, whole(a, b)) == expected


def test_substitutions__of_one_word_over_and_over_stay_bounded() -> None:
    a, b = "tide " * 30_000, "tide " * 29_000
    assert [edit.kind for edit in substitutions(a, b, whole(a, b))] == ["substituted"]


@pytest.mark.parametrize("passage", [(0, 9, 0, 1), (3, 2, 0, 1), (0, 1, -1, 2)])
def test_substitutions__a_passage_outside_the_texts_is_refused(
    passage: tuple[int, int, int, int],
) -> None:
    with pytest.raises(InputError, match="does not lie in texts"):
        substitutions("tide", "tide", passage)
