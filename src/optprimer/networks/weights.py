"""How weights start, from an explicit generator, and how many there are."""

import math

import torch
from torch import nn


def he(network: nn.Module, generator: torch.Generator) -> None:
    """Draw the weights of every convolution and linear layer from N(0, 2 / fan in), and set the biases to 0.

    He et al. 2015, arXiv 1502.01852, section 2.2: the start at which a ReLU network neither amplifies nor damps its signal.
    """
    for layer in _layers(network):
        nn.init.kaiming_normal_(layer.weight, mode="fan_in", nonlinearity="relu", generator=generator)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)


def torch_default(network: nn.Module, generator: torch.Generator) -> None:
    """Draw weights and biases from U(-1/sqrt(fan in), 1/sqrt(fan in)), as torch does when it makes such a layer.

    In the same order as torch, so that a generator and ``torch.manual_seed`` of one seed give the same network.
    """
    for layer in _layers(network):
        bound = 1 / math.sqrt(layer.weight[0].numel())
        nn.init.uniform_(layer.weight, -bound, bound, generator=generator)
        if layer.bias is not None:
            nn.init.uniform_(layer.bias, -bound, bound, generator=generator)


def parameter_count(network: nn.Module) -> int:
    """Return the number of trained scalars."""
    return sum(parameter.numel() for parameter in network.parameters())


def _layers(network: nn.Module) -> list[nn.Module]:
    return [module for module in network.modules() if isinstance(module, nn.Conv2d | nn.Linear)]
