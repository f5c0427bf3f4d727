from __future__ import annotations

import math
from itertools import combinations

import metrics
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from metrics import Case
from sklearn.metrics import adjusted_rand_score, f1_score

LABELS = st.integers(0, 4)
GROUPINGS = st.lists(st.tuples(LABELS, LABELS), min_size=1, max_size=25)
PASSAGES = st.lists(
    st.builds(
        lambda a, m, b, n: Case(a, a + m, b, b + n),
        st.integers(0, 30),
        st.integers(1, 12),
        st.integers(0, 30),
        st.integers(1, 12),
    ),
    max_size=5,
)
BY_PAIR = st.dictionaries(st.sampled_from(["p", "q"]), PASSAGES)


def slow_pairwise(truth: list[int], found: list[int]) -> metrics.Score:
    rows = list(combinations(range(len(truth)), 2))
    wanted = {(i, j) for i, j in rows if truth[i] == truth[j]}
    answered = {(i, j) for i, j in rows if found[i] == found[j]}
    precision = len(wanted & answered) / len(answered) if answered else 1.0
    recall = len(wanted & answered) / len(wanted) if wanted else 1.0
    return metrics.Score(precision, recall, metrics.harmonic(precision, recall))


def slow_b_cubed(truth: list[int], found: list[int]) -> metrics.Score:
    precisions, recalls = [], []
    for i in range(len(truth)):
        same_truth = {j for j in range(len(truth)) if truth[j] == truth[i]}
        same_found = {j for j in range(len(truth)) if found[j] == found[i]}
        precisions.append(len(same_truth & same_found) / len(same_found))
        recalls.append(len(same_truth & same_found) / len(same_truth))
    p, r = float(np.mean(precisions)), float(np.mean(recalls))
    return metrics.Score(p, r, metrics.harmonic(p, r))


def characters(case: Case) -> set[tuple[str, int]]:
    return {("a", x) for x in range(case.a_start, case.a_end)} | {
        ("b", x) for x in range(case.b_start, case.b_end)
    }


def detects(detection: Case, case: Case) -> bool:
    shared = characters(detection) & characters(case)
    return {side for side, _ in shared} == {"a", "b"}


def slow_plagdet(
    cases: dict[str, list[Case]], detections: dict[str, list[Case]]
) -> metrics.Plagdet:
    """The formulas of the paper over sets of characters."""
    s_all = [(pair, s) for pair, group in cases.items() for s in group]
    r_all = [(pair, r) for pair, group in detections.items() for r in group]

    def shared(one: tuple[str, Case], others: list[tuple[str, Case]]) -> float:
        covered: set[tuple[str, int]] = set()
        for pair, other in others:
            if pair == one[0] and detects(other, one[1]):
                covered |= characters(one[1]) & characters(other)
        return len(covered) / len(characters(one[1]))

    recall = float(np.mean([shared(s, r_all) for s in s_all])) if s_all else 1.0
    precision = float(np.mean([shared(r, s_all) for r in r_all])) if r_all else 1.0
    counts = [sum(p == q and detects(r, s) for q, r in r_all) for p, s in s_all]
    detected = [count for count in counts if count]
    granularity = float(np.mean(detected)) if detected else 1.0
    f1 = metrics.harmonic(precision, recall)
    return metrics.Plagdet(precision, recall, granularity, f1 / math.log2(1 + granularity))


def test_pairwise__counts_a_case_done_by_hand() -> None:
    # wanted: 01 02 12 34; answered: 01 23; shared: 01
    score = metrics.pairwise("aaabb", "xxyyz")
    assert score == pytest.approx((1 / 2, 1 / 4, 1 / 3))


def test_b_cubed__averages_a_case_done_by_hand() -> None:
    score = metrics.b_cubed("aaabb", "xxyyz")
    precision = (1 + 1 + 1 / 2 + 1 / 2 + 1) / 5
    recall = (2 / 3 + 2 / 3 + 1 / 3 + 1 / 2 + 1 / 2) / 5
    assert score[:2] == pytest.approx((precision, recall))


@given(GROUPINGS)
def test_groupings__agree_with_the_definitions(pairs: list[tuple[int, int]]) -> None:
    truth, found = [a for a, _ in pairs], [b for _, b in pairs]
    assert metrics.pairwise(truth, found) == pytest.approx(slow_pairwise(truth, found))
    assert metrics.b_cubed(truth, found) == pytest.approx(slow_b_cubed(truth, found))


