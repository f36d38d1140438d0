"""The small AlexNet of Zhang et al. 2017 (arXiv 1611.03530, appendix A), and a smaller one for 8x8 images.

Twice a convolution, ReLU, 3x3 max pooling with stride 2 and local response norm; then fully connected layers of 384 and 192
units. The paper does not state the 64 filters of a convolution; with them, 28x28x3 images and padding that keeps the size, the
network has the 1,387,786 parameters that it prints. Nor does it state the constants of the norm: ours are those of TensorFlow's
CIFAR-10 tutorial, whose network has the same layers. Where the second pooling would leave 2x2 pixels of an image, it is left
out and everything is smaller.
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from optprimer.networks.dropout import Dropout
from optprimer.networks.weights import torch_default

# In torch's meaning. TensorFlow's tutorial has radius 4 and alpha 0.001 / 9, which is the same: it does not divide alpha by the
# channels of the window.
WINDOW, ALPHA, K = 9, 0.001, 1.0


@dataclass(frozen=True)
class Size:
    """Filters and kernel of both convolutions, whether the second one is pooled, and units of the fully connected layers."""

    filters: int
    kernel: int
    second_pool: bool
    hidden: tuple[int, int]


PAPER = Size(64, 5, second_pool=True, hidden=(384, 192))
SMALL = Size(16, 3, second_pool=False, hidden=(256, 128))
SMALLEST_SIDE_OF_PAPER = 16  # 4x4 pixels after two poolings


class LocalResponseNorm(nn.Module):
    """x_c / (k + alpha/9 * sum of x_j^2 over the 9 channels around c)^(3/4) (Krizhevsky et al. 2012, section 3.3).

    The same as ``torch.nn.LocalResponseNorm(9, 0.001, 0.75, 1)``, but faster: the sum is a 1x1 convolution with a band matrix.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        index = torch.arange(channels)
        band = (index[:, None] - index).abs() <= WINDOW // 2
        self.register_buffer("band", band[:, :, None, None] * (ALPHA / WINDOW), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, channels, H, W) to the same shape."""
        root = torch.rsqrt(K + functional.conv2d(x.square(), self.band))  # denominator to the power -1/2
        return x * root * root.sqrt()


class AlexNet(nn.Module):
    """The network of the module's docstring, sized to its images; logits of (N, channels, side, side) images.

    ``dropout`` follows each hidden fully connected layer, as in Krizhevsky et al. 2012; Zhang et al. have none.
    """

    def __init__(self, *, channels: int, side: int, classes: int, dropout: float) -> None:
        super().__init__()
        size = PAPER if side >= SMALLEST_SIDE_OF_PAPER else SMALL
        features: list[nn.Module] = []
        inputs = channels
        for pool in (True, size.second_pool):
            features += [nn.Conv2d(inputs, size.filters, size.kernel, padding="same"), nn.ReLU(inplace=True)]
            if pool:
                features.append(nn.MaxPool2d(3, stride=2, padding=1))
                side = (side + 1) // 2
            features.append(LocalResponseNorm(size.filters))
            inputs = size.filters
        self.features = nn.Sequential(*features)
        units = (size.filters * side**2, *size.hidden)
        hidden: list[nn.Module] = []
        for before, after in pairwise(units):
            hidden += [nn.Linear(before, after), nn.ReLU(inplace=True), Dropout(dropout)]
        self.classifier = nn.Sequential(nn.Flatten(), *hidden, nn.Linear(units[-1], classes))

    def forward(self, x: Tensor) -> Tensor:
        """Map images (N, channels, side, side) to logits (N, classes)."""
        return self.classifier(self.features(x))


def alexnet(*, channels: int, side: int, classes: int, dropout: float = 0.0, generator: torch.Generator) -> AlexNet:
    """Build an AlexNet with torch's default start.

    With He's larger weights the loss starts at 6 nats, and from a learning rate of .02 on some networks for 8x8 images collapse
    to a constant.
    """
    network = AlexNet(channels=channels, side=side, classes=classes, dropout=dropout)
    torch_default(network, generator)
    return network
