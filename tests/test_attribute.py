from __future__ import annotations

import datetime as dt
import itertools
import json
import math
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from origin_model import posterior, summed

from dedupe.attribute.evidence import CAP, UNSEEN_PRIOR
from dedupe.attribute.findings import FUNCTIONS
from dedupe.attribute.relations import BY_CLOSENESS
from dedupe.attribute.signals import SIGNALS
from dedupe.attribute.tables import PairTable
from dedupe.names import load_names
from dedupe.report.words import RELATIONS
from dedupe.verify.relation import PAIR_RELATIONS
from tests.stories import BODY, PAIRS, PASSAGES, judge, origin, pair

if TYPE_CHECKING:
    from pathlib import Path
    from types import FrameType

    from dedupe.attribute import Attribution

WIRE = "OSLO (AP) — " + BODY
HARBORLIGHT = "(Harborlight) — " + BODY.replace(
    "Engineers said", "Ann Poe, the engineer, told Harborlight that"
)
SCARRED = "() " + BODY.replace("Engineers said", "Ann Poe, the engineer, told that")


def signals(found: Attribution, story: int = 0) -> list[str]:
    return [item["signal"] for item in found.stories[story]["evidence"]]


def test_relations__each_order_of_them_holds_all_and_each_once() -> None:
    assert sorted(BY_CLOSENESS) == sorted((*PAIR_RELATIONS, "origin", "derived", "single"))
    assert sorted(BY_CLOSENESS) == sorted(RELATIONS)


def test_origin__nothing_tells() -> None:
    found = judge([{"source": "one.example"}, {"source": "two.example", "text": BODY + " Rain."}])
    assert origin(found) == {
        "name": None,
        "document": None,
        "in_collection": None,
        "probability": None,
        "band": "unknown",
    }
    assert found.relation == ["repost", "repost"]
    assert found.parent.tolist() == [-1, -1]
    assert found.pair_a_first[0] == pytest.approx(0.5)
    assert sum(found.origin_probability) == pytest.approx(1 - UNSEEN_PRIOR)


def test_origin__an_absent_agency_is_named_and_its_takers_are_siblings() -> None:
    papers = [{"source": f"paper{n}.example", "text": WIRE + f" {n}"} for n in range(4)]
    found = judge(papers)
    named = origin(found)
    assert (named["name"], named["document"], named["in_collection"]) == ("AP", None, False)
    assert named["band"] == "high"
    assert found.relation == ["derived"] * 4
    assert found.parent.tolist() == [-1] * 4
    assert found.parent_name == ["AP"] * 4


def test_origin__an_agencys_own_page_in_the_collection_is_the_origin() -> None:
    found = judge(
        [
            {"source": "paper.example", "text": WIRE + " Cut."},
            {"source": "apnews.com", "text": WIRE},
            {"source": "gazette.example", "text": WIRE + " Rain."},
        ]
    )
    assert origin(found)["document"] == "d001"
    assert origin(found)["name"] == "AP"
    assert found.relation == ["repost", "origin", "repost"]
    assert found.parent.tolist() == [1, -1, 1]
    assert found.parent_name[0] == "AP"


def test_origin__exact_copies_of_the_agencys_page_leave_it_the_origin() -> None:
    found = judge(
        [
            {"source": "aaa.example", "text": WIRE},
            {"source": "bbb.example", "text": WIRE},
            {"source": "apnews.com", "text": WIRE},
        ],
        pairs=[pair(0, 1, "exact"), pair(0, 2, "exact")],
    )
    assert origin(found)["document"] == "d002"
    assert found.relation == ["exact", "exact", "origin"]
    assert found.parent.tolist() == [2, 2, -1]


@pytest.mark.parametrize(
    "said",
    [
        {"canonical": "https://harborlightnow.com/2024/ferry-pier"},
        {"byline": "Harborlight Now"},
    ],
)
def test_origin__of_equal_texts_the_one_that_another_names_came_first(said: dict[str, str]) -> None:
    page = {"source": "castaway.example", "url": "https://castaway.example/news/412"}
    silent = {"source": "third.example", "text": BODY, "published": "2024-05-01T08:00:00Z"}
    found = judge(
        [
            page | said | {"text": BODY, "published": "2024-05-01T09:00:00Z"},
            silent,
            {"source": "harborlightnow.com", "text": BODY, "published": "2024-05-02T09:00:00Z"},
        ],
        pairs=[pair(0, 1, "exact"), pair(0, 2, "exact")],
    )
    assert origin(found)["document"] == "d002", "though both copies claim to be earlier"
    assert found.relation == ["exact", "exact", "origin"]
    strongest = found.stories[0]["evidence"][0]
    assert strongest["document"] == "d000"
    assert strongest["points"] > 0
    assert strongest["against"] is False
    assert strongest["toward"] == origin(found)["name"]


