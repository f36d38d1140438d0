"""The mean loss of a fixed sample as a function of flat weights, with exact gradients and Hessian-vector products.

Products are by double backward (Pearlmutter 1994), block by block of images; nothing is estimated but by rounding.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.func import functional_call

GRAPH_IMAGES = 128  # images whose gradient graph is held in memory; more are recomputed for each product

Criterion = Callable[[Tensor, Tensor], Tensor]


class FlatLoss:
    """A mean loss L(w) of images ``inputs`` (n, ...) with ``labels`` (n, ...), for flat weights w (d,)."""

    def __init__(
        self,
        block_loss: Callable[[Tensor, Tensor, Tensor], Tensor],
        inputs: Tensor,
        labels: Tensor,
        *,
        block: int | None = None,
    ) -> None:
        """Keep the sample and ``block_loss``: (w, inputs, labels of a block) to the block's mean loss, differentiable twice.

        ``block`` images are computed at once, ``GRAPH_IMAGES`` unless told. A small network is faster with all of them.
        """
        self._block_loss, self._block = block_loss, block
        self._inputs, self._labels, self._n = inputs, labels, len(labels)

    @torch.no_grad()
    def value(self, point: Tensor) -> float:
        """Return L(w) at ``point`` (d,)."""
        return sum(float(self._block_loss(point, x, y)) * (len(y) / self._n) for x, y in self._blocks())

    def gradient(self, point: Tensor) -> Tensor:
        """Return the gradient (d,) at ``point`` (d,)."""
        return self.value_and_gradient(point)[1]

    def value_and_gradient(self, point: Tensor) -> tuple[float, Tensor]:
        """Return L(w) and its gradient (d,) at ``point`` (d,)."""
        leaf = point.detach().clone().requires_grad_()
        value, total = 0.0, torch.zeros_like(point)
        for x, y in self._blocks():
            loss = self._block_loss(leaf, x, y)
            value += float(loss.detach()) * (len(y) / self._n)
            total += torch.autograd.grad(loss, leaf)[0] * (len(y) / self._n)
        return value, total

    def hessian(self, point: Tensor) -> Callable[[Tensor], Tensor]:
        """Return v -> H v, both (d,), at ``point`` (d,). The gradient graph of a small sample serves all products."""
        leaf = point.detach().clone().requires_grad_()
        blocks = self._blocks()
        held = self._differentiable_gradient(leaf, *blocks[0]) if len(blocks) == 1 else None

        def product(vector: Tensor) -> Tensor:
            total = torch.zeros_like(vector)
            for x, y in blocks:
                gradient = self._differentiable_gradient(leaf, x, y) if held is None else held
                (part,) = torch.autograd.grad(gradient, leaf, vector, retain_graph=held is not None)
                total += part * (len(y) / self._n)
            return total

        return product

    def _blocks(self) -> list[tuple[Tensor, Tensor]]:
        size = self._block or GRAPH_IMAGES
        return list(zip(self._inputs.split(size), self._labels.split(size), strict=True))

    def _differentiable_gradient(self, leaf: Tensor, x: Tensor, y: Tensor) -> Tensor:
        return torch.autograd.grad(self._block_loss(leaf, x, y), leaf, create_graph=True)[0]


class NetworkLoss(FlatLoss):
    """The mean loss of a plain network, in evaluation mode, over all of its parameters in their own order and precision."""

    def __init__(
        self, network: nn.Module, criterion: Criterion, inputs: Tensor, labels: Tensor, *, block: int | None = None
    ) -> None:
        """Keep the sample, on which ``criterion`` takes logits and labels of a block to their mean loss."""
        self._network = network.eval()
        self._shapes = {name: parameter.shape for name, parameter in network.named_parameters()}
        self.weights = flat(network)
        super().__init__(lambda w, x, y: criterion(self.outputs(w, x), y), inputs, labels, block=block)

    def outputs(self, point: Tensor, inputs: Tensor) -> Tensor:
        """Return the network's outputs for ``inputs`` with the flat weights ``point`` (d,)."""
        parts = point.split([shape.numel() for shape in self._shapes.values()])
        named = {name: part.view(shape) for (name, shape), part in zip(self._shapes.items(), parts, strict=True)}
        return functional_call(self._network, named, (inputs,))


def flat(network: nn.Module) -> Tensor:
    """Return a copy of all parameters of ``network`` as one vector (d,), in their own order, whatever their layout."""
    return torch.cat([parameter.detach().reshape(-1) for parameter in network.parameters()])
