"""Channels, parameters and multiply-accumulates of single layers.

One multiplication with the addition that follows is one multiply-accumulate. Convolutions and fully
connected layers are counted; biases, norms, pooling, scaling and joins are not: they are small
beside those, and the papers leave them out. Products with padding are counted, and those that the
padding of a transposed convolution takes away.
"""

from collections.abc import Sequence
from math import prod

from boxwright_contract.errors import BadInput
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
    Upsample,
)
from boxwright_contract.geometry.numbers import checked, per_axis


def channels_out(layer: Layer, channels: int) -> int:
    """Return how many channels `layer`, which is no `Branches`, makes of `channels`.

    Raises:
        BadInput: Channels cannot be divided among groups or heads, or are not positive.
    """
    match layer:
        case Conv() | ConvTranspose():
            checked(layer.channels, "channels")
            _check_divides(checked(layer.groups, "groups"), "groups", channels)
            _check_divides(layer.groups, "groups", layer.channels)
            return layer.channels
        case LightweightConv():
            _check_divides(checked(layer.heads, "heads"), "heads", channels)
            return channels
        case Linear():
            return checked(layer.channels, "channels")
        case Pool() | GlobalPool() | Upsample() | Norm() | Branches():
            return channels


def _check_divides(parts: int, what: str, channels: int) -> None:
    if channels % parts:
        raise BadInput(
            f"{channels} channels cannot be divided among {parts} {what}. "
            f"Make {what} a divisor of the channels that come in and of those that go out."
        )


def parameters(layer: Layer, channels: int, sides: Sequence[int]) -> tuple[int, int]:
    """Return the numbers of weights and of biases of `layer` on an input of that shape.

    The scale of a norm is a weight, its shift a bias.
    """
    match layer:
        case Conv():
            taps = prod(per_axis(layer.kernel, len(sides), "kernel"))
            return channels // layer.groups * layer.channels * taps, layer.bias * layer.channels
        case ConvTranspose():
            taps = prod(per_axis(layer.kernel, len(sides), "kernel"))
            return channels * (layer.channels // layer.groups) * taps, layer.bias * layer.channels
        case LightweightConv():
            taps = prod(per_axis(layer.kernel, len(sides), "kernel"))
            return layer.heads * taps, layer.bias * channels
        case Linear():
            return channels * prod(sides) * layer.channels, layer.bias * layer.channels
        case Norm():
            return channels, channels
        case Pool() | GlobalPool() | Upsample() | Branches():
            return 0, 0


def multiply_accumulates(
    layer: Layer, weights: int, channels: int, sides: Sequence[int], sides_out: Sequence[int]
) -> int:
    """Return the multiply-accumulates of `layer`, which has so many `weights`, for one input.

    Each weight of a convolution is used once for each cell that goes out, and of a transposed one
    for each cell that comes in. Heads of a lightweight convolution share theirs among channels.
    """
    match layer:
        case Conv():
            return weights * prod(sides_out)
        case ConvTranspose():
            return weights * prod(sides)
        case LightweightConv():
            return weights // layer.heads * channels * prod(sides_out)
        case Linear():
            return weights
        case Pool() | GlobalPool() | Upsample() | Norm() | Branches():
            return 0