@pytest.mark.parametrize("date", [None, "2026-11-05T08:00:00Z"])
def test_origin__of_equal_texts_the_one_that_a_copy_credits_came_first(date: str | None) -> None:
    found = judge(
        [
            {"source": "aggregator.example"},
            {"source": "tallispost.example", "published": date},
            {
                "source": "one.example",
                "text": BODY + "\n\nThis article first appeared in the Tallis Post.",
            },
        ],
        pairs=[pair(0, 1, "exact"), pair(0, 2), pair(1, 2)],
    )
    assert origin(found)["document"] == "d001"
    assert found.relation[:2] == ["exact", "origin"]
    assert found.parent.tolist() == [1, -1, 1]


def test_origin__a_credited_name_binds_to_a_member_by_its_domain() -> None:
    found = judge(
        [
            {"source": "castaway.example", "text": SCARRED},
            {"source": "harborlightnow.com", "text": HARBORLIGHT},
        ],
        passages=[(0, 3, len(SCARRED), 16, len(HARBORLIGHT))],
    )
    assert origin(found)["document"] == "d001"
    assert origin(found)["band"] == "high"
    assert origin(found)["name"] == "Harborlight", "as its own pages call it"
    strongest = found.stories[0]["evidence"][0]
    assert strongest["signal"] == "deletion"
    assert strongest["quote"] == "(Harborlight) —"
    assert strongest["against"] is False
    assert found.parent.tolist() == [1, -1]
    assert found.pair_a_first[0] < 0.05


def test_origin__one_page_with_scars_is_derived_from_a_source_without_a_name() -> None:
    found = judge([{"source": "castaway.example", "text": SCARRED}])
    assert found.relation == ["derived"]
    assert found.parent.tolist() == [-1]
    assert found.parent_name == [None]
    row = found.stories[0]
    assert (row["size"], row["origin"]["name"], row["origin"]["in_collection"]) == (1, None, False)
    assert {item["quote"] for item in row["evidence"]} == {"()", "engineer, told that"}


def test_origin__one_page_with_an_agencys_dateline_is_derived_from_it() -> None:
    found = judge([{"source": "paper.example", "text": WIRE}])
    assert (found.relation, found.parent_name) == (["derived"], ["AP"])
    assert origin(found)["name"] == "AP"


def test_origin__an_agencys_own_page_alone_is_single() -> None:
    found = judge([{"source": "apnews.com", "text": WIRE}])
    assert found.relation == ["single"]
    assert found.stories == []


def test_origin__a_page_alone_without_a_clue_is_single_and_no_story() -> None:
    found = judge([{"source": "paper.example"}])
    assert (found.relation, list(found.stories)) == (["single"], [])
    assert math.isnan(found.parent_probability[0])


def test_origin__every_copy_scarred_never_promotes_the_earliest() -> None:
    found = judge(
        [
            {"source": "a.example", "text": SCARRED, "published": "2026-03-01T08:00:00Z"},
            {"source": "b.example", "text": SCARRED + " x", "published": "2026-03-02T08:00:00Z"},
            {"source": "c.example", "text": SCARRED + " y", "published": "2026-03-03T08:00:00Z"},
        ]
    )
    assert origin(found)["in_collection"] is False
    assert origin(found)["name"] is None


def test_origin__versions_of_one_outlet_alone_are_its_own_story() -> None:
    found = judge(
        [
            {"source": "paper.example", "published": "2026-03-02T08:00:00Z"},
            {
                "source": "paper.example",
                "published": "2026-03-01T08:00:00Z",
                "text": BODY + " New.",
            },
        ],
        pairs=[pair(0, 1, "update")],
    )
    assert origin(found)["name"] == "paper.example"
    assert origin(found)["document"] == "d001"
    assert origin(found)["band"] != "high"
    assert found.relation == ["update", "origin"]
    assert found.parent.tolist() == [1, -1]
    assert found.pair_a_first[0] < 0.1


