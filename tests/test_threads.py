"""Ranges of rows shared out among threads, and who else may be at work in the process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import dedupe
from dedupe import Settings, find_duplicates, threads
from dedupe.arrays import equals
from dedupe.read import read
from dedupe.threads import for_ranges
from dedupe.verify import blocks, measures

ROOT = Path(__file__).parent.parent
NEWSROOM = ROOT / "seeds" / "newsroom.jsonl"


def test_for_ranges__works_in_a_child_forked_after_use(tmp_path: Path) -> None:
    code = (
        "import os, warnings\nimport numpy as np\n"
        "from dedupe.kernels import sketch\nfrom dedupe.threads import for_ranges\n"
        "warnings.simplefilter('ignore')\n"
        "values, row = np.arange(6, dtype=np.uint64), np.full(16, sketch.EMPTY, np.uint32)\n"
        "def work(start, end):\n"
        "    sketch.fill_empty_slots(values[start:end], row)\n    return end\n"
        "assert for_ranges(work, [0, 2, 4, 6], 2) == [2, 4, 6]\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    os._exit(for_ranges(work, [0, 2, 4, 6], 2) != [2, 4, 6])\n"
        "print(os.waitpid(child, 0)[1])\n"
    )
    # The fork is of interest where kernels are compiled, whatever this run of the tests does.
    inherited = {name: value for name, value in os.environ.items() if name[:6] != "NUMBA_"}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env=inherited | {"PYTHONPATH": str(ROOT), "NUMBA_CACHE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "0"


@pytest.mark.parametrize("n_threads", [0, 1, 2, 9])
def test_for_ranges__answers_keep_the_order_of_the_ranges(n_threads: int) -> None:
    bounds = np.array([0, 3, 3, 10])
    answers = for_ranges(lambda start, end: (start, end), bounds.tolist(), n_threads)
    assert answers == [(0, 3), (3, 3), (3, 10)]
    assert for_ranges(lambda start, end: (start, end), [5], n_threads) == []


@pytest.mark.parametrize("n_threads", [1, 3])
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_for_ranges__error_comes_through_and_later_ranges_are_dropped(
    error: type[BaseException], n_threads: int
) -> None:
    begun: list[int] = []
    raised = threading.Event()

    def work(start: int, _end: int) -> None:
        begun.append(start)
        if start == 0:
            raise error
        raised.wait(60)

    with pytest.raises(error):
        for_ranges(work, range(101), n_threads)
    raised.set()
    for thread in threading.enumerate():
        if thread.name.startswith("dedupe"):
            thread.join(60)
    assert len(begun) <= n_threads + 1


def test_for_ranges__interrupt_does_not_wait_for_ranges_at_work() -> None:
    code = (
        "import os, time\nfrom dedupe.threads import for_ranges\n"
        "def work(start, end):\n    os.write(1, b'at work\\n')\n    time.sleep(600)\n"
        "try:\n    for_ranges(work, [0, 1, 2], 2)\n"
        "except KeyboardInterrupt:\n    os._exit(130)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        try:
            # With both at work, the main thread has nothing left to start: it waits.
            assert [process.stdout.readline() for _ in range(2)] == ["at work\n"] * 2
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 130
        finally:
            process.kill()


@pytest.mark.needs_jit
def test_settings__their_threads_are_those_of_every_stage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked() -> int:
        raise AssertionError("threads were to be as many as there are cores")

    pages = [json.loads(line) for line in NEWSROOM.read_text("utf-8").splitlines()]
    one = Settings(threads=1)
    # Who is told no number takes the number of cores, and asks for it.
    for module in (threads, equals, measures, blocks):
        monkeypatch.setattr(module, "n_cores", asked)
    find_duplicates(pages[::2], one, keep=True).save(tmp_path / "earlier")
    find_duplicates(pages[1::2], one, against=tmp_path / "earlier")
    result = find_duplicates(read([NEWSROOM]), one)
    assert dedupe.explain(result, "dailysift-toll", "tricoast-toll").one_story
    with dedupe.Index(tmp_path / "index", settings=one) as index:
        index.add_many(pages)
        story = index.story("dailysift-toll")
        assert story is not None
        assert story.origin
    with pytest.raises(AssertionError, match="as many as there are cores"):
        find_duplicates(pages, Settings(threads=0))
