"""The numbers that README.md gives of the reference runs are those of their tables."""

import math
from pathlib import Path

import pandas as pd
import pytest
from scipy import stats

from optprimer.config.load import load

ROOT = Path(__file__).parents[1]
README = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
NETS = ("resnet56_noskip", "resnet56")


def reference(run, table):
    return pd.read_csv(ROOT / "results" / "reference" / run / f"{table}.csv")


def geometry(run):
    rows = reference(run, "landscape/geometry").query("directions == 'filter'")
    return rows[rows["points"] == rows["points"].min()].set_index(["net", "direction_seed"])


def signed(value, digits):
    return f"{value:+.{digits}f}".replace("-", "−")


def test_errors_and_losses_of_cifar10_quick():
    last = [reference("cifar10-quick", f"train/{net}/history").iloc[-1] for net in NETS]
    errors = " / ".join(f"{100 * (1 - row['test_accuracy']):.1f} %" for row in last)
    passing = " / ".join(f"{row['train_loss']:.2f}" for row in last)
    centre = " / ".join(f"{geometry('cifar10-quick').loc[net, 'centre_loss'].iloc[0]:.2f}" for net in NETS)
    assert f"| {errors} | 13.31 % / 5.89 % |" in README
    assert f"| {passing} while augmented; {centre} on 1,000 plain images |" in README


@pytest.mark.parametrize(
    ("measure", "digits"),
    [("roughness", 3), ("local_minima", 1), ("sublevel_width", 2), ("loss_range", 1), ("negative_share", 2)],
)
def test_paired_differences_of_cifar10_quick(measure, digits):
    rows = geometry("cifar10-quick")[measure]
    difference = rows["resnet56"] - rows["resnet56_noskip"]
    half = stats.sem(difference) * stats.t.ppf(0.975, len(difference) - 1)
    mean, low, high = (signed(v, digits) for v in (difference.mean(), difference.mean() - half, difference.mean() + half))
    assert f"{mean} [{low}, {high}]" in README


def test_epochs_are_those_of_the_settings():
    digits, quick = (load(*files)["train"]["networks"] for files in ((), (ROOT / "workflow/scales/cifar10-quick.yaml",)))
    without, with_skips = (digits[net]["epochs"] for net in NETS)
    assert f"({with_skips} epochs with, {without} without skip connections)" in README
    assert f"images, epochs ({with_skips} and {without}), grid" in README
    without, with_skips = (quick[net]["epochs"] for net in NETS)
    assert f"(`cifar10-quick`, {with_skips} epochs with, {without} without skip connections)" in README
    assert f"| epochs, without / with skips | {without} / {with_skips} | 300 / 300 |" in README


def test_surfaces_of_digits():
    rough, wide = (geometry("digits")[measure].groupby("net").mean() for measure in ("roughness", "sublevel_width"))
    minima = geometry("digits")["local_minima"]
    assert f"rougher ({rough['resnet56_noskip']:.2f} against {rough['resnet56']:.2f})" in README
    assert f"a basin {wide['resnet56_noskip']:.2f} against {wide['resnet56']:.2f} wide" in README
    assert set(minima) == {1}
    assert "a single local minimum either way" in README


def test_curvature_of_cifar10_quick():
    rows = reference("cifar10-quick", "landscape/curvature")
    ringed = (rows["lambda_min"] < -0.1 * rows["lambda_max"]).groupby(rows["net"]).sum()
    assert f"| {ringed['resnet56_noskip']} / {ringed['resnet56']} of 25 |" in README


def test_bf16_against_fp32():
    (few, small, least), (some, large, most) = (
        ((off > 0.01).sum(), 100 * off.median(), 100 * off.max())
        for off in (reference(run, "landscape/precision")["relative_difference"] for run in ("cifar10-quick", "digits"))
    )
    assert math.isfinite(most)
    assert f"by {large:.1f} % in the median and {most:.1f} % at most on digits ({some} of 144 points" in README
    assert f"by {small:.2f} % and {least:.1f} % on CIFAR-10 ({few} of 144)" in README


NETWORKS = ("mlp_1x512", "mlp_3x512", "alexnet", "inception")


def cells(runs, labels, regularizer, column):
    summary = pd.concat([reference(run, "memorization/summary") for run in runs]).query("corruption in (0, 1)")
    rows = summary.query("labels == @labels and regularizer == @regularizer").drop_duplicates("network").set_index("network")
    values = rows[column] * (1 if column == "relative_time" else 100)
    return " / ".join("–" if math.isnan(value) else f"{value:.1f}" for value in values.reindex(list(NETWORKS)))


@pytest.mark.parametrize(
    ("name", "labels", "regularizer", "column", "published"),
    [
        ("random labels: training accuracy (%)", "random_labels", "none", "train_accuracy", "published_train"),
        ("random labels: test accuracy (%)", "random_labels", "none", "test_accuracy", "published_test"),
        (
            "random labels with weight decay: training accuracy (%)",
            "random_labels",
            "weight_decay",
            "train_accuracy",
            "published_train",
        ),
        ("true labels: test accuracy (%)", "true_labels", "none", "test_accuracy", "published_test"),
        ("true labels with weight decay: test accuracy (%)", "true_labels", "weight_decay", "test_accuracy", "published_test"),
        ("random labels: epochs to fit, relative to true ones", "random_labels", "none", "relative_time", None),
    ],
)
def test_memorization(name, labels, regularizer, column, published):
    runs = ("digits", "cifar10-quick")
    ours = [cells([run], labels, regularizer, column) for run in runs]
    theirs = cells(runs, labels, regularizer, published) if published else "figure 1b"
    assert f"| {name} | {ours[0]} | {ours[1]} | {theirs} |" in README


