"""One measured pair in; what the models and the rules make of it, and what would turn it, out.

    Measured (one row), documents  ->  model_part()  ->  Reason, many; Change
                                   ->  grounds()     ->  Grounds

Two fitted models say whether two texts tell one story and share lineage; rules
may overrule them; and conventions part one relation from the next. Each is asked
again with one thing changed at a time.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dedupe.dates import DAY_MICROSECONDS
from dedupe.published import published_by
from dedupe.verify import models
from dedupe.verify import relation as relating
from dedupe.verify.features import CLOSER_FEATURES, FEATURES, closer_features

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from dedupe.published import Published
    from dedupe.verify import Measured

_LOWER_IS_COPY = frozenset({"numbers_changed", "names_changed", "refilled"})
_NO_EVIDENCE = frozenset({"brevity", "size_longer", "filed", "outgrown"})
"""Features that describe the texts and not what they share."""

_RULES = ("exact", "recurs", "quoted")
"""What stands above the models, the first that holds."""

_CONVENTIONS = {
    "containment": (relating.NEARLY_ALL, relating.MANY_WORDS),
    "numbers_changed": (relating.SLOTS_DIFFER,),
    "weighted": (relating.SOMETHING,),
}
"""Feature to the values at which one relation ends and another begins, whatever the models say."""


class Reason(NamedTuple):
    """A feature, its value, and what it adds to the log-odds of one story.

    `log_odds` compares with a pair that shares nothing of the feature's kind
    where the model says one story, and with a full copy where it says not.
    """

    feature: str
    value: float
    log_odds: float


class Change(NamedTuple):
    """The smallest change of one feature that would flip the model's verdict."""

    feature: str
    value: float
    needed: float


class Turn(NamedTuple):
    """A change of one measure that would give the pair another relation.

    `measure` is a feature of the models, "length_ratio", "one_outlet" or
    "recurs"; the last two are 0 or 1.
    """

    measure: str
    value: float
    needed: float
    relation: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """What decides the relation of a pair, measured as a pair alone.

    Attributes:
        relation: of the pair alone.
        shared: the larger containment.
        length_ratio: words of the shorter by those of the longer.
        one_outlet: whether one named outlet has both.
        numbers_changed: share of the numbers in the same places that changed.
        weighted: share in common when rare words weigh more.
        same_story_log_odds: of the fitted model of one story, before any rule.
        lineage_log_odds: of the model of shared lineage, likewise.
        rule: "exact", "recurs" (a form filled in anew on another day) or "quoted"
            (little more than a quotation is in both), which stand above the
            models; None where none holds.
        says: why the relation, as a sentence.
        turns: single changes that would give another relation, to each the
            smallest, the nearest first.
    """

    relation: str
    shared: float
    length_ratio: float
    one_outlet: bool
    numbers_changed: float
    weighted: float
    same_story_log_odds: float
    lineage_log_odds: float
    rule: str | None
    says: str
    turns: list[Turn]


class _View(NamedTuple):
    """Variants of one pair, one a row, as `relation.relate` asks for them."""

    values: NDArray[np.float64]
    ratio: NDArray[np.float64]
    one_outlet: NDArray[np.bool_]
    recurs: NDArray[np.bool_]
    exact: NDArray[np.bool_]
    quoted: NDArray[np.bool_]

    def relations(self, measured: Measured) -> list[str]:
        """Return the relation of each row; `measured` is the pair they vary."""
        lineage, same = relating.ruled_odds(
            models.model_odds(self.values), self.exact, self.recurs, self.quoted
        )
        # Of the words only their ratio counts.
        words = np.stack([self.ratio, np.ones_like(self.ratio)], axis=1)
        stretched = measured._replace(exact=self.exact, words=words)
        places = relating.relate(
            stretched, self.values, lineage, same, self.one_outlet, self.recurs
        )
        return [relating.PAIR_RELATIONS[place] for place in places]

    def repeated(self, times: int) -> _View:
        """Return that many copies of the one row."""
        repeated: list[NDArray[Any]] = [np.repeat(column, times, axis=0) for column in self]
        return _View(*repeated)


