"""Ctrl-C at the command line."""

import contextlib
import functools
import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import dedupe.cli
from dedupe import interrupts
from dedupe.cli import setup, terminal
from dedupe.in_place import put_in_place
from tests import invented

press = functools.partial(signal.raise_signal, signal.SIGINT)


@pytest.fixture(autouse=True)
def _own_handler(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(interrupts, "_came", [])
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def press_within_an_import() -> None:
    exec(compile("press()", "<frozen importlib._bootstrap>", "exec"), {"press": press})  # noqa: S102 - as Python's own frames


def test_listen__ctrl_c_is_raised_and_remembered() -> None:
    interrupts.listen()
    interrupts.check()
    with pytest.raises(KeyboardInterrupt):
        press()
    assert interrupts.came()
    with pytest.raises(KeyboardInterrupt):
        interrupts.check()


def test_listen__within_an_import_the_first_waits_and_the_second_does_not() -> None:
    interrupts.listen()
    press_within_an_import()
    with pytest.raises(KeyboardInterrupt):
        interrupts.check()
    with pytest.raises(KeyboardInterrupt):
        press_within_an_import()


def test_listen__leaves_the_handler_of_another() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    interrupts.listen()
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_session__ends_by_a_ctrl_c_that_came() -> None:
    interrupts.listen()
    with pytest.raises(KeyboardInterrupt), terminal.session():
        press_within_an_import()


def test_session__a_report_of_progress_raises_a_ctrl_c_that_came() -> None:
    interrupts.listen()
    with contextlib.suppress(KeyboardInterrupt), terminal.session(quiet=True) as on_progress:
        press_within_an_import()
        with pytest.raises(KeyboardInterrupt):
            on_progress("read", 0, 1)


def test_session__takes_no_signal_over() -> None:
    with terminal.session():
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def press_then(work: Callable[..., Any]) -> Callable[..., Any]:
    """Return what does some work, the first time after a Ctrl-C that met an import."""

    def pressed(*arguments: Any, **options: Any) -> Any:
        if not interrupts.came():
            press_within_an_import()
        return work(*arguments, **options)

    return pressed


def invoke(*arguments: object) -> Result:
    interrupts.listen()
    return CliRunner().invoke(dedupe.cli.app, list(map(str, arguments)), prog_name="dedupe")


def test_put_in_place__what_stood_there_stays_where_ctrl_c_came(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text("before", encoding="utf-8")
    interrupts.listen()
    with contextlib.suppress(KeyboardInterrupt), put_in_place(path) as beside:
        beside.write_text("after", encoding="utf-8")
        press_within_an_import()
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_text(encoding="utf-8") == "before"


@pytest.mark.parametrize(
    "command", [["report"], ["report", "--out", "-"], ["sources", "--graphml"], ["sources"]]
)
def test_commands__after_ctrl_c_nothing_is_written_or_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    from dedupe.result import Result as Run

    invented.newsroom().save(tmp_path / "run")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Run, "load", press_then(Run.load))
    before = sorted(tmp_path.rglob("*"))
    name, *options = command
    done = invoke(name, "run", *options, *["net.graphml"][: options == ["--graphml"]])
    assert interrupts.came()
    assert done.exit_code
    assert done.stdout == ""
    assert sorted(tmp_path.rglob("*")) == before


def test_commands__after_ctrl_c_no_settings_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "to_toml", press_then(setup.to_toml))
    done = invoke("config", "show")
    assert interrupts.came()
    assert done.exit_code
    assert done.stdout == ""


@pytest.mark.needs_jit
def test_commands__after_ctrl_c_an_index_makes_no_further_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dedupe import Index

    monkeypatch.setattr("dedupe.index.adding.READ_TOGETHER", 1)
    rows = [{"id": str(n), "text": f"Ferry {n} ran aground."} for n in range(3)]
    day, folder = tmp_path / "day.jsonl", tmp_path / "index"
    day.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    with monkeypatch.context() as patched:
        patched.setattr(Index, "add_many", press_then(Index.add_many))
        assert invoke("index", "add", folder, day).exit_code
    with Index(folder) as index:
        assert index.stats()["commits"] == 1
    with monkeypatch.context() as patched:
        patched.setattr(interrupts, "_came", [])
        assert not invoke("index", "add", folder, day).exit_code
        patched.setattr(Index, "remove", press_then(Index.remove))
        assert invoke("index", "remove", folder, "0", "1", "2").exit_code
    with Index(folder) as index:
        assert index.stats()["commits"] == 5
        assert len(index) == 2
