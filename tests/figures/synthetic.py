"""Synthetic tables that look like a digits run: a gentle bowl with skips, a pit in a wrinkled plateau without."""

import numpy as np
import pandas as pd

NETS = ("resnet56", "resnet56_noskip")


def bowl(alpha, beta):
    """Gentle, and not symmetric in alpha and beta, so that a transposed picture is another picture."""
    radius = np.hypot(alpha, 1.15 * beta - 0.1 * alpha)
    return 0.07 + 40 * radius**3 * np.exp(1.6 * radius**2)


def rough(alpha, beta, seed=0):
    """A narrow pit of depth 0.9 in a walled, wrinkled plateau."""
    phases = np.random.default_rng(seed).uniform(0, 2 * np.pi, 6)
    radius = np.hypot(alpha, beta)
    waves = sum(
        np.sin(k * (np.cos(p) * alpha + np.sin(p) * beta) * 5 + p)
        for k, p in zip((1, 1.3, 1.7, 2.1, 2.9, 3.7), phases, strict=True)
    )
    return np.exp(
        np.log(0.9) + 4.0 * np.minimum(1, (radius / 0.35) ** 1.5) + 5 * radius**3 + waves * np.minimum(1, 3 * radius) * 0.9
    )


def _losses(net, alpha, beta, seed):
    return rough(alpha, beta, seed) if "noskip" in net else bowl(alpha + 0.05 * seed * beta, beta)


def square(net, surface, directions, seed, points, *, reach=1.0, scale=1.0):
    alpha, beta = (values.ravel() for values in np.meshgrid(*[np.linspace(-reach, reach, points)] * 2))
    loss = _losses(net, scale * alpha, scale * beta, seed)
    return pd.DataFrame(
        {
            "data": "digits", "net": net, "surface": surface, "directions": directions, "direction_seed": seed,
            "alpha": alpha, "beta": beta, "loss": loss, "loss_se": 0.02 * loss,
            "accuracy": 1 / (1 + 0.5 * loss), "n": 400, "n_nonfinite": 0, "precision": "bf16",
        }
    )  # fmt: skip


def surface_table():
    frames = []
    for net in NETS:
        frames.append(square(net, "fine", "filter", 0, 25))
        frames += [square(net, "coarse", "filter", seed, 13) for seed in (1, 2, 3, 4)]
        frames.append(square(net, "layer", "layer", 0, 13, scale=1.4))
        frames.append(square(net, "unnormalised", "none", 0, 13, scale=1.8))
        frames.append(square(net, "trajectory", "pca", 0, 15, reach=14.0, scale=0.05))
    return pd.concat(frames, ignore_index=True)


def history_table():
    frames = []
    for net, (final, error) in zip(NETS, ((0.07, 0.031), (0.96, 0.397)), strict=True):
        epoch = np.arange(41)
        loss = final + (2.3 - final) * np.exp(-epoch / 6)
        accuracy = (1 - error) - (0.9 - error) * np.exp(-epoch / 6)
        train_loss, train_accuracy = loss.copy(), np.clip(accuracy + 0.01, 0, 1)
        train_loss[0] = train_accuracy[0] = np.nan
        frames.append(
            pd.DataFrame(
                {
                    "data": "digits", "net": net, "seed": 0, "epoch": epoch, "step": 11 * epoch, "lr": 0.1,
                    "train_loss": train_loss, "train_accuracy": train_accuracy,
                    "test_loss": 1.2 * loss * (1 + 0.3 * np.sin(epoch)),
                    "test_accuracy": accuracy, "precision": "bf16", "diverged": False,
                }
            )
        )  # fmt: skip
    return pd.concat(frames, ignore_index=True)


def line_table():
    frames = []
    for net in NETS:
        for seed in range(5):
            alpha = np.linspace(-1, 1, 41)
            loss = _losses(net, alpha, 0.04 * seed * alpha, seed)
            frames.append(
                pd.DataFrame(
                    {
                        "data": "digits", "net": net, "direction_seed": seed, "alpha": alpha,
                        "loss": loss, "loss_se": 0.02 * loss, "accuracy": 1 / (1 + 0.5 * loss),
                        "n": 400, "test_loss": 1.3 * loss + 0.05, "test_loss_se": 0.03 * loss,
                        "test_accuracy": 1 / (1 + 0.6 * loss), "n_test": 360, "precision": "bf16",
                    }
                )
            )  # fmt: skip
    return pd.concat(frames, ignore_index=True)


