"""Why a pair was judged so: read from the run, measured again, asked again."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import dedupe
import dedupe.cli
from dedupe.errors import InputError
from dedupe.verify.edits import substitutions
from tests.stories import BODY

OTHER = "The bake sale raised four hundred crowns for the chapel roof, the sexton told the choir."


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    texts = {"a": BODY, "b": BODY.replace("southerly", "westerly"), "c": OTHER}
    lines = [json.dumps({"id": name, "text": text}) for name, text in texts.items()]
    (folder / "in.jsonl").write_text("\n".join(lines), encoding="utf-8")
    call = ["cluster", str(folder / "in.jsonl"), "--out", str(folder / "out"), "--threads", "1"]
    assert CliRunner().invoke(dedupe.cli.app, call).exit_code == 0
    return folder


def test_explain__a_copy_says_its_nets_measures_reasons_and_passages(finished: Path) -> None:
    found = dedupe.explain(finished / "out", "b", "a")
    row = dedupe.Result.load(finished / "out").pairs.to_pylist()[0]
    assert (found.a, found.b, found.one_story, found.why_not) == ("a", "b", True, None)
    for name in ("relation", "same_story", "resemblance", "containment_a", "longest_run"):
        assert getattr(found, name) == row[name]
    assert set(found.found_by) & {"bands", "rare"}
    assert found.reasons[0].log_odds > 0
    edits = [e for p in found.passages for e in substitutions(found.text_a, found.text_b, p)]
    changed = [found.text_b[e.b_start : e.b_end] for e in edits if e.kind == "substituted"]
    assert changed == ["westerly"]


def test_explain__texts_without_a_word_in_common_are_no_pair(finished: Path) -> None:
    found = dedupe.explain(finished / "out", "a", "c")
    assert (found.relation, found.one_story, found.reasons) == (None, False, [])
    assert found.why_not == "no shingle in common"


def test_explain__unknown_ids_and_moved_inputs_say_what_to_do(finished: Path) -> None:
    with pytest.raises(InputError, match='"zebra" is no document of this result'):
        dedupe.explain(finished / "out", "a", "zebra")
    moved = (finished / "in.jsonl").rename(finished / "moved.jsonl")
    try:
        with pytest.raises(InputError, match="--inputs FILE"):
            dedupe.explain(finished / "out", "a", "b")
        assert dedupe.explain(finished / "out", "a", "b", [moved]).one_story
    finally:
        moved.rename(finished / "in.jsonl")


def test_explain__prints_the_change_in_brackets_and_the_same_as_data(finished: Path) -> None:
    words = ["explain", str(finished / "out"), "a", "b"]
    shown = CliRunner().invoke(dedupe.cli.app, words).stdout
    assert "[southerly]" in shown
    assert "[westerly]" in shown
    data = json.loads(CliRunner().invoke(dedupe.cli.app, [*words, "--json"]).stdout)
    assert data["passages"][0]["a_start"] == 0
    assert {"feature", "value", "log_odds"} == set(data["reasons"][0])
