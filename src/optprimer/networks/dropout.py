"""Dropout whose masks come from an explicit generator, so that a run continued from any step sees the same masks."""

import torch
from torch import Tensor, nn

from optprimer import seeds


class Dropout(nn.Module):
    """In training, zero each value with ``probability`` and divide the others by 1 - probability; otherwise the identity.

    Srivastava et al. 2014, in the "inverted" form that needs no scaling at test time. Masks are drawn on the CPU, so that all
    devices see the same ones.
    """

    def __init__(self, probability: float) -> None:
        super().__init__()
        self.probability = probability
        self.generator = torch.Generator()

    def forward(self, x: Tensor) -> Tensor:
        """Map values of any shape to values of the same shape."""
        if not self.training or self.probability == 0:
            return x
        kept = torch.rand(x.shape, generator=self.generator) >= self.probability
        return x * kept.to(x.device) / (1 - self.probability)

    def extra_repr(self) -> str:
        """Show the probability."""
        return str(self.probability)


def seed_dropout(network: nn.Module, seed: int) -> None:
    """Seed the masks that the dropout layers of ``network`` draw from now on, each layer's its own."""
    for index, layer in enumerate(module for module in network.modules() if isinstance(module, Dropout)):
        if layer.probability > 0:
            layer.generator.manual_seed(seeds.derive(seed, index))
