"""Settings: ranges, types, names, TOML."""

from __future__ import annotations

import dataclasses
import inspect
import math
import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe.errors import SettingsError
from dedupe.settings import Settings, current_folder

NAMES = [field.name for field in dataclasses.fields(Settings)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_slots", 15), ("n_slots", 1025), ("n_slots", 128.0), ("n_slots", "128"),
        ("n_slots", True), ("n_slots", None), ("band_rows", 0), ("band_rows", 17),
        ("rare_sampling", 0), ("rare_cap", 1), ("bucket_cap", 1), ("passage_gap", -1),
        ("passage_words", 2), ("seed", -1), ("seed", 2**63), ("threads", -1), ("threads", 1025),
        ("containment_floor", -0.01), ("containment_floor", 1.01), ("containment_floor", math.nan),
        ("containment_floor", "0.5"), ("containment_floor", False), ("all_passages", 1),
        ("all_passages", "yes"),
    ],
)  # fmt: skip
def test_settings__a_bad_value_is_named_with_what_is_allowed(name: str, value: object) -> None:
    with pytest.raises(SettingsError, match=f"^{name} must be .*, not ") as caught:
        Settings.from_dict({name: value})
    assert repr(value) in str(caught.value)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_slots", 16), ("n_slots", 1024), ("band_rows", 16), ("rare_sampling", 64),
        ("containment_floor", 0), ("containment_floor", 1.0), ("seed", 2**63 - 1), ("threads", 0),
        ("all_passages", True),
    ],
)  # fmt: skip
def test_settings__bounds_themselves_are_allowed(name: str, value: object) -> None:
    assert getattr(Settings.from_dict({name: value}), name) == value


@pytest.mark.parametrize("name", NAMES)
def test_from_dict__a_mistyped_name_suggests_the_nearest(name: str) -> None:
    mistyped = name[:-2] + name[-1]
    with pytest.raises(SettingsError, match=f'"{mistyped}"; did you mean "{name}"\\?'):
        Settings.from_dict({mistyped: 1})


def test_from_dict__a_name_like_none_lists_them_all() -> None:
    with pytest.raises(SettingsError, match='unknown setting "zzz"') as caught:
        Settings.from_dict({"zzz": 1})
    assert all(name in str(caught.value) for name in NAMES)


@settings(max_examples=60)
@given(
    values=st.fixed_dictionaries(
        {},
        optional={
            "n_slots": st.integers(16, 1024),
            "containment_floor": st.floats(0, 1),
            "seed": st.integers(0, 2**63 - 1),
            "all_passages": st.booleans(),
        },
    )
)
def test_settings__to_dict_and_back_is_identity(values: dict[str, Any]) -> None:
    chosen = Settings(**values)
    assert Settings.from_dict(chosen.to_dict()) == chosen
    assert pickle.loads(pickle.dumps(chosen)) == chosen  # noqa: S301 - our own


def test_settings__are_frozen_and_equal_by_value() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().seed = 3  # type: ignore[misc]
    assert Settings(seed=3) == Settings(seed=3) != Settings(seed=4)


def test_load__reads_toml(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text("seed = 7\ncontainment_floor = 0.2\nall_passages = true\n", "utf-8")
    assert Settings.load(path) == Settings(seed=7, containment_floor=0.2, all_passages=True)
    path.write_text("seed = 7", "utf-8-sig")
    assert Settings.load(path) == Settings(seed=7), "a byte order mark is no setting"
    path.write_text("", "utf-8")
    assert Settings.load(path) == Settings()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"seed = ", "not a TOML file"),
        (b"\xff\xfe", "not a TOML file"),
        (b"sed = 1", 'did you mean "seed"'),
        (b"seed = -1", "seed must be from 0"),
        (b"[dedupe]\nseed = 1", 'unknown setting "dedupe"'),
    ],
)
def test_load__a_bad_file_is_named(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "settings.toml"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match=says) as caught:
        Settings.load(path)
    assert str(caught.value).startswith(f"{path}: ")


def test_load__a_missing_file_or_a_folder_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(SettingsError, match="cannot be read"):
            Settings.load(path)


@pytest.mark.parametrize("name", NAMES)
def test_settings__every_one_is_documented(name: str) -> None:
    assert f"\n    {name}: " in (inspect.getdoc(Settings) or "")


def test_settings__names_are_kept_as_an_absolute_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    given = Settings(names="names.json")
    assert given.names == str(tmp_path / "names.json")
    (tmp_path / "desk").mkdir()
    (tmp_path / "desk" / "dedupe.toml").write_text('names = "names.json"', encoding="utf-8")
    assert Settings.load(Path("desk/dedupe.toml")).names == str(tmp_path / "desk" / "names.json")
    monkeypatch.chdir("/")
    assert Settings.from_dict(given.to_dict()) == given


def test_current_folder__one_that_was_removed_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    assert current_folder() == str(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert current_folder() == ""


def test_settings__differ_where_judgements_may() -> None:
    free = Settings(threads=3, all_passages=True, memory_limit="2GB")
    assert free.differing(Settings()) == []
    assert "threads" not in free.decisive()
    assert Settings(seed=2, band_rows=4).differing(free) == ["band_rows", "seed"]


def test_load__names_start_from_the_folder_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "dedupe.toml"
    path.write_text('names = "desk/names.json"', encoding="utf-8")
    assert Settings.load(path).names == str(tmp_path / "desk" / "names.json")
    path.write_text('names = "/desk/names.json"', encoding="utf-8")
    assert Settings.load(path).names == "/desk/names.json"
    path.write_text("seed = 3", encoding="utf-8")
    assert Settings.load(path).names == Settings().names


@pytest.mark.parametrize(
    ("text", "n_bytes"),
    [("", 0), ("2GB", 2_000_000_000), ("1.5 gib", 3 << 29), ("500M", 500_000_000), ("7", 7)],
)
def test_memory_limit__is_a_size(text: str, n_bytes: int) -> None:
    assert Settings(memory_limit=text).memory_limit_bytes == n_bytes


@pytest.mark.parametrize("value", ["GB", "much", "-1", "1.5.2GB", 7, None, "2 G B"])
def test_memory_limit__anything_else_is_refused(value: Any) -> None:
    with pytest.raises(SettingsError, match="memory_limit must be a size"):
        Settings(memory_limit=value)
