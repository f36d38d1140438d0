"""Fully connected networks (Zhang et al. 2017, arXiv 1611.03530, section 2 and appendix A: "MLP 1x512", "MLP 3x512")."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from optprimer.networks.dropout import Dropout
from optprimer.networks.weights import he

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {"relu": lambda: nn.ReLU(inplace=True), "tanh": nn.Tanh}


class MLP(nn.Module):
    """Linear layers, and after each but the last ``activation`` and ``dropout``; logits of (N, channels, side, side) images.

    ``widths`` are those of the hidden layers. On 28x28x3 images (512,) has 1,209,866 parameters and (512, 512, 512) has
    1,735,178, as printed in the paper's table 1. The paper's networks have ReLU, biases and no dropout. With ReLU and without
    ``bias`` the logits are homogeneous in the weights, of degree len(widths) + 1.
    """

    def __init__(
        self,
        widths: Sequence[int],
        *,
        channels: int,
        side: int,
        classes: int,
        dropout: float = 0.0,
        activation: str = "relu",
        bias: bool = True,
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Flatten()]
        inputs = channels * side**2
        for width in widths:
            layers += [nn.Linear(inputs, width, bias=bias), ACTIVATIONS[activation](), Dropout(dropout)]
            inputs = width
        self.layers = nn.Sequential(*layers, nn.Linear(inputs, classes, bias=bias))

    def forward(self, x: Tensor) -> Tensor:
        """Map images (N, channels, side, side) to logits (N, classes)."""
        return self.layers(x)


def mlp(
    widths: Sequence[int],
    *,
    channels: int,
    side: int,
    classes: int,
    dropout: float = 0.0,
    activation: str = "relu",
    bias: bool = True,
    generator: torch.Generator,
) -> MLP:
    """Build an MLP with He normal weights and biases that are 0 at the start, or none."""
    size = {"channels": channels, "side": side, "classes": classes}
    network = MLP(widths, **size, dropout=dropout, activation=activation, bias=bias)
    he(network, generator)
    return network
