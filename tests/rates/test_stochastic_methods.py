from dataclasses import dataclass, field
from itertools import count

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optprimer.rates.methods.gradient import gradient_descent
from optprimer.rates.methods.stochastic import adam, averaged, sgd
from optprimer.rates.problems.convex import Quadratic
from optprimer.rates.problems.stochastic import ADAM_COUNTEREXAMPLE, Noisy, Oracle, Slope
from optprimer.rates.worst_cases import final

BOWL = Quadratic("bowl", np.array([1.0, 0.3]), start=np.array([2.0, -1.0]))


@dataclass
class Periodic(Oracle):
    """Gradient 4 at t = 1, 4, 7, ..., else -1: the counterexample of Reddi et al. without randomness."""

    problem = Slope()
    steps: count = field(default_factory=lambda: count(1))

    def draw(self, w, rng):
        return np.full_like(w, 4.0 if next(self.steps) % 3 == 1 else -1.0)


def rng():
    return np.random.default_rng(0)


def test_without_noise_sgd_is_gradient_descent():
    runs = np.array(list(sgd(Noisy(BOWL, 0.0), 20, lambda _: 0.5, 3, rng())))
    plain = np.array(list(gradient_descent(BOWL, 20, 0.5)))
    np.testing.assert_allclose(runs, np.broadcast_to(plain[:, None], (21, 3, 2)), rtol=1e-14)


def test_runs_have_noise_of_their_own():
    first, second = final(sgd(Noisy(BOWL), 5, lambda _: 0.1, 2, rng()))
    assert np.abs(first - second).min() > 0


def test_steps_follow_their_schedule():
    w = np.array(list(sgd(Noisy(BOWL, 0.0), 3, lambda t: 1 / (t + 1), 1, rng())))[:, 0, 0]
    np.testing.assert_allclose(w, [2, 0, 0, 0])
    w = np.array(list(sgd(Noisy(BOWL, 0.0), 2, lambda t: 1 / (t + 2), 1, rng())))[:, 0, 0]
    np.testing.assert_allclose(w, [2, 1, 2 / 3])


def test_projected_runs_stay_in_the_cube():
    points = np.array(list(sgd(Noisy(BOWL, 5.0), 50, lambda _: 1.0, 10, rng(), radius=0.7)))[1:]
    assert np.abs(points).max() == 0.7
    assert np.abs(points).min() < 0.7


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=20))
def test_running_means_are_weighted_means(values):
    points = np.array(values)
    uniform = list(averaged(iter(points)))
    np.testing.assert_allclose(uniform[-1], points.mean(), atol=1e-12)
    weighted = list(averaged(iter(points), lambda t: t + 1))
    for t, mean in enumerate(weighted):
        np.testing.assert_allclose(mean, np.average(points[: t + 1], weights=np.arange(1, t + 2)), atol=1e-12)


@pytest.mark.parametrize("amsgrad", [False, True])
def test_adam_agrees_with_a_second_implementation(amsgrad):
    decay, w, v, largest, gradients = 0.9, 0.0, 0.0, 0.0, [4.0, -1.0, -1.0] * 4
    for t, g in enumerate(gradients):
        v = decay * v + (1 - decay) * g * g
        largest = max(largest, v)
        w -= 0.05 / (t + 1) ** 0.5 * g / (largest if amsgrad else v) ** 0.5
    run = adam(Periodic(), 12, lambda t: 0.05 / np.sqrt(t + 1), 1, rng(), decay=decay, amsgrad=amsgrad)
    assert final(run).item() == pytest.approx(w, rel=1e-12)


def test_adam_goes_to_the_worst_point_where_sgd_and_amsgrad_find_the_best():
    def end(method, **options):
        return final(method(Periodic(), 30_000, lambda t: 0.1 / np.sqrt(t + 1), 1, rng(), radius=1.0, **options)).item()

    assert end(adam, decay=1 / 17) == pytest.approx(1, abs=2e-3)
    assert end(adam, decay=1 / 17, amsgrad=True) == pytest.approx(-0.9997, abs=1e-4)
    assert end(sgd) == pytest.approx(-0.99885, abs=1e-5)


def test_adam_fails_with_random_gradients_too():
    common = (ADAM_COUNTEREXAMPLE, 2000, lambda t: 0.5 / np.sqrt(t + 1), 50, rng())
    assert final(adam(*common, decay=1 / 17, radius=1.0)).mean() > 0.9
    assert final(adam(*common, decay=1 / 17, amsgrad=True, radius=1.0)).mean() < -0.9
