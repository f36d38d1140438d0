"""The optimizers of PyTorch, as a recipe asks for them."""

import torch
from torch import nn

from optprimer.training.recipe import Recipe


def optimizer_of(parameters: list[nn.Parameter], recipe: Recipe) -> torch.optim.Optimizer:
    """Build the optimizer; weight decay is on all parameters, batch norms included, as in the sources."""
    if recipe.optimizer == "adam":
        return torch.optim.Adam(parameters, recipe.schedule.peak, weight_decay=recipe.weight_decay, fused=True)
    return torch.optim.SGD(
        parameters,
        recipe.schedule.peak,
        momentum=recipe.momentum,
        weight_decay=recipe.weight_decay,
        nesterov=recipe.nesterov and recipe.momentum > 0,
        fused=True,
    )