def model_part(measured: Measured) -> tuple[list[Reason], Change | None]:
    """Ask the model of one story again, with one feature changed at a time.

    Args:
        measured: one pair.

    Returns:
        Features by how far they moved the model, the strongest first; and what
        would flip it, None where no single change would.
    """
    values, names = _values(measured)
    fitted = [model["same_story"] for model in _models(names)]
    odds = float(models.model_odds(values)[0, 0])
    reasons, flips = [], []
    for place, name in enumerate(names):
        if name in _NO_EVIDENCE:
            continue
        # The other end: nothing shared, or all of it.
        other = float((odds <= 0) != (name in _LOWER_IS_COPY))
        thresholds = [model.threshold[model.feature == place] for model in fitted]
        tried = np.concatenate([[other], _steps(np.concatenate(thresholds))])
        asked = np.repeat(values, len(tried), axis=0)
        asked[:, place] = tried
        answers = models.model_odds(asked)[:, 0]
        reasons.append(Reason(name, float(values[0, place]), odds - float(answers[0])))
        flipped = tried[(answers > 0) != (odds > 0)]
        if len(flipped):
            needed = float(flipped[np.argmin(abs(flipped - values[0, place]))])
            flips.append(Change(name, float(values[0, place]), needed))
    reasons.sort(key=lambda reason: (-abs(reason.log_odds), reason.feature))
    change = min(flips, key=lambda one: (abs(one.needed - one.value), one.feature), default=None)
    return [reason for reason in reasons if reason.log_odds], change


def _values(measured: Measured) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Return the features by which one pair was judged, float64 (1, F), and their names."""
    if len(measured.looked):
        return closer_features(measured), CLOSER_FEATURES
    return measured.view, FEATURES


def _models(names: tuple[str, ...]) -> list[dict[str, models.Trees]]:
    """Return the models that a pair of these features was judged by."""
    closer = [] if names == FEATURES else [models.load_model(closer=True)]
    return [models.load_model(), *closer]


def _steps(thresholds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a value on either side of every threshold: trees know no others."""
    distinct = np.unique(thresholds)
    return np.concatenate([distinct, np.nextafter(distinct, np.inf)])


def grounds(measured: Measured, documents: pa.Table) -> Grounds:
    """Say what decides the relation of a pair.

    Args:
        measured: one pair.
        documents: table of `documents.SCHEMA` that its rows belong to.
    """
    values, _ = _values(measured)
    published = published_by(documents)
    words = measured.words.astype(np.float64)
    view = _View(
        values,
        words.min(axis=1) / np.maximum(words.max(axis=1), 1),
        relating.same_outlet(measured, published),
        relating.recurring(measured, values, published),
        measured.exact,
        relating.quoted(measured),
    )
    same, lineage = models.model_odds(values)[0].tolist()
    found = Grounds(
        relation=view.relations(measured)[0],
        shared=_feature(view, "containment"),
        length_ratio=float(view.ratio[0]),
        one_outlet=bool(view.one_outlet[0]),
        numbers_changed=_feature(view, "numbers_changed"),
        weighted=_feature(view, "weighted"),
        same_story_log_odds=same,
        lineage_log_odds=lineage,
        rule=next((name for name in _RULES if getattr(view, name)[0]), None),
        says="",
        turns=_turns(view, measured),
    )
    return dataclasses.replace(found, says=_says(found, measured, published))


def _feature(view: _View, name: str) -> float:
    return float(view.values[0, FEATURES.index(name)])


