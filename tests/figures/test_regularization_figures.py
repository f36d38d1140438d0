"""What regularizers, stopping early and the evidence figure show is what the tables say."""

import math

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import same_color, to_rgba
from memorization_tables import CORRUPTION, SEEDS, curves_table, runs_table, summary_table
from scipy import stats

from optprimer.errors import UserError
from optprimer.figures import memorized
from optprimer.figures.early_stopping import early_stopping, gains, noisiest, shade, with_and_without_norm
from optprimer.figures.memorization_evidence import drawn_labels, memorization_evidence, unable, useless
from optprimer.figures.regularization import heights, regularization
from optprimer.memorization.tables import RUN


@pytest.fixture
def summary():
    return summary_table()


@pytest.fixture
def curves():
    """Curves that peak at epoch 4 where labels are partly random, by 3, 6, ... points more for each seed."""
    table = curves_table()
    peak = (table["labels"] == "partial_labels") & (table["epoch"] == 4)
    table.loc[peak, "test_accuracy"] = 0.9 + 0.03 * table["seed"]
    return table


@pytest.fixture
def runs(curves):
    best = curves.groupby(RUN)["test_accuracy"].max().rename("best_test_accuracy")
    columns = runs_table().columns
    table = runs_table().drop(columns="best_test_accuracy").merge(best.reset_index(), on=RUN)[columns]
    digests = sorted(set(table["labels_digest"]))
    p_values = dict(zip(digests, np.random.default_rng(0).permutation(np.linspace(0.02, 0.98, len(digests))), strict=True))
    return table.assign(p_value=table["p_value"].where(table["p_value"].isna(), table["labels_digest"].map(p_values)))


def shuffled(table):
    return table.sample(frac=1, random_state=0)


def points(axes, marker, colour=None):
    """The points of all lines with a marker, and of one colour, as a set of rounded pairs."""
    lines = [line for line in axes.get_lines() if line.get_marker() == marker and len(line.get_xdata())]
    lines = [line for line in lines if colour is None or same_color(line.get_color(), colour)]
    return {
        (round(float(x), 9), round(float(y), 9)) for line in lines for x, y in line.get_xydata() if np.isfinite([x, y]).all()
    }


def everything(figure):
    """All lines, collections and words of a figure, whatever the order in which they were drawn."""
    found = []
    for place, axes in enumerate(figure.axes):
        for line in axes.get_lines():
            found.append((place, line.get_marker(), to_rgba(line.get_color()), np.round(line.get_xydata(), 9).tolist()))
        for each in axes.collections:
            paths = [np.round(path.vertices, 9).tolist() for path in each.get_paths()]
            found.append((place, np.round(each.get_offsets(), 9).tolist(), each.get_facecolor().tolist(), paths))
        found += [(place, text.get_text(), text.get_position()) for text in (*axes.texts, *axes.get_yticklabels())]
        found.append((place, axes.get_title(loc="left"), axes.get_xlabel()))
    return sorted(map(str, found)), figure.get_supxlabel()


def caption(figure):
    return figure.get_supxlabel().replace("\n", " · ")


def titles(figure):
    return [axes.get_title(loc="left") for axes in figure.axes]


def network_colour(name):
    return memorized.network_names([name])[name][1]


@pytest.mark.parametrize(("panel", "labels", "measure"), [(0, "true_labels", "test"), (1, "random_labels", "train")])
def test_regularization_draws_means_intervals_and_published_values_on_their_lines(summary, provenance, panel, labels, measure):
    axes = regularization(summary, provenance=provenance).axes[panel]
    rows = summary[(summary["labels"] == labels) & ~summary["network"].isin(["mlp_1x8", "linear"])]
    y = [heights(rows)[key] for key in zip(rows["network"], rows["regularizer"], strict=True)]
    assert points(axes, "o") == set(zip(rows[f"{measure}_accuracy"].round(9), y, strict=True))
    published = {(x, y) for x, y in zip(rows[f"published_{measure}"].round(9), y, strict=True) if not math.isnan(x)}
    assert points(axes, "D") == published
    assert len(published) > 3
    intervals = {
        (*np.round(line.get_xdata(), 9), line.get_ydata()[0]) for line in axes.get_lines() if len(line.get_xdata()) == 2
    }
    low, high = (rows[f"{measure}_accuracy_{end}"].clip(0, 1).round(9) for end in ("low", "high"))
    assert set(zip(low, high, y, strict=True)) <= intervals


