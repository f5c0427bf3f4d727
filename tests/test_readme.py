"""The README and docs/ are run: their Python, their commands, the demo, their tables and links."""

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer

import dedupe
import dedupe.cli
from dedupe.cli.codes import Code
from dedupe.read.fields import COMMON_NAMES
from dedupe.settings import Settings
from dedupe.verify import relation

ROOT = Path(__file__).parent.parent
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        *sorted((ROOT / "docs").glob("*.md")),
    ]
}
README = PAGES["README.md"]
WIDTH = {"COLUMNS": "100"}


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL)


def commands(page: str) -> list[str]:
    return re.findall(r"^\$ (.+)$", "".join(blocks(page, "console")), flags=re.MULTILINE)


def of_all_pages(find: Callable[[str], list[str]]) -> list[Any]:
    """Return what stands in the README and docs/, each as a parameter named by its page."""
    return [
        pytest.param(found, id=f"{name}-{place}")
        for name, page in PAGES.items()
        for place, found in enumerate(find(page))
    ]


def anchors(page: str) -> set[str]:
    """Return what a link may name of a page: its headings as GitHub writes them."""
    headings = re.findall(r"^#+ (.+)$", page, flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


def run(*arguments: str, cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        capture_output=True,
        encoding="utf-8",
        check=False,
        env=os.environ | WIDTH | {"PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def demo(cwd: Path) -> list[str]:
    return run("-c", "from dedupe.cli import main; main()", "demo", cwd=cwd).splitlines()


@pytest.mark.parametrize("code", of_all_pages(lambda page: blocks(page, "python")))
def test_pages__python_runs_as_printed(code: str, tmp_path: Path) -> None:
    if "import scrapy" in code:
        pytest.importorskip("scrapy", reason='needs the extra "scrapy"')
    (tmp_path / "articles.jsonl").write_bytes((ROOT / "seeds" / "newsroom.jsonl").read_bytes())
    assert run("-c", code, cwd=tmp_path).strip()


def test_readme__demo_is_printed_by_line_20() -> None:
    lines = README.splitlines()
    start = lines.index("$ dedupe demo")
    assert lines[start - 1] == "$ pip install ."
    assert lines.index("```", start) < 20


def test_readme__demo_output_is_the_real_one_shortened(tmp_path: Path) -> None:
    (block,) = (block for block in blocks(README, "console") if "$ dedupe demo\n" in block)
    printed = block.partition("$ dedupe demo\n")[2].splitlines()
    assert len(printed) > 5
    real = iter(demo(tmp_path))
    for line in printed:
        if line.strip() not in {"…", ""}:
            assert line in real, f"not in the demo's output from here on: {line}"
    assert list(tmp_path.iterdir()) == []


def test_readme__story_is_the_real_one_shortened() -> None:
    (block,) = blocks(README, "json")
    printed = json.loads(block)
    newsroom = (ROOT / "seeds" / "newsroom.jsonl").read_text(encoding="utf-8").splitlines()
    stories = dedupe.find_duplicates(map(json.loads, newsroom)).stories
    (real,) = (story for story in stories if story["story"] == printed["story"])
    assert all(clue in real["evidence"] for clue in printed.pop("evidence"))
    assert {key: real[key] for key in printed} == printed


@pytest.mark.parametrize(
    "line", of_all_pages(lambda page: [line for line in commands(page) if "dedupe" in line])
)
def test_pages__commands_parse(line: str) -> None:
    call = re.search(r"dedupe [^|>]+", line)
    assert call is not None
    words = shlex.split(call[0])[1:]
    command: Any = typer.main.get_command(dedupe.cli.app)
    while hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    assert command.make_context(command.name, words) is not None


def told_commands(page: str, heading: str) -> set[str]:
    """Return the commands that a table under a heading lists, without their arguments."""
    table = page.partition(heading)[2].partition("###")[0]
    found = re.findall(r"^\| `dedupe ((?:[a-z]+ ?)+)", table, flags=re.MULTILINE)
    return {name.strip() for name in found}


def test_readme__names_every_command_and_the_page_of_the_index_its_own() -> None:
    root: Any = typer.main.get_command(dedupe.cli.app)
    every = {
        f"{name} {child}".strip()
        for name, command in root.commands.items()
        for child in getattr(command, "commands", {"": None})
    }
    of_index = {name for name in every if name.startswith("index ")}
    assert told_commands(README, "## Commands") == every - of_index | {"index"}
    assert told_commands(PAGES["docs/index.md"], "## On the command line") == of_index


def test_readme__set_up_is_what_ci_runs() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    (install,) = (line for line in commands(README) if line.startswith("pip "))
    (test,) = (line for line in commands(PAGES["CONTRIBUTING.md"]) if line.startswith("pip "))
    assert install.replace("pip install", "pip install --quiet") in script
    assert test.replace("pip install", "pip install --quiet") in script


def test_docs__settings_shown_are_the_defaults() -> None:
    (block,) = blocks(PAGES["docs/settings.md"], "toml")
    assert tomllib.loads(block)
    assert Settings.from_dict(tomllib.loads(block)) == Settings()


def test_docs__names_of_fields_are_those_that_are_found() -> None:
    table = PAGES["docs/input.md"].partition("## Fields")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", table, flags=re.MULTILINE)
    told = {field: (field, *re.findall(r"`(\w+)`", names)) for field, names in rows}
    assert told == COMMON_NAMES


def test_docs__settings_of_a_crawl_are_those_that_the_pipeline_reads() -> None:
    table = PAGES["docs/index.md"].partition("## Scrapy")[2].partition("\n## ")[0]
    told = re.findall(r"^\| `(DEDUPE_\w+)` \|", table, flags=re.MULTILINE)
    source = (ROOT / "dedupe" / "scrapy.py").read_text(encoding="utf-8")
    assert set(told) == set(re.findall(r'settings\.get\w*\("(DEDUPE_\w+)"', source))


def test_readme__exit_codes_are_those_of_the_command_line() -> None:
    table = README.partition("### Exit codes")[2].partition("##")[0]
    codes = [int(code) for code in re.findall(r"^\| (\d+) \|", table, flags=re.MULTILINE)]
    assert codes == list(Code)


def relations(page: str) -> dict[str, str]:
    table = page.partition("### Relations")[2].partition("##")[0]
    return dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", table, flags=re.MULTILINE))


def test_readme__relations_are_those_that_the_page_of_output_defines() -> None:
    short, full = relations(README), relations(PAGES["docs/output.md"])
    assert list(short) == list(full)
    assert [row.split("|")[-1] for row in short.values()] == [
        row.split("|")[-1] for row in full.values()
    ]


def test_docs__relations_are_those_of_a_pair_with_their_thresholds() -> None:
    rows = relations(PAGES["docs/output.md"])
    assert set(rows) == set(relation.PAIR_RELATIONS)
    shares = {name: [float(one) for one in re.findall(r"\.\d+", row)] for name, row in rows.items()}
    assert {name: found for name, found in shares.items() if found} == {
        "repost": [relation.NEARLY_ALL, relation.SIMILAR_LENGTH],
        "excerpt": [relation.NEARLY_ALL, relation.SIMILAR_LENGTH],
        "rewrite": [relation.MANY_WORDS],
        "paraphrase": [relation.MANY_WORDS],
        "template": [relation.MANY_WORDS, relation.SLOTS_DIFFER],
        "partial": [round(float(relation.probability(np.array([relation.TAKEN_OVER]))[0]), 2)],
        "same_event": [relation.SOMETHING],
    }


def test_benchmarks_readme__lists_every_module_and_says_which_write_json() -> None:
    folder = ROOT / "benchmarks"
    text = (folder / "README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+\.py)` \| (.+) \|$", text, flags=re.MULTILINE))
    sources = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.py")}
    assert set(rows) == set(sources)
    writers = {name for name, source in sources.items() if '"--json", type=' in source}
    assert {name for name, row in rows.items() if "; JSON |" in row} == writers


@pytest.mark.parametrize("name", [*PAGES, "benchmarks/README.md", "benchmarks/NOTES.md"])
def test_pages__links_and_scripts_exist(name: str) -> None:
    page = (ROOT / name).read_text(encoding="utf-8")
    for script in re.findall(r"`((?:\.ci|benchmarks|seeds)/[\w./]*)`", page):
        assert (ROOT / script).exists(), script
    for file, _, heading in re.findall(r"\]\((?!https?:)([^)#]*)(#([^)]+))?\)", page):
        target = (ROOT / name).parent / file if file else ROOT / name
        assert target.exists(), file
        if heading:
            assert heading in anchors(target.read_text(encoding="utf-8")), f"{file}#{heading}"