@given(GROUPINGS)
def test_adjusted_rand__agrees_with_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    truth, found = [a for a, _ in pairs], [b for _, b in pairs]
    expected = adjusted_rand_score(truth, found)
    assert metrics.adjusted_rand(truth, found) == pytest.approx(expected)


@given(GROUPINGS, st.permutations(range(5)))
def test_groupings__names_of_groups_change_nothing(
    pairs: list[tuple[int, int]], names: list[int]
) -> None:
    truth, found = [a for a, _ in pairs], [b for _, b in pairs]
    renamed = [names[b] for b in found]
    for measure in (metrics.pairwise, metrics.b_cubed, metrics.adjusted_rand):
        assert measure(truth, renamed) == pytest.approx(measure(truth, found))
        assert measure(truth, [names[a] for a in truth]) == pytest.approx(measure(truth, truth))


@given(GROUPINGS)
def test_groupings__perfect_is_one_and_no_score_leaves_its_bounds(
    pairs: list[tuple[int, int]],
) -> None:
    truth, found = [a for a, _ in pairs], [b for _, b in pairs]
    assert metrics.pairwise(truth, truth) == (1, 1, 1)
    assert metrics.b_cubed(truth, truth) == pytest.approx((1, 1, 1))
    assert metrics.adjusted_rand(truth, truth) == 1
    assert all(0 <= x <= 1 for x in metrics.pairwise(truth, found))
    assert all(0 < x <= 1 + 1e-12 for x in metrics.b_cubed(truth, found))
    assert -1 <= metrics.adjusted_rand(truth, found) <= 1


@given(GROUPINGS)
def test_groupings__swapping_the_sides_swaps_precision_and_recall(
    pairs: list[tuple[int, int]],
) -> None:
    truth, found = [a for a, _ in pairs], [b for _, b in pairs]
    for measure in (metrics.pairwise, metrics.b_cubed):
        p, r, f1 = measure(truth, found)
        assert measure(found, truth) == pytest.approx((r, p, f1))


def test_groupings__refuse_labels_of_different_length() -> None:
    for measure in (metrics.pairwise, metrics.b_cubed, metrics.adjusted_rand):
        with pytest.raises(ValueError, match=r"is (shorter|longer) than"):
            measure("aab", "aa")


