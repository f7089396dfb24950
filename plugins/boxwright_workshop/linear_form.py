"""Any network as the linear one with the same connections: every weight a positive constant.

Its gradients tell what is connected to what. Nothing cancels, and in float64 a gradient is 0 only
where there is no connection. Torch's functions are replaced while they are called, whoever calls
them: modules, functional code, torchvision's and timm's own layers.

What is reduced over a whole feature map, as gates do it, becomes a constant: connections through
it are left out.
"""

import copy
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules.utils import _pair
from torch.overrides import TorchFunctionMode

from boxwright_contract.errors import BadPlugin

Pair: TypeAlias = int | tuple[int, int]
"""The same for both axes, or y, x."""
Axes: TypeAlias = int | tuple[int, ...] | None

UNCHANGING = """
    abs alpha_dropout batch_norm celu clamp clip dropout dropout1d dropout2d dropout3d elu erf exp
    feature_alpha_dropout gelu group_norm hardshrink hardsigmoid hardswish hardtanh instance_norm
    layer_norm leaky_relu local_response_norm log log1p logsigmoid mish neg normalize pow prelu
    reciprocal relu relu6 rms_norm rrelu rsqrt selu sigmoid silu softplus softsign sqrt square
    tanh threshold
"""
"""Functions after which an element is connected to what it was connected to before."""

ATTENTION = "multi_head_attention_forward scaled_dot_product_attention softmax"
"""Functions after which it depends on values."""


def with_constant_weights(net: nn.Module) -> nn.Module:
    """Return a copy of `net` in float64 and eval mode, with all its numbers 1."""
    other = copy.deepcopy(net).cpu().double().eval().requires_grad_(False)
    for number in (*other.parameters(), *other.buffers()):
        if number.is_floating_point():
            number.fill_(1)
    return other


class LinearForm(TorchFunctionMode):
    """While it is active, torch's functions do what those of the linear network do."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 - whatever `func` returns
        """Call `func`, or what stands for it where it has a tensor that depends on the input.

        Raises:
            BadPlugin: It is attention.
        """
        name = getattr(func, "__name__", "").strip("_")
        told = kwargs or {}
        if not any(isinstance(x, Tensor) and x.requires_grad for x in (*args, *told.values())):
            return func(*args, **told)
        if name in ATTENTION.split():
            raise BadPlugin(
                f"the gradient check cannot follow {name}: there it depends on values what is "
                "connected to what. Trust the analysis of the exported graph alone."
            )
        if name in UNCHANGING.split():
            return args[0]
        return REPLACED.get(name, func)(*args, **told)


def conv2d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Pair = 1,
    padding: str | Pair = 0,
    dilation: Pair = 1,
    groups: int = 1,
) -> Tensor:
    """Return the convolution with equal weights: the mean over channels, added over the window."""
    by_group = x.unflatten(1, (groups, -1)).mean(dim=2)  # (N, groups, H, W)
    kernel, rate = _pair(weight.shape[2:]), _pair(dilation)
    if isinstance(padding, str):
        reach = [r * (k - 1) if padding == "same" else 0 for k, r in zip(kernel, rate, strict=True)]
        ends = [(all_of_it // 2, all_of_it - all_of_it // 2) for all_of_it in reach]
    else:
        ends = [(side, side) for side in _pair(padding)]
    padded = functional.pad(by_group, (*ends[1], *ends[0]))
    added = added_over_windows(padded, kernel, _pair(stride), rate)
    return added[:, :, None].expand(-1, -1, len(weight) // groups, -1, -1).flatten(1, 2)


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return the mean over channels, the last axis, for each channel that comes out."""
    return x.mean(dim=-1, keepdim=True).expand(*x.shape[:-1], len(weight))


def max_pool2d(
    x: Tensor,
    kernel_size: Pair,
    stride: Pair | None = None,
    padding: Pair = 0,
    dilation: Pair = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor:
    """Return the sum over each window; what it holds outside of the map counts as 0."""
    told = (kernel_size, stride or kernel_size, padding, dilation)
    cells = functional.max_pool2d(x[:, :1].detach(), *told, ceil_mode=ceil_mode).shape[2:]
    kernel, step, start, rate = (_pair(value) for value in told)
    end = [
        (cells[i] - 1) * step[i] + rate[i] * (kernel[i] - 1) + 1 - start[i] - x.shape[2 + i]
        for i in range(2)
    ]
    padded = functional.pad(x, (start[1], end[1], start[0], end[0]))
    return added_over_windows(padded, kernel, step, rate)


def added_over_windows(
    x: Tensor, kernel: tuple[int, ...], stride: tuple[int, ...], dilation: tuple[int, ...]
) -> Tensor:
    """Return the sums over the windows of each channel of `x`, by the quickest way."""
    if dilation == (1, 1):
        return functional.avg_pool2d(x, kernel, stride, divisor_override=1)
    each = x.flatten(0, 1)[:, None]
    ones = x.new_ones(1, 1, *kernel)
    added = functional.conv2d(each, ones, stride=stride, dilation=dilation)
    return added[:, 0].unflatten(0, x.shape[:2])


def pad(
    x: Tensor, pad: tuple[int, ...], mode: str = "constant", value: float | None = None
) -> Tensor:
    """Pad with 0 where a constant is wanted: before a maximum it is infinite."""
    return functional.pad(x, pad, mode)


def reduced(x: Tensor, dim: Axes = None, keepdim: bool = False, **_: object) -> Tensor:
    """Return a constant if several axes are reduced together, and the mean over one axis."""
    mean = x.mean(dim, keepdim)
    return mean if isinstance(dim, int) else torch.ones_like(mean)


def adaptive_pool2d(x: Tensor, output_size: Pair, *_: object) -> Tensor:
    """Return a constant if everything becomes one cell, and the average if not."""
    average = functional.adaptive_avg_pool2d(x, output_size)
    return torch.ones_like(average) if average.shape[2:] == (1, 1) else average


REPLACED: dict[str, Callable[..., Tensor]] = {
    "conv2d": conv2d,
    "linear": linear,
    "max_pool2d": max_pool2d,
    "pad": pad,
    **dict.fromkeys(("adaptive_avg_pool2d", "adaptive_max_pool2d"), adaptive_pool2d),
    **dict.fromkeys(("amax", "amin", "mean", "norm", "std", "sum", "var"), reduced),
    **dict.fromkeys(("div", "divide", "rdiv", "true_divide", "truediv", "rtruediv"), torch.mul),
    **dict.fromkeys(("imul", "mul"), torch.mul),  # never in place: maps share their memory here
    **dict.fromkeys(("add", "iadd", "rsub", "sub", "subtract"), torch.add),
}
"""Functions, by name without underscores, that the linear network computes in another way."""
