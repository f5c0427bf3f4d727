from __future__ import annotations

from pathlib import Path
from typing import Any

import datasets
import label_pairs
import measures
import peers
import pyarrow as pa
import pytest
import quality
import rivals
from metrics import Case

SHARED = "the harbour pilots voted on monday to end a strike that kept grain ships at anchor"
OTHER = "a crow has learned to open the lids of bins behind every bakery in the old market town"


def labelled(
    key: str,
    a: str,
    b: str,
    label: str = "WD",
    *,
    dates: tuple[str, str] = ("", ""),
    cases: tuple[Case, ...] = (),
) -> datasets.LabelledPair:
    return datasets.LabelledPair(
        key=key,
        a={"text": a, "published": dates[0]},
        b={"text": b, "published": dates[1]},
        label=label,
        cases=cases,
        half="tune",
    )


def story_set(**changes: Any) -> datasets.StorySet:
    fields: dict[str, Any] = {
        "name": "seeds",
        "documents": [{"id": name} for name in "abcd"],
        "stories": ["s", "s", "t", "u"],
        "relations": [frozenset([one]) for one in ("origin", "repost", "derived", "single")],
        "origins": [frozenset(["harbourpost"])] * 2 + [frozenset(["unknown"])] * 2,
        "origin_documents": ["a", "a", None, None],
        "parents": [None, "a", None, None],
    }
    return datasets.StorySet(**(fields | changes))


def origin(name: str | None, document: str | None, probability: float | None) -> dict[str, Any]:
    return {"name": name, "document": document, "probability": probability}


def test_origins__an_outlets_name_or_its_page_is_right_and_cannot_tell_may_be() -> None:
    found = ["a", "a", "c", "d"]
    stories = [
        {"story": "a", "origin": origin("harbourpost.example", "a", 0.75)},
        {"story": "c", "origin": origin(None, None, None)},
    ]
    figures = measures._origins(story_set(), found, stories)
    assert figures == {"origin_accuracy": 1, "origin_coverage": 0.5, "origin_brier": 0.0625}


def test_origins__another_name_is_wrong_and_so_is_a_name_where_nobody_could_tell() -> None:
    found = ["a", "a", "c", "d"]
    stories = [
        {"story": "a", "origin": origin("valleyregister.example", "b", 0.5)},
        {"story": "c", "origin": origin("Harbour Post", None, 0.5)},
    ]
    assert measures._origins(story_set(), found, stories)["origin_accuracy"] == 0


def test_origins__a_story_that_was_torn_apart_is_judged_by_its_larger_piece() -> None:
    truth = story_set(
        stories=["s"] * 4,
        relations=[frozenset(["repost"])] * 4,
        origins=[frozenset(["harbourpost"])] * 4,
        origin_documents=["a"] * 4,
    )
    stories = [
        {"story": "a", "origin": origin("Valley Register", None, None)},
        {"story": "b", "origin": origin("Harbour Post", None, None)},
    ]
    figures = measures._origins(truth, ["a", "b", "b", "b"], stories)
    assert figures["origin_accuracy"] == 1


def test_relation_f1__asks_only_where_a_reader_gave_a_relation() -> None:
    relations = [frozenset(["cut"]), frozenset(), frozenset(["update", "repost"]), frozenset()]
    truth = story_set(name="census", relations=relations)
    assert measures._relation_f1(truth, ["excerpt", "unrelated", "exact", "unrelated"]) == 1
    assert measures._relation_f1(truth, ["single", "unrelated", "exact", "unrelated"]) < 1


def test_ecbplus__counts_far_pairs_of_one_event_that_were_joined() -> None:
    documents = [
        {"event": "1", "text": SHARED},
        {"event": "1", "text": f"{SHARED} again"},
        {"event": "1", "text": OTHER},
        {"event": "2", "text": f"{OTHER} today"},
    ]
    # far: (0, 2) and (1, 2); near: (0, 1) in one event, (2, 3) across events
    apart = measures.ecbplus_score(documents, [0, 0, 2, 2])
    assert apart == {"far_joined_per_1000": 0, "near_found": 1}
    joined = measures.ecbplus_score(documents, [0, 1, 0, 3])
    assert joined == {"far_joined_per_1000": 500, "near_found": 0}


