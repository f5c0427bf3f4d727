import dataclasses
import errno
import io
import json
import os
import re
import select
import shlex
import signal
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import typer
from typer.testing import CliRunner, Result

import dedupe
import dedupe.cli
from dedupe import threads
from dedupe.cli import compare, corpus, options, setup, terminal
from dedupe.comparison import Comparison, Passage
from dedupe.documents import documents_table
from dedupe.errors import InputError, OutputError, SettingsError
from dedupe.report import page, spreadsheet
from dedupe.settings import Settings
from tests import invented

ROOT = Path(__file__).parent.parent

INDEX = ("add", "query", "story", "remove", "check", "compact", "export", "stats")
COMMANDS = {
    "cluster": ["cluster"],
    "filter": ["filter"],
    "demo": ["demo"],
    "compare": ["compare"],
    "inspect": ["inspect"],
    "explain": ["explain"],
    "report": ["report"],
    "sources": ["sources"],
    "index": ["index"],
    **{f"index {name}": ["index", name] for name in INDEX},
    "doctor": ["doctor"],
    "config": ["config"],
    "config show": ["config", "show"],
}


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(dedupe.cli.app, list(arguments), prog_name="dedupe")


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Replace the reader and the pipeline; what they were called with is returned."""
    seen: dict[str, Any] = {}

    def read(
        inputs: Sequence[str],
        fields: Mapping[str, str],
        on_error: options.OnError,
        _on_progress: Any,
        _spill: Any = None,
    ) -> invented.Reading:
        seen.update(inputs=list(inputs), fields=fields, on_error=on_error.value)
        rejects = seen.get("rejects", [])
        row = {"path": "a.jsonl", "documents": 5, "rejects": len(rejects), "bad_dates": 0}
        return invented.Reading(
            documents=pa.table({"id": list("abcde")}), rejects=rejects, inputs=[row]
        )

    def find_duplicates(
        reading: invented.Reading, settings: Settings, on_progress: Any, **how: Any
    ) -> dedupe.Result:
        seen.update(settings=settings, on_progress=on_progress, **how)
        found = invented.newsroom()
        told = {"inputs": reading.inputs, "rejects": len(reading.rejects)}
        return dataclasses.replace(found, rejects=reading.rejects, run=found.run | told)

    monkeypatch.setattr(corpus, "read", read)
    monkeypatch.setattr(dedupe, "find_duplicates", find_duplicates)
    return seen


# -- help --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COMMANDS)
def test_help__every_command_explains_itself(name: str) -> None:
    result = invoke(*COMMANDS[name], "--help")
    assert result.exit_code == 0
    assert f"Usage: dedupe {name}" in result.stdout


def test_help__lists_exactly_the_commands_under_test() -> None:
    root = typer.main.get_command(dedupe.cli.app)
    found = set()
    for name, command in root.commands.items():  # type: ignore[attr-defined]
        found.add(name)
        found |= {f"{name} {child}" for child in getattr(command, "commands", {})}
    assert found == set(COMMANDS)


def examples() -> list[str]:
    """Return the lines of every epilog that call dedupe, without redirections."""
    commands = [typer.main.get_command(dedupe.cli.app)]
    lines: list[str] = []
    for command in commands:
        commands.extend(getattr(command, "commands", {}).values())
        lines.extend((command.epilog or "").splitlines())
    calls = [re.search(r"dedupe [^|>]+", line) for line in lines]
    return [call[0].strip() for call in calls if call]


@pytest.mark.parametrize("line", examples())
def test_help__every_example_parses(line: str) -> None:
    root: Any = typer.main.get_command(dedupe.cli.app)
    words = shlex.split(line)[1:]
    command = root
    while hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    assert command.make_context(command.name, words) is not None


def test_help__every_command_but_the_group_shows_an_example() -> None:
    for name in set(COMMANDS) - {"config", "index"}:
        _, _, shown = invoke(*COMMANDS[name], "--help").stdout.partition("Example")
        assert f"dedupe {name}" in shown


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("add", "named by its url, or else by its text"),
        ("story", "read from the 300 oldest documents"),
        ("export", "may be no one state of it"),
    ],
)
def test_help__of_the_index_tells_what_would_surprise(command: str, told: str) -> None:
    shown = invoke("index", command, "--help").stdout
    assert told in " ".join(re.sub(r"[│╭╰─╮╯]", " ", shown).split())


def test_help__of_a_story_names_as_many_documents_as_are_read() -> None:
    from dedupe.index.reading import MOST_READ

    assert f"{MOST_READ} oldest" in " ".join(invoke("index", "story", "--help").stdout.split())


def test_help__no_option_is_cut_at_eighty_columns() -> None:
    for words in COMMANDS.values():
        assert "…" not in invoke(*words, "--help").stdout


def test_version__is_printed() -> None:
    assert invoke("--version").stdout == f"dedupe {dedupe.__version__}\n"


@pytest.mark.parametrize(
    "words", [["nonsense"], ["cluster"], ["cluster", "a"], ["cluster", "a", "--out", "b", "--no"]]
)
def test_usage__a_bad_command_line_exits_2(words: list[str]) -> None:
    assert invoke(*words).exit_code == 2


# -- cluster -----------------------------------------------------------------------------------


def test_cluster__shows_the_stories_and_what_was_written(
    calls: dict[str, Any], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    result = invoke("cluster", "a.jsonl", "b.csv", "--out", str(out))
    assert result.exit_code == 0, result.output
    assert calls["inputs"] == ["a.jsonl", "b.csv"]
    assert "Ferry runs aground" in result.stdout
    assert "5 documents: 1 story of two or more" in result.stdout
    assert "documents.parquet (5)" in result.stdout.replace("\n", " ")


def test_cluster__json_is_the_same_as_data(calls: dict[str, Any], tmp_path: Path) -> None:
    calls["rejects"] = [{"file": "a.jsonl", "line": 7, "reason": "not JSON"}]
    out = tmp_path / "out"
    data = json.loads(invoke("cluster", "a.jsonl", "--out", str(out), "--json").stdout)
    assert data["documents"] == 5
    assert data["rejects"] == 1
    assert data["written"] == {
        "folder": str(out),
        "files": {
            "documents.parquet": 5,
            "pairs.parquet": 2,
            "passages.parquet": 0,
            "stories.jsonl": 2,
            "rejects.jsonl": 1,
            "run.json": None,
        },
    }


def test_cluster__records_what_was_read(calls: dict[str, Any], tmp_path: Path) -> None:
    calls["rejects"] = [{"file": "a.jsonl", "line": 7, "reason": "not JSON"}]
    assert invoke("cluster", "a.jsonl", "--out", str(tmp_path / "out")).exit_code == 0
    run = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
    assert run["inputs"][0]["path"] == "a.jsonl"
    assert run["rejects"] == 1
    assert run["stages"][0]["stage"] == "read"
    assert run["stages"][0]["rows"] == 5


def test_cluster__flags_reach_the_settings_and_the_reader(
    calls: dict[str, Any], tmp_path: Path
) -> None:
    file = tmp_path / "dedupe.toml"
    file.write_text("seed = 7\nthreads = 3\n", encoding="utf-8")
    flags = ["--settings", str(file), "--threads", "1", "--all-passages", "--on-error", "replace"]
    fields = ["--field", "text=body", "--field", "source=a=b"]
    result = invoke("cluster", "-", "--out", str(tmp_path / "out"), *flags, *fields)
    assert result.exit_code == 0, result.output
    assert calls["settings"] == Settings(seed=7, threads=1, all_passages=True)
    assert calls["fields"] == {"text": "body", "source": "a=b"}
    assert calls["on_error"] == "replace"


def test_cluster__hands_on_the_origins_that_a_reader_decided(
    calls: dict[str, Any], tmp_path: Path
) -> None:
    decisions = tmp_path / "decisions.jsonl"
    decisions.write_text('{"origin": "a"}', encoding="utf-8")
    options = ["--origin", "b,1", "--origin", "c", "--overrides", str(decisions)]
    assert invoke("cluster", "a", "--out", str(tmp_path / "out"), *options).exit_code == 0
    assert calls["overrides"] == dedupe.Overrides(origins=("a", "b,1", "c"))


def test_cluster__quiet_prints_nothing(calls: dict[str, Any], tmp_path: Path) -> None:
    result = invoke("cluster", "a", "--out", str(tmp_path / "out"), "--quiet")
    assert (result.exit_code, result.output) == (0, "")
    assert "settings" in calls


def test_cluster__quiet_json_prints_the_data_alone(calls: dict[str, Any], tmp_path: Path) -> None:
    result = invoke("cluster", "a", "--out", str(tmp_path / "out"), "--quiet", "--json")
    assert json.loads(result.stdout)["documents"] == 5
    assert result.stderr == ""
    assert "settings" in calls


@pytest.mark.parametrize("earlier", [True, False])
def test_cluster__a_full_disk_while_csv_is_written_leaves_what_was_there(
    calls: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, earlier: bool
) -> None:
    out = tmp_path / "out"
    if earlier:
        dataclasses.replace(invented.newsroom(), run={"version": "earlier"}).save(out)

    def full(_value: Any, *, guard: bool) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device", str(guard))

    monkeypatch.setattr(spreadsheet, "csv_cell", full)
    result = invoke("cluster", "a", "--out", str(out), "--csv", "--overwrite")
    assert isinstance(result.exception, OutputError)
    assert "No space left" in str(result.exception)
    assert [path.name for path in tmp_path.iterdir()] == (["out"] if earlier else [])
    if earlier:
        assert dedupe.Result.load(out).run == {"version": "earlier"}
    assert "settings" in calls


def test_cluster__csv_is_written_beside(calls: dict[str, Any], tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = invoke("cluster", "a", "--out", str(out), "--csv")
    assert result.exit_code == 0, result.output
    assert (out / "documents.csv").is_file()
    assert "documents.csv (5), stories.csv (2)" in " ".join(result.stdout.split())
    assert "settings" in calls


def test_cluster__the_page_is_written_beside_and_names_the_folder_of_the_run(
    calls: dict[str, Any], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    result = invoke("cluster", "a", "--out", str(out), "--report")
    assert result.exit_code == 0, result.output
    assert "report.html" in result.stdout
    text = (out / "report.html").read_text("utf-8")
    assert f"<title>Stories of {out}</title>" in text
    assert "draft" not in text
    assert not (out / "documents.csv").exists()
    assert invoke("cluster", "a", "--out", str(out), "--overwrite").exit_code == 0
    assert not (out / "report.html").exists()
    assert "settings" in calls


def test_cluster__where_the_page_cannot_be_written_nothing_is(
    calls: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_result: Any, **_how: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(page, "page", full)
    result = invoke("cluster", "a", "--out", str(tmp_path / "out"), "--report")
    assert isinstance(result.exception, OutputError)
    assert list(tmp_path.iterdir()) == []
    assert "settings" in calls


def test_cluster__fail_on_duplicates_exits_1_after_writing(
    calls: dict[str, Any], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert invoke("cluster", "a", "--out", str(out), "--fail-on-duplicates").exit_code == 1
    assert (out / "run.json").is_file()
    assert "settings" in calls


def test_cluster__fail_on_duplicates_passes_a_derived_single(
    calls: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = dataclasses.replace(
        invented.newsroom(), stories=[invented.story("e", ["e"], origin=invented.UNKNOWN)]
    )
    monkeypatch.setattr(dedupe, "find_duplicates", lambda *_, **__: alone)
    out = tmp_path / "out"
    assert invoke("cluster", "a", "--out", str(out), "--fail-on-duplicates").exit_code == 0
    assert calls["inputs"] == ["a"]


@pytest.mark.parametrize(
    ("flags", "code"),
    [
        ([], 0),
        (["--max-rejects", "2"], 0),
        (["--max-rejects", "1"], 3),
        (["--max-rejects", "50%"], 0),
        (["--max-rejects", "0.28"], 3),
        (["--max-rejects", "0.29"], 0),
        (["--strict"], 3),
        (["--strict", "--max-rejects", "9"], 3),
        (["--max-rejects", "many"], 2),
        (["--max-rejects", "-1"], 2),
        (["--max-rejects", "1.5"], 2),
        (["--max-rejects", "nan"], 2),
    ],
)
def test_cluster__bad_records_beyond_the_limit_exit_3_and_write_nothing(
    calls: dict[str, Any], tmp_path: Path, flags: list[str], code: int
) -> None:
    calls["rejects"] = [{"file": "a", "line": n, "reason": "not JSON"} for n in (3, 4)]
    out = tmp_path / "out"
    result = invoke("cluster", "a", "--out", str(out), *flags)
    assert result.exit_code == code, result.output
    assert out.exists() == (code == 0)
    if code == 3:
        assert "dedupe: a:3: not JSON" in result.stderr
        assert "2 of 7 records are bad; nothing was written" in result.stderr
        assert result.stdout == ""


@pytest.mark.parametrize("option", ["text", "text=", "=body", ""])
def test_cluster__a_field_is_name_equals_name(option: str, tmp_path: Path) -> None:
    result = invoke("cluster", "a", "--out", str(tmp_path / "out"), "--field", option)
    assert result.exit_code == 2
    assert "FIELD=NAME" in result.stderr


def test_cluster__a_field_is_given_once(tmp_path: Path) -> None:
    twice = ["--field", "text=a", "--field", "text=b"]
    assert invoke("cluster", "a", "--out", str(tmp_path / "out"), *twice).exit_code == 2


def test_check_out__a_link_that_leads_to_itself_is_left_for_the_reader(tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    corpus.check_out(tmp_path / "new", [str(loop)], overwrite=False)
    with pytest.raises(InputError, match="symbolic links"):
        corpus.read([str(loop)], {}, options.OnError.SKIP, lambda *_: None)


def test_check_out__accepts_a_new_an_empty_and_an_own_folder(tmp_path: Path) -> None:
    corpus.check_out(tmp_path / "new", ["a"], overwrite=False)
    corpus.check_out(tmp_path, ["-", "a"], overwrite=False)
    (tmp_path / "run.json").touch()
    corpus.check_out(tmp_path, ["a"], overwrite=True)
    # To look is all that is done.
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]


def test_check_out__refuses_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="is not a folder"):
        corpus.check_out(tmp_path / "file", [], overwrite=True)
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(OutputError, match="is a link"):
        corpus.check_out(tmp_path / "link", [], overwrite=True)
    with pytest.raises(OutputError, match="holds no result"):
        corpus.check_out(tmp_path, [], overwrite=True)
    (tmp_path / "run.json").touch()
    with pytest.raises(OutputError, match="add --overwrite"):
        corpus.check_out(tmp_path, [], overwrite=False)
    with pytest.raises(OutputError, match="holds the input"):
        corpus.check_out(tmp_path, [str(tmp_path / "file")], overwrite=True)
    with pytest.raises(OutputError, match="holds the input"):
        corpus.check_out(tmp_path, [str(tmp_path)], overwrite=True)


def test_check_out__refuses_where_nothing_can_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, _mode: path != tmp_path)
    with pytest.raises(OutputError, match=f"{tmp_path} cannot be written"):
        corpus.check_out(tmp_path / "new" / "newer", [], overwrite=False)


# -- compare -----------------------------------------------------------------------------------


COMPARISON = Comparison(
    relation="same_event",
    same_story=False,
    probability=0.25,
    resemblance=0.1,
    containment_a=0.5,
    containment_b=0.125,
    longest_run=9,
    a_first_probability=0.5,
    evidence=[],
    passages=[Passage(0, 5, 2, 7)],
)


def pair_of_files(folder: Path) -> tuple[str, str]:
    (folder / "a.txt").write_text("Ferry runs aground", encoding="utf-8")
    (folder / "b.txt").write_text("A Ferry\x1b[2J runs", encoding="utf-8")
    return str(folder / "a.txt"), str(folder / "b.txt")


def answer(monkeypatch: pytest.MonkeyPatch, **values: Any) -> None:
    monkeypatch.setattr(dedupe, "compare", lambda _a, _b: dataclasses.replace(COMPARISON, **values))


def test_compare__tells_relation_measures_direction_and_passages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    evidence = [invented.reason("credits b by name", toward="b")]
    answer(monkeypatch, probability=0.75, a_first_probability=0.1, evidence=evidence)
    a, b = pair_of_files(tmp_path)
    text = " ".join(invoke("compare", a, b).stdout.split())
    assert f"a: {a} b: {b}" in text
    assert "Not the same story (same event); shared lineage 0.75" in text
    assert "50% of a is found in b, 12% of b in a" in text
    assert "Nearer the origin: b (0.90)" in text
    assert "- credits b by name: “Text”" in text
    assert "a[0:5] = b[2:7] Ferry" in text


def test_compare__even_odds_are_cannot_tell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(monkeypatch, probability=0.75)
    assert "cannot tell" in invoke("compare", *pair_of_files(tmp_path)).stdout


def test_compare__without_shared_lineage_neither_is_nearer_the_origin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(monkeypatch, probability=0.49, a_first_probability=0.82)
    text = invoke("compare", *pair_of_files(tmp_path)).stdout
    assert "Nearer the origin: neither, without shared lineage." in text
    assert "0.82" not in text


def test_compare__json_holds_every_measure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch)
    a, b = pair_of_files(tmp_path)
    data = json.loads(invoke("compare", a, b, "--json").stdout)
    assert data["passages"] == [{"a_start": 0, "a_end": 5, "b_start": 2, "b_end": 7}]
    assert {field.name for field in dataclasses.fields(Comparison)} | {"a", "b"} == set(data)


def test_load_document__of_several_says_what_to_give(tmp_path: Path) -> None:
    (tmp_path / "two.json").write_bytes(b'[{"text": "a"}, {"text": "b"}]')
    for command in (["inspect"], ["compare", __file__]):
        error = invoke(*command, str(tmp_path / "two.json")).exception
        assert isinstance(error, InputError)
        assert "two.json: holds 2 documents: give a file that holds one" in str(error)


def test_load_document__names_a_file_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.txt: No such file"):
        compare.load_document(tmp_path / "gone.txt")


@pytest.mark.parametrize("date", ["2024-03-01T10:00:00", "2024-03-01", "2024-03-01T10:00:00Z"])
def test_load_document__a_date_is_the_interval_that_the_library_reads(
    tmp_path: Path, date: str
) -> None:
    page = {"id": "a", "text": "Ferry runs aground", "published": date, "fetched": date}
    (tmp_path / "a.json").write_text(json.dumps(page), encoding="utf-8")
    read = documents_table([compare.load_document(tmp_path / "a.json")])
    assert read.to_pylist() == documents_table([page]).to_pylist()


def test_load_document__takes_text_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\xef\xbb\xbfcaf\xc3\xa9 \xff")
    assert compare.load_document(tmp_path / "a").text == "café \ufffd"


# -- doctor, config ----------------------------------------------------------------------------


def test_config_show__reads_back_to_the_same_settings(tmp_path: Path) -> None:
    settings = Settings(seed=9, containment_floor=0.25, all_passages=True)
    (tmp_path / "one.toml").write_text(setup.to_toml(settings), encoding="utf-8")
    assert Settings.load(tmp_path / "one.toml") == settings
    shown = invoke("config", "show", "--settings", str(tmp_path / "one.toml"))
    assert Settings.from_dict(tomllib.loads(shown.stdout)) == settings


def test_config_show__says_what_each_setting_means() -> None:
    blocks = invoke("config", "show").stdout.split("\n\n")
    assert len(blocks) == len(dataclasses.fields(Settings))
    assert all(block.startswith("# ") for block in blocks)


def test_config_show__a_bad_file_is_a_settings_error(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("sede = 1", encoding="utf-8")
    result = invoke("config", "show", "--settings", str(tmp_path / "bad.toml"))
    assert isinstance(result.exception, SettingsError)


def test_doctor__json_names_what_it_looked_at() -> None:
    data = json.loads(invoke("doctor", "--json").stdout)
    assert data["cores"] >= 1
    assert data["temporary_free_bytes"] > 0
    assert set(data) >= {"version", "python", "packages", "extras", "kernel_cache", "problems"}


def test_doctor__cores_are_those_that_the_kernels_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "n_cores", lambda: 77)
    assert setup.examine()["cores"] == 77


def test_doctor__a_problem_is_named_and_exits_2(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dedupe.kernels._cache.cache_folder", lambda: None)
    result = invoke("doctor")
    assert result.exit_code == 2
    assert "problem: no folder can keep compiled kernels" in result.stdout


def test_doctor__a_package_that_is_too_old_or_too_new_is_a_problem(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    needs = {"numpy": "numpy>=2.0", "rich": "rich>=13.9"}, {"spark": {"pandas": "pandas<3"}}
    monkeypatch.setattr(setup, "_requirements", lambda: needs)

    def problems(**versions: str) -> list[str]:
        monkeypatch.setattr(setup, "_installed", versions.get)
        return [one for one in setup.examine()["problems"] if "pip install" in one]

    assert problems(numpy="2", rich="13.10.1rc1", pandas="2.9.9") == []
    assert problems(numpy="2.0.1", rich="14", pandas="") == []
    assert problems(numpy="1.26.4", rich="13.9", pandas="3.0") == [
        'numpy is 1.26.4; install another with: pip install "numpy>=2.0"',
        'pandas is 3.0; install another with: pip install "pandas<3"',
    ]
    assert problems(numpy="2.0") == ['rich is missing; install it with: pip install "rich>=13.9"']


def test_doctor__tells_the_other_project_of_that_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "_installed", lambda _name: "3.0.0")
    assert any('"dedupe", is installed' in problem for problem in setup.examine()["problems"])


# -- terminal ----------------------------------------------------------------------------------


def test_emit_json__escapes_where_stdout_cannot_hold_unicode(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal.emit_json({"title": "کراچی"})
    assert "کراچی" in capsys.readouterr().out
    monkeypatch.setattr(type(sys.stdout), "encoding", "ascii")
    terminal.emit_json({"title": "کراچی"})
    text = capsys.readouterr().out
    assert text.isascii()
    assert json.loads(text) == {"title": "کراچی"}


def test_session__draws_one_bar_a_stage_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with terminal.session() as on_progress:
        for stage, done, total in [("read", 0, 0), ("read", 5, 10), ("verify", 1, 1)]:
            on_progress(stage, done, total)
    shown = capsys.readouterr()
    assert shown.out == ""
    # All bars are drawn anew each time, from the first column on.
    drawings = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.err).split("\r")
    last = [drawing for drawing in drawings if drawing.strip()][-1].splitlines()
    assert [line.split()[0] for line in last] == ["read", "verify"]
    assert [re.findall(r"\d+%", line) for line in last] == [["50%"], ["100%"]]


@pytest.mark.parametrize(("quiet", "terminal_there"), [(True, True), (False, False)])
def test_session__draws_nothing_when_quiet_or_without_a_terminal(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    quiet: bool,
    terminal_there: bool,
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal_there)
    with terminal.session(quiet=quiet) as on_progress:
        on_progress("read", 5, 10)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ({"quiet": True}, {"error"}),
        ({}, {"error", "warning", "compiling"}),
        ({"verbose": True}, {"error", "warning", "compiling", "info"}),
    ],
)
def test_session__says_more_when_asked_and_always_that_it_compiles(
    flags: dict[str, bool], expected: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    import logging

    with terminal.session(**flags):
        stage, kernels = (logging.getLogger(f"dedupe.{name}") for name in ("read", "kernels.x"))
        stage.error("error")
        stage.warning("warning")
        stage.info("info")
        kernels.info("compiling")
    logging.getLogger("dedupe.read").warning("after")
    said = {line.removeprefix("dedupe: ") for line in capsys.readouterr().err.splitlines()}
    assert said - {"after"} == expected


# -- the process -------------------------------------------------------------------------------


def start(*arguments: str, **options: Any) -> subprocess.Popen[bytes]:
    code = "import sys; from dedupe.cli import main; main()"
    environment = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment | options.pop("env", {}),
        **options,
    )


def finish(process: subprocess.Popen[bytes]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=120)
    return process.returncode, out.decode(), err.decode()


def test_main__an_error_of_ours_is_one_line_and_exits_2(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("seed = 'one'", encoding="utf-8")
    code, out, err = finish(start("config", "show", "--settings", str(tmp_path / "bad.toml")))
    assert (code, out) == (2, "")
    assert err.startswith("dedupe: ")
    assert err.count("\n") == 1


def run_main_raising(error: str) -> tuple[int, str, str]:
    code = f"from dedupe.cli import main, setup; setup.to_toml = lambda s: {error}; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "config", "show"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    return finish(process)


def test_main__a_fault_of_ours_is_not_taken_for_duplicates() -> None:
    code, out, err = run_main_raising("1 // 0")
    assert (code, out) == (70, "")
    assert "ZeroDivisionError" in err
    assert "fault in dedupe" in err


def test_main__ctrl_c_inside_a_kernel_is_ctrl_c() -> None:
    """There it is the cause of a SystemError of the interpreter's own."""
    raising = (
        "try:\n    raise KeyboardInterrupt\n"
        "except BaseException as error:\n    raise SystemError('an exception set')"
    )
    for how in (" from error", ""):
        code, out, err = run_main_raising(f"exec({raising + how!r})")
        assert (code, out) == (130, "")
        assert err == "dedupe: interrupted; nothing half-written is left\n"
    code, _, err = run_main_raising("exec(\"raise SystemError('another')\")")
    assert code == 70
    assert "fault in dedupe" in err


