"""What a small page is made from: eight claims with every verdict, a few figures of one colour, tables of known formulas."""

import base64
import io

import numpy as np
import pandas as pd
from PIL import Image

from optprimer.figures.captions import captions
from optprimer.figures.provenance import Provenance
from optprimer.page import models
from optprimer.page.pictures import Picture
from optprimer.page.render import About, Drawn, Link

NAN = float("nan")
NETS = ("resnet56_noskip", "resnet56")
LEVELS = (0.0, 0.4, 1.0)
FIGURES = ("figure1", "memorization", "figure2", "descent", "geometry", "batch")  # made; pl is not
W = np.linspace(-1.5, 1.5, 25)


def claim(order, name, section, verdict, figure, **others):
    row = {
        "order": order, "data": "digits-8", "scale": "digits", "claim": name, "section": section,
        "statement": f"Statement of {name}.", "verdict": verdict, "reason": "",
        "estimate": 0.31, "ci_low": 0.22, "ci_high": 0.4,
        "ci_method": "Student's t, 95 %, n = 10", "n": 10, "rule": "ci_above", "threshold": "threshold 0",
        "control": f"control of {name}", "control_estimate": -0.1, "control_verdict": "refuted", "published": "", "differs": "",
        "source": "the chapter", "figure": figure, "evidence": f"evidence of {name}", "rows_sha256": "0", "rule_sha256": "1",
    }  # fmt: skip
    return row | others


def claims():
    nothing = {"estimate": NAN, "ci_low": NAN, "ci_high": NAN, "control_estimate": NAN}
    return pd.DataFrame(
        [
            claim(1, "I2", "Introduction", "supported", "figure1", published="13.31 % test error", differs="Smaller images."),
            claim(2, "I5", "Introduction", "refuted", "memorization", reason="the interval lies below the threshold",
                  source="Zhang et al. 2017, arXiv 1611.03530; the chapter"),
            claim(3, "G1", "Gradient descent", "supported", "figure2", rule="bound_holds", threshold="below 1, tolerance 1e-09",
                  estimate=1.0, ci_low=NAN, ci_high=NAN, ci_method="", control_estimate=1.1),
            claim(4, "G3", "Gradient descent", "supported", "descent"),
            claim(5, "G9", "Gradient descent", "inconclusive", "figure2", reason="the interval contains the threshold"),
            claim(6, "P1", "The PL condition", "not run", "pl", reason="there is no table rates/pl", threshold="",
                  ci_method="", n=0, control_verdict="not run", **nothing),
            claim(7, "S8", "Stochastic gradients", "supported", "batch"),
            claim(8, "S9", "Stochastic gradients", "supported", "batch", rule="equivalent", threshold="margin 0.01",
                  estimate=-0.002, ci_low=-0.006, ci_high=0.002, control_estimate=-0.15),
        ]
    )  # fmt: skip


