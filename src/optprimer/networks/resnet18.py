"""ResNet-18 for small images (He et al. 2016, arXiv 1512.03385), as Geiping et al. 2022 train it.

A 3x3 stem with stride 1 and without pooling, four stages of two blocks with 64, 128, 256 and 512 channels, all but the first
starting at stride 2, global average pooling and one linear layer: 11,173,962 parameters for 3 channels and 10 classes. Where
the shape changes the shortcut is their option C: an average pooling, then a 1x1 convolution with batch norm.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from optprimer.networks.resnet import Block

WIDTHS = (64, 128, 256, 512)


class ResNet18(nn.Module):
    """The network of the module's docstring; logits of (N, channels, S, S) images for a side S that 8 divides."""

    def __init__(self, *, channels: int, classes: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, WIDTHS[0], 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(WIDTHS[0])
        stages = [_block(WIDTHS[0], WIDTHS[0], 1), _block(WIDTHS[0], WIDTHS[0], 1)]
        for inputs, outputs in pairwise(WIDTHS):
            stages += [_block(inputs, outputs, 2), _block(outputs, outputs, 1)]
        self.blocks = nn.Sequential(*stages)
        self.linear = nn.Linear(WIDTHS[-1], classes)

    def forward(self, x: Tensor) -> Tensor:
        """Map images (N, channels, S, S) to logits (N, classes)."""
        out = functional.relu(self.bn(self.conv(x)), inplace=True)
        return self.linear(self.blocks(out).mean((2, 3)))


def resnet18(*, channels: int, classes: int, generator: torch.Generator) -> ResNet18:
    """Build a ResNet-18: He normal filters (fan out), batch norms that scale by 1, the linear layer as torch starts it."""
    network = ResNet18(channels=channels, classes=classes)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", generator=generator)
    bound = WIDTHS[-1] ** -0.5
    nn.init.uniform_(network.linear.weight, -bound, bound, generator=generator)
    nn.init.uniform_(network.linear.bias, -bound, bound, generator=generator)
    return network


def _block(inputs: int, outputs: int, stride: int) -> Block:
    block = Block(inputs, outputs, stride=stride, skips=True)
    if stride > 1:
        projection = nn.Conv2d(inputs, outputs, 1, bias=False)
        block.shortcut = nn.Sequential(nn.AvgPool2d(stride), projection, nn.BatchNorm2d(outputs))
    return block
