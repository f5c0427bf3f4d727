"""Folders whose names are not UTF-8: written to, read from, and recorded so that they are found."""

import json
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

import dedupe
import dedupe.cli
from dedupe.read import read
from tests.stories import BODY

LINES = [{"id": name, "text": BODY, "source": f"{name}.example"} for name in "ab"]


@pytest.fixture
def odd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make such a folder the current one, with an input in it."""
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("this file system takes Unicode names only")
    (folder / "in.jsonl").write_text("\n".join(map(json.dumps, LINES)), "utf-8")
    monkeypatch.chdir(folder)
    return folder


def run(*arguments: str | Path) -> str:
    done = CliRunner().invoke(dedupe.cli.app, list(map(str, arguments)))
    assert done.exit_code == 0, done.output or done.exception
    return done.stdout


def test_cluster__writes_there_with_all_that_a_result_may_have(odd: Path) -> None:
    out = odd / "out"
    run(
        "cluster",
        odd / "in.jsonl",
        "--out",
        out,
        "--keep",
        "--csv",
        "--report",
        "--resume",
        "--quiet",
    )
    assert dedupe.Result.load(out).stories[0]["documents"] == ["a", "b"]
    (odd / "more.jsonl").write_text(json.dumps(LINES[0] | {"id": "c"}), "utf-8")
    run("cluster", odd / "more.jsonl", "--out", odd / "later", "--against", out, "--quiet")
    assert dedupe.Result.load(odd / "later").stories[0]["earlier"] == ["a", "b"]


@pytest.mark.parametrize("absolute", [True, False])
def test_explain__finds_the_inputs_of_the_run(
    odd: Path, monkeypatch: pytest.MonkeyPatch, *, absolute: bool
) -> None:
    run("cluster", odd / "in.jsonl" if absolute else "in.jsonl", "--out", "out", "--report")
    monkeypatch.chdir("/")
    assert dedupe.explain(odd / "out", "a", "b").one_story
    json.loads((odd / "out" / "run.json").read_bytes().decode("utf-8"))


def test_sources__writes_its_files_there(odd: Path) -> None:
    run("cluster", "in.jsonl", "--out", "out")
    network, edges = odd / "network.graphml", odd / "network.parquet"
    run("sources", "out", "--graphml", network, "--parquet", edges)
    assert network.read_bytes().startswith(b"<?xml")
    assert pq.read_table(pa.BufferReader(edges.read_bytes())).equals(dedupe.sources("out").edges)


def test_read__takes_parquet_from_there(odd: Path) -> None:
    file = odd / "in.parquet"
    with file.open("wb") as sink:
        pq.write_table(pa.Table.from_pylist(LINES), sink)
    assert read([file]).documents["id"].to_pylist() == ["a", "b"]


@pytest.mark.parametrize("absolute", [True, False])
def test_index__stands_there(odd: Path, *, absolute: bool) -> None:
    place = odd / "index" if absolute else Path("index")
    run("index", "add", place, "in.jsonl")
    with dedupe.Index(place, read_only=True) as index:
        assert [story.documents for story in index.stories()] == [("a", "b")]
