"""How often each rule errs at the edge of what it must not support, against what docs/claims.md says; and that it can support.

Counts of independent simulated verdicts are binomial: they are held against their 0.01 % quantiles.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache
from itertools import product

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy import stats

from optprimer.claims.rules import RULES, Decision
from optprimer.claims.statistics import STATISTICS, Estimates, geometric_mean, mean, rank_correlation, reported, share
from optprimer.config.schema import ROOT
from optprimer.rates import fits
from optprimer.seeds import derive

RUNS = 1500  # simulated verdicts
FEWER = {"rank": 800, "skewed": 100}  # of units, by their first word, that take long to draw
TINY = 1e-4
ROW = re.compile(r"^\| (.+) \| (\d+) \| (\w+)( refutes)? \| ([\d.]+) % \| ([\d.]+) % \|$", re.M)
TOLD = [
    (units, int(n), rule, bool(refutes), float(level) / 100, float(rate) / 100)
    for units, n, rule, refutes, level, rate in ROW.findall((ROOT / "docs/claims.md").read_text(encoding="utf-8"))
]
Draw = Callable[[np.random.Generator, int], Estimates]


def rng(*axis: str | int) -> np.random.Generator:
    return np.random.default_rng(derive(0, "claims", "error rates", *axis))


def values(sample: NDArray[np.float64]) -> pd.DataFrame:
    return pd.DataFrame({"value": np.asarray(sample, float)})


def by_unit(n: int, sample: NDArray[np.float64]) -> pd.DataFrame:
    """As many values for each of ``n`` units, against their places."""
    units = pd.Index(np.repeat(np.arange(n), len(sample) // n))
    return pd.DataFrame({"value": sample, "against": np.tile(np.arange(len(sample) // n), n)}, index=units)


def decided(rule: str, found: Estimates, **parameters: float) -> Decision:
    return RULES[rule].decide(found, {name: np.array([number]) for name, number in parameters.items()})


def counted(decisions: Iterator[Decision]) -> tuple[int, int]:
    """How many support, and how many refute."""
    verdicts = np.array([(decision.supports.all(), decision.refutes.any()) for decision in decisions])
    return tuple(verdicts.sum(0))


def at_most(count: int, level: float, runs: int = RUNS) -> bool:
    return count <= stats.binom.ppf(1 - TINY, runs, level)


def about(count: int, rate: float, runs: int = RUNS) -> bool:
    return stats.binom.ppf(TINY, runs, rate) <= count and at_most(count, rate, runs)


def accuracies(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    return np.subtract(*rng.binomial(360, 0.97, (2, n))) / 360


def correlations(levels: int) -> Draw:
    def drawn(rng: np.random.Generator, n: int) -> Estimates:
        return rank_correlation(by_unit(n, rng.normal(size=n * levels)), 0)

    return drawn


def exponent(rng: np.random.Generator, n: int) -> Estimates:
    """Fit t^0 to runs that are squares of normal numbers."""
    fit = fits.resampled_power([16, 64, 256, 1024], rng.chisquare(1, (n, 4)), rng)
    return reported(pd.DataFrame({"value": [fit.estimate], "low": [fit.low], "high": [fit.high]}))


# What is drawn, and its truth: the edge. The exponential one has a long tail on the other side of it than the support.
DRAWN: dict[str, tuple[Draw, float]] = {
    "normal": (lambda rng, n: mean(values(rng.normal(size=n))), 0),
    "ratios with normal logarithms, geometric mean": (lambda rng, n: geometric_mean(values(rng.lognormal(0, 0.3, n))), 1),
    "differences of accuracies on 360 images": (lambda rng, n: mean(values(accuracies(rng, n))), 0),
    "exponential, the long tail on the other side": (lambda rng, n: mean(values(1 - rng.exponential(size=n))), 0),
    "one of two values, as likely": (lambda rng, n: mean(values(rng.choice([-1, 1], n))), 0),
    "rank correlations of 4 levels without order": (correlations(4), 0),
    "rank correlations of 6 levels without order": (correlations(6), 0),
    "rank correlations of 3 levels without order": (correlations(3), 0),
    "skewed runs, exponent by bootstrap": (exponent, 0),
}


@cache
def drawn(units: str, n: int) -> list[Estimates]:
    """Estimates of independent samples, which several tests look at."""
    numbers = rng(units, n)
    return [DRAWN[units][0](numbers, n) for _ in range(FEWER.get(units.split()[0], RUNS))]


def shifted(found: Estimates, by: float) -> Estimates:
    """The estimates of values that are larger ``by`` so much."""
    bounds = {name: getattr(found, name) + by for name in ("estimate", "low", "high", "low_90", "high_90")}
    return Estimates(n=found.n, **bounds)


def at_the_edge(rule: str, refutes: bool, found: Estimates, truth: float) -> Decision:
    match rule:
        case "exponent_in" if refutes:
            return decided(rule, found, theory=truth)
        case "exponent_in":  # the truth is the neighbour; what is claimed is so near that any interval beside it contains it
            return decided(rule, found, theory=truth + 1e-9 + max(found.low[0] - truth, 0), neighbour=truth)
        case "equivalent":  # the truth is the lower end of a margin that is wide compared with the interval
            return decided(rule, shifted(found, -1e3 - truth), margin=1e3)
    return decided(rule, found, threshold=truth)


@pytest.mark.parametrize(("units", "n", "rule", "refutes", "level", "rate"), TOLD)
def test_at_the_edge_a_rule_errs_as_often_as_is_told(units, n, rule, refutes, level, rate, monkeypatch):
    monkeypatch.setattr(fits, "RESAMPLES", 200)  # of 1,000, which take their time
    found = drawn(units, n)
    counts, runs = counted(at_the_edge(rule, refutes, each, DRAWN[units][1]) for each in found), len(found)
    assert about(counts[refutes], rate, runs)
    if rate <= level:
        assert at_most(counts[refutes], level, runs)


def test_every_rule_with_a_level_is_told_of_and_nothing_else():
    assert {units for units, *_ in TOLD} == DRAWN.keys()
    assert {rule for _, _, rule, *_ in TOLD} == {"ci_above", "ci_below", "exponent_in", "equivalent"}
    assert {name for name, rule in RULES.items() if "each" not in rule.statistics} == {rule for _, _, rule, *_ in TOLD}
    assert STATISTICS.keys() == {"each", "mean", "geometric_mean", "share", "reported"}  # another needs a row


@pytest.mark.parametrize("n", [3, 15])
def test_at_the_edge_no_rule_refutes_more_often_than_at_its_level(n):
    """A refuted claim is a finding, so it is as rare by chance."""
    found = drawn("normal", n)
    for rule in ("ci_above", "ci_below"):
        assert about(counted(decided(rule, each, threshold=0) for each in found)[1], 0.025)
    for spread in (1e3, 2):  # standard deviations from one margin to the other
        beyond = (decided("equivalent", shifted(each, -spread / 2), margin=spread / 2) for each in found)
        assert at_most(counted(beyond)[1], 0.025)


@pytest.mark.parametrize("spread", [0.5, 2, 8])
def test_no_width_of_the_margin_or_distance_of_the_neighbour_lets_more_through(spread):
    """Where an interval is as wide as the margin, or as two exponents are apart, less is supported, never more."""
    found = drawn("normal", 5)
    margin = spread / 2
    assert at_most(counted(decided("equivalent", shifted(each, margin), margin=margin) for each in found)[0], 0.05)
    assert at_most(counted(decided("equivalent", shifted(each, -margin), margin=margin) for each in found)[0], 0.05)
    for sign in (-1, 1):
        assert at_most(counted(decided("exponent_in", each, theory=sign * spread, neighbour=0) for each in found)[0], 0.025)


@pytest.mark.parametrize("n", [2, 3, 15])
def test_students_intervals_cover_their_share(n):
    assert about(sum(each.low[0] <= 0 <= each.high[0] for each in drawn("normal", n)), 0.95)
    assert about(sum(each.low_90[0] <= 0 <= each.high_90[0] for each in drawn("normal", n)), 0.9)
    ratios = [geometric_mean(values(np.exp(sample))) for sample in rng("cover ratios", n).normal(3, 2, (RUNS // 4, n))]
    assert about(sum(each.low[0] <= np.exp(3) <= each.high[0] for each in ratios), 0.95, RUNS // 4)


@pytest.mark.parametrize("n", [1, 5, 12, 30])
def test_shares_err_at_their_level_at_most_and_their_intervals_cover_at_least_theirs(n):
    """Exactly: over all counts with their probabilities, for truths from end to end."""
    found = [share(values([1] * hits + [0] * (n - hits))) for hits in range(n + 1)]
    for truth in np.linspace(0.01, 0.99, 99):
        chance = stats.binom.pmf(range(n + 1), n, truth)
        covered = [each.low[0] <= truth <= each.high[0] for each in found]
        assert chance[covered].sum() >= 0.95 - 1e-12
        for rule in ("ci_above", "ci_below"):
            decisions = [decided(rule, each, threshold=truth) for each in found]
            supported, refuted = (
                np.array([getattr(each, kind).all() for each in decisions]) for kind in ("supports", "refutes")
            )
            assert max(chance[supported].sum(), chance[refuted].sum()) <= 0.025 + 1e-12


def test_of_two_values_every_sign_is_as_likely():
    """The two rates of docs/claims.md are exact: all values are the larger one."""
    for n, rate in ((3, 1 / 8), (5, 1 / 32)):
        signs = [mean(values(sample)) for sample in product([-1, 1], repeat=n)]
        assert counted(decided("ci_above", each, threshold=0) for each in signs)[0] / len(signs) == rate


def test_shuffled_controls_pass_as_seldom_as_what_has_no_order():
    ordered, runs = by_unit(5, np.tile(np.arange(6.0), 5)), FEWER["rank"]
    drawn = (rank_correlation(ordered, derive(seed, "claims", "error rates"), permuted=True) for seed in range(runs))
    assert about(counted(decided("ci_above", each, threshold=0) for each in drawn)[0], 0.028, runs)


@pytest.mark.parametrize(
    ("rule", "parameters"),
    [
        ("at_least", {"threshold": 0}),
        ("bound_holds", {"above": 0}),
        ("bound_holds", {"below": 0}),
        ("agrees_within", {"target": 1e3, "tolerance": 1e3}),
    ],
)
def test_rules_without_an_interval_are_met_at_the_edge_every_other_time(rule, parameters):
    found = (mean(values(sample)) for sample in rng("points", rule).normal(size=(RUNS, 5)))
    supported, refuted = counted(decided(rule, each, **parameters) for each in found)
    assert about(supported, 0.5)
    assert supported + refuted == RUNS


@pytest.mark.parametrize(
    ("rule", "parameters"),
    [
        ("ci_above", {"threshold": 0}),
        ("ci_below", {"threshold": 2}),
        ("exponent_in", {"theory": 1, "neighbour": 0}),
        ("exponent_in", {"theory": 1, "neighbour": 2}),
        ("at_least", {"threshold": 0}),
        ("bound_holds", {"below": 2}),
        ("agrees_within", {"target": 1, "tolerance": 1}),
    ],
)
def test_what_is_clearly_so_is_supported(rule, parameters):
    """Five units at 1, five standard deviations from the edge: eleven standard errors."""
    found = [mean(values(sample)) for sample in rng("power", rule).normal(1, 0.2, (400, 5))]
    supported, refuted = counted(decided(rule, each, **parameters) for each in found)
    assert supported >= (400 * 0.9 if rule == "exponent_in" else 400 * 0.98)  # an interval of 95 % contains theory as often
    assert refuted <= (400 * 0.1 if rule == "exponent_in" else 0)


def test_what_is_clearly_equal_or_ordered_or_always_so_is_supported():
    equal = (mean(values(sample)) for sample in rng("power", "equivalent").normal(0, 0.2, (400, 5)))
    assert counted(decided("equivalent", each, margin=1) for each in equal)[0] >= 400 * 0.98
    numbers = rng("power", "order")
    ordered = (by_unit(5, np.tile(np.arange(6.0), 5) + numbers.normal(size=30)) for _ in range(100))
    assert counted(decided("ci_above", rank_correlation(each, 0), threshold=0) for each in ordered) == (100, 0)
    assert decided("ci_above", share(values([1] * 12)), threshold=0.5).supports.all()
    assert not decided("ci_above", share(values([1] * 5)), threshold=0.5).supports.any()  # of five the interval begins at 0.48
