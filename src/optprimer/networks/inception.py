"""The small Inception of Zhang et al. 2017 (arXiv 1611.03530, figure 3), and a smaller one for 8x8 images.

A stem of 3x3 filters; Inception modules, a 1x1 beside a 3x3 convolution; downsampling modules, a 3x3 convolution beside a 3x3
max pooling, both with stride 2; the mean over all pixels; one linear layer. Every convolution has a bias and is followed by
batch norm and ReLU. The batch norm has no scale and shift: only so do 28x28x3 images give the 1,649,402 parameters that the
paper prints, with and without batch norm.
"""

import torch
from torch import Tensor, nn

from optprimer.networks.dropout import Dropout
from optprimer.networks.weights import he, torch_default

# The stem's filters, then a pair for an Inception module (1x1 filters, 3x3 filters) and a number for a downsampling one.
Plan = tuple[int | tuple[int, int], ...]
PAPER: Plan = (96, (32, 32), (32, 48), 80, (112, 48), (96, 64), (80, 80), (48, 96), 96, (176, 160), (176, 160))
SMALL: Plan = (16, (8, 8), 8, (16, 16), (16, 16), 16, (32, 32))
SMALLEST_SIDE_OF_PAPER = 16


class Beside(nn.Module):
    """The maps of two modules of the same input, one after the other in the dimension of channels."""

    def __init__(self, first: nn.Module, second: nn.Module) -> None:
        super().__init__()
        self.first, self.second = first, second

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to (N, C1 + C2, H', W')."""
        return torch.cat((self.first(x), self.second(x)), 1)


class Inception(nn.Module):
    """The network of the module's docstring, sized to its images; logits of (N, channels, side, side) images.

    ``dropout`` comes before the linear layer, as in Inception v3, the one network of the paper that has it.
    """

    def __init__(self, *, channels: int, side: int, classes: int, batch_norm: bool, dropout: float) -> None:
        super().__init__()
        stem, *plan = PAPER if side >= SMALLEST_SIDE_OF_PAPER else SMALL
        modules = [_convolution(channels, stem, 3, batch_norm)]
        inputs = stem
        for filters in plan:
            if isinstance(filters, tuple):
                ones, threes = filters
                one, three = _convolution(inputs, ones, 1, batch_norm), _convolution(inputs, threes, 3, batch_norm)
                modules.append(Beside(one, three))
                inputs = ones + threes
            else:
                down = _convolution(inputs, filters, 3, batch_norm, stride=2)
                modules.append(Beside(down, nn.MaxPool2d(3, stride=2, padding=1)))
                inputs += filters
        self.features = nn.Sequential(*modules)
        self.dropout = Dropout(dropout)
        self.linear = nn.Linear(inputs, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Map images (N, channels, side, side) to logits (N, classes)."""
        return self.linear(self.dropout(self.features(x).mean((2, 3))))


def inception(
    *, channels: int, side: int, classes: int, batch_norm: bool, dropout: float = 0.0, generator: torch.Generator
) -> Inception:
    """Build an Inception: torch's default start with batch norm, to which the scale of weights is nothing; He's without.

    Without, torch's default damps the signal from layer to layer, so that on random labels the network for 8x8 images stays a
    constant (measured at rates .1 and .03).
    """
    network = Inception(channels=channels, side=side, classes=classes, batch_norm=batch_norm, dropout=dropout)
    start = torch_default if batch_norm else he
    start(network, generator)
    return network


def _convolution(inputs: int, outputs: int, kernel: int, batch_norm: bool, stride: int = 1) -> nn.Module:
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2)
    norm = [nn.BatchNorm2d(outputs, affine=False)] if batch_norm else []
    return nn.Sequential(convolution, *norm, nn.ReLU(inplace=True))