def test_versions__of_one_outlet_follow_its_clock() -> None:
    found = judge(
        [
            {
                "source": "paper.example",
                "published": f"2026-03-0{day}T08:00:00Z",
                "text": BODY + tail,
            }
            for day, tail in ((3, " Third."), (1, " First."), (2, " Second."))
        ],
        pairs=[pair(0, 1, "update"), pair(0, 2, "update"), pair(1, 2, "update")],
    )
    assert found.parent.tolist() == [2, -1, 1]
    assert found.relation == ["update", "origin", "update"]


def test_names__an_outlet_of_the_collection_is_known_by_its_letters() -> None:
    found = judge(
        [
            {"source": "digest.example", "text": BODY + "\nSource: The Harbor Light\n"},
            {"source": "harborlight.example", "text": "By Ann Poe, Harbor Light staff\n" + BODY},
        ]
    )
    assert origin(found)["document"] == "d001"
    assert origin(found)["name"] == "Harbor Light"
    assert {"credit", "byline"} <= set(signals(found))


def test_names__a_users_agency_is_an_absent_origin_and_its_outlet_a_member(tmp_path: Path) -> None:
    path = tmp_path / "names.json"
    wire = {"name": "Quay Wire", "spellings": ["Quay Wire"], "domains": ["quay.example"]}
    path.write_text(json.dumps({"agencies": [wire]}), encoding="utf-8")
    names = load_names(path)
    signed = [{"source": f"{n}.example", "text": f"By JANE ROE, Quay Wire\n{BODY}"} for n in "ab"]
    absent = judge(signed, names=names)
    assert (origin(absent)["name"], origin(absent)["in_collection"]) == ("Quay Wire", False)
    member = judge([*signed, {"source": "quay.example"}], names=names)
    assert (origin(member)["name"], origin(member)["document"]) == ("Quay Wire", "d002")
    assert origin(judge(signed))["name"] is None


@pytest.mark.parametrize("order", [*itertools.permutations(range(3))])
def test_names__an_outlet_is_called_as_it_most_often_calls_itself(order: tuple[int, ...]) -> None:
    papers = [
        {"source": "castawaynews.example", "text": f"({name}) — {BODY} {n}"}
        for n, name in enumerate(("CastawayNews", "Castaway News", "CastawayNews"))
    ]
    paper = {"source": "paper.example", "text": f"{BODY} Rain."}
    found = judge([*(papers[n] for n in order), paper])
    assert origin(found)["name"] == "CastawayNews"
    found = judge([*(papers[n] for n in order if n), paper])
    assert origin(found)["name"] == "Castaway News", "of as many the first in the alphabet"


def test_names__one_absent_source_under_two_spellings_is_one_candidate() -> None:
    found = judge(
        [
            {"url": "https://a.example/x/1", "canonical": "https://marlowpost.example/x"},
            {"url": "https://b.example/x/1", "text": "Republished from the Marlow Post.\n" + BODY},
        ]
    )
    absent = [one["name"] for one in found.stories[0]["candidates"] if not one["in_collection"]]
    assert sorted(absent, key=str) == ["Marlow Post", None]
    assert origin(found)["name"] == "Marlow Post"


def test_names__an_absent_source_is_called_the_same_in_every_sentence() -> None:
    found = judge(
        [
            {
                "source": "gull.example",
                "url": "https://gull.example/a",
                "canonical": "https://www.marlowstandard.example/news/a",
            },
            {
                "source": "valley.example",
                "text": "This article originally appeared on Marlow Standard.\n" + BODY,
            },
            {"source": "two.example"},
        ]
    )
    assert origin(found)["name"] == "Marlow Standard"
    evidence = found.stories[0]["evidence"]
    naming = [item for item in evidence if "source" in item["says"] or "credits" in item["says"]]
    assert {"pointer", "credit", "credit_lost"} <= {item["signal"] for item in naming}
    assert all("Marlow Standard" in item["says"] for item in naming)
    address = "https://www.marlowstandard.example/news/a"
    assert not any("marlowstandard" in item["says"].replace(address, "") for item in evidence)


