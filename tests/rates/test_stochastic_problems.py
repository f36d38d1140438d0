from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from digit_settings import digit_settings
from hypothesis import assume, given
from hypothesis import strategies as st

from optprimer.rates.methods.gradient import gradient_descent
from optprimer.rates.problems.images import Softmax, Squares, design
from optprimer.rates.problems.nonconvex import Chain
from optprimer.rates.problems.stochastic import (
    ADAM_COUNTEREXAMPLE,
    Absolute,
    Coin,
    HorizonHuber,
    LeastSquares,
    Noisy,
    OneSample,
    Revealing,
    coin,
    coin_average,
    regression,
)
from optprimer.rates.significance import critical, largest_deviation

SQUARES = regression("squares", np.random.default_rng(1), 12, 3, residual=0.7)
WIDE = regression("wide", np.random.default_rng(1), 4, 7, residual=0.0)
points = st.lists(st.floats(-20, 20), min_size=3, max_size=3).map(np.array)


@pytest.mark.parametrize("problem", [Absolute(), Absolute(0.5), HorizonHuber.of(100, 0.1), Coin(16)], ids=lambda p: p.name)
@given(w=st.floats(-0.99, 0.99))
def test_gradients_on_a_line_are_those_of_the_values(problem, w):
    assume(abs(w) > 1e-4)
    h = 1e-6
    ends = problem.value(np.array([[w + h], [w - h]]))
    assert problem.gradient(np.array([w]))[0] == pytest.approx((ends[0] - ends[1]) / (2 * h), abs=1e-6)


@given(points)
def test_gradients_of_least_squares_are_those_of_the_values(w):
    h = 1e-5 * np.eye(3)
    differences = (SQUARES.value(w + h) - SQUARES.value(w - h)) / 2e-5
    np.testing.assert_allclose(SQUARES.gradient(w), differences, atol=1e-5)


def test_subgradients_at_the_kink_do_not_vanish():
    assert Absolute().gradient(np.zeros(1)) == 1


@pytest.mark.parametrize("oracle", [coin(16), ADAM_COUNTEREXAMPLE, Noisy(Absolute()), OneSample(SQUARES)], ids=repr)
def test_oracles_are_unbiased(oracle):
    w = np.tile(oracle.problem.start + 0.3, (20_000, 1))
    drawn = oracle.draw(w, np.random.default_rng(0))
    assert largest_deviation(drawn, oracle.problem.gradient(w[0])) < critical(w.shape[1])


def test_a_biased_oracle_would_be_found():
    oracle = coin(16)
    drawn = replace(oracle, share=oracle.share + 0.03).draw(np.zeros((20_000, 1)), np.random.default_rng(0))
    assert largest_deviation(drawn, oracle.problem.gradient(np.zeros(1))) > critical(1)


def test_the_chain_shows_one_more_coordinate_when_the_coin_says_so():
    chain, w = Chain(4), np.array([[1.5, 0.9, 0.0, 0.0]])
    gradient = chain.gradient(w)
    shown, hidden = (Revealing(chain, p).draw(w, Always(u)) for p, u in ((0.25, 0.1), (0.25, 0.9)))
    assert (gradient != 0).tolist() == [[True, True, True, False]]
    np.testing.assert_allclose(hidden, gradient * [1, 1, 0, 0])
    np.testing.assert_allclose(shown, gradient * [1, 1, 4, 4])
    np.testing.assert_allclose(0.25 * shown + 0.75 * hidden, gradient)


class Always:
    """A generator whose uniform numbers are all the same."""

    def __init__(self, u):
        self.u = u

    def random(self, shape):
        return np.full(shape, self.u)


@pytest.mark.parametrize(("horizon", "eta"), [(1, 1.0), (64, 1.0), (64, 0.125), (1000, 0.05)])
def test_the_horizon_huber_is_hardly_crossed(horizon, eta):
    problem = HorizonHuber.of(horizon, eta, drop=2.0)
    gradients = np.array([problem.gradient(w)[0] for w in gradient_descent(problem, horizon + 1, eta)])
    assert problem.gap == pytest.approx(2)
    straight = horizon - int(1 / (2 * eta))
    np.testing.assert_allclose(gradients[:straight], np.sqrt(2 / (eta * horizon)), rtol=1e-12)
    assert gradients[horizon + 1] < 0.7 * gradients[0]


def test_the_mean_point_of_the_coin_is_that_of_all_tosses():
    for horizon in (4, 9):
        share = coin(horizon).share
        total = 0.0
        for tosses in product([1, -1], repeat=horizon):
            w, path = 0.0, []
            for g in tosses:
                path.append(w)
                w = min(1.0, max(-1.0, w - g / np.sqrt(horizon)))
            total += np.mean(path) * np.prod([share if g == 1 else 1 - share for g in tosses])
        assert coin_average(horizon) == pytest.approx(total, abs=1e-14)


