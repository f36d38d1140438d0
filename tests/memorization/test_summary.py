"""Summaries of small tables of runs, worked out by hand."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optprimer.memorization.evidence import chance_band
from optprimer.memorization.summary import summarise
from optprimer.memorization.tables import Runs, Summary
from optprimer.tables import read, write

DIGITS = np.repeat(np.arange(10), 36)
BAND = chance_band(DIGITS, 10)
T_2, T_1 = 4.302653, 12.706205  # Student's 97.5 % quantiles with 2 and 1 degrees of freedom, from a printed table


def run(labels="true_labels", seed=0, epochs=10.0, network="mlp_1x512", regularizer="none", **others):
    corruption = {"random_labels": 1.0, "partial_labels": 0.4}.get(labels, 0.0)
    return {
        "data": "digits",
        "network": network,
        "labels": labels,
        "corruption": corruption,
        "regularizer": regularizer,
        "seed": seed,
        "parameters": 38410,
        "n": 1437,
        "n_test": 360,
        "budget": 200,
        "epochs": 200 if math.isnan(epochs) else int(epochs),
        "fitted": not math.isnan(epochs),
        "diverged": False,
        "epochs_to_fit": epochs,
        "steps_to_fit": 23 * epochs,
        "initial_loss": 2.4,
        "train_loss": 0.01,
        "train_accuracy": 0.8 if math.isnan(epochs) else 1.0,
        "test_loss": 0.3,
        "test_accuracy": 0.9,
        "best_test_accuracy": 0.95,
        "best_epoch": 3,
        "true_accuracy": 1.0,
        "recovered_accuracy": math.nan,
        "entropy": 2.3,
        "chance_low": BAND.low,
        "chance_high": BAND.high,
        "agreement": 1.0,
        "agreement_low": 1.0,
        "agreement_high": 1.0,
        "corrupted": 0,
        "chi_squared": math.nan,
        "p_value": math.nan,
        "shared_images": 0,
        "labels_digest": "0",
    } | others


def table(*rows):
    return Runs.validate(pd.DataFrame(rows))


def row_of(summary, labels="true_labels", network="mlp_1x512", regularizer="none"):
    names = (summary["network"], summary["labels"], summary["regularizer"])
    (row,) = summary[(names[0] == network) & (names[1] == labels) & (names[2] == regularizer)].to_dict("records")
    return row


def interval(row, name):
    return row[f"{name}_low"], row[name], row[f"{name}_high"]


def study():
    return [run(seed=seed, epochs=epochs) for seed, epochs in enumerate([8.0, 10.0, 12.0])] + [
        run("random_labels", seed, epochs, test_accuracy=accuracy, best_test_accuracy=0.2)
        for seed, (epochs, accuracy) in enumerate([(40.0, 0.09), (60.0, 0.10), (48.0, 0.11)])
    ]


def test_means_and_intervals_are_those_worked_out_by_hand():
    row = row_of(summarise(table(*study())), "random_labels")
    assert (row["data"], row["corruption"], row["seeds"], row["fitted"]) == ("digits", 1.0, 3, 1.0)
    # Standard deviation .01 over three seeds.
    assert interval(row, "test_accuracy") == pytest.approx(
        (0.1 - T_2 * 0.01 / math.sqrt(3), 0.1, 0.1 + T_2 * 0.01 / math.sqrt(3))
    )
    # 40, 60, 48: mean 148/3, sum of squares 7504 - 148^2/3 = 608/3, variance 304/3.
    half = T_2 * math.sqrt(304 / 9)
    assert interval(row, "epochs_to_fit") == pytest.approx((148 / 3 - half, 148 / 3, 148 / 3 + half))
    # 40/8 = 5, 60/10 = 6, 48/12 = 4; the ratio of means, 148/30, is another number.
    half = T_2 / math.sqrt(3)
    assert interval(row, "relative_time") == pytest.approx((5 - half, 5, 5 + half))
    assert row["best_test_accuracy"] == pytest.approx(0.2)
    assert interval(row, "train_accuracy") == (1, 1, 1)


def test_true_labels_take_one_unit_of_time():
    row = row_of(summarise(table(*study())))
    assert interval(row, "relative_time") == (1, 1, 1)
    assert interval(row, "epochs_to_fit")[1] == 10


def test_intervals_are_not_clipped():
    rows = [run("gaussian", 0, test_accuracy=0.0), run("gaussian", 1, test_accuracy=0.2)]
    row = row_of(summarise(table(*rows)), "gaussian")
    assert interval(row, "test_accuracy") == pytest.approx((0.1 - T_1 * 0.1, 0.1, 0.1 + T_1 * 0.1))
    assert row["test_accuracy_low"] < 0


@pytest.mark.filterwarnings("error")
def test_one_seed_has_no_interval():
    row = row_of(summarise(table(run("random_labels", epochs=30.0), run(epochs=10.0))), "random_labels")
    assert row["seeds"] == 1
    for name, value in {"train_accuracy": 1.0, "test_accuracy": 0.9, "epochs_to_fit": 30.0, "relative_time": 3.0}.items():
        assert interval(row, name) == pytest.approx((math.nan, value, math.nan), nan_ok=True)


def test_one_run_that_did_not_fit_leaves_no_time():
    rows = study()
    rows[4] = run("random_labels", 1, math.nan)
    row = row_of(summarise(table(*rows)), "random_labels")
    assert row["fitted"] == pytest.approx(2 / 3)
    assert row["train_accuracy"] == pytest.approx(2.8 / 3)
    assert all(map(math.isnan, interval(row, "epochs_to_fit") + interval(row, "relative_time")))


@pytest.mark.parametrize("left", ["absent", "unfitted", "regularized", "another network's"])
def test_without_all_of_the_runs_on_true_labels_there_is_no_relative_time(left):
    plain = {
        "absent": [],
        "unfitted": [run(seed=2, epochs=math.nan)],
        "regularized": [run(seed=2, regularizer="dropout")],
        "another network's": [run(seed=2, network="alexnet")],
    }[left]
    row = row_of(summarise(table(*study()[:2], *plain, *study()[3:])), "random_labels")
    assert row["epochs_to_fit"] == pytest.approx(148 / 3)
    assert all(map(math.isnan, interval(row, "relative_time")))


def test_more_seeds_on_true_labels_than_on_others_do_no_harm():
    more = [run(seed=seed, epochs=1.0) for seed in (3, 4)]
    row = row_of(summarise(table(*study(), *more)), "random_labels")
    assert (row["seeds"], row["relative_time"]) == (3, pytest.approx(5))


def test_the_unit_is_the_unregularized_run_also_for_regularized_ones():
    rows = [run(epochs=10.0), run(epochs=20.0, regularizer="dropout"), run("random_labels", 0, 90.0, regularizer="dropout")]
    summary = summarise(table(*rows))
    assert row_of(summary, regularizer="dropout")["relative_time"] == 2
    assert row_of(summary, "random_labels", regularizer="dropout")["relative_time"] == 9


def test_runs_of_other_degrees_of_corruption_stay_apart():
    rows = [run("partial_labels", corruption=p, test_accuracy=1 - p) for p in (0.2, 0.4, 0.6, 0.8)]
    summary = summarise(table(*rows))
    assert list(summary["corruption"]) == [0.2, 0.4, 0.6, 0.8]
    assert list(summary["test_accuracy"]) == pytest.approx([0.8, 0.6, 0.4, 0.2])


def test_the_number_of_images_is_the_mean_of_the_folds():
    rows = [run(seed=seed, n=n, n_test=1797 - n) for seed, n in enumerate([1437, 1437, 1438, 1438, 1438])]
    row = row_of(summarise(table(*rows)))
    assert (row["n"], row["parameters"]) == (1438, 38410)  # 1437.6
    assert row["parameters_per_image"] == pytest.approx(38410 / 1438)


def test_the_chance_band_narrows_as_the_mean_does():
    summary = summarise(table(*study(), run("gaussian")))
    one, three = row_of(summary, "gaussian"), row_of(summary, "random_labels")
    assert (one["chance_low"], one["chance_high"]) == (BAND.low, BAND.high)
    known = chance_band(DIGITS, 10, runs=3)
    assert BAND.low < three["chance_low"] <= known.low < 0.1 < known.high <= three["chance_high"] < BAND.high
    assert (three["chance_low"], three["chance_high"]) == pytest.approx((known.low, known.high), abs=0.005)


def test_published_numbers_stand_beside_ours():
    rows = [
        run("random_labels"),
        run("random_labels", network="inception", regularizer="crop"),
        run("partial_labels"),
        run("random_labels", network="alexnet", regularizer="weight_decay"),
        run("random_labels", network="mlp_1x8"),
    ]
    summary = summarise(table(*rows))
    assert len(summary) == 5
    mlp = row_of(summary, "random_labels")
    assert (mlp["published_train"], mlp["published_test"]) == (0.9934, 0.1061)
    inception = row_of(summary, "random_labels", "inception", "crop")
    assert inception["published_train"] == 0.9993
    assert math.isnan(inception["published_test"])
    for none in (("partial_labels",), ("random_labels", "alexnet", "weight_decay"), ("random_labels", "mlp_1x8")):
        row = row_of(summary, *none)
        assert math.isnan(row["published_train"])
        assert math.isnan(row["published_test"])


def test_it_is_a_table_of_its_kind_also_after_a_round_trip(tmp_path):
    rows = [*study(), run("random_labels", 0, math.nan, network="linear")]
    write(table(*rows), Runs, tmp_path / "runs.csv")
    write(summarise(read(Runs, tmp_path / "runs.csv")), Summary, tmp_path / "summary.csv")
    pd.testing.assert_frame_equal(
        read(Summary, tmp_path / "summary.csv").drop(columns="data"),
        Summary.validate(summarise(table(*rows))).sort_values(Summary._key, ignore_index=True).drop(columns="data"),
    )


def test_no_runs_make_an_empty_table():
    empty = Runs.validate(table(run()).iloc[:0])
    assert len(Summary.validate(summarise(empty))) == 0


FEW = settings(max_examples=30)  # a summary takes some hundredths of a second


@st.composite
def some_runs(draw):
    kinds = st.sampled_from(["true_labels", "random_labels", "gaussian"])
    keys = st.tuples(kinds, st.integers(0, 3), st.sampled_from(["alexnet", "mlp_1x512"]), st.sampled_from(["none", "crop"]))
    epochs = st.one_of(st.just(math.nan), st.integers(1, 200).map(float))
    accuracy = st.floats(0, 1)
    return [
        run(labels, seed, draw(epochs), network, regularizer, test_accuracy=draw(accuracy))
        for labels, seed, network, regularizer in draw(st.lists(keys, min_size=1, max_size=12, unique=True))
    ]


@FEW
@given(some_runs(), st.randoms(use_true_random=False))
def test_the_order_of_runs_changes_nothing(rows, random):
    shuffled = random.sample(rows, len(rows))
    pd.testing.assert_frame_equal(summarise(pd.DataFrame(shuffled)), summarise(pd.DataFrame(rows)), rtol=1e-9, atol=1e-9)


@FEW
@given(some_runs(), st.integers(2, 9))
def test_epochs_that_are_longer_for_all_change_no_ratio(rows, factor):
    slower = [row | {"epochs_to_fit": factor * row["epochs_to_fit"]} for row in rows]
    before, after = summarise(pd.DataFrame(rows)), summarise(pd.DataFrame(slower))
    assert after["epochs_to_fit"].to_numpy() == pytest.approx(factor * before["epochs_to_fit"].to_numpy(), nan_ok=True)
    for name in ("relative_time", "relative_time_low", "relative_time_high"):
        assert after[name].to_numpy() == pytest.approx(before[name].to_numpy(), nan_ok=True, rel=1e-9, abs=1e-9)


@FEW
@given(some_runs())
def test_every_run_is_in_one_row_and_means_are_within_their_intervals(rows):
    summary = Summary.validate(summarise(pd.DataFrame(rows)))
    assert summary["seeds"].sum() == len(rows)
    assert (summary["test_accuracy"] * summary["seeds"]).sum() == pytest.approx(sum(row["test_accuracy"] for row in rows))
    many = summary[summary["seeds"] > 1]
    assert (many["test_accuracy_low"] <= many["test_accuracy"]).all()
    assert (many["test_accuracy"] <= many["test_accuracy_high"]).all()
    assert (summary["epochs_to_fit"].notna() == (summary["fitted"] == 1)).all()
