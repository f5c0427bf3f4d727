"""The commands as a user runs them, on the bundled newsroom and on bad input."""

import gzip
import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from pyarrow import feather

from dedupe.result import DOCUMENTS, PAIRS, PASSAGES
from dedupe.result.folder import FILES

ROOT = Path(__file__).parent.parent
NEWSROOM = ROOT / "seeds" / "newsroom.jsonl"
MAIN = "from dedupe.__main__ import main; main()"
TEXT = "The ferry left the quay at noon and ran aground off the point in thick fog. " * 8


def dedupe(
    *arguments: str | Path, cwd: Path, given: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", MAIN, *map(str, arguments)],
        cwd=cwd,
        input=given,
        capture_output=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "100"},
    )


def lines(*records: Any) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Cluster the newsroom once; the folder holds `stories` and the JSON that was printed."""
    folder = tmp_path_factory.mktemp("run")
    done = dedupe(
        "cluster", NEWSROOM, "--out", "stories", "--json", "--csv", "--report", cwd=folder
    )
    assert done.returncode == 0, done.stderr
    (folder / "printed.json").write_bytes(done.stdout)
    return folder


def test_cluster__writes_the_contract(run: Path) -> None:
    out = run / "stories"
    expected = {*FILES} - {"rejects.jsonl", "archive"}
    assert {path.name for path in out.iterdir()} == expected
    for name, schema in (("documents", DOCUMENTS), ("pairs", PAIRS), ("passages", PASSAGES)):
        assert pq.read_schema(out / f"{name}.parquet").names == schema.names
    ids = [json.loads(line)["id"] for line in NEWSROOM.read_bytes().splitlines()]
    assert pq.read_table(out / "documents.parquet")["id"].to_pylist() == ids


def test_cluster__prints_what_it_wrote(run: Path) -> None:
    printed = json.loads((run / "printed.json").read_bytes())
    record = json.loads((run / "stories" / "run.json").read_bytes())
    rows = pq.read_metadata(run / "stories" / "pairs.parquet").num_rows
    assert printed["documents"] == record["documents"]
    assert printed["written"]["files"]["pairs.parquet"] == rows
    assert printed["documents"] == sum(printed["relations"].values())
    assert record["inputs"][0]["path"] == str(NEWSROOM)
    assert record["stages"][0]["stage"] == "read"


def test_cluster__an_earlier_result_is_replaced_only_when_told(run: Path, tmp_path: Path) -> None:
    (tmp_path / "one.jsonl").write_bytes(lines({"id": "one", "text": TEXT}))
    arguments = ("cluster", "one.jsonl", "--out", "stories")
    assert dedupe(*arguments, cwd=tmp_path).returncode == 0
    refused = dedupe(*arguments, cwd=tmp_path)
    assert refused.returncode == 2
    assert b"--overwrite" in refused.stderr
    assert dedupe(*arguments, "--overwrite", cwd=tmp_path).returncode == 0
    assert run.exists()


def test_filter__writes_one_of_each_story(run: Path) -> None:
    done = dedupe("filter", "stories", NEWSROOM, cwd=run)
    assert done.returncode == 0, done.stderr
    kept = [json.loads(line)["id"] for line in done.stdout.splitlines()]
    documents = pq.read_table(run / "stories" / "documents.parquet").to_pylist()
    story = {row["id"]: row["story"] for row in documents}
    assert sorted(story[name] for name in kept) == sorted(set(story.values()))


def test_filter__documents_that_were_not_clustered_are_named(run: Path, tmp_path: Path) -> None:
    (tmp_path / "new.jsonl").write_bytes(lines({"id": "stranger", "text": TEXT}))
    done = dedupe("filter", run / "stories", "new.jsonl", cwd=tmp_path)
    assert done.returncode == 2
    assert b'"stranger"' in done.stderr
    assert done.stdout == b""


def test_filter__records_keep_every_field_whatever_they_came_in(tmp_path: Path) -> None:
    other = "Quite another story about a bake sale in the old town hall, told at length. " * 8
    extra = {"body": other, "tags": ["sale"], "date": "4 March 2021"}
    (tmp_path / "a.jsonl").write_bytes(b"{bad\n" + lines({"text": TEXT}, {"text": TEXT}, extra))
    table = pa.table(
        {
            "text": ["A third story: the library keeps its lamps lit until ten, by vote. " * 8],
            "checked": [datetime(2021, 3, 4, tzinfo=UTC)],
            "raw": [b"caf\xc3\xa9"],
            "section": ["local"],
            "marks": [{"desk": "north", "grades": [1, 2]}],
        }
    )
    pq.write_table(table, tmp_path / "b.parquet")
    marred = pa.array([b"\xff"]).cast(pa.binary())
    marred = pa.Array.from_buffers(pa.string(), 1, marred.buffers())
    last = "A fourth one: hail broke the greenhouse roof, and the tomatoes with it. " * 8
    feather.write_feather(pa.table({"text": [last], "note": marred}), tmp_path / "c.arrow")
    inputs = ("a.jsonl", "b.parquet", "c.arrow")
    assert dedupe("cluster", *inputs, "--out", "out", cwd=tmp_path).returncode == 0
    done = dedupe("filter", "out", *inputs, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    kept = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(kept) == 4
    assert kept[1] == extra
    assert kept[2] == table.to_pylist()[0] | {"checked": "2021-03-04T00:00:00+00:00", "raw": "café"}
    assert kept[3] == {"text": last, "note": "\ufffd"}


def test_filter__documents_that_the_inputs_lack_are_counted(run: Path, tmp_path: Path) -> None:
    first = NEWSROOM.read_bytes().splitlines(keepends=True)[0]
    (tmp_path / "part.jsonl").write_bytes(first)
    done = dedupe("filter", run / "stories", "part.jsonl", cwd=tmp_path)
    assert done.returncode == 0
    n_stories = len(set(pq.read_table(run / "stories" / "documents.parquet")["story"].to_pylist()))
    n_lacking = n_stories - len(done.stdout.splitlines())
    assert f"{n_lacking} documents that stand for their stories are not" in done.stderr.decode()


def test_filter__a_folder_without_a_result_is_named(tmp_path: Path) -> None:
    done = dedupe("filter", "nowhere", NEWSROOM, cwd=tmp_path)
    assert done.returncode == 2
    assert b"nowhere" in done.stderr


def test_demo__json_is_the_same_as_data(tmp_path: Path) -> None:
    done = dedupe("demo", "--json", "--top", "2", cwd=tmp_path)
    data = json.loads(done.stdout)
    assert len(data["largest"]) == 2
    assert data["written"] is None
    assert list(tmp_path.iterdir()) == []


def test_compare__a_text_and_itself_are_one_story(tmp_path: Path) -> None:
    for name in ("a.txt", "b"):
        (tmp_path / name).write_text(TEXT, encoding="utf-8")
    done = dedupe("compare", "a.txt", "b", "--json", cwd=tmp_path)
    data = json.loads(done.stdout)
    assert data["same_story"] is True
    assert data["containment_a"] == 1.0
    assert data["a_first_probability"] == pytest.approx(0.5)
    assert set(data["passages"][0]) == {"a_start", "a_end", "b_start", "b_end"}
    assert b"The same story" in dedupe("compare", "a.txt", "b", cwd=tmp_path).stdout


def test_compare__a_file_of_records_holds_one(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(lines({"id": "x", "text": TEXT, "date": "2021-03-04"}))
    (tmp_path / "b.txt").write_text(TEXT, encoding="utf-8")
    assert dedupe("compare", "a.jsonl", "b.txt", cwd=tmp_path).returncode == 0
    (tmp_path / "a.jsonl").write_bytes(lines({"text": TEXT}, {"text": "Another."}))
    refused = dedupe("compare", "a.jsonl", "b.txt", cwd=tmp_path)
    assert refused.returncode == 2
    assert b"a.jsonl: holds 2 documents" in refused.stderr


GOOD = lines({"id": "good", "text": TEXT})

INPUTS = {
    "empty": (b"", 0),
    "an empty text": (lines({"id": "a", "text": ""}), 1),
    "one document": (GOOD, 1),
    "bad utf-8 after a good line": (GOOD + b'{"text": "\xff\xfe"}\n', 1),
    "NUL": (GOOD + lines({"id": "nul", "text": "a\x00b " + TEXT}), 2),
    "truncated gzip": (gzip.compress(GOOD * 1 + lines({"id": "b", "text": TEXT}))[:-9], None),
    "zstd": (zstandard.compress(GOOD), 1),
    "ids that climb": (lines({"id": "../../x", "text": TEXT}, {"id": "/etc/y", "text": TEXT}), 2),
    "impossible dates": (lines({"id": "a", "text": TEXT, "date": "2021-02-30"}), 1),
    "not JSON": (GOOD + b"{nonsense\n[1]\n", 1),
    "control characters": (lines({"id": "a\x1b", "text": TEXT, "title": "\x1b]0;x\x07"}), 1),
}


@pytest.mark.parametrize("name", INPUTS)
def test_cluster__plain_bad_input_is_counted_and_never_a_traceback(
    name: str, tmp_path: Path
) -> None:
    given, n_documents = INPUTS[name]
    done = dedupe("cluster", "-", "--out", "out", "--json", cwd=tmp_path, given=given)
    assert b"Traceback" not in done.stderr
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)
    if n_documents is not None:
        assert data["documents"] == n_documents
    assert data["rejects"] == len(rejects(tmp_path / "out"))
    assert list(tmp_path.iterdir()) == [tmp_path / "out"]


def rejects(folder: Path) -> list[dict[str, Any]]:
    path = folder / "rejects.jsonl"
    return [json.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["gone.jsonl"], b"gone.jsonl"),
        (["."], b"nothing readable"),
        (["twice.jsonl"], b'"same"'),
        (["fine.jsonl", "--field", "texxt=body"], b"texxt"),
        (["fine.jsonl", "--settings", "gone.toml"], b"gone.toml"),
        (["broken.jsonl", "--on-error", "fail"], b"broken.jsonl:1"),
    ],
)
def test_cluster__what_cannot_be_used_is_named_and_exits_2(
    words: list[str], said: bytes, tmp_path: Path
) -> None:
    if words != ["."]:
        (tmp_path / "twice.jsonl").write_bytes(lines({"id": "same", "text": "a"}) * 2)
        (tmp_path / "fine.jsonl").write_bytes(GOOD)
        (tmp_path / "broken.jsonl").write_bytes(b"{\n")
    done = dedupe("cluster", *words, "--out", "out", cwd=tmp_path)
    assert b"Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()
    assert done.returncode == 2
    assert said in done.stderr


def test_cluster__nothing_but_bad_records_exits_3(tmp_path: Path) -> None:
    (tmp_path / "fine.jsonl").write_bytes(GOOD)
    words = ("cluster", "fine.jsonl", "--field", "text=body", "--out", "out")
    done = dedupe(*words, cwd=tmp_path)
    assert done.returncode == 3
    assert b"fine.jsonl:1" in done.stderr
    assert b"body" in done.stderr
    assert not (tmp_path / "out").exists()


def test_cluster__ctrl_c_in_the_work_leaves_the_earlier_result(tmp_path: Path) -> None:
    (tmp_path / "one.jsonl").write_bytes(GOOD)
    assert dedupe("cluster", "one.jsonl", "--out", "out", cwd=tmp_path).returncode == 0
    before = {path: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    code = (
        "import dedupe, os, time;"
        "dedupe.find_duplicates = lambda *_, **__: (os.write(1, b'working'), time.sleep(600));"
        f"{MAIN}"
    )
    words = ["cluster", "one.jsonl", "--out", "out", "--overwrite"]
    process = subprocess.Popen(
        [sys.executable, "-c", code, *words],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    assert process.stdout.read(7) == b"working"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert b"interrupted" in err
    assert {path: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before
    assert {path.name for path in tmp_path.iterdir()} == {"one.jsonl", "out"}


DROPPED = """
import signal, weakref

