import numpy as np
import pytest
from digit_settings import digit_settings
from findings_checks import assert_claims_hold_and_controls_fail, broken_bounds, contained, table

from optprimer.rates.problems.convex import Quadratic
from optprimer.rates.problems.stochastic import LeastSquares, Noisy, regression
from optprimer.rates.registry import load
from optprimer.rates.studies import cost, oracle, sgd, sgd_beyond
from optprimer.rates.tables import Cost
from optprimer.tables import write

SETTINGS = digit_settings(seeds=100, stochastic_horizon=1600, horizon=256, seed=2)
NAMES = ["sgd", "sgd_beyond", "oracle", "nonsmooth"]


@pytest.fixture(scope="module")
def found():
    return {name: load(name)(SETTINGS) for name in NAMES}


def rows(found, study, name, **columns):
    chosen = table(found[study], name)
    for column, value in columns.items():
        chosen = chosen[chosen[column] == value]
    return chosen


@pytest.mark.parametrize("name", NAMES)
def test_claims_hold_and_controls_fail(found, name):
    assert_claims_hold_and_controls_fail(found[name])


@pytest.mark.parametrize("name", NAMES)
def test_every_study_has_controls(found, name):
    exponents = rows(found, name, "exponents")
    controls = exponents["role"] == "control"
    assert controls.any()
    assert not contained(exponents[controls]).any()


@pytest.mark.parametrize("name", NAMES)
def test_findings_can_be_written(found, name, tmp_path):
    found[name].write(tmp_path)


@pytest.mark.parametrize("name", ["sgd_beyond", "oracle"])
def test_the_same_seed_gives_the_same_rows(found, name):
    again = load(name)(SETTINGS)
    for each in found[name].rows:
        assert table(again, each).equals(table(found[name], each))


def test_bounds_are_not_vacuous(found):
    attained = rows(found, "sgd", "curves", problem="absolute", quantity="mean gap")["value"].to_numpy()
    bound = rows(found, "sgd", "curves", problem="absolute", method="sgd_average")["bound"].to_numpy()
    np.testing.assert_allclose(attained / bound, 1, atol=0.1)
    huber = rows(found, "sgd", "curves", problem="horizon_huber", method="sgd")
    assert (huber["value"] / huber["bound"]).min() > 0.3


def test_nothing_beats_the_best_guess_and_sgd_comes_close(found):
    sgd_gap = rows(found, "sgd", "curves", problem="biased_coin", method="sgd_average, exact")
    best = rows(found, "sgd", "curves", problem="biased_coin", method="best_guess")
    ratio = sgd_gap["value"].to_numpy() / best["value"].to_numpy()
    assert 1 < ratio.min() <= ratio.max() < 1.5
    scaled = sgd_gap["value"] * np.sqrt(sgd_gap["t"])
    assert scaled.iloc[-1] == pytest.approx(0.417, abs=0.01)


def test_the_chain_takes_the_square_of_its_length_with_noise_and_a_multiple_without(found):
    noisy, free = (rows(found, "sgd", "curves", problem="chain", method=method) for method in ("sgd", "gd"))
    assert (noisy["value"] >= noisy["t"] ** 2).all()
    assert (np.diff(noisy["value"].to_numpy() / free["value"].to_numpy()) > 0).all()


def test_horizons_double():
    assert sgd.horizons(SETTINGS).tolist() == [25, 50, 100, 200, 400, 800, 1600]


def test_controls_break_their_bounds(found):
    for study, problem, method in (
        ("sgd_beyond", "noisy_labels", "sgd_one_sample"),
        ("sgd_beyond", "least_squares", "sgd_above_limit"),
        ("nonsmooth", "adam_counterexample", "adam"),
    ):
        assert not broken_bounds(rows(found, study, "curves", problem=problem, method=method)).empty


def test_floors_are_proportional_to_the_step(found):
    floors = rows(found, "sgd_beyond", "curves", quantity="floor of the gap", method="sgd")
    np.testing.assert_allclose(floors["value"] / floors["t"], 1 / (2 * (2 - floors["t"])), rtol=0.1)


