"""Races in; tables to read, plots, and how cost grows, out.

races  ->  show()    ->  a table on the terminal
races  ->  growth()  ->  exponents of time, and memory a document
races  ->  write()   ->  FOLDER/speed.json, speed.md, cost.svg, stages.svg, recall.svg
"""

from __future__ import annotations

import itertools
import math
import os
import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import plots

if TYPE_CHECKING:
    from collections.abc import Sequence

OURS = "dedupe"
SLIGHT_SECONDS = 0.1
TARGETS = {
    30_000: {"rensa": 4, "datasketch": 15},
    1_000_000: {"rensa": 10, "datasketch": 40},
}
"""How many times faster than each peer a collection of at least so many articles should be."""
BILLION = 1_000_000_000
BAND_ROW_BYTES = 12
"""A band key and the number of its document, as a sorted run would hold them."""


def growth(races: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """Compare our smallest and our largest collection; None with fewer than two sizes.

    Returns:
        `exponent` of time, `bytes_per_document` of peak memory above the base, and
        `stages`: the exponent of each stage that takes a tenth of a second or more.
    """
    small, large = (min(races, key=_size), max(races, key=_size))
    if _size(small) == _size(large):
        return None
    before, after = (one["contestants"][OURS] for one in (small, large))
    more = _size(large) - _size(small)
    times = math.log(_size(large) / _size(small))
    return {
        "from": _size(small),
        "to": _size(large),
        "exponent": math.log(after["seconds"] / before["seconds"]) / times,
        "bytes_per_document": (after["peak_memory_bytes"] - before["peak_memory_bytes"]) / more,
        "stages": {
            stage: math.log(after["stages"][stage] / seconds) / times
            for stage, seconds in before["stages"].items()
            if seconds >= SLIGHT_SECONDS and stage in after["stages"]
        },
    }


def growths(races: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Compare each size with the next."""
    ordered = sorted(races, key=_size)
    found = (growth(pair) for pair in itertools.pairwise(ordered))
    return [one for one in found if one]


def target(peer: str, n_docs: int) -> int | None:
    """Return how many times faster than a peer a collection of this size should be."""
    reached = [size for size in TARGETS if size <= n_docs]
    return TARGETS[max(reached)].get(peer) if reached else None


def _size(one: dict[str, Any]) -> int:
    """Return how many documents a race was run over."""
    return int(one["documents"])


def machine() -> dict[str, Any]:
    """Describe the machine, and how busy it is."""
    info = Path("/proc/cpuinfo")
    names = [
        line.partition(":")[2].strip()
        for line in (info.read_text("utf-8").splitlines() if info.exists() else ())
        if line.startswith("model name")
    ]
    return {
        "processor": names[0] if names else platform.processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "load": [round(load, 1) for load in os.getloadavg()],
    }


def _rows(result: dict[str, Any]) -> list[list[str]]:
    """Return the table of one race: a heading, then a row for each contestant."""
    rows = [["contestant", "seconds", "range", "ours faster", "recall", "precision", "peak MB"]]
    ours = result["contestants"].get(OURS)
    for name, one in result["contestants"].items():
        ratio = "" if name == OURS or not ours else f"{one['seconds'] / ours['seconds']:.1f} x"
        goal = target(name, result["documents"])
        rows.append(
            [
                name,
                f"{one['seconds']:.2f}",
                f"{one['fastest']:.2f}-{one['slowest']:.2f}",
                f"{ratio} (>= {goal})" if goal else ratio,
                f"{one['recall']:.4f}",
                f"{one['precision']:.4f}",
                f"{one['peak_memory_bytes'] / 1e6:,.0f}",
            ]
        )
    return rows


def _title(result: dict[str, Any]) -> str:
    return (
        f"{result['documents']:,} articles, {result['text_bytes'] / 1e6:.1f} MB, "
        f"{result['threads']} threads, whole process"
    )


def show(result: dict[str, Any]) -> None:
    """Print one race: times, ratios, what was found, and our stages."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=_title(result), title_justify="left")
    heading, *rows = _rows(result)
    for name in heading:
        table.add_column(name, justify="left" if name == "contestant" else "right")
    for row in rows:
        table.add_row(*row)
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(table)
    if OURS in result["contestants"]:
        stages = result["contestants"][OURS]["stages"]
        told = [f"{stage} {seconds:.2f}" for stage, seconds in stages.items()]
        console.print(f"our stages, seconds: {', '.join(told)}", highlight=False)


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Write rows, the heading first, as a table of Markdown."""
    heading, *rest = rows
    lines = [heading, ["---", *["---:"] * (len(heading) - 1)], *rest]
    return [f"| {' | '.join(row)} |" for row in lines] + [""]


def _stage_table(races: Sequence[dict[str, Any]], grown: Sequence[dict[str, Any]]) -> list[str]:
    """Write the seconds of each stage by size, and the exponents from each size to the next."""
    stages = list(races[-1]["contestants"][OURS]["stages"])
    spans = [f"{one['from']:,} to {one['to']:,}" for one in grown]
    heading = ["stage", *(f"{_size(race):,}" for race in races), *spans]
    rows = [heading]
    for stage in stages:
        seconds = (race["contestants"][OURS]["stages"].get(stage, 0.0) for race in races)
        powers = (one["stages"].get(stage) for one in grown)
        told = [f"{power:.2f}" if power is not None else "" for power in powers]
        rows.append([stage, *(f"{one:.2f}" for one in seconds), *told])
    whole = (f"{race['contestants'][OURS]['seconds']:.2f}" for race in races)
    rows.append(["whole process", *whole, *(f"{one['exponent']:.2f}" for one in grown)])
    peaks = (f"{race['contestants'][OURS]['peak_memory_bytes'] / 1e6:,.0f}" for race in races)
    rows.append(["peak MB", *peaks, *(f"{one['bytes_per_document']:,.0f} B" for one in grown)])
    return _table(rows)


def billion(race: dict[str, Any], settings: dict[str, Any]) -> list[list[str]]:
    """Extend what a run has counted to 10^9 documents; rows of name, a document, in all."""
    ours, n_docs = race["contestants"][OURS], _size(race)
    counts = ours["counts"]
    n_bands = settings["n_slots"] // settings["band_rows"]
    bytes_each = {
        "text": race["text_bytes"] / n_docs,
        "signature": 4.0 * settings["n_slots"],
        "sampled shingles": 8.0 * counts["sampled_shingles"] / n_docs,
        f"band keys, {n_bands} bands": float(BAND_ROW_BYTES * n_bands),
        "result on disk": counts["disk_bytes"] / n_docs,
    }
    rows_each = {
        "pairs that nets found": counts["pairs_found"] / n_docs,
        "pairs measured": counts["pairs_screened"] / n_docs,
        "pairs verified": counts["pairs_verified"] / n_docs,
    }
    rows = [["what", "a document", "of 10⁹ documents"]]
    rows += [
        [name, f"{one:,.0f} B", f"{one * 1e9 / 1e12:,.2f} TB"] for name, one in bytes_each.items()
    ]
    rows += [[name, f"{one:,.2f}", f"{one * 1e9:,.2g}"] for name, one in rows_each.items()]
    cores = race["threads"]
    hours = sum(ours["stages"].values()) / n_docs * BILLION * cores / 3600
    rows.append(
        ["core hours, stages as here", f"{hours / BILLION * 3.6e6:,.2f} ms", f"{hours:,.0f} h"]
    )
    return rows


def markdown(report: dict[str, Any]) -> str:
    """Write all tables of a report as Markdown."""
    races, place = sorted(report["races"], key=_size), report["machine"]
    about = (
        f"{place['processor']}, {place['cores']} cores, {place['system']}, Python "
        f"{place['python']}; load {', '.join(map(str, place['load']))} at the start. "
        f"Medians of {report['runs']} interleaved runs."
    )
    lines = [about, ""]
    for race in races:
        lines += [f"**{_title(race)}.**", "", *_table(_rows(race))]
    if reuters := report.get("reuters"):
        lines += [f"**Reuters: {_title(reuters)}.**", "", *_table(_rows(reuters))]
    lines += ["**Our stages, seconds, and exponents from size to size.**", ""]
    lines += _stage_table(races, growths(races))
    if scaled := report.get("scaling"):
        rows = [["stage", *(f"on {n}" for n in scaled["threads"]), "times"]]
        for stage, seconds in scaled["stages"].items():
            times = f"{seconds[0] / seconds[-1]:.2f}" if seconds[-1] >= SLIGHT_SECONDS else ""
            rows.append([stage, *(f"{one:.2f}" for one in seconds), times])
        lines += [f"**Threads, {scaled['documents']:,} articles.**", "", *_table(rows)]
    if counted := report.get("instructions"):
        rows = [["contestant", "instructions a document"]]
        rows += [[name, f"{value:,.0f}"] for name, value in counted.items()]
        lines += ["**Instructions, by valgrind.**", "", *_table(rows)]
    lines += ["**10⁹ documents.**", "", *_table(billion(races[-1], report["settings"]))]
    return "\n".join(lines)


def write(report: dict[str, Any], folder: Path) -> None:
    """Write the figures, the tables and the plots."""
    folder.mkdir(parents=True, exist_ok=True)
    races = sorted(report["races"], key=_size)
    names = list(dict.fromkeys(name for race in races for name in race["contestants"]))

    def series(figure: str, scale: float) -> dict[str, list[tuple[float, float]]]:
        return {
            name: [
                (_size(race), race["contestants"][name][figure] / scale)
                for race in races
                if name in race["contestants"]
            ]
            for name in names
        }

    drawn = {
        "cost.svg": plots.lines(series("seconds", 1), "Whole process", "articles", "seconds"),
        "memory.svg": plots.lines(
            series("peak_memory_bytes", 1e6), "Memory", "articles", "peak MB"
        ),
        "stages.svg": plots.bars(
            {f"{_size(race):,}": race["contestants"][OURS]["stages"] for race in races},
            "Shares of our stages",
        ),
    }
    for race in races:
        found = {name: (one["seconds"], one["recall"]) for name, one in race["contestants"].items()}
        title = f"Recall against time, {_size(race):,} articles"
        drawn[f"recall-{_size(race)}.svg"] = plots.points(found, title, "seconds", "recall")
    for name, drawing in drawn.items():
        (folder / name).write_text(drawing, "utf-8")
    (folder / "speed.md").write_text(markdown(report), "utf-8")
    (folder / "speed.json").write_bytes(orjson.dumps(report, option=orjson.OPT_INDENT_2))
