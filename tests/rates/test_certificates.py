"""Proofs of the PL inequality on the line: true where they succeed, and failing where they must."""

import math
from itertools import pairwise

import numpy as np
import pytest
from flint import arb
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from optprimer.rates.certificates import (
    EvenLoss,
    certify,
    double_well,
    largest,
    quartic,
    refutes,
    sine_well,
    stationary_above_optimum,
)
from optprimer.rates.problems.convex import Power
from optprimer.rates.problems.pl import THRESHOLD, SineWell, pl_ratio

CONSTANTS = {1: 1.07423, 2: 0.505159, 3: 0.175531, 3.5: 0.0799209, 4: 0.0230337, 4.5: 6.527e-4}
LOSSES = {"sine_well": sine_well(3.0), "double_well": double_well(), "quartic": quartic()}


def contains(ball, x):
    return bool(abs(ball - arb(x)) <= 1e-12 * (1 + abs(x))) or ball.contains(arb(x))


@given(st.sampled_from(sorted(LOSSES)), st.floats(0, 5), st.floats(0, 1), st.floats(0, 1))
def test_balls_contain_the_values_and_derivatives_of_every_point(name, low, width, share):
    loss, x = LOSSES[name], low + share * width
    ball = arb(low).union(arb(low + width))
    for outer, h in ((loss.value, loss.slope), (loss.slope, loss.curvature)):
        assert contains(outer(ball), float(outer(arb(x)).mid()))
        difference = (float(outer(arb(x + 1e-5)).mid()) - float(outer(arb(x - 1e-5)).mid())) / 2e-5
        assert float(h(arb(x)).mid()) == pytest.approx(difference, rel=1e-6, abs=1e-5)


@given(st.floats(0.1, 3.9))
def test_the_slope_of_the_ratio_is_its_derivative(x):
    loss = LOSSES["sine_well"]
    difference = (float(loss.ratio(arb(x + 1e-6)).mid()) - float(loss.ratio(arb(x - 1e-6)).mid())) / 2e-6
    assert float(loss.ratio_slope(arb(x)).mid()) == pytest.approx(difference, rel=1e-5, abs=1e-6)


@given(st.floats(0.1, 7), st.floats(-20, 20).filter(bool))
def test_balls_agree_with_the_problem_in_floating_point(c, x):
    loss, problem, w = sine_well(c), SineWell(c), np.array([x])
    assert float(loss.value(arb(x)).mid()) == pytest.approx(problem.value(w), rel=1e-12, abs=1e-300)
    assert float(loss.slope(arb(x)).mid()) == pytest.approx(problem.gradient(w)[0], rel=1e-9, abs=1e-12)
    assert float(loss.curvature(arb(x)).mid()) == pytest.approx(problem.curvature(w)[0], rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("c", CONSTANTS)
def test_the_constant_is_enclosed_to_six_digits(c):
    found = largest(sine_well(c))
    assert found.lower <= found.upper <= found.lower * (1 + 1e-6)
    assert found.lower == pytest.approx(CONSTANTS[c], rel=6e-6 if c < 4.5 else 1e-4)
    measured = minimize_scalar(lambda x: pl_ratio(SineWell(c), np.array([x])), bounds=(2, 2.4), options={"xatol": 1e-12}).fun
    assert found.lower <= measured <= found.upper * (1 + 1e-6)


@given(st.floats(0.2, 4.5), st.floats(1e-3, 1e3))
def test_no_point_is_below_the_certified_constant(c, x):
    assert pl_ratio(SineWell(c), np.array([x])) >= largest(sine_well(c)).lower * (1 - 1e-12)


def test_every_piece_is_below_the_ratio_on_it_and_they_cover_the_half_line():
    pieces = certify(sine_well(3.0), 1 / 32).pieces
    assert pieces[0].low == 0
    assert pieces[-1].high == math.inf
    assert all(piece.high == following.low for piece, following in pairwise(pieces))
    for piece in pieces:
        x = np.linspace(piece.low, min(piece.high, 100), 1001)[1:, None]
        assert pl_ratio(SineWell(), x).min() >= piece.bound >= 1 / 32


@pytest.mark.parametrize("alpha", [1 / 32, 0.17, 0.175, 0.1755, 0.17553])
def test_smaller_constants_are_proved(alpha):
    assert certify(sine_well(3.0), alpha).lower >= alpha


@pytest.mark.parametrize("alpha", [0.175531, 0.18, 1.0])
def test_larger_constants_are_refuted_at_a_point(alpha):
    found = certify(sine_well(3.0), alpha)
    assert found.upper < alpha
    assert refutes(sine_well(3.0), alpha, found.point)
    assert not refutes(sine_well(3.0), 0.17553, found.point)


def test_what_is_neither_is_not_decided_by_guess():
    parabola = EvenLoss(lambda x: x**2 / 2, lambda x: x, lambda _: arb(1), (0.0, 0.5), lambda _: arb(1), 4.0)
    assert certify(parabola, 1 - 1e-6).lower >= 1 - 1e-6
    with pytest.raises(ArithmeticError, match="undecided"):
        certify(parabola, 1.0)


@pytest.mark.parametrize("loss", [sine_well(4.7), sine_well(5.0), sine_well(6.0), double_well(), quartic()])
def test_no_constant_is_certified_where_there_is_none(loss):
    found = largest(loss)
    assert found.lower == 0
    assert found.upper < 1e-9
    assert certify(loss, 1 / 32).lower < 1 / 32
    assert refutes(loss, 1 / 32, found.point)


def test_the_quartic_is_flat_as_its_problem_is():
    x = np.geomspace(0.1, 1, 20)  # nearer to 0, the problem's sum cancels
    ratios = [float(quartic().ratio(arb(each)).mid()) for each in x]
    np.testing.assert_allclose(ratios, pl_ratio(Power(4), x[:, None]), rtol=1e-9)


def test_a_second_stationary_point_is_proved_beyond_the_threshold_only():
    assert stationary_above_optimum(sine_well(THRESHOLD + 1e-3), 2.0, THRESHOLD / 2.049)
    assert not stationary_above_optimum(sine_well(THRESHOLD - 1e-3), 2.0, THRESHOLD / 2.049)
    assert stationary_above_optimum(sine_well(4.7), 2.0, 2.25)
    assert not any(stationary_above_optimum(sine_well(3.0), x, x + 0.1) for x in np.arange(0.1, 4, 0.1))
