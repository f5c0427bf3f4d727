import os
import subprocess
import sys
import tarfile
import zipfile
from configparser import ConfigParser
from pathlib import Path

import pytest

import dedupe

ROOT = Path(__file__).parent.parent


def built(kind: str, folder: Path) -> Path:
    """Build a "wheel" or an "sdist" into an empty folder."""
    pytest.importorskip(
        "hatchling", reason='the build backend is not here: pip install "hatchling"'
    )
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        env=os.environ | {"SOURCE_DATE_EPOCH": "1600000000"},
    )
    (path,) = folder.iterdir()
    return path


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    return zipfile.ZipFile(built("wheel", tmp_path_factory.mktemp("wheel")))


@pytest.fixture(scope="module")
def sdist_names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The files of a source distribution, by their paths in it."""
    with tarfile.open(built("sdist", tmp_path_factory.mktemp("sdist"))) as sdist:
        return {name.partition("/")[2] for name in sdist.getnames()}


def read(wheel: zipfile.ZipFile, suffix: str) -> str:
    (name,) = (name for name in wheel.namelist() if name.endswith(suffix))
    return wheel.read(name).decode()


def test_wheel__brings_the_newsroom_and_its_truth(wheel: zipfile.ZipFile) -> None:
    for name in ("newsroom.jsonl", "truth.jsonl"):
        assert wheel.read(f"dedupe/seeds/{name}") == (ROOT / "seeds" / name).read_bytes()


def test_wheel__is_typed_and_holds_every_module_and_table(wheel: zipfile.ZipFile) -> None:
    files = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "dedupe").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {"dedupe/py.typed", "dedupe/verify/model.json", "dedupe/kernels/text.py"} <= files
    assert {f"dedupe/report/template/page.{end}" for end in ("html", "css", "js")} <= files
    assert files <= set(wheel.namelist())


def test_wheel__holds_nothing_but_the_package(wheel: zipfile.ZipFile) -> None:
    tops = {name.partition("/")[0] for name in wheel.namelist()}
    assert len(tops) == 2
    assert "dedupe" in tops
    assert not [name for name in wheel.namelist() if "__pycache__" in name]


def test_sdist__brings_all_that_its_tests_read(sdist_names: set[str]) -> None:
    assert {
        ".ci/run",
        "README.md",
        "pyproject.toml",
        "seeds/newsroom.jsonl",
        "tests/crawl.py",
    } <= sdist_names


def test_sdist__brings_every_page_of_docs(sdist_names: set[str]) -> None:
    pages = {page.relative_to(ROOT).as_posix() for page in (ROOT / "docs").glob("*.md")}
    assert "docs/output.md" in pages
    assert pages <= sdist_names


def test_wheel__installs_the_command(wheel: zipfile.ZipFile) -> None:
    entries = ConfigParser()
    entries.read_string(read(wheel, "entry_points.txt"))
    assert entries["console_scripts"]["dedupe"] == "dedupe.__main__:main"


def test_wheel__carries_version_licence_and_readme(wheel: zipfile.ZipFile) -> None:
    assert f"\nVersion: {dedupe.__version__}\n" in read(wheel, "METADATA")
    assert "MIT" in read(wheel, "licenses/LICENSE")
    assert "dedupe demo" in read(wheel, "METADATA")


def test_public_names__are_no_names_of_modules() -> None:
    # Whoever imported such a module first would find it in the place of the name.
    modules = {path.stem for path in (ROOT / "dedupe").iterdir() if path.suffix in {".py", ""}}
    assert not modules & set(dedupe.__all__)
