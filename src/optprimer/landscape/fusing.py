"""Join each convolution with the sum and the rectifier that follow it, where the machine has one kernel for all three.

On CPUs in bfloat16 the arithmetic of small convolutions is so fast that writing their outputs to memory, only to read them
again for the sum and the rectifier, takes a good part of the time. oneDNN can apply both to the accumulator instead, which
also rounds once where separate layers round three times. PyTorch has the operators for its own compiler's use; here they are
called without it, so nothing is compiled, and every layer keeps its name, its weight and its bias.
"""

import operator
from dataclasses import dataclass

import torch
from torch import Tensor, fx, nn
from torch.fx.passes.shape_prop import ShapeProp
from torch.nn import functional

RECTIFIERS = (torch.relu, torch.relu_, functional.relu, functional.relu_, "relu", "relu_")
CALLS = ("call_function", "call_method")
SUMS = (operator.add, operator.iadd, torch.add, "add", "add_")


@dataclass(frozen=True)
class Chain:
    """A convolution, what is added to its output, and the rectifier at the end; the latter two where there are any."""

    convolution: fx.Node
    addition: fx.Node | None
    addend: fx.Node | None
    rectifier: fx.Node | None

    @property
    def last(self) -> fx.Node:
        """The node whose value the whole chain has."""
        return self.rectifier or self.convolution


def can_fuse() -> bool:
    """Tell whether this build of PyTorch on this processor has the fused kernels in bfloat16."""
    operators = torch.ops.mkldnn
    return hasattr(operators, "_convolution_pointwise_") and operators._is_mkldnn_bf16_supported()


def fuse(network: nn.Module, example: Tensor) -> nn.Module | None:
    """Return a network that shares the parameters of fp32 ``network`` and computes the same with fused kernels.

    It is meant for bfloat16 on a CPU. None is returned for a network that cannot be traced, that has nothing to fuse, or
    whose fused copy fails the check on ``example``, (n, C, H, W) in fp32 with n > 1: where the order of events matters (a
    layer that overwrites another's input), fusing would change the result.

    The fused rectifier takes NaN to 0, unlike PyTorch's own: whoever calls the result has to know that nothing overflows.
    """
    try:
        traced = fx.symbolic_trace(network)
    except Exception:  # tracing runs the user's code: anything may come out of it
        return None
    with torch.inference_mode():
        ShapeProp(traced).propagate(example)
        if not _fuse_chains(traced):
            return None
        expected, found = network(example), traced(example)
    scale = float(expected.abs().max())
    return traced if torch.allclose(found, expected, rtol=1e-3, atol=1e-3 * scale) else None


def _fuse_chains(traced: fx.GraphModule) -> int:
    modules = dict(traced.named_modules())
    for node in list(traced.graph.nodes):
        if node.op == "call_module" and isinstance(modules[str(node.target)], nn.Identity):
            node.replace_all_uses_with(node.args[0])
            traced.graph.erase_node(node)
    fused: set[fx.Node] = set()
    for node in list(traced.graph.nodes):
        if _is_convolution(node, modules):
            chain = _chain(node, modules)
            fused.add(_replace(traced.graph, chain, modules[str(node.target)], fused))
    traced.graph.lint()
    traced.recompile()
    return len(fused)


def _is_convolution(node: fx.Node, modules: dict[str, nn.Module]) -> bool:
    module = modules.get(str(node.target)) if node.op == "call_module" else None
    plain = type(module) is nn.Conv2d and module.padding_mode == "zeros" and not isinstance(module.padding, str)
    return plain and len(_shape(node)) == 4


def _chain(convolution: fx.Node, modules: dict[str, nn.Module]) -> Chain:
    user = _only_user(convolution)
    if _is_rectifier(user, modules):
        return Chain(convolution, None, None, user)
    if user is not None and user.op in CALLS and user.target in SUMS and not user.kwargs and len(user.args) == 2:
        others = [term for term in user.args if term is not convolution]
        rectifier = _only_user(user)
        # Equal shapes: the kernel does not broadcast.
        if len(others) == 1 and _shape(others[0]) == _shape(convolution) and _is_rectifier(rectifier, modules):
            return Chain(convolution, user, others[0], rectifier)
    return Chain(convolution, None, None, None)


def _replace(graph: fx.Graph, chain: Chain, convolution: nn.Conv2d, fused: set[fx.Node]) -> fx.Node:
    settings = (convolution.padding, convolution.stride, convolution.dilation, convolution.groups)
    kernels = torch.ops.mkldnn
    with graph.inserting_before(chain.last):
        weight = graph.get_attr(f"{chain.convolution.target}.weight")
        bias = graph.get_attr(f"{chain.convolution.target}.bias") if convolution.bias is not None else None
        layer = (chain.convolution.args[0], weight, bias, *settings)
        rest = ("add", 1.0, "relu", [], "")
        if chain.addend is None:
            kernel = kernels._convolution_pointwise.default
            arguments = (*layer, "relu" if chain.rectifier else "none", [], "")
        elif _is_spent(chain, graph, fused):
            kernel, arguments = kernels._convolution_pointwise_.binary, (chain.addend, *layer, *rest)
        else:
            kernel, arguments = kernels._convolution_pointwise.binary, (layer[0], chain.addend, *layer[1:], *rest)
        new = graph.call_function(kernel, arguments)
    new.meta = dict(chain.last.meta)
    chain.last.replace_all_uses_with(new)
    for node in (chain.rectifier, chain.addition, chain.convolution):
        if node is not None:
            graph.erase_node(node)
    return new


def _is_spent(chain: Chain, graph: fx.Graph, fused: set[fx.Node]) -> bool:
    """Tell whether the sum may overwrite its addend: a kernel's output, read by kernels alone and here for the last time."""
    place = {node: i for i, node in enumerate(graph.nodes)}
    readers = [user for user in chain.addend.users if user is not chain.addition]
    return chain.addend in fused and all(r in fused and place[r] < place[chain.last] for r in readers)


def _only_user(node: fx.Node) -> fx.Node | None:
    return next(iter(node.users)) if len(node.users) == 1 else None


def _is_rectifier(node: fx.Node | None, modules: dict[str, nn.Module]) -> bool:
    if node is None:
        return False
    if node.op == "call_module":
        return type(modules[str(node.target)]) is nn.ReLU
    return node.op in CALLS and node.target in RECTIFIERS


def _shape(node: object) -> tuple[int, ...]:
    """Return the shape of a node's tensor, () for what is not one."""
    return tuple(getattr(node.meta.get("tensor_meta"), "shape", ())) if isinstance(node, fx.Node) else ()
