"""Small settings of the edge stage, in the form of the configuration's section."""

NETWORK = {
    "architecture": "mlp_tanh", "widths": [8], "learning_rates": [0.6, 0.8], "steps": 30,
    "control_learning_rate": 0.05, "control_steps": 20,
}  # fmt: skip
CONVEXITY = {"images": 30, "width": 4, "starts": 4, "spectra": 2, "learning_rate": 0.5, "steps": [0, 20], "radii": [0.1, 1.0]}
DIRECTION = {"images": 20, "width": 8, "seeds": 2, "doublings": 4, "weight_decay": 0.001}


def section(**changes):
    settings = {"images": 40, "seeds": 2, "sharpness_every": 10, "runs_per_job": 3, "networks": {"tanh": NETWORK}}
    return settings | changes
