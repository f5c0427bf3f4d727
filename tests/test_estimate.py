"""What a run will take, told by a sample."""

from __future__ import annotations

import gzip
import itertools
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import articles
import pytest
from typer.testing import CliRunner

import dedupe.cli
from dedupe import InputError, Settings
from dedupe.estimate import _line, _memory, _Run, estimate

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.needs_jit


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("pages") / "articles.jsonl"
    articles.write(900, place, place.with_name("truth.jsonl"))
    return place


def run(n_docs: int, peak_bytes: int = 0) -> _Run:
    return _Run(n_docs, {}, peak_bytes, 0)


def test_estimate__lines_are_counted_and_every_stage_is_told(pages: Path) -> None:
    found = estimate([str(pages)], Settings(), sample=300)
    assert (found.documents, found.counted, found.sample) == (900, True, 300)
    assert {"start", "read", "clean", "verify", "attribute", "write"} <= set(found.stages)
    assert found.seconds == pytest.approx(sum(found.stages.values()), abs=0.01)
    assert found.disk_bytes > 0
    assert found.peak_memory_bytes > 0


def test_estimate__of_compressed_lines_the_number_follows_from_bytes(
    tmp_path: Path,
) -> None:
    place, packed = tmp_path / "articles.jsonl", tmp_path / "articles.jsonl.gz"
    articles.write(6000, place, tmp_path / "truth.jsonl")
    packed.write_bytes(gzip.compress(place.read_bytes(), 1))
    found = estimate([str(packed)], Settings(), sample=1000)
    assert not found.counted
    assert found.documents == pytest.approx(6000, rel=0.35)


def test_estimate__a_pile_smaller_than_the_sample_is_counted_whole(pages: Path) -> None:
    found = estimate([str(pages)], Settings(), sample=5_000)
    assert (found.documents, found.sample) == (900, 900)


def test_estimate__an_empty_file_hides_no_other(tmp_path: Path) -> None:
    empty, rows = tmp_path / "empty.jsonl", tmp_path / "rows.csv"
    empty.touch()
    rows.write_text(
        "text\n" + "".join(f"Tide {row} is high. " * 20 + "\n" for row in range(20_000))
    )
    found = estimate([str(empty), str(rows)], Settings(), sample=1_000)
    assert not found.counted
    assert found.documents == pytest.approx(20_000, rel=0.35)


def test_estimate__reading_is_told_of_one_batch_with_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("text\n" + "".join(f"Tide {row} is high.\n" for row in range(400)))
    clock = itertools.count()
    monkeypatch.setattr("dedupe.estimate.time.perf_counter", lambda: float(next(clock)))
    assert estimate([str(rows)], Settings()).stages["read"] == 2.0


@pytest.mark.parametrize("inputs", [["-"], ["empty.jsonl"], ["pipe.jsonl"]])
def test_estimate__what_cannot_be_sampled_is_refused(
    inputs: Sequence[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty.jsonl").touch()
    os.mkfifo("pipe.jsonl")
    with pytest.raises(InputError, match=r"twice|no document"):
        estimate(inputs, Settings())


def test_line__goes_through_both_runs_and_never_falls() -> None:
    assert _line(run(100), run(400), 2.0, 5.0, 1000) == pytest.approx(11.0)
    assert _line(run(100), run(400), 9.0, 5.0, 1000) == 5.0
    # A line that began below nothing would promise more than proportion.
    assert _line(run(100), run(400), 0.0, 4.0, 1000) == pytest.approx(10.0)


def test_memory__grows_by_the_power_that_two_runs_show() -> None:
    first, small, large = run(10, 100), run(100, 110), run(400, 120)
    assert _memory(first, small, large, 1600) == 140
    assert _memory(first, small, large, 400) == 120
    # Never faster than the documents.
    assert _memory(first, run(100, 101), large, 800) == 140


def test_cluster__a_dry_run_tells_and_writes_nothing(pages: Path, tmp_path: Path) -> None:
    def invoke(*flags: str) -> Any:
        command = ["cluster", str(pages), "--out", str(tmp_path / "out"), "--dry-run", *flags]
        return CliRunner().invoke(dedupe.cli.app, command, prog_name="dedupe")

    told = invoke("--json", "--keep")
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout)["documents"] == 900
    assert json.loads(told.stdout)["disk_bytes"] > 900 * 1000
    shown = invoke()
    assert "900 documents, by a sample of 900" in shown.stdout
    quiet = invoke("--quiet")
    assert "900 documents, by a sample of 900" in quiet.stdout
    assert quiet.stderr == ""
    assert list(tmp_path.iterdir()) == []
