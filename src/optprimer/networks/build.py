"""Networks by the names that the configuration knows them by."""

from collections.abc import Sequence

import torch
from torch import nn

from optprimer.networks.alexnet import alexnet
from optprimer.networks.conv import conv_net
from optprimer.networks.inception import inception
from optprimer.networks.mlp import mlp
from optprimer.networks.resnet18 import resnet18


def build(
    architecture: str,
    widths: Sequence[int],
    *,
    channels: int,
    side: int,
    classes: int,
    dropout: float = 0.0,
    generator: torch.Generator,
) -> nn.Module:
    """Build a network for (N, channels, side, side) images, its weights drawn from ``generator``.

    ``widths`` belong to ``mlp`` and ``conv``, ``dropout`` to all but ``conv`` and ``resnet18``.
    """
    size = {"channels": channels, "side": side, "classes": classes, "generator": generator}
    match architecture:
        case "mlp":
            return mlp(widths, dropout=dropout, **size)
        case "conv":
            return conv_net(widths, **size)
        case "alexnet":
            return alexnet(dropout=dropout, **size)
        case "inception" | "inception_no_bn":
            return inception(batch_norm=architecture == "inception", dropout=dropout, **size)
        case "resnet18":
            return resnet18(channels=channels, classes=classes, generator=generator)
        case _:
            raise ValueError(f"no architecture {architecture!r}")
