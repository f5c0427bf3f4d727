"""Features of a pair in; log-odds of one story and of lineage, by fitted models, out.

    features()         ->  model.json         ->  two log-odds
    closer_features()  ->  model_closer.json  ->  two better ones, if undecided

Two sets of boosted trees on the same features, monotone where meaning asks it
(Friedman 2001): `lineage` says whether any of the text has one source,
`same_story` whether the two tell one written story. Where either hesitates, the
texts are looked at closely, and two more sets decide. `benchmarks/fit_pairs.py`
fits all with scikit-learn and writes both files; nothing here needs it.

Of a pair one text of which an agency filed, it is known which would be the copy. Few
such pairs are labelled, too few for trees: there lineage is mostly a linear model's to tell.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dedupe.verify.features import CLOSER_FEATURES, FEATURES, closer_features, features

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from dedupe.verify.measures import Measured

_MODELS = (Path(__file__).with_name("model.json"), Path(__file__).with_name("model_closer.json"))


_UNDECIDED_STORY, _UNDECIDED_LINEAGE = (-0.5, 3.0), (-0.5, 0.5)
"""Log-odds of the first models between which a pair is looked at closely: a fortieth of
the pairs of Reuters for the story, a twentieth for lineage."""

_TURNABLE = (-2.0, 4.0)
"""Log-odds of one story by the first models between which a pair is aligned both ways."""

_LEAST_SHARE = 0.01
"""Share from which on more or less evidence is not told apart by the linear model."""


_TREES_SHARE = 1 / 3
"""How much the trees have to say of lineage where an agency filed one of two; the linear model
says the rest. From .2 to .35 makes no difference in cross-validation on the tuning half of
COUNTER; with none, the best there, a copy that is a small part of its page looks written anew."""


_VOUCHED = 0.5
"""Log-odds of one story that a closer look can give a pair, at most, if the first gave less: of
.25, .5 and no limit the largest that keeps spotify's stories apart."""


