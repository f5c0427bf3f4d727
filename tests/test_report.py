import csv
import dataclasses
import io
import json
import unicodedata
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

import dedupe
from dedupe import report
from dedupe.overrides import signed
from dedupe.report import spreadsheet, words
from dedupe.result import DOCUMENTS, Result
from tests import invented
from tests.stories import BODY

DIRTY = "Quay\x1b]0;owned\x07\x1b[31m\x9b2J\u202eedils\u2028 [bold]gone[/bold] :smile:\n\x00end"


def shown(summary: dict[str, Any], width: int = 80, **more: Any) -> str:
    console = Console(
        file=io.StringIO(), width=width, markup=False, highlight=False, emoji=False, record=True
    )
    for renderable in report.render(summary, **more):
        console.print(renderable)
    return console.export_text()


def retitled(title: str) -> Result:
    result = invented.newsroom()
    rows = result.documents.to_pylist()
    for row in rows:
        row["title"] = title
    return dataclasses.replace(result, documents=pa.Table.from_pylist(rows, schema=DOCUMENTS))


def test_summarize__counts_every_document_once() -> None:
    summary = report.summarize(invented.newsroom())
    assert summary["documents"] == 5
    assert summary["stories"] == 1
    assert summary["duplicates"] == 2
    assert summary["singles"] == 2
    assert summary["derived"] == 1
    assert sum(summary["relations"].values()) == 5


def test_summarize__is_plain_json() -> None:
    summary = report.summarize(invented.newsroom())
    assert json.loads(json.dumps(summary)) == summary


def test_summarize__title_is_the_origins() -> None:
    assert report.summarize(invented.newsroom())["largest"][0]["title"] == "Ferry runs aground"


def test_summarize__strongest_reason_speaks_for_the_named_origin() -> None:
    largest = report.summarize(invented.newsroom())["largest"]
    assert largest[0]["reason"] == "credits harborlight.example by name"
    assert largest[1]["reason"] is None


def test_strongest_reason__is_none_where_nothing_speaks_for_the_named_origin() -> None:
    evidence = [
        invented.reason("a copy names APP as its source", toward="APP"),
        invented.reason("its clock is late", toward="harborlight.example", against=True),
    ]
    assert words.strongest_reason(invented.story("a", ["a", "b"], evidence=evidence)) is None
    nobody = [invented.reason("it has a scar", toward=None)]
    unknown = invented.story("a", ["a", "b"], evidence=nobody, origin=invented.UNKNOWN)
    assert words.strongest_reason(unknown) is None


def test_strongest_reason__of_an_origin_without_an_outlet_is_found_by_its_id() -> None:
    pages = [
        {"id": name, "text": BODY, "published": f"2021-03-0{day}T05:00Z"}
        for day, name in enumerate("abc", start=1)
    ]
    story = dedupe.find_duplicates(pages, overrides=dedupe.Overrides(origins=("a",))).stories[0]
    assert (story["origin"]["name"], story["origin"]["document"]) == (None, "a")
    assert words.strongest_reason(story) == "a reader decided that a wrote it first"
    found = story | {"evidence": story["evidence"][1:]}
    assert words.strongest_reason(found) == "a appeared 24 h before b"


def test_strongest_reason__a_link_says_nothing_of_an_absent_origin_without_a_name() -> None:
    absent = invented.UNKNOWN | {"in_collection": False, "probability": 0.7, "band": "medium"}
    scar = invented.reason("a name is cut out", toward=None)
    story = invented.story("a", ["a", "b"], origin=absent, evidence=[scar])
    (row,) = signed([story], dedupe.Overrides(must_link=(("a", "b"),)))
    assert words.strongest_reason(row) == "a name is cut out"


def test_summarize__largest_stories_first_then_by_name() -> None:
    result = invented.newsroom()
    stories = [
        invented.story("z", ["z", "y"]),
        invented.story("b", ["b"]),
        invented.story("a", ["a", "c"]),
    ]
    summary = report.summarize(dataclasses.replace(result, stories=stories), top=2)
    assert [row["story"] for row in summary["largest"]] == ["a", "z"]
    assert summary["stories"] == 2


def test_summarize__nothing_found_is_still_a_summary() -> None:
    empty = dataclasses.replace(invented.newsroom(), documents=DOCUMENTS.empty_table(), stories=[])
    summary = report.summarize(empty)
    assert summary["documents"] == 0
    assert "0 documents: 0 stories of two or more (0 duplicates), 0 singles." in shown(summary)


def test_render__table_tells_size_outlets_origin_band_reason_and_relations() -> None:
    text = " ".join(shown(report.summarize(invented.newsroom()), width=140).split())
    assert (
        "3 2 Ferry runs aground 2 repost harborlight.example: high "
        "credits harborlight.example by name"
    ) in text
    assert "1 1 Scarred 1 derived origin: cannot tell" in text


def test_render__says_how_many_stories_are_not_shown() -> None:
    assert "… 1 more; --top N shows N." in shown(report.summarize(invented.newsroom(), top=1))
    assert "more;" not in shown(report.summarize(invented.newsroom(), top=2))


