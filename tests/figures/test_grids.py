import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import Normalize
from synthetic import square

from optprimer.errors import UserError
from optprimer.figures.grids import finest, grid, height, height_limits, largest, ticks_of


def test_alpha_runs_along_the_rows_and_beta_down_them():
    rows = pd.DataFrame(
        [
            {"net": "n", "direction_seed": 0, "alpha": a, "beta": b, "loss": 10 * a + b, "accuracy": 0.5}
            for a in (-1.0, 0.0, 1.0)
            for b in (-2.0, 3.0)
        ]
    ).sample(frac=1, random_state=1)
    surface = grid(rows)
    assert surface.loss.shape == (2, 3)
    np.testing.assert_array_equal(surface.loss, 10 * surface.alpha[None, :] + surface.beta[:, None])
    assert surface.centre() == (-2.0, 0.5)  # beta = -2 is the row nearest to 0


def test_points_not_measured_are_gaps():
    rows = square("resnet56", "fine", "filter", 0, 5).drop(index=7)
    surface = grid(rows)
    assert surface.missing() == 1
    assert np.isnan(surface.loss[1, 2])


def test_clipped_counts_finite_points_above_the_cap_only():
    rows = square("resnet56", "fine", "filter", 0, 3)
    rows["loss"] = [1, 2, 100, 100.5, 1e6, np.nan, 5, 6, 7]
    assert grid(rows).clipped(100) == 2
    assert grid(rows).missing() == 1


def test_the_finest_surface_is_chosen_for_each_net_and_seed(tables):
    rows = finest(tables["surface"], "filter")
    assert dict(rows.groupby(["net", "direction_seed"]).size()) == {
        (net, seed): 625 if seed == 0 else 169 for net in ("resnet56", "resnet56_noskip") for seed in range(5)
    }


def test_the_largest_surface_wins_and_of_equals_the_lowest_seed():
    surface = pd.concat([square("resnet56", f"s{seed}", "filter", seed, points) for seed, points in ((0, 3), (2, 5), (1, 5))])
    assert set(largest(surface, "filter")["direction_seed"]) == {1}


def test_a_table_without_the_directions_is_refused(tables):
    layered = tables["surface"].query("directions == 'layer'")
    with pytest.raises(UserError, match="filter"):
        largest(layered, "filter")


@given(st.lists(st.one_of(st.floats(0, 1e30), st.just(np.nan)), min_size=1), st.floats(0.5, 1e6))
def test_heights_are_ln_of_the_clipped_loss_and_keep_nan(losses, cap):
    heights = height(losses, cap)
    for loss, z in zip(losses, heights, strict=True):
        if np.isnan(loss):
            assert np.isnan(z)
        else:
            assert z == pytest.approx(np.log(min(loss, cap) + 0.1))
            assert np.log(0.1) - 1e-12 <= z <= np.log(cap + 0.1) + 1e-12


def test_limits_are_shared_and_ignore_what_is_not_finite():
    scale = height_limits([np.array([0.1, np.nan]), np.array([5.0, np.inf])], cap=100)
    assert scale.vmin == pytest.approx(np.log(0.2))
    assert scale.vmax == pytest.approx(np.log(100.1))  # an infinite loss is above the cap


def test_ticks_are_losses_at_their_heights_with_the_cap_on_top():
    heights, names = ticks_of(Normalize(height(0.05), height(30)), cap=30)
    assert names == ["0.1", "1", "10", "30+"]
    np.testing.assert_allclose(heights, np.log(np.array([0.1, 1, 10, 30]) + 0.1))
    _, unclipped = ticks_of(Normalize(height(0.05), height(20)), cap=30)
    assert unclipped == ["0.1", "1", "10"]


def test_a_flat_surface_has_a_scale():
    scale = height_limits([np.full((3, 3), 2.0)])
    assert (scale.vmin, scale.vmax) == (height(2.0), height(2.0) + 1)