def evidence():
    rows = []
    for each in claims().to_dict("records"):
        for role, part in (("control", each["control"]), ("evidence", each["evidence"])):
            rows.append(
                {
                    "data": each["data"], "claim": each["claim"], "role": role, "part": part, "verdict": each["verdict"],
                    "reason": "", "statistic": "mean", "estimate": each["estimate"], "ci_low": each["ci_low"],
                    "ci_high": each["ci_high"], "p_value": 0.0003, "n": each["n"], "rows": 20, "rule": each["rule"],
                    "parameters": each["threshold"], "selection": "test_accuracy; network = mlp", "table": "batch/runs",
                    "rows_sha256": "0",
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def errata():
    row = {
        "data": "analytic", "section": "Gradient descent", "place": "rate", "printed": "gradient norm of order sqrt(beta/t)",
        "corrected": "sqrt(2 beta (L_0 - L_opt)/t)", "check": "Huber functions", "printed_error": 0.5, "corrected_error": 1e-16,
        "tolerance": 1e-9,
    }  # fmt: skip
    return pd.DataFrame([row | {"number": 2, "place": "second"}, row | {"number": 1}])


def surface(side=9):
    alpha, beta = (each.ravel() for each in np.meshgrid(*[np.linspace(-1, 1, side)] * 2))
    frames = []
    for k, net in enumerate(NETS):
        loss = 0.05 + 3 * alpha**2 + (1 + k) * beta**2 + 200 * (1 - k) * (alpha > 0.4)
        frames.append(
            pd.DataFrame(
                {"data": "digits-8", "net": net, "surface": "fine", "directions": "filter", "direction_seed": 0, "alpha": alpha,
                 "beta": beta, "loss": loss, "loss_se": 0.01, "accuracy": 0.9, "n": 400, "n_nonfinite": 0, "precision": "fp32"}
            )
        )  # fmt: skip
    return pd.concat(frames, ignore_index=True)


def history():
    row = {
        "data": "digits-8", "seed": 0, "epoch": 3, "step": 30, "lr": 0.1, "train_loss": 0.1, "train_accuracy": 0.99,
        "test_loss": 0.2, "test_accuracy": 0.95, "precision": "fp32", "diverged": False,
    }  # fmt: skip
    return pd.DataFrame([row | {"net": net} for net in NETS])


def sandwich_loss(w):
    """Of curvature at most 1, and convex."""
    return np.sqrt(1 + w**2)


def curves():
    """The studies sandwich and descent, as rates/curves.csv has them."""
    common = {"data": "analytic", "variable": "w", "tight_bound": NAN, "seeds": 1, "role": "claim"}
    frames = []
    for u in W[::3]:
        tangent = sandwich_loss(u) + u / sandwich_loss(u) * (W - u)
        for method, bound, relation in (("tangent", tangent, ">="), ("parabola", tangent + (W - u) ** 2 / 2, "<=")):
            rows = {"study": "sandwich", "problem": "hyperbola", "method": f"{method} at {u}", "quantity": "loss", "t": W}
            values = {key: sandwich_loss(W) for key in ("value", "ci_low", "ci_high")}
            frames.append(pd.DataFrame({**common, **rows, **values, "bound": bound, "relation": relation}))
    steps = np.arange(1, 26) / 10
    for problem in ("quadratic_1d", "pseudo_huber"):
        norm = np.where(steps > 2, NAN if problem == "quadratic_1d" else 0.9, 1e-12)
        rows = {"study": "descent", "problem": problem, "method": "gd", "quantity": "largest gradient norm after 1000 steps"}
        values = dict.fromkeys(("value", "ci_low", "ci_high"), norm)
        frames.append(
            pd.DataFrame({**common, **rows, **values, "variable": "eta beta", "t": steps, "bound": NAN, "relation": "<="})
        )
    return pd.concat(frames, ignore_index=True)


def kind(share):
    return {0.0: "true_labels", 1.0: "random_labels"}.get(share, "partial_labels")


def memorization_curves():
    """Two seeds; the first ends an epoch early. The network with two shares only has no slider."""
    frames = []
    for network, shares in (("mlp_1x512", LEVELS), ("alexnet", LEVELS[::2])):
        for share in shares:
            setting = {
                "data": "digits-8",
                "network": network,
                "labels": kind(share),
                "corruption": share,
                "regularizer": "none",
            }
            for seed in (0, 1):
                epoch = np.arange(5 + seed)
                train = np.minimum(1, 0.1 + 0.3 * epoch)
                run = {"seed": seed, "epoch": epoch, "step": epoch, "lr": 0.1, "train_loss": 1.0, "test_loss": 1.0}
                accuracies = {"train_accuracy": train, "test_accuracy": (1 - 0.9 * share) * train}
                frames.append(pd.DataFrame(setting | run | accuracies))
    return pd.concat(frames, ignore_index=True)


def memorization_summary():
    rows = []
    for network, shares in (("alexnet", LEVELS[::2]), ("mlp_1x512", LEVELS)):
        for share in shares:
            setting = {
                "data": "digits-8",
                "network": network,
                "labels": kind(share),
                "corruption": share,
                "regularizer": "none",
            }
            test = 1 - 0.9 * share
            means = {"train_accuracy": 1.0, "test_accuracy": test, "epochs_to_fit": 4.0, "relative_time": 1.0}
            bounds = {f"{name}_{end}": value for name, value in means.items() for end in ("low", "high")}
            rows.append(
                {
                    **setting, "seeds": 2, "n": 1000, "parameters": 38410, "parameters_per_image": 38.41, "fitted": 1.0,
                    **means, **bounds, "test_accuracy_low": test - 0.05, "test_accuracy_high": test + 0.05,
                    "best_test_accuracy": test, "chance_low": 0.06, "chance_high": 0.14, "published_train": NAN,
                    "published_test": NAN,
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def picture(width=70, height=40):
    stream = io.BytesIO()
    Image.new("RGB", (width, height), (0, 114, 178)).save(stream, "WEBP", lossless=True)
    return Picture(f"data:image/webp;base64,{base64.b64encode(stream.getvalue()).decode()}", width, height)


def drawn(name):
    return Drawn(picture(), (Link("PNG", f"{name}.png"),), (Link("batch/runs.csv", "../../results/digits/batch/runs.csv"),))


def inputs():
    """The arguments of ``optprimer.page.render.page``."""
    return {
        "claims": claims(),
        "evidence": evidence(),
        "errata": errata(),
        "captions": captions(),
        "figures": {name: drawn(name) for name in FIGURES},
        "models": {
            "figure1": models.figure1(history(), surface()),
            "figure2": models.figure2(curves()),
            "descent": models.descent(curves()),
            "memorization": models.memorization(memorization_curves(), memorization_summary()),
        },
        "about": About(
            provenance=Provenance("digits", 0, "0123456789ab", "digits-8", "0.1.0"),
            scale="digits",
            data=("digits-8",),
            versions=(("optprimer", "0.1.0"), ("torch", "2.13.0")),
            command="snakemake --cores all",
            tables=(Link("claims.csv", "../../results/digits/claims.csv"),),
        ),
        "adjusted": "of 3 supported claims that rest on p-values, 2 remain",
    }