def test_origin_line__says_when_the_origin_is_absent_or_has_no_name() -> None:
    origin = {"name": "AP", "document": None, "in_collection": False, "probability": 0.8}
    assert words.origin_line(origin | {"band": "high"}) == "AP (not in the collection): high"
    unnamed = origin | {"name": None, "band": "low"}
    assert words.origin_line(unnamed) == "a source without a name (not in the collection): low"


def test_render__names_rejects_bad_dates_and_capped_buckets() -> None:
    result = dataclasses.replace(
        invented.newsroom(),
        rejects=[{"file": "x", "line": 1, "reason": "bad"}],
        run={
            "capped_buckets": {"bands": 1, "rare": 2},
            "inputs": [{"bad_dates": 2}, {"bad_dates": 1}],
        },
    )
    text = shown(report.summarize(result), width=200)
    assert "1 record rejected" in text
    assert "3 dates unreadable or impossible" in text
    assert "3 buckets over the cap" in text
    assert "1 document from a source absent or unnamed" in text


def test_render__names_what_was_written_where() -> None:
    written = {"folder": "out", "files": {"documents.parquet": 12_345, "run.json": None}}
    text = shown(report.summarize(invented.newsroom()), written=written)
    assert "Written to out: documents.parquet (12,345), run.json." in text


def test_render__a_title_cannot_steer_the_terminal() -> None:
    text = shown(report.summarize(retitled(DIRTY)), width=200)
    controls = {character for character in text if unicodedata.category(character) in {"Cc", "Cf"}}
    assert controls == {"\n"}
    assert "[bold]gone[/bold] :smile: end" in text


@pytest.mark.parametrize(
    "title",
    [
        "新华社记者报道海港渡轮搁浅事故调查结果公布" * 4,
        "کراچی میں فیری کے حادثے کی تحقیقات مکمل ہو گئیں" * 4,
        "e\u0301" * 200,
        "x" * 500,
    ],
)
def test_render__any_script_stays_within_the_width(title: str) -> None:
    text = shown(report.summarize(retitled(title)), width=80)
    assert max(map(cell_len, text.splitlines())) <= 80
    assert title[:10] in text


def test_plain__keeps_the_joiners_of_urdu_and_persian() -> None:
    word = "می\u200cخواهم\u200f"  # noqa: RUF001 - Persian
    assert words.plain(word) == word


@given(st.text())
def test_plain__is_one_line_and_idempotent(text: str) -> None:
    once = words.plain(text)
    assert len(once.splitlines()) <= 1
    assert words.plain(once) == once
    assert not any(unicodedata.category(character) == "Cc" for character in once)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "\0"])
def test_csv_cell__guards_each_formula_prefix(start: str) -> None:
    shown = start if start.isprintable() else " "
    assert spreadsheet.csv_cell(f"{start}cmd|calc") == f"'{shown}cmd|calc"
    assert spreadsheet.csv_cell(f"{start}cmd|calc", guard=False) == f"{shown}cmd|calc"


def test_write_csv__no_control_character_of_an_id_gets_to_the_file(tmp_path: Path) -> None:
    result = invented.newsroom()
    ids = ["a\x1b[2J\x9b\r\nb", *result.documents["id"].to_pylist()[1:]]
    documents = result.documents.set_column(0, "id", pa.array(ids))
    report.write_csv(dataclasses.replace(result, documents=documents), tmp_path)
    assert read_csv(tmp_path / "documents.csv")[0]["id"] == "a [2J b"
    written = (tmp_path / "documents.csv").read_text(encoding="utf-8")
    assert "".join(written.split()).isprintable()


@pytest.mark.parametrize("value", ["", "plain", "a=b", " =spaced", -0.5, None, True])
def test_csv_cell__leaves_the_harmless_alone(value: Any) -> None:
    assert spreadsheet.csv_cell(value) == value


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_write_csv__holds_every_document_and_story(tmp_path: Path) -> None:
    rows = report.write_csv(invented.newsroom(), str(tmp_path))
    assert rows == {"documents.csv": 5, "stories.csv": 2}
    documents = read_csv(tmp_path / "documents.csv")
    assert list(documents[0]) == DOCUMENTS.names
    assert [row["id"] for row in documents] == list("abcde")
    assert documents[0]["published"] == "2021-03-04T05:06:00+00:00"
    stories = read_csv(tmp_path / "stories.csv")
    assert stories[0]["reason"] == "credits harborlight.example by name"
    assert stories[0]["sources"] == "copy.example; harborlight.example"
    assert stories[1]["origin"] == ""


def test_write_csv__guard_can_be_turned_off(tmp_path: Path) -> None:
    result = retitled("=HYPERLINK(0)")
    report.write_csv(result, tmp_path)
    assert read_csv(tmp_path / "documents.csv")[0]["title"] == "'=HYPERLINK(0)"
    report.write_csv(result, tmp_path, guard=False)
    assert read_csv(tmp_path / "documents.csv")[0]["title"] == "=HYPERLINK(0)"
