"""A layer as a message -> the layers that it stands for."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, TypeVar

from boxwright.v1 import geometry_pb2 as pb
from boxwright_contract.errors import BadInput
from boxwright_contract.geometry import blocks
from boxwright_contract.geometry.layers import (
    Conv,
    ConvTranspose,
    GlobalPool,
    Layer,
    LightweightConv,
    Linear,
    Norm,
    Pool,
    Sides,
    Stack,
    Upsample,
)

PoolKind = Literal["max", "average"]
Default = TypeVar("Default")


def layers_of(layer: pb.Layer, channels: int) -> Stack:
    """Return the layers that one message stands for, unless it is of branches.

    Raises:
        BadInput: It has no kind, no kernel, or numbers that exclude each other.
    """
    name = layer.name
    match layer.WhichOneof("kind"):
        case "convolution":
            return (convolution(layer.convolution, name),)
        case "transposed_convolution":
            return (transposed_convolution(layer.transposed_convolution, name),)
        case "lightweight_convolution":
            return (_lightweight(layer.lightweight_convolution, name),)
        case "pooling":
            return (_pool(layer.pooling, name),)
        case "global_pooling":
            return (GlobalPool(kind=_kind(layer.global_pooling.kind, "average"), name=name),)
        case "upsampling":
            return (_upsample(layer.upsampling, name),)
        case "normalisation":
            return (Norm(name=name),)
        case "fully_connected":
            its = layer.fully_connected
            return (Linear(channels=its.channels, bias=not its.without_bias, name=name),)
        case "depthwise_separable":
            return _separable(layer.depthwise_separable, channels, name)
        case "aggregated_block":
            return (_aggregated(layer.aggregated_block, channels, name),)
        case "dense_block":
            return _dense(layer.dense_block, name)
        case _:
            raise BadInput("it has no kind. Set one: `convolution`, say.")


def convolution(its: pb.Convolution, name: str = "") -> Conv:
    """Return a convolution."""
    if its.same_padding and its.padding:
        raise BadInput("it has both padding and same_padding. Send one of them.")
    return Conv(
        channels=its.channels,
        kernel=_kernel(its.kernel),
        stride=_sides(its.stride, 1),
        padding="same" if its.same_padding else _sides(its.padding, 0),
        dilation=_sides(its.dilation, 1),
        groups=its.groups or 1,
        bias=not its.without_bias,
        name=name,
    )


def transposed_convolution(its: pb.TransposedConvolution, name: str = "") -> ConvTranspose:
    """Return a transposed convolution."""
    return ConvTranspose(
        channels=its.channels,
        kernel=_kernel(its.kernel),
        stride=_sides(its.stride, 1),
        padding=_sides(its.padding, 0),
        output_padding=_sides(its.output_padding, 0),
        dilation=_sides(its.dilation, 1),
        groups=its.groups or 1,
        bias=not its.without_bias,
        name=name,
    )


def _lightweight(its: pb.LightweightConvolution, name: str) -> LightweightConv:
    return LightweightConv(
        kernel=_kernel(its.kernel),
        heads=its.heads,
        padding=_sides(its.padding, "same"),
        bias=its.with_bias,
        name=name,
    )


def _pool(its: pb.Pooling, name: str) -> Pool:
    return Pool(
        kind=_kind(its.kind, "max"),
        kernel=_kernel(its.kernel),
        stride=_sides(its.stride, None),
        padding=_sides(its.padding, 0),
        dilation=_sides(its.dilation, 1),
        ceil=its.ceil,
        name=name,
    )


def _upsample(its: pb.Upsampling, name: str) -> Upsample:
    factor = _sides(its.factor, None)
    if factor is None:
        raise BadInput("it has no factor. Set one: 2, say.")
    return Upsample(
        factor=factor,
        mode="linear" if its.linear else "nearest",
        align_corners=its.align_corners,
        name=name,
    )


def _separable(its: pb.DepthwiseSeparable, channels: int, name: str) -> Stack:
    parts = blocks.depthwise_separable(
        channels,
        its.channels,
        kernel=_kernel(its.kernel),
        stride=_sides(its.stride, 1),
        padding=_sides(its.padding, 0),
        bias=not its.without_bias,
    )
    return tuple(replace(part, name=name) for part in parts)


def _aggregated(its: pb.AggregatedBlock, channels: int, name: str) -> Layer:
    return blocks.aggregated_block(
        channels,
        its.channels,
        width=its.width,
        cardinality=its.cardinality,
        stride=its.stride or 1,
        name=name,
    )


def _dense(its: pb.DenseBlock, name: str) -> Stack:
    parts = blocks.dense_block(its.layers, its.growth, bottleneck=its.bottleneck)
    return tuple(replace(part, name=name) for part in parts)


def _kind(kind: pb.Pooling.Kind.ValueType, default: PoolKind) -> PoolKind:
    match kind:
        case pb.Pooling.KIND_UNSPECIFIED:
            return default
        case pb.Pooling.KIND_MAX:
            return "max"
        case pb.Pooling.KIND_AVERAGE:
            return "average"
        case _:
            raise BadInput(f"its kind of pooling is {kind}. Send KIND_MAX or KIND_AVERAGE.")


def _kernel(numbers: Sequence[int]) -> Sides:
    if not numbers:
        raise BadInput("it has no kernel. Set one: 3, say.")
    return _sides(numbers, 1)


def _sides(numbers: Sequence[int], default: Default) -> Sides | Default:
    """Return a number for each axis, or the one for all of them."""
    if not numbers:
        return default
    return numbers[0] if len(numbers) == 1 else tuple(numbers)
