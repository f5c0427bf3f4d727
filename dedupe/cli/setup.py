"""Commands about the installation: doctor, config show."""

import dataclasses
import json
import platform
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import typer

import dedupe
from dedupe.cli import terminal
from dedupe.cli.codes import Code
from dedupe.cli.options import Json, SettingsFile

if TYPE_CHECKING:
    from rich.console import RenderableType

    from dedupe.settings import Settings

DISTRIBUTION = "dedupe-news"

config = typer.Typer(help="Show settings.", no_args_is_help=True, rich_markup_mode="rich")


def register(app: typer.Typer) -> None:
    """Add the commands of this module to the application."""
    app.command("doctor", epilog=_DOCTOR_EXAMPLES)(doctor)
    config.command("show", epilog=_SHOW_EXAMPLES)(show)
    app.add_typer(config, name="config")


def doctor(json: Json = False) -> None:
    """Check the installation: versions, extras, kernel cache; tell cores and temporary space."""
    findings = examine()
    if json:
        terminal.emit_json(findings)
    else:
        terminal.emit_rich(render(findings))
    if findings["problems"]:
        raise typer.Exit(Code.USAGE)


def examine() -> dict[str, Any]:
    """Return what `dedupe doctor` found, as plain values."""
    from dedupe.kernels._cache import cache_folder
    from dedupe.threads import n_cores

    core, extras = _requirements()
    packages = {name: _installed(name) for name in core}
    needs = core | {name: need for names in extras.values() for name, need in names.items()}
    folder = cache_folder()
    findings: dict[str, Any] = {
        "version": dedupe.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": packages,
        "extras": {
            extra: {name: _installed(name) for name in names} for extra, names in extras.items()
        },
        "kernel_cache": None if folder is None else str(folder),
        "cores": n_cores(),
        "temporary_folder": tempfile.gettempdir(),
        "temporary_free_bytes": shutil.disk_usage(tempfile.gettempdir()).free,
    }
    return findings | {"problems": list(_problems(findings, needs))}


def _problems(findings: Mapping[str, Any], needs: Mapping[str, str]) -> Iterator[str]:
    for name, found in findings["packages"].items():
        if found is None:
            yield f'{name} is missing; install it with: pip install "{needs[name]}"'
    installed = findings["packages"] | {
        name: found for names in findings["extras"].values() for name, found in names.items()
    }
    for name, found in installed.items():
        if found is not None and not _fits(found, needs[name]):
            yield f'{name} is {found}; install another with: pip install "{needs[name]}"'
    if findings["kernel_cache"] is None:
        yield (
            "no folder can keep compiled kernels, so every run compiles them anew; "
            "set NUMBA_CACHE_DIR to a folder that can be written"
        )
    if _installed("dedupe"):
        yield (
            'another project, "dedupe", is installed and uses the same import name; '
            "keep the two in different environments"
        )


def _requirements() -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """Return by name what this package needs, as "numpy>=2.0", and what each extra does."""
    from importlib import metadata

    core: dict[str, str] = {}
    extras: dict[str, dict[str, str]] = {}
    try:
        requirements = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return core, extras
    for requirement in requirements:
        name = re.split(r"[^\w.-]", requirement, maxsplit=1)[0]
        extra = re.search(r"extra\s*==\s*['\"]([\w-]+)['\"]", requirement)
        need = requirement.partition(";")[0].strip()
        if extra is None:
            core[name] = need
        elif name != DISTRIBUTION:
            extras.setdefault(extra[1], {})[name] = need
    return core, extras


def _fits(version: str, need: str) -> bool:
    """Say whether a version is within the bounds of a requirement: ">=" and "<" of releases."""
    found = _release(version)
    bounds = re.findall(r"(>=|<)\s*(\d[\d.]*)", need)
    return all((found >= _release(bound)) == (sign == ">=") for sign, bound in bounds)


def _release(version: str) -> list[int]:
    """Return the numbers of a release; what follows them, and zeros at the end, do not count."""
    release = re.match(r"\d+(\.\d+)*", version)
    numbers = [int(number) for number in release[0].split(".")] if release else []
    while numbers and not numbers[-1]:
        numbers.pop()
    return numbers


def _installed(name: str) -> str | None:
    from importlib import metadata

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def render(findings: Mapping[str, Any]) -> Iterator["RenderableType"]:
    """Yield the findings for a person, the problems last."""
    from rich.text import Text

    yield Text(f"dedupe {findings['version']}, Python {findings['python']}", style="bold")
    yield Text(findings["platform"])
    yield Text(f"core: {_versions(findings['packages'])}")
    for extra, packages in findings["extras"].items():
        missing = [name for name, found in packages.items() if found is None]
        state = f"missing {', '.join(missing)}" if missing else "ready"
        yield Text(f"extra {extra}: {state}")
    yield Text(f"kernel cache: {findings['kernel_cache'] or 'none'}")
    free = findings["temporary_free_bytes"] / 1e9
    yield Text(f"cores: {findings['cores']}")
    yield Text(f"temporary space: {free:.1f} GB free in {findings['temporary_folder']}")
    for problem in findings["problems"]:
        yield Text(f"problem: {problem}", style="bold red")
    if not findings["problems"]:
        yield Text("No problems found.")


def _versions(packages: Mapping[str, str | None]) -> str:
    return ", ".join(f"{name} {found or 'missing'}" for name, found in packages.items()) or "?"


_DOCTOR_EXAMPLES = """
[bold]Example[/bold]

dedupe doctor --json
"""

_SHOW_EXAMPLES = """
[bold]Examples[/bold]

dedupe config show > dedupe.toml

dedupe config show --settings dedupe.toml
"""


@config.callback()
def _config() -> None:
    """Show settings."""


def show(settings_file: SettingsFile = None) -> None:
    """Print the settings as TOML, each with what it means; a file to start from."""
    from dedupe.settings import Settings

    with terminal.session():
        settings = Settings() if settings_file is None else Settings.load(settings_file)
        terminal.emit(to_toml(settings))


def to_toml(settings: "Settings") -> str:
    """Return settings as TOML that `Settings.load` reads back to the same."""
    meanings = _meanings(type(settings).__doc__ or "")
    blocks = []
    for field in dataclasses.fields(settings):
        comment = "".join(f"# {line}\n" for line in meanings.get(field.name, ()))
        blocks.append(f"{comment}{field.name} = {_toml_value(getattr(settings, field.name))}\n")
    return "\n".join(blocks)


def _meanings(docstring: str) -> dict[str, list[str]]:
    """Return the lines that say what each attribute means, from a docstring."""
    meanings: dict[str, list[str]] = {}
    name = ""
    for line in docstring.partition("Attributes:")[2].splitlines():
        start = re.match(r"\s+(\w+): (.*)", line)
        if start and start[1] not in meanings:
            name = start[1]
            meanings[name] = [start[2]]
        elif name and line.strip():
            meanings[name].append(line.strip())
    return meanings


def _toml_value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, str):
        # A JSON string is a TOML string.
        return json.dumps(value, ensure_ascii=False)
    raise TypeError(f"a setting is a text, a number or a truth value, not {value!r}")
