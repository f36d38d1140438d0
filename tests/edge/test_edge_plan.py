"""Runs and how jobs share them out."""

import pytest
from edge_settings import NETWORK, section

from optprimer.edge.plan import ABOVE, BELOW, CLAIM, CONTROL, QUADRATIC, jobs, runs


def test_every_rate_of_every_network_and_seed_is_a_run_and_so_is_the_control():
    found = runs(section(networks={"one": NETWORK, "two": NETWORK | {"learning_rates": [0.3]}}))
    names = [(run.network, run.seed, run.learning_rate, run.role, run.steps) for run in found[2:]]
    expected = {
        ("one", seed, rate, CLAIM, 30) for seed in (0, 1) for rate in (0.6, 0.8)
    } | {("two", seed, 0.3, CLAIM, 30) for seed in (0, 1)}  # fmt: skip
    expected |= {(name, seed, 0.05, CONTROL, 20) for name in ("one", "two") for seed in (0, 1)}
    assert set(names) == expected
    assert len(names) == len(expected)


def test_the_quadratic_stands_half_a_percent_to_both_sides_of_its_line():
    below, above = runs(section())[:2]
    assert (below.network, below.role, above.role) == (QUADRATIC, BELOW, ABOVE)
    assert below.learning_rate == pytest.approx(1.99 / 8)
    assert above.learning_rate == pytest.approx(2.01 / 8)


@pytest.mark.parametrize("each", [1, 3, 7, 8, 100])
def test_jobs_cover_all_runs_once(each):
    settings = section(runs_per_job=each)
    found = [run for first, last in jobs(settings) for run in range(first, last + 1)]
    assert found == list(range(len(runs(settings))))
    assert all(last - first < each for first, last in jobs(settings))
