"""Trained normalisation folded into the convolutions before it.

A detector that is fine-tuned on a few images at a time keeps the statistics of its backbone's
training. A normalisation with fixed statistics is a scale and a shift, which the convolution
before it can do itself: the same function, a fifth less time, and a smaller graph.
"""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

SMALL = (1, 3, 64, 64)  # an input on which the order of the layers shows


def fold_norms(net: nn.Module) -> nn.Module:
    """Fold every normalisation of `net` that directly follows a convolution, in place.

    An activation that came inside a normalisation layer, as in timm, takes its place.
    """
    produced: dict[int, tuple[nn.Conv2d, Tensor]] = {}
    pairs: list[tuple[nn.Conv2d, nn.BatchNorm2d]] = []

    def after_convolution(module: nn.Module, _: object, output: Tensor) -> None:
        assert isinstance(module, nn.Conv2d)
        produced[id(output)] = (module, output)  # keeping the tensor keeps its id unique

    def before_norm(module: nn.Module, inputs: tuple[Tensor]) -> None:
        if id(inputs[0]) in produced:
            pairs.append((produced[id(inputs[0])][0], cast("nn.BatchNorm2d", module)))

    hooks = []
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            hooks.append(module.register_forward_hook(after_convolution))
        elif _is_norm(module):
            hooks.append(module.register_forward_pre_hook(before_norm))
    training = net.training
    with torch.no_grad():
        net.eval()(torch.zeros(SMALL))
    for hook in hooks:
        hook.remove()
    names = {module: name for name, module in net.named_modules()}
    for conv, norm in pairs:
        _fold(conv, norm)
        net.set_submodule(names[norm], getattr(norm, "act", None) or nn.Identity())
    return net.train(training)


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