@pytest.mark.parametrize("module", ["typer", "dedupe.cli.index", "rich.progress"])
def test_main__ctrl_c_while_modules_are_imported_is_no_traceback(module: str) -> None:
    code = (
        "import sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, *_):\n"
        f"        if name == {module!r}:\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Finder())\n"
        "sys.stderr.isatty = lambda: True\n"
        "from dedupe.__main__ import main\n"
        "main()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, "demo"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    code_of, out, err = finish(process)
    assert (code_of, out) == (130, "")
    assert err == "dedupe: interrupted; nothing half-written is left\n"


def test_main__an_os_error_without_a_path_is_our_fault() -> None:
    code, out, err = run_main_raising("__import__('os').close(-1)")
    assert (code, out) == (70, "")
    assert "Bad file descriptor" in err
    assert "Traceback" in err


def test_main__a_path_of_the_caller_is_a_message_and_one_of_ours_a_fault() -> None:
    code, _, err = run_main_raising("open('/dev/null/theirs.jsonl')")
    assert (code, err) == (2, "dedupe: /dev/null/theirs.jsonl: Not a directory\n")
    code, _, err = run_main_raising("open(__import__('dedupe').__path__[0] + '/gone.json')")
    assert code == 70
    assert "Traceback" in err


def test_main__a_current_folder_that_was_removed_is_a_message(tmp_path: Path) -> None:
    # A process that goes there by itself: none can be started in a folder that is gone.
    raising = (
        "import os\n"
        f"os.chdir({str(tmp_path)!r})\n"
        f"os.rmdir({str(tmp_path)!r})\n"
        "os.path.realpath('articles.jsonl')"
    )
    code, out, err = run_main_raising(f"exec({raising!r})")
    assert (code, out) == (2, "")
    assert err == "dedupe: the current folder was removed; change to another, and start again\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk always full")