@pytest.mark.parametrize(
    ("name", "recipe"),
    [
        ("full batch, SGD's epochs and rate", "gd"),
        ("full batch, as many steps as SGD", "gd_equal_steps"),
        ("full batch, longer, clipped, with penalty", "gd_penalty"),
        ("SGD in another order (control)", "sgd_other_shuffle"),
    ],
)
def test_full_batch_against_sgd(name, recipe):
    columns = ["train_accuracy", "difference", "tost_low", "tost_high"]
    rows = pd.concat(
        [
            100 * reference(run, "batch/summary").set_index(["recipe", "network"])[columns].loc[recipe].loc[networks]
            for run, networks in (("digits", ["mlp", "conv"]), ("cifar10-quick", ["conv"]))
        ]
    )
    train = " / ".join(f"{value:.1f}" for value in rows["train_accuracy"])
    differences = " | ".join(
        f"{signed(row['difference'], 1)} [{signed(row['tost_low'], 1)}, {signed(row['tost_high'], 1)}]"
        for _, row in rows.iterrows()
    )
    assert f"| {name} | {train} | {differences} |" in README


def test_what_sgd_reaches_on_cifar10_quick():
    reached = reference("cifar10-quick", "batch/summary").set_index("recipe")["train_accuracy"]
    assert f"SGD itself stops at {reached['sgd']:.0%} training accuracy".replace("%", " %") in README
    assert f"trained to {reached['gd_equal_steps']:.0%}.".replace("%", " %") in README


def ratios(run, arm):
    rows = reference(run, "sharpness/summary").query("measure == 'lambda_max' and arm == @arm").set_index("network")
    return {network: f"{row['estimate']:.1f} [{row['ci_low']:.1f}, {row['ci_high']:.1f}]" for network, row in rows.iterrows()}


@pytest.mark.parametrize(
    ("run", "arm", "sentence"),
    [
        ("digits", "large", "{deep} on the deep network and {shallow} on the shallow one on digits"),
        ("cifar10-quick", "large", "{deep} and {shallow} on CIFAR-10"),
        ("digits", "large_same_epochs", "it would be {deep} and {shallow} on digits"),
    ],
)
def test_sharpness_of_large_batches(run, arm, sentence):
    assert sentence.format(**ratios(run, arm)) in README


@pytest.mark.parametrize(("run", "most"), [("digits", 2e-14), ("cifar10-quick", 3e-13)])
def test_scaling_moves_curvature_and_no_output(run, most):
    scaled = reference(run, "sharpness/reparameterization").query("variant == 'relu'")
    curved = scaled.groupby("alpha")["lambda_max"].mean()
    assert scaled["output_difference"].max() < most
    assert curved.max() > 1000 * curved.min()
    assert "moves λ_max more than a thousandfold and changes no output by more than 2·10⁻¹⁴ on digits, 3·10⁻¹³ on" in README


def test_the_edge_of_stability_on_digits():
    rows = reference("digits", "edge/summary").query("network == 'tanh'").set_index(["role", "learning_rate"])
    shown = [f"{row['plateau']:.2f}" for _, row in rows.loc["claim"].iterrows()]
    assert f"settles at {shown[0]}, {shown[1]} and {shown[2]} times 2/η" in README
    assert f"never above {rows.loc['control', 'largest'].iloc[0]:.2f} times" in README


def test_the_edge_of_stability_on_cifar10_quick():
    rows = reference("cifar10-quick", "edge/summary").query("role == 'claim'")
    plateau = rows.set_index(["network", "learning_rate"])["plateau"]
    tanh, conv = (" and ".join(f"{value:.2f}" for value in plateau[network]) for network in ("tanh", "conv"))
    assert f"it is {tanh} times for a tanh network and {conv} for a convolutional one" in README
    assert (plateau > 1.1).sum() == 1
    highest = rows.loc[rows["plateau"].idxmax()]
    assert highest["plateau_low"] < 1.1 < highest["plateau_high"]
    interval = f"[{highest['plateau_low']:.3f}, {highest['plateau_high']:.3f}]"
    assert f"one of the four, at {highest['plateau']:.3f} {interval}, leaves that undecided" in README


def test_the_verdicts():
    other = {}
    for run in ("digits", "cifar10-quick"):
        verdicts = reference(run, "claims").set_index("claim")["verdict"]
        other[run] = ", ".join(verdicts.index[verdicts != "supported"])
        assert set(verdicts) == {"supported", "inconclusive"}
        assert (
            f"{(verdicts == 'supported').sum()} supported and {(verdicts == 'inconclusive').sum()} inconclusive ({other[run]})"
            in README
        )
    for seed in range(1, 7):
        verdicts = reference(f"seed{seed}", "claims").set_index("claim")["verdict"]
        assert ", ".join(verdicts.index[verdicts != "supported"]) == other["digits"], seed
