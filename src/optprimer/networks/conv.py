"""A small convolutional network without batch norm, so that a full batch is one: no image's output depends on another's."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from optprimer.errors import UserError
from optprimer.networks.weights import he


class ConvNet(nn.Module):
    """3x3 convolutions at stride 2 with biases, ReLU after each, and one linear layer on all that is left.

    ``widths`` are the channels of the convolutions. Logits of (N, channels, side, side) images.
    """

    def __init__(self, widths: Sequence[int], *, channels: int, side: int, classes: int) -> None:
        super().__init__()
        if not widths:
            raise UserError("widths []: a convolutional network needs at least one layer")
        layers: list[nn.Module] = []
        for width in widths:
            layers += [nn.Conv2d(channels, width, 3, stride=2, padding=1), nn.ReLU()]
            channels, side = width, (side + 1) // 2
        self.layers = nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels * side**2, classes))

    def forward(self, x: Tensor) -> Tensor:
        """Map images (N, channels, side, side) to logits (N, classes)."""
        return self.layers(x)


def conv_net(widths: Sequence[int], *, channels: int, side: int, classes: int, generator: torch.Generator) -> ConvNet:
    """Build a convolutional network with He normal weights and no bias at the start."""
    network = ConvNet(widths, channels=channels, side=side, classes=classes)
    he(network, generator)
    return network
