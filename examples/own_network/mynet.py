"""A network of one's own: two convolutions with batch norm and a linear layer, for 8 x 8 grey images."""

from torch import nn


def digit_cnn() -> nn.Module:
    """Build the network; `optprimer landscape --model mynet:digit_cnn` calls this and then loads the weights."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1, bias=False),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1, bias=False),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(32, 10),
    )