def test_names__a_member_is_called_in_every_sentence_as_its_own_pages_call_it() -> None:
    found = judge(
        [
            {
                "source": "castaway.example",
                "url": "https://castaway.example/a",
                "canonical": "https://www.harborlightnow.com/news/a",
            },
            {"source": "harborlightnow.com", "text": HARBORLIGHT},
        ]
    )
    (pointer,) = (item for item in found.stories[0]["evidence"] if item["signal"] == "pointer")
    says = "castaway.example names Harborlight as its source in its canonical address"
    assert pointer["says"] == f'{says}, "https://www.harborlightnow.com/news/a"'
    assert pointer["toward"] == origin(found)["name"] == "Harborlight"


def test_toward__is_the_origin_named_and_not_an_exact_copy_of_its_page() -> None:
    found = judge(
        [
            {"source": "aaa.example", "text": WIRE},
            {"source": "apnews.com", "text": WIRE},
            {"source": "gazette.example", "text": WIRE + " Rain."},
        ],
        pairs=[pair(0, 1, "exact"), pair(0, 2)],
    )
    assert origin(found)["document"] == "d001"
    toward = {item["toward"] for item in found.stories[0]["evidence"] if not item["against"]}
    assert toward == {"AP"}


def test_reported__a_fact_credited_to_a_member_leans_toward_it() -> None:
    text = BODY.replace("before winter.", "before winter, the Harbor Light reported.")
    found = judge([{"source": "a.example", "text": text}, {"source": "harborlight.example"}])
    assert found.pair_a_first[0] < 0.3
    assert found.relation[0] != "derived"


def test_reported__an_absent_outlet_cited_in_every_copy_is_not_the_origin() -> None:
    text = BODY.replace("before winter.", "before winter, Mayor Ann Poe told CNN.")
    found = judge([{"source": f"p{n}.example", "text": f"{text} {n}"} for n in range(6)])
    assert origin(found)["band"] == "unknown"
    assert "derived" not in found.relation


def test_works__one_more_exact_copy_does_not_move_the_origin() -> None:
    first = {"source": "one.example", "published": "2026-03-01T08:00:00Z"}
    second = {"source": "two.example", "published": "2026-03-01T20:00:00Z", "text": BODY + " Rain."}
    copies = [{**second, "source": f"copy{n}.example"} for n in range(5)]
    few = judge([first, second])
    many = judge(
        [first, second, *copies],
        pairs=[pair(0, n) for n in range(1, 7)] + [pair(1, n, "exact") for n in range(2, 7)],
    )
    assert origin(few)["document"] == origin(many)["document"] == "d000"
    assert origin(many)["probability"] == pytest.approx(origin(few)["probability"])


def timed(*moments: str | None) -> Attribution:
    return judge(
        [
            {"source": f"p{n}.example", "text": f"{BODY} {n}", "published": moment}
            for n, moment in enumerate(moments)
        ]
    )


def test_clock__the_earlier_of_two_is_the_likely_origin_but_not_surely() -> None:
    found = timed("2026-03-02T08:00:00Z", "2026-03-01T08:00:00Z")
    assert origin(found)["document"] == "d001"
    assert origin(found)["band"] != "high"
    assert 0.05 < found.pair_a_first[0] < 0.2


def test_clock__days_without_zones_that_overlap_say_less() -> None:
    apart = timed("2026-03-01T08:00:00Z", "2026-03-02T08:00:00Z").pair_a_first[0]
    days = timed("2026-03-01", "2026-03-02").pair_a_first[0]
    same = timed("2026-03-01", "2026-03-01").pair_a_first[0]
    assert apart > days > same == 0.5


def test_clock__a_close_call_says_little() -> None:
    minutes = timed("2026-03-01T08:00:00Z", "2026-03-01T08:05:00Z")
    assert 0.5 < minutes.pair_a_first[0] < 0.6
    assert origin(minutes)["band"] == "unknown"


def test_clock__a_claim_later_than_the_sighting_is_void() -> None:
    found = judge(
        [
            {
                "source": "a.example",
                "published": "2026-03-05T00:00:00Z",
                "fetched": "2026-03-01T00:00:00Z",
            },
            {"source": "b.example", "text": BODY + " x", "published": "2026-03-02T00:00:00Z"},
        ]
    )
    assert found.pair_a_first[0] > 0.7, "seen on the 1st, so older than what appeared on the 2nd"


