"""Ctrl-C at the command line."""

import contextlib
import functools
import signal
from collections.abc import Iterator

import pytest

from dedupe import interrupts
from dedupe.cli import terminal

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
