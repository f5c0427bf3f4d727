"""Measured pairs and their relations: exact overlaps, places in the given texts, the verdict."""

from __future__ import annotations

import dataclasses
import json
import math
from itertools import combinations, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dedupe
from dedupe import verify as stage
from dedupe.arrays.spill import MEMORY
from dedupe.candidates import Candidates, weigh
from dedupe.clean import Kept, keep_all
from dedupe.documents import documents_table
from dedupe.published import published_by
from dedupe.settings import Settings
from dedupe.sketch import sketch
from dedupe.verify import (
    Measured,
    OnDemand,
    alignments,
    blocks,
    given_pairs,
    judge,
    measure,
    models,
    verify,
)
from dedupe.verify import relation as relating
from dedupe.verify.features import CLOSER_FEATURES, FEATURES, closer_features, features
from dedupe.verify.models import load_model
from dedupe.verify.relation import PAIR_RELATIONS, probability, relate
from tests import mixed_scripts
from tests import reference_pairs as reference
from tests import reference_text as text_reference
from tests.stories import QUOTATION, QUOTING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

ALL = Settings(threads=1, containment_floor=0.0, rare_sampling=1, passage_words=8, passage_gap=20)
FALLING = {"numbers_changed", "names_changed", "brevity", "refilled", "outgrown"}
EITHER = {"brevity", "size_longer", "filed"}
MODELS = [
    json.loads((Path(relating.__file__).with_name(name)).read_text("utf-8"))
    for name in ("model.json", "model_closer.json")
]

STORY = (
    "The ferry Marlow ran aground on Tuesday with 42 people aboard, the harbour office said. "
    "Nobody was hurt, and the tide lifted her off before midnight. "
    "Her master, Ines Calder, had asked twice for a dredged channel. "
)
OTHER = (
    "A bakery on Quay Street sold its last loaf on Saturday after ninety years of trade, "
    "and the owners said that they would miss the smell of it more than the hours. "
)
copies = st.lists(
    st.sampled_from([STORY, STORY.upper(), OTHER, "\u6e2f\u53e3\u5f88\u5fd9\u3002" * 4, "\n\n"])
    | mixed_scripts.articles | mixed_scripts.texts,
    max_size=4,
).map(" ".join)  # fmt: skip


