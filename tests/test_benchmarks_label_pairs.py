"""The pairs that readers judged: the file, the draw, and the measure of agreement."""

from __future__ import annotations

from typing import TYPE_CHECKING

import label_pairs
import pytest

if TYPE_CHECKING:
    from pathlib import Path


def test_readings__two_hundred_pairs_each_once() -> None:
    readings = label_pairs.load_readings()
    assert len(readings) == len({(row.set, row.a, row.b) for row in readings}) == 200
    assert all(row.a < row.b and 0.1 <= row.containment < 0.7 for row in readings)


def test_readings__unknown_label_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_text("set\ta\tb\tcontainment\treading_1\treading_2\nx\ta\tb\t.2\tsame\tmaybe\n")
    with pytest.raises(ValueError, match="a and b"):
        label_pairs.load_readings(path)


def test_kappa__is_that_of_a_worked_example() -> None:
    # 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: (.7 - .5) / (1 - .5).
    first = ["yes"] * 25 + ["no"] * 25
    second = ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15
    assert label_pairs.kappa(first, second) == pytest.approx(0.4)
    assert label_pairs.kappa(first, first) == 1
    assert label_pairs.kappa(["yes"] * 3, ["yes"] * 3) == 1


def test_draw__takes_pairs_of_the_range_and_not_copies() -> None:
    words = [f"word{n}" for n in range(60)]
    documents = [
        {"id": "whole", "text": " ".join(words)},
        {"id": "copy", "text": " ".join(words)},
        {"id": "half", "text": " ".join([*words[:30], *(f"other{n}" for n in range(30))])},
    ]
    drawn = label_pairs.draw("set", documents, 10)
    assert {(pair.a, pair.b) for pair in drawn} == {("copy", "half"), ("half", "whole")}
    [one] = label_pairs.draw("set", documents, 1)
    assert one in drawn
