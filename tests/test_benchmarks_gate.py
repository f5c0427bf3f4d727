from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gate
import pytest

REPORT: dict[str, Any] = {
    "data": {"seeds": "abc"},
    "figures": {"seeds.pairwise_f1": 0.9, "ecbplus.far_joined_per_1000": 2.0, "seeds.x": 0.1},
    "seconds": {"seeds": 1.0},
}


@pytest.fixture
def floors(tmp_path: Path) -> Path:
    path = tmp_path / "floors.json"
    gate.save_floors(
        path,
        {"seeds": "abc"},
        {"seeds.pairwise_f1": 0.8, "ecbplus.far_joined_per_1000": 3.0},
    )
    return path


def floor_of(path: Path, name: str) -> float:
    value: float = json.loads(path.read_text(encoding="utf-8"))["floors"][name]
    return value


def with_figure(name: str, value: float) -> dict[str, Any]:
    return REPORT | {"figures": REPORT["figures"] | {name: value}}


def test_gate__holds_when_every_figure_is_on_the_right_side(floors: Path) -> None:
    before = floors.read_text(encoding="utf-8")
    assert gate.decide(REPORT, floors, update=False, allow_lower=False) == 0
    assert floors.read_text(encoding="utf-8") == before


@pytest.mark.parametrize(
    ("name", "value"), [("seeds.pairwise_f1", 0.79), ("ecbplus.far_joined_per_1000", 3.1)]
)
def test_gate__fails_when_a_figure_falls_or_a_small_one_grows(
    floors: Path, name: str, value: float, capsys: pytest.CaptureFixture[str]
) -> None:
    assert gate.decide(with_figure(name, value), floors, update=False, allow_lower=False) == 1
    assert f"below the floor: {name}" in capsys.readouterr().out


def test_gate__update_raises_floors_that_were_beaten(floors: Path) -> None:
    assert gate.decide(REPORT, floors, update=True, allow_lower=False) == 0
    assert floor_of(floors, "seeds.pairwise_f1") == 0.9
    assert floor_of(floors, "ecbplus.far_joined_per_1000") == 2.0


def test_gate__update_alone_never_lowers_a_floor(floors: Path) -> None:
    report = with_figure("seeds.pairwise_f1", 0.5)
    assert gate.decide(report, floors, update=True, allow_lower=False) == 1
    assert floor_of(floors, "seeds.pairwise_f1") == 0.8
    assert gate.decide(report, floors, update=True, allow_lower=True) == 0
    assert floor_of(floors, "seeds.pairwise_f1") == 0.5


def test_gate__a_figure_that_is_no_longer_computed_has_fallen(floors: Path) -> None:
    report = REPORT | {"figures": {"ecbplus.far_joined_per_1000": 2.0}}
    assert gate.decide(report, floors, update=False, allow_lower=False) == 1


def test_gate__floors_of_sets_that_are_absent_are_not_asked_for(floors: Path) -> None:
    report = REPORT | {"figures": {"seeds.pairwise_f1": 0.9}}
    assert gate.decide(report, floors, update=False, allow_lower=False) == 0


def test_gate__refuses_to_compare_figures_of_other_data(
    floors: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = REPORT | {"data": {"seeds": "other"}}
    assert gate.decide(report, floors, update=True, allow_lower=False) == 1
    assert "the files of seeds" in capsys.readouterr().out
    assert gate.decide(report, floors, update=True, allow_lower=True) == 0
    assert json.loads(floors.read_text(encoding="utf-8"))["data"] == {"seeds": "other"}


def test_rounded__goes_to_the_easier_side_and_keeps_what_is_round() -> None:
    assert gate.rounded("seeds.pairwise_f1", 0.85791) == 0.8579
    assert gate.rounded("ecbplus.far_joined_per_1000", 0.85711) == 0.8572
    assert gate.rounded("seeds.pairwise_f1", 0.29) == 0.29


def test_gate__every_floor_is_a_gated_figure_of_a_known_set() -> None:
    kept = gate.load_floors(gate.FLOORS)
    assert all(name.endswith(gate.GATED) for name in kept["floors"])
    assert {name.split(".")[0] for name in kept["floors"]} <= set(kept["data"])
