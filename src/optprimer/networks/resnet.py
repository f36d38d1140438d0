"""ResNet for small images, with and without shortcuts (He et al. 2016, section 4.2; Li et al. 2018, arXiv 1712.09913).

Depth 6n + 2: a 3x3 stem, three stages of n blocks of two 3x3 convolutions with 16, 32 and 64 channels, the second and third
stage starting at stride 2, global average pooling, one linear layer. The shortcut is "option B": the identity, and a strided
1x1 convolution with batch norm where the shape changes. Without shortcuts a block is its residual branch alone, so the two
networks differ in nothing else.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from optprimer.errors import UserError

WIDTHS = (16, 32, 64)


class Block(nn.Module):
    """relu(bn(conv(relu(bn(conv(x))))) + shortcut(x)), the sum only with ``skips``."""

    def __init__(self, inputs: int, outputs: int, *, stride: int, skips: bool) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.skips = skips
        if skips:
            self.shortcut: nn.Module = nn.Identity()
            if stride != 1 or inputs != outputs:
                projection = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
                self.shortcut = nn.Sequential(projection, nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, inputs, H, W) to (N, outputs, H / stride, W / stride)."""
        out = functional.relu(self.bn1(self.conv1(x)), inplace=True)
        out = self.bn2(self.conv2(out))
        if self.skips:
            out += self.shortcut(x)
        return functional.relu(out, inplace=True)


class ResNet(nn.Module):
    """The network of the module's docstring; logits of (N, channels, S, S) images for any side S >= 4."""

    def __init__(self, depth: int, *, skips: bool, channels: int = 3, classes: int = 10) -> None:
        super().__init__()
        blocks, rest = divmod(depth - 2, 6)
        if rest or blocks < 1:
            raise UserError(f"depth {depth}: a ResNet for small images has depth 6n + 2 (20, 32, 44, 56, 110, ...)")
        self.conv = nn.Conv2d(channels, WIDTHS[0], 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(WIDTHS[0])
        stages: list[nn.Module] = []
        for stage, (inputs, outputs) in enumerate(pairwise((WIDTHS[0], *WIDTHS))):
            strides = [1 if stage == 0 else 2] + [1] * (blocks - 1)
            widths = [inputs] + [outputs] * (blocks - 1)
            stages.append(
                nn.Sequential(*(Block(w, outputs, stride=s, skips=skips) for w, s in zip(widths, strides, strict=True)))
            )
        self.stages = nn.Sequential(*stages)
        self.linear = nn.Linear(WIDTHS[-1], classes)

    def forward(self, x: Tensor) -> Tensor:
        """Map images (N, channels, S, S) to logits (N, classes)."""
        out = functional.relu(self.bn(self.conv(x)), inplace=True)
        out = self.stages(out).mean((2, 3))
        return self.linear(out)


def resnet(depth: int, *, skips: bool, channels: int, classes: int, generator: torch.Generator) -> ResNet:
    """Build a ResNet initialised as in Li et al.'s code: He normal (fan in) filters, linear weights N(0, 1e-6), no bias."""
    network = ResNet(depth, skips=skips, channels=channels, classes=classes)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_in", generator=generator)
        elif isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=1e-3, generator=generator)
            nn.init.zeros_(module.bias)
    return network
