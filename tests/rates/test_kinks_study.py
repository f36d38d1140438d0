"""Kinks of ReLU networks: gradients, jumps, smoothness constants, and the study."""

from dataclasses import replace

import numpy as np
import pytest
from digit_settings import digit_settings
from findings_checks import assert_claims_hold_and_controls_fail, broken_bounds, table
from hypothesis import given
from hypothesis import strategies as st

from optprimer.rates.problems.two_layer import ACTIVATIONS, TwoLayer
from optprimer.rates.studies.kinks import START, Hinge, descent_gradients, draw_hinges, study


@pytest.fixture(scope="module")
def found():
    return study(digit_settings())


def small_network(activation, seed, n=12, d=5, units=4):
    rng = np.random.default_rng(seed)
    network = TwoLayer(
        rng.standard_normal((n, d)), rng.standard_normal(n), rng.standard_normal(units) / 2, ACTIVATIONS[activation]
    )
    return network, rng.standard_normal((units, d)), rng


@given(st.sampled_from(list(ACTIVATIONS)), st.integers(0, 100))
def test_gradient_against_differences(activation, seed):
    network, w, rng = small_network(activation, seed)
    direction, h = rng.standard_normal(w.shape), 1e-7
    slope = (network.value(w + h * direction) - network.value(w - h * direction)) / (2 * h)
    assert (network.gradient(w) * direction).sum() == pytest.approx(slope, rel=1e-4, abs=1e-6)


@given(st.sampled_from(["tanh", "softplus"]), st.integers(0, 100), st.floats(1e-3, 2))
def test_smoothness_bounds_random_pairs(activation, seed, reach):
    network, w, rng = small_network(activation, seed)
    step = rng.standard_normal(w.shape)
    step *= reach / np.linalg.norm(step)
    quotient = np.linalg.norm(network.gradient(w + step) - network.gradient(w)) / reach
    assert quotient <= network.smoothness(w, reach)


@given(st.integers(0, 100))
def test_smoothness_of_relu_inside_a_cell(seed):
    network, w, rng = small_network("relu", seed)
    step = 1e-9 * rng.standard_normal(w.shape)  # crosses no kink
    quotient = np.linalg.norm(network.gradient(w + step) - network.gradient(w)) / np.linalg.norm(step)
    assert quotient <= network.smoothness(w) * (1 + 1e-5)


@pytest.mark.parametrize("h", [1e-12, 1e-9])
def test_jump_is_output_weight_times_residual_times_input(h):
    for hinge in draw_hinges(digit_settings()):
        network, normal = hinge.network, hinge.normal
        assert abs(network.inputs[hinge.image] @ hinge.weights[hinge.unit]) < 1e-15
        assert hinge.difference(normal, h) == pytest.approx(hinge.jump, rel=1e-4)
        jump = network.gradient(hinge.moved(normal, h)) - network.gradient(hinge.moved(normal, -h))
        assert np.abs(np.delete(jump, hinge.unit, axis=0)).max() < 1e-3 * hinge.jump  # no other unit's gradient jumps
        assert abs(jump[hinge.unit] @ normal) == pytest.approx(hinge.jump, rel=1e-4)  # and it jumps across the hinge


def test_clearance_is_the_next_kink():
    hinge = draw_hinges(digit_settings())[0]
    reach = hinge.clearance(hinge.normal)

    def pattern(h):
        active = hinge.network.inputs @ hinge.moved(hinge.normal, h)[hinge.unit] > 0
        return np.delete(active, hinge.image)

    assert (pattern(0.999 * reach) == pattern(0)).all()
    assert (pattern(-0.999 * reach) == pattern(0)).all()
    assert (pattern(1.001 * reach) != pattern(0)).any() or (pattern(-1.001 * reach) != pattern(0)).any()


def test_with_residual_changes_that_residual_alone():
    hinge = draw_hinges(digit_settings())[0]
    other = hinge.with_residual(0.125)
    before, after = (each.network.residuals(each.weights) for each in (hinge, other))
    assert after[hinge.image] == pytest.approx(0.125)
    np.testing.assert_array_equal(np.delete(before, hinge.image), np.delete(after, hinge.image))


def test_toy_quotients_of_another_implementation():
    toy = TwoLayer(np.array([[1.0], [2.0]]), np.array([1.0, -1.0]), np.ones(1), ACTIVATIONS["relu"])
    hinge = Hinge(toy, np.zeros((1, 1)), 0, 0)
    for h, quotient in ((1e-1, 3.75), (1e-3, 251.25), (1e-6, 250001.25)):
        assert hinge.difference(np.ones(1), h) / (2 * h) == pytest.approx(quotient)


def test_claims_hold_and_controls_fail(found):
    assert_claims_hold_and_controls_fail(found)


def test_slopes_to_four_digits(found):
    exponents = table(found, "exponents").set_index(["problem", "method", "quantity"])["estimate"]
    assert exponents["relu", "across", "difference_quotient"] == pytest.approx(-1, abs=1e-4)
    assert exponents["relu", "along", "difference_quotient"] == pytest.approx(0, abs=1e-4)
    assert exponents["relu", "across", "gradient_jump"] == pytest.approx(1, abs=1e-4)
    assert exponents["tanh", "across", "difference_quotient"] == pytest.approx(0, abs=1e-4)


def test_the_theorem_breaks_at_a_kink_and_holds_where_it_is_rounded(found):
    curves = table(found, "curves")
    descent = curves[curves["quantity"] == "best_gradient"]
    broken = broken_bounds(descent)
    assert set(broken["problem"]) == {"kinked"}
    assert set(broken["method"]) == {"gd_0.1", "gd_0.01"}
    assert (broken["role"] == "control").all()
    assert descent[descent["problem"] == "rounded"]["value"].min() < 1e-12


@pytest.mark.parametrize(("relative_eta", "converges"), [(1.1, True), (1.98, True), (2.09, False), (2.75, False)])
def test_threshold_of_the_rounded_loss_is_two_over_beta(relative_eta, converges):
    gradients = np.abs(descent_gradients(0.01, relative_eta / 11, 3000))
    assert (gradients[-1] < 1e-12) == converges
    if not converges:
        assert gradients[-1] == pytest.approx({2.09: 0.336, 2.75: 0.816}[relative_eta], abs=1e-3)


def rounded_loss(w, rounded):
    return (np.sqrt(w**2 + rounded) + 1) ** 2 / 2


@given(st.floats(-3, 3), st.floats(1e-3, 1))
def test_derivatives_of_the_rounded_loss(w, rounded):
    slope = (rounded_loss(START + 1e-6, rounded) - rounded_loss(START - 1e-6, rounded)) / 2e-6
    assert descent_gradients(rounded, 0.1, 0)[0] == pytest.approx(slope, rel=1e-6)
    h = 1e-4
    curvature = (rounded_loss(w + h, rounded) - 2 * rounded_loss(w, rounded) + rounded_loss(w - h, rounded)) / h**2
    assert curvature <= (1 + 1 / np.sqrt(rounded)) * (1 + 1e-5)


def test_activations_replace(found):
    hinge = draw_hinges(digit_settings())[0]
    smooth = hinge.with_activation("tanh")
    assert smooth.network == replace(hinge.network, activation=ACTIVATIONS["tanh"])
    assert smooth.difference(hinge.normal, 1e-9) < 1e-3 * hinge.difference(hinge.normal, 1e-9)
