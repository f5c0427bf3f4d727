from __future__ import annotations

import numpy as np
import pytest
from fit_pairs import PENALTY, Labelled, fit_filed, lasso, of_filed
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe.verify.features import CLOSER_FEATURES, FEATURES
from dedupe.verify.models import Linear

FILED, OUTGROWN = CLOSER_FEATURES.index("filed"), CLOSER_FEATURES.index("outgrown")

SAID = "The ministry said so in a statement"


def invented(source: str, n_pairs: int = 400) -> Labelled:
    """Return pairs whose papers copy where they are the shorter; half are held."""
    rng = np.random.default_rng(3)
    values = rng.uniform(0.1, 0.9, (n_pairs, len(CLOSER_FEATURES)))
    values[:, FILED] = 1
    lineage = (values[:, OUTGROWN] < 0.5).astype(np.int64)
    wholly = (values[:, OUTGROWN] < 0.3).astype(np.int64)
    held = np.arange(n_pairs) % 2 == 1
    first = values[:, : len(FEATURES)]
    return Labelled(source, first, values, np.full(n_pairs, -1), lineage, held, wholly)


def test_fit_filed__finds_what_tells_and_leaves_what_never_varies() -> None:
    pairs = invented("counter")
    fitted = fit_filed([pairs])
    linear = Linear(np.array(fitted["weights"]), fitted["bias"])
    assert linear.weights[OUTGROWN] < 0
    assert linear.weights[FILED] == 0
    told = linear.log_odds(pairs.closer[pairs.held]) > 0
    assert (told == (pairs.lineage[pairs.held] == 1)).mean() > 0.8


def test_fit_filed__learns_from_filed_pairs_of_the_tuning_half_alone() -> None:
    pairs = invented("counter")
    wrong = pairs._replace(lineage=1 - pairs.lineage, wholly=1 - pairs.wholly)
    apart = pairs.closer.copy()
    apart[:, FILED] = 0
    unseen = [wrong._replace(held=np.ones(len(wrong.held), np.bool_)), wrong._replace(closer=apart)]
    reuters = wrong._replace(source="reuters")
    assert fit_filed([pairs, *unseen, reuters]) == fit_filed([pairs])


@settings(deadline=None)
@given(st.integers(0, 10_000))
def test_lasso__no_weight_could_pay_for_more_than_it_does(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values, labels = rng.normal(size=(60, 4)), rng.integers(0, 2, 60)
    values[:, 3] = values[:, 2]
    counts = rng.uniform(0.1, 2, 60)
    steps = np.arange(60) % 2 == 0
    weights, (even, odd) = lasso(values, np.column_stack([steps, ~steps]), labels, counts)
    odds = values @ weights + np.where(steps, even, odd)
    missed = counts * (labels - 1 / (1 + np.exp(-odds)))
    gains = missed @ values
    assert (abs(gains) <= PENALTY + 1e-2).all()
    used = abs(weights) > 1e-2
    assert gains[used] == pytest.approx(PENALTY * np.sign(weights[used]), abs=1e-2)
    # What costs nothing is fitted as well as can be.
    assert [missed[steps].sum(), missed[~steps].sum()] == pytest.approx([0, 0], abs=1e-2)


def test_fit_filed__asks_few_of_many_features() -> None:
    weights = np.array(fit_filed([invented("counter")])["weights"])
    assert np.count_nonzero(weights) < len(weights) / 2


def test_of_filed__copies_and_others_of_dispatches_that_an_agency_filed() -> None:
    rng = np.random.default_rng(5)
    words = [f"word{i}" for i in range(400)]
    rows = [
        {
            "id": str(i),
            "text": ". ".join([*(" ".join(rng.choice(words, 8)) for _ in range(16)), SAID]),
            "published": f"1987-{1 + i % 6:02}-01T10:00:00+00:00",
        }
        for i in range(60)
    ]
    found = of_filed(rows, n_filed=4, n_others=2, among=50)
    assert (found.closer[:, FILED] == 1).all()
    assert [(found.lineage == label).sum() for label in (0, 1)] == [4 * 2, 4 * 13]
    assert (found.same_story == -1).all()
    copies = found.lineage == 1
    containment = found.features[:, FEATURES.index("containment")]
    assert containment[copies].min() > containment[~copies].max()
