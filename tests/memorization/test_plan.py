"""The plan: which runs the studies name, and how jobs share them out."""

import re
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from memorization_settings import NOTHING, network, section, study

from optprimer.config.load import load
from optprimer.config.schema import SCALES
from optprimer.memorization.plan import Run, jobs, runs
from optprimer.memorization.variants import KINDS

ALL_SCALES = [(), *((path,) for path in sorted(SCALES.glob("*.yaml")))]


def name(scale):
    return scale[0].stem if scale else "digits"


def keys(found):
    return [(run.network, run.labels, run.corruption, run.regularizer, run.seed) for run in found]


def test_a_study_is_every_combination_of_its_lists():
    one = study(networks=["small", "large"], labels=["true_labels", "gaussian"], regularizers=["none", "decay"], seeds=2)
    expected = product(["large", "small"], ["gaussian", "true_labels"], [0.0], ["decay", "none"], [0, 1])
    assert keys(runs(section(one=one))) == list(expected)


@pytest.mark.parametrize("kind", [*KINDS, "redrawn_labels"])
def test_only_partial_labels_have_a_choice_of_corruption(kind):
    found = runs(section(one=study(labels=[kind], corruption=[0.2, 0.7])))
    expected = {"partial_labels": [0.2, 0.7], "random_labels": [1.0], "redrawn_labels": [1.0]}.get(kind, [0.0])
    assert [(run.labels, run.corruption) for run in found] == [(kind, share) for share in expected]


def test_partial_labels_of_one_study_do_not_take_the_list_of_another():
    found = runs(
        section(
            one=study(labels=["partial_labels", "random_labels"], corruption=[0.5]),
            two=study(labels=["partial_labels"], networks=["large"], corruption=[0.25]),
        )
    )
    assert [(run.network, run.corruption) for run in found] == [("large", 0.25), ("small", 0.5), ("small", 1.0)]


def test_what_several_studies_name_is_run_once():
    few, more = study(labels=["true_labels", "random_labels"], seeds=2), study(regularizers=["none", "decay"], seeds=3)
    together = keys(runs(section(few=few, more=more)))
    assert len(together) == len(set(together)) == 4 + 6 - 2
    assert set(together) == set(keys(runs(section(few=few)))) | set(keys(runs(section(more=more))))
    assert together == sorted(together)
    assert together == keys(runs(section(more=more, few=few)))


@pytest.mark.parametrize("part", ["networks", "labels", "regularizers"])
def test_an_empty_list_makes_no_run(part):
    assert keys(runs(section(one=study(), none=study(**{part: []}, seeds=9)))) == keys(runs(section(one=study())))


def test_a_run_has_the_recipe_of_its_network_and_the_changes_of_its_regularizer():
    networks = {"small": network(batch_size=7, learning_rate=0.3, decay=0.9, epochs=11), "alexnet": network(widths=[])}
    strong = {"weight_decay": 0.5, "dropout": 0.25, "crop_padding": 3, "flip": True}
    (run,) = runs(section(networks, {"strong": strong}, one=study(regularizers=["strong"])))
    assert run == Run("small", "true_labels", 0.0, "strong", 0, "mlp", (8,), 7, 0.3, 0.9, 11, 2, 0.5, 0.25, 3, True)
    (other,) = runs(section(networks, {"strong": strong}, one=study()))
    assert other == replace(run, regularizer="none", **NOTHING)


def test_softmax_regression_needs_no_entry():
    (run,) = runs(section(one=study(networks=["linear"])))
    assert (run.network, run.architecture, run.widths) == ("linear", "linear", ())
    assert (run.weight_decay, run.dropout, run.crop_padding, run.flip) == (0, 0, 0, False)
    assert run.patience == 1  # it is fitted once


# --- jobs --------------------------------------------------------------------------------------------------------------


def test_jobs_hold_as_many_runs_as_their_networks_say():
    assert jobs(section(one=study(seeds=10))) == [(0, 3), (4, 7), (8, 9)]
    assert jobs(section({"small": network(1)}, one=study(seeds=3))) == [(0, 0), (1, 1), (2, 2)]
    # 3 times 1/6 and 2 times 1/4 are a job; rounding must not turn away the last.
    networks = {"a": network(6), "b": network(4)}
    assert jobs(section(networks, one=study(networks=["a"], seeds=3), two=study(networks=["b"], seeds=3))) == [(0, 4), (5, 5)]
    for n in range(1, 200):
        assert jobs(section({"small": network(n)}, one=study(seeds=n + 1))) == [(0, n - 1), (n, n)]


def test_softmax_regression_costs_nothing():
    networks = {"a": network(2), "z": network(2)}
    alone = section(networks, one=study(networks=["linear"], seeds=100))
    assert jobs(alone) == [(0, 99)]
    between = section(networks, one=study(networks=["a", "linear", "z"], seeds=2))
    assert jobs(between) == [(0, 3), (4, 5)]  # a, a, linear, linear; z, z


@settings(deadline=None)
@given(
    st.dictionaries(st.sampled_from("abcxyz"), st.integers(1, 40), min_size=1),
    st.booleans(),
    st.integers(1, 25),
)
def test_jobs_share_out_all_rows_in_order_and_none_is_overfull(shares, linear, seeds):
    networks = {name: network(runs_per_job) for name, runs_per_job in shares.items()}
    memorization = section(networks, one=study(networks=[*shares, *(["linear"] if linear else [])], seeds=seeds))
    rows = [run.network for run in runs(memorization)]
    found = jobs(memorization)
    assert [row for first, last in found for row in range(first, last + 1)] == list(range(len(rows)))
    assert all(first <= last for first, last in found)
    filled = [sum(1 / shares[name] for name in rows[first : last + 1] if name != "linear") for first, last in found]
    assert max(filled) <= 1 + 1e-6
    # Nor could the first run of a job have gone to the one before.
    for (first, _), before in zip(found[1:], filled[:-1], strict=True):
        assert before + 1 / shares[rows[first]] > 1


# --- the scales of the repository --------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", ALL_SCALES, ids=name)
def test_every_scale_has_what_the_comparison_needs(scale):
    memorization = load(*scale)["memorization"]
    found = runs(memorization)
    assert {run.labels for run in found} == {*KINDS, "redrawn_labels"}
    names = [run.name for run in found]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9_.-]+", name) for name in names)
    shared = [row for first, last in jobs(memorization) for row in range(first, last + 1)]
    assert shared == list(range(len(found)))


@pytest.mark.parametrize("scale", [paths for paths in ALL_SCALES if name(paths) != "smoke"], ids=name)
def test_what_is_compared_is_there(scale):
    found = runs(load(*scale)["memorization"])
    present = {(run.network, run.labels, run.regularizer) for run in found}
    for network_name in {run.network for run in found if run.labels == "random_labels"} - {"inception_no_bn"}:
        assert (network_name, "true_labels", "none") in present  # to compare times with
    assert {("linear", "random_labels", "none"), ("mlp_1x8", "random_labels", "none")} <= present
    assert ("mlp_1x512", "random_labels", "strong_weight_decay") in present
    partial = {(run.network, run.corruption) for run in found if run.labels == "partial_labels"}
    assert len(partial) >= 3
    for network_name, _ in partial:  # with the ends of the axis
        assert {(network_name, "true_labels", "none"), (network_name, "random_labels", "none")} <= present


def test_another_run_has_another_name():
    found = runs(section(one=study(labels=["partial_labels", "random_labels"], corruption=[0.1, 0.15, 0.9], seeds=12)))
    assert len({run.name for run in found}) == len(found) == 48
    assert found[0].name == "small-partial_labels-0.1-none-0"
