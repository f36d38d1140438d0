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

from optprimer.landscape.folding import BATCH_NORMS, CONVOLUTIONS, agree, is_untouched, trace

RECTIFIERS = (torch.relu, torch.relu_, functional.relu, functional.relu_, "relu", "relu_")
CALLS = ("call_function", "call_method")
SUMS = (operator.add, operator.iadd, torch.add, "add", "add_")
OVERWRITING = (operator.iadd, "add_", torch.relu_, functional.relu_, "relu_")
POOLS = (nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d)
POOLING = (functional.max_pool2d, functional.avg_pool2d, functional.adaptive_avg_pool2d)

# The operations of networks that may be fused, by type of layer, function or name of method. All grow in proportion with
# their input or slower, and none has a pole or saturates: one image cannot turn to NaN, and overflow cannot pass unseen.
LAYERS = (*CONVOLUTIONS, *BATCH_NORMS, *POOLS, nn.Linear, nn.ReLU, nn.ZeroPad2d)
NEW = (*LAYERS, *SUMS, *RECTIFIERS, *POOLING, functional.linear, functional.pad, torch.cat, torch.mean, "mean", "amax")
VIEWS = (nn.Dropout, nn.Dropout2d, nn.Flatten, functional.dropout, torch.flatten, torch.reshape, operator.getitem, getattr)
KNOWN = (*NEW, *VIEWS, nn.Identity, "flatten", "reshape", "view", "size", "contiguous")


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

    It is meant for bfloat16 on a CPU. None is returned for a network that cannot be traced, that has nothing to fuse, that does
    more than the operations listed above or where the order of events matters (a layer that overwrites what another reads), and
    for one whose fused copy fails the check on ``example``, (n, C, H, W) in fp32 with n > 1.

    The fused rectifier takes NaN to 0, unlike PyTorch's own: whoever calls the result has to know that nothing overflows.
    """
    try:
        traced = trace(network)
        with torch.inference_mode():
            ShapeProp(traced).propagate(example.clone())
            if not _is_fusible(traced) or not _fuse_chains(traced):
                return None
            expected, found = network(example.clone()), traced(example.clone())
    except Exception:  # the user's code has run: anything may come out of it
        return None
    return traced if agree(found, expected) else None


def _is_fusible(traced: fx.GraphModule) -> bool:
    """Tell whether fusing is safe whatever the images: every operation is known, and what is overwritten nobody else sees."""
    modules = dict(traced.named_modules())
    if not all(_is_known(node, modules) for node in traced.graph.nodes if node.op in (*CALLS, "call_module")):
        return False
    _remove_identities(traced, modules)
    return all(_is_spare(node.all_input_nodes[0], modules) for node in traced.graph.nodes if _overwrites(node, modules))


def _is_known(node: fx.Node, modules: dict[str, nn.Module]) -> bool:
    layer = modules[str(node.target)] if node.op == "call_module" else None
    if layer is not None and not is_untouched(layer):
        return False
    by_batch = isinstance(layer, BATCH_NORMS) and layer.running_var is None  # scales anything to 1, overflow unseen
    return not by_batch and "out" not in node.kwargs and _kind(node, modules) in KNOWN


def _kind(node: fx.Node, modules: dict[str, nn.Module]) -> object:
    return type(modules[str(node.target)]) if node.op == "call_module" else node.target


def _remove_identities(traced: fx.GraphModule, modules: dict[str, nn.Module]) -> None:
    for node in list(traced.graph.nodes):
        if _kind(node, modules) is nn.Identity:
            node.replace_all_uses_with(node.all_input_nodes[0])
            traced.graph.erase_node(node)


def _overwrites(node: fx.Node, modules: dict[str, nn.Module]) -> bool:
    if node.op == "call_module":
        return bool(getattr(modules[str(node.target)], "inplace", False))
    return node.target in OVERWRITING or bool(node.kwargs.get("inplace"))


def _is_spare(node: fx.Node, modules: dict[str, nn.Module]) -> bool:
    """Tell whether the value of ``node`` is a tensor of its own that has one reader."""
    return len(node.users) == 1 and (node.op == "placeholder" or _kind(node, modules) in NEW)


def _fuse_chains(traced: fx.GraphModule) -> int:
    modules = dict(traced.named_modules())
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
    in_groups = modules[str(convolution.target)].groups > 1  # for which the kernel has no sums in bfloat16
    if not in_groups and _is_sum(user):
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
        layer = (chain.convolution.all_input_nodes[0], weight, bias, *settings)
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


def _is_sum(node: fx.Node | None) -> bool:
    return node is not None and node.op in CALLS and node.target in SUMS and not node.kwargs and len(node.args) == 2


def _is_rectifier(node: fx.Node | None, modules: dict[str, nn.Module]) -> bool:
    if node is None:
        return False
    if node.op == "call_module":
        return type(modules[str(node.target)]) is nn.ReLU
    return node.op in CALLS and node.target in RECTIFIERS


def _shape(node: object) -> tuple[int, ...]:
    """Return the shape of a node's tensor, () for what is not one."""
    return tuple(getattr(node.meta.get("tensor_meta"), "shape", ())) if isinstance(node, fx.Node) else ()
