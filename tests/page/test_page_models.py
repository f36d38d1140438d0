"""What can be moved is what the tables say."""

import json

import numpy as np
import pandas as pd
import pytest
from page_inputs import LEVELS, W, curves, history, memorization_curves, memorization_summary, sandwich_loss, surface

from optprimer.page import models


def test_surfaces_are_measured_heights_on_their_grid():
    table = surface()
    model = models.figure1(history(), table)
    assert [panel["name"] for panel in model["panels"]] == [
        "ResNet-56, no skip connections",
        "ResNet-56, with skip connections",
    ]
    for panel, net in zip(model["panels"], ("resnet56_noskip", "resnet56"), strict=True):
        rows = table[table["net"] == net].pivot(index="beta", columns="alpha", values="loss")
        np.testing.assert_allclose(panel["heights"], np.log(rows + 0.1), atol=1e-3)
        np.testing.assert_allclose(panel["alpha"], rows.columns, atol=1e-3)
    assert model["low"] == pytest.approx(np.log(table["loss"].min() + 0.1), abs=1e-3)
    assert model["high"] == model["cap"] == pytest.approx(np.log(100.1), abs=1e-3)
    assert "5.0 %" in model["panels"][0]["result"]


def test_a_point_without_a_finite_loss_is_null():
    table = surface()
    table.loc[0, "loss"] = np.nan
    table.loc[1, "loss"] = np.inf
    heights = models.figure1(history(), table)["panels"][0]["heights"]
    assert heights[0][:2] == [None, None]
    json.dumps(heights, allow_nan=False)


def test_a_large_surface_is_thinned_to_its_ends():
    panel = models.figure1(history(), surface(side=101))["panels"][0]
    assert len(panel["alpha"]) == len(panel["beta"]) == len(panel["heights"]) == len(panel["heights"][0]) == 65
    assert (panel["alpha"][0], panel["alpha"][-1]) == (-1, 1)
    row, column = 5, 60
    a, b = panel["alpha"][column], panel["beta"][row]
    a, b = (round(50 * each) / 50 for each in (a, b))  # back to the grid that was measured
    loss = 0.05 + 3 * a**2 + b**2 + 200 * (a > 0.4)
    assert panel["heights"][row][column] == pytest.approx(np.log(loss + 0.1), abs=1e-3)


def test_bounds_are_those_of_every_base_point():
    model = models.figure2(curves())
    np.testing.assert_allclose([each["u"] for each in model["bases"]], W[::3])
    np.testing.assert_allclose(model["loss"], sandwich_loss(W), atol=1e-6)
    for each in model["bases"]:
        np.testing.assert_allclose(np.subtract(each["upper"], each["lower"]), (W - each["u"]) ** 2 / 2, atol=2e-6)
        assert (np.subtract(model["loss"], each["upper"]) < model["tolerance"]).all()
    assert model["bases"][model["first"]]["u"] == pytest.approx(0.75)
    assert model["beta"] == pytest.approx(1)


def test_runs_that_diverged_are_null():
    model = models.descent(curves())
    assert model["after"] == "after 1000 steps"
    quadratic, hyperbola = model["losses"]
    assert (quadratic["name"], hyperbola["name"]) == ("w²/2", "√(1 + w²)")
    for step, norm, other in zip(quadratic["steps"], quadratic["norms"], hyperbola["norms"], strict=True):
        assert (norm, other) == ((1e-12, 1e-12) if step <= 2 else (None, 0.9))


def test_where_a_part_of_the_tables_is_missing_there_is_nothing_to_move():
    table = curves()
    assert models.descent(table[table["study"] != "descent"]) == {}
    assert models.figure2(table[table["study"] != "sandwich"]) == {}
    assert models.figure1(history(), surface().assign(directions="layer")) == {}
    assert models.figure1(history(), surface().assign(loss=np.inf)) == {}
    assert models.memorization(memorization_curves().iloc[:0], memorization_summary()) == {}
    assert models.memorization(memorization_curves(), memorization_summary().assign(regularizer="crop")) == {}


def test_shares_without_lines_are_left_out():
    lines, summary = memorization_curves(), memorization_summary()
    more = summary[summary["network"] == "mlp_1x512"].iloc[:1].assign(corruption=0.2, labels="partial_labels")
    (network,) = models.memorization(lines, pd.concat([summary, more]))["networks"]
    assert [each["share"] for each in network["shares"]] == list(LEVELS)
    assert models.memorization(lines[lines["network"] == "alexnet"], summary) == {}


def test_accuracies_are_means_over_seeds_that_carry_their_end_on():
    model = models.memorization(memorization_curves(), memorization_summary())
    (network,) = model["networks"]  # the other has two shares only
    assert (network["name"], network["epochs"]) == ("MLP 1×512", 5)
    assert [each["share"] for each in network["shares"]] == list(LEVELS)
    for each in network["shares"]:
        train = np.minimum(1, 0.1 + 0.3 * np.arange(6))
        np.testing.assert_allclose(each["train"], train, atol=1e-4)
        np.testing.assert_allclose(each["test"], (1 - 0.9 * each["share"]) * train, atol=1e-4)
        assert each["test_accuracy"] == pytest.approx(1 - 0.9 * each["share"])
        assert each["test_accuracy_high"] == pytest.approx(1.05 - 0.9 * each["share"])
        assert each["seeds"] == 2


def test_other_labels_and_regularizers_are_left_out():
    more = memorization_curves().assign(regularizer="crop", train_accuracy=0.5)
    other = memorization_summary().assign(labels="gaussian", test_accuracy=0.5)
    given = models.memorization(memorization_curves(), memorization_summary())
    found = models.memorization(pd.concat([memorization_curves(), more]), pd.concat([memorization_summary(), other]))
    assert found == given
