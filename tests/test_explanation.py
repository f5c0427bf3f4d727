"""Why a pair was judged so: read from the run, measured again, asked again."""

import json
from pathlib import Path

import pyarrow as pa
import pytest
from typer.testing import CliRunner

import dedupe
import dedupe.cli
from dedupe.errors import InputError
from dedupe.read import read
from dedupe.verify.edits import substitutions
from tests.stories import BODY, QUOTATION, QUOTING

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
    assert set(found.nets) & {"bands", "rare"}
    assert found.reasons[0].log_odds > 0
    edits = [e for p in found.passages for e in substitutions(found.text_a, found.text_b, p)]
    changed = [found.text_b[e.b_start : e.b_end] for e in edits if e.kind == "substituted"]
    assert changed == ["westerly"]


def test_explain__texts_without_a_word_in_common_are_no_pair(finished: Path) -> None:
    found = dedupe.explain(finished / "out", "a", "c")
    assert (found.relation, found.one_story, found.reasons) == (None, False, [])
    assert found.why_not == "no shingle in common"


def test_explain__reads_the_inputs_of_a_library_run_as_that_did(tmp_path: Path) -> None:
    rows = [{"name": name, "story": {"body": BODY}} for name in ("a", "b")]
    lines = (
        "\n".join(map(json.dumps, rows)).encode() + b'\n{"name": "c", "story": {"body": "\xff"}}'
    )
    (tmp_path / "in.jsonl").write_bytes(lines)
    fields = {"id": "name", "text": "story.body"}
    reading = read([tmp_path / "in.jsonl"], fields=fields, on_error="replace")
    assert reading.documents.num_rows == 3
    dedupe.find_duplicates(reading).save(tmp_path / "out")
    assert dedupe.explain(tmp_path / "out", "a", "b").one_story


def test_explain__reads_a_file_that_is_named_as_a_table_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"id": name, "text": BODY} for name in ("a", "b")]
    (tmp_path / "table").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    dedupe.find_duplicates(read(["table"])).save("of a file")
    assert dedupe.explain("of a file", "a", "b").one_story
    # A table's rows are gone, whatever file there is of that name.
    dedupe.find_duplicates(pa.Table.from_pylist(rows)).save("of a table")
    with pytest.raises(InputError, match="no files that can be read again"):
        dedupe.explain("of a table", "a", "b")


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


@pytest.mark.parametrize(
    "text",
    [BODY.partition(". ")[0] + ".", BODY.replace("nine million crowns", "ten million pounds")],
)
def test_explain__another_text_under_an_id_is_refused(
    finished: Path, tmp_path: Path, text: str
) -> None:
    texts = {"a": BODY, "b": text, "c": OTHER}
    lines = [json.dumps({"id": name, "text": text}) for name, text in texts.items()]
    (tmp_path / "in.jsonl").write_text("\n".join(lines), encoding="utf-8")
    assert dedupe.explain(finished / "out", "a", "c", [tmp_path / "in.jsonl"]).why_not
    with pytest.raises(InputError, match=r'no longer hold .*"b"'):
        dedupe.explain(finished / "out", "a", "b", [tmp_path / "in.jsonl"])


def test_explain__finds_the_inputs_of_a_run_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = tmp_path / "work"
    (work / "pages").mkdir(parents=True)
    (work / "in.jsonl").write_text(json.dumps({"text": BODY}), encoding="utf-8")
    (work / "pages" / "a.txt").write_text(BODY + OTHER, encoding="utf-8")
    (work / "names.json").write_text("{}", encoding="utf-8")
    monkeypatch.chdir(work)
    call = [
        "cluster",
        "in.jsonl",
        "pages",
        "--names",
        "names.json",
        "--out",
        "out",
        "--threads",
        "1",
    ]
    assert CliRunner().invoke(dedupe.cli.app, call).exit_code == 0
    # What has the same name elsewhere is another file.
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.jsonl").write_text(json.dumps({"text": OTHER}), encoding="utf-8")
    run = json.loads((work / "out" / "run.json").read_text("utf-8"))
    assert [row["path"] for row in run["inputs"]] == ["in.jsonl", "pages"]
    assert run["reading"]["start"] == str(work)
    assert run["settings"]["names"] == str(work / "names.json")
    found = dedupe.explain(work / "out", "a.txt", "in.jsonl:1")
    assert found.text_b == BODY
    for command in ("sources", "report"):
        assert CliRunner().invoke(dedupe.cli.app, [command, "work/out"]).exit_code == 0


def test_explain__prints_the_change_in_brackets_and_the_same_as_data(finished: Path) -> None:
    words = ["explain", str(finished / "out"), "a", "b"]
    shown = CliRunner().invoke(dedupe.cli.app, words).stdout
    assert "[southerly]" in shown
    assert "[westerly]" in shown
    quiet = CliRunner().invoke(dedupe.cli.app, [*words, "--quiet"])
    assert (quiet.stdout, quiet.stderr) == (shown, "")
    data = json.loads(CliRunner().invoke(dedupe.cli.app, [*words, "--json"]).stdout)
    assert data["passages"][0]["a_start"] == 0
    assert {"feature", "value", "log_odds"} == set(data["reasons"][0])


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("newsroom") / "out"
    seeds = Path(__file__).parent.parent / "seeds" / "newsroom.jsonl"
    decided = ["--cannot-link", "gullcoast-clock,northsound-clock"]
    call = ["cluster", str(seeds), "--out", str(folder), "--threads", "1", *decided]
    assert CliRunner().invoke(dedupe.cli.app, call).exit_code == 0
    return folder


