"""The studies of the PL inequality: claims hold, controls fail, numbers are those of theory."""

from pathlib import Path

import numpy as np
import pytest
from findings_checks import assert_claims_hold_and_controls_fail, contained, table

from optprimer.rates.settings import Settings
from optprimer.rates.studies import pl_function, pl_networks, pl_wide

SETTINGS = Settings(
    steps=1000, horizon=64, seeds=10, stochastic_horizon=100, worst_case_steps=3, dimensions=3, width=200, images=100, seed=0,
    folder=Path("nowhere"),
)  # fmt: skip


@pytest.fixture(scope="module")
def function():
    return pl_function.study(SETTINGS)


@pytest.fixture(scope="module")
def networks():
    return pl_networks.study(SETTINGS)


@pytest.fixture(scope="module")
def wide():
    return pl_wide.study(SETTINGS)


def test_claims_on_functions_hold_and_controls_fail(function):
    assert_claims_hold_and_controls_fail(function)


def test_claims_on_networks_hold_and_controls_fail(networks):
    assert_claims_hold_and_controls_fail(networks)


def test_the_example_curves_down_somewhere_and_the_convex_one_does_not(function):
    least = table(function, "checks").query("check == 'least curvature, negative'").set_index("problem")["measured"]
    assert least.to_dict() == {"x2_3sin2": pytest.approx(-4, abs=1e-3), "x2_0.5sin2": pytest.approx(1, abs=1e-3)}


def test_constants_are_put_down_from_both_sides(function):
    rows = table(function, "pl").set_index("problem")
    example = rows.loc["x2_3sin2"]
    assert example["claimed"] == 1 / 32 < 0.17553 < example["certified_lower"] < 0.1755309859 < example["measured_upper"]
    controls = rows[rows["role"] == "control"]
    assert set(controls.index) == {"x2_4.7sin2", "x2_5sin2", "x2_6sin2", "double_well", "quartic"}
    assert (controls["certified_lower"] == 0).all()
    assert (controls["measured_upper"] < controls["claimed"]).all()


def test_worst_steps_are_those_computed_independently(function):
    curve = table(function, "curves").query("quantity == 'worst factor of the gap per step'").set_index("t")
    np.testing.assert_allclose(curve.loc[[1, 2, 3, 4], "value"], [0.50062, 0.82996, 0.955332, 0.995355], atol=1e-5)
    np.testing.assert_allclose(curve.loc[[1, 2, 3, 4], "tight_bound"], [0.53501, 0.83870, 0.956599, 0.995399], atol=1e-5)


def test_runs_are_soon_at_the_optimum(function):
    curves = table(function, "curves")
    for start, steps in {"2.2017": 8, "3": 10, "10": 13, "2": 7, "1.9": 6}.items():
        run = curves[curves["method"] == f"gd from {start}"].sort_values("t")
        assert np.flatnonzero(run["value"] < 1e-12)[0] == steps


def test_the_ratio_drawn_is_above_the_pieces_that_prove_it(function):
    curves = table(function, "curves").query("problem == 'x2_3sin2' and quantity == 'pl_ratio'")
    drawn = curves[curves["variable"] == "x"]
    pieces = curves[curves["variable"] == "left end of a piece"].sort_values("t")
    at = np.searchsorted(pieces["t"], drawn["t"].abs(), side="right") - 1
    assert (drawn["value"].to_numpy() >= pieces["value"].to_numpy()[at]).all()
    assert (drawn["value"] >= drawn["tight_bound"]).all()
    assert drawn["value"].min() == pytest.approx(0.1755, abs=1e-3)


def test_controls_break_the_chapters_bounds(function):
    controls = table(function, "curves").query("role == 'control' and method == 'gd' and quantity == 'gap'")
    assert set(controls["problem"]) == {"power_4", "logistic_separable"}
    last = controls.sort_values("t").groupby("problem").last()
    assert (last["value"] > last["bound"]).any()


def test_ratios_of_networks_are_compared_for_every_kind(networks):
    checks = table(networks, "checks")
    on = {"random weights", "the path"}
    compared = checks[checks["check"].isin([f"least PL ratio over its bound, {'on ' * (w == 'the path')}{w}" for w in on])]
    assert compared["problem"].nunique() == 7
    assert len(compared) == 14


def test_descent_reaches_the_optimum_of_every_network(networks):
    gaps = table(networks, "curves").query("quantity == 'gap'").sort_values("t").groupby("problem")["value"]
    assert (gaps.last() < 1e-2 * gaps.first()).all()


def test_descent_of_linear_networks_stays_below_what_their_ratios_promise(networks):
    gaps = table(networks, "curves").query("quantity == 'gap'").sort_values("t")
    for problem, run in gaps.groupby("problem"):
        if problem.startswith("leaky"):
            assert run["bound"].isna().all()
        else:
            assert run["bound"].iloc[0] == run["value"].iloc[0]
            assert (run["bound"].diff().dropna() < 0).all()
            assert (run["value"] <= run["bound"]).all()


def test_constants_of_networks_are_below_what_was_met_but_for_controls(networks):
    rows = table(networks, "pl")
    assert ((rows["claimed"] <= rows["measured_upper"]) == (rows["role"] == "claim")).all()


def test_wide_networks_keep_half_the_limit_and_narrow_ones_do_not(wide):
    checks = table(wide, "checks")
    assert (checks["holds"] == (checks["role"] == "claim")).all()
    ratio, factor = checks[checks["role"] == "control"].sort_values("measured").itertuples()
    assert ratio.check.startswith("least PL ratio on all paths")
    assert ratio.measured < 0.1
    assert factor.check.startswith("largest factor of the gap in 20 steps")
    assert factor.measured > 1
    rows = table(wide, "pl")
    assert ((rows["claimed"] <= rows["measured_upper"]) == (rows["role"] == "claim")).all()


def test_wide_networks_move_little_and_converge_linearly(wide):
    exponents = table(wide, "exponents").set_index("quantity")
    assert exponents.loc["movement", "estimate"] == pytest.approx(-0.5, abs=0.1)
    assert exponents.loc["drift of K", "ci_high"] < -0.5
    linear = exponents.loc[["gap"]]
    assert contained(linear).all()
    assert (linear["estimate"] < -0.01).all()


def test_the_ratio_is_above_the_kernel_on_every_path_drawn(wide):
    paths = table(wide, "curves").query("quantity == 'pl_ratio' and variable == 'step'")
    assert paths["problem"].nunique() == 7
    assert (paths["value"] >= paths["bound"] * (1 - 1e-9)).all()
