"""The index from the command line, in a process of its own."""

from __future__ import annotations

import gzip
import json
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import csv, parquet

from dedupe import Index
from dedupe.cli import incoming
from dedupe.cli.options import OnError

pytestmark = pytest.mark.needs_jit

NEWSROOM = Path(__file__).parent.parent / "seeds" / "newsroom.jsonl"
MAIN = "from dedupe.cli import main; main()"


def dedupe(*arguments: str | Path, given: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", MAIN, "index", *map(str, arguments)]
    return subprocess.run(command, input=given, capture_output=True, text=True, check=False)


def lines(*rows: dict[str, Any]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def ids_of(folder: Path) -> list[str]:
    with Index(folder, read_only=True) as index:
        return [row["id"] for row in index.export()]


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
    names = {"document", "change", "story", "is_new_story", "is_new_text", "probability"}
    assert set(rows[0]) == names | {"nearest", "merged", "file", "line"}
    assert [row["line"] for row in rows] == [*range(1, len(rows) + 1)]
    assert {row["file"] for row in rows} == {str(NEWSROOM)}
    with Index(tmp_path / "stories", read_only=True) as opened:
        assert opened.window_minutes == 30 * 1440
        assert len(opened) == len(rows)


def test_index_add__keeps_what_came_before_a_stream_broke_off(tmp_path: Path) -> None:
    page = json.loads(NEWSROOM.read_text(encoding="utf-8").splitlines()[0])
    rows = lines(*(page | {"id": str(place)} for place in range(1500)))
    (tmp_path / "crawl.jsonl").write_text(rows + "{", encoding="utf-8")
    words = ("add", tmp_path / "stories", tmp_path / "crawl.jsonl")
    done = dedupe(*words, "--on-error", "fail")
    assert done.returncode == 2
    assert f"{tmp_path / 'crawl.jsonl'}:1501" in done.stderr
    with Index(tmp_path / "stories", read_only=True) as opened:
        assert len(opened) == 1500
        assert opened.stats()["commits"] == 2


def test_index_add__documents_without_an_id_are_named_by_url_or_text(tmp_path: Path) -> None:
    folder = tmp_path / "stories"
    pages = [{"text": f"{day} is a day.", "url": f"https://a.example/{day}"} for day in ("a", "b")]
    for page in pages:
        assert dedupe("add", folder, "-", given=lines(page)).returncode == 0
    for day in ("a", "b"):
        (tmp_path / day).mkdir()
        (tmp_path / day / "page.txt").write_text(f"On day {day}.", encoding="utf-8")
        assert dedupe("add", folder, tmp_path / day).returncode == 0
    listed = ids_of(folder)
    assert listed[:2] == [page["url"] for page in pages]
    assert len(set(listed)) == 4
    assert not any(":1" in name or "page" in name for name in listed)
    # As the library names them, so that the same again is nothing new.
    with Index(folder) as index:
        again = index.add_many([*pages, "On day a.", "On day b."])
        assert [match.change for match in again] == ["unchanged"] * 4
        assert [match.document for match in again] == listed


def test_index_add__an_id_given_again_is_a_new_version(tmp_path: Path) -> None:
    rows = [{"id": f"a{n}", "text": f"Words {n} of a page."} for n in range(3)]
    later = [rows[0] | {"text": "Other words of it."}, rows[1]]
    (tmp_path / "day.jsonl").write_text(lines(*rows, *later), encoding="utf-8")
    parquet.write_table(pa.Table.from_pylist([*rows, *later]), tmp_path / "day.parquet")
    for form in ("jsonl", "parquet"):
        done = dedupe("add", tmp_path / form, tmp_path / f"day.{form}", "--json")
        assert done.returncode == 0, done.stderr
        told = [json.loads(line) for line in done.stdout.splitlines()]
        assert [(one["document"], one["change"]) for one in told] == [
            *((f"a{n}", "new") for n in range(3)),
            ("a0", "version"),
            ("a1", "unchanged"),
        ]
        with Index(tmp_path / form, read_only=True) as index:
            assert [one["text"] for one in index.history("a0")] == [
                rows[0]["text"],
                later[0]["text"],
            ]
    done = dedupe("add", tmp_path / "jsonl", "-", given=lines(rows[0], {"text": "New."}, rows[2]))
    assert done.stdout.startswith(
        "3 documents read: 1 new to the index, 1 new version, 1 unchanged; "
    )


def write_big_lines(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text(lines(*rows), encoding="utf-8")


INPUTS: dict[str, Callable[[Path, list[dict[str, Any]]], object]] = {
    "day.jsonl": write_big_lines,
    "day.jsonl.gz": lambda path, rows: path.write_bytes(gzip.compress(lines(*rows).encode())),
    "day.json": lambda path, rows: path.write_text(json.dumps(rows), encoding="utf-8"),
    "day.csv": lambda path, rows: csv.write_csv(pa.Table.from_pylist(rows), path),
    "day.parquet": lambda path, rows: parquet.write_table(pa.Table.from_pylist(rows), path),
}


@pytest.mark.parametrize("name", INPUTS)
def test_commits__hold_a_thousand_whatever_the_form(tmp_path: Path, name: str) -> None:
    rows = [{"id": str(n), "text": f"Word {n}. " * 45} for n in range(3300)]
    INPUTS[name](tmp_path / name, rows)
    how = incoming.How({}, OnError.SKIP)
    with incoming.Rejects(None) as refused:
        found = [*incoming.commits([str(tmp_path / name)], how, refused)]
    assert [len(one.documents) for one in found] == [1000, 1000, 1000, 300]
    first = 2 if name == "day.csv" else 1
    places = [place for one in found for place in one.places]
    assert places == [(str(tmp_path / name), first + n) for n in range(3300)]
    names = [name for one in found for name in one.documents.column("id").to_pylist()]
    assert names == [row["id"] for row in rows]


class Slow:
    """A command that is given lines as a slow crawl gives them."""

    def __init__(self, *arguments: str | Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", MAIN, "index", *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ask(self, *rows: dict[str, Any]) -> list[dict[str, Any]]:
        """Give some lines, and return what is said of each while standard input stays open."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(lines(*rows))
        self._process.stdin.flush()
        return [json.loads(self._process.stdout.readline()) for _ in rows]

    def interrupt(self) -> tuple[int, str]:
        self._process.send_signal(signal.SIGINT)
        _, told = self._process.communicate(timeout=120)
        return self._process.returncode, told

    def finish(self) -> int:
        self._process.communicate(timeout=120)
        return self._process.returncode


def test_index_add__what_a_slow_pipe_has_given_is_added_and_outlives_ctrl_c(
    tmp_path: Path,
) -> None:
    page = json.loads(NEWSROOM.read_text(encoding="utf-8").splitlines()[0])
    folder = tmp_path / "stories"
    slow = Slow("add", folder, "-", "--json")
    assert [one["is_new_story"] for one in slow.ask(page | {"id": "first"})] == [True]
    assert ids_of(folder) == ["first"]
    told = slow.ask(*(page | {"id": str(n)} for n in range(300)))
    assert Counter(one["story"] for one in told) == {"first": 300}
    assert len(ids_of(folder)) == 301
    code, said = slow.interrupt()
    assert code == 130
    assert "interrupted" in said
    assert "Traceback" not in said
    assert len(ids_of(folder)) == 301
    assert json.loads(dedupe("check", folder, "--json").stdout)["faults"] == []


def test_index_add__a_closed_standard_input_is_a_message(tmp_path: Path) -> None:
    words = [sys.executable, "-c", MAIN, "index", "add", str(tmp_path / "stories"), "-"]
    command = ["sh", "-c", 'exec "$@" <&-', "sh", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("dedupe: -: standard input is closed")


def test_index_add__bad_records_of_a_pipe_are_told_and_the_rest_is_added(tmp_path: Path) -> None:
    given = lines({"id": "a", "text": "A."}) + "{\n" + lines({"id": "b"})
    given += '{"id": "c", "text": "C."}'
    done = dedupe("add", tmp_path / "stories", "-", given=given)
    assert done.returncode == 0, done.stderr
    assert [line.split(" rejected")[0] for line in done.stderr.splitlines()] == [
        "dedupe: -:2:",
        "dedupe: -:3:",
    ]
    assert ids_of(tmp_path / "stories") == ["a", "c"]


@pytest.mark.parametrize("name", ["day.jsonl.gz", "day.parquet", "day.jsonl", "pages"])
def test_index_add__nothing_but_bad_records_exits_3(tmp_path: Path, name: str) -> None:
    place = tmp_path / name
    if name == "pages":
        place.mkdir()
        place = place / "page.txt"
    place.write_bytes({".gz": b"\x1f\x8bno", ".parquet": b"PAR1no"}.get(place.suffix, b"\xff\n"))
    done = dedupe("add", tmp_path / "stories", tmp_path / name)
    assert done.returncode == 3
    assert done.stdout == ""
    assert "1 of 1 records are bad; nothing was added" in done.stderr
    assert not (tmp_path / "stories").exists()


@pytest.mark.parametrize("words", [["compact"], ["remove", "a"]], ids=" ".join)
def test_index__a_wrong_path_makes_no_index(tmp_path: Path, words: list[str]) -> None:
    done = dedupe(words[0], tmp_path / "storeis", *words[1:])
    assert (done.returncode, done.stdout) == (2, "")
    assert "holds no index" in done.stderr
    assert list(tmp_path.iterdir()) == []


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


def test_index_add__rejects_of_an_earlier_run_go_only_when_there_are_new_ones(
    tmp_path: Path,
) -> None:
    listed = tmp_path / "rejects.jsonl"
    listed.write_text("of an earlier run\n")
    absent = dedupe("add", tmp_path / "x", tmp_path / "absent.jsonl", "--rejects", listed)
    assert absent.returncode == 2
    assert listed.read_text() == "of an earlier run\n"
    (tmp_path / "bad.jsonl").write_text('{"text": 3\n{"a": 1}\n{"text": "Some words."}\n')
    assert dedupe("add", tmp_path / "x", tmp_path / "bad.jsonl", "--rejects", listed).stderr == ""
    assert [json.loads(line)["line"] for line in listed.read_text().splitlines()] == [1, 2]
    (tmp_path / "good.jsonl").write_text('{"text": "Some words."}\n')
    assert dedupe("add", tmp_path / "x", tmp_path / "good.jsonl", "--rejects", listed).stderr == ""
    assert listed.read_text() == ""


@pytest.mark.parametrize("command", ["add", "query"])
def test_index__rejects_never_go_where_something_is_read(
    index: Path, tmp_path: Path, command: str
) -> None:
    pages = tmp_path / "pages"
    pages.mkdir()
    given = pages / "crawl.jsonl"
    given.write_text('{"text": "Some words."}\n')
    (tmp_path / "link").symlink_to(given)
    for listed in (given, tmp_path / "link", pages / "rejects.jsonl", index / "catalog.sqlite"):
        before = {path: path.read_bytes() for path in (*pages.iterdir(), *index.iterdir())}
        done = dedupe(command, index, given, pages, "--rejects", listed)
        assert done.returncode == 2
        assert f"{listed}: " in done.stderr
        assert "which this command reads; give another file" in done.stderr
        assert before == {path: path.read_bytes() for path in (*pages.iterdir(), *index.iterdir())}


def test_index_add__rejects_on_a_full_disk_are_a_message(tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no device that is always full")
    (tmp_path / "bad.jsonl").write_text('{"text": 3\n{"text": "Some words."}\n')
    done = dedupe("add", tmp_path / "x", tmp_path / "bad.jsonl", "--rejects", full)
    assert done.returncode == 2
    assert done.stderr == "dedupe: /dev/full: cannot be written (No space left on device)\n"


def test_index_remove__takes_a_document_out(tmp_path: Path) -> None:
    (tmp_path / "two.jsonl").write_text(
        '{"id": "a", "text": "Words."}\n{"id": "b", "text": "B."}\n'
    )
    assert dedupe("add", tmp_path / "stories", tmp_path / "two.jsonl").returncode == 0
    done = dedupe("remove", tmp_path / "stories", "a", "c")
    assert done.stdout == "a: removed\nc: not in the index\n"
    assert done.returncode == 2
    assert "holds no document c;" in done.stderr
    assert json.loads(dedupe("remove", tmp_path / "stories", "b", "--json").stdout) == {"b": True}
    assert json.loads(dedupe("stats", tmp_path / "stories", "--json").stdout)["documents"] == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [([], "a: removed\nc: not in the index\n"), (["--json"], '{"a":true,"c":false}')],
    ids=["text", "json"],
)
def test_index_remove__takes_an_id_given_twice_for_one(
    tmp_path: Path, words: list[str], says: str
) -> None:
    (tmp_path / "one.jsonl").write_text('{"id": "a", "text": "Words."}\n')
    assert dedupe("add", tmp_path / "stories", tmp_path / "one.jsonl").returncode == 0
    done = dedupe("remove", tmp_path / "stories", "a", "a", "c", "c", *words)
    assert (json.loads(done.stdout) == json.loads(says)) if words else (done.stdout == says)
    assert done.returncode == 2
    assert "holds no document c;" in done.stderr
    assert dedupe("add", tmp_path / "stories", tmp_path / "one.jsonl").returncode == 0
    assert dedupe("remove", tmp_path / "stories", "a", "a").returncode == 0


def test_index_query__names_the_story_and_its_origin(index: Path, tmp_path: Path) -> None:
    page = json.loads(NEWSROOM.read_text(encoding="utf-8").splitlines()[0])
    (tmp_path / "page.txt").write_text(page["text"], encoding="utf-8")
    done = dedupe("query", index, tmp_path / "page.txt", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["file"], found["line"]) == (str(tmp_path / "page.txt"), 1)
    assert found["is_new_story"] is False
    assert found["relation"]
    assert found["passages"]
    told = dedupe("query", index, tmp_path / "page.txt")
    assert told.stdout.startswith(f"story {found['story']}:")


def test_index_query__answers_each_document_as_add_would_take_it(
    index: Path, tmp_path: Path
) -> None:
    given = NEWSROOM.read_text(encoding="utf-8").splitlines()[:3]
    pages = [json.loads(line) for line in given]
    (tmp_path / "three.jsonl").write_text("\n".join(given), encoding="utf-8")
    (tmp_path / "one.jsonl").write_text(given[0], encoding="utf-8")
    alone = dedupe("query", index, tmp_path / "one.jsonl", "--json")
    done = dedupe("query", index, tmp_path / "three.jsonl", "--json")
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["document"] for one in found] == [page["id"] for page in pages]
    assert [(one.pop("file"), one.pop("line")) for one in found] == [
        (str(tmp_path / "three.jsonl"), line) for line in (1, 2, 3)
    ]
    (line,) = alone.stdout.splitlines()
    assert json.loads(line) == found[0] | {"file": str(tmp_path / "one.jsonl"), "line": 1}
    told = dedupe("query", index, tmp_path / "one.jsonl")
    assert [line.split(" ")[0] for line in told.stdout.splitlines()] == ["story", "origin:"]
    told = dedupe("query", index, tmp_path / "one.jsonl", tmp_path / "three.jsonl")
    assert [line.partition(": story ")[0] for line in told.stdout.splitlines()] == [
        f"{tmp_path / 'one.jsonl'}:1",
        *(f"{tmp_path / 'three.jsonl'}:{line}" for line in (1, 2, 3)),
    ]
    renamed = [{"id": page["id"], "story_body": page["text"]} for page in pages[:1]]
    done = dedupe("query", index, "-", "--field", "text=story_body", given=lines(*renamed))
    assert done.stdout.startswith(f"-:1: story {found[0]['story']}: ")
    bad = dedupe("query", index, "-", given="{\n")
    assert bad.returncode == 3
    assert "nothing was asked" in bad.stderr


@pytest.mark.parametrize("date", ["2024-03-01T10:00:00", "2024-03-01"])
def test_index_query__a_date_without_a_zone_is_within_a_window(tmp_path: Path, date: str) -> None:
    page = json.loads(NEWSROOM.read_text(encoding="utf-8").splitlines()[0])
    asked = page | {"id": "asked", "published": date, "fetched": None}
    (tmp_path / "asked.jsonl").write_text(lines(asked, asked), encoding="utf-8")
    with Index(tmp_path / "stories", window="30d") as opened:
        opened.add(page | {"published": "2024-03-02T10:00:00Z", "fetched": None})
        assert not opened.query(asked).is_new_story
    done = dedupe("query", tmp_path / "stories", tmp_path / "asked.jsonl", "--json")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(one["story"], one["is_new_story"]) for one in found] == [(page["id"], False)] * 2


def test_index_query__answers_a_slow_pipe_at_once(index: Path) -> None:
    pages = [json.loads(line) for line in NEWSROOM.read_text(encoding="utf-8").splitlines()[:2]]
    slow = Slow("query", index, "-", "--json")
    for page in pages:
        (told,) = slow.ask(page)
        assert told["document"] == page["id"]
        assert told["is_new_story"] is False
    assert slow.finish() == 0


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
    quiet = dedupe("compact", folder, "--quiet")
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")
    told = dedupe("stats", folder).stdout
    assert "in 1 commit\n" in told
    assert "1 segment, 0 documents not yet in one" in told


def test_index_query__without_an_index_says_so(tmp_path: Path) -> None:
    (tmp_path / "page.txt").write_text("Words.", encoding="utf-8")
    done = dedupe("query", tmp_path / "none", tmp_path / "page.txt")
    assert done.returncode == 2
    assert "holds no index" in done.stderr
    assert not (tmp_path / "none").exists()
