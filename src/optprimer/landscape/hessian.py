"""Exact Hessian-vector products of the mean loss over the weight matrices and filters, in fp32.

The network is folded (optprimer.landscape.folding) with the scales inside the graph, W' = s w, so the derivatives are those
of the original weights w at the cost of the folded network. One gradient graph serves all products at a point.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel

from optprimer.hessian.loss import FlatLoss
from optprimer.landscape.evaluator import Direction, convert, moving_parameters
from optprimer.landscape.folding import fold
from optprimer.landscape.images import Images


class HessianOperator:
    """The Hessian at points of weight space, on one fixed sample, of ``loss``. Vectors are flat, in the order of ``names``."""

    def __init__(self, network: nn.Module, images: Images) -> None:
        self._device = images.inputs.device
        network = network.to(self._device)
        folded = fold(network, images.inputs[:2].float())
        used = dict(folded.network.named_parameters(remove_duplicate=False))
        weights = {name: weight for name, weight in moving_parameters(network).items() if name in used}
        self._network = convert(folded.network, torch.float32)
        self.names = list(weights)
        self._shapes = [weight.shape for weight in weights.values()]
        self._scales = [folded.scales.get(name) for name in self.names]
        self.weights = self.flat(weights)
        self.loss = FlatLoss(self._block_loss, images.inputs, images.labels)

    @property
    def dimension(self) -> int:
        """The number of weights that move."""
        return len(self.weights)

    def flat(self, direction: Direction) -> Tensor:
        """Concatenate a direction, in the order of the weights."""
        return torch.cat([direction[name].float().to(self._device).reshape(-1) for name in self.names])

    def at(self, point: Tensor) -> Callable[[Tensor], Tensor]:
        """Return v -> H v at the flat weights ``point``."""
        return self.loss.hessian(point)

    def _block_loss(self, leaf: Tensor, x: Tensor, y: Tensor) -> Tensor:
        parts = leaf.split([shape.numel() for shape in self._shapes])
        weights = {
            name: part.view(shape) if scale is None else part.view(shape) * scale
            for name, part, shape, scale in zip(self.names, parts, self._shapes, self._scales, strict=True)
        }
        with sdpa_kernel(SDPBackend.MATH):  # the fused kernels of attention have no second derivative
            logits = functional_call(self._network, weights, (x.clone(),))  # a copy: the network may overwrite its input
        return functional.cross_entropy(logits, y)
