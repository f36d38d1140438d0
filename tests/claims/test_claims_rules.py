"""Every rule on tables of known truth: true, false, borderline, undecided, missing, a single seed."""

import pytest
from claims_parts import CONTRAST, MEAN, exponents, judged, nan, part, reported, runs

S, R, I = "supported", "refuted", "inconclusive"  # noqa: E741


@pytest.mark.parametrize(
    ("given", "values", "verdict"),
    [
        ({"rule": "bound_holds", "below": 0.5}, [0.1, 0.5], S),  # the bound itself is allowed
        ({"rule": "bound_holds", "below": 0.5}, [0.1, 0.51], R),
        ({"rule": "bound_holds", "below": 0.5, "tolerance": 0.02}, [0.1, 0.51], S),
        ({"rule": "bound_holds", "above": 0.5}, [0.5, 0.9], S),
        ({"rule": "bound_holds", "above": 0.5}, [0.49, 0.9], R),
        ({"rule": "bound_holds", "above": 0.5, "tolerance": 0.02}, [0.49, 0.9], S),
        ({"rule": "bound_holds", "below": 0.5}, nan(0.1), I),
        ({"rule": "bound_holds", "below": 0.5}, nan(0.6), R),  # what is there refutes it already
        ({"rule": "bound_holds", "below": "train_accuracy"}, [0.9, 1.0], S),
        ({"rule": "at_least", "threshold": 0.5}, [0.5, 0.7], S),
        ({"rule": "at_least", "threshold": 0.5}, [0.7, 0.4999], R),
        ({"rule": "at_least", "threshold": 0.5}, nan(0.7), I),
        ({"rule": "at_least", "threshold": "train_accuracy"}, [0.9, 1.0], R),
        ({"rule": "agrees_within", "target": 0.5, "tolerance": 0.25}, [0.25, 0.75], S),
        ({"rule": "agrees_within", "target": 0.5, "tolerance": 0.25}, [0.5, 0.76], R),
        ({"rule": "agrees_within", "target": 0.5, "tolerance": 0.25}, [0.5, 0.24], R),
        ({"rule": "agrees_within", "target": 0.5, "tolerance": 0.25}, nan(0.5), I),
    ],
)
def test_rules_that_every_value_must_meet(given, values, verdict):
    assert judged(part(**given), runs(gd=values)).verdict == verdict


@pytest.mark.parametrize(
    ("given", "values", "verdict"),
    [
        ({"rule": "ci_above", "threshold": 0.5}, [0.6, 0.61, 0.62], S),
        ({"rule": "ci_above", "threshold": 0.5}, [0.3, 0.31, 0.32], R),
        ({"rule": "ci_above", "threshold": 0.5}, [0.4, 0.6, 0.7], I),
        ({"rule": "ci_above", "threshold": 0.5}, [0.5, 0.5, 0.5], I),  # the threshold itself is not above
        ({"rule": "ci_above", "threshold": 0.4}, [0.5, 0.5, 0.5], S),  # without spread the interval is a point
        ({"rule": "ci_above", "threshold": 0.5}, [0.9], I),
        ({"rule": "ci_above", "threshold": 0.5}, nan(0.6, 0.61, 0.62), I),
        ({"rule": "ci_above", "threshold": 0.5}, nan(0.3, 0.31, 0.32), R),
        ({"rule": "ci_below", "threshold": 0.5}, [0.3, 0.31, 0.32], S),
        ({"rule": "ci_below", "threshold": 0.5}, [0.6, 0.61, 0.62], R),
        ({"rule": "ci_below", "threshold": 0.5}, [0.4, 0.6, 0.7], I),
        ({"rule": "ci_below", "threshold": "train_accuracy"}, [0.3, 0.31, 0.32], S),
        ({"rule": "exponent_in", "theory": 0.31}, [0.3, 0.31, 0.32], S),
        ({"rule": "exponent_in", "theory": 0.4}, [0.3, 0.31, 0.32], R),
        ({"rule": "exponent_in", "theory": 0.31, "neighbour": 0.32}, [0.3, 0.31, 0.32], I),
        ({"rule": "at_least", "threshold": 0.5}, [0.4, 0.7], S),  # of the mean, not of each
        ({"rule": "bound_holds", "below": 0.5}, [0.4, 0.7], R),
        ({"rule": "agrees_within", "target": 0.55, "tolerance": 1e-9}, [0.4, 0.7], S),
    ],
)
def test_rules_on_a_mean(given, values, verdict):
    assert judged(part(**MEAN, **given), runs(gd=values)).verdict == verdict