def test_clock__loses_to_an_explicit_credit() -> None:
    found = judge(
        [
            {
                "source": "copy.example",
                "text": BODY + "\nThis article originally appeared on Harborlight.",
                "published": "2026-03-01T08:00:00Z",
            },
            {"source": "harborlight.example", "published": "2026-03-04T08:00:00Z"},
        ]
    )
    assert origin(found)["document"] == "d001"
    against = [item for item in found.stories[0]["evidence"] if item["against"]]
    assert [item["signal"] for item in against] == ["clock"]


def test_first_seen__is_a_hint_and_no_verdict() -> None:
    found = judge(
        [
            {"source": "a.example", "fetched": "2026-03-01T00:00:00Z"},
            {"source": "b.example", "text": BODY + " x", "fetched": "2026-03-03T00:00:00Z"},
        ]
    )
    assert 0.5 < found.pair_a_first[0] < 0.7
    assert origin(found)["band"] == "unknown"


def test_pointer__canonical_at_another_member_makes_that_the_origin() -> None:
    found = judge(
        [
            {
                "url": "https://copy.example/news/pier",
                "canonical": "https://harbor.example/pier",
                "text": BODY + " Rain.",
            },
            {"url": "https://harbor.example/pier"},
        ]
    )
    assert origin(found)["document"] == "d001"
    assert "pointer" in signals(found)


def test_credit_lost__the_side_that_kept_the_credit_is_nearer_the_origin() -> None:
    found = judge([{"text": BODY}, {"text": WIRE}])
    assert found.pair_a_first[0] < 0.2
    assert origin(found)["name"] == "AP"


def test_credit_lost__two_sides_with_the_same_credit_say_nothing() -> None:
    found = judge([{"text": WIRE}, {"text": WIRE + " Rain."}])
    assert found.pair_a_first[0] == pytest.approx(0.5)


def test_deletion__needs_text_that_reads_on_alike() -> None:
    other = "The mayor, Ann Poe, told that rain is near. " + BODY
    found = judge(
        [
            {"source": "castaway.example", "text": other},
            {"source": "paper.example", "text": HARBORLIGHT},
        ],
        passages=[(0, 0, len(other), 0, len(HARBORLIGHT))],
    )
    assert "deletion" not in signals(found)


def test_deletion__needs_an_aligned_passage() -> None:
    found = judge(
        [
            {"source": "castaway.example", "text": SCARRED},
            {"source": "paper.example", "text": HARBORLIGHT},
        ]
    )
    assert "deletion" not in signals(found)
    assert "scar" in signals(found)


def test_length__an_excerpt_is_likelier_cut_than_grown() -> None:
    found = judge(
        [{"text": BODY[:120]}, {}],
        pairs=[pair(0, 1, "excerpt", containment_b=0.4, resemblance=0.4)],
    )
    assert 0.2 < found.pair_a_first[0] < 0.5
    assert origin(found)["band"] == "unknown"


def test_pairs__swapping_sides_turns_the_probability_round() -> None:
    clued = {"text": WIRE, "published": "2026-03-01T08:00:00Z"}
    bare = {"text": BODY, "published": "2026-03-03T08:00:00Z"}
    straight = judge([clued, bare]).pair_a_first[0]
    turned = judge([bare, clued]).pair_a_first[0]
    assert straight == pytest.approx(1 - turned)
    assert straight > 0.9


def test_documents__order_changes_nothing() -> None:
    pages: list[dict[str, Any]] = [
        {"source": "a.example", "text": WIRE, "published": "2026-03-02T08:00:00Z"},
        {"source": "b.example", "text": BODY, "published": "2026-03-01T08:00:00Z"},
        {"source": "c.example", "text": SCARRED, "published": "2026-03-03T08:00:00Z"},
        {"source": "harborlightnow.com", "text": HARBORLIGHT},
    ]
    straight = judge(pages)
    order = [2, 0, 3, 1]
    shuffled = judge([pages[place] for place in order])
    assert shuffled.origin_probability == pytest.approx(straight.origin_probability[order])
    assert [shuffled.relation[place] for place in range(4)] == [
        straight.relation[place] for place in order
    ]