def _turns(view: _View, measured: Measured) -> list[Turn]:
    """Try every value at which a model or a convention may turn."""
    if view.exact[0]:
        return []
    _, names = _values(measured)
    fitted = [model for both in _models(names) for model in both.values()]
    tried = [
        turn
        for place, name in enumerate(names)
        if name not in _NO_EVIDENCE
        for turn in _feature_turns(view, measured, place, [
            *(model.threshold[model.feature == place] for model in fitted),
            np.nextafter(_CONVENTIONS.get(name, ()), 0),
        ])
    ]  # fmt: skip
    at = relating.SIMILAR_LENGTH
    ratios = view.repeated(1)._replace(ratio=np.array([at if view.ratio[0] < at else at - 1e-6]))
    outlets = view.repeated(1)._replace(one_outlet=~view.one_outlet)
    once = view.repeated(1)._replace(recurs=np.zeros(1, np.bool_))
    switched = ((ratios, "length_ratio", 1), (outlets, "one_outlet", 2), (once, "recurs", 3))
    for changed, name, column in switched:
        value, needed = float(view[column][0]), float(changed[column][0])
        tried.append(Turn(name, value, needed, changed.relations(measured)[0]))
    now = view.relations(measured)[0]
    nearest: dict[str, Turn] = {}
    for turn in sorted(tried, key=lambda one: (abs(one.needed - one.value), one.measure)):
        if turn.relation != now:
            nearest.setdefault(turn.relation, turn)
    return list(nearest.values())


def _feature_turns(
    view: _View, measured: Measured, place: int, thresholds: Sequence[NDArray[np.float64]]
) -> list[Turn]:
    """Return the relation at either side of each threshold of one feature."""
    needed = _steps(np.concatenate(thresholds))
    needed = needed[(needed >= 0) & (needed <= 1)]
    if not len(needed):
        return []
    many = view.repeated(len(needed))
    many.values[:, place] = needed
    value = float(view.values[0, place])
    return [
        Turn(CLOSER_FEATURES[place], value, float(one), relation)
        for one, relation in zip(needed, many.relations(measured), strict=True)
    ]


def _says(found: Grounds, measured: Measured, published: Published) -> str:
    """Return why the relation, with the figures that the convention asks for."""
    share, ratio = f"{found.shared:.2f} shared", f"{found.length_ratio:.2f}"
    nearly_all, similar, many = relating.NEARLY_ALL, relating.SIMILAR_LENGTH, relating.MANY_WORDS
    changed = (
        _refilled(measured, published)
        if found.rule == "recurs"
        else f"{found.numbers_changed:.2f} of the numbers in the same places changed "
        f"({relating.SLOTS_DIFFER} or more)"
    )
    return {
        "exact": "the same words in the same order, after cleaning",
        "update": "one story, twice from one outlet",
        "repost": f"one story; {share} ({nearly_all} or more), the shorter {ratio} as long as the "
        f"longer ({similar} or more)",
        "excerpt": f"one story; {share} ({nearly_all} or more), the shorter {ratio} as long as the "
        f"longer (less than {similar})",
        "rewrite": f"one story; {share} ({many} to {nearly_all})",
        "paraphrase": f"one story; {share} (less than {many})",
        "template": f"not one story; {share} ({many} or more), and {changed}",
        "partial": f"not one story, but shared lineage; {share}",
        "same_event": f"no part taken over; {found.weighted:.2f} shared when rare words weigh more "
        f"({relating.SOMETHING} or more)",
        "unrelated": f"no part taken over; {found.weighted:.2f} shared when rare words weigh more "
        f"(less than {relating.SOMETHING})",
    }[found.relation]


def _refilled(measured: Measured, published: Published) -> str:
    n_changed, n_same = (int(counts[0]) for counts in relating.slots(measured))
    is_brief = relating.is_brief(measured)[0]
    brief = ", in a brief text" if is_brief else ""
    if is_brief and relating.names_differ(measured)[0]:
        why = "of other names"
    elif is_brief and relating.subjects_differ(measured)[0]:
        why = "of others, named before what is shared"
    elif relating.numbers_differ(measured)[0]:
        why = "of other numbers nearly throughout"
    else:
        days = int(relating.microseconds_apart(measured, published)[0]) // DAY_MICROSECONDS
        why = f"at least {days} days apart"
    return (
        f"a form filled in anew: {why}, {n_changed} of "
        f"{n_changed + n_same} numbers and names in the same places changed{brief}"
    )
