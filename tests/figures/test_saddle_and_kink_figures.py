"""The figures of saddles and of kinks, from tables of their studies at a small size."""

import numpy as np
import pandas as pd
import pytest

from optprimer.figures.kinks import kinks
from optprimer.figures.saddles import saddles


def curve(study, problem, method, quantity, variable, t, value, bound=np.nan, role="claim"):
    return pd.DataFrame(
        {
            "data": "digits", "study": study, "problem": problem, "method": method, "quantity": quantity, "variable": variable,
            "t": np.asarray(t, float), "value": value, "ci_low": value, "ci_high": value, "bound": bound, "tight_bound": np.nan,
            "relation": "<=", "seeds": 12, "role": role,
        }
    )  # fmt: skip


def exponent(study, problem, method, quantity, variable, estimate, theory, role="claim"):
    return pd.DataFrame(
        {
            "data": ["digits"], "study": study, "problem": problem, "method": method, "quantity": quantity,
            "variable": variable, "estimate": estimate,
            "ci_low": estimate - 0.01, "ci_high": estimate + 0.01, "theory": theory, "neighbour": 0.0,
            "first": 3.0, "last": 6.0, "points": 4, "seeds": 12, "role": role,
        }
    )  # fmt: skip


@pytest.fixture(scope="module")
def saddle_tables():
    t, d = np.arange(1, 101), np.arange(2, 7)
    curves = [curve("another", "octopus_9", "gd", "escape_time", "dimension", d, 9.0**d)]
    for quantity in ("gradient_norm", "gap"):
        curves += [curve("saddles", "octopus_2_d5", method, quantity, "step", t, 1.0 / t) for method in ("gd", "pgd")]
        curves.append(curve("saddles", "strictly_convex", "gd", quantity, "step", t, 0.5**t, role="control"))
    for attraction, factor in (("1", 2.7), ("1.5", 3.4)):
        curves.append(
            curve("saddles", f"octopus_{attraction}", "gd", "escape_time", "dimension", d, factor**d, 0.5 * factor**d)
        )
        curves.append(curve("saddles", f"octopus_{attraction}", "pgd", "escape_time", "dimension", d, 40.0 * d))
    exponents = [
        exponent("saddles", f"octopus_{attraction}", "gd", "wait", "saddle, semilog", np.log(factor), np.log(factor + 0.01))
        for attraction, factor in (("1", 2.7), ("1.5", 3.4))
    ]
    return {"curves": pd.concat(curves, ignore_index=True), "exponents": pd.concat(exponents, ignore_index=True)}


@pytest.fixture(scope="module")
def kink_tables():
    h, t = np.logspace(-9, 0, 37), np.geomspace(1, 1000, 20)
    curves = [
        curve("kinks", "relu", "across", "difference_quotient", "distance", h, 1 / h, np.where(h < 1e-5, 1 / h - 0.1, np.nan))
    ]
    curves.append(curve("kinks", "relu", "along", "difference_quotient", "distance", h, 0.1, np.where(h < 0.9e-5, 0.5, np.nan)))
    curves += [curve("kinks", name, "across", "difference_quotient", "distance", h, 0.2, 0.9) for name in ("tanh", "softplus")]
    curves.append(curve("kinks", "relu", "across", "gradient_jump", "residual", h, h, 1.001 * h))
    for eta in ("0.1", "0.01"):
        for problem in ("kinked", "rounded"):
            curves.append(curve("kinks", problem, f"gd_{eta}", "best_gradient", "step", t, 1.0, 2 / np.sqrt(t)))
    exponents = [exponent("kinks", "relu", "across", "difference_quotient", "distance", -1.0, -1.0)]
    return {"curves": pd.concat(curves, ignore_index=True), "exponents": pd.concat(exponents, ignore_index=True)}


def drawn(axes, label):
    (line,) = [line for line in axes.lines if line.get_label() == label]
    return line.get_xydata()


def texts(figure):
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_saddles_shows_runs_and_escape_times(saddle_tables, provenance):
    figure = saddles(**saddle_tables, provenance=provenance)
    gradient, escape, gap = figure.axes
    np.testing.assert_allclose(drawn(gradient, "gradient descent")[:, 1], 1 / np.arange(1, 101))
    np.testing.assert_allclose(drawn(gap, "strictly convex loss")[:, 1], 0.5 ** np.arange(1, 101))
    assert {axes.get_xscale() for axes in (gradient, gap)} == {"log"}
    assert escape.get_yscale() == "log"
    assert len(escape.lines) == 5  # two octopuses by two methods, and one bound; no row of another study
    assert "Λ = 1.5: ×3.40\n(theory 3.41)" in texts(figure)


def test_saddles_labels_stay_inside_the_axes(saddle_tables, provenance):
    figure = saddles(**saddle_tables, provenance=provenance)
    figure.canvas.draw()
    right = figure.bbox.x1
    assert all(text.get_window_extent().x1 <= right for axes in figure.axes for text in axes.texts)


def test_kinks_shows_quotients_jumps_and_descent(kink_tables, provenance):
    figure = kinks(**kink_tables, provenance=provenance)
    quotient, jump, descent = figure.axes
    across = drawn(quotient, "ReLU, across a kink")
    np.testing.assert_allclose(across[:, 0] * across[:, 1], 1)
    assert len(drawn(quotient, "ReLU, along it")) == 16  # only where no other kink is crossed
    assert {axes.get_xscale() + axes.get_yscale() for axes in (quotient, jump, descent)} == {"loglog"}
    assert "η = 0.1" in descent.get_title(loc="left")
    assert "exponent across the kink −1.000 [−1.010, −0.990]" in figure._supxlabel.get_text()