def test_ecbplus__a_chain_of_near_pairs_is_not_far() -> None:
    # Each names the next word for word; the ends share nothing.
    halves = [SHARED, OTHER, "every member of the choir had sung it wrong for forty years or more"]
    documents = [
        {"event": "1", "text": halves[0]},
        {"event": "1", "text": f"{halves[0]} {halves[1]}"},
        {"event": "1", "text": halves[1]},
        {"event": "1", "text": halves[2]},
    ]
    figures = measures.ecbplus_score(documents, [0, 0, 0, 3])
    assert figures == {"far_joined_per_1000": 0, "near_found": 1}


def test_linked_rows__an_exact_copy_stands_for_all_its_copies() -> None:
    pairs = pa.table(
        {
            "a": ["a", "a", "d"],
            "b": ["b", "c", "e"],
            "relation": ["exact", "rewrite", "unrelated"],
        }
    )
    linked = measures.linked_rows("abcde", pairs)
    assert linked(0, 1)
    assert linked(1, 2)
    assert linked(2, 1)
    assert not linked(0, 3)
    # Linked by a chain of pairs that are not exact is not found.
    assert linked(3, 4)
    assert not linked(2, 4)


def test_sample__is_fair_and_does_not_depend_on_the_other_pairs() -> None:
    pairs = [labelled(str(key), "", "") for key in range(2000)]
    kept = measures.sample(pairs, 4)
    # four standard deviations: 4 * sqrt(2000 * 1/4 * 3/4)
    assert abs(len(kept) - 500) < 78
    assert measures.sample(pairs[1000:], 4) == [one for one in kept if int(one.key) >= 1000]
    assert measures.sample(pairs, 1) == pairs


def test_pan13__perfect_passages_score_one_and_touch_no_caseless_pair() -> None:
    case = Case(0, 40, 10, 50)
    pairs = [
        labelled(kind, "", "", kind, cases=(case,))
        for kind in ("verbatim", "random", "translation", "summary")
    ]
    pairs.append(labelled("empty", "", "", "none"))
    figures = measures.pan13_figures(pairs, lambda pair: list(pair.cases))
    assert set(figures.values()) == {1.0}
    eager = measures.pan13_figures(pairs, lambda _: [case])
    assert eager["pan13.caseless_clean"] == 0
    assert eager["pan13.precision"] == pytest.approx(4 / 5)
    assert eager["pan13.plagdet_verbatim"] == 1


def test_naive_passages__find_a_long_shared_run_and_nothing_else() -> None:
    a, b = f"{OTHER}. {SHARED * 3}", f"{SHARED * 3}. It rained."
    (found,) = peers.naive_passages(labelled("x", a, b))
    assert a[found.a_start : found.a_end] == SHARED * 3
    assert b[found.b_start : found.b_end] == SHARED * 3
    assert peers.naive_passages(labelled("x", OTHER * 3, SHARED * 3)) == []
    assert peers.naive_passages(labelled("x", "", SHARED)) == []


def test_direction_rules__a_tie_or_a_broken_date_is_not_right() -> None:
    pairs = [
        labelled("1", "x", "xx", dates=("2.1.14", "1.1.14")),
        labelled("2", "xx", "xx", dates=("1.1.14", "1.1.14")),
        labelled("3", "xxx", "xx", dates=("1.2.14", "0..14")),
        labelled("4", "x", "xx", dates=("01.01.15", "31.12.14")),
    ]
    rules = peers.direction_rules(pairs)
    assert rules == {"counter.direction_text": 0.5, "counter.direction_dated": 0.5}


def test_peers__join_copies_and_leave_others_apart() -> None:
    texts = [SHARED * 4, SHARED * 4, OTHER * 4]
    for peer, variants in peers.variants(texts).items():
        assert any(pairs == {(0, 1)} for pairs in variants), peer


def test_quality__an_absent_set_is_skipped_with_a_line(tmp_path: Path) -> None:
    lines: list[str] = []
    options = quality.Options(data=tmp_path, only=("census", "reuters"))
    report = quality.run(options, lines.append)
    assert report["skipped"] == ["census", "reuters"]
    assert report["figures"] == {}
    assert [line.split(":")[:2] for line in lines] == [
        ["skipped", " census"],
        ["skipped", " reuters"],
    ]


