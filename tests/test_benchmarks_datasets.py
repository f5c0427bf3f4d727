from __future__ import annotations

import gzip
from pathlib import Path

import datasets
import orjson
import pytest

needs_data = pytest.mark.skipif(
    datasets.location("census", datasets.DEFAULT_DATA) is None,
    reason="the measuring data are not beside the project",
)


def write_lines(path: Path, rows: list[dict[str, object]]) -> None:
    path.write_bytes(gzip.compress(b"\n".join(map(orjson.dumps, rows))))


def test_half__is_a_fair_coin_that_never_changes() -> None:
    halves = [datasets.half(str(key)) for key in range(4000)]
    assert set(halves) == {"tune", "held"}
    # four standard deviations of 4,000 tosses: 4 * sqrt(4000) / 2
    assert abs(halves.count("tune") - 2000) < 127
    assert [datasets.half(key) for key in "abcd"] == ["tune", "held", "held", "tune"]


def test_load__an_absent_set_is_none_and_says_where_it_was_sought(tmp_path: Path) -> None:
    assert datasets.load_stories("census", tmp_path) is None
    for load in (
        datasets.load_counter,
        datasets.load_clough,
        datasets.load_pan13,
        datasets.load_ecbplus,
        datasets.load_reuters,
    ):
        assert load(tmp_path) is None
    assert datasets.data_hash("census", tmp_path) is None
    line = datasets.skipped("census", tmp_path)
    assert line.startswith("skipped: census")
    assert str(tmp_path) in line


def test_load_stories__keeps_both_answers_and_leaves_the_bodiless_alone(tmp_path: Path) -> None:
    write_lines(
        tmp_path / "census_documents.jsonl.gz",
        [{"id": f"d{n}", "text": "x", "source": "a.example"} for n in range(4)],
    )
    (tmp_path / "census_stories.tsv").write_text(
        "id\tstory\trelation\torigin\n"
        "d2\tflood\torigin\tThe Harbour Post\n"
        "d1\tflood\tupdate|repost\tThe Harbour Post|AP\n"
        "d0\tnone\t-|single\t-\n"
        "d3\tnone\t-\t-\n",
        encoding="utf-8",
    )
    loaded = datasets.load_stories("census", tmp_path)
    assert loaded is not None
    assert loaded.stories == ["d0", "flood", "flood", "d3"]
    assert loaded.relations[1] == {"update", "repost"}
    assert loaded.relations[3] == frozenset()
    assert loaded.origins[1] == {"harbourpost", "ap"}
    assert loaded.origin_documents == [None, "d2", "d2", None]


def test_load_pan13__turns_offset_and_length_into_spans(tmp_path: Path) -> None:
    write_lines(
        tmp_path / "pan13_documents.jsonl.gz", [{"id": "s", "text": "x"}, {"id": "t", "text": "y"}]
    )
    write_lines(
        tmp_path / "pan13_pairs.jsonl.gz",
        [{"suspicious": "s", "source": "t", "kind": "random", "cases": [[3, 10, 7, 12]]}],
    )
    pairs = datasets.load_pan13(tmp_path)
    assert pairs is not None
    assert pairs[0].cases == ((3, 13, 7, 19),)
    assert (pairs[0].a["id"], pairs[0].b["id"], pairs[0].label) == ("s", "t", "random")


def test_data_hash__changes_with_the_data(tmp_path: Path) -> None:
    path = tmp_path / "ecbplus_documents.jsonl.gz"
    path.write_bytes(b"one")
    before = datasets.data_hash("ecbplus", tmp_path)
    path.write_bytes(b"two")
    assert before != datasets.data_hash("ecbplus", tmp_path)


def test_load_reuters__reads_newswire_times_and_drops_damaged_ones(tmp_path: Path) -> None:
    write_lines(
        tmp_path / "reuters_documents.jsonl.gz",
        [
            {"id": "1", "text": "x", "published": "26-FEB-1987 15:01:01.79"},
            {"id": "2", "text": "x", "published": "31-MON-1987 03:58:41.94"},
            {"id": "3", "text": "x", "published": " 1-APR-1987 03:58:41.94"},
        ],
    )
    rows = datasets.load_reuters(tmp_path)
    assert rows is not None
    assert [row["published"] for row in rows] == [
        "1987-02-26T15:01:01+00:00",
        None,
        "1987-04-01T03:58:41+00:00",
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("NBC News", "nbcnews.com"),
        ("The Harbour Post", "www.harbourpost.example"),
        ("AP", "apnews.com"),
        ("Associated Press", "AP"),
    ],
)
def test_fold_name__an_outlet_and_its_domain_are_one(one: str, other: str) -> None:
    assert datasets.fold_name(one) == datasets.fold_name(other)


def test_fold_name__two_outlets_stay_two() -> None:
    assert datasets.fold_name("Harbour Post") != datasets.fold_name("Harbour Herald")


def test_mask_agencies__no_name_and_no_empty_bracket_is_left() -> None:
    text = "لاہور (سپورٹس ڈیسک/اے پی پی) میچ آج ہوگا، رائٹرز کے مطابق (کل) بارش ہوگی"
    masked = datasets.mask_agencies(text)
    assert not any(name in masked for name in datasets.AGENCIES)
    assert masked.startswith("لاہور میچ آج ہوگا")
    assert "(کل)" in masked


@needs_data
def test_load__the_sets_have_the_sizes_their_description_states() -> None:
    census, spotify = datasets.load_stories("census"), datasets.load_stories("spotify")
    counter, clough = datasets.load_counter(), datasets.load_clough()
    assert census is not None
    assert spotify is not None
    assert counter is not None
    assert clough is not None
    assert (len(census.documents), len(spotify.documents)) == (32, 36)
    assert [sum(pair.label == label for pair in counter) for label in ("WD", "PD", "ND")] == [
        69,
        139,
        92,
    ]
    assert len(clough) == 95


@needs_data
def test_mask_agencies__leaves_no_name_in_the_measured_pairs() -> None:
    counter = datasets.load_counter() or []
    masked = [datasets.mask_agencies(side["text"]) for pair in counter for side in (pair.a, pair.b)]
    assert not any(name in text for text in masked for name in datasets.AGENCIES)
