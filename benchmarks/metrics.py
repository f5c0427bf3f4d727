"""Truth and answers in, one figure each out.

    labels per document        ->  pairwise(), b_cubed(), adjusted_rand()
    passages per pair          ->  plagdet()
    relations, origins         ->  macro_f1(), accuracy()
    probabilities              ->  direction(), brier(), calibration_error()
    pairs from brute force     ->  recall()

Every figure the benchmarks print is computed here, by its published formula,
and tested against a slower definition. A figure nobody can compute (nothing to
find, nothing answered) is stated at each function: never a silent NaN.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence

Pair = TypeVar("Pair")


class Score(NamedTuple):
    """Precision, recall, and their harmonic mean."""

    precision: float
    recall: float
    f1: float


class Direction(NamedTuple):
    """How often the elder text of a pair was told.

    Attributes:
        accuracy: right answers over all pairs; "cannot tell" is not right.
        decided: right answers over the pairs answered; 1 when none was.
        coverage: pairs answered over all pairs.
    """

    accuracy: float
    decided: float
    coverage: float


class Case(NamedTuple):
    """One reused passage: half-open code points of both texts of a pair."""

    a_start: int
    a_end: int
    b_start: int
    b_end: int


class Plagdet(NamedTuple):
    """Passage detection, macro-averaged over cases and over detections."""

    precision: float
    recall: float
    granularity: float
    plagdet: float


def harmonic(precision: float, recall: float) -> float:
    """Return the F1 of a precision and a recall; 0 when both are 0."""
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _table(truth: Sequence[Hashable], found: Sequence[Hashable]) -> Counter[tuple[object, object]]:
    """Count documents by (true label, found label)."""
    return Counter(zip(truth, found, strict=True))


def _pairs(sizes: Iterable[int]) -> int:
    """Count the unordered pairs inside groups of these sizes."""
    return sum(size * (size - 1) // 2 for size in sizes)


def pairwise(truth: Sequence[Hashable], found: Sequence[Hashable]) -> Score:
    """Score the document pairs put together, one label per document on each side.

    No pair put together scores precision 1, no pair to find scores recall 1.

    Raises:
        ValueError: the sequences differ in length.
    """
    both = _pairs(_table(truth, found).values())
    answered = _pairs(Counter(found).values())
    wanted = _pairs(Counter(truth).values())
    precision = both / answered if answered else 1.0
    recall_ = both / wanted if wanted else 1.0
    return Score(precision, recall_, harmonic(precision, recall_))


def b_cubed(truth: Sequence[Hashable], found: Sequence[Hashable]) -> Score:
    """Score each document's own group, averaged over documents (Bagga & Baldwin, 1998).

    No document at all scores 1.

    Raises:
        ValueError: the sequences differ in length.
    """
    table, true_size, found_size = _table(truth, found), Counter(truth), Counter(found)
    n_docs = len(truth)
    if not n_docs:
        return Score(1.0, 1.0, 1.0)
    precision = math.fsum(n * n / found_size[group] for (_, group), n in table.items()) / n_docs
    recall_ = math.fsum(n * n / true_size[group] for (group, _), n in table.items()) / n_docs
    return Score(precision, recall_, harmonic(precision, recall_))


def adjusted_rand(truth: Sequence[Hashable], found: Sequence[Hashable]) -> float:
    """Agreement of two groupings, corrected for chance (Hubert & Arabie, 1985).

    1 is perfect, 0 is chance, negative is worse than chance. Two groupings
    that leave chance no room (both all apart, or both all together) score 1.

    Raises:
        ValueError: the sequences differ in length.
    """
    both = _pairs(_table(truth, found).values())
    wanted, answered = _pairs(Counter(truth).values()), _pairs(Counter(found).values())
    total = _pairs([len(truth)])
    # Integers up to the last division: a million documents have 5e11 pairs.
    numerator = 2 * (both * total - wanted * answered)
    denominator = (wanted + answered) * total - 2 * wanted * answered
    return numerator / denominator if denominator else 1.0


def macro_f1(truth: Sequence[Collection[str] | str], found: Sequence[str]) -> float:
    """Average the F1 of every class, each class weighing the same.

    A truth may be a collection of labels where the labellers differed: any of
    them is right, and a miss is charged to the first in code point order.
    Classes are those that occur in the truth or the answers; none scores 1.

    Raises:
        ValueError: the sequences differ in length.
    """
    pairs = [(_settle(labels, answer), answer) for labels, answer in zip(truth, found, strict=True)]
    wanted, answered = Counter(label for label, _ in pairs), Counter(label for _, label in pairs)
    hits = Counter(label for label, answer in pairs if label == answer)
    classes = sorted(wanted.keys() | answered.keys())
    if not classes:
        return 1.0
    return math.fsum(2 * hits[c] / (wanted[c] + answered[c]) for c in classes) / len(classes)


def _settle(labels: Collection[str] | str, answer: str) -> str:
    """Choose the label of a truth that an answer is held to."""
    if isinstance(labels, str):
        return labels
    return answer if answer in labels else min(labels)


def accuracy(right: Sequence[bool]) -> float:
    """Return the share of right answers; 1 when nothing was asked."""
    return sum(right) / len(right) if right else 1.0


def direction(a_is_first: Sequence[bool], a_first_probability: Sequence[float]) -> Direction:
    """Score which text of each pair was said to be nearer the origin.

    Exactly .5 means "cannot tell". No pair at all scores 1 with coverage 1.

    Raises:
        ValueError: the sequences differ in length.
    """
    pairs = list(zip(a_is_first, a_first_probability, strict=True))
    answered = [truth == (p > 0.5) for truth, p in pairs if p != 0.5]
    if not pairs:
        return Direction(1.0, 1.0, 1.0)
    return Direction(sum(answered) / len(pairs), accuracy(answered), len(answered) / len(pairs))


def brier(outcomes: Sequence[bool], probabilities: Sequence[float]) -> float:
    """Mean squared distance of probabilities from outcomes (Brier, 1950); 0 is perfect.

    No outcome at all scores 0.

    Raises:
        ValueError: the sequences differ in length.
    """
    if len(outcomes) != len(probabilities):
        raise ValueError(f"{len(outcomes)} outcomes but {len(probabilities)} probabilities")
    if not len(outcomes):
        return 0.0
    return float(np.mean((np.asarray(outcomes, np.float64) - np.asarray(probabilities)) ** 2))


def calibration_error(
    outcomes: Sequence[bool], probabilities: Sequence[float], bins: int = 10
) -> float:
    """Expected calibration error over bins of equal width (Naeini et al., 2015).

    The gap between mean probability and share of outcomes in each bin,
    weighted by the bin's members; 0 is perfect, and nothing asked scores 0.

    Raises:
        ValueError: the sequences differ in length, or a probability is outside [0, 1].
    """
    truth, told = np.asarray(outcomes, np.float64), np.asarray(probabilities, np.float64)
    if truth.shape != told.shape:
        raise ValueError(f"{truth.size} outcomes but {told.size} probabilities")
    if ((told < 0) | (told > 1)).any():
        raise ValueError("a probability lies outside [0, 1]")
    if not truth.size:
        return 0.0
    bin_of = np.minimum((told * bins).astype(np.int64), bins - 1)
    gaps = np.bincount(bin_of, weights=told - truth, minlength=bins)
    return float(np.abs(gaps).sum() / truth.size)


def recall(wanted: Collection[Hashable], found: Collection[Hashable]) -> float:
    """Return the share of wanted pairs that were found; 1 when none is wanted."""
    wanted_set = set(wanted)
    return len(wanted_set & set(found)) / len(wanted_set) if wanted_set else 1.0


def plagdet(
    cases: Mapping[Pair, Sequence[Case]], detections: Mapping[Pair, Sequence[Case]]
) -> Plagdet:
    """Score passages by pair of texts (Potthast, Stein, Barron-Cedeno & Rosso, 2010).

    A detection detects a case when they overlap in both texts. Recall is the
    share of each case's characters (of both texts) that the detections of it
    cover, averaged over cases; precision is the same with the roles swapped;
    granularity is the mean number of detections of a detected case. Plagdet is
    F1 / log2(1 + granularity). Keys name pairs; a pair may be on one side only.

    No case scores recall 1, no detection scores precision 1, and with nothing
    detected granularity is 1.
    """
    granularity = _granularity(cases, detections)
    precision = _macro_recall(detections, cases)
    recall_ = _macro_recall(cases, detections)
    score = harmonic(precision, recall_) / math.log2(1 + granularity)
    return Plagdet(precision, recall_, granularity, score)


def _macro_recall(
    wanted: Mapping[Pair, Sequence[Case]], given: Mapping[Pair, Sequence[Case]]
) -> float:
    """Average over `wanted` the share of its characters that `given` covers."""
    shares = [
        _covered(case, [other for other in given.get(pair, ()) if _meet(case, other)])
        / max(1, case.a_end - case.a_start + case.b_end - case.b_start)
        for pair, group in wanted.items()
        for case in group
    ]
    return math.fsum(shares) / len(shares) if shares else 1.0


def _granularity(
    cases: Mapping[Pair, Sequence[Case]], detections: Mapping[Pair, Sequence[Case]]
) -> float:
    """Average the number of detections over the cases that have any."""
    counts = [
        sum(_meet(case, other) for other in detections.get(pair, ()))
        for pair, group in cases.items()
        for case in group
    ]
    detected = [count for count in counts if count]
    return sum(detected) / len(detected) if detected else 1.0


def _meet(one: Case, other: Case) -> bool:
    """Say whether two passages overlap in both texts."""
    return (
        min(one.a_end, other.a_end) > max(one.a_start, other.a_start)
        and min(one.b_end, other.b_end) > max(one.b_start, other.b_start)
    )  # fmt: skip


def _covered(case: Case, others: Sequence[Case]) -> int:
    """Count the characters of a case, in both texts, that others cover."""
    return union_length(
        (max(case.a_start, o.a_start), min(case.a_end, o.a_end)) for o in others
    ) + union_length((max(case.b_start, o.b_start), min(case.b_end, o.b_end)) for o in others)


def union_length(spans: Iterable[tuple[int, int]]) -> int:
    """Return how many integers a set of half-open spans covers together."""
    total, reached = 0, -math.inf
    for start, end in sorted(spans):
        if end > reached:
            total += end - int(max(start, reached))
            reached = end
    return total


def components(n_docs: int, pairs: Iterable[tuple[int, int]]) -> list[int]:
    """Label documents by their connected component: its smallest row."""
    label = list(range(n_docs))

    def root(row: int) -> int:
        while label[row] != row:
            label[row] = label[label[row]]
            row = label[row]
        return row

    for a, b in pairs:
        low, high = sorted((root(a), root(b)))
        label[high] = low
    return [root(row) for row in range(n_docs)]


def groups(labels: Sequence[Hashable]) -> dict[Hashable, list[int]]:
    """Collect the rows of each label, in row order."""
    rows: defaultdict[Hashable, list[int]] = defaultdict(list)
    for row, label in enumerate(labels):
        rows[label].append(row)
    return dict(rows)
