import dataclasses
import random
from pathlib import Path
from typing import Any

import copytrees
import fiction
import pytest
import reliability
from copy_operators import HELD_OUT, TOLD, Page, cut_names, strip_names, trim, written
from copytrees import Parameters, simulate
from origins import UNNAMED, Answer, Asked, origin_figures

GIVEN = Parameters(n_trees=40, seed=3)


def page() -> Page:
    return Page(
        outlet="Cedar Ledger",
        title="A pier",
        body=["The pier fell.", f"A clerk {TOLD} it was old.", "It rained.", "It stopped."],
        place="Marlow",
        wire="AP",
        told="the Cedar Ledger",
    )


def test_simulate__equal_parameters_give_equal_documents() -> None:
    assert simulate(GIVEN) == simulate(GIVEN)
    other = simulate(dataclasses.replace(GIVEN, seed=4))
    assert other.documents != simulate(GIVEN).documents


def test_simulate__wrong_clocks_change_nothing_but_clocks() -> None:
    clean = simulate(GIVEN)
    spoiled = simulate(dataclasses.replace(GIVEN, wrong_clocks=0.5))
    assert [one["text"] for one in clean.documents] == [one["text"] for one in spoiled.documents]
    for before, after, truth in zip(clean.documents, spoiled.documents, spoiled.truth, strict=True):
        assert truth["wrong_clock"] or before == after
    assert any(truth["wrong_clock"] for truth in spoiled.truth)
    assert not any(truth["wrong_clock"] for truth in clean.truth)


def test_simulate__with_clean_clocks_no_copy_claims_to_be_before_its_ancestors() -> None:
    made = simulate(GIVEN)
    claim = {one["id"]: one.get("published", "") for one in made.documents}
    for truth in made.truth:
        for above in truth["ancestors"]:
            if "T" in claim[above] and "T" in claim[truth["id"]]:
                assert claim[above] <= claim[truth["id"]]


def test_simulate__a_removed_original_is_in_no_document() -> None:
    made = simulate(dataclasses.replace(GIVEN, removed=1.0))
    for truth, document in zip(made.truth, made.documents, strict=True):
        if not truth["seen"]:
            assert truth["origin_document"] is None
            assert document["source"].split(".")[0] != truth["origin"].replace(" ", "").lower()
    assert not all(truth["seen"] for truth in made.truth)


def test_simulate__held_out_operators_and_pointers_are_in_the_test_generator_only() -> None:
    tune = simulate(GIVEN)
    test = simulate(dataclasses.replace(GIVEN, generator="test"))

    def done(truth: list[dict[str, Any]]) -> set[str]:
        return {name for row in truth for name in row["done"]}

    assert not done(tune.truth) & set(HELD_OUT)
    assert done(test.truth) >= set(HELD_OUT)
    assert not any("canonical" in one for one in tune.documents)
    assert any("canonical" in one for one in test.documents)


def test_simulate__no_mark_is_left_in_a_written_page() -> None:
    assert not any(TOLD in one["text"] for one in simulate(GIVEN).documents)


def test_simulate__unknown_generators_and_bases_without_texts_are_refused() -> None:
    with pytest.raises(ValueError, match="no generator"):
        simulate(Parameters(generator="other"))
    with pytest.raises(ValueError, match="dispatches"):
        simulate(Parameters(base="reuters"))


def test_write__documents_truth_and_parameters_stand_beside_each_other(tmp_path: Path) -> None:
    copytrees.write(tmp_path, GIVEN, simulate(GIVEN))
    names = {"documents.jsonl", "parameters.json", "truth.jsonl"}
    assert {path.name for path in tmp_path.iterdir()} == names


def test_cut_names__scars_stay() -> None:
    one = page()
    cut_names(one, random.Random(0))  # noqa: S311
    text = written(one, "Nov 3", [], [])
    assert "told that it was old" in text
    assert "Ledger" not in text


def test_strip_names__no_trace_stays() -> None:
    for seed in range(20):
        one = page()
        strip_names(one, random.Random(seed))  # noqa: S311
        text = written(one, "Nov 3", [], [])
        assert "()" not in text
        assert "told that it" not in text
        assert "AP" not in text


def test_trim__the_lead_stays() -> None:
    one = page()
    trim(one, random.Random(1))  # noqa: S311
    assert one.body == page().body[: len(one.body)]
    assert len(one.body) == 3


def test_invent__two_stories_share_no_long_run_of_words() -> None:
    rng = random.Random(5)  # noqa: S311

    def runs(report: fiction.Report) -> set[tuple[str, ...]]:
        words = " ".join(report.paragraphs).split()
        return {tuple(words[place : place + 8]) for place in range(len(words) - 7)}

    reports = [runs(fiction.invent(rng)) for _ in range(20)]
    shared = [len(a & b) / min(len(a), len(b)) for i, a in enumerate(reports) for b in reports[:i]]
    assert max(shared) < 0.1


def test_origin_figures__names_rows_and_silence_are_scored_apart() -> None:
    seen = Asked([0, 1], "cedarledger", 0, credited=True)
    unseen = Asked([2, 3], "ap", -1, credited=True)
    nobody = Asked([4, 5], "ap", -1, credited=False)
    right = origin_figures(
        [seen, unseen, nobody],
        [
            Answer([("cedarledger", 0, 0.9)], told=True),
            Answer([("x", 2, 0.5), ("ap", -1, 0.4)], told=True),
            Answer([(UNNAMED, -1, 0.6)], told=True),
        ],
    )
    assert right["right"] == pytest.approx(2 / 3)
    assert right["mrr"] == pytest.approx((1 + 0.5 + 1) / 3)
    assert right["unseen_recall"] == 0.5
    assert right["unseen_precision"] == 1.0
    silent = origin_figures([seen], [Answer([("cedarledger", 0, 0.4)], told=False)])
    assert silent["right"] == 0
    assert silent["mrr"] == 1


def test_origin_figures__an_unnamed_source_is_wrong_where_copies_name_it() -> None:
    asked = Asked([0, 1], "ap", -1, credited=True)
    answer = Answer([(UNNAMED, -1, 0.6)], told=True)
    assert origin_figures([asked], [answer])["right"] == 0


def test_bins__means_and_shares_are_those_of_their_members() -> None:
    assert reliability.bins([True, False, True], [0.11, 0.19, 1.0]) == [
        (pytest.approx(0.15), 0.5, 2),
        (1.0, 1.0, 1),
    ]
    assert reliability.diagram([True], [0.9]).startswith("<svg")
