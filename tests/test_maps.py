"""The docstring of a package is its map: every module of it stands there, and no other."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

PACKAGES = ["", *sorted(path.parent.name for path in ROOT.glob("dedupe/*/__init__.py"))]


def names(folder: Path) -> set[str]:
    """Return the modules of a package, and its packages as `name/`."""
    modules = {path.name for path in folder.glob("*.py")} - {"__init__.py"}
    return modules | {f"{path.parent.name}/" for path in folder.glob("*/__init__.py")}


@pytest.mark.parametrize("package", PACKAGES)
def test_map__names_every_module_of_its_package_and_no_other(package: str) -> None:
    folder = ROOT / "dedupe" / package
    docstring = ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8")))
    # A path into another folder, such as benchmarks/fit_pairs.py, is no entry of the map.
    entries = re.findall(r"(?<![\w/.])\w+(?:\.py\b|/(?!\w))", docstring or "")
    assert set(entries) == names(folder)