def test_explain__the_relation_of_a_pair_alone_is_the_runs(newsroom: Path) -> None:
    pairs = {"repost": ("alvuelo-rana", "efe-rana"), "exact": ("ap-ferry", "lantrytimes-ferry"),
             "template": ("tradewind-close-0311", "tradewind-close-0314"),
             "update": ("ellerypost-fire-3", "ellerypost-fire-4")}  # fmt: skip
    for relation, (a, b) in pairs.items():
        found = dedupe.explain(newsroom, a, b)
        assert found.grounds is not None
        assert found.relation == found.grounds.relation == relation
        assert relation not in {turn.relation for turn in found.grounds.turns}
        if relation == "template":
            assert found.grounds.rule == "recurs"
            assert "a form filled in anew: at least 3 days apart" in found.grounds.says


def test_explain__a_turn_leads_to_the_relation_it_names(finished: Path, tmp_path: Path) -> None:
    before = dedupe.explain(finished / "out", "a", "b").grounds
    assert before is not None
    turns = {turn.relation: turn for turn in before.turns}
    assert before.relation == "repost"
    assert (turns["update"].measure, turns["update"].needed) == ("one_outlet", 1.0)
    rows = [json.loads(line) for line in (finished / "in.jsonl").read_text("utf-8").splitlines()]
    one_outlet = [json.dumps(row | {"source": "Marlow Standard"}) for row in rows]
    (tmp_path / "in.jsonl").write_text("\n".join(one_outlet), "utf-8")
    found = dedupe.explain(finished / "out", "a", "b", [tmp_path / "in.jsonl"]).grounds
    assert found is not None
    assert found.relation == "update"
    assert {turn.relation: turn.measure for turn in found.turns}["repost"] == "one_outlet"


@pytest.mark.parametrize(
    ("form", "slots", "why"),
    [
        (
            "{} said it is raising its prime lending rate to nine percent. Others will follow.",
            (["Marlow Savings Bank"], ["The First Trust of Tarn Haven"]),
            "of others, named before what is shared",
        ),
        (
            "Gold opened at {} crowns today and closed at {} crowns. Dealers in the hall sold {}.",
            ([4020, 4035, 17], [3980, 3961, 22]),
            "of other numbers nearly throughout",
        ),
    ],
)
def test_explain__says_what_of_a_form_of_one_day_is_other(
    form: str, slots: tuple[list[object], list[object]], why: str, tmp_path: Path
) -> None:
    given, out = tmp_path / "in.jsonl", tmp_path / "out"
    rows = [
        {"id": name, "text": form.format(*filled), "published": "2024-05-06"}
        for name, filled in zip("ab", slots, strict=True)
    ]
    given.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert (
        CliRunner().invoke(dedupe.cli.app, ["cluster", str(given), "--out", str(out)]).exit_code
        == 0
    )
    found = dedupe.explain(out, "a", "b")
    assert found.grounds is not None
    assert (found.relation, found.grounds.rule) == ("template", "recurs")
    assert f"a form filled in anew: {why}" in found.grounds.says


def test_explain__a_quotation_overrules_the_model(tmp_path: Path) -> None:
    said = f'"{QUOTATION}" Governor Salla Brink said in a statement read on television on Friday.'
    rows = [
        {"id": name, "text": text.format(said)} for name, text in zip("ab", QUOTING, strict=True)
    ]
    given, out = tmp_path / "in.jsonl", tmp_path / "out"
    given.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    call = ["cluster", str(given), "--out", str(out)]
    assert CliRunner().invoke(dedupe.cli.app, call).exit_code == 0
    found = dedupe.explain(out, "a", "b")
    assert found.grounds is not None
    assert (found.relation, found.grounds.rule) == ("same_event", "quoted")
    assert "a quotation that both print is no copying" in found.overruled[0]


def test_explain__a_roundup_and_a_readers_decision_overrule_the_pair(newsroom: Path) -> None:
    parts = dedupe.explain(newsroom, "corvanecourier-roundup", "stbrennan-dredge")
    assert parts.relation == "roundup"
    assert parts.grounds is not None
    assert parts.grounds.relation == "excerpt"
    assert "as a pair: excerpt" in parts.overruled[0]
    kept_apart = dedupe.explain(newsroom, "gullcoast-clock", "northsound-clock")
    assert (kept_apart.same_story, kept_apart.one_story) == (True, False)
    assert kept_apart.overruled == ["a reader decided it: cannot-link"]
    assert dedupe.explain(newsroom, "alvuelo-rana", "efe-rana").overruled == []


def test_explain__prints_clues_and_counterfactuals_of_the_story(newsroom: Path) -> None:
    words = ["explain", str(newsroom), "alvuelo-rana", "efe-rana"]
    shown = " ".join(CliRunner().invoke(dedupe.cli.app, words).stdout.split())
    assert "Why repost: one story;" in shown
    assert "Story alvuelo-rana without credit: the origin's probability" in shown
    data = json.loads(CliRunner().invoke(dedupe.cli.app, [*words, "--json"]).stdout)
    story = next(s for s in dedupe.Result.load(newsroom).stories if s["story"] == "alvuelo-rana")
    listed = next(row for row in story["clues"] if row["document"] == "alvuelo-rana")
    assert data["clues"]["alvuelo-rana"]["for"] == [story["evidence"][at] for at in listed["for"]]
    assert len(data["clues"]["alvuelo-rana"]["against"]) == len(listed["against"]) == 2
    assert data["counterfactuals"][0]["without"] == story["counterfactuals"][0]["without"]
    assert {"measure", "value", "needed", "relation"} == set(data["grounds"]["turns"][0])
