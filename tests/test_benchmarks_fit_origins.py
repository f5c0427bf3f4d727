import numpy as np
import pytest
from fit_origins import Case, chance, fit, fit_temperature, points

from dedupe.attribute.evidence import Evidence
from dedupe.attribute.signals import DERIVING


def case(right: int, *, points: float = 1.0) -> Case:
    """Two equal works; the clock says that the second came from the first."""
    says = Evidence("clock", "time", points, 1, 0, None, 0, -1, -1, "")
    return Case(np.ones((2, 2)), [says], [right], None, "tune")


def test_chance__follows_the_scaled_points() -> None:
    weak, strong = (chance(case(0), {"clock": factor}) for factor in (0.6, 1.7))
    assert 0.85 / 2 < weak < strong < 0.85
    assert chance(case(0), {}) + chance(case(1), {}) == pytest.approx(0.85)


def test_fit__a_signal_that_is_always_right_grows_and_a_coin_shrinks() -> None:
    assert fit([case(0)] * 200)["clock"] > 1
    assert fit([case(0), case(1)] * 100)["clock"] < 1


def test_fit__few_stories_leave_a_signal_where_it_was() -> None:
    assert fit([case(0)])["clock"] == 1


def test_fit_temperature__sure_and_always_right_wants_to_be_surer() -> None:
    assert fit_temperature([case(0)] * 50, {}) < 1
    assert fit_temperature([case(0), case(1)] * 50, {}) > 1


def test_points__credits_keep_their_side_of_what_makes_a_copy() -> None:
    given = {"via": 1.5, "source_line": 2.5, "appeared_on": 3.5}
    grown = points(given, 1.7, is_credit=True)
    shrunk = points(given, 0.6, is_credit=True)
    assert grown["via"] < DERIVING <= shrunk["source_line"]
    assert grown["appeared_on"] == 4.0
    assert points({"apart": 2.2}, 0.6, is_credit=False) == {"apart": 1.3}
