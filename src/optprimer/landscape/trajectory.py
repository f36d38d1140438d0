"""The path of training, on the plane of its two principal components (Li et al. 2018, section 7).

The plane goes through the end of training and moves the weight matrices and filters alone; biases and batch norms stay at
their last values. So a checkpoint differs from its shadow on the plane twice: by the weights off the plane, whose length is
in the table, and by its batch norms. The losses of both are in the table.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from optprimer.landscape.directions import Extent, Plane
from optprimer.landscape.evaluator import PlaneEvaluator, image_losses, moving_parameters
from optprimer.landscape.images import Images
from optprimer.landscape.pca import principal_plane
from optprimer.runtime import Runtime

MARGIN = 0.15  # of the path's extent, left free around it

Row = dict[str, float | int]


def trajectory(
    network: nn.Module, checkpoints: Mapping[int, Mapping[str, Tensor]], images: Images, runtime: Runtime, batch: int
) -> tuple[Plane, list[Row]]:
    """Project a run's checkpoints (state dicts by epoch; the last is ``network`` itself) on their principal plane.

    Returns:
        The plane, with unit directions and an extent that shows the whole path, and rows of tables.Trajectory less the columns
        that are the same for all.
    """
    weights = moving_parameters(network)
    flat = torch.stack([torch.cat([state[name].reshape(-1) for name in weights]) for state in checkpoints.values()])
    pca = principal_plane(flat)
    d1, d2 = (_unflatten(direction.float(), weights) for direction in pca.directions)
    plane = Plane(d1, d2, _extent(pca.coordinates))

    on_plane = PlaneEvaluator(network, d1, d2, runtime, images.inputs[:2])
    still = {name: torch.zeros_like(weight) for name, weight in weights.items()}
    rows: list[Row] = []
    for i, (epoch, state) in enumerate(checkpoints.items()):
        alpha, beta = map(float, pca.coordinates[i])
        network.load_state_dict(dict(state))
        own = image_losses(PlaneEvaluator(network, still, {}, runtime, images.inputs[:2]).move_to(0, 0), images, batch)
        rows.append(
            {"epoch": epoch, "alpha": alpha, "beta": beta}
            | {"displacement": float(pca.displacement[i]), "off_plane": float(pca.off_plane[i])}
            | {"variance_1": pca.variance_shares[0], "variance_2": pca.variance_shares[1]}
            | {"loss": own.loss, "plane_loss": on_plane(alpha, beta, images, batch).loss, "n": own.n}
        )
    return plane, rows


def _unflatten(vector: Tensor, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    parts = vector.split([weight.numel() for weight in weights.values()])
    return {name: part.view(weight.shape) for (name, weight), part in zip(weights.items(), parts, strict=True)}


def _extent(coordinates: Tensor) -> Extent:
    low, high = coordinates.min(0).values, coordinates.max(0).values
    # A path along one axis still gets a plane: at least a fifth of the longer side.
    middle, half = (low + high) / 2, (high - low) / 2 * (1 + 2 * MARGIN)
    half = half.clamp(min=float(half.max()) / 5)
    a, b = ((float(m - h), float(m + h)) for m, h in zip(middle, half, strict=True))
    return a, b