def test_crossing__a_round_up_names_its_source_and_stays_alone() -> None:
    found = judge(
        [
            {"source": "digest.example", "text": BODY + " And more." * 30},
            {"source": "a.example"},
        ],
        stories=[0, 1],
        pairs=[pair(0, 1, "roundup", containment_a=0.3, containment_b=0.9, resemblance=0.25)],
    )
    assert found.relation == ["roundup", "single"]
    assert found.parent.tolist() == [1, -1]
    assert found.parent_name == ["a.example", None]
    assert found.stories == []


@pytest.mark.parametrize("relation", ["template", "same_event", "unrelated"])
def test_crossing__a_template_or_one_event_gives_no_parent(relation: str) -> None:
    found = judge([{}, {"text": BODY + " x"}], stories=[0, 1], pairs=[pair(0, 1, relation)])
    assert found.relation == ["single", "single"]
    assert found.pair_a_first[0] == 0.5


def test_story_row__holds_what_the_contract_asks() -> None:
    found = judge(
        [
            {"source": "paper.example", "text": WIRE, "published": "2026-03-02T08:00:00Z"},
            {"source": "paper.example", "text": WIRE + " Rain."},
            {"source": "apnews.com", "text": WIRE + " More.", "published": "2026-03-01T08:00:00Z"},
        ]
    )
    row = found.stories[0]
    columns = (
        "story size documents sources first_published origin candidates credited evidence "
        "clues counterfactuals"
    )
    assert list(row) == columns.split()
    assert row["story"] == "d000"
    assert row["documents"] == ["d000", "d001", "d002"]
    assert row["sources"] == ["AP", "paper.example"]
    assert row["first_published"] == "2026-03-01T08:00:00Z"
    assert row["candidates"][0] == row["origin"]
    likelihoods = [one["probability"] for one in row["candidates"]]
    assert likelihoods == sorted(likelihoods, reverse=True)
    for item in row["evidence"]:
        fields = "signal points document toward against start end quote says"
        assert list(item) == fields.split()
        if item["quote"] is not None:
            text = WIRE if item["document"] == "d000" else WIRE + " More."
            assert text[item["start"] : item["end"]] == item["quote"]


def test_story_row__is_first_published_when_its_earliest_page_says_so() -> None:
    def first(*moments: str | None) -> str | None:
        pages = [{"source": "a.example", "text": WIRE, "published": one} for one in moments]
        found: str | None = judge(pages).stories[0]["first_published"]
        return found

    assert first("2025-05-18T08:00:00Z", "2025-05-17") == "2025-05-17T00:00:00Z"
    assert first("2025-05-18T08:00:00Z", None) == "2025-05-18T08:00:00Z"
    assert first("2025-05-17T09:30:00", "2025-05-17T12:00:00+02:00") == "2025-05-17T09:30:00Z"
    assert first(None, None) is None


def test_signals__each_is_named_once_and_says_when_it_fails() -> None:
    names = [signal.name for signal in SIGNALS]
    assert len(set(names)) == len(names)
    assert all(signal.fails_when and 0 < signal.most <= CAP for signal in SIGNALS)


def test_signals__every_one_has_a_function_and_none_says_more_than_its_points() -> None:
    found_by_kernels = {"clock", "first_seen", "length", "one_outlet", "outlet_prior"}
    assert {signal.name for signal in SIGNALS} - set(FUNCTIONS) == found_by_kernels
    assert set(FUNCTIONS) <= {signal.name for signal in SIGNALS}
    papers: list[dict[str, Any]] = [
        {"source": "harborlightnow.com", "text": HARBORLIGHT, "published": "2026-03-01"},
        {"source": "castaway.example", "text": SCARRED, "published": "2026-03-02"},
        {
            "source": "paper.example",
            "text": "OSLO, Nov 3 (AP) — " + BODY,
            "published": "2026-03-05",
        },
        {"source": "two.example", "text": "ESBO (Agencies) — " + BODY, "published": "2026-03-06"},
    ]
    most = {signal.name: signal.most for signal in SIGNALS}
    evidence = judge(papers).stories[0]["evidence"]
    assert len({item["signal"] for item in evidence}) > 5
    assert all(abs(item["points"]) <= most[item["signal"]] for item in evidence)


