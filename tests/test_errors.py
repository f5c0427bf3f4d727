"""The error tree: one base, and every leaf survives a process border."""

from __future__ import annotations

import copy
import inspect
import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

import dedupe
from dedupe import errors
from dedupe.errors import DedupeError, MissingExtraError, SettingsError

LEAVES = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, DedupeError) and kind is not DedupeError
]


def example(kind: type[DedupeError]) -> DedupeError:
    if kind is MissingExtraError:
        return MissingExtraError("reading HTML", "html")
    return kind("places.txt: what, where, and what next")


def fail(kind: type[DedupeError]) -> None:
    raise example(kind)


@pytest.mark.parametrize("kind", LEAVES)
def test_errors__survive_pickling_and_copying(kind: type[DedupeError]) -> None:
    error = example(kind)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        again = pickle.loads(pickle.dumps(error, protocol))  # noqa: S301 - our own
        assert type(again) is kind
        assert str(again) == str(error)
        assert vars(again) == vars(error)
    assert str(copy.copy(error)) == str(error)


def test_errors__cross_a_process_border_as_themselves() -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        for kind in LEAVES:
            with pytest.raises(kind) as caught:
                pool.submit(fail, kind).result()
            assert str(caught.value) == str(example(kind))


@pytest.mark.parametrize("kind", LEAVES)
def test_errors__the_tree_in_the_module_names_every_leaf(kind: type[DedupeError]) -> None:
    assert kind.__name__ in (errors.__doc__ or "")
    assert kind.__name__ in dedupe.__all__
    assert getattr(dedupe, kind.__name__) is kind


def test_missing_extra__says_how_to_install_it_and_is_an_import_error() -> None:
    error = MissingExtraError("reading HTML", "html")
    assert str(error) == (
        'reading HTML needs the extra "html"; install it with: pip install "dedupe-news[html]"'
    )
    assert (error.need, error.extra) == ("reading HTML", "html")
    assert isinstance(error, ImportError)


def test_settings_error__is_a_value_error() -> None:
    assert issubclass(SettingsError, ValueError)
