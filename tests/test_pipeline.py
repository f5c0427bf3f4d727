"""The stages together: the contract, and what may not change a result."""

from __future__ import annotations

import json
import time
from collections import Counter, defaultdict
from concurrent.futures import CancelledError
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe import Document, InputError, Result, Settings, SettingsError, find_duplicates
from dedupe import shingle as shingling
from dedupe import sketch as sketching
from dedupe.arrays.spill import MEMORY
from dedupe.candidates import screening
from dedupe.documents import documents_table
from dedupe.read import read
from dedupe.result import DOCUMENTS, PAIRS, PASSAGES
from dedupe.stages import Stages
from dedupe.verify import alignments, blocks
from dedupe.verify.relation import PAIR_RELATIONS
from tests import mixed_scripts
from tests import reference_text as reference
from tests.golden import update

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SEEDS = Path(__file__).parent.parent / "seeds" / "newsroom.jsonl"
ALL_PASSAGES = Settings(all_passages=True)
STORY = (
    "The ferry Marlow ran aground on Tuesday with 42 people aboard, the harbour office said. "
    "Nobody was hurt, and the tide lifted her off before midnight. "
    "Her master, Ines Calder, had asked twice for a dredged channel. "
)
OTHER = (
    "A bakery on Quay Street sold its last loaf on Saturday after ninety years of trade, "
    "and the owners said that they would miss the smell of it more than the hours. "
)


def newsroom() -> list[dict[str, Any]]:
    return [json.loads(line) for line in SEEDS.read_text("utf-8").splitlines()]


# A third of the newsroom: its stories in several languages, a round-up and a template.
PAGES = [
    page
    for page in newsroom()
    if any(
        part in page["id"]
        for part in ("dredge", "silt", "wharf", "rana", "daqiao", "band", "weather", "slack", "-5")
    )
]


def shown(result: Result) -> dict[str, Any]:
    """Return all that a result says but how the run went."""
    tables = {name: getattr(result, name).to_pylist() for name in ("pairs", "passages")}
    documents = sorted(result.documents.to_pylist(), key=lambda row: row["id"])
    return tables | {"documents": documents, "stories": result.stories}


def exact_pairs(result: Result) -> list[tuple[str, str]]:
    return [(row["a"], row["b"]) for row in result.pairs.to_pylist() if row["relation"] == "exact"]


# --- the contract


def assert_contract(result: Result, pages: Sequence[dict[str, Any]]) -> None:
    assert result.documents.schema.equals(DOCUMENTS)
    assert result.pairs.schema.equals(PAIRS)
    assert result.passages.schema.equals(PASSAGES)
    texts = {page["id"]: page["text"] for page in pages}
    rows = result.documents.to_pylist()
    assert [row["id"] for row in rows] == list(texts)
    stories = defaultdict(list)
    for row in rows:
        stories[row["story"]].append(row["id"])
    for row in rows:
        assert row["story"] == min(stories[row["story"]])
        assert row["story_size"] == len(stories[row["story"]])
        assert row["relation"] in {*PAIR_RELATIONS, "origin", "single", "derived"}
        assert row["parent"] is None or row["parent"] in texts
    assert_pairs(result, texts)
    assert_passages(result, texts)
    assert_stories(result, stories)


def assert_pairs(result: Result, texts: dict[str, str]) -> None:
    pairs = [(row["a"], row["b"]) for row in result.pairs.to_pylist()]
    assert pairs == sorted(set(pairs))
    for row in result.pairs.to_pylist():
        assert row["a"] < row["b"]
        assert {row["a"], row["b"]} <= set(texts)
        assert row["relation"] in PAIR_RELATIONS
        assert row["same_story"] == (
            PAIR_RELATIONS.index(row["relation"]) < PAIR_RELATIONS.index("roundup")
        )
        for name in ("probability", "resemblance", "containment_a", "a_first_probability"):
            assert 0 <= row[name] <= 1


