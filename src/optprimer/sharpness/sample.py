"""Images on which a network is measured at any flat weights."""

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from optprimer.data.dataset import Dataset
from optprimer.hessian.loss import NetworkLoss

BLOCK = 1000  # images at a time: these networks are small, and one graph of many images is faster than many of few


class Sample:
    """The images of one split, normalised as in training, in the precision and on the device of ``network``.

    ``loss`` is their mean cross-entropy as a function of the weights, with its derivatives.
    """

    def __init__(self, network: nn.Module, data: Dataset, split: str) -> None:
        like = next(network.parameters())
        images = torch.tensor(getattr(data, f"{split}_images"), device=like.device).float() / 255
        mean, std = (torch.tensor(values, device=like.device) for values in (data.mean, data.std))
        self.inputs = ((images - mean) / std).permute(0, 3, 1, 2).to(like.dtype)
        self.labels = torch.tensor(getattr(data, f"{split}_labels"), device=like.device)
        self.loss = NetworkLoss(network, cross_entropy, self.inputs, self.labels, block=BLOCK)

    def __len__(self) -> int:
        return len(self.labels)

    @torch.no_grad()
    def outputs(self, point: Tensor) -> Tensor:
        """Return the logits (n, classes) at ``point`` (d,)."""
        return torch.cat([self.loss.outputs(point, x) for x in self.inputs.split(BLOCK)])

    def loss_and_accuracy(self, point: Tensor) -> tuple[float, float]:
        """Return mean loss and accuracy at ``point`` (d,)."""
        outputs = self.outputs(point)
        accuracy = (outputs.argmax(1) == self.labels).double().mean()
        return float(cross_entropy(outputs, self.labels)), float(accuracy)
