"""The index from the command line, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from dedupe import Index

pytestmark = pytest.mark.needs_jit

NEWSROOM = Path(__file__).parent.parent / "seeds" / "newsroom.jsonl"
MAIN = "from dedupe.cli import main; main()"


def dedupe(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", MAIN, "index", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli") / "stories"
    done = dedupe("add", folder, NEWSROOM, "--quiet")
    assert (done.returncode, done.stdout) == (0, "")
    return folder


def test_index_add__prints_a_line_for_each_document_as_json(tmp_path: Path) -> None:
    done = dedupe("add", tmp_path / "stories", NEWSROOM, "--json", "--window", "30d")
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) == len(NEWSROOM.read_text(encoding="utf-8").splitlines())
    assert {"document", "story", "is_new_story", "probability", "nearest", "merged"} == set(rows[0])
    with Index(tmp_path / "stories", read_only=True) as opened:
        assert opened.window_minutes == 30 * 1440
        assert len(opened) == len(rows)


def test_index_add__keeps_what_came_before_a_stream_broke_off(tmp_path: Path) -> None:
    page = json.loads(NEWSROOM.read_text(encoding="utf-8").splitlines()[0])
    rows = [json.dumps(page | {"id": str(place)}) for place in range(1500)]
    (tmp_path / "crawl.jsonl").write_text("\n".join([*rows, rows[0]]), encoding="utf-8")
    done = dedupe("add", tmp_path / "stories", tmp_path / "crawl.jsonl")
    assert done.returncode == 2
    assert "have the id" in done.stderr or "twice" in done.stderr
    with Index(tmp_path / "stories", read_only=True) as opened:
        assert len(opened) == 1500
        assert opened.stats()["commits"] < 5


def test_index_add__says_what_was_rejected_and_makes_no_index_of_nothing(tmp_path: Path) -> None:
    (tmp_path / "crawl.jsonl").write_text('{"text": "Some words."}\n{"text": 3\n{"a": 1}\n')
    done = dedupe("add", tmp_path / "stories", tmp_path / "crawl.jsonl")
    assert done.returncode == 0, done.stderr
    assert f"{tmp_path / 'crawl.jsonl'}:2: rejected: not JSON" in done.stderr
    assert "1 document read" in done.stdout
    assert "2 records rejected" in done.stdout
    listed = tmp_path / "rejects.jsonl"
    assert dedupe("add", tmp_path / "x", tmp_path / "crawl.jsonl", "--rejects", listed).stderr == ""
    assert [json.loads(line)["line"] for line in listed.read_text().splitlines()] == [2, 3]
    assert dedupe("add", tmp_path / "y", tmp_path / "absent.jsonl").returncode == 2
    assert not (tmp_path / "y").exists()


def test_index_remove__takes_a_document_out(tmp_path: Path) -> None:
    (tmp_path / "two.jsonl").write_text(
        '{"id": "a", "text": "Words."}\n{"id": "b", "text": "B."}\n'
    )
    assert dedupe("add", tmp_path / "stories", tmp_path / "two.jsonl").returncode == 0
    done = dedupe("remove", tmp_path / "stories", "a", "c")
    assert done.stdout == "a: removed\nc: not in the index\n"
    assert json.loads(dedupe("remove", tmp_path / "stories", "b", "--json").stdout) == {"b": True}
    assert json.loads(dedupe("stats", tmp_path / "stories", "--json").stdout)["documents"] == 0


def test_index_query__names_the_story_and_its_origin(index: Path, tmp_path: Path) -> None:
    page = json.loads(NEWSROOM.read_text(encoding="utf-8").splitlines()[0])
    (tmp_path / "page.txt").write_text(page["text"], encoding="utf-8")
    done = dedupe("query", index, tmp_path / "page.txt", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["is_new_story"] is False
    assert found["relation"]
    assert found["passages"]
    told = dedupe("query", index, tmp_path / "page.txt")
    assert told.stdout.startswith(f"story {found['story']}:")


def test_index_story__shows_its_documents(index: Path) -> None:
    exported = [json.loads(line) for line in dedupe("export", index).stdout.splitlines()]
    story = exported[0]["story"]
    done = dedupe("story", index, exported[0]["id"], "--json")
    found = json.loads(done.stdout)
    assert found["story"] == story
    assert found["documents"] == [row["id"] for row in exported if row["story"] == story]
    missing = dedupe("story", index, "no such thing")
    assert missing.returncode == 2
    assert 'holds no story or document "no such thing"' in missing.stderr


def test_index_check__a_damaged_one_exits_with_4(tmp_path: Path) -> None:
    folder = tmp_path / "stories"
    with Index(folder) as opened:
        opened.add("One text of a few words that will be damaged on the disk.")
        opened.compact()
    assert json.loads(dedupe("check", folder, "--json").stdout)["faults"] == []
    path = next(folder.glob("*.postings"))
    changed = bytearray(path.read_bytes())
    changed[5000] ^= 4
    path.write_bytes(changed)
    done = dedupe("check", folder)
    assert done.returncode == 4
    assert path.name in done.stdout


def test_index_compact_and_stats__say_what_an_index_takes(tmp_path: Path) -> None:
    folder = tmp_path / "stories"
    assert dedupe("add", folder, NEWSROOM, "-q").returncode == 0
    done = dedupe("compact", folder, "--json")
    assert done.returncode == 0, done.stderr
    stats = json.loads(dedupe("stats", folder, "--json").stdout)
    sizes = json.loads(done.stdout)
    assert sizes["bytes_after"] > 0
    assert stats["documents"] == len(NEWSROOM.read_text(encoding="utf-8").splitlines())
    assert len(stats["segments"]) == 1
    assert stats["settings"]["seed"] == "secret"
    told = dedupe("stats", folder).stdout
    assert "in 1 commit\n" in told
    assert "1 segment, 0 documents not yet in one" in told


def test_index_query__without_an_index_says_so(tmp_path: Path) -> None:
    (tmp_path / "page.txt").write_text("Words.", encoding="utf-8")
    done = dedupe("query", tmp_path / "none", tmp_path / "page.txt")
    assert done.returncode == 2
    assert "holds no index" in done.stderr
    assert not (tmp_path / "none").exists()