@pytest.mark.parametrize(
    ("differences", "verdict"),
    [
        ([0.001, -0.002, 0.003, 0.0], S),
        ([0.05, 0.06, 0.055, 0.052], R),
        ([-0.05, -0.06, -0.055, -0.052], R),
        ([0.003, 0.004, 0.0072], S),  # the 90 % interval ends at 0.0084, the 95 % one at 0.0102
        ([-0.003, -0.004, -0.0072], S),
        ([0.012, 0.008, 0.011, 0.009], I),  # a small difference that could be beyond the margin
        ([0.03, -0.03, 0.02, -0.02], I),  # nothing shown either way: no proof of equality
        ([0.0, 0.0, 0.0, 0.0], S),
        ([0.001], I),
        (nan(0.001, -0.002, 0.003), I),
    ],
)
def test_equivalence_of_two_arms(differences, verdict):
    table = runs(gd=[0.5 + each for each in differences], sgd=[0.5] * len(differences))
    assert judged(part(rule="equivalent", margin=0.01, **{**CONTRAST, "where": {}}), table).verdict == verdict


@pytest.mark.parametrize(
    ("rows", "verdict"),
    [
        ([(-1.0, -1.1, -0.9, -1.0, -2.0)], S),
        ([(-1.0, -1.1, -0.9, -1.0, float("nan"))], S),  # no neighbour to be told from
        ([(-1.0, -1.1, -0.9, -1.1, -2.0)], S),  # theory at the end of the interval is inside
        ([(-1.0, -1.1, -0.9, -2.0, -1.0)], R),
        ([(-1.0, -2.1, -0.9, -1.0, -2.0)], I),
        ([(-1.0, -1.1, -0.9, -1.0, -2.0), (-1.0, -1.1, -0.9, -2.0, -3.0)], R),  # each of the rows must meet the rule
        ([(-1.0, -1.1, -0.9, -1.0, -2.0), (-1.0, -2.1, -0.9, -1.0, -2.0)], I),
        ([(-1.0, -1.1, -0.9, -1.0, -2.0), (-1.0, float("nan"), float("nan"), -1.0, -2.0)], I),
    ],
)
def test_exponents_with_the_intervals_of_their_table(rows, verdict):
    assert judged(reported(), exponents(*rows)).verdict == verdict


@pytest.mark.parametrize(("low", "verdict"), [(0.1, S), (0.0, I), (-0.1, I)])
def test_reported_intervals_against_a_threshold(low, verdict):
    assert judged(reported(rule="ci_above", threshold=0.0), exponents((0.5, low, 0.9, 0, 0))).verdict == verdict


@pytest.mark.parametrize(("wins", "verdict"), [(10, S), (6, I), (0, R)])
def test_a_share(wins, verdict):
    table = runs(gd=[0.5] * 10).assign(diverged=[True] * wins + [False] * (10 - wins))
    given = {"statistic": "share", "unit": ["seed"], "rule": "ci_above", "threshold": 0.5}
    assert judged(part(value="diverged", **given), table).verdict == verdict


@pytest.mark.parametrize(("slope", "verdict"), [(1, S), (-1, R), (0, I)])
def test_a_rank_correlation(slope, verdict):
    noise = ([0.3, -0.2, 0.25, -0.3], [-0.15, 0.2, -0.1, 0.05], [-0.25, 0.15, -0.05, 0.1], [0.1, 0.3, -0.3, 0.2])
    values = [slope * step + each for seed in noise for step, each in enumerate(seed)]
    table = runs(gd=values).assign(seed=[seed for seed in range(4) for _ in range(4)], steps=[*range(4)] * 4)
    given = {"statistic": "rank_correlation", "unit": ["seed"], "against": "steps", "rule": "ci_above", "threshold": 0.0}
    assert judged(part(**given), table).verdict == verdict


def test_the_worst_of_many_values_is_shown_with_its_bound():
    table = exponents((5.0, 0, 0, 10.0, 0), (1e-9, 0, 0, 1.1e-9, 0), (300.0, 0, 0, 1000.0, 0))
    found = judged(part(table="rates/exponents", where={}, value="estimate", rule="bound_holds", below="theory"), table)
    assert (found.estimate, found.parameters, found.n) == (1e-9, "below 1.1e-09", 3)  # the closest in proportion


def test_a_violation_is_shown_before_a_close_call():
    found = judged(part(rule="bound_holds", below=0.5), runs(gd=[0.4999999, 0.9, 0.6]))
    assert found.estimate == 0.9
    assert found.reason == "2 of 3 values: beyond the bound"


@pytest.mark.parametrize(
    ("given", "values", "reason"),
    [
        ({"rule": "ci_above", "threshold": 0.5}, [0.9], "one value has no interval"),
        ({"rule": "ci_above", "threshold": 0.5}, [0.4, 0.6, 0.7], "the interval contains the threshold"),
        ({"rule": "ci_above", "threshold": 0.5}, nan(0.6, 0.61), "1 of 3 values are missing"),
        ({"rule": "ci_above", "threshold": 0.5}, nan(), "1 of 1 values are missing"),
        ({"rule": "ci_above", "threshold": 0.5}, [0.3, 0.31, 0.32], "the interval lies below the threshold"),
    ],
)
def test_what_is_not_supported_says_why(given, values, reason):
    assert judged(part(**MEAN, **given), runs(gd=values)).reason == reason
