"""Modules, not seconds: what is imported costs the same on every machine."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

HEAVY = {
    "numba", "numpy", "scipy", "sklearn", "pyarrow", "datasketch", "orjson", "zstandard", "scrapy",
}  # fmt: skip


def imported_by(code: str) -> set[str]:
    """Return the top-level modules that a fresh interpreter holds after `code`."""
    return {name.partition(".")[0] for name in modules_after(code)}


def modules_after(code: str) -> set[str]:
    """Return all modules that a fresh interpreter holds after `code`."""
    report = "import sys, atexit; atexit.register(lambda: print(*sys.modules, file=sys.stderr));"
    done = subprocess.run(
        [sys.executable, "-c", report + code],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    return set(done.stderr.splitlines()[-1].split())


def command(*words: str) -> str:
    return f"sys.argv = ['dedupe', *{words}]; from dedupe.cli import main; main()"


@pytest.mark.parametrize(
    "code",
    [
        command("--help"),
        command("cluster", "--help"),
        command("--version"),
        command("config", "show"),
        "import dedupe",
        "import dedupe; dedupe.Settings()",
        "import dedupe; dir(dedupe)",
    ],
)
def test_startup__nothing_heavy_is_imported(code: str) -> None:
    modules = imported_by(code)
    assert "dedupe" in modules
    assert modules & HEAVY == set()


def test_startup__the_command_lets_numpy_begin_no_threads() -> None:
    code = (
        "import os, sys; sys.argv = ['dedupe', '--version']\n"
        "from dedupe.__main__ import main\n"
        "try: main()\n"
        "except SystemExit: import numpy, threadpoolctl\n"
        "print([pool['num_threads'] for pool in threadpoolctl.threadpool_info()])"
    )
    environment = {name: value for name, value in os.environ.items() if "NUM_THREADS" not in name}
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=environment | {"PYTHONPATH": str(ROOT)},
    )
    assert set(ast.literal_eval(done.stdout.splitlines()[-1])) <= {1}


def test_startup__the_check_sees_what_is_imported() -> None:
    assert "orjson" in imported_by("import dedupe, orjson")


def test_startup__a_run_imports_no_linear_algebra_and_no_scikit_learn() -> None:
    texts = ["The harbour bridge was closed on Tuesday. " * n for n in (1, 9)]
    # Kernels may be compiled in the first run; in the second they are loaded.
    for _ in range(2):
        modules = modules_after(f"import dedupe; dedupe.find_duplicates({texts})")
        assert "numba" in modules
        assert modules & {"scipy.linalg", "scipy.sparse", "sklearn"} == set()
    # That is imported where an array's own method is called, as in `signs.sum()`.
    assert "numba.np.arraymath" not in modules


@pytest.mark.needs_jit
def test_startup__numba_still_finds_linear_algebra_for_the_code_of_others() -> None:
    code = (
        "import numba, numpy as np\n"
        "from dedupe.kernels import text\n"
        "dot = numba.njit(lambda a, b: np.dot(a, b))\n"
        "assert dot(np.ones(3), np.ones(3)) == 3"
    )
    assert "scipy.linalg" in modules_after(f"exec({code!r})")
