"""Seconds that a job of a scale takes on a GPU: its work, counted from settings, over the rates of docs/costs.md.

None of these rates was measured on a GPU. They are the assumptions of docs/costs.md, and three more that are marked below.
"""

from collections.abc import Callable, Mapping
from typing import Any

from optprimer.batch.plan import runs as batch_runs
from optprimer.edge.plan import runs as edge_runs
from optprimer.landscape.jobs import CONTROL, Jobs
from optprimer.memorization.plan import runs as memorization_runs

LOCAL_SECONDS = 5.0  # of a small rule: mostly imports
EVALUATION, TRAINING, PRODUCT = 15_000, 5_000, 1_070  # images a second: bf16, training at batch 128, Hessian-vector products
SPOTS = 72  # of the cross-check, in fp32, at half the rate
OPERATIONS = 20e12  # a second, in fp32
EPOCH_OPERATIONS = {"mlp_1x512": 0.5e12, "mlp_3x512": 0.7e12, "alexnet": 11e12, "inception": 86e12, "inception_no_bn": 86e12}
SWEEP_OPERATIONS = 3.3e9 * 50_000  # ResNet-18 over all images
STEP = 3e-3  # seconds a full-batch step of a small network, with its share of sharpness: assumed
SHARPNESS, RATES, SECONDS = 2 * 3600, 600, 60  # of a seed of sharpness, of a study of rates, of the small rest: assumed

Settings = Mapping[str, Any]
Rows = range


def seconds_on_gpu(rule: str, wildcards: Mapping[str, str], settings: Settings) -> float:
    """Return the seconds of a job, start-up left out."""
    rows = range(int(wildcards["first"]), int(wildcards["last"]) + 1) if "first" in wildcards else range(0)
    if rule in LANDSCAPE:
        return LANDSCAPE[rule](rows, wildcards, settings["landscape"])
    if rule in STUDIES:
        return STUDIES[rule](rows, settings)
    return {"sharpness": SHARPNESS, "rates": RATES}.get(rule, SECONDS)


def _surface(rows: Rows, wildcards: Mapping[str, str], landscape: Settings) -> float:
    jobs = Jobs.plan(landscape)
    points = landscape["geometry_points"] if wildcards["surface"] == CONTROL else jobs.grids[wildcards["surface"]].points
    return len(rows) * points * landscape["images"] / EVALUATION


def _line(rows: Rows, _: Mapping[str, str], landscape: Settings) -> float:
    return len(rows) * landscape["line"]["points"] * (landscape["images"] + landscape["test_images"]) / EVALUATION


def _curvature(rows: Rows, _: Mapping[str, str], landscape: Settings) -> float:
    curvature = landscape["curvature"]
    return len(rows) * curvature["points"] * curvature["iterations"] * curvature["images"] / PRODUCT


def _crosscheck(_rows: Rows, _: Mapping[str, str], landscape: Settings) -> float:
    return SPOTS * landscape["images"] / (EVALUATION / 2)


def _train(_: Rows, settings: Settings) -> float:
    return max(network["epochs"] for network in settings["train"]["networks"].values()) * 50_000 / TRAINING


def _trajectory(_: Rows, settings: Settings) -> float:
    epochs = max(network["epochs"] for network in settings["train"]["networks"].values())
    checkpoints = 1 + epochs / settings["train"]["checkpoint_every"]
    return checkpoints * 2 * settings["landscape"]["images"] / EVALUATION


def _memorize(rows: Rows, settings: Settings) -> float:
    runs = memorization_runs(settings["memorization"])
    networks = settings["memorization"]["networks"]
    return sum(
        EPOCH_OPERATIONS.get(run.network, 0) * networks.get(run.network, {"epochs": 0})["epochs"] / OPERATIONS
        for run in (runs[row] for row in rows)
    )


def _batch(rows: Rows, settings: Settings) -> float:
    runs = batch_runs(settings["batch"])
    return sum(runs[row].rung.epochs * runs[row].rung.gradients_per_image for row in rows) * SWEEP_OPERATIONS / OPERATIONS


def _edge(rows: Rows, settings: Settings) -> float:
    runs = edge_runs(settings["edge"])
    return sum(runs[row].steps for row in rows) * STEP


LANDSCAPE: dict[str, Callable[[Rows, Mapping[str, str], Settings], float]] = {
    "surface_rows": _surface,
    "line_rows": _line,
    "curvature_rows": _curvature,
    "crosscheck": _crosscheck,
}
STUDIES: dict[str, Callable[[Rows, Settings], float]] = {
    "train": _train,
    "trajectory": _trajectory,
    "memorize": _memorize,
    "batch_search": _batch,
    "batch_train": _batch,
    "edge_descent": _edge,
}
