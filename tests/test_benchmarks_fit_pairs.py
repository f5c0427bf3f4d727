from __future__ import annotations

import numpy as np
from fit_pairs import Labelled, fit_filed

from dedupe.verify.models import CLOSER_FEATURES, FEATURES, Linear

FILED, OUTGROWN = CLOSER_FEATURES.index("filed"), CLOSER_FEATURES.index("outgrown")


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