@pytest.mark.parametrize("asked", [("config", "show"), ("cluster", "--help")])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_main__a_full_disk_behind_stdout_is_a_message(
    asked: tuple[str, ...], unbuffered: str
) -> None:
    with Path("/dev/full").open("wb") as full:
        process = subprocess.run(
            [sys.executable, "-c", "from dedupe.cli import main; main()", *asked],
            stdout=full,
            stderr=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": unbuffered},
            check=False,
        )
    assert process.returncode == 2
    assert b"standard output: cannot be written (No space left" in process.stderr
    assert b"Traceback" not in process.stderr


def test_emit_rich__an_unbuffered_full_disk_is_an_output_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Full(io.StringIO):
        def write(self, _: str) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(sys, "stdout", Full())
    with pytest.raises(OutputError, match="No space left"):
        terminal.emit_rich(["a story"])


def test_main__a_closed_pipe_is_quiet() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as stdout:
        code = "from dedupe.cli import main; main()"
        process = subprocess.run(
            [sys.executable, "-c", code, "config", "show"],
            stdout=stdout,
            stderr=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            check=False,
        )
    assert process.returncode == -signal.SIGPIPE
    assert process.stderr == b""


def test_main__a_terminal_without_unicode_gets_escapes(tmp_path: Path) -> None:
    path = tmp_path / "کراچی.toml"
    environment = {"PYTHONIOENCODING": "ascii"}
    code, _, err = finish(start("config", "show", "--settings", str(path), env=environment))
    assert code == 2
    assert "cannot be read" in err
    assert err.isascii()