def press():
    kept = type("Kept", (), {})()
    reference = weakref.ref(kept, lambda _: signal.raise_signal(signal.SIGINT))
    del kept
"""


@pytest.mark.parametrize(
    "where",
    [
        "import dedupe.pipeline as module; name = 'sketch'",
        "import dedupe.pipeline as module; name = '_record'",
        "import dedupe.cli.corpus as module; name = 'write_csv'",
        "import dedupe.cli.corpus as module; name = 'written_files'",
    ],
)
def test_cluster__ctrl_c_that_python_drops_ends_the_run_all_the_same(
    tmp_path: Path, where: str
) -> None:
    """One that meets the callback of a weak reference is printed as ignored."""
    (tmp_path / "one.jsonl").write_bytes(GOOD)
    wrapped = (
        f"{DROPPED}\n{where}\n"
        "real = getattr(module, name)\n"
        "setattr(module, name, lambda *args, **named: (press(), real(*args, **named))[1])\n"
        f"{MAIN}"
    )
    done = subprocess.run(
        [sys.executable, "-c", wrapped, "cluster", "one.jsonl", "--out", "out", "--csv"],
        cwd=tmp_path,
        capture_output=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert b"Exception ignored" in done.stderr
    assert done.stderr.endswith(b"dedupe: interrupted; nothing half-written is left\n")
    assert done.returncode == 130
    # What was written before it came stays.
    assert (tmp_path / "out").exists() == ("written_files" in where)


def test_cluster__awaits_its_modules_before_it_uses_them(tmp_path: Path) -> None:
    """Two threads that import the same modules may wait for each other."""
    (tmp_path / "one.jsonl").write_bytes(GOOD)
    code = (
        "import dedupe, sys, threading, time\n"
        "class Slow:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'dedupe.pipeline':\n"
        "            time.sleep(2)\n"
        "sys.meta_path.insert(0, Slow())\n"
        "def find_duplicates(*_, **__):\n"
        "    print('dedupe.pipeline' in sys.modules, threading.active_count())\n"
        "    sys.exit(7)\n"
        "dedupe.find_duplicates = find_duplicates\n"
        f"{MAIN}"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "cluster", "one.jsonl", "--out", "out"],
        cwd=tmp_path,
        capture_output=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert (done.returncode, done.stdout) == (7, b"True 1\n"), done.stderr


def test_filter__whole_numbers_beyond_64_bits_stay_whole(tmp_path: Path) -> None:
    vast = 123456789012345678901234567890
    rows = [{"id": vast + place, "text": TEXT[place:], "n": [-vast, 1e300]} for place in (0, 400)]
    (tmp_path / "pages.jsonl").write_bytes(lines(*rows))
    done = dedupe("cluster", "pages.jsonl", "--out", "out", "-q", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    ids = pq.read_table(tmp_path / "out" / "documents.parquet")["id"].to_pylist()
    assert ids == [str(row["id"]) for row in rows]
    kept = dedupe("filter", "out", "pages.jsonl", cwd=tmp_path)
    assert kept.returncode == 0, kept.stderr
    found = [json.loads(line) for line in kept.stdout.splitlines()]
    assert found
    assert all(row in rows for row in found)


@pytest.mark.parametrize(
    ("command", "how", "code"),
    [
        ("doctor", {"stdout": 1}, 2),
        ("compare a.txt a.txt", {"stdout": 1}, 2),
        ("cluster - --out x", {"stdin": 0}, 2),
        ("compare a.txt a.txt", {"stderr": 2}, 0),
    ],
)
def test_dedupe__a_closed_stream_is_told_and_is_no_fault(
    tmp_path: Path, command: str, how: dict[str, int], code: int
) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    ((name, descriptor),) = how.items()
    main = f"import os; os.close({descriptor}); os.execv({sys.executable!r}, "
    main += f"[{sys.executable!r}, '-c', {MAIN!r}, *{command.split()!r}])"
    done = subprocess.run(
        [sys.executable, "-c", main],
        cwd=tmp_path,
        capture_output=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == code, done.stderr
    assert b"Traceback" not in done.stderr
    if name != "stderr":
        assert b"closed" in done.stderr


def test_cluster__a_folder_that_cannot_be_replaced_is_refused_at_once(tmp_path: Path) -> None:
    done = dedupe("cluster", NEWSROOM, "--out", ".", cwd=tmp_path)
    assert done.returncode == 2
    assert b".: cannot be replaced; choose a folder within it" in done.stderr
    assert not list(tmp_path.iterdir())