def test_regularization_crosses_what_did_not_fit(summary, provenance):
    axes = regularization(summary, provenance=provenance).axes[1]
    rows = summary[(summary["labels"] == "random_labels") & ~summary["network"].isin(["mlp_1x8", "linear"])]
    places = heights(rows)
    failed = rows[rows["fitted"] < 1]
    assert set(failed["regularizer"]) == {"crop", "strong_weight_decay"}
    expected = {(round(row.train_accuracy, 9), places[row.network, row.regularizer]) for row in failed.itertuples()}
    assert points(axes, "x") == expected
    hollow = [line for line in axes.get_lines() if line.get_marker() == "o" and line.get_markerfacecolor() == "white"]
    assert {line.get_ydata()[0] for line in hollow} == {y for _, y in expected}


def test_regularization_tells_the_changes_without_the_control(summary, provenance):
    true, random = regularization(summary, provenance=provenance).axes
    rows = summary[summary["labels"] == "true_labels"].set_index(["network", "regularizer"])["test_accuracy"]
    plain = rows.xs("none", level="regularizer")
    usual = [
        100 * (value - plain[network]) for (network, name), value in rows.items() if name in ("weight_decay", "crop", "dropout")
    ]
    assert true.get_xlabel() == f"regularizers change it by {min(usual):+.1f} to {max(usual):+.1f} points"
    change = 100 * (rows["mlp_1x512", "strong_weight_decay"] - plain["mlp_1x512"])
    text = f"{100 * rows['mlp_1x512', 'strong_weight_decay']:.1f} ({change:+.1f})".replace("-", "−")
    assert text in [each.get_text() for each in true.texts]
    assert change < min(usual)
    told = random.get_xlabel().replace("\n", " ")
    assert told == "all labels fitted: 4 of 4 without regularizer, 2 of 2 with weight decay, 1 of 2 with others"


def test_regularization_of_one_side_one_seed_and_a_foreign_network(summary, provenance):
    rows = summary[summary["labels"] == "true_labels"].replace(
        {"network": {"inception": "resnet"}, "regularizer": {"crop": "mixup"}}
    )
    rows = rows.assign(
        test_accuracy_low=math.nan, test_accuracy_high=math.nan, published_test=math.nan, published_train=math.nan
    )
    figure = regularization(rows, provenance=provenance)
    assert titles(figure) == ["true labels: test accuracy"]
    assert "published" not in caption(figure)
    assert {"mixup", "strong weight decay (control)"} <= {text.get_text() for text in figure.axes[0].get_yticklabels()}
    assert "resnet" in {text.get_text() for text in figure.axes[0].texts}
    with pytest.raises(UserError, match=r"summary\.csv"):
        regularization(summary[summary["network"] == "linear"], provenance=provenance)


def test_early_stopping_compares_batch_norm_on_true_labels(curves, runs, provenance):
    axes = early_stopping(curves, runs, provenance=provenance).axes[0]
    lines = axes.get_lines()
    assert {line.get_color() for line in lines} == {network_colour(name) for name in ("inception", "inception_no_bn")}
    for name in ("inception", "inception_no_bn"):
        own = [line for line in lines if line.get_color() == network_colour(name)]
        ends = {line.get_linestyle(): line.get_ydata()[-1] for line in own}
        last = runs[(runs["network"] == name) & (runs["labels"] == "true_labels") & (runs["regularizer"] == "none")]
        assert ends == pytest.approx({"-": last["train_accuracy"].mean(), "--": last["test_accuracy"].mean()})