def all_rows(n_docs: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    rows = np.array(list(combinations(range(n_docs), 2)), np.int64).reshape(-1, 2)
    return rows[:, 0].copy(), rows[:, 1].copy()


def measured(
    texts: Sequence[str],
    chosen: Settings = ALL,
    kept: Kept | None = None,
    *,
    closely: bool = False,
) -> tuple[Measured, pa.Table]:
    table = documents_table(texts)
    kept = keep_all(table) if kept is None else kept
    sketches = sketch(kept, chosen)
    candidates = given_pairs(*all_rows(len(texts)), sketches, weigh(sketches), chosen)
    return measure(candidates, kept, chosen, closely=closely), table


def verdicts(found: Measured, table: pa.Table) -> pa.Table:
    return judge(found, published_by(table))


def judged(texts: Sequence[str], chosen: Settings = ALL) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = verdicts(*measured(texts, chosen)).to_pylist()
    return rows


def passages_of(found: Measured) -> list[tuple[int, ...]]:
    return [tuple(row.values()) for row in found.passages.to_pylist()]


# --- measures


@settings(max_examples=80)
@given(texts=st.lists(copies, min_size=2, max_size=4))
def test_measure__overlaps_sizes_and_words_equal_the_oracle(texts: list[str]) -> None:
    found, _ = measured(texts)
    tokens = [text_reference.tokens(text) for text in texts]
    sets = [set(reference.shingles(words)) for words in tokens]
    vocabularies = [{token.folded for token in words} for words in tokens]
    rows = list(zip(found.a.tolist(), found.b.tolist(), strict=True))
    # Pairs without a shared shingle are none.
    assert rows == [(a, b) for a, b in combinations(range(len(texts)), 2) if sets[a] & sets[b]]
    for pair, (a, b) in enumerate(rows):
        assert found.shared[pair] == len(sets[a] & sets[b])
        assert found.sizes[pair].tolist() == [len(sets[a]), len(sets[b])]
        assert found.words[pair].tolist() == [len(tokens[a]), len(tokens[b])]
        one, other = vocabularies[a], vocabularies[b]
        assert found.vocabulary[pair].tolist() == [len(one & other), len(one), len(other)]
        folded = [[token.folded for token in words] for words in (tokens[a], tokens[b])]
        assert found.exact[pair] == (folded[0] == folded[1])


@settings(max_examples=80)
@given(texts=st.lists(copies, min_size=2, max_size=3))
def test_measure__without_a_background_all_sampled_shares_are_within_bounds(
    texts: list[str],
) -> None:
    found, _ = measured(texts)
    assert (found.weighted >= 0).all()
    assert (found.weighted <= 1 + 1e-5).all()
    assert np.allclose(found.weighted[found.exact], 1)


@settings(max_examples=100)
@given(texts=st.lists(copies, min_size=2, max_size=3))
def test_passages__lie_in_the_given_texts_rise_in_a_and_never_overlap(texts: list[str]) -> None:
    found, _ = measured(texts)
    rows = passages_of(found)
    assert rows == sorted(rows)
    for pair in range(len(found.a)):
        own = [row[1:] for row in rows if row[0] == pair]
        for side, start, end in ((found.a[pair], 0, 1), (found.b[pair], 2, 3)):
            ranges = sorted((row[start], row[end]) for row in own)
            assert all(0 <= low < high <= len(texts[side]) for low, high in ranges)
            assert all(before[1] <= after[0] for before, after in pairwise(ranges))
            for low, high in ranges:
                # No word is cut: the slice is read as it is read in place.
                whole = text_reference.tokens(texts[side])
                inside = text_reference.tokens(texts[side][low:high])
                bounds = {len(texts[side].encode()[: token.start].decode()) for token in whole}
                assert low in bounds
                assert inside[0].start == 0
                assert inside[-1].end == len(texts[side][low:high].encode())


@pytest.mark.parametrize(
    ("before", "copy"),
    [
        ("", STORY),
        ("\u6e2f\u53e3 \U0001f6a2 caf\u00e9 \x00. ", STORY.upper()),
        ("\u0628\u0646\u062f\u0631 ", STORY.replace("and", "\u2013 and")),
    ],
)
def test_passages__are_in_code_points_of_the_text_as_given(before: str, copy: str) -> None:
    found, _ = measured([before + STORY, copy])
    ((_, a_start, a_end, b_start, b_end),) = passages_of(found)
    assert (before + STORY)[a_start:a_end] == STORY.rstrip(". ")
    assert copy[b_start:b_end] == copy.rstrip(". ")


def test_passages__skip_what_is_not_kept_and_refer_to_the_whole_text() -> None:
    furniture = "Sign up for our \u2709 newsletter today\n"
    text = furniture + STORY
    kept = keep_all(documents_table([text, STORY]))
    spans = kept.spans.copy()
    spans[0, 0] += len(furniture.encode())
    found, _ = measured([text, STORY], kept=kept._replace(spans=spans))
    ((_, a_start, a_end, b_start, _),) = passages_of(found)
    assert (a_start, b_start) == (len(furniture), 0)
    assert text[a_start:a_end] == STORY.rstrip(". ")
    assert found.exact.tolist() == [True]


TEXTS = [STORY, STORY.upper(), OTHER + STORY, OTHER, STORY[:100], "", "tide", "\u6e2f\u53e3" * 9]


@pytest.mark.parametrize("threads", [1, 4])
def test_measure__blocks_steps_and_threads_change_nothing(
    monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    expected, _ = measured(TEXTS)
    monkeypatch.setattr(blocks, "_BLOCK_BYTES", 300)
    monkeypatch.setattr(blocks, "_LEAST_BYTES", 1)
    monkeypatch.setattr("dedupe.shingle._PAIRS_AT_ONCE", 2)
    monkeypatch.setattr(alignments, "_ALIGN_STEP", 2)
    chosen = Settings.from_dict(ALL.to_dict() | {"threads": threads})
    found, _ = measured(TEXTS, chosen)
    assert passages_of(found) == passages_of(expected)
    for name in Measured._fields[:-1]:
        assert getattr(found, name).tolist() == getattr(expected, name).tolist(), name


def test_measure__pairs_below_the_floor_are_dropped() -> None:
    padded = STORY[:80] + OTHER * 3
    texts = [STORY, padded]
    kept = Settings.from_dict(ALL.to_dict() | {"containment_floor": 0.2})
    dropped = Settings.from_dict(ALL.to_dict() | {"containment_floor": 0.6})
    assert len(measured(texts, kept)[0].a) == 1
    assert len(measured(texts, dropped)[0].a) == 0


def test_measure__of_no_candidates_is_empty() -> None:
    found, table = measured(["", "tide"])
    assert len(found.a) == 0
    assert verdicts(found, table).num_rows == 0


# --- the verdict

SIDES = [("containment_a", "containment_b"), ("narration_a", "narration_b"), ("lead_a", "lead_b")]
BOTH = ["resemblance", "longest_run"]


@settings(max_examples=80)
@given(one=copies, other=copies)
def test_judge__shares_are_symmetric_under_swapping(one: str, other: str) -> None:
    forth, back = judged([one, other]), judged([other, one])
    assert len(forth) == len(back)
    for left, right in zip(forth, back, strict=True):
        assert [left[name] for name in BOTH] == [right[name] for name in BOTH]
        for a, b in SIDES:
            assert (left[a], left[b]) == (right[b], right[a])


@settings(max_examples=80)
@given(texts=st.lists(copies, min_size=2, max_size=4))
def test_judge__figures_are_consistent(texts: list[str]) -> None:
    for row in judged(texts):
        shares = [row[name] for name in ("resemblance", *sum(SIDES, ()), "aligned_a", "aligned_b")]
        assert all(0 <= share <= 1 for share in [*shares, row["probability"]])
        assert row["resemblance"] <= min(row["containment_a"], row["containment_b"])
        assert row["relation"] in PAIR_RELATIONS
        assert row["same_story"] == (row["same_story_odds"] > 0)
        same = PAIR_RELATIONS.index(row["relation"]) < PAIR_RELATIONS.index("roundup")
        assert same == row["same_story"]
        # What is one story is of one lineage.
        assert row["probability"] >= probability(np.array([row["same_story_odds"]]))[0]


@settings(max_examples=40)
@given(text=copies)
def test_judge__equal_texts_are_exact_and_score_one(text: str) -> None:
    rows = judged([text, text.replace(" ", "\n ")])
    assert len(rows) == bool(text_reference.tokens(text))
    for row in rows:
        assert row["relation"] == "exact"
        assert row["same_story"]
        assert row["probability"] > 0.999
        assert row["resemblance"] == row["containment_a"] == row["containment_b"] == 1


def test_judge__repeated_words_are_no_exact_copy() -> None:
    (row,) = judged(["tide " * 50, "tide " * 60])
    assert row["resemblance"] == 1
    assert row["relation"] != "exact"


# --- the model


def walk(tree: dict[str, list[float]], values: Sequence[float]) -> float:
    node = 0
    while tree["feature"][node] >= 0:
        goes_left = values[int(tree["feature"][node])] <= tree["threshold"][node]
        node = int(tree["left" if goes_left else "right"][node])
    return tree["value"][node]


shares = st.lists(st.floats(0, 1), min_size=len(CLOSER_FEATURES), max_size=len(CLOSER_FEATURES))


@settings(max_examples=60)
@given(values=shares, name=st.sampled_from(["same_story", "lineage"]), closer=st.booleans())
def test_model__equals_a_walk_down_every_tree(values: list[float], name: str, closer: bool) -> None:
    model = MODELS[closer][name]
    expected = model["bias"] + sum(walk(tree, values) for tree in model["trees"])
    found = load_model(closer=closer)[name].log_odds(np.array([values]))[0]
    assert found == pytest.approx(expected)


@settings(max_examples=150)
@given(
    values=shares,
    place=st.integers(0, len(CLOSER_FEATURES) - 1),
    rise=st.floats(0, 1),
    name=st.sampled_from(["same_story", "lineage"]),
    closer=st.booleans(),
)
def test_model__more_in_common_never_speaks_against(
    values: list[float], place: int, rise: float, name: str, closer: bool
) -> None:
    feature = CLOSER_FEATURES[place]
    if closer and name == "lineage" and feature in EITHER:
        return
    raised = [*values]
    raised[place] = min(1.0, values[place] + rise)
    low, high = load_model(closer=closer)[name].log_odds(np.array([values, raised]))
    if feature in FALLING:
        low, high = high, low
    assert low <= high + 1e-9


@settings(max_examples=60)
@given(texts=st.lists(copies, min_size=2, max_size=3))
def test_closer_features__lie_between_none_and_all(texts: list[str]) -> None:
    found = measured(texts, closely=True)[0]
    values = closer_features(found)
    assert values.shape == (int((~found.exact).sum()), len(CLOSER_FEATURES))
    assert (values >= 0).all()
    assert (values <= 1 + 1e-6).all()


@settings(max_examples=60)
@given(texts=st.lists(copies, min_size=2, max_size=3))
def test_features__lie_between_none_and_all(texts: list[str]) -> None:
    values = features(measured(texts)[0])
    assert values.shape[1] == len(FEATURES)
    assert (values >= 0).all()
    assert (values <= 1 + 1e-6).all()


def test_model__of_other_features_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "model.json"
    path.write_text(json.dumps(MODELS[0] | {"features": ["length"]}), "utf-8")
    monkeypatch.setattr(models, "_MODELS", (path, path))
    with pytest.raises(ValueError, match=r"model.json: fitted for other features; run benchmarks"):
        load_model.__wrapped__()


def test_probability__does_not_overflow() -> None:
    odds = np.array([-math.inf, -1e300, 0, 1e300, math.inf])
    found = probability(odds).tolist()
    assert found == sorted(found)
    assert found[2] == 0.5
    assert 0 < found[0] < 1e-12
    assert 1 - 1e-12 < found[-1] <= 1


@pytest.mark.parametrize(
    ("expected", "case"),
    [
        ("exact", {"exact": True, "one_outlet": True, "same": 10.0}),
        ("update", {"one_outlet": True, "same": 1.0, "containment": 0.95}),
        ("repost", {"same": 1.0, "containment": 0.95, "words": (100, 90)}),
        ("excerpt", {"same": 1.0, "containment": 0.95, "words": (100, 30)}),
        ("rewrite", {"same": 1.0, "containment": 0.5}),
        ("paraphrase", {"same": 1.0, "containment": 0.1}),
        ("template", {"same": -1.0, "containment": 0.5, "numbers_changed": 0.6, "lineage": 2.0}),
        ("template", {"same": -3.0, "containment": 0.5, "recurs": True, "lineage": -3.0}),
        ("partial", {"same": -1.0, "lineage": 1.1, "containment": 0.2, "one_outlet": True}),
        ("same_event", {"same": -1.0, "lineage": 0.9, "containment": 0.2, "weighted": 0.2}),
        ("same_event", {"same": -1.0, "lineage": -1.0, "weighted": 0.2}),
        ("unrelated", {"same": -1.0, "lineage": -1.0, "weighted": 0.01, "containment": 0.04}),
    ],
)
def test_relate__follows_the_definitions(expected: str, case: dict[str, Any]) -> None:
    found, _ = measured([STORY, STORY])
    values = np.array([[case.get(name, 0.0) for name in FEATURES]])
    relations = relate(
        found._replace(
            exact=np.array([case.get("exact", False)]),
            words=np.array([case.get("words", (100, 100))], np.int32),
        ),
        values,
        np.array([case.get("lineage", case["same"])]),
        np.array([case["same"]]),
        np.array([case.get("one_outlet", False)]),
        np.array([case.get("recurs", False)]),
    )
    assert [PAIR_RELATIONS[place] for place in relations] == [expected]


def test_judge__a_quotation_that_both_print_tells_of_no_lineage() -> None:
    said = "Governor Salla Brink said in a statement read on television on Friday evening."
    quoting = [text.format(f'"{QUOTATION}" {said}') for text in QUOTING]
    narrated = [text.format(f"{QUOTATION} {said}") for text in QUOTING]
    found, table = measured(quoting)
    assert relating.quoted(found).all()
    assert verdicts(found, table)["relation"].to_pylist() == ["same_event"]
    assert verdicts(found, table)["probability"].to_pylist()[0] < 0.5
    assert not relating.quoted(measured(narrated)[0]).any()
    assert verdicts(*measured(narrated))["relation"].to_pylist() == ["partial"]


@pytest.mark.parametrize(
    ("days", "sources", "expected"),
    [(3, (None, None), True), (3, ("a.example", None), True), (3, ("a.example", "a.example"), True),
     (3, ("a.example", "b.example"), False), (0, (None, None), False)],
)  # fmt: skip
def test_recurring__a_brief_of_another_day_is_a_new_one_of_its_outlet(
    days: int, sources: tuple[str | None, str | None], *, expected: bool
) -> None:
    brief = "Marlow Ferries sets a dividend of nine crowns, payable to holders of record on {}."
    texts = [brief.format(day) for day in ("Friday", "Saturday")]
    for words, brief_enough in ((texts, True), ([text + OTHER * 3 for text in texts], False)):
        rows = [
            {"text": text, "published": f"2024-05-{1 + day:02}T08:00:00Z", "source": source}
            for text, day, source in zip(words, (0, days), sources, strict=True)
        ]
        found, _ = measured(words)
        told = relating.recurring(found, found.view, published_by(documents_table(rows)))
        assert told.tolist() == [expected and brief_enough]


LOG = (
    "Officers in Tarn Haven are looking into a burglary reported on Monday on {}. A resident told "
    "them that {} had been taken in the night. There are no suspects."
)
BYLINES = ("By Ada Quill, Salt Coast Post", "By Jarl Roe, Inland Mail Reporter")


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ((LOG.format("Elm Street", "a saw"), LOG.format("Dock Road", "two bicycles")), True),
        ((LOG.format("Elm Street", "a saw"), LOG.format("Elm Street", "two bicycles")), False),
        ((LOG.format("Elm Street", "a saw"), LOG.format("Elm Road", "a saw")), False),
        (
            tuple(f"{by}\n\n{LOG.format('Elm Street', 'a saw')}" for by in BYLINES),
            False,
        ),
        ((LOG.format("Elm Street", OTHER * 4), LOG.format("Dock Road", OTHER * 4)), False),
    ],
    ids=["log", "one name", "half a name", "bylines", "long"],
)  # fmt: skip
def test_recurring__a_brief_of_other_names_is_another_whatever_the_day(
    texts: tuple[str, str], *, expected: bool
) -> None:
    rows = [
        {"text": text, "published": "2024-05-01T08:00:00Z", "source": source}
        for text, source in zip(texts, ("a.example", "b.example"), strict=True)
    ]
    found, _ = measured(texts)
    told = relating.recurring(found, found.view, published_by(documents_table(rows)))
    assert told.tolist() == [expected]


