"""Exact Hessian-vector products of the mean loss over the weight matrices and filters, in fp32, by double backward.

The network is folded (optprimer.landscape.folding) with the scales inside the graph, W' = s w, so the derivatives are those
of the original weights w at the cost of the folded network. One gradient graph serves all products at a point.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel

from optprimer.landscape.evaluator import Direction, convert, moving_parameters
from optprimer.landscape.folding import fold
from optprimer.landscape.images import Images

GRAPH_IMAGES = 128  # images whose gradient graph is held in memory; more are recomputed for each product


class HessianOperator:
    """The Hessian at points of weight space, on one fixed sample. Vectors are flat, in the order of ``names``."""

    def __init__(self, network: nn.Module, images: Images) -> None:
        self._images = images
        network = network.to(images.inputs.device)
        folded = fold(network, images.inputs[:2].float())
        used = dict(folded.network.named_parameters(remove_duplicate=False))
        weights = {name: weight for name, weight in moving_parameters(network).items() if name in used}
        self._network = convert(folded.network, torch.float32)
        self.names = list(weights)
        self._shapes = [weight.shape for weight in weights.values()]
        self._scales = [folded.scales.get(name) for name in self.names]
        self.weights = self.flat(weights)

    @property
    def dimension(self) -> int:
        """The number of weights that move."""
        return len(self.weights)

    def flat(self, direction: Direction) -> Tensor:
        """Concatenate a direction, in the order of the weights."""
        return torch.cat([direction[name].float().to(self._images.inputs.device).reshape(-1) for name in self.names])

    def at(self, point: Tensor) -> Callable[[Tensor], Tensor]:
        """Return v -> H v at the flat weights ``point``."""
        leaf = point.clone().requires_grad_()
        n = len(self._images)
        batches = list(zip(self._images.inputs.split(GRAPH_IMAGES), self._images.labels.split(GRAPH_IMAGES), strict=True))
        held = self._gradient(leaf, *batches[0]) if len(batches) == 1 else None

        def product(vector: Tensor) -> Tensor:
            total = torch.zeros_like(vector)
            for x, y in batches:
                gradient = self._gradient(leaf, x, y) if held is None else held
                (part,) = torch.autograd.grad(gradient, leaf, vector, retain_graph=held is not None)
                total += part * (len(y) / n)
            return total

        return product

    def gradient(self, point: Tensor) -> Tensor:
        """Return the gradient of the mean loss at the flat weights ``point``."""
        leaf = point.clone().requires_grad_()
        total = torch.zeros_like(point)
        for x, y in zip(self._images.inputs.split(GRAPH_IMAGES), self._images.labels.split(GRAPH_IMAGES), strict=True):
            total += self._gradient(leaf, x, y).detach() * (len(y) / len(self._images))
        return total

    def _gradient(self, leaf: Tensor, x: Tensor, y: Tensor) -> Tensor:
        parts = leaf.split([shape.numel() for shape in self._shapes])
        weights = {
            name: part.view(shape) if scale is None else part.view(shape) * scale
            for name, part, shape, scale in zip(self.names, parts, self._shapes, self._scales, strict=True)
        }
        with sdpa_kernel(SDPBackend.MATH):  # the fused kernels of attention have no second derivative
            logits = functional_call(self._network, weights, (x.clone(),))  # a copy: the network may overwrite its input
        loss = functional.cross_entropy(logits, y)
        return torch.autograd.grad(loss, leaf, create_graph=True)[0]