def wait_for(stream: Any, text: bytes) -> None:
    seen = b""
    while text not in seen:
        assert select.select([stream], [], [], 120)[0], seen
        chunk = os.read(stream.fileno(), 4096)
        assert chunk, seen
        seen += chunk


def test_main__ctrl_c_exits_130_and_leaves_nothing(tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = start(
        "cluster", "-", "--out", str(out), "--verbose", stdin=subprocess.PIPE, cwd=tmp_path
    )
    wait_for(process.stderr, b"reading")
    process.send_signal(signal.SIGINT)
    code, _, err = finish(process)
    assert code == 130
    assert "interrupted" in err
    assert list(tmp_path.iterdir()) == []


# -- report ------------------------------------------------------------------------------------


@pytest.fixture
def stories(tmp_path: Path) -> Path:
    invented.newsroom().save(tmp_path / "stories")
    return tmp_path / "stories"


def test_report__writes_the_page_into_the_folder_and_says_where(stories: Path) -> None:
    result = invoke("report", str(stories))
    assert result.exit_code == 0, result.output
    assert result.stdout == f"Written to {stories / 'report.html'}: 2 stories.\n"
    expected = page.page(dedupe.Result.load(stories), folder=str(stories))
    assert (stories / "report.html").read_bytes() == expected


def test_report__out_top_and_json(stories: Path, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    result = invoke("report", str(stories), "--out", str(file), "--top", "1", "--json")
    assert json.loads(result.stdout) == {
        "file": str(file), "size_bytes": file.stat().st_size, "stories": 1, "left_out": 1,
    }  # fmt: skip
    assert not (stories / "report.html").exists()
    again = invoke("report", str(stories), "--top", "1")
    assert again.stdout.endswith("report.html: 1 story; 1 smaller left out.\n")
    none = invoke("report", str(stories), "--top", "0")
    assert none.stdout.endswith("report.html: 0 stories; 2 left out.\n")


def test_report_and_sources__never_write_over_the_run_that_they_read(stories: Path) -> None:
    before = {path: path.read_bytes() for path in stories.iterdir()}
    pairs = str(stories / "pairs.parquet")
    for words in (["report", "--out"], ["sources", "--parquet"], ["sources", "--graphml"]):
        result = invoke(words[0], str(stories), words[1], pairs)
        assert isinstance(result.exception, OutputError)
        assert "which this command reads" in str(result.exception)
    assert before == {path: path.read_bytes() for path in stories.iterdir()}
    page = stories / "report.html"
    assert invoke("report", str(stories), "--out", str(page)).exit_code == 0
    assert page.exists()


def test_report__hyphen_is_stdout(stories: Path) -> None:
    result = invoke("report", str(stories), "--out", "-")
    assert result.stdout_bytes == page.page(dedupe.Result.load(stories), folder=str(stories))
    assert not (stories / "report.html").exists()
    assert invoke("report", str(stories), "--out", "-", "--json").exit_code == 2


def test_report__a_folder_that_is_no_run_is_told_what_to_do(tmp_path: Path) -> None:
    result = invoke("report", str(tmp_path))
    assert isinstance(result.exception, OutputError)
    assert 'holds no result; make one with "dedupe cluster"' in str(result.exception)


def test_report__a_place_that_cannot_be_written_is_named(stories: Path, tmp_path: Path) -> None:
    result = invoke("report", str(stories), "--out", str(tmp_path / "none" / "page.html"))
    assert isinstance(result.exception, OutputError)
    assert "page.html: cannot be written" in str(result.exception)
