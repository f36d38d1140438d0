"""T_alpha: the same function, the exact chain rule, the slopes of theory, and controls that compute something else."""

import math

import pandas as pd
import pytest
import torch

from optprimer.networks.mlp import mlp
from optprimer.sharpness.reparameterization import Scaled, alphas, rises, scaling
from optprimer.sharpness.sample import Sample


@pytest.fixture(scope="module")
def scaled(data):
    network = mlp([12], channels=1, side=8, classes=10, generator=torch.Generator().manual_seed(0)).double()
    weights = Sample(network, data, "train").loss.weights
    for _ in range(30):  # biases must not be 0, or T_alpha could get them wrong unseen
        weights = weights - 0.1 * Sample(network, data, "train").loss.gradient(weights)
    return Scaled(network, weights, data, draws=50, seed=0)


@pytest.fixture(scope="module")
def rows(scaled):
    return pd.DataFrame(scaled.rows(5)).set_index(["variant", "alpha"])


def test_alphas_are_symmetric_about_one():
    assert alphas(3) == pytest.approx([0.01, 1, 100])
    assert alphas(13)[6] == 1


def test_the_function_is_the_same_and_that_of_the_controls_is_not(rows):
    assert rows.loc["relu", "output_difference"].max() < 1e-12
    assert set(rows.loc["relu", "test_accuracy"]) == {rows.loc[("relu", 1.0), "test_accuracy"]}
    for control in ("tanh", "bias_not_scaled"):
        assert rows.loc[control, "output_difference"].drop(1.0).min() > 1e-3
        assert rows.loc[(control, 1.0), "output_difference"] == 0


def test_the_chain_rule_holds(rows):
    assert rows.loc["relu", "identity_error"].max() < 1e-12


def test_curvature_has_the_slopes_of_theory_and_invariants_have_none(rows):
    relu = rows.loc["relu"].astype({"lambda_max": float, "gradient_norm": float})
    low, high = relu.iloc[0], relu.iloc[-1]
    steps = [math.log10(relu["lambda_max"].iloc[k + 1] / relu["lambda_max"].iloc[k]) for k in (0, -2)]
    assert steps == pytest.approx([-2, 2], abs=0.05)  # alphas are a factor of 10 apart
    assert high["lambda_normalised"] == pytest.approx(low["lambda_normalised"], rel=1e-6)
    assert high["adaptive_sharpness"] == pytest.approx(low["adaptive_sharpness"], rel=0.02)  # by signs, so a bound from below


def test_gradient_descent_goes_up_where_theory_says(rows):
    relu = rows.loc["relu"]
    assert (relu["rises"].astype(bool) == (relu["rate_times_lambda"] > 2)).all()
    assert set(relu["rises"]) == {True, False}


def test_rises_on_a_parabola_is_the_stability_of_gradient_descent():
    class Parabola:
        def value(self, w):
            return float(w**2)

        def gradient(self, w):
            return 2 * w

    one = torch.ones(())
    assert not rises(Parabola(), one, 0.999)  # 2 / lambda = 1
    assert rises(Parabola(), one, 1.001)


def test_profiles_along_normalised_directions_do_not_depend_on_alpha(scaled):
    table = pd.DataFrame(scaled.profiles(3))
    by_alpha = table.pivot(index=["normalisation", "step"], columns="alpha", values="loss")
    spread = by_alpha.max(axis=1) / by_alpha.min(axis=1) - 1
    assert spread["filter"].max() < 1e-5  # directions are drawn in fp32
    assert spread["none"].max() > 0.1
    # At its middle each profile is at the minimum.
    centre = Sample(scaled.network, scaled.data, "train").loss.value(scaled.weights)
    assert by_alpha.xs(0.0, level="step").to_numpy() == pytest.approx(centre)


def test_the_control_leaves_the_first_bias():
    network = mlp([2], channels=1, side=1, classes=2, generator=torch.Generator())
    assert scaling(network, 4.0).tolist() == [4, 4, 4, 4, 0.25, 0.25, 0.25, 0.25, 1, 1]
    assert scaling(network, 4.0, scale_bias=False).tolist() == [4, 4, 1, 1, 0.25, 0.25, 0.25, 0.25, 1, 1]
