"""The strips: what they show of a verdict is so."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optprimer.page.strip import WIDTH, strip

NAN = math.nan
NONE = (NAN, NAN)
numbers = st.floats(-1e6, 1e6).map(lambda value: round(value, 3))


@given(threshold=numbers, estimate=numbers, control=numbers)
def test_order_on_the_strip_is_order_of_the_numbers(threshold, estimate, control):
    laid = strip("at_least", {"threshold": threshold}, estimate, NONE, control)
    start, end = laid.region
    assert end == WIDTH
    assert (laid.estimate > start) <= (estimate > threshold)
    assert (laid.estimate < start) <= (estimate < threshold)
    assert (laid.control > laid.estimate) <= (control > estimate)
    assert (laid.control < laid.estimate) <= (control < estimate)
    assert all(0 <= place <= WIDTH for place in (start, laid.estimate, laid.control))


@given(numbers, st.floats(0.01, 1e3), st.floats(0.01, 1e3))
def test_an_interval_is_around_its_estimate(estimate, below, above):
    laid = strip("ci_above", {"threshold": 0.0}, estimate, (estimate - below, estimate + above), NAN)
    low, high = laid.interval
    assert low <= laid.estimate <= high
    assert laid.control is None


anything = st.sampled_from([NAN, math.inf, -math.inf, 1e308, -1e308, 0.0]) | st.floats()


@given(estimate=anything, low=anything, high=anything, control=anything, threshold=numbers)
def test_whatever_is_no_number_leaves_a_strip_that_can_be_drawn(estimate, low, high, control, threshold):
    laid = strip("ci_above", {"threshold": threshold}, estimate, (low, high), control)
    if laid is None:
        return
    places = [*laid.region, laid.estimate, *(laid.interval or ()), *([] if laid.control is None else [laid.control])]
    assert all(0 <= place <= WIDTH for place in places)


@pytest.mark.parametrize("interval", [(NAN, 1.0), (0.0, NAN)])
def test_an_interval_of_which_an_end_is_not_known_is_not_drawn(interval):
    assert strip("ci_above", {"threshold": 0.0}, 0.5, interval, NAN).interval is None


def test_an_interval_without_end_reaches_the_edge():
    laid = strip("ci_above", {"threshold": 0.0}, 0.5, (0.25, math.inf), NAN)
    assert laid.interval[0] < laid.estimate < laid.interval[1] == WIDTH


def test_distances_are_to_scale():
    laid = strip("equivalent", {"margin": 1.0}, 0.5, (0.0, 0.75), -0.5)
    start, end = laid.region
    assert (laid.estimate - start) / (end - start) == pytest.approx(0.75, abs=1e-3)
    assert (laid.control - start) / (end - start) == pytest.approx(0.25, abs=1e-3)


def test_a_control_far_away_is_at_the_edge_and_told_to_be():
    laid = strip("bound_holds", {"below": 1.0}, 0.9, NONE, 1e9)
    assert laid.beyond
    assert laid.control == WIDTH
    assert laid.region[1] - laid.estimate > 10  # and takes no room from what decides
    assert strip("bound_holds", {"below": 1.0}, 0.9, NONE, -1e9).control == 0


def test_an_exponent_has_a_line_and_its_neighbour_apart():
    laid = strip("exponent_in", {"theory": -0.5, "neighbour": -1.0}, -0.5, (-0.5001, -0.4999), NAN)
    start, end = laid.region
    assert start == end == laid.estimate
    assert laid.estimate - laid.neighbour > WIDTH / 2


@pytest.mark.parametrize(
    ("rule", "name", "estimate"),
    [
        ("agrees_within", "target", 1.25),
        ("agrees_within", "target", 0.75),
        ("bound_holds", "below", 1.25),
        ("bound_holds", "above", 0.75),
    ],
)
def test_tolerances_widen_the_region(rule, name, estimate):
    laid = strip(rule, {name: 1.0, "tolerance": 0.5}, estimate, NONE, NAN)
    assert laid.region[0] < laid.estimate < laid.region[1]


def test_there_is_no_strip_without_estimate_or_rule():
    assert strip("at_least", {"threshold": 1.0}, NAN, NONE, 0.0) is None
    assert strip("at_least", {}, 1.0, NONE, 0.0) is None
