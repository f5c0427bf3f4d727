from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import articles
import orjson
import pytest
import speed

BENCHMARKS = speed.HERE


def race_of(n_docs: int, seconds: float, peak: int) -> dict[str, Any]:
    stages = {"read": seconds / 2, "cluster": 0.01}
    ours = {"seconds": seconds, "peak_memory_bytes": peak, "stages": stages}
    return {"documents": n_docs, "contestants": {speed.OURS: ours}}


def test_score__labels_are_scored_by_pairs_and_flags_by_documents() -> None:
    truth = ["s", "s", "t", "u"]
    assert speed.score(["x", "x", "x", "y"], truth) == pytest.approx((1 / 3, 1))
    assert speed.score([True, False, True, False], truth) == pytest.approx((1 / 2, 1 / 2))


def test_summary__takes_the_median_of_each_figure() -> None:
    finishes = [
        speed.Finish(
            seconds=seconds,
            stages={"read": stage},
            peak_memory_bytes=0,
            precision=1.0,
            recall=1.0,
        )
        for seconds, stage in ((9.0, 3.0), (1.0, 1.0), (2.0, 2.0))
    ]
    told = speed.summary(finishes)
    assert (told["seconds"], told["fastest"], told["slowest"]) == (2, 1, 9)
    assert told["stages"] == {"read": 2}


def test_growth__is_the_exponent_of_time_and_the_slope_of_memory() -> None:
    races = [race_of(1000, 100.0, 5_000_000), race_of(100, 1.0, 4_100_000)]
    grown = speed.growth(races)
    assert grown is not None
    # A stage too short to time has no exponent.
    assert grown.pop("stages") == pytest.approx({"read": 2.0})
    assert grown == pytest.approx({"exponent": 2.0, "bytes_per_document": 1000})
    assert speed.growth(races[:1]) is None


def test_target__a_larger_collection_asks_for_more() -> None:
    assert speed.target("rensa", 29_999) is None
    assert speed.target("rensa", 30_000) == 4
    assert speed.target("rensa", 2_000_000) == 10
    assert speed.target("rensa-rho", 2_000_000) is None


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("peer", ["rensa", "datasketch"])
def test_peers__a_whole_process_finds_word_for_word_copies(
    tmp_path: Path, peer: str, threads: int
) -> None:
    pages, truth = tmp_path / "articles.jsonl", tmp_path / "truth.jsonl"
    articles.write(120, pages, truth)
    rows = [orjson.loads(line) for line in pages.read_bytes().splitlines()]
    twin = rows[0] | {"id": "twin"}
    pages.write_bytes(b"\n".join(map(orjson.dumps, [*rows, twin])))
    out = tmp_path / "out.jsonl"
    subprocess.run(speed.command(peer, pages, out, threads), check=True)
    labels = {row["id"]: row["story"] for row in map(orjson.loads, out.read_bytes().splitlines())}
    assert labels["twin"] == labels[rows[0]["id"]]
    assert len(set(labels.values())) > 60


def test_race__tells_what_a_process_held(tmp_path: Path) -> None:
    pages, truth = tmp_path / "articles.jsonl", tmp_path / "truth.jsonl"
    articles.write(60, pages, truth)
    stories = [orjson.loads(line)["story"] for line in truth.read_bytes().splitlines()]
    # A Python with an extension module in it takes some megabytes; one in kilobytes would not.
    assert speed.race("rensa", pages, stories, 1).peak_memory_bytes > 5_000_000


def test_race__a_contestant_that_fails_is_reported_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"rensa exited with 1:\n(.|\n)*no-such-file"):
        speed.race("rensa", tmp_path / "no-such-file", [], 1)


@pytest.mark.parametrize("script", ["quality", "speed", "gate", "articles", "peers"])
def test_script__runs_alone_and_explains_itself(script: str, tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, str(BENCHMARKS / f"{script}.py"), "--help"],
        cwd=tmp_path,
        capture_output=True,
        check=True,
    )
    assert b"usage:" in ended.stdout
