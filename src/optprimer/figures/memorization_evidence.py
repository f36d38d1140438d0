"""Evidence against trivial explanations of memorization: labels are random, test images new, and some models cannot do it."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from scipy import special

from optprimer.errors import UserError
from optprimer.figures import memorized, style
from optprimer.figures.early_stopping import NOISE, shade
from optprimer.figures.provenance import Provenance
from optprimer.figures.regularization import STRONG
from optprimer.memorization.evidence import LEAST_ENTROPY
from optprimer.memorization.plan import REDRAWN
from optprimer.memorization.tables import RUN

CLASSES = 10
# What is learned from these says nothing about the test images. (Images of moved pixels keep their colours.)
USELESS = ("random_labels", "gaussian")


@style.house()
def memorization_evidence(runs: pd.DataFrame, *, provenance: Provenance) -> Figure:
    """Draw chance test accuracy, agreement of labels with the true ones, their uniformity, and what cannot memorize.

    A panel of which the table holds nothing is left out.

    Raises:
        UserError: nothing was randomized in any run.
    """
    runs = runs.sort_values(RUN)
    panels = _panels(runs)
    if not panels:
        raise UserError("runs.csv: nothing was randomized in any run")
    rows, columns = (2, 2) if len(panels) > 2 else (1, len(panels))
    figure = style.page(2.55 * rows + 0.35)
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for letter, axes, (title, draw) in zip("abcd", grid, panels, strict=False):
        draw(axes)
        style.panel_title(axes, f"({letter}) {title}")
    for axes in grid[len(panels) :]:
        axes.remove()
    style.footer(figure, provenance, *_facts(runs))
    return figure


def useless(runs: pd.DataFrame) -> pd.DataFrame:
    """Return the runs that can have learned nothing about test images, of networks that are no controls."""
    usual = (runs["regularizer"] == "none") & ~runs["network"].isin(memorized.CONTROLS)
    return runs[usual & runs["labels"].isin(USELESS)]


def drawn_labels(runs: pd.DataFrame) -> pd.DataFrame:
    """Return one run for each draw of labels at one corruption, which networks and regularizers share, by p-value.

    The redrawn labels are not among them: what the table says of these is about the first draw, which is that of random ones.
    """
    draws = runs[runs["labels"].isin(NOISE)].drop_duplicates(["corruption", "labels_digest"])
    return draws.sort_values(["p_value", "corruption", "seed"])


def unable(runs: pd.DataFrame) -> pd.DataFrame:
    """Return the runs on random labels of controls, each with its ``name``, after those of networks that can fit these.

    Those are the networks that became controls by a regularizer or by redrawn labels, or else the last in the order of legends.
    """
    random = runs[(runs["labels"] == "random_labels") & (runs["regularizer"] == "none")]
    changed = runs[(runs["labels"] == REDRAWN) | ((runs["labels"] == "random_labels") & (runs["regularizer"] == STRONG))]
    small = random[random["network"].isin(memorized.CONTROLS)]
    able = memorized.networks(changed["network"]) or memorized.networks(random["network"])[-1:]
    if small.empty and changed.empty:
        return small.assign(name=[])
    names = memorized.network_names(runs["network"])
    rows = pd.concat([random[random["network"].isin(able)], small, changed])
    return rows.assign(name=[_named(row, names[row["network"]][0]) for _, row in rows.iterrows()])


def _named(run: pd.Series, network: str) -> str:
    if run["labels"] == REDRAWN:
        return f"{network}, labels\nredrawn every epoch"
    if run["regularizer"] == STRONG:
        return f"{network},\nstrong weight decay"
    return network.replace(" (control)", "")


def _panels(runs: pd.DataFrame) -> list[tuple[str, Callable[[Axes], None]]]:
    chance, noisy, controls = useless(runs), runs[runs["labels"].isin(NOISE)], unable(runs)
    draws = drawn_labels(runs).dropna(subset="p_value")
    panels: list[tuple[str, Callable[[Axes], None]]] = []
    if len(chance):
        panels.append(("no signal: test at chance", lambda axes: _chance(axes, chance)))
    if (noisy["corruption"] > 0).any():
        panels.append(("labels equal to true ones", lambda axes: _agreement(axes, noisy)))
    if len(draws):
        panels.append(("drawn labels: uniform", lambda axes: _uniformity(axes, draws)))
    if len(controls):
        panels.append(("what cannot memorize", lambda axes: _controls(axes, controls)))
    return panels


def _chance(axes: Axes, rows: pd.DataFrame) -> None:
    axes.axvspan(rows["chance_low"].min(), rows["chance_high"].max(), color="0.92", linewidth=0)
    axes.axvline(1 / CLASSES, color=style.GREY, linestyle=":", linewidth=0.8)
    outside = ~rows["test_accuracy"].between(rows["chance_low"], rows["chance_high"])
    nets = memorized.networks(rows["network"])
    kinds = [kind for kind in USELESS if kind in set(rows["labels"])]
    for place, kind in enumerate(kinds):
        label, colour = memorized.KINDS[kind]
        for apart, of_kind in ((~outside, "o"), (outside, "X")):
            own = rows[apart & (rows["labels"] == kind)]
            y = own["network"].map(nets.index) + 0.22 * (place - (len(kinds) - 1) / 2)
            axes.plot(own["test_accuracy"], y, of_kind, color=colour, markersize=3.5, alpha=0.8)
        axes.plot([], [], "o", color=colour, markersize=3.5, label=label)
    names = memorized.network_names(nets)
    axes.set_yticks(range(len(nets)), [names[net][0].replace(" without ", "\nwithout ") for net in nets], fontsize=7)
    axes.set(xlim=(0, max(0.3, 1.1 * rows["test_accuracy"].max())), ylim=(len(nets) - 0.4, -0.6))
    axes.set_xlabel(f"test accuracy\n{outside.sum()} of {len(rows)} runs outside the band of 99 % of guesses", fontsize=7.5)
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))
    axes.legend(fontsize=6.5, loc="center right", handlelength=1, borderaxespad=0)


def _agreement(axes: Axes, rows: pd.DataFrame) -> None:
    """Draw the share of true labels, once for each draw, and inside rings how often fitted networks answer the truth."""
    draws, fitted = drawn_labels(rows), rows[rows["fitted"] & ~rows["network"].isin(memorized.CONTROLS)]
    bands = draws.groupby("corruption").agg({"agreement_low": "min", "agreement_high": "max"})
    low, height = bands["agreement_low"], bands["agreement_high"] - bands["agreement_low"]
    axes.bar(bands.index, height, 0.1, low, color="0.82", label="three standard errors")
    axes.plot([0, 1], [1, 1 / CLASSES], color=style.GREY, linewidth=0.8, label=f"expected, 1 − p (1 − 1/{CLASSES})")
    if len(fitted):
        label = "answers of fitted networks"
        axes.plot(fitted["corruption"], fitted["true_accuracy"], "o", color=style.GREY, markersize=5, markerfacecolor="none",
                  markeredgewidth=0.6, label=label)  # fmt: skip
    colours = [shade(p) for p in draws["corruption"]]
    axes.scatter(draws["corruption"], draws["agreement"], s=3, color=colours, zorder=4, label="labels")
    difference = (fitted["true_accuracy"] - fitted["agreement"]).abs().max()
    told = f"\n{len(fitted)} rings, off dots by {100 * difference:.2g} points at most" if len(fitted) else ""
    axes.set(xlim=(-0.06, 1.06), ylim=(0, 1.05), ylabel="equal to the true label")
    axes.set_xlabel(f"probability p of replacement{told}", fontsize=7.5)
    axes.yaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    axes.legend(fontsize=6.5, loc="lower left", borderaxespad=0.2, handlelength=1.2)


def _uniformity(axes: Axes, draws: pd.DataFrame) -> None:
    """Draw the p-values by size over those expected of as many independent uniform ones, i / (n + 1), and their quantiles."""
    n = len(draws)
    rank = np.arange(1, n + 1)
    expected = rank / (n + 1)
    low, high = (special.betaincinv(rank, n + 1 - rank, quantile) for quantile in (0.025, 0.975))
    axes.fill_between(expected, low, high, color="0.92", linewidth=0, label="95 % of independent draws")
    axes.plot([0, 1], [0, 1], color=style.GREY, linewidth=0.8)
    axes.scatter(expected, draws["p_value"], s=12, color=[shade(p) for p in draws["corruption"]], zorder=3)
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.set_xlabel(f"expected (colours as in b)\nleast of {n} p-values: {draws['p_value'].min():.2g}", fontsize=7.5)
    axes.set_ylabel("χ² p-value of the draw")
    axes.legend(fontsize=6.5, loc="upper left", handlelength=1, labelspacing=0.25, borderaxespad=0.2)


def _controls(axes: Axes, rows: pd.DataFrame) -> None:
    names, networks = list(dict.fromkeys(rows["name"])), memorized.network_names(rows["network"])
    for y, name in enumerate(names):
        own = rows[rows["name"] == name].reset_index()
        apart = np.linspace(-0.2, 0.2, len(own)) if len(own) > 1 else [0.0]
        for up, (_, run) in zip(apart, own.iterrows(), strict=True):
            memorized.ending(axes, run["train_accuracy"], y + up, networks[run["network"]][1], run["fitted"], size=4)
    axes.axvline(1 / CLASSES, color=style.GREY, linestyle=":", linewidth=0.8)
    axes.set_yticks(range(len(names)), names, fontsize=7)
    axes.set(xlim=(0, 1), ylim=(len(names) - 0.5, -0.5))
    axes.set_xlabel("training accuracy on random labels\nfilled: all fitted, crossed: not within the epochs", fontsize=7.5)
    axes.xaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))


def _facts(runs: pd.DataFrame) -> list[str]:
    groups = runs.groupby(["network", "labels", "corruption", "regularizer"])
    facts = [
        memorized.scale(groups.agg(seeds=("seed", "size"), n=("n", "mean"))),
        f"test images that are also training images: {runs['shared_images'].sum()} in {len(runs)} runs",
    ]
    fitted = runs[(runs["labels"] == "random_labels") & runs["fitted"]]
    if len(fitted):
        facts.append(
            f"least entropy of the classes predicted for test images by {len(fitted)} networks fitted to random labels: "
            f"{fitted['entropy'].min():.2f} nats, of ln {CLASSES} = {np.log(CLASSES):.2f}; {LEAST_ENTROPY:g} or more is wanted"
        )
    if (drawn_labels(runs)["corruption"].between(0, 1, inclusive="neither")).any():
        facts.append("draws of one seed are not independent: what is replaced at one p is replaced alike at each larger one")
    return facts
