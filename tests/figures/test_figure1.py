import numpy as np
import pandas as pd
import pytest
from synthetic import square

from optprimer.figures.figure1 import figure1, titles
from optprimer.figures.grids import grid


def texts(figure):
    return [text.get_text() for text in figure.texts] + [figure.get_supxlabel()]


def three_d(figure):
    return [axes for axes in figure.axes if axes.name == "3d"]


def test_panels_share_limits_camera_and_proportions(tables, provenance):
    left, right = three_d(figure1(tables["surface"], tables["history"], provenance=provenance))
    assert left.get_zlim() == right.get_zlim()
    assert left.get_zlim()[1] == pytest.approx(np.log(100.1))
    assert (left.elev, left.azim, left.roll) == (right.elev, right.azim, right.roll)
    np.testing.assert_array_equal(left.get_box_aspect(), right.get_box_aspect())
    assert left.get_position().width == pytest.approx(right.get_position().width)


def test_heights_carry_their_losses(tables, provenance):
    for axes in three_d(figure1(tables["surface"], tables["history"], provenance=provenance)):
        assert [label.get_text() for label in axes.zaxis.get_ticklabels()] == ["0.1", "1", "10", "100+"]


def test_titles_say_test_error_and_the_loss_at_the_centre_of_the_picture_without_skips_first(tables, provenance):
    figure = figure1(tables["surface"], tables["history"], provenance=provenance)
    last = tables["history"].groupby("net").last()
    centre = tables["surface"].query("surface == 'fine' and alpha == 0 and beta == 0")
    names = texts(figure)
    assert names[0] == "ResNet-56, no skip connections"
    for index, net in ((1, "resnet56_noskip"), (3, "resnet56")):
        error = 100 * (1 - last.loc[net, "test_accuracy"])
        loss = centre.loc[centre["net"] == net, "loss"].item()
        assert names[index] == f"test error {error:.1f} %, training loss at the centre {loss:.2g}"


def test_the_caption_counts_clipped_points_and_says_how_all_was_measured(tables, provenance):
    caption = texts(figure1(tables["surface"], tables["history"], provenance=provenance))[-1].replace("\n", " · ")
    fine = tables["surface"].query("surface == 'fine'")
    counts = [int((fine[fine["net"] == net]["loss"] > 100).sum()) for net in ("resnet56_noskip", "resnet56")]
    assert f"grey: above 100, {counts[0]} of 625 and {counts[1]} of 625 points" in caption
    assert "1 = length of the weights" in caption
    for fact in ("digits", "40 epochs", "25 × 25 points", "400 images", "bf16", "direction seed 0", "digest 0123456789ab"):
        assert fact in caption.split(" · ") or fact in caption
    assert "gaps" not in caption


def test_a_lower_cap_lowers_both_panels(tables, provenance):
    for axes in three_d(figure1(tables["surface"], tables["history"], provenance=provenance, cap=10)):
        assert axes.get_zlim()[1] == pytest.approx(np.log(10.1))


def test_gaps_are_counted(tables, provenance):
    surface = tables["surface"].copy()
    holes = (surface["surface"] == "fine") & (surface["net"] == "resnet56_noskip") & (surface["beta"] == 1)
    surface.loc[holes, "loss"] = np.nan
    caption = texts(figure1(surface, tables["history"], provenance=provenance))[-1]
    assert "gaps: 25 and 0 points without a finite loss" in caption.replace("\n", " · ")


def test_a_network_of_ones_own_needs_no_history(provenance):
    surface = square("their_network", "fine", "filter", 3, 7)
    figure = figure1(surface, provenance=provenance)
    assert len(three_d(figure)) == 1
    loss, accuracy = grid(surface).centre()
    name, result = texts(figure)[:2]
    assert name == "their_network"
    assert result == f"loss {loss:.3g}, accuracy {100 * accuracy:.1f} % at the centre"


def test_six_networks_have_six_panels(provenance):
    nets = [f"resnet{depth}{skips}" for depth in (20, 56, 110) for skips in ("", "_noskip")]
    surface = pd.concat([square(net, "fine", "filter", 0, 5) for net in nets])
    assert len(three_d(figure1(surface, provenance=provenance))) == 6


def test_a_diverged_training_is_told():
    history = pd.DataFrame(
        {"net": ["resnet56"] * 2, "epoch": [0, 1], "train_loss": [np.nan] * 2, "test_accuracy": [0.1, np.nan],
         "diverged": [False, True]}
    )  # fmt: skip
    assert titles(grid(square("resnet56", "fine", "filter", 0, 3)), history)[1] == "training diverged in epoch 1"
