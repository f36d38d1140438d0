"""Fold batch norms into the convolutions before them, for any network that torch.fx can trace.

In evaluation mode a batch norm after a convolution is affine: y = g (W x + c - m) / sqrt(v + eps) + b. With
s = g / sqrt(v + eps) the pair is the convolution W' = s W (per output channel), c' = s (c - m) + b. Directions do not move
g, b, m, v (nor c), so along w + alpha d1 + beta d2 the folded weights are s w + alpha s d1 + beta s d2 and c' is constant:
folding is exact in real arithmetic and is done once for a whole surface.
"""

import copy
from collections import Counter
from dataclasses import dataclass

import torch
from torch import Tensor, fx, nn

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


@dataclass(frozen=True)
class Folded:
    """An evaluation-mode copy of a network with the same parameter names as the original, less those of unused layers.

    ``scales`` holds, for each folded weight, its factors s, shaped to multiply it. ``plain`` marks a network that had to be
    left as it was; ``note`` says in words what was folded, or why not.
    """

    network: nn.Module
    scales: dict[str, Tensor]
    plain: bool
    note: str


def fold(network: nn.Module, example: Tensor) -> Folded:
    """Fold what can be folded in a copy of ``network``; ``network`` itself is left alone.

    The copy is checked against the original on ``example`` (N, C, H, W), in fp32. A network that cannot be traced, or whose
    traced copy computes something else (control flow that depends on the data), is returned unfolded, and ``note`` says so.
    Batch norms that do not follow a convolution of their own stay as they are, which is exact too.
    """
    plain = copy.deepcopy(network).eval().requires_grad_(requires_grad=False)
    total = sum(isinstance(module, BATCH_NORMS) for module in plain.modules())
    if total == 0:
        return Folded(plain, {}, plain=False, note="no batch norm to fold")
    try:
        traced = fx.symbolic_trace(copy.deepcopy(plain))
    except Exception as error:  # tracing runs the user's code: anything may come out of it
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        return Folded(plain, {}, plain=True, note=f"evaluated unfolded: the network cannot be traced ({reason})")
    scales = _fold_pairs(traced)
    with torch.inference_mode():
        expected, found = plain(example), traced(example)
    # About 100 layers of fp32 rounding at 2**-24 each, with cancellation: 1e-3 of the largest logit is generous to rounding
    # and far below what a wrong graph gives.
    if not torch.allclose(found, expected, rtol=1e-3, atol=1e-3 * float(expected.abs().max())):
        return Folded(plain, {}, plain=True, note="evaluated unfolded: its traced copy computes something else")
    return Folded(traced, scales, plain=False, note=f"{len(scales)} of {total} batch norms folded")


def _fold_pairs(traced: fx.GraphModule) -> dict[str, Tensor]:
    modules = dict(traced.named_modules())
    calls = Counter(node.target for node in traced.graph.nodes if node.op == "call_module")
    owners = Counter(id(p) for m in modules.values() for p in m.parameters(recurse=False))
    scales = {}
    for node in list(traced.graph.nodes):
        norm = modules.get(str(node.target)) if node.op == "call_module" else None
        if not isinstance(norm, BATCH_NORMS) or norm.running_var is None:
            continue
        (source,) = node.all_input_nodes
        if source.op != "call_module" or len(source.users) != 1:
            continue
        convolution = modules[str(source.target)]
        # A convolution called twice, or sharing its weight, has no single scale.
        if not isinstance(convolution, CONVOLUTIONS) or calls[source.target] != 1 or owners[id(convolution.weight)] != 1:
            continue
        scales[f"{source.target}.weight"] = _absorb(convolution, norm)
        node.replace_all_uses_with(source)
        traced.graph.erase_node(node)
    traced.recompile()
    return scales


def _absorb(convolution: nn.Module, norm: nn.Module) -> Tensor:
    scale = torch.rsqrt(norm.running_var.double() + norm.eps)
    if norm.weight is not None:
        scale = scale * norm.weight.double()
    constant = -norm.running_mean.double()
    if convolution.bias is not None:
        constant = constant + convolution.bias.double()
    constant = constant * scale
    if norm.bias is not None:
        constant = constant + norm.bias.double()
    shape = (-1, *[1] * (convolution.weight.dim() - 1))
    scale = scale.to(convolution.weight.dtype).view(shape)
    convolution.weight.data = convolution.weight.data * scale
    convolution.bias = nn.Parameter(constant.to(convolution.weight.dtype), requires_grad=False)
    return scale
