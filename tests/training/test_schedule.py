"""Schedules against their closed forms."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from optprimer.errors import UserError
from optprimer.training.schedule import Schedule

KINDS = ["constant", "step", "one_cycle", "cosine"]
peaks = st.floats(1e-4, 10)
totals = st.integers(1, 500)
shares = st.floats(0, 1)


def rates(schedule: Schedule, total: int) -> list[float]:
    return [schedule(step, total) for step in range(total)]


def test_constant():
    assert rates(Schedule("constant", 0.3), 5) == [0.3] * 5


def test_warm_up_reaches_the_peak_with_its_last_step():
    expected = [0.025, 0.05, 0.075, 0.1, 0.1, 0.1, 0.1, 0.1]
    assert rates(Schedule("constant", 0.1, warmup=0.5), 8) == pytest.approx(expected, rel=1e-15)


def test_the_step_schedule_of_the_source_drops_after_epochs_150_225_275():
    # 391 steps an epoch, epochs counted from 1: epoch 151 is the first at 0.01 (Li et al. 2018).
    schedule = Schedule("step", 0.1, milestones=(0.5, 0.75, 275 / 300))
    by_epoch = [{schedule((epoch - 1) * 391 + step, 300 * 391) for step in (0, 390)} for epoch in range(1, 301)]
    assert all(len(rates_of_one) == 1 for rates_of_one in by_epoch)
    changes = [epoch for epoch in range(2, 301) if by_epoch[epoch - 1] != by_epoch[epoch - 2]]
    assert changes == [151, 226, 276]
    assert [by_epoch[epoch - 1].pop() for epoch in (1, 151, 226, 276)] == pytest.approx([0.1, 0.01, 0.001, 0.0001], rel=1e-14)


def test_milestones_after_warm_up_count_all_steps():
    schedule = Schedule("step", 1.0, warmup=0.2, milestones=(0.5, 0.8), decay=0.5)
    assert rates(schedule, 10) == [0.5, 1, 1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25]


def test_one_cycle_is_two_straight_lines():
    # Up to the peak in 2 steps, then down by a quarter of it with each of 4; the next would be 0.
    assert rates(Schedule("one_cycle", 0.4, warmup=1 / 3), 6) == pytest.approx([0.2, 0.4, 0.4, 0.3, 0.2, 0.1], rel=1e-14)


def test_cosine_values():
    expected = [(1 + math.cos(math.pi * angle)) / 2 for angle in (0, 0.25, 0.5, 0.75)]
    assert rates(Schedule("cosine", 1.0), 4) == pytest.approx(expected, abs=1e-15)


def test_a_part_of_the_cosine_ends_where_the_source_does():
    # Geiping et al. 2022: warm-up over 400 of 3,000 steps, then 2,600 of a half cosine of 4,000.
    schedule = Schedule("cosine", 0.8, warmup=400 / 3000, span=0.65)
    assert [schedule(step, 3000) for step in (399, 400)] == [0.8, 0.8]
    expected = [0.4 * (1 + math.cos(math.pi * step / 4000)) for step in (1300, 2599)]
    assert [schedule(400 + step, 3000) for step in (1300, 2599)] == pytest.approx(expected, rel=1e-12)
    assert schedule(2999, 3000) / 0.8 == pytest.approx(0.273, abs=1e-3)


@pytest.mark.parametrize("span", [0.0, -0.1, 1.1])
def test_a_part_is_more_than_none_and_at_most_all(span):
    with pytest.raises(UserError, match="span"):
        Schedule("cosine", 0.1, span=span)


@pytest.mark.parametrize("kind", ["one_cycle", "cosine"])
def test_long_schedules_end_near_zero(kind):
    assert Schedule(kind, 0.1, warmup=0.1)(9_999, 10_000) < 0.1 / 8_000


@given(st.sampled_from(KINDS), peaks, shares, st.lists(shares, max_size=4).map(tuple), st.floats(0.01, 1), totals)
def test_every_rate_is_positive_and_at_most_the_peak(kind, peak, warmup, milestones, decay, total):
    values = rates(Schedule(kind, peak, warmup, milestones, decay), total)
    assert all(0 < value <= peak * (1 + 2**-52) for value in values)  # p n / n may round up by one unit


@given(st.sampled_from(KINDS), peaks, shares, totals)
def test_rises_in_a_straight_line_and_never_again(kind, peak, warmup, total):
    values = rates(Schedule(kind, peak, warmup, (0.3, 0.6)), total)
    warm = round(warmup * total)
    assert values[:warm] == pytest.approx([peak * (step + 1) / warm for step in range(warm)], rel=1e-14)
    assert values[warm:] == sorted(values[warm:], reverse=True)
    if kind != "step" and warm < total:
        assert values[warm] == peak


@given(peaks, st.lists(shares, max_size=5).map(tuple), st.floats(0.01, 0.99), totals)
def test_each_milestone_takes_one_factor_at_its_own_step(peak, milestones, decay, total):
    values = rates(Schedule("step", peak, 0.0, milestones, decay), total)
    expected = peak
    for step in range(total):
        for milestone in milestones:
            expected *= decay if round(milestone * total) == step else 1
        assert values[step] == pytest.approx(expected, rel=1e-12)


@given(st.sampled_from(["one_cycle", "cosine"]), peaks, shares, totals)
def test_falls_symmetrically_about_half_the_peak(kind, peak, warmup, total):
    warm = round(warmup * total)
    assume(total - warm > 1)
    values = rates(Schedule(kind, peak, warmup), total)[warm:]
    for early, late in zip(values[1:], reversed(values[1:]), strict=True):
        assert early + late == pytest.approx(peak, rel=1e-9)


def test_an_unknown_kind_is_refused():
    with pytest.raises(Exception, match="'linear'"):
        Schedule("linear", 0.1)(0, 10)