def test_quality__a_missed_target_is_marked_in_both_directions() -> None:
    assert "MISSED" in quality._target("census.pairwise_f1", 0.94)
    assert "MISSED" not in quality._target("census.pairwise_f1", 0.95)
    assert "MISSED" in quality._target("ecbplus.far_joined_per_1000", 1.1)
    assert "MISSED" not in quality._target("ecbplus.far_joined_per_1000", 1.0)
    assert quality._target("census.ari", 0.1) == ""


def test_quality__all_sets_and_peers_stand_in_one_table() -> None:
    report = {
        "figures": {"census.pairwise_f1": 0.9, "edits.spun": 0.5, "clough.accuracy": 0.99},
        "peers": {
            "another": {"edits.spun": 0.25},
            "tf-idf best": {"census.pairwise_f1": 0.75},
            "datasketch .9": {"census.pairwise_f1": 0.5, "edits.spun": 0.0},
        },
    }
    assert quality.rows(report) == [
        ["figure", "dedupe", "target", "datasketch .9", "tf-idf best", "another"],
        ["census.pairwise_f1", "0.9000", ">= 0.95 MISSED", "0.5000", "0.7500", ""],
        ["edits.spun", "0.5000", "", "0.0000", "", "0.2500"],
        ["clough.accuracy", "0.9900", ">= 0.95", "", "", ""],
    ]
    assert quality.markdown(report).splitlines()[:3] == [
        "| figure | dedupe | target | datasketch .9 | tf-idf best | another |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        "| census.pairwise_f1 | 0.9000 | >= 0.95 MISSED | 0.5000 | 0.7500 |  |",
    ]


def test_rivals__given_pairs_are_told_alike_or_not() -> None:
    given = [labelled("1", SHARED * 4, SHARED * 4), labelled("2", SHARED * 4, OTHER * 4, "ND")]
    found = rivals.on_counter(given)
    assert {
        peer: one["counter.derived_f1"] for peer, one in found.items() if peer != "simple rule"
    } == dict.fromkeys(
        (
            "datasketch .9",
            "datasketch best",
            "text-dedup news",
            "rensa",
            "rensa best",
            "tf-idf .85",
            "tf-idf best",
        ),
        1.0,
    )


def test_rivals__copies_of_one_edit_cannot_vouch_for_another() -> None:
    pairs = {(0, 3), (3, 5), (1, 5), (2, 4)}
    found = rivals._stories_with(pairs, 3, 5, 2)
    assert len(found) == 5
    assert found[3] == found[1] != found[0]
    assert found[4] not in found[:4]


def test_edit_score__a_round_up_belongs_to_no_story() -> None:
    found = {"spun": [0, 1, 0, 0], "wrapped": [0, 1, 0, 1], "round_up": [0, 1, 2, 1]}
    figures = measures.edit_score([0, 1], 2, found)
    assert figures["edits.spun"] == 0.5
    assert figures["edits.wrapped"] == figures["edits.worst_joined"] == 1.0
    assert figures["edits.roundups_apart"] == 0.5
    assert figures["edits.wrongly_joined"] == 1.0


def test_relations__of_an_absent_source_derived_is_right() -> None:
    truth = datasets.StorySet(
        name="census",
        documents=[],
        stories=["x", "x", "y", "z"],
        relations=[frozenset((one,)) for one in ("cut", "repost", "repost", "single")],
        origins=[frozenset()] * 4,
        origin_documents=[None, None, "present", None],
        parents=[None] * 4,
    )
    assert measures._relation_f1(truth, ["derived", "exact", "repost", "single"]) == 1
    assert measures._relation_f1(truth, ["derived", "repost", "derived", "single"]) < 1
    assert measures._relation_f1(truth, ["derived", "repost", "repost", "derived"]) < 1


def test_readings__only_pairs_that_both_read_alike_are_scored() -> None:
    rows = [
        label_pairs.Reading("x", "a", "b", 0.5, "same", "same"),
        label_pairs.Reading("x", "a", "c", 0.5, "not", "not"),
        label_pairs.Reading("x", "a", "d", 0.5, "partial", "partial"),
        label_pairs.Reading("x", "a", "e", 0.5, "same", "not"),
    ]
    figures = measures.reading_figures(rows, {("x", "a", "b"), ("x", "a", "d"), ("y", "a", "c")})
    assert figures["labels.agreement"] == 0.75
    assert figures["labels.same_found"] == 1
    assert figures["labels.apart_kept"] == 0.5
    assert figures["labels.same_story_accuracy"] == pytest.approx(2 / 3)