RAISED = (
    "{} said it is raising its prime lending rate to nine percent from eight, effective at once. "
    "Others are expected to follow within the week, dealers said."
)
NOUNS = (
    "{} haben am Montag den Abriss der Brücke verlangt. Das Bauwerk gilt als marode. Der Neubau "
    "kostet viel Geld, der Umweg kostet Zeit. Eine Entscheidung fällt im Sommer."
)
BANKS = ("Marlow Savings Bank", "The First Trust of Tarn Haven")


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (tuple(RAISED.format(bank) for bank in BANKS), True),
        (tuple(RAISED.format(bank) + OTHER * 4 for bank in BANKS), False),
        (tuple(f"{by}\n\n{RAISED.format(BANKS[0])}" for by in BYLINES), False),
        (tuple(RAISED.format(name) for name in ("Hester Wren", "Esther Wrenn")), False),
        (tuple(RAISED.format(name) for name in ("Marlow Bank", "A savings bank")), False),
        (tuple(NOUNS.format(who) for who in ("Politiker und Bürger", "Alle Parteien")), False),
    ],
    ids=["brief", "long", "bylines", "respelt", "one not named", "nouns"],
)
def test_recurring__what_is_said_of_another_in_the_same_words_is_another_story(
    texts: tuple[str, str], *, expected: bool
) -> None:
    found, _ = measured(texts)
    told = relating.recurring(found, found.view, published_by(documents_table(texts)))
    assert told.tolist() == [expected]


