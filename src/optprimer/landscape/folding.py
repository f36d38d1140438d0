"""Fold batch norms into the convolutions before them, for any network that torch.fx can trace.

In evaluation mode a batch norm after a convolution is affine: y = g (W x + c - m) / sqrt(v + eps) + b. With
s = g / sqrt(v + eps) the pair is the convolution W' = s W (per output channel), c' = s (c - m) + b. Directions do not move
g, b, m, v (nor c), so along w + alpha d1 + beta d2 the folded weights are s w + alpha s d1 + beta s d2 and c' is constant:
folding is exact in real arithmetic and is done once for a whole surface.
"""

import copy
from collections import Counter
from collections.abc import Callable
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


class _Tracer(fx.Tracer):
    def create_args_for_root(self, root_fn: Callable, *_: object) -> tuple[Callable, list]:
        return root_fn, [self.root, self.create_proxy("placeholder", "images", (), {})]


def trace(network: nn.Module) -> fx.GraphModule:
    """Trace ``network`` as a function of its images alone: whatever else its ``forward`` takes keeps its default.

    Tracing runs the user's code, so any exception may come out of it.
    """
    if not is_untouched(network):
        raise ValueError("it has hooks or a forward of its own, which a trace would lose")
    return fx.GraphModule(network, _Tracer().trace(network))


def is_untouched(module: nn.Module) -> bool:
    """Tell whether a module does what its class says: no hook runs with it, and no attribute hides its method or weights."""
    hooks = module._forward_hooks or module._forward_pre_hooks
    return not hooks and vars(module).keys().isdisjoint({"forward", "weight", "bias"})


def agree(found: Tensor, expected: Tensor, tolerance: float = 1e-3) -> bool:
    """Tell whether two batches of logits, of which some are finite, differ by at most ``tolerance`` of the largest.

    About 100 layers of fp32 rounding at 2**-24 each, with cancellation: 1e-3 is generous to rounding and far below what a wrong
    graph gives. What is not finite in one must be so in the other.
    """
    finite = expected[torch.isfinite(expected)].abs()
    if found.shape != expected.shape or len(finite) == 0:
        return False
    return torch.allclose(found, expected, rtol=tolerance, atol=tolerance * float(finite.max()), equal_nan=True)


def fold(network: nn.Module, example: Tensor) -> Folded:
    """Fold what can be folded in a copy of ``network``; ``network`` itself is left alone.

    The copy is checked against the original on ``example`` (N, C, H, W), in fp32. A network that cannot be traced, or whose
    traced copy fails or computes something else (control flow that depends on the data), is returned unfolded, and ``note``
    says so. Batch norms that do not follow a convolution of their own stay as they are, which is exact too.
    """
    plain = copy.deepcopy(network).eval().requires_grad_(requires_grad=False)
    if not any(isinstance(module, BATCH_NORMS) for module in plain.modules()):
        return Folded(plain, {}, plain=False, note="no batch norm to fold")
    try:
        traced = trace(copy.deepcopy(plain))
        norms = _norms(traced)
        scales = _fold_pairs(traced)
        with torch.inference_mode():
            found = traced(example.clone())  # a copy each time: a network may overwrite its input
    except Exception as error:  # the user's code has run: anything may come out of it
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        return Folded(plain, {}, plain=True, note=f"evaluated unfolded: the network cannot be traced ({reason})")
    with torch.inference_mode():
        expected = plain(example.clone())
    if not agree(found, expected):
        note = "evaluated unfolded: its traced copy computes something else, or nothing finite"
        return Folded(plain, {}, plain=True, note=note)
    note = f"{len(norms - _norms(traced))} of {len(norms)} batch norms folded"
    return Folded(traced, scales, plain=False, note=note)


def _norms(traced: fx.GraphModule) -> set[str]:
    called = {str(node.target) for node in traced.graph.nodes if node.op == "call_module"}
    return {name for name in called if isinstance(traced.get_submodule(name), BATCH_NORMS)}


def _fold_pairs(traced: fx.GraphModule) -> dict[str, Tensor]:
    modules = dict(traced.named_modules())
    calls = Counter(node.target for node in traced.graph.nodes if node.op == "call_module")
    owners = Counter(id(p) for m in modules.values() for p in m.parameters(recurse=False))
    scales = {}
    for node in list(traced.graph.nodes):
        norm = modules.get(str(node.target)) if node.op == "call_module" else None
        if type(norm) not in BATCH_NORMS or not is_untouched(norm) or norm.running_var is None:
            continue
        (source,) = node.all_input_nodes
        if source.op != "call_module" or len(source.users) != 1:
            continue
        convolution = modules[str(source.target)]
        # Neither what a subclass or a hook makes of a weight (parametrizations, weight norm, pruning) follows its scale.
        if type(convolution) not in CONVOLUTIONS or not is_untouched(convolution):
            continue
        # A convolution called twice, or sharing its weight, has no single scale.
        if calls[source.target] != 1 or owners[id(convolution.weight)] != 1:
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