def assert_passages(result: Result, texts: dict[str, str]) -> None:
    rows = result.passages.to_pylist()
    assert [tuple(row.values())[:3] for row in rows] == sorted(
        tuple(row.values())[:3] for row in rows
    )
    ranges = defaultdict(list)
    for row in rows:
        for side in "ab":
            start, end = row[f"{side}_start"], row[f"{side}_end"]
            assert 0 <= start < end <= len(texts[row[side]])
            ranges[row["a"], row["b"], side].append((start, end))
    for spans in ranges.values():
        assert all(before[1] <= after[0] for before, after in pairwise(sorted(spans)))
    pairs = {(row["a"], row["b"]) for row in result.pairs.to_pylist()}
    assert {(row["a"], row["b"]) for row in rows} <= pairs


def assert_stories(result: Result, stories: dict[str, list[str]]) -> None:
    told = {row["story"]: row for row in result.stories}
    assert len(told) == len(result.stories)
    assert {name for name, members in stories.items() if len(members) > 1} <= set(told)
    for name, row in told.items():
        assert row["documents"] == sorted(stories[name])
        assert row["size"] == len(stories[name])


@pytest.mark.parametrize("chosen", [Settings(), ALL_PASSAGES])
def test_find_duplicates__of_the_newsroom_keeps_the_contract(chosen: Settings) -> None:
    assert_contract(find_duplicates(PAGES, chosen), PAGES)


@settings(max_examples=40)
@given(
    texts=st.lists(
        st.lists(
            st.sampled_from([STORY, OTHER, STORY.upper(), STORY[:90], "\n"])
            | mixed_scripts.articles,
            max_size=3,
        ).map(" ".join)
        | mixed_scripts.texts,
        max_size=6,
    )
)
def test_find_duplicates__of_any_texts_keeps_the_contract(texts: list[str]) -> None:
    pages = [{"id": str(place), "text": text} for place, text in enumerate(texts)]
    result = find_duplicates(pages, ALL_PASSAGES)
    assert_contract(result, pages)
    for page, row in zip(pages, result.documents.to_pylist(), strict=True):
        if not reference.tokens(page["text"]):
            assert (row["n_words"], row["relation"], row["story_size"]) == (0, "single", 1)


@pytest.mark.parametrize("n_docs", [0, 1])
def test_find_duplicates__of_nothing_and_of_one(n_docs: int) -> None:
    pages = [{"id": "a", "text": STORY}][:n_docs]
    result = find_duplicates(pages)
    assert_contract(result, pages)
    assert result.pairs.num_rows == len(result.stories) == 0
    assert result.unique().num_rows == n_docs


def test_find_duplicates__takes_every_form_of_documents() -> None:
    forms = [
        [STORY, OTHER, STORY],
        [{"text": STORY}, Document(text=OTHER), STORY],
        iter([STORY, OTHER, STORY]),
        documents_table([STORY, OTHER, STORY]),
    ]
    results = [shown(find_duplicates(form)) for form in forms]
    assert results == results[:1] * len(forms)


@pytest.mark.parametrize("form", [STORY, STORY.encode(), {"text": STORY}, Document(text=STORY)])
def test_find_duplicates__one_document_alone_is_an_input_error(form: Any) -> None:
    with pytest.raises(InputError, match="many documents"):
        find_duplicates(form)


def test_find_duplicates__equal_ids_are_an_error_that_names_both_places() -> None:
    pages = [{"id": name, "text": STORY} for name in ("c", "a", "b", "a")]
    with pytest.raises(InputError, match='documents 2 and 4 both have the id "a"'):
        find_duplicates(pages)


def test_find_duplicates__an_id_that_is_the_place_of_a_document_without_one_is_told() -> None:
    pages = [{"text": STORY}, {"id": "1", "text": STORY}]
    with pytest.raises(InputError, match="document 1 was given no id, and document 2"):
        find_duplicates(pages)


def test_find_duplicates__what_is_no_settings_or_overrides_is_refused() -> None:
    wrong: Any
    for wrong in (5, {}, None):
        with pytest.raises(SettingsError, match="must be Settings"):
            find_duplicates([STORY], wrong)
        with pytest.raises(InputError, match="must be Overrides"):
            find_duplicates([STORY], overrides=wrong)


def test_find_duplicates__reports_each_stage_to_its_end() -> None:
    seen: list[tuple[str, int, int]] = []
    result = find_duplicates(PAGES[:9], on_progress=lambda *step: seen.append(step))
    stages = [row["stage"] for row in result.run["stages"]]
    assert list(dict.fromkeys(stage for stage, _, _ in seen)) == stages
    for stage in stages:
        steps = [(done, total) for name, done, total in seen if name == stage]
        assert steps[-1][0] == steps[-1][1]
        assert all(0 <= done <= total for done, total in steps)


