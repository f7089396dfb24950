"""Random stacks of layers, and the same layers made of torch."""

from collections.abc import Callable
from math import prod
from typing import Any

import pytest
import torch
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

from boxwright_contract.geometry.layers import (
    Branches,
    Conv,
    ConvTranspose,
    GlobalPool,
    Layer,
    LightweightConv,
    Linear,
    Norm,
    Pool,
    Stack,
    Upsample,
)

Trace = tuple[list[tuple[tuple[int, ...], int]], Tensor]
"""The shape and the parameters of each layer, and the output of the last."""


CHANNELS, GROUPS = st.sampled_from((4, 8)), st.sampled_from((1, 2, 4))


class Lightweight(nn.Module):
    """As section 3 of arXiv:1901.10430 has it."""

    def __init__(self, layer: LightweightConv, channels: int, axes: int) -> None:
        super().__init__()
        kernel = (layer.kernel,) * axes if isinstance(layer.kernel, int) else layer.kernel
        self.weight = nn.Parameter(torch.zeros(layer.heads, 1, *kernel))
        self.bias = nn.Parameter(torch.zeros(channels)) if layer.bias else None
        self.padding = layer.padding

    def forward(self, x: Tensor) -> Tensor:
        heads, _, *kernel = self.weight.shape
        shared = self.weight.flatten(1).softmax(1).view(heads, 1, *kernel)
        weight = shared.repeat_interleave(x.shape[1] // heads, 0)
        convolve = (functional.conv1d, functional.conv2d, functional.conv3d)[x.dim() - 3]
        return convolve(x, weight, self.bias, padding=self.padding, groups=x.shape[1])


def torch_layer(layer: Layer, channels: int, sides: tuple[int, ...]) -> nn.Module:
    """Return torch's own layer for an input of that shape."""
    axes = len(sides)

    def own(name: str) -> Any:
        return getattr(nn, f"{name}{axes}d")

    match layer:
        case Conv():
            return own("Conv")(
                channels,
                layer.channels,
                layer.kernel,
                layer.stride,
                layer.padding,
                layer.dilation,
                layer.groups,
                layer.bias,
            )
        case ConvTranspose():
            return own("ConvTranspose")(
                channels,
                layer.channels,
                layer.kernel,
                layer.stride,
                layer.padding,
                layer.output_padding,
                layer.groups,
                layer.bias,
                layer.dilation,
            )
        case LightweightConv():
            return Lightweight(layer, channels, axes)
        case Pool(kind="max"):
            return own("MaxPool")(
                layer.kernel, layer.stride, layer.padding, layer.dilation, ceil_mode=layer.ceil
            )
        case Pool():
            return own("AvgPool")(layer.kernel, layer.stride, layer.padding, layer.ceil)
        case GlobalPool():
            return own("AdaptiveMaxPool" if layer.kind == "max" else "AdaptiveAvgPool")(1)
        case Upsample():
            linear = ("linear", "bilinear", "trilinear")[axes - 1]
            return nn.Upsample(
                scale_factor=layer.factor,
                mode=linear if layer.mode == "linear" else "nearest",
                align_corners=layer.align_corners if layer.mode == "linear" else None,
            )
        case Norm():
            return own("BatchNorm")(channels).eval()
        case Linear():
            linear_layer = nn.Linear(channels * prod(sides), layer.channels, layer.bias)
            return nn.Sequential(
                nn.Flatten(), linear_layer, nn.Unflatten(1, (layer.channels, *(1,) * axes))
            )
    raise AssertionError(layer)


def trace(stack: Stack, x: Tensor, make: Callable[..., nn.Module] = torch_layer) -> Trace:
    """Run `stack` in torch, and tell of its layers in the order of `Description.layers`."""
    rows = []
    for layer in stack:
        if isinstance(layer, Branches):
            traces = [trace(branch, x, make) for branch in layer.branches]
            outputs = [output for _, output in traces]
            if len({output.shape[2:] for output in outputs}) > 1:
                raise RuntimeError("torch would broadcast")
            x = torch.cat(outputs, 1) if layer.join == "concat" else sum(outputs[1:], outputs[0])
            rows.append((tuple(x.shape[1:]), 0))
            rows.extend(row for inner, _ in traces for row in inner)
        else:
            module = make(layer, x.shape[1], tuple(x.shape[2:])).to(x.dtype)
            x = module(x)
            if not x.numel():
                raise RuntimeError("torch would go on with nothing")
            rows.append((tuple(x.shape[1:]), sum(p.numel() for p in module.parameters())))
    return rows, x


def numbers(axes: int, least: int, most: int) -> st.SearchStrategy[Any]:
    """One number, or one for each axis."""
    number = st.integers(least, most)
    return number | st.tuples(*[number] * axes)


def keeping(axes: int) -> st.SearchStrategy[Layer]:
    """Layers that keep the sides of a map."""
    return st.one_of(
        st.builds(
            Conv,
            channels=CHANNELS,
            kernel=numbers(axes, 1, 4),
            padding=st.just("same"),
            dilation=numbers(axes, 1, 2),
            groups=GROUPS,
        ),
        st.builds(LightweightConv, kernel=numbers(axes, 1, 5), heads=GROUPS, bias=st.booleans()),
        st.just(Norm()),
    )


def changing(axes: int) -> st.SearchStrategy[Layer]:
    """Layers that change the sides of a map, and may fail on a small one."""
    small, any_padding = numbers(axes, 1, 3), numbers(axes, 0, 3)
    # torch's own average over three axes refuses kernels that only fit with their padding
    kinds = st.sampled_from(("max", "average") if axes < 3 else ("max",))
    return st.one_of(
        st.builds(
            Conv,
            channels=CHANNELS,
            kernel=numbers(axes, 1, 4),
            stride=small,
            padding=any_padding,
            dilation=small,
            groups=GROUPS,
            bias=st.booleans(),
        ),
        st.builds(
            ConvTranspose,
            channels=CHANNELS,
            kernel=numbers(axes, 1, 4),
            stride=small,
            padding=numbers(axes, 0, 1),
            output_padding=numbers(axes, 0, 1),
            dilation=small,
            groups=GROUPS,
            bias=st.booleans(),
        ),
        st.builds(
            Pool,
            kind=kinds,
            kernel=numbers(axes, 1, 4),
            stride=st.none() | small,
            padding=numbers(axes, 0, 1),
            ceil=st.booleans(),
        ),
        st.builds(Pool, kernel=numbers(axes, 2, 3), stride=small, dilation=small),
        st.builds(Upsample, factor=st.integers(1, 3), mode=st.sampled_from(("nearest", "linear"))),
    )


def branching(axes: int) -> st.SearchStrategy[Layer]:
    """Branches that fit together on even sides."""
    inner = st.lists(keeping(axes), max_size=2).map(tuple)
    halving = st.builds(
        lambda before, kernel, after: (
            *before,
            Pool(kernel=2),
            ConvTranspose(channels=4, kernel=kernel, stride=2, padding=kernel // 2 - 1),
            *after,
        ),
        inner,
        st.sampled_from((2, 4)),
        inner,
    )
    branches = st.lists(inner | halving, min_size=1, max_size=3).map(tuple)
    return st.builds(Branches, branches=branches, join=st.just("concat")) | st.builds(
        lambda same: Branches(branches=((*same, Norm()), same), join="add"), inner
    )


def stacks(axes: int, most: int = 6) -> st.SearchStrategy[Stack]:
    """Stacks without a layer that sees everything, for maps of 4 channels."""
    layer = st.one_of(changing(axes), changing(axes), keeping(axes), branching(axes))
    return st.lists(layer, min_size=1, max_size=most).map(tuple)


@pytest.fixture(scope="session", name="stacks")
def _stacks() -> Callable[..., st.SearchStrategy[Stack]]:
    return stacks


@pytest.fixture(scope="session", name="trace")
def _trace() -> Callable[..., Trace]:
    return trace


@pytest.fixture(scope="session", name="torch_layer")
def _torch_layer() -> Callable[..., nn.Module]:
    return torch_layer
