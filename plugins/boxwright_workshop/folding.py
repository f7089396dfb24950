"""Trained normalisation folded into the convolutions before it.

A detector that is fine-tuned on a few images at a time keeps the statistics of its backbone's
training. A normalisation with fixed statistics is a scale and a shift, which the convolution
before it can do itself: the same function, a fifth less time, and a smaller graph.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import cast

import torch
from torch import Tensor, nn
from torch.autograd.graph import Node
from torch.nn.utils.fusion import fuse_conv_bn_weights

PROBE = (1, 3, 64, 64)
"""An input that is large enough to show the order of the layers, (N, C, H, W)."""


def fold_norms(net: nn.Module) -> nn.Module:
    """Fold every normalisation of `net` that has a convolution's output to itself, in place.

    An activation that came inside a normalisation layer, as in timm, takes its place.
    """
    convolutions: dict[Node, nn.Conv2d] = {}
    norms: list[tuple[nn.BatchNorm2d, Node]] = []

    def after_convolution(module: nn.Module, _: object, output: Tensor) -> None:
        convolutions[_maker(output)] = cast("nn.Conv2d", module)

    def before_norm(module: nn.Module, inputs: tuple[Tensor]) -> None:
        norms.append((cast("nn.BatchNorm2d", module), _maker(inputs[0])))

    hooks = []
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            hooks.append(module.register_forward_hook(after_convolution))
        elif _is_norm(module):
            hooks.append(module.register_forward_pre_hook(before_norm))
    training = net.training
    with torch.enable_grad():
        outputs = net.eval()(torch.zeros(PROBE, requires_grad=True))
    for hook in hooks:
        hook.remove()
    readers = _readers(outputs.values() if isinstance(outputs, Mapping) else [outputs])
    runs = Counter([*convolutions.values(), *(norm for norm, _ in norms)])
    names = {module: name for name, module in net.named_modules()}
    for norm, maker in norms:
        conv = convolutions.get(maker)
        if conv is not None and readers[maker] == runs[conv] == runs[norm] == 1:
            _fold(conv, norm)
            net.set_submodule(names[norm], getattr(norm, "act", None) or nn.Identity())
    return net.train(training)


def _maker(tensor: Tensor) -> Node:
    """Return what made `tensor`; changing a tensor in place changes its maker."""
    assert tensor.grad_fn is not None
    return tensor.grad_fn


def _readers(outputs: Iterable[Tensor]) -> Counter[Node]:
    """Return how many times the output of each node is used on the way to `outputs`."""
    counts = Counter(_maker(output) for output in outputs)
    waiting = list(counts)
    while waiting:
        for node, _ in waiting.pop().next_functions:
            if node is not None:
                if node not in counts:
                    waiting.append(node)
                counts[node] += 1
    return counts


def _is_norm(module: nn.Module) -> bool:
    return all(hasattr(module, name) for name in ("running_mean", "running_var", "weight", "eps"))


def _fold(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> None:
    assert norm.running_mean is not None
    assert norm.running_var is not None
    conv.weight, bias = fuse_conv_bn_weights(
        conv.weight,
        conv.bias,
        norm.running_mean,
        norm.running_var,
        norm.eps,
        norm.weight,
        norm.bias,
    )
    conv.bias = bias