GOLD = (
    "ราคาทองคำวันนี้{} บาท รับซื้อบาทละ {} บาท ขายออกบาทละ {} บาท สมาคมระบุว่าราคาเคลื่อนไหวตามตลาดโลก "
    "นักลงทุนควรติดตามการประชุมของธนาคารกลางในสัปดาห์นี้อย่างใกล้ชิด"
)
TOLL = (
    "A bus overturned near Tarn Haven on Monday, and {} people were killed. Another {} were taken "
    "to hospital after the crash, which happened at about {} in the evening in heavy rain."
)
DATED = "The ferry ran aground\n{}\nNobody was hurt when the ferry ran aground off the harbour."


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ((GOLD.format("ขึ้น 150", 402, 403), GOLD.format("ลด 20", 104, 108)), True),
        ((GOLD.format("ขึ้น 150", 402, 403), GOLD.format("ลด 20", 402, 108)), False),
        ((GOLD.format("ขึ้น 150", "", 403), GOLD.format("ลด 20", "", 108)), False),
        ((TOLL.format(4, 17, 6), TOLL.format(7, 22, 6)), False),
        ((DATED.format("May 6, 2024 10:35"), DATED.format("Posted 07.05.23 at 21:12")), False),
    ],
    ids=["all", "one kept", "two numbers", "toll", "one place"],
)
def test_recurring__other_numbers_throughout_are_of_another_story_in_any_script(
    texts: tuple[str, str], *, expected: bool
) -> None:
    found, _ = measured(texts)
    assert relating.numbers_differ(found).tolist() == [expected]
    told = relating.recurring(found, found.view, published_by(documents_table(texts)))
    assert told.tolist() == [expected]