def test_all_networks_are_shown_where_there_is_no_pair(curves):
    rows = curves[curves["labels"] == "true_labels"]
    assert set(with_and_without_norm(rows)["network"]) == {"inception", "inception_no_bn"}
    others = rows[rows["network"] != "inception"]
    assert set(with_and_without_norm(others)["network"]) == set(others["network"])


def test_noise_is_shown_for_the_network_with_most_runs(curves, runs, provenance):
    assert set(noisiest(curves)["network"]) == {"mlp_1x512"}
    fewer = curves[(curves["network"] != "mlp_1x512") | (curves["seed"] < 2)]
    assert set(noisiest(fewer)["network"]) == {"alexnet"}
    axes = early_stopping(fewer, runs, provenance=provenance).axes[1]
    assert axes.get_xlabel() == "epoch (AlexNet)"


def test_means_by_epoch_keep_the_last_values_of_runs_that_ended(curves, runs, provenance):
    axes = early_stopping(curves, runs, provenance=provenance).axes[1]
    rows = curves[(curves["network"] == "mlp_1x512") & (curves["corruption"] == 0.6)]
    by_seed = [rows[rows["seed"] == seed].sort_values("epoch")["test_accuracy"].to_numpy() for seed in SEEDS]
    longest = max(map(len, by_seed))
    assert min(map(len, by_seed)) < longest
    expected = np.mean([np.pad(values, (0, longest - len(values)), mode="edge") for values in by_seed], axis=0)
    (line,) = [each for each in axes.get_lines() if each.get_color() == shade(0.6) and len(each.get_xdata()) > 1]
    np.testing.assert_allclose(line.get_xydata(), np.column_stack([np.arange(longest), expected]))
    assert points(axes, "o", shade(0.6)) == {(4, round(expected.max(), 9))}


def test_gains_are_paired_intervals_by_network_and_corruption(curves, runs, provenance):
    axes = early_stopping(curves, runs, provenance=provenance).axes[2]
    own = runs[(runs["network"] == "mlp_1x512") & (runs["corruption"] == 0.6)]
    expected = stats.ttest_rel(own["best_test_accuracy"], own["test_accuracy"]).confidence_interval()
    found = gains(own).loc[("mlp_1x512", 0.6)]
    assert (found["low"], found["high"]) == pytest.approx((expected.low, expected.high))
    assert found["mean"] > 0.3
    usual = runs[(runs["regularizer"] == "none") & runs["labels"].isin(["true_labels", "partial_labels", "random_labels"])]
    for name in ("inception", "alexnet", "mlp_1x512"):
        heights_ = gains(usual[usual["network"] == name])["mean"]
        drawn = sorted(points(axes, "o", network_colour(name)))
        assert [y for _, y in drawn] == pytest.approx(list(100 * heights_))
        assert [x for x, _ in drawn] == pytest.approx([0, *CORRUPTION, 1], abs=0.06)


def test_every_single_gain_stands_at_its_mean(curves, runs, provenance):
    axes = early_stopping(curves, runs, provenance=provenance).axes[2]
    usual = runs[(runs["regularizer"] == "none") & runs["labels"].isin(["true_labels", "partial_labels", "random_labels"])]
    own = usual[usual["network"] == "mlp_1x512"]
    gained = {(p, gain) for p, gain in zip(own["corruption"], own["best_test_accuracy"] - own["test_accuracy"], strict=True)}
    ticks = points(axes, "_", network_colour("mlp_1x512"))
    assert sorted(y for _, y in ticks) == pytest.approx(sorted(100 * gain for _, gain in gained))
    assert {x for x, _ in ticks} == {x for x, _ in points(axes, "o", network_colour("mlp_1x512"))}


def test_early_stopping_leaves_out_what_is_not_there(curves, runs, provenance):
    def kept(*labels):
        return early_stopping(*(table[table["labels"].isin(labels)] for table in (curves, runs)), provenance=provenance)

    assert titles(kept("true_labels", "random_labels")) == ["(a) true labels", "(b) best − last epoch"]
    assert titles(kept("partial_labels")) == ["(a) noisy labels", "(b) best − last epoch"]
    assert "nothing to gain" not in caption(kept("partial_labels"))
    assert "nothing to gain" in caption(kept("true_labels", "random_labels"))
    with pytest.raises(UserError, match=r"curves\.csv"):
        kept("gaussian")