def curvature_table():
    frames = []
    for net in NETS:
        alpha, beta = (values.ravel() for values in np.meshgrid(*[np.linspace(-1, 1, 5)] * 2))
        ratio = (0.6 if "noskip" in net else 0.05) * (np.hypot(alpha, beta) + 0.05 * alpha) / 1.5 + 0.01
        high = 10 * (1 + 30 * np.hypot(alpha, beta) ** 3)
        frames.append(
            pd.DataFrame(
                {
                    "data": "digits", "net": net, "direction_seed": 0, "alpha": alpha, "beta": beta,
                    "lambda_min": -ratio * high, "lambda_max": high, "ratio": ratio,
                    "residual": 0.004 * high, "iterations": 15, "n": 64,
                }
            )
        )  # fmt: skip
    return pd.concat(frames, ignore_index=True)


def trajectory_table():
    frames = []
    for net in NETS:
        epoch = np.arange(41)
        left = np.exp(-epoch / 12) - np.exp(-40 / 12)
        alpha, beta = 11 * left, 7 * left * np.sin(epoch / 9)
        off_plane = 2.5 * np.sqrt(left * (1 - left / 1.1))
        frames.append(
            pd.DataFrame(
                {
                    "data": "digits", "net": net, "epoch": epoch, "alpha": alpha, "beta": beta,
                    "displacement": np.sqrt(alpha**2 + beta**2 + off_plane**2), "off_plane": off_plane,
                    "variance_1": 0.853, "variance_2": 0.102, "loss": 0.1 + 2.2 * left, "plane_loss": 0.1 + 3 * left,
                    "n": 400, "precision": "bf16",
                }
            )
        )  # fmt: skip
    return pd.concat(frames, ignore_index=True)


def geometry_table():
    generator = np.random.default_rng(7)
    rows = []
    for net in NETS:
        bare = "noskip" in net
        for seed in range(5):
            for points in (25, 13) if seed == 0 else (13,):
                rows.append(
                    {
                        "data": "digits", "net": net, "surface": "fine" if seed == 0 else "coarse", "directions": "filter",
                        "direction_seed": seed, "points": points, "common": points == 13,
                        "roughness": (0.3 if bare else 0.1) * generator.uniform(0.8, 1.2) + (0.5 if points == 25 else 0),
                        "local_minima": int(generator.integers(3, 8) if bare else generator.integers(1, 3)),
                        "sublevel_width": (0.2 if bare else 0.5) * generator.uniform(0.8, 1.2),
                        "loss_range": (12 if bare else 8) * generator.uniform(0.9, 1.1),
                        "negative_share": generator.uniform(0.15, 0.25), "centre_loss": 0.9 if bare else 0.07,
                        "largest_loss": 1e6 if bare else 1e4, "missing": 0,
                    }
                )  # fmt: skip
    return pd.DataFrame(rows)


def crosscheck_table():
    generator = np.random.default_rng(3)
    frames = []
    for net in NETS:
        alpha, beta = generator.uniform(-1, 1, (2, 8))
        loss = _losses(net, alpha, beta, 0)
        difference = generator.uniform(1e-8, 2e-6, 8)
        difference[0] = 0.0
        frames.append(
            pd.DataFrame(
                {
                    "data": "digits", "net": net, "point": np.arange(8), "alpha": alpha, "beta": beta, "loss": loss,
                    "loss_landscapes": loss * (1 + difference), "relative_difference": difference, "n": 100,
                }
            )
        )  # fmt: skip
    return pd.concat(frames, ignore_index=True)


def precision_table():
    generator = np.random.default_rng(4)
    frames = []
    for net in NETS:
        for surface, seed in (("fine", 0), ("coarse", 1), ("coarse", 2)):
            alpha, beta = generator.uniform(-1, 1, (2, 6))
            loss = _losses(net, alpha, beta, seed)
            difference = generator.normal(0, 3e-3, 6)
            frames.append(
                pd.DataFrame(
                    {
                        "data": "digits", "net": net, "surface": surface, "direction_seed": seed, "alpha": alpha, "beta": beta,
                        "loss": loss * (1 + difference), "loss_fp32": loss, "relative_difference": np.abs(difference),
                        "precision": "bf16",
                    }
                )
            )  # fmt: skip
    return pd.concat(frames, ignore_index=True)


TABLES = {
    "history": history_table,
    "surface": surface_table,
    "line": line_table,
    "curvature": curvature_table,
    "trajectory": trajectory_table,
    "geometry": geometry_table,
    "crosscheck": crosscheck_table,
    "precision": precision_table,
}