def test_ruled_odds__a_quotation_takes_lineage_and_leaves_one_story() -> None:
    odds, yes, no = np.array([[-1.0, 2.0], [2.0, 3.0]]), np.ones(2, np.bool_), np.zeros(2, np.bool_)
    lineage, same = relating.ruled_odds(odds, no, no, yes)
    assert lineage.tolist() == [-1.0, 2.0]
    assert same.tolist() == [-1.0, 2.0]


def test_same_outlet__unknown_outlets_are_never_the_same() -> None:
    found, _ = measured([STORY] * 4)
    table = documents_table(
        [{"text": STORY, "source": source} for source in ("a.example", "a.example", None, None)]
    )
    same = relating.same_outlet(found, published_by(table)).tolist()
    pairs = list(zip(found.a.tolist(), found.b.tolist(), strict=True))
    assert [pair for pair, is_same in zip(pairs, same, strict=True) if is_same] == [(0, 1)]


# --- pairs on demand


def test_on_demand__answers_in_the_order_asked_and_unlike_for_what_shares_nothing() -> None:
    texts = [STORY, OTHER, STORY.upper(), OTHER + STORY]
    table = documents_table(texts)
    kept = keep_all(table)
    sketches = sketch(kept, ALL)
    demand = OnDemand(sketches, weigh(sketches), published_by(table), kept, ALL)
    a, b = np.array([2, 0, 1, 0]), np.array([3, 1, 3, 2])
    odds = demand.same_story_odds(a, b).tolist()
    assert odds[1] == stage._UNLIKE
    assert odds[3] == 10.0
    for order in ([3, 2, 1, 0], [1, 3, 0, 2]):
        again = demand.same_story_odds(a[order], b[order]).tolist()
        assert again == [odds[place] for place in order]
    candidates = given_pairs(*all_rows(4), sketches, weigh(sketches), ALL)
    pairs, _ = verify(candidates, table, kept, ALL)
    known = {(row["a"], row["b"]): row["same_story_odds"] for row in pairs.to_pylist()}
    assert odds == [
        known.get(pair, stage._UNLIKE) for pair in zip(a.tolist(), b.tolist(), strict=True)
    ]