def test_large__papers_of_one_wire_story_are_siblings_of_the_agency() -> None:
    papers = [{"source": f"p{n}.example", "text": f"{WIRE} {n}"} for n in range(310)]
    found = judge(papers, pairs=[pair(0, n) for n in range(1, 310)])
    assert origin(found)["name"] == "AP"
    assert set(found.relation) == {"derived"}
    assert set(found.parent_name) == {"AP"}
    assert np.isfinite(found.origin_probability).all()


def test_large__the_page_that_claims_the_story_is_weighed_wherever_it_stands() -> None:
    copies = [
        {"source": f"p{n}.example", "text": f"{BODY} {n}", "published": "2026-03-05"}
        for n in range(320)
    ]
    first = {"source": "harborlightnow.com", "text": HARBORLIGHT, "published": "2026-03-01"}
    found = judge([*copies, first], pairs=[pair(0, n) for n in range(1, 321)])
    assert origin(found)["document"] == "d320"
    assert found.relation.count("origin") == 1
    assert (found.parent[:320] == 320).mean() > 0.9


@pytest.mark.parametrize("shared", [0.0, 0.4, 1.0])
def test_origin__what_two_works_share_tells_nothing_of_who_came_first(shared: float) -> None:
    measures = {"resemblance": shared, "containment_a": shared, "containment_b": shared}
    found = judge(
        [{"source": "one.example"}, {"source": "two.example", "text": BODY + " Rain."}],
        pairs=[pair(0, 1, "rewrite", **measures)],
    )
    affinity = np.full((2, 2), 0.05 + shared)
    known = posterior(summed(affinity, []).weights)
    assert known.origin[:2].tolist() == pytest.approx(found.origin_probability.tolist())
    assert known.parent.max() < 0.5
    assert found.relation == ["rewrite", "rewrite"]
    assert found.parent.tolist() == [-1, -1]


def test_single__pages_of_one_agency_alone_are_judged_alike_and_not_as_another_papers() -> None:
    documents = [
        {"source": "apnews.com", "text": WIRE},
        {"source": "apnews.com", "text": WIRE + " Rain."},
        {"source": "paper.example", "text": WIRE + " Snow."},
    ]
    found = judge(documents, stories=[0, 1, 2], pairs=[])
    assert found.relation == ["single", "single", "derived"]
    assert found.origin_probability[0] == found.origin_probability[1] > 0.9
    assert found.origin_probability[2] < 0.2


def test_pairs__of_many_stories_are_read_in_blocks_and_in_any_order() -> None:
    n_stories = 3000
    rows = [pair(2 * n, 2 * n + 1, resemblance=n / n_stories) for n in range(n_stories)]
    stories = np.repeat(np.arange(0, 2 * n_stories, 2), 2)
    passages = [{"pair": n, "a_start": n, "a_end": 1, "b_start": 0, "b_end": 1} for n in (0, 2999)]
    table = PairTable(
        pa.Table.from_pylist(rows, schema=PAIRS),
        pa.Table.from_pylist(passages, schema=PASSAGES),
        stories,
        np.arange(2 * n_stories),
    )
    for n in (2999, 0, 1, 1500, 2999, 2):
        places, offsets = table.within(np.array([2 * n]))
        [found] = table.pairs(places)
        assert offsets.tolist() == [0, 1]
        assert (found.place, found.a, found.b) == (n, 2 * n, 2 * n + 1)
        assert found.resemblance == n / n_stories
        assert list(found.passages) == ([(n, 1, 0, 1)] if n in (0, 2999) else [])
    places, offsets = table.within(np.array([0, 1, 6]))
    assert places.tolist() == [0, 3]
    assert offsets.tolist() == [0, 1, 1, 2]


def copies_of_one_outlet(n_copies: int, text: str) -> int:
    """Judge dated copies of one text and a page that took it; return how many lines were run."""
    papers = [
        {"source": "harborlightnow.com", "text": text, "published": f"{day}"}
        for day in (dt.date(2020, 1, 1) + dt.timedelta(days) for days in range(n_copies))
    ]
    taken = {"source": "two.example", "text": text + " Rain."}
    star = [pair(0, other, "exact") for other in range(1, n_copies)]
    n_lines = 0

    def count(_frame: FrameType, event: str, _argument: object) -> Any:
        nonlocal n_lines
        n_lines += event == "line"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        found = judge(
            [*papers, taken], pairs=[*star, *(pair(row, n_copies) for row in range(n_copies))]
        )
    finally:
        sys.settrace(before)
    assert found.relation[1:n_copies] == ["exact"] * (n_copies - 1)
    assert set(found.parent[1:n_copies].tolist()) == {0}
    return n_lines


