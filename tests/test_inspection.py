from __future__ import annotations

import json
from typing import TYPE_CHECKING

from typer.testing import CliRunner

import dedupe
import dedupe.cli

if TYPE_CHECKING:
    from pathlib import Path

PAGE = """Share this on Facebook

() The toll on the Gullane causeway will rise by a third in May, the bridge board said.

Board chair Ines Okafor told that the money would repair two of the seven piers, which engineers \
have watched since the winter storms opened cracks below the waterline.

“We waited as long as we could,” she said. “Élan alone does not hold a bridge up.”

Share this on Facebook

You may also like

Ferry crews vote on winter hours

(KZQV) Ferry crews across the sound will vote…

Market closes early after flood

() The covered market shut at noon after…
"""


def test_inspect__every_span_is_a_slice_of_the_text_as_given() -> None:
    found = dedupe.inspect(PAGE)
    for span in [*found.kept, *found.furniture]:
        assert PAGE[span.start : span.end] == span.text
    for sign in found.signs:
        assert sign.text == PAGE[sign.start : sign.end]


def test_inspect__what_it_returns_has_public_names() -> None:
    found = dedupe.inspect(PAGE)
    assert type(found) is dedupe.Inspection
    assert {type(span) for span in [*found.kept, *found.furniture]} == {dedupe.Span}
    assert {type(sign) for sign in found.signs} == {dedupe.Sign}
    assert {"Inspection", "Span", "Sign"} <= set(dedupe.__all__)


def test_inspect__nothing_but_blanks_is_in_neither_story_nor_furniture() -> None:
    found = dedupe.inspect(PAGE)
    covered = set()
    for span in [*found.kept, *found.furniture]:
        covered |= set(range(span.start, span.end))
    assert all(PAGE[i].isspace() for i in set(range(len(PAGE))) - covered)


def test_inspect__the_story_is_kept_and_the_teasers_are_not() -> None:
    found = dedupe.inspect(PAGE)
    story = "".join(span.text for span in found.kept)
    assert story.startswith("() The toll")
    assert story.endswith("a bridge up.”")
    assert any("Ferry crews" in span.text for span in found.furniture)


def test_inspect__scars_of_the_body_alone_are_signs() -> None:
    signs = dedupe.inspect(PAGE).signs
    scars = [sign for sign in signs if sign.kind == "scar"]
    assert [sign.text for sign in scars][:1] == ["()"]
    assert len(scars) == 2
    assert not any(sign.name == "KZQV" for sign in signs)


def test_inspect__a_text_without_words_has_nothing() -> None:
    found = dedupe.inspect("")
    assert found.furniture == []
    assert found.signs == []
    assert "".join(span.text for span in found.kept) == ""


def test_inspect__metadata_counts_and_has_no_place() -> None:
    found = dedupe.inspect(
        {
            "text": PAGE,
            "url": "https://siftings.example/toll",
            "canonical": "https://tricoast.example/2029/toll-rises",
        }
    )
    assert [(s.kind, s.start, s.text) for s in found.signs if s.start < 0] == [
        ("pointer", -1, None)
    ]


def test_command__shows_the_same_as_data(tmp_path: Path) -> None:
    file = tmp_path / "page.txt"
    file.write_text(PAGE, encoding="utf-8")
    runner = CliRunner()
    shown = runner.invoke(dedupe.cli.app, ["inspect", str(file)])
    data = json.loads(runner.invoke(dedupe.cli.app, ["inspect", str(file), "--json"]).stdout)
    assert shown.exit_code == 0
    assert "scar" in shown.stdout
    for span in data["furniture"]:
        assert f"[{span['start']}:{span['end']}]" in shown.stdout
    assert [span["text"] for span in data["kept"]] == [s.text for s in dedupe.inspect(PAGE).kept]
