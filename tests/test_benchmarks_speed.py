from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import articles
import numpy as np
import orjson
import plots
import pytest
import speed
import speed_report
from brute_force import Overlaps

from dedupe import Settings

BENCHMARKS = speed.HERE


def race_of(n_docs: int, seconds: float, peak: int) -> dict[str, Any]:
    stages = {"read": seconds / 2, "cluster": 0.01}
    ours = {"seconds": seconds, "peak_memory_bytes": peak, "stages": stages}
    return {"documents": n_docs, "contestants": {speed.OURS: ours}}


def test_score__labels_are_scored_by_pairs_and_flags_by_documents() -> None:
    truth = ["s", "s", "t", "u"]
    assert speed.score(["x", "x", "x", "y"], truth) == pytest.approx((1 / 3, 1))
    assert speed.score([True, False, True, False], truth) == pytest.approx((1 / 2, 1 / 2))


def test_score_alike__counts_pairs_that_resemble_and_those_that_share_too_little() -> None:
    # Pairs of ten shingles each that share 9, 5 and 2: only the first resemble by half.
    sizes = np.full(3, 10)
    overlaps = Overlaps(np.array([0, 0, 1]), np.array([1, 2, 2]), np.array([9, 5, 2]), sizes, sizes)
    assert speed.score_alike(["x", "x", "y", "z"], overlaps) == pytest.approx((1, 1))
    assert speed.score_alike(["x", "y", "z", "x"], overlaps) == pytest.approx((0, 0))
    assert speed.score_alike(["x", "x", "x", "x"], overlaps) == pytest.approx((3 / 6, 1))
    assert speed.score_alike([True, False, True, False], overlaps) == pytest.approx((0.5, 0.5))


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
    grown = speed_report.growth(races)
    assert grown is not None
    # A stage too short to time has no exponent.
    assert (grown.pop("from"), grown.pop("to")) == (100, 1000)
    assert grown.pop("stages") == pytest.approx({"read": 2.0})
    assert grown == pytest.approx({"exponent": 2.0, "bytes_per_document": 1000})
    assert speed_report.growth(races[:1]) is None


def test_target__a_larger_collection_asks_for_more() -> None:
    assert speed_report.target("rensa", 29_999) is None
    assert speed_report.target("rensa", 30_000) == 4
    assert speed_report.target("rensa", 2_000_000) == 10
    assert speed_report.target("rensa-rho", 2_000_000) is None


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
    stories = speed.by_story(truth)
    # A Python with an extension module in it takes some megabytes; one in kilobytes would not.
    assert speed.race("rensa", pages, stories, 1).peak_memory_bytes > 5_000_000


def test_race__a_contestant_that_fails_is_reported_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"rensa exited with 1:\n(.|\n)*no-such-file"):
        speed.race("rensa", tmp_path / "no-such-file", lambda _: (0.0, 0.0), 1)


SCRIPTS = ["quality", "speed", "gate", "articles", "peers", "text_dedup_news"]


@pytest.mark.parametrize("script", SCRIPTS)
def test_script__runs_alone_and_explains_itself(script: str, tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, str(BENCHMARKS / f"{script}.py"), "--help"],
        cwd=tmp_path,
        capture_output=True,
        check=True,
    )
    assert b"usage:" in ended.stdout


def report_of(*sizes: int) -> dict[str, Any]:
    counts = dict.fromkeys(("sampled_shingles", "pairs_found", "pairs_screened"), 7)
    counts |= {"pairs_verified": 3, "disk_bytes": 9}
    races = []
    for size in sizes:
        race = race_of(size, size / 100, 1000 * size)
        one = {"fastest": 1.0, "slowest": 2.0, "recall": 0.5, "precision": 0.75, "counts": counts}
        contestants = {speed.OURS: race["contestants"][speed.OURS] | one}
        contestants["rensa"] = one | {"seconds": size / 50.0, "peak_memory_bytes": 5, "stages": {}}
        races.append(race | {"text_bytes": 10 * size, "threads": 2, "contestants": contestants})
    return {
        "machine": speed_report.machine(),
        "runs": 1,
        "settings": Settings().to_dict(),
        "races": races,
        "scaling": {"documents": 9, "threads": [1, 2], "stages": {"sketch": [1.8, 1.0]}},
    }


def test_write__gives_figures_tables_and_plots_that_are_xml(tmp_path: Path) -> None:
    speed_report.write(report_of(1000, 100), tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    plots_drawn = {"cost.svg", "memory.svg", "stages.svg", "recall-100.svg", "recall-1000.svg"}
    assert names == {"speed.json", "speed.md", *plots_drawn}
    for name in plots_drawn:
        marks = ET.fromstring((tmp_path / name).read_text())  # noqa: S314 - our own
        assert marks.tag.endswith("svg")
        words = "".join(marks.itertext())
        assert "read" in words if name == "stages.svg" else "rensa" in words


def test_markdown__tells_ratios_exponents_threads_and_a_billion() -> None:
    told = speed_report.markdown(report_of(100, 1000))
    assert "| rensa | 20.00 | 1.00-2.00 | 2.0 x | 0.5000 | 0.7500 | 0 |" in told
    assert "| read | 0.50 | 5.00 | 1.00 |" in told
    assert "| sketch | 1.80 | 1.00 | 1.80 |" in told
    assert "| signature | 512 B | 0.51 TB |" in told


def test_axis__places_values_from_one_end_to_the_other() -> None:
    across = plots.axis([20.0, 3_000.0], is_log=True)
    assert (across.place(10.0), across.place(10_000.0)) == (0.0, 1.0)
    assert across.place(100.0) == pytest.approx(1 / 3)
    assert across.ticks() == [10.0, 100.0, 1000.0, 10_000.0]
    assert plots.axis([0.2, 0.4], is_log=False).place(0.5) == 0.5