FORECAST = (
    "Rain will cross the sound on {day}, with gusts to {gust} knots off Skerry light and seas of "
    "{sea} feet. Small craft should stay in. The bar at Portellery will break from {hour} and the "
    "tide turns at {turn}, the harbor office said. Visibility falls to {miles} miles by dusk."
)


def test_judge__a_form_filled_in_anew_days_later_is_a_template() -> None:
    first = FORECAST.format(day="Monday", gust=31, sea=9, hour=4, turn=11, miles=6)
    later = FORECAST.format(day="Thursday", gust=18, sea=4, hour=7, turn=2, miles=3)
    rows = [
        {"id": "a", "text": first, "published": "2029-03-01T08:00:00Z"},
        {"id": "b", "text": later, "published": "2029-03-10"},
    ]
    result = dedupe.find_duplicates(rows)
    assert result.pairs["relation"].to_pylist() == ["template"]
    assert result.stories == []


def test_judge__a_reprint_after_weeks_is_the_same_story() -> None:
    rows = [
        {"id": "a", "text": STORY, "published": "2029-03-01T08:00:00Z"},
        {"id": "b", "text": f"Reprinted from our pages. {STORY}", "published": "2029-04-20"},
    ]
    assert dedupe.find_duplicates(rows).pairs["same_story"].to_pylist() == [True]