class Trees(NamedTuple):
    """Boosted regression trees whose leaves add up to natural log-odds.

    Shapes (T trees, N nodes of the largest)
        feature    int64   (T, N)  place in the model's features; -1 in a leaf
        threshold  float64 (T, N)  at most this goes left
        left       int64   (T, N)  node; the right one is `right`
        right      int64   (T, N)
        value      float64 (T, N)  of a leaf
        bias       float            log-odds before any tree
    """

    feature: NDArray[np.int64]
    threshold: NDArray[np.float64]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    value: NDArray[np.float64]
    bias: float

    def log_odds(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Apply the trees to features (P, F); returns natural log-odds (P,)."""
        from dedupe.kernels.trees import fill_tree_sums

        total = np.empty(len(values))
        fill_tree_sums(values, *self, total)
        return total


class Linear(NamedTuple):
    """A logistic model of the log-odds of features.

    Attributes:
        weights: float64 (F,), of CLOSER_FEATURES.
        bias: log-odds where all features are a half.
    """

    weights: NDArray[np.float64]
    bias: float

    def log_odds(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Apply the model to features (P, F); returns natural log-odds (P,)."""
        odds = odds_of(values)
        # Feature by feature: how a matrix product rounds depends on how many pairs it is given.
        total = np.full(len(odds), self.bias)
        for column in np.flatnonzero(self.weights).tolist():
            total += odds[:, column] * self.weights[column]
        return total


def odds_of(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the natural log-odds of shares, none further out than a hundredth from its end."""
    kept = np.clip(shares, _LEAST_SHARE, 1 - _LEAST_SHARE)
    return np.asarray(np.log(kept / (1 - kept)))


@functools.cache
def load_model(*, closer: bool = False) -> dict[str, Trees]:
    """Read the fitted models, the first or the closer ones.

    Raises:
        ValueError: they are of other features than FEATURES or CLOSER_FEATURES.
    """
    path = _MODELS[closer]
    model: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if tuple(model["features"]) != (CLOSER_FEATURES if closer else FEATURES):
        raise ValueError(f"{path}: fitted for other features; run benchmarks/fit_pairs.py")
    return {name: load_trees(model[name]) for name in ("same_story", "lineage")}


@functools.cache
def load_filed() -> Linear:
    """Read the linear model of lineage for pairs one text of which an agency filed."""
    fitted = json.loads(_MODELS[True].read_text(encoding="utf-8"))["filed"]
    return Linear(np.array(fitted["weights"], np.float64), float(fitted["bias"]))


def model_odds(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the log-odds of one story and of lineage, float64 (P, 2).

    Of FEATURES the first models tell, of CLOSER_FEATURES both, as `second_odds` says.
    """
    first = _odds(values[:, : len(FEATURES)], closer=False)
    if values.shape[1] == len(FEATURES):
        return first
    return second_odds(first, with_filed(_odds(values, closer=True), values, load_filed()))


def _odds(values: NDArray[np.float64], *, closer: bool) -> NDArray[np.float64]:
    # The kernel reads rows: a view of some columns would be compiled for anew.
    values = np.ascontiguousarray(values)
    models = load_model(closer=closer)
    return np.stack([models[name].log_odds(values) for name in ("same_story", "lineage")], axis=1)


def with_filed(
    closer: NDArray[np.float64], values: NDArray[np.float64], linear: Linear
) -> NDArray[np.float64]:
    """Return the closer trees' odds, (L, 2), lineage of filed pairs a mean of both models."""
    filed = values[:, CLOSER_FEATURES.index("filed")] > 0
    odds = closer.copy()
    told = linear.log_odds(values[filed])
    odds[filed, 1] = _TREES_SHARE * closer[filed, 1] + (1 - _TREES_SHARE) * told
    return odds


def judged_twice(
    measured: Measured,
    look_again: Callable[[NDArray[np.int64]], NDArray[np.int64]],
    tell: Callable[[NDArray[np.int64]], NDArray[np.float64]],
    *,
    closely: bool,
) -> Measured:
    """Apply the first models, and the closer ones where they hesitate.

    Args:
        measured: pairs without odds.
        look_again: brings the counts of pairs at places up to date, and returns the places of
            those that have changed, as `Alignments.look_again` does.
        tell: how pairs at places tell it, as `telling.tell` says.
        closely: look at every pair closely.
    """
    measured = measured._replace(view=features(measured))
    odds = model_odds(measured.view)
    changed = look_again(np.flatnonzero((_within_reach(odds) | closely) & ~measured.exact))
    if len(changed):
        measured.view[changed] = features(measured, changed)
        odds[changed] = model_odds(measured.view[changed])
    looked = np.flatnonzero((undecided(odds) | closely) & ~measured.exact)
    if not len(looked):
        return measured._replace(looked=looked, told=measured.told[:0], odds=odds)
    measured = measured._replace(looked=looked, told=tell(looked))
    odds[looked] = model_odds(closer_features(measured))
    return measured._replace(odds=odds)


def second_odds(first: NDArray[np.float64], closer: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the log-odds of pairs looked at closely, from both models' (L, 2).

    Lineage is the closer model's to tell. One story is what both say on average;
    and a pair that only the closer look joins is joined weakly, since stories
    add up what their pairs say.
    """
    odds = closer.copy()
    mean = (first[:, 0] + closer[:, 0]) / 2
    odds[:, 0] = np.minimum(mean, np.maximum(first[:, 0], _VOUCHED))
    return odds


def _within_reach(odds: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Say which pairs another alignment could turn, bool (P,)."""
    low, high = _TURNABLE
    return np.asarray(undecided(odds) | ((low < odds[:, 0]) & (odds[:, 0] < high)))


def undecided(odds: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Say which pairs the first models leave undecided, bool (P,)."""
    hesitant = np.zeros(len(odds), np.bool_)
    for column, (low, high) in zip(odds.T, (_UNDECIDED_STORY, _UNDECIDED_LINEAGE), strict=True):
        hesitant |= (low < column) & (column < high)
    return hesitant


def load_trees(fitted: dict[str, Any]) -> Trees:
    """Pad the trees of a fitted model to arrays."""
    trees = fitted["trees"]
    size = max(len(tree["feature"]) for tree in trees)

    def table(name: str, kind: type, fill: float) -> NDArray[Any]:
        padded: NDArray[Any] = np.full((len(trees), size), fill, kind)
        for row, tree in zip(padded, trees, strict=True):
            row[: len(tree[name])] = tree[name]
        return padded

    return Trees(
        table("feature", np.int64, -1),
        table("threshold", np.float64, 0),
        table("left", np.int64, 0),
        table("right", np.int64, 0),
        table("value", np.float64, 0),
        float(fitted["bias"]),
    )
