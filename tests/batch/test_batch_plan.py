"""The table of runs: each once, those of the search with the same budget for all, and jobs that are filled in turn."""

from collections import Counter
from itertools import pairwise

import pytest
from batch_settings import LADDER, section, write_plan

from optprimer.batch.plan import Run, jobs, runs
from optprimer.batch.tables import Plan
from optprimer.config.load import load
from optprimer.config.schema import SCALES
from optprimer.tables import read


def stage(name, **changes):
    return [run for run in runs(section(**changes)) if run.stage == name]


def test_every_recipe_is_run_on_every_network_with_every_seed_once():
    keys = [(run.network, run.recipe, run.seed) for run in stage("train")]
    assert len(keys) == len(set(keys))
    assert set(keys) == {(network, name, seed) for network in ("mlp", "conv") for name in LADDER for seed in range(3)}


def test_the_search_gives_each_recipe_that_it_serves_the_same_budget():
    trials = stage("search")
    assert set(Counter((run.network, run.recipe) for run in trials).values()) == {2 * 3}  # searches times rates
    assert {run.recipe for run in trials} == {"sgd", "gd_longer"}
    assert {run.learning_rate for run in trials if run.recipe == "gd_longer"} == {0.1, 0.4, 1.6}


def test_recipes_of_claims_have_more_seeds_and_those_of_a_fold_the_same_search():
    batch = section(claims=["sgd", "gd"], claim_seeds=7)
    found = [run for run in runs(batch) if run.stage == "train" and run.network == "mlp"]
    seeds = {name: [run.seed for run in found if run.recipe == name] for name in LADDER}
    assert seeds == {name: [*range(7 if name in ("sgd", "gd") else 3)] for name in LADDER}
    searches = {run.seed: run.search for run in found if run.recipe == "gd"}
    assert [searches[seed] for seed in range(7)] == [0, 1, 0, 1, 0, 0, 1]  # of folds 0, 1, 2, 3, 4, 0, 1
    assert {run.search for run in runs(section(folds=0, searches=3)) if run.seed == 2 and run.stage == "train"} == {2}


def test_a_network_has_its_own_ladder_and_what_that_needs_is_searched():
    batch = section(ladders={"mlp": ["sgd", "gd"], "conv": ["gd_longer"]})
    found = {(run.stage, run.network, run.recipe) for run in runs(batch)}
    assert found == {
        ("search", "mlp", "sgd"), ("search", "conv", "gd_longer"),
        ("train", "mlp", "sgd"), ("train", "mlp", "gd"), ("train", "conv", "gd_longer"),
    }  # fmt: skip


def test_the_search_comes_first():
    stages = [run.stage for run in runs(section())]
    assert stages == sorted(stages)


def test_runs_say_whose_choice_they_take_and_of_which_search():
    found = {(run.recipe, run.seed): run for run in stage("train")}
    assert [(found["gd", seed].rate_of, found["gd", seed].search) for seed in range(3)] == [("sgd", 0), ("sgd", 1), ("sgd", 0)]
    assert found["gd", 0].learning_rate is None
    assert (found["adam", 2].rate_of, found["adam", 2].learning_rate) == ("adam", 0.01)


@pytest.mark.parametrize("name", ["search", "train"])
def test_jobs_share_out_all_rows_of_a_stage_in_order(name):
    found, every = jobs(section(), name), runs(section())
    assert [row for first, last in found for row in range(first, last + 1)] == [
        row for row, run in enumerate(every) if run.stage == name
    ]
    costs = [
        sum(run.rung.epochs * (2 if run.rung.penalty else 1) / 50 for run in every[first : last + 1]) for first, last in found
    ]
    assert max(costs) <= 1 + 1e-9
    for cost, (_, (first, _)) in zip(costs, pairwise(found), strict=False):  # not one run more would have fitted
        run = every[first]
        assert cost + run.rung.epochs * (2 if run.rung.penalty else 1) / 50 > 1


def test_a_run_longer_than_a_job_is_a_job():
    networks = {"mlp": {"architecture": "mlp", "widths": [8], "sweeps_per_job": 1}}
    batch = section(networks=networks, ladders={"mlp": LADDER})
    assert all(first == last for first, last in jobs(batch, "train"))
    assert len(jobs(batch, "train")) == 3 * len(LADDER)


def test_without_choices_there_is_no_search():
    assert jobs(section(ladders={"mlp": ["adam"]}), "search") == []


def test_the_plan_on_disk_is_the_plan(tmp_path):
    write_plan(section(), tmp_path / "plan.csv")
    rows = read(Plan, tmp_path / "plan.csv").set_index("row").to_dict("index")
    assert [Run.of_row(columns) for columns in rows.values()] == runs(section())


@pytest.mark.parametrize("path", sorted(SCALES.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_scale_has_recipes_with_names_of_their_own_on_disk(path):
    every = runs(load(path)["batch"])
    assert len({run.name for run in every}) == len(every)