def test_early_stopping_of_one_seed_has_no_intervals(curves, runs, provenance):
    figure = early_stopping(*(table[table["seed"] == 1] for table in (curves, runs)), provenance=provenance)
    assert not figure.axes[0].collections
    assert "1 runs" in caption(figure)


def test_chance_panel_has_every_useless_run_and_crosses_those_outside(runs, provenance):
    rows = useless(runs)
    assert set(rows["labels"]) == {"random_labels", "gaussian"}
    assert not {"linear", "mlp_1x8"} & set(rows["network"])
    axes = memorization_evidence(runs, provenance=provenance).axes[0]
    assert {x for x, _ in points(axes, "o")} == set(rows["test_accuracy"].round(9))
    assert f"0 of {len(rows)} runs outside" in axes.get_xlabel()
    leaked = runs.copy()
    leaked.loc[rows.index[0], "test_accuracy"] = 0.4
    axes = memorization_evidence(leaked, provenance=provenance).axes[0]
    assert [x for x, _ in points(axes, "X")] == [0.4]
    assert axes.get_xlim()[1] > 0.4
    assert f"1 of {len(rows)} runs outside" in axes.get_xlabel()


def test_agreement_panel_draws_labels_within_bars_and_answers_around_them(runs, provenance):
    noisy = runs[runs["labels"].isin(["true_labels", "partial_labels", "random_labels"])]
    fitted = noisy[noisy["fitted"] & ~noisy["network"].isin(["mlp_1x8", "linear"])]
    axes = memorization_evidence(runs, provenance=provenance).axes[1]
    (dots,) = axes.collections
    np.testing.assert_allclose(np.unique(dots.get_offsets(), axis=0), np.unique(noisy[["corruption", "agreement"]], axis=0))
    assert len(dots.get_offsets()) == len(noisy.drop_duplicates(["corruption", "labels_digest"]))
    bars = {(bar.get_center()[0], bar.get_y(), bar.get_y() + bar.get_height()) for bar in axes.patches}
    expected = noisy[["corruption", "agreement_low", "agreement_high"]].drop_duplicates()
    np.testing.assert_allclose(sorted(bars), sorted(expected.to_numpy().tolist()), atol=1e-9)
    (line,) = [each for each in axes.get_lines() if len(each.get_xdata()) == 2]
    np.testing.assert_allclose(line.get_xydata(), [[0, 1], [1, 0.1]])
    assert points(axes, "o") == {tuple(row) for row in fitted[["corruption", "true_accuracy"]].round(9).to_numpy()}
    assert axes.get_xlabel().endswith(f"{len(fitted)} rings, off dots by 0 points at most")
    runs.loc[fitted.index[0], "true_accuracy"] -= 0.25
    assert "by 25 points" in memorization_evidence(runs, provenance=provenance).axes[1].get_xlabel()


def test_uniformity_panel_has_each_draw_once(runs, provenance):
    corrupted = runs[runs["labels"].isin(["partial_labels", "random_labels"])]
    p_values = np.sort(corrupted.drop_duplicates("labels_digest")["p_value"])
    assert len(p_values) == len(SEEDS) * (len(CORRUPTION) + 1)
    axes = memorization_evidence(runs, provenance=provenance).axes[2]
    dots = axes.collections[-1]
    np.testing.assert_allclose(dots.get_offsets()[:, 1], p_values)
    np.testing.assert_allclose(dots.get_offsets()[:, 0], np.arange(1, len(p_values) + 1) / (len(p_values) + 1))
    assert "redrawn_labels" not in set(drawn_labels(runs)["labels"])
    assert axes.get_xlabel().endswith(f"least of {len(p_values)} p-values: {p_values[0]:.2g}")


