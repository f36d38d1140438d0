"""Every grid row belongs to exactly one job."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optprimer.landscape.jobs import Family, Jobs

LANDSCAPE = {
    "points_per_job": 60,
    "surfaces": {
        "fine": {"directions": "filter", "seeds": [0], "points": 25},
        "coarse": {"directions": "filter", "seeds": [4, 1], "points": 7},
        "path": {"directions": "pca", "seeds": [0], "points": 101},
    },
    "line": {"seeds": [0, 2, 9], "points": 30},
    "curvature": {"seed": 5, "points": 5, "points_per_job": 11},
    "geometry_points": 7,
}


@given(st.integers(1, 500), st.integers(1, 600))
def test_ranges_share_out_all_rows_in_order(rows, rows_per_job):
    ranges = Family("filter", (0,), 5, rows, rows_per_job).ranges()
    assert [r for first, last in ranges for r in range(first, last + 1)] == list(range(rows))
    assert all(1 <= last - first + 1 <= rows_per_job for first, last in ranges)
    assert len(ranges) == -(-rows // rows_per_job)


def test_the_plan():
    jobs = Jobs.plan(LANDSCAPE)
    assert list(jobs.surfaces) == ["coarse", "fine", "path"]
    assert jobs.surfaces["fine"] == Family("filter", (0,), 25, rows=25, rows_per_job=2)
    assert jobs.surfaces["coarse"] == Family("filter", (4, 1), 7, rows=14, rows_per_job=8)
    assert jobs.surfaces["path"] == Family("pca", (0,), 101, rows=101, rows_per_job=1)
    assert jobs.line == Family("filter", (0, 2, 9), 30, rows=3, rows_per_job=2)
    assert jobs.curvature == Family("filter", (5,), 5, rows=5, rows_per_job=2)
    assert jobs.surfaces["coarse"].seed_list == "4,1"


def test_a_control_has_the_common_grid_for_every_filter_seed():
    jobs = Jobs.plan(LANDSCAPE)
    assert jobs.control == Family("filter", (0, 1, 4), 7, rows=21, rows_per_job=8)
    assert jobs.grids == jobs.surfaces | {"control": jobs.control}


def test_a_job_measures_no_more_points_than_allowed_but_a_whole_row():
    for family in Jobs.plan(LANDSCAPE).surfaces.values():
        for first, last in family.ranges():
            assert last == first or (last - first + 1) * family.points <= LANDSCAPE["points_per_job"]


@pytest.mark.parametrize(("kind", "expected"), [("filter", "0,1,4"), ("pca", "0"), ("layer", "")])
def test_seeds_of_one_kind_of_directions(kind, expected):
    assert Jobs.plan(LANDSCAPE).seeds(kind) == expected