def test_the_limit_of_stability_is_exact_for_one_sample():
    problem = LeastSquares("one", np.array([[3.0]]), np.array([1.0]))
    assert sgd_beyond.stability_limit(problem) == pytest.approx(2 / 9)
    several = regression("several", np.random.default_rng(0), 20, 3, residual=0.0)
    assert several.factor(sgd_beyond.stability_limit(several)) == pytest.approx(1)


def test_batches_are_drawn_as_said():
    rng = np.random.default_rng(0)
    subset = oracle.without_replacement(10)(rng, 10)
    assert sorted(subset.tolist()) == list(range(10))
    favourite = np.arange(10) < 5
    drawn = oracle.favouring(favourite)(rng, 200_000)
    assert np.mean(drawn < 5) == pytest.approx(2 / 3, abs=0.005)
    assert set(drawn.tolist()) == set(range(10))
    drawn = oracle.with_replacement(10)(rng, 200_000)
    assert np.mean(drawn < 5) == pytest.approx(0.5, abs=0.005)


def test_variances_without_replacement_end_at_zero(found):
    rates = rows(found, "oracle", "curves", quantity="variance of the gradient")
    of = {method: curve["value"].to_numpy() for method, curve in rates.groupby("method")}
    assert of["without replacement"][-1] < 0.6 * of["with replacement"][-1]
    np.testing.assert_allclose(of["with replacement"], of["with replacement, exact"], rtol=0.2)


def test_least_squares_gradients_grow_along_a_ray_and_softmax_gradients_do_not(found):
    rays = rows(found, "oracle", "curves", variable="radius")
    grown = {problem: curve["value"].iloc[-1] / curve["value"].iloc[0] for problem, curve in rays.groupby("problem")}
    assert grown["squares"] > 1000
    assert grown["softmax"] < 3


def test_the_worst_function_of_subgradients_is_exact(found):
    worst = rows(found, "nonsmooth", "curves", problem="maximum")
    known = {1: 0.707107, 4: 0.447214, 16: 0.242536, 64: 0.124035, 256: 0.0623783}
    for t, value in known.items():
        assert worst.set_index("t").loc[t, "value"] == pytest.approx(value, rel=1e-5)


def test_a_sweep_is_the_full_gradient_of_the_repeated_images():
    data = cost.repeated(SETTINGS.data, 30)
    assert len(data.train_images) == 131_072
    assert (data.train_images[30:60] == data.train_images[:30]).all()
    weights = np.random.default_rng(0).normal(size=(65, 10))
    np.testing.assert_allclose(cost.sweep(data, 1500, weights), cost.gradient(data, slice(1500), weights), atol=1e-12)


def test_the_cost_study_times_every_size(tmp_path, monkeypatch):
    monkeypatch.setattr(cost, "ROUNDS", 1)
    monkeypatch.setattr(cost, "MEMORY", 2**16)
    findings = cost.study(SETTINGS)
    costs = table(findings, "cost")
    write(costs, Cost, tmp_path / "cost.csv")
    assert costs.groupby("method").size().to_dict() == {"gd": 5, "sgd": 5 * len(cost.BATCHES)}
    assert costs.query("method == 'gd'")["n"].tolist() == [64, 128, 256, 512, 1024]
    assert set(table(findings, "checks")["role"]) == {"claim", "control"}


@pytest.mark.parametrize("first", [0, 3])
def test_the_mean_squared_gradient_is_over_the_steps_said(first):
    """On w^2/2 without noise w_t = (1 - eta)^t w_0."""
    problem = Quadratic("q", np.ones(1), start=np.array([2.0]))
    found = sgd._mean_squared_gradient(Noisy(problem, sigma=0.0), 7, 0.1, 2, np.random.default_rng(0), first)
    np.testing.assert_allclose(found, np.mean([(2 * 0.9**t) ** 2 for t in range(first, 7)]), rtol=1e-12)
