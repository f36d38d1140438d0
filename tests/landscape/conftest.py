"""Small networks whose batch norms matter, a few images, and a slow second opinion on losses.

The second opinion is the plain module, copied to float64, displaced parameter by parameter, in evaluation mode, with the
cross-entropy written out in NumPy. It shares neither folding, flat buffers, nor fp32 rounding with the package.
"""

import copy
import math

import numpy as np
import pytest
import torch
from torch import nn

from optprimer.landscape.directions import random_plane
from optprimer.landscape.evaluator import PointLoss
from optprimer.landscape.images import Images, sample
from optprimer.networks.resnet import resnet
from optprimer.runtime import Runtime


def trained_norms(network, seed=0):
    """Give batch norms statistics and affine maps as after training: nothing at 0 or 1, some slopes negative."""
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            size = module.num_features
            if module.running_var is not None:
                module.running_mean.copy_(0.3 * torch.randn(size, generator=generator))
                module.running_var.copy_(0.5 + torch.rand(size, generator=generator))
            if module.affine:
                signs = torch.where(torch.rand(size, generator=generator) < 0.1, -1.0, 1.0)
                module.weight.data = signs * (0.5 + torch.rand(size, generator=generator))
                module.bias.data = 0.3 * torch.randn(size, generator=generator)
    return network.eval()


def residual_network(*, skips, seed=1):
    generator = torch.Generator().manual_seed(seed)
    network = resnet(8, skips=skips, channels=3, classes=10, generator=generator)
    # As initialised the last layer is nearly zero and the loss ln 10 whatever the rest does.
    network.linear.weight.data = 0.3 * torch.randn(network.linear.weight.shape, generator=generator)
    network.linear.bias.data = 0.3 * torch.randn(10, generator=generator)
    return trained_norms(network, seed)


def losses_by_hand(network, images, plane=None, alpha=0.0, beta=0.0):
    """Per-image cross-entropy (n,) float64, and whether each image is classified correctly."""
    moved = copy.deepcopy(network).double().eval()
    if plane is not None:
        for name, parameter in moved.named_parameters():
            if name in plane.d1:
                parameter.data = parameter.data + alpha * plane.d1[name].double() + beta * plane.d2[name].double()
    with torch.no_grad():
        logits = moved(images.inputs.double().contiguous()).numpy()
    labels = images.labels.numpy()
    top = logits.max(axis=1, keepdims=True)
    logs = top[:, 0] + np.log(np.exp(logits - top).sum(axis=1))
    return logs - logits[np.arange(len(labels)), labels], logits.argmax(axis=1) == labels


def point_by_hand(network, images, plane=None, alpha=0.0, beta=0.0):
    losses, correct = losses_by_hand(network, images, plane, alpha, beta)
    n, size = len(losses), images.population
    se = losses.std(ddof=1) / math.sqrt(n) * math.sqrt(1 - n / size)
    return PointLoss(losses.mean(), se, correct.mean(), n, 0)


@pytest.fixture(scope="session")
def runtime():
    return Runtime(torch.device("cpu"), "fp32")


@pytest.fixture(scope="session")
def bf16():
    return Runtime(torch.device("cpu"), "bf16")


@pytest.fixture(scope="session")
def normalise_norms():
    return trained_norms


@pytest.fixture(scope="session")
def by_hand():
    return point_by_hand


@pytest.fixture(scope="session", params=[True, False], ids=["skips", "plain"])
def network(request):
    return residual_network(skips=request.param)


@pytest.fixture(scope="session")
def skip_network():
    return residual_network(skips=True)


@pytest.fixture(scope="session")
def plane(skip_network):
    """Directions over the parameters of ``skip_network``; those of the network without shortcuts are among them."""
    return random_plane(skip_network, 0, 0, "filter", 1.0)


@pytest.fixture(scope="session")
def pictures():
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (120, 8, 8, 3), dtype=np.uint8), np.repeat(np.arange(10), 12)


@pytest.fixture(scope="session")
def images(pictures, runtime):
    """48 of 120 images, so that standard errors carry a correction of sqrt(0.6)."""
    return sample(*pictures, 48, 0, (0.5, 0.4, 0.6), (0.3, 0.2, 0.25), runtime)


@pytest.fixture(scope="session")
def few(images):
    return Images(images.inputs[:12], images.labels[:12], images.population)


@pytest.fixture(autouse=True)
def _nothing_moves(request):
    """Session networks are shared: a test that leaves one altered fails, and says so."""
    names = [name for name in ("network", "skip_network") if name in request.fixturenames]
    shared = [request.getfixturevalue(name) for name in names]
    before = [copy.deepcopy(net.state_dict()) for net in shared]
    yield
    for net, state in zip(shared, before, strict=True):
        assert not any(module.training for module in net.modules())
        assert all(p.requires_grad and p.grad is None for p in net.parameters())
        assert all(torch.equal(value, state[key]) for key, value in net.state_dict().items())