def test_find_duplicates__records_how_the_run_went() -> None:
    chosen = Settings(seed=5)
    run = find_duplicates(PAGES[:9], chosen).run
    assert run["settings"] == chosen.to_dict()
    assert run["documents"] == 9
    assert run["peak_memory_bytes"] > 10_000_000
    assert all(row["seconds"] >= 0 and row["rows"] >= 0 for row in run["stages"])
    assert json.loads(json.dumps(run)) == run


# --- what may not change a result


@pytest.mark.parametrize("seed", [1, 2])
def test_find_duplicates__order_of_input_changes_the_order_of_rows_alone(seed: int) -> None:
    order = sorted(range(len(PAGES)), key=lambda place: hash((seed, place)))
    shuffled = [PAGES[place] for place in order]
    result = find_duplicates(shuffled, ALL_PASSAGES)
    assert result.documents["id"].to_pylist() == [page["id"] for page in shuffled]
    assert shown(result) == shown(find_duplicates(PAGES, ALL_PASSAGES))


def test_find_duplicates__threads_change_nothing() -> None:
    one = shown(find_duplicates(PAGES, Settings(threads=1, all_passages=True)))
    assert shown(find_duplicates(PAGES, Settings(threads=4, all_passages=True))) == one


def test_find_duplicates__batches_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = shown(find_duplicates(PAGES, ALL_PASSAGES))
    monkeypatch.setattr(shingling, "BATCH_BYTES", 3000)
    monkeypatch.setattr(sketching, "BATCH_BYTES", 1)
    monkeypatch.setattr(screening, "_SCREEN_STEP", 10)
    monkeypatch.setattr(blocks, "_BLOCK_BYTES", 20_000)
    monkeypatch.setattr(blocks, "_SHELF_BYTES", 40_000)
    monkeypatch.setattr(blocks, "_LEAST_BYTES", 1)
    monkeypatch.setattr(shingling, "_PAIRS_AT_ONCE", 7)
    monkeypatch.setattr(alignments, "_ALIGN_STEP", 3)
    assert shown(find_duplicates(PAGES, Settings(threads=3, all_passages=True))) == expected


def test_find_duplicates__of_what_was_read_tells_inputs_and_rejects(tmp_path: Path) -> None:
    file = tmp_path / "in.jsonl"
    lines = [json.dumps({"id": name, "text": f"{name} text"}) for name in "ab"]
    file.write_text("\n".join([*lines, "{", ""]), encoding="utf-8")
    result = find_duplicates(read([file]))
    assert result.documents["id"].to_pylist() == ["a", "b"]
    assert [reject["line"] for reject in result.rejects] == [3]
    assert [(row["path"], row["rejects"]) for row in result.run["inputs"]] == [(str(file), 1)]
    assert result.run["rejects"] == 1


def test_find_duplicates__chunks_of_a_table_change_nothing() -> None:
    table = documents_table(PAGES)
    chunked = pa.concat_tables([table.slice(0, 3), table.slice(3, 0), table.slice(3)])
    assert shown(find_duplicates(chunked)) == shown(find_duplicates(table))


def test_find_duplicates__ids_compare_by_code_point() -> None:
    # In UTF-16 the last would come before the one before it.
    ids = ["B", "a", "\u00e9", "\uffee", "\U0001f6a2"]
    pages = [{"id": name, "text": STORY} for name in reversed(ids)]
    result = find_duplicates(pages)
    assert set(result.documents["story"].to_pylist()) == {"B"}
    assert exact_pairs(result) == [("B", name) for name in ids[1:]]


# --- copies, templates, and texts with little in them


def test_find_duplicates__n_copies_make_n_less_one_exact_pairs() -> None:
    pages = [{"id": f"{place:03}", "text": STORY} for place in range(200)]
    result = find_duplicates(pages)
    assert exact_pairs(result) == [("000", f"{place:03}") for place in range(1, 200)]
    assert result.pairs.num_rows == 199
    assert set(result.documents["story"].to_pylist()) == {"000"}