def test_least_squares_knows_its_constants():
    assert SQUARES.gradient(SQUARES.minimizer) == pytest.approx(0, abs=1e-12)
    eigenvalues = np.linalg.eigvalsh(SQUARES.hessian)
    assert (SQUARES.alpha, SQUARES.beta) == pytest.approx((eigenvalues[0], eigenvalues[-1]))
    assert SQUARES.optimum == pytest.approx(float(SQUARES.value(SQUARES.minimizer)))
    assert WIDE.alpha == pytest.approx(np.linalg.eigvalsh(WIDE.hessian)[3])
    assert WIDE.optimum < 1e-25


def mean_square(problem, w):
    """E||g||^2 at w, over all samples."""
    return ((problem.inputs**2).sum(1) * (problem.inputs @ w - problem.targets) ** 2).mean()


@given(points)
def test_second_moments_grow_no_faster_than_said(w):
    noise, share = SQUARES.growth
    square = mean_square(SQUARES, w)
    assert square <= (noise + share * (SQUARES.gradient(w) ** 2).sum()) * (1 + 1e-9)
    gap = float(SQUARES.value(w)) - SQUARES.optimum  # Nguyen et al. 2018, Lemma 1
    assert square <= (4 * SQUARES.largest_beta * gap + 2 * SQUARES.noise) * (1 + 1e-9)


def test_the_growth_constant_is_attained_without_residuals():
    clean = LeastSquares("clean", SQUARES.inputs, SQUARES.inputs @ np.ones(3))
    _, share = clean.growth
    directions = np.random.default_rng(0).normal(size=(20_000, 3))
    ratios = [mean_square(clean, 1 + e) / (clean.gradient(1 + e) ** 2).sum() for e in directions]
    assert 0.97 < max(ratios) / (share / 2) <= 1 + 1e-9


def test_second_moments_are_those_of_all_orders_of_samples():
    problem = regression("small", np.random.default_rng(3), 3, 2, residual=1.0)
    errors = [np.array([problem.start - problem.minimizer])]
    for t in range(3):
        x, y = problem.inputs, problem.targets
        w = errors[-1] + problem.minimizer
        step = 0.1 / (t + 1)
        errors.append(np.concatenate([w - step * x[i] * ((w @ x[i]) - y[i])[:, None] for i in range(3)]) - problem.minimizer)
    exact = list(problem.moments(3, lambda t: 0.1 / (t + 1)))
    for t, each in enumerate(errors):
        np.testing.assert_allclose(exact[t], each.T @ each / len(each), atol=1e-14)


@pytest.mark.parametrize("problem", [SQUARES, WIDE], ids=lambda p: p.name)
def test_the_factor_is_the_limit_of_the_recursion(problem):
    eta = 1 / problem.largest_beta
    clean = LeastSquares("clean", problem.inputs, problem.inputs @ np.ones(problem.inputs.shape[1]))
    traces = np.array([np.trace(second) for second in clean.moments(600, lambda _: eta)])
    assert traces[-1] / traces[-2] == pytest.approx(problem.factor(eta), rel=1e-6)


@pytest.fixture(scope="module")
def images():
    return design(digit_settings().data, slice(50))


@pytest.mark.parametrize("kind", [Softmax, Squares])
def test_gradients_of_linear_models_are_those_of_their_losses(images, kind):
    model = kind(*images)
    weights = np.random.default_rng(0).normal(size=(65, 10)) / 8

    def loss(w):
        scores = model.inputs @ w
        if kind is Squares:
            return ((scores - model.targets) ** 2).sum(1).mean() / 2
        return (np.log(np.exp(scores).sum(1)) - (scores * model.targets).sum(1)).mean()

    gradient = model.gradient(weights)
    for place in [(0, 0), (30, 4), (64, 9)]:
        h = np.zeros_like(weights)
        h[place] = 1e-5
        assert gradient[place] == pytest.approx((loss(weights + h) - loss(weights - h)) / 2e-5, abs=1e-7)


@pytest.mark.parametrize("kind", [Softmax, Squares])
def test_variances_and_norms_are_those_of_single_gradients(images, kind):
    model = kind(*images)
    weights = np.random.default_rng(0).normal(size=(65, 10))
    each = np.array([model.gradient(weights, np.array([i])) for i in range(50)])
    np.testing.assert_allclose(each.mean(0), model.gradient(weights), atol=1e-12)
    np.testing.assert_allclose(each.var(0), model.variance(weights), atol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(each.reshape(50, -1), axis=1), model.norms(weights))


def test_noise_has_no_mean_of_a_hundredth():
    drawn = Noisy(Absolute()).draw(np.ones((2_000_000, 1)), np.random.default_rng(0))
    assert largest_deviation(drawn, np.ones(1)) < critical(1)
    assert largest_deviation(drawn + 0.01, np.ones(1)) > critical(1)
