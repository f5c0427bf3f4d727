from __future__ import annotations

import numpy as np
from fit_pairs import Labelled
from pair_reliability import held_answers

from dedupe.verify.features import CLOSER_FEATURES, FEATURES


def test_held_answers__asks_only_held_pairs_whose_label_is_known() -> None:
    rows = np.zeros((4, len(CLOSER_FEATURES)))
    label = np.array([1, 0, -1, 1])
    held = np.array([False, True, True, True])
    one = Labelled("x", rows[:, : len(FEATURES)], rows, label, label, held, label)
    nothing_known = one._replace(source="y", held=np.zeros(4, np.bool_))
    [answer] = held_answers("lineage", [one, nothing_known])
    assert answer.source == "x"
    assert answer.truth.tolist() == [False, True]
    assert ((answer.told >= 0) & (answer.told <= 1)).all()
