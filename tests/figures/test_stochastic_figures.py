"""The figures about stochastic gradients draw what their tables say."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgba

from optprimer.figures.cost import cost
from optprimer.figures.nonsmooth import nonsmooth
from optprimer.figures.oracle import DEVIATION, SAMPLINGS, oracle
from optprimer.figures.rateplot import COLOURS, WRONG
from optprimer.figures.sgd import sgd
from optprimer.rates import fits
from optprimer.rates.findings import Findings
from optprimer.rates.registry import load
from optprimer.rates.settings import Settings

SETTINGS = Settings(
    steps=100, horizon=64, seeds=20, stochastic_horizon=400, worst_case_steps=2, dimensions=3, width=50, images=100, seed=0,
    folder=Path("nowhere"),
)  # fmt: skip


def on_images() -> Findings:
    """What the study of oracles finds."""
    findings, b, radius = Findings("oracle", "digits-8"), 2.0 ** np.arange(8), np.geomspace(1, 1e4, 9)
    for sampling, deviation in zip(SAMPLINGS, (2.0, 3.0, 20.0), strict=True):
        for place in ("zero", "random", "trained"):
            findings.check(DEVIATION + sampling, f"softmax_{place}", deviation, "<=", 4.8)
    name = "correlation of an epoch's last gradient with the sum of the earlier ones"
    findings.check(name, "independent draws", 0.05, "<=", 0.2)
    findings.check("the same, which shuffling makes -1", "shuffled epochs", -1.0, "=", -1)
    for sampling, variance in (("with replacement", 1 / b), ("without replacement", (1 / b - 1 / 256))):
        of = ("softmax", sampling, "variance of the gradient", "batch_size")
        findings.curve(*of, b, 1.05 * variance, interval=(variance, 1.1 * variance), seeds=20)
        findings.curve(of[0], f"{sampling}, exact", *of[2:], b, variance)
    findings.exponent("softmax", "with replacement", "variance of the gradient", "batch_size", fits.power(b, 1 / b), -1)
    for problem, value in (("squares", 10 * radius), ("softmax", np.full(9, 13.0))):
        of = (problem, "ray", "largest gradient of a sample", "radius")
        findings.curve(*of, radius, value, bound=13.4)
        findings.exponent(*of, fits.power(radius, value), 1)
    return findings


@pytest.fixture(scope="module")
def found():
    all_found = [load(name)(SETTINGS) for name in ("sgd", "sgd_beyond", "nonsmooth")] + [on_images()]
    return {
        name: pd.concat([rows for each in all_found for rows in each.rows.get(name, [])], ignore_index=True)
        for name in ("curves", "exponents", "checks")
    }


@pytest.fixture(scope="module")
def timings():
    n = np.array([100, 200, 400])
    full = pd.DataFrame({"data": "digits-8", "method": "gd", "n": n, "batch_size": n, "seconds": n * 1e-5})
    batches = [full.assign(method="sgd", batch_size=b, seconds=1e-5 * b) for b in (1, 8)]
    return pd.concat([full, *batches], ignore_index=True)


def drawn(axes, colour, style=None):
    """The points of all lines of one colour, as rows (t, value)."""
    lines = [line for line in axes.get_lines() if to_rgba(line.get_color()) == to_rgba(colour)]
    lines = [line for line in lines if style is None or line.get_linestyle() == style]
    return np.vstack([line.get_xydata() for line in lines if len(line.get_xdata())])


def contains(points, rows, column="value"):
    return all((np.isclose(points, row).all(1)).any() for row in rows[["t", column]].to_numpy(float))


def words(figure):
    return " ".join(text.get_text() for axes in figure.axes for text in axes.texts)


def test_sgd_shows_controls_in_the_colour_of_what_is_wrong(found, provenance):
    figure = sgd(found["curves"], found["exponents"], provenance=provenance)
    smooth, convex, strongly, _, fitted, unbounded = figure.axes
    curves = found["curves"]
    for axes, problem, method in (
        (smooth, "horizon_huber", "gd"),
        (convex, "quadratic", "sgd_average"),
        (strongly, "quadratic", "sgd_0.25/t"),
        (fitted, "noisy_labels", "sgd_one_sample"),
        (unbounded, "least_squares", "sgd_above_limit"),
    ):
        rows = curves[(curves["problem"] == problem) & (curves["method"] == method)]
        assert contains(drawn(axes, WRONG), rows)


def test_sgd_shows_bounds_dashed_and_floors_of_three_steps(found, provenance):
    figure = sgd(found["curves"], found["exponents"], provenance=provenance)
    curves = found["curves"]
    rows = curves[(curves["problem"] == "horizon_huber") & (curves["method"] == "sgd")]
    dashed = np.vstack([line.get_xydata() for line in figure.axes[0].get_lines() if line.get_linestyle() == "--"])
    assert contains(dashed, rows, "bound")
    assert all(f"η = 1/{each}" in words(figure) for each in (4, 16, 64))


def test_sgd_tells_the_exponents_of_the_table(found, provenance):
    text = words(sgd(found["curves"], found["exponents"], provenance=provenance))
    exponents = found["exponents"]
    for row in exponents[(exponents["study"] == "sgd") & (exponents["problem"] == "horizon_huber")].itertuples():
        assert f"{row.estimate:.2f} [{row.ci_low:.2f}, {row.ci_high:.2f}]".replace("-", "−") in text


def test_oracle_shows_the_biased_sampling_above_the_limit(found, provenance):
    figure = oracle(found["curves"], found["exponents"], found["checks"], provenance=provenance)
    bias = figure.axes[0]
    limit = next(line for line in bias.get_lines() if line.get_linestyle() == "--").get_ydata()[0]
    heights = {to_rgba(line.get_color()): line.get_ydata() for line in bias.get_lines() if line.get_marker() == "o"}
    wrong = heights.pop(to_rgba(WRONG))
    assert wrong.min() > limit > max(each.max() for each in heights.values())


def test_oracle_shows_runs_beside_the_exact_variance(found, provenance):
    figure = oracle(found["curves"], found["exponents"], found["checks"], provenance=provenance)
    points = np.vstack([line.get_xydata() for line in figure.axes[1].get_lines() if len(line.get_xdata()) > 2])
    curves = found["curves"]
    assert contains(points, curves[curves["quantity"] == "variance of the gradient"])
    assert "correlation −1 shuffled" in figure.get_supxlabel()


def test_nonsmooth_shows_adam_rising(found, provenance):
    figure = nonsmooth(found["curves"], found["exponents"], provenance=provenance)
    adam = drawn(figure.axes[2], WRONG)
    assert adam[-1, 1] > adam[0, 1]
    curves = found["curves"]
    assert contains(drawn(figure.axes[2], WRONG), curves[(curves["study"] == "nonsmooth") & (curves["method"] == "adam")])
    assert "slope −0.500 in N + 1" in words(figure)


def test_cost_shows_milliseconds_and_the_ratio_at_the_largest_n(timings, provenance):
    figure = cost(timings, provenance=provenance)
    axes = figure.axes[0]
    np.testing.assert_allclose(drawn(axes, COLOURS["gd"]), [[100, 1], [200, 2], [400, 4]])
    assert "×50" in words(figure)
    assert len([line for line in axes.get_lines() if line.get_marker() == "o"]) == 3


def test_the_data_is_named_in_the_caption(timings, provenance):
    assert cost(timings, provenance=provenance).get_supxlabel().startswith(provenance.data)
