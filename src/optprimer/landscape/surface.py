"""Loss surfaces and lines as rows of a grid: each row is computed on its own, in any order, by any job.

The rows of a family are numbered through its direction seeds: row r of a family with B rows per seed is row r mod B of the
grid of seed number r // B. A line is a surface whose beta takes the one value 0.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from torch import nn

from optprimer.landscape.directions import Plane
from optprimer.landscape.evaluator import PlaneEvaluator, PointLoss
from optprimer.landscape.images import Images
from optprimer.progress import Progress
from optprimer.runtime import Runtime

Row = dict[str, float | int]


@dataclass(frozen=True)
class Grid:
    """How many values alpha takes on each plane, and beta; 1 means the value 0 alone."""

    alphas: int
    betas: int

    def coordinates(self, plane: Plane) -> tuple[np.ndarray, np.ndarray]:
        """Return the values of alpha and of beta on ``plane``, ends of its extent included."""
        return _values(plane.extent[0], self.alphas), _values(plane.extent[1], self.betas)


class RowEvaluator:
    """Evaluates rows of one family of surfaces of one network."""

    def __init__(
        self,
        network: nn.Module,
        planes: dict[int, Plane],
        grid: Grid,
        images: Sequence[Images],
        runtime: Runtime,
        batch: int,
    ) -> None:
        """Keep what rows need; ``images`` are one or more samples, all measured at each point (training and test, say)."""
        self.network, self.grid, self.images, self.runtime, self.batch = network, grid, images, runtime, batch
        self.planes = list(planes.items())
        self.note = ""
        self._current: tuple[int, PlaneEvaluator] | None = None

    def row(self, number: int, bar: Progress) -> list[tuple[int, float, float, list[PointLoss]]]:
        """Return (direction seed, alpha, beta, losses per sample) for each point of row ``number``."""
        which, j = divmod(number, self.grid.betas)
        seed, plane = self.planes[which]
        if self._current is None or self._current[0] != which:  # fold once per plane
            example = self.images[0].inputs[:2]
            self._current = which, PlaneEvaluator(self.network, plane.d1, plane.d2, self.runtime, example)
            self.note = self._current[1].note
        evaluate = self._current[1]
        alphas, betas = self.grid.coordinates(plane)
        beta = float(betas[j])
        points = []
        for alpha in map(float, alphas):
            points.append((seed, alpha, beta, [evaluate(alpha, beta, sample, self.batch) for sample in self.images]))
            bar.add(sum(map(len, self.images)))
        return points


def surface_rows(points: list[tuple[int, float, float, list[PointLoss]]]) -> list[Row]:
    """Turn the points of a grid row into rows of tables.Surface, less the columns that are the same for all."""
    return [
        {"direction_seed": seed, "alpha": alpha, "beta": beta}
        | {"loss": p.loss, "loss_se": p.loss_se, "accuracy": p.accuracy, "n": p.n, "n_nonfinite": p.n_nonfinite}
        for seed, alpha, beta, (p,) in points
    ]


def line_rows(points: list[tuple[int, float, float, list[PointLoss]]]) -> list[Row]:
    """Turn the points of a line, measured on training and perhaps on test images, into rows of tables.Line."""
    nothing = PointLoss(math.nan, math.nan, math.nan, 0, 0)
    rows = []
    for seed, alpha, _, (p, *rest) in points:
        t = rest[0] if rest else nothing
        rows.append(
            {"direction_seed": seed, "alpha": alpha}
            | {"loss": p.loss, "loss_se": p.loss_se, "accuracy": p.accuracy, "n": p.n}
            | {"test_loss": t.loss, "test_loss_se": t.loss_se, "test_accuracy": t.accuracy, "n_test": t.n}
        )
    return rows


def _values(ends: tuple[float, float], n: int) -> np.ndarray:
    values = np.linspace(*ends, n) if n > 1 else np.zeros(1)
    # linspace may miss the centre by a rounding error; the centre is the trained network itself.
    return np.where(np.abs(values) < 1e-12 * np.abs(ends).max(), 0.0, values)