def test_in_blocks__pairs_of_one_piece_are_ordered_by_tiles_and_put_on_few_shelves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    texts = [f"{STORY} {number}" for number in range(10, 50)]
    kept, sketches = keep_all(documents_table(texts)), sketch(keep_all(documents_table(texts)), ALL)
    every = given_pairs(*all_rows(len(texts)), sketches, weigh(sketches), ALL)
    monkeypatch.setattr(blocks, "_BLOCK_BYTES", 4 * (len(texts[0]) + 1))
    monkeypatch.setattr(blocks, "_SHELF_BYTES", 8 * (len(texts[0]) + 1))
    order, bounds, shelves = blocks.in_blocks(every, kept, 1, MEMORY)
    assert bounds == [0]
    assert sorted(order.tolist()) == list(range(len(every.a)))
    assert (shelves[0], shelves[-1]) == (0, len(every.a))
    n_texts = [
        len({*every.a[order[start:end]].tolist(), *every.b[order[start:end]].tolist()})
        for start, end in pairwise(shelves)
    ]
    # Ten tiles of four texts, and a shelf for each two of them.
    assert max(n_texts) <= 8
    assert len(n_texts) <= 10 * 11 // 2


def test_in_blocks__small_pieces_come_first_and_each_stays_in_one_block(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sizes = (3, 40, 2, 30, 4)
    piece = np.repeat(np.arange(len(sizes)), sizes)
    kept = keep_all(documents_table([f"{STORY} {number}" for number in range(len(piece))]))
    a, b = all_rows(len(piece))
    a, b = a[piece[a] == piece[b]], b[piece[a] == piece[b]]
    nets, share = np.zeros(len(a), np.uint8), np.zeros((len(a), 2), np.float32)
    monkeypatch.setattr(blocks, "_BLOCK_BYTES", 10 * len(STORY))
    order, bounds, shelves = blocks.in_blocks(
        Candidates(a, b, nets, share, len(a), {}), kept, 1, MEMORY
    )
    assert sorted(order.tolist()) == list(range(len(a)))
    assert set(piece[a[order[: bounds[-1]]]].tolist()) == {0, 2, 4}
    assert set(piece[a[order[shelves[0] :]]].tolist()) == {1, 3}
    assert bounds[-1] == shelves[0]


@pytest.mark.parametrize("n_threads", [1, 2])
def test_measure__pieces_on_shelves_are_measured_as_those_in_blocks(
    monkeypatch: pytest.MonkeyPatch, n_threads: int
) -> None:
    texts = [f"{STORY} {number} {OTHER}"[number % 7 :] for number in range(24)]
    chosen = dataclasses.replace(ALL, threads=n_threads)
    in_one, _ = measured(texts, chosen)
    monkeypatch.setattr(blocks, "_BLOCK_BYTES", 2 * len(STORY))
    monkeypatch.setattr(blocks, "_SHELF_BYTES", 8 * len(STORY + OTHER))
    monkeypatch.setattr(blocks, "_FEW_PAIRS", 0)
    on_shelves, _ = measured(texts, chosen)
    for name in Measured._fields[:-1]:
        np.testing.assert_array_equal(getattr(on_shelves, name), getattr(in_one, name), name)
    assert on_shelves.passages.equals(in_one.passages)