def test_controls_stand_below_the_network_that_can(runs, provenance):
    axes = memorization_evidence(runs, provenance=provenance).axes[3]
    names = [text.get_text().replace("\n", " ") for text in axes.get_yticklabels()]
    assert names[0] == "MLP 1×512"
    assert set(names[1:]) == {
        "linear model", "MLP 1×8", "MLP 1×512, strong weight decay", "MLP 1×512, labels redrawn every epoch",
    }  # fmt: skip
    rows = unable(runs)
    assert sorted(x for x, _ in points(axes, "o")) == pytest.approx(sorted(rows["train_accuracy"]))
    assert sorted(x for x, _ in points(axes, "x")) == pytest.approx(sorted(rows.loc[~rows["fitted"], "train_accuracy"]))
    assert (rows.loc[rows["name"] == "MLP 1×512", "fitted"]).all()


def test_small_models_alone_are_compared_with_the_simplest_network(runs):
    rows = unable(runs[(runs["regularizer"] == "none") & (runs["labels"] == "random_labels")])
    assert rows["name"].iloc[0] == "MLP 1×512"
    assert set(rows["name"]) == {"MLP 1×512", "MLP 1×8", "linear model"}
    usual = runs[
        ~runs["network"].isin(memorized.CONTROLS) & (runs["regularizer"] == "none") & (runs["labels"] != "redrawn_labels")
    ]
    assert unable(usual).empty


def test_the_caption_counts_shared_images_and_has_the_least_entropy(runs, provenance):
    fitted = runs[(runs["labels"] == "random_labels") & runs["fitted"]].index
    unfitted = runs[(runs["labels"] == "random_labels") & ~runs["fitted"]].index
    runs.loc[fitted[0], "entropy"], runs.loc[unfitted[0], "entropy"] = 2.21, 0.5
    runs.loc[fitted[:2], "shared_images"] = [3, 4]
    text = caption(memorization_evidence(runs, provenance=provenance))
    assert f"test images that are also training images: 7 in {len(runs)} runs" in text
    assert f"by {len(fitted)} networks fitted to random labels: 2.21 nats" in text


def test_evidence_leaves_out_what_is_not_there(runs, provenance):
    usual = runs[
        ~runs["network"].isin(memorized.CONTROLS) & (runs["regularizer"] == "none") & (runs["labels"] != "redrawn_labels")
    ]
    letters = [title[:3] for title in titles(memorization_evidence(usual, provenance=provenance))]
    assert letters == ["(a)", "(b)", "(c)"]
    pixels = usual[usual["labels"].isin(["true_labels", "gaussian"])]
    assert titles(memorization_evidence(pixels, provenance=provenance)) == ["(a) no signal: test at chance"]
    with pytest.raises(UserError, match=r"runs\.csv"):
        memorization_evidence(runs[runs["labels"] == "true_labels"], provenance=provenance)


def test_the_order_of_rows_is_irrelevant(summary, curves, runs, provenance):
    for function, tables in (
        (regularization, [summary]),
        (early_stopping, [curves, runs]),
        (memorization_evidence, [runs]),
    ):
        first = everything(function(*tables, provenance=provenance))
        assert everything(function(*map(shuffled, tables), provenance=provenance)) == first


def test_no_table_is_changed(summary, curves, runs, provenance):
    before = [table.copy() for table in (summary, curves, runs)]
    regularization(summary, provenance=provenance)
    early_stopping(curves, runs, provenance=provenance)
    memorization_evidence(runs, provenance=provenance)
    for old, new in zip(before, (summary, curves, runs), strict=True):
        pd.testing.assert_frame_equal(old, new)


def test_an_interval_of_gains_is_cut_off_at_zero_but_a_negative_gain_is_shown(curves, runs, provenance):
    def lowest(gain):
        table = runs.assign(best_test_accuracy=runs["test_accuracy"] + gain)
        axes = early_stopping(curves, table, provenance=provenance).axes[2]
        return min(segment[:, 1].min() for each in axes.collections for segment in each.get_segments())

    assert lowest(np.where(runs["seed"] == 0, 0.1, 0)) == 0
    assert lowest(-0.01) == pytest.approx(-1)
