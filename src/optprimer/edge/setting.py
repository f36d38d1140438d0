"""Images and losses of the stage's networks: standardised pixels, whole batches, flat weights."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from optprimer.data.dataset import Dataset
from optprimer.data.sampling import drawn
from optprimer.networks.build import build
from optprimer.networks.mlp import mlp
from optprimer.networks.weights import torch_default

TANH, RELU, LINEAR = "mlp_tanh", "mlp", "linear"  # linear is softmax regression, a network without hidden units


def standardised(images: np.ndarray, dtype: torch.dtype) -> Tensor:
    """Return images (n, H, W, C) as (n, C, H, W), each pixel with mean 0 and standard deviation 1 over the n images.

    Coordinate by coordinate, as Cohen et al. 2021 do. A pixel that is the same in all images becomes 0.
    """
    pixels = torch.from_numpy(np.array(images)).permute(0, 3, 1, 2).to(dtype)
    centred = pixels - pixels.mean(0)
    deviation = centred.square().mean(0).sqrt()
    return (centred / torch.where(deviation > 0, deviation, 1)).contiguous()


@dataclass(frozen=True)
class Sample:
    """Standardised ``inputs`` (n, C, H, W) and ``labels`` (n,) of the training images of one repetition."""

    inputs: Tensor
    labels: Tensor


def sample(data: Dataset, images: int, seed: int, index: int, dtype: torch.dtype, device: torch.device) -> Sample:
    """Draw training images by class for repetition ``index``; standardise them."""
    few = drawn(data, images=images, test_images=None, folds=0, seed=seed, index=index)
    labels = torch.from_numpy(np.array(few.train_labels))
    return Sample(standardised(few.train_images, dtype).to(device), labels.to(device))


def half_squared_error(outputs: Tensor, labels: Tensor) -> Tensor:
    """Return the mean over images of 1/2 sum_k (output_k - [label = k])^2, for outputs (n, K) and labels (n,).

    A sum over the outputs, as in Cohen et al. 2021: a mean over ten of them would make sharpness five times smaller.
    """
    targets = functional.one_hot(labels, outputs.shape[1]).to(outputs)
    return 0.5 * (outputs - targets).square().sum(1).mean()


def network_of(architecture: str, widths: Sequence[int], data: Dataset, generator: torch.Generator) -> nn.Module:
    """Build a network for the images of ``data``, of which ``linear`` has no ``widths``, with torch's default start."""
    size = {"channels": data.train_images.shape[-1], "side": data.train_images.shape[1], "classes": len(data.classes)}
    if architecture == TANH:
        network = mlp(widths, **size, activation="tanh", generator=generator)
    else:
        network = build("mlp" if architecture == LINEAR else architecture, widths, **size, generator=generator)
    torch_default(network, generator)
    return network


def accuracy(outputs: Tensor, labels: Tensor) -> float:
    """Return the share of images whose largest output is that of their label."""
    return int((outputs.argmax(1) == labels).sum()) / len(labels)