def test_adjusted_rand__stays_exact_for_a_million_documents() -> None:
    truth = [row // 2 for row in range(1_000_000)]
    found = [row // 4 for row in range(1_000_000)]
    wanted, answered, total = 500_000, 1_500_000, 1_000_000 * 999_999 // 2
    expected = (wanted - wanted * answered / total) / (
        (wanted + answered) / 2 - wanted * answered / total
    )
    assert metrics.adjusted_rand(truth, found) == pytest.approx(expected, rel=1e-12)


def test_macro_f1__weighs_a_rare_class_like_a_common_one() -> None:
    truth = ["repost"] * 8 + ["update"] * 2
    found = ["repost"] * 9 + ["update"]
    assert metrics.macro_f1(truth, found) == pytest.approx((16 / 17 + 2 / 3) / 2)


def test_macro_f1__either_label_of_a_disputed_truth_is_right() -> None:
    assert metrics.macro_f1([{"update", "repost"}, "cut"], ["repost", "cut"]) == 1
    assert metrics.macro_f1([{"update", "repost"}, "cut"], ["update", "cut"]) == 1
    assert metrics.macro_f1([{"update", "repost"}, "cut"], ["cut", "cut"]) == pytest.approx(1 / 3)


def test_macro_f1__agrees_with_scikit_learn() -> None:
    rng = np.random.default_rng(4)
    truth = [str(x) for x in rng.integers(0, 4, 200)]
    found = [str(x) for x in rng.integers(0, 4, 200)]
    assert metrics.macro_f1(truth, found) == pytest.approx(f1_score(truth, found, average="macro"))


def test_direction__cannot_tell_is_not_right_and_not_covered() -> None:
    told = metrics.direction([True, True, False, False], [0.9, 0.5, 0.2, 0.7])
    assert told == pytest.approx((2 / 4, 2 / 3, 3 / 4))


def test_direction__swapping_every_pair_changes_nothing() -> None:
    truth, told = [True, False, True, True], [0.9, 0.6, 0.5, 0.1]
    swapped = metrics.direction([not t for t in truth], [1 - p for p in told])
    assert swapped == metrics.direction(truth, told)


def test_direction__all_undecided_is_no_accuracy_at_all() -> None:
    assert metrics.direction([True, False], [0.5, 0.5]) == (0, 1, 0)


def test_brier__is_the_mean_squared_distance() -> None:
    assert metrics.brier([True, False], [0.8, 0.4]) == pytest.approx((0.04 + 0.16) / 2)
    assert metrics.brier([True, False], [1.0, 0.0]) == 0
    with pytest.raises(ValueError, match="2 outcomes but 1"):
        metrics.brier([True, False], [0.5])


def test_calibration_error__weighs_each_bins_gap_by_its_members() -> None:
    # bin .9: told .95, came true 1/2; bin .1: told .15, came true 0
    outcomes, told = [True, False, False], [0.95, 0.95, 0.15]
    expected = (2 * 0.45 + 1 * 0.15) / 3
    assert metrics.calibration_error(outcomes, told) == pytest.approx(expected)


def test_calibration_error__certainty_that_comes_true_is_perfect() -> None:
    assert metrics.calibration_error([True, False], [1.0, 0.0]) == 0
    assert metrics.calibration_error([True, False], [0.0, 1.0]) == 1


def test_calibration_error__refuses_what_is_no_probability() -> None:
    with pytest.raises(ValueError, match="outside"):
        metrics.calibration_error([True], [1.5])


def test_recall__counts_wanted_pairs_only() -> None:
    assert metrics.recall([(0, 1), (1, 2)], [(0, 1), (5, 6)]) == 0.5
    assert metrics.recall([], [(0, 1)]) == 1


def test_plagdet__scores_a_case_done_by_hand() -> None:
    # Case: 10 + 10 characters. Two detections: one covers 5 + 5 of it and
    # nothing else, one covers 2 + 2 of it and 2 + 2 beside it.
    cases = {"p": [Case(0, 10, 100, 110)]}
    found = {"p": [Case(0, 5, 100, 105), Case(8, 12, 108, 112)]}
    score = metrics.plagdet(cases, found)
    precision, recall, granularity = (1 + 4 / 8) / 2, 14 / 20, 2.0
    f1 = 2 * precision * recall / (precision + recall)
    assert score == pytest.approx((precision, recall, granularity, f1 / math.log2(3)))


def test_plagdet__overlap_in_one_text_only_detects_nothing() -> None:
    cases = {"p": [Case(0, 10, 0, 10)]}
    score = metrics.plagdet(cases, {"p": [Case(0, 10, 50, 60)]})
    assert score == (0, 0, 1, 0)


def test_plagdet__a_detection_in_a_pair_without_cases_costs_precision() -> None:
    case = Case(0, 10, 0, 10)
    assert metrics.plagdet({"p": [case]}, {"p": [case]}) == (1, 1, 1, 1)
    assert metrics.plagdet({"p": [case], "q": []}, {"p": [case], "q": [case]}).precision == 0.5


@given(BY_PAIR, BY_PAIR)
def test_plagdet__agrees_with_the_paper_over_sets_of_characters(
    cases: dict[str, list[Case]], detections: dict[str, list[Case]]
) -> None:
    assert metrics.plagdet(cases, detections) == pytest.approx(slow_plagdet(cases, detections))


@given(BY_PAIR, BY_PAIR)
def test_plagdet__stays_between_nothing_and_perfect(
    cases: dict[str, list[Case]], detections: dict[str, list[Case]]
) -> None:
    score = metrics.plagdet(cases, detections)
    assert 0 <= score.plagdet <= 1
    assert score.granularity >= 1


def test_union_length__counts_overlaps_once() -> None:
    assert metrics.union_length([(0, 4), (2, 6), (10, 12), (11, 11)]) == 8
    assert metrics.union_length([]) == 0


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=12))
def test_components__label_is_the_smallest_row_that_can_be_reached(
    pairs: list[tuple[int, int]],
) -> None:
    labels = metrics.components(10, pairs)
    reach = {row: {row} for row in range(10)}
    for _ in range(10):
        for a, b in pairs:
            both = reach[a] | reach[b]
            for row in both:
                reach[row] = both
    assert labels == [min(reach[row]) for row in range(10)]


def test_groups__collect_rows_in_order() -> None:
    assert metrics.groups("abab") == {"a": [0, 2], "b": [1, 3]}