def test_find_duplicates__texts_without_words_are_singles() -> None:
    result = find_duplicates(["", " ", "...", "\u2014", "\x00\x00", "\U0001f6a2", ""])
    assert result.pairs.num_rows == 0
    assert result.documents["story_size"].to_pylist() == [1] * 7
    assert set(result.documents["relation"].to_pylist()) == {"single"}


def test_find_duplicates__texts_of_one_word_are_copies_only_of_their_like() -> None:
    result = find_duplicates(["Tide", "tide!", "Crew", "\u6e2f", "\u6e2f", "\u53e3"])
    assert exact_pairs(result) == [("1", "2"), ("4", "5")]
    assert result.pairs.num_rows == 2
    assert result.documents["story"].to_pylist() == ["1", "1", "3", "4", "4", "6"]


def test_find_duplicates__a_word_repeated_without_end_makes_few_pairs_and_no_passages() -> None:
    n_words = 100_000 if sketching_is_compiled() else 2000
    texts = ["tide " * n_words, "tide " * (n_words - 1), "crew " * n_words, "tide crew " * n_words]
    result = find_duplicates(texts, ALL_PASSAGES)
    assert result.pairs.num_rows <= 6
    assert result.passages.num_rows == 0
    assert exact_pairs(result) == []


def sketching_is_compiled() -> bool:
    import numba

    return not numba.config.DISABLE_JIT  # type: ignore[attr-defined]


def near_copies(n_docs: int) -> list[str]:
    """Make pages of one story, each with a line of its own somewhere."""
    sentences = (STORY + OTHER).split(". ")
    return [
        ". ".join([*sentences[: row % 5], f"page{row} says so{row}", *sentences[row % 5 :]])
        for row in range(n_docs)
    ]


def template(n_docs: int) -> list[str]:
    """Fill one form again and again: what differs is what it says."""
    towns = ("Marlow", "Ellery", "Brightwater", "Slack", "Harrow", "Quay")
    return [
        f"The market at {towns[row % 6]} closed at {row * 7919 % 9973} points on day {row}, up "
        f"{row * 31 % 97} from {row * 17 % 89}, with {row * 104729 % 99991} lots of "
        f"good{row % 23} sold and {row * 13 % 71} of good{row % 29} held over to day {row + 1}"
        for row in range(n_docs)
    ]


@pytest.mark.needs_jit
@pytest.mark.parametrize(("make", "n_docs"), [(near_copies, 2000), (template, 1000)])
def test_find_duplicates__many_of_a_kind_stay_linear(
    make: Callable[[int], list[str]], n_docs: int
) -> None:
    chosen = Settings(n_slots=32, bucket_cap=8, rare_cap=8)
    result = find_duplicates(make(n_docs), chosen)
    kept = result.run["candidate_pairs"]
    # In each band, and for each sampled shingle, a document costs the three hubs, or its
    # share of a full bucket, and texts of sixty words have fewer than twenty sampled.
    n_bands = chosen.n_slots // chosen.band_rows
    most = n_docs * (n_bands + 20) * max(3, (chosen.bucket_cap - 1) / 2)
    assert kept["found"] <= most < n_docs * (n_docs - 1) / 4
    assert result.pairs.num_rows <= kept["found"]
    assert sum(result.run["capped_buckets"].values()) > 0


@pytest.mark.needs_jit
def test_find_duplicates__hundreds_of_near_copies_are_one_story() -> None:
    result = find_duplicates(near_copies(300))
    sizes = Counter(result.documents["story"].to_pylist())
    assert sizes == {"1": 300}


# --- the newsroom as it was last read


def test_find_duplicates__finds_in_the_newsroom_what_it_last_found() -> None:
    # Meant to differ? Then: python -m tests.golden.update
    found = update.summary(find_duplicates(newsroom()))
    assert found == json.loads(update.GOLDEN.read_text("utf-8"))


def test_stages__what_runs_beside_others_ends_with_the_run() -> None:
    stages = Stages(None, None, MEMORY, beside=True)

    def work() -> None:
        for _ in range(1000):
            stages.go_on()
            time.sleep(0.01)

    answer = stages.aside("work", 1, work)
    stages.close()
    with pytest.raises(CancelledError):
        answer()
