"""Settings of the study so small that a seed takes a second."""

import json

SECTION = {
    "images": 60, "test_images": 40, "folds": 5,
    "networks": {"deep": {"architecture": "mlp", "widths": [8, 8]}, "shallow": {"architecture": "mlp", "widths": [8]}},
    "learning_rate": 0.01, "batch_size": 5, "large_share": 0.2, "target_loss": 0.3, "epochs": 100,
    "epsilons": [0.01, 0.001], "subspace": 4, "trace_draws": 2, "line_points": 4, "scaled_width": 8, "scales": 3,
}  # fmt: skip


def section(**changes):
    """The section ``sharpness`` as a rule passes it, in JSON."""
    return json.dumps(SECTION | changes)
