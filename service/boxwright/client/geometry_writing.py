"""Layers -> what a request carries."""

from typing import Any

from boxwright.v1 import geometry_pb2 as pb
from boxwright_contract.errors import BadInput
from boxwright_contract.geometry import notation
from boxwright_contract.geometry.layers import Conv, ConvTranspose, Sides, Stack


def text(layers: str | Stack) -> str:
    """Return layers in the notation."""
    return layers if isinstance(layers, str) else notation.write(layers)


def one_convolution(layer: str | Conv | ConvTranspose, channels: int) -> Conv | ConvTranspose:
    """Return the one convolution that `layer` names, on an input of so many channels.

    Raises:
        BadInput: It names something else.
    """
    named = notation.parse(layer, channels) if isinstance(layer, str) else (layer,)
    if len(named) != 1 or not isinstance(named[0], Conv | ConvTranspose):
        raise BadInput(f"'{layer}' is not one convolution. Write 'conv 3 p1 c2', or 'tconv 2/2'.")
    return named[0]


def convolution(layer: Conv | ConvTranspose) -> dict[str, Any]:
    """Return the part of a ConvolutionMatrixRequest that carries `layer`."""
    same = layer.padding == "same"
    numbers: dict[str, Any] = {
        "channels": layer.channels,
        "kernel": _numbers(layer.kernel),
        "stride": _numbers(layer.stride),
        "padding": () if isinstance(layer.padding, str) else _numbers(layer.padding),
        "dilation": _numbers(layer.dilation),
        "groups": layer.groups,
        "without_bias": not layer.bias,
    }
    if isinstance(layer, Conv):
        return {"convolution": pb.Convolution(same_padding=same, **numbers)}
    output_padding = _numbers(layer.output_padding)
    transposed = pb.TransposedConvolution(output_padding=output_padding, **numbers)
    return {"transposed_convolution": transposed}


def _numbers(sides: Sides) -> tuple[int, ...]:
    return (sides,) if isinstance(sides, int) else sides