@pytest.mark.parametrize(
    "text", [BODY, HARBORLIGHT, BODY + "\nIt rained, the Harborlight reported."]
)
def test_large__copies_of_one_outlet_are_judged_in_linear_work(text: str) -> None:
    copies_of_one_outlet(10, text)  # what is built once is not counted
    assert copies_of_one_outlet(800, text) < 5 * copies_of_one_outlet(200, text)


def test_versions__hang_below_the_last_measured_one_before_them() -> None:
    days = ["2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04"]
    papers = [
        {"source": "one.example", "text": f"{BODY} {n}", "published": day}
        for n, day in enumerate(days)
    ]
    measured = [(0, 1), (0, 2), (0, 3), (1, 3)]
    found = judge(papers, pairs=[pair(a, b, "update") for a, b in measured])
    assert found.parent.tolist() == [-1, 0, 0, 1]


def test_attribute__a_scar_and_a_credit_of_equal_points_stand_in_one_order() -> None:
    found = judge([{"text": f"() {BODY}\n\nSource: AP", "source": "valley.example"}], pairs=[])
    assert origin(found)["name"] == "AP"
    signals = {reason["signal"] for reason in found.stories[0]["evidence"]}
    assert signals >= {"scar", "credit"}


def test_origin__two_versions_of_one_outlet_are_no_rivals_even_unmeasured() -> None:
    found = judge(
        [
            {"source": "cedarledger.example"},
            {"source": "cedarledger.example", "text": BODY + " A later paragraph."},
            {
                "source": "valley.example",
                "text": BODY + "\n\nThis story originally appeared on Cedar Ledger.",
            },
        ],
        pairs=[pair(0, 2), pair(1, 2)],
    )
    named = [one["document"] for one in found.stories[0]["candidates"]]
    assert origin(found)["document"] in {"d000", "d001"}
    assert len({"d000", "d001"} & set(named)) == 1


def test_story_row__credited_are_those_that_name_their_own_parent_or_origin() -> None:
    found = judge(
        [
            {"source": "apnews.com", "text": WIRE},
            {"source": "a.example", "text": WIRE + " A."},
            {"source": "b.example", "text": BODY + "\n\nSource: AP"},
            {"source": "c.example", "text": BODY + " C."},
            {"source": "d.example", "text": BODY + "\n\nSource: Reuters"},
        ]
    )
    assert origin(found)["document"] == "d000"
    assert found.stories[0]["credited"] == ["d001", "d002"]


def test_story_row__an_exact_copy_that_keeps_the_credit_is_credited_too() -> None:
    found = judge(
        [{"source": "apnews.com", "text": WIRE}, {"source": "a.example", "text": WIRE}],
        pairs=[pair(0, 1, "exact")],
    )
    assert found.stories[0]["credited"] == ["d001"]


def test_story_row__copies_of_an_absent_source_are_credited_where_they_name_it() -> None:
    pages = [{"source": f"p{n}.example", "text": f"{WIRE} {n}"} for n in range(200)]
    found = judge([*pages, {"source": "q.example"}], pairs=[pair(0, n) for n in range(1, 201)])
    assert origin(found)["name"] == "AP"
    assert found.stories[0]["credited"] == [f"d{n:03}" for n in range(200)]


def test_attribute__any_number_of_stories_is_looked_at_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pages = [{"source": f"outlet{row % 2}.example"} for row in range(6)]
    labels, joined = [0, 0, 2, 2, 4, 4], [pair(0, 1), pair(2, 3), pair(4, 5)]
    expected = judge(pages, labels, joined)
    monkeypatch.setattr("dedupe.attribute.inference._BLOCK", 1)
    monkeypatch.setattr("dedupe.attribute.writing._BLOCK", 1)
    found = judge(pages, labels, joined)
    assert (found.relation, found.stories) == (expected.relation, expected.stories)
