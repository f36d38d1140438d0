"""Synthetic tables that look like the edge stage's on digits: two networks, three seeds, curves with a known shape."""

import math

import numpy as np
import pandas as pd

from optprimer.edge.plan import ABOVE, BELOW, CLAIM, CONTROL, MARGINS, QUADRATIC
from optprimer.edge.setting import LINEAR, RELU, TANH
from optprimer.edge.summary import summarise
from optprimer.edge.tables import Convexity, Curves, Direction, Spectra
from optprimer.intervals import share_interval

SEEDS = range(3)
RATES = {"tanh": (0.25, 0.4), "conv": (0.1,)}
CONTROL_RATE = 0.05
STEPS, EVERY = 90, 10
CROSSING = 50  # step at which sharpness reaches its line
EXCESS = 1.02  # of the plateau over the line
STARTS = (0, 10, 300)
RADII = (0.01, 1.0)
DOUBLINGS = 12


def curves_table():
    """Rows of edge/curves.csv: sharpness rises straight to its line and stays 2 % above it; the loss zigzags from then on."""
    frames = [
        _run(network, rate, role, seed)
        for network, rates in RATES.items()
        for rate, role in [*((rate, CLAIM) for rate in rates), (CONTROL_RATE, CONTROL)]
        for seed in SEEDS
    ]
    frames += [_quadratic(role) for role in MARGINS]
    return Curves.validate(pd.concat(frames, ignore_index=True)[list(Curves.to_schema().columns)])


def summary_table():
    """Rows of edge/summary.csv."""
    return summarise(curves_table())


def convexity_table():
    """Rows of edge/convexity.csv: trained networks break convexity on all segments but those around one."""
    rows = []
    for network, step in [(network, step) for network in (TANH, RELU, LINEAR) for step in STARTS]:
        for segment, radius in [("between", math.nan), ("permuted", math.nan), *(("around", radius) for radius in RADII)]:
            if (network, segment) == (LINEAR, "permuted"):
                continue
            of = 10 if segment == "between" else 20
            violations = 0 if network == LINEAR else of if step and segment != "around" else (4 if not step else 0)
            low, high = share_interval(violations, of)
            rows.append(
                {
                    "data": "digits-8", "network": network, "role": CONTROL if network == LINEAR else CLAIM, "step": step,
                    "segment": segment, "radius": radius, "segments": of, "violations": violations, "share": violations / of,
                    "share_low": low, "share_high": high, "mean_gap": 0.1, "largest_gap": 0.3, "n": 200, "parameters": 1210,
                }
            )  # fmt: skip
    return Convexity.validate(pd.DataFrame(rows))


def spectra_table():
    """Rows of edge/spectra.csv: the lowest eigenvalue shrinks by ten with each look, and is 0 for the control."""
    rows = [
        {
            "data": "digits-8", "network": network, "role": CONTROL if network == LINEAR else CLAIM, "start": start,
            "step": step, "loss": 2.3 / (1 + step),
            "lambda_min": 1e-7 if network == LINEAR else -(0.8 + 0.05 * start) / 10**place,
            "lambda_max": 1.0, "residual_min": 1e-6, "residual_max": 1e-9, "products": 80, "n": 200, "parameters": 1210,
        }
        for network in (TANH, RELU, LINEAR)
        for start in range(2)
        for place, step in enumerate(STARTS)
    ]  # fmt: skip
    return Spectra.validate(pd.DataFrame(rows))


def direction_table():
    """Rows of edge/direction.csv: turns halve with each doubling; the control stops after two thirds of them."""
    rows = []
    for role in (CLAIM, CONTROL):
        last = DOUBLINGS if role == CLAIM else 8
        for seed, doubling in [(seed, doubling) for seed in SEEDS for doubling in range(last)]:
            grown = role == CLAIM
            turn = 0.02 * 0.7**doubling if grown else 0.01 * 2.0 ** (-((doubling - 5) ** 2) / 2)
            rows.append(
                {
                    "data": "digits-8", "role": role, "seed": seed, "doubling": doubling,
                    "step": int(30 * 1.7**doubling) + seed, "log_loss": -(2.0**doubling) if grown else -5.0,
                    "norm": 9 * 2 ** (doubling / 2.5) if grown else 8.0,
                    "margin": 0.12 - 0.14 / 1.6**doubling, "turn": turn if doubling else math.nan, "n": 100, "parameters": 2368,
                }
            )  # fmt: skip
    return Direction.validate(pd.DataFrame(rows))


TABLES = {
    "curves": curves_table,
    "summary": summary_table,
    "convexity": convexity_table,
    "spectra": spectra_table,
    "direction": direction_table,
}


def _run(network, rate, role, seed):
    step = np.arange(STEPS + 1)
    measured = step % EVERY == 0
    line = 2 / rate
    height = EXCESS * line if role == CLAIM else 0.2 * line
    sharpness = np.minimum(2 + (height - 2) * step / CROSSING, height) + 0.01 * seed
    zigzag = np.where(step > CROSSING, 0.1 * (step % 2), 0.0) if role == CLAIM else 0.0
    return _frame(
        network, rate, role, seed, step, 0.5 * np.exp(-step / 40) * (1 + zigzag), np.where(measured, sharpness, math.nan)
    )


def _quadratic(role):
    step = np.arange(STEPS + 1)
    factor = {BELOW: 0.98, ABOVE: 1.02}[role]
    sharpness = np.where(step % EVERY == 0, 8.0, math.nan)
    return _frame(QUADRATIC, MARGINS[role] / 8, role, 0, step, 4.0 * factor**step, sharpness)


def _frame(network, rate, role, seed, step, loss, sharpness):
    measured = np.isfinite(sharpness)
    return pd.DataFrame(
        {
            "data": "digits-8", "network": network, "learning_rate": rate, "role": role, "seed": seed, "step": step,
            "loss": loss, "train_accuracy": np.where(measured, 0.9, math.nan), "sharpness": sharpness,
            "residual": np.where(measured, 0.004, math.nan), "products": np.where(measured, 5, 0), "n": 500,
            "parameters": 12970,
        }
    )  # fmt: skip
