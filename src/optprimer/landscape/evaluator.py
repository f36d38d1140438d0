"""The loss at w + alpha d1 + beta d2: exact, and at the speed of the machine's matrix multiplication.

All weights live in one flat buffer of which the layers hold views; a grid point is one affine combination of three such
buffers, always from the originals, so that no rounding accumulates from point to point and points can be computed in any
order. Batch norms are folded beforehand (optprimer.landscape.folding) and, where the machine can, layers fused
(optprimer.landscape.fusing); images stay in memory, normalised once.
"""

import copy
import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from optprimer.landscape.folding import BATCH_NORMS, fold
from optprimer.landscape.fusing import can_fuse, fuse
from optprimer.landscape.images import Images
from optprimer.runtime import Runtime

Direction = Mapping[str, Tensor]
PROBE = 4  # images that go through the separate layers first, which show NaN


@dataclass(frozen=True)
class PointLoss:
    """Mean cross-entropy (nats) over n images, its standard error, the accuracy, and how many losses were not finite.

    With any non-finite image loss the mean and its error are NaN.
    """

    loss: float
    loss_se: float
    accuracy: float
    n: int
    n_nonfinite: int


def moving_parameters(network: nn.Module) -> dict[str, Tensor]:
    """Name the parameters that directions move: weight matrices and filters; biases and batch norms stay."""
    return {name: p.detach() for name, p in network.named_parameters() if p.dim() > 1}


class PlaneEvaluator:
    """Evaluates one network on the plane spanned by two directions, on one fixed sample of images."""

    def __init__(self, network: nn.Module, d1: Direction, d2: Direction, runtime: Runtime, example: Tensor) -> None:
        """Fold ``network`` and lay out its weights.

        Args:
            network: any module from (n, C, H, W) to logits; it is copied, not changed.
            d1: first direction, by parameter name; parameters it does not name do not move.
            d2: second direction, likewise.
            runtime: device and precision.
            example: a few input images, to check the folded network on.
        """
        network = network.to(runtime.device)
        example = example.to(runtime.device, torch.float32)
        folded = fold(network, example)
        self.runtime = runtime
        self.note = folded.note
        use_kernels = runtime == Runtime(torch.device("cpu"), "bf16") and can_fuse()  # in fp32 they gain nothing
        self._fused = fuse(folded.network, example) if use_kernels else None
        self._network = convert(folded.network, runtime.dtype)
        if self._fused is not None:
            convert(self._fused, runtime.dtype)  # its layers are those of the network; constants of the graph are its own
            self._fused = self._fused if _runs(self._fused, example.to(runtime.dtype)) else None
        parameters = dict(self._network.named_parameters(remove_duplicate=False))  # a tied weight goes by all its names
        original = {name: p.detach() for name, p in network.named_parameters() if name in parameters}
        self._moving = {name: parameters[name] for name in original if name in d1 or name in d2}

        def flat(direction: Direction) -> Tensor:
            parts = []
            for name in self._moving:
                part = direction[name].to(runtime.device, torch.float32) if name in direction else 0 * original[name]
                parts.append(_as_stored(part * folded.scales.get(name, 1.0)))
            return torch.cat(parts) if parts else torch.empty(0, device=runtime.device)

        self._base, self._d1, self._d2 = (flat(v) for v in (original, d1, d2))
        self._point = torch.empty_like(self._base)
        self._weights = self._point if runtime.dtype == torch.float32 else self._point.to(runtime.dtype)
        offset = 0
        for parameter in self._moving.values():
            parameter.data = _view(self._weights, offset, parameter.shape)
            offset += parameter.numel()

    def move_to(self, alpha: float, beta: float) -> nn.Module:
        """Set the weights to w + alpha d1 + beta d2 and return the (folded) network, valid until the next move."""
        torch.add(self._base, self._d2, alpha=beta, out=self._point)
        self._point.add_(self._d1, alpha=alpha)
        if self._weights is not self._point:
            self._weights.copy_(self._point)
        return self._network

    def __call__(self, alpha: float, beta: float, images: Images, batch_size: int) -> PointLoss:
        """Return the loss at (alpha, beta) over ``images``, a pure function of weights, point, sample and batch size."""
        network = self.move_to(alpha, beta)
        if self._fused is not None and _stays_small(network, images.inputs[:PROBE]):
            network = self._fused
        return image_losses(network, images, batch_size)


def image_losses(network: nn.Module, images: Images, batch_size: int) -> PointLoss:
    """Measure an evaluation-mode ``network`` on ``images``; logits are taken to fp32 and sums to float64."""
    losses, correct = [], []
    with torch.inference_mode():
        for x, y in zip(images.inputs.split(batch_size), images.labels.split(batch_size), strict=True):
            logits = network(x.clone()).float()  # a copy: the network may overwrite its input
            losses.append(functional.cross_entropy(logits, y, reduction="none"))
            correct.append(logits.argmax(1) == y)
        loss = torch.cat(losses).double()
        finite = torch.isfinite(loss)
        n, n_nonfinite = len(loss), int((~finite).sum())
        accuracy = float(torch.cat(correct).double().mean())
        if n_nonfinite:
            return PointLoss(math.nan, math.nan, accuracy, n, n_nonfinite)
        # Sampling without replacement: nothing is left to estimate once all of the population is measured.
        correction = math.sqrt(max(0.0, 1 - n / images.population))
        spread = float(loss.std()) if n > 1 else math.nan
        return PointLoss(float(loss.mean()), spread / math.sqrt(n) * correction, accuracy, n, 0)


def convert(network: nn.Module, dtype: torch.dtype) -> nn.Module:
    """Store ``network`` in ``dtype`` and channels_last, except for batch norms, which keep fp32 as in training."""
    norms = [(m, copy.deepcopy(m.state_dict())) for m in network.modules() if isinstance(m, BATCH_NORMS)]
    stored = itertools.chain(network.parameters(), network.buffers())
    has_volumes = any(tensor.dim() == 5 for tensor in stored)  # the layout exists for images alone
    network.to(dtype, memory_format=torch.preserve_format if has_volumes else torch.channels_last)
    for norm, values in norms:
        norm.float().load_state_dict(values)
    return network


def _runs(network: nn.Module, inputs: Tensor) -> bool:
    """Try ``network``: there are shapes and layouts that kernels refuse in bfloat16 alone."""
    try:
        with torch.inference_mode():
            network(inputs.clone())
    except RuntimeError:
        return False
    return True


def _stays_small(network: nn.Module, inputs: Tensor) -> bool:
    """Tell whether some images pass far below overflow (3e38): other images of the sample are then safe from it as well."""
    with torch.inference_mode():
        return bool((network(inputs.clone()).abs() < 1e18).all())


def _as_stored(weight: Tensor) -> Tensor:
    """Flatten a weight in the order in which it is stored: (O, H, W, I) for filters, which is channels_last."""
    return (weight.permute(0, 2, 3, 1) if weight.dim() == 4 else weight).reshape(-1)


def _view(buffer: Tensor, offset: int, shape: torch.Size) -> Tensor:
    part = buffer[offset : offset + shape.numel()]
    if len(shape) == 4:
        o, i, h, w = shape
        return part.view(o, h, w, i).permute(0, 3, 1, 2)
    return part.view(shape)
