"""The straight line through two minima (Keskar et al. 2017, section 2.2.1 and figure 3)."""

from typing import Any

import numpy as np
from torch import Tensor

from optprimer.sharpness.sample import Sample

ENDS = (-1.0, 2.0)  # 0 is the small batch, 1 the large one


def line(train: Sample, test: Sample, small: Tensor, large: Tensor, points: int) -> list[dict[str, Any]]:
    """Return losses and accuracies at ``points`` values of alpha, at alpha x_large + (1 - alpha) x_small."""
    rows = []
    for alpha in np.linspace(*ENDS, points).tolist():
        here = alpha * large + (1 - alpha) * small
        (train_loss, train_accuracy), (test_loss, test_accuracy) = (part.loss_and_accuracy(here) for part in (train, test))
        rows.append(
            {
                "alpha": alpha,
                "train_loss": train_loss,
                "train_accuracy": train_accuracy,
                "test_loss": test_loss,
                "test_accuracy": test_accuracy,
            }
        )
    return rows
