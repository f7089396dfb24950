"""Layers and blocks that papers name, made of the layers of `layers`."""

from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.layers import Branches, Conv, Norm, Sides, Stack
from boxwright_contract.geometry.limits import MOST_LAYERS
from boxwright_contract.geometry.numbers import checked


def pointwise(channels: int, *, bias: bool = True, name: str = "") -> Conv:
    """Return a convolution of kernel 1: a fully connected layer at each cell.

    Args:
        channels: That come out.
        bias: Whether a number is added to each channel.
        name: For reports and messages.

    Source:
        Lin et al. 2013, Network in Network (arXiv:1312.4400).
    """
    return Conv(channels=channels, kernel=1, bias=bias, name=name)


def depthwise(
    channels_in: int,
    *,
    kernel: Sides,
    stride: Sides = 1,
    padding: Sides = 0,
    dilation: Sides = 1,
    multiplier: int = 1,
    bias: bool = True,
    name: str = "",
) -> Conv:
    """Return a convolution that never mixes channels.

    Args:
        channels_in: That go in.
        kernel: As the numbers after it, of `Conv`.
        stride: Of the window.
        padding: At both ends of an axis.
        dilation: Of the window.
        multiplier: Channels that come out for each that goes in.
        bias: Whether a number is added to each channel.
        name: For reports and messages.

    Source:
        Howard et al. 2017, MobileNets (arXiv:1704.04861); the multiplier: TensorFlow.
    """
    return Conv(
        channels=channels_in * multiplier,
        kernel=kernel,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=channels_in,
        bias=bias,
        name=name,
    )


def depthwise_separable(
    channels_in: int,
    channels: int,
    *,
    kernel: Sides,
    stride: Sides = 1,
    padding: Sides = 0,
    bias: bool = True,
) -> Stack:
    """Return a depthwise convolution, then a pointwise one.

    Args:
        channels_in: That go in.
        channels: That come out.
        kernel: As the stride and the padding, of the depthwise part.
        stride: Of the window.
        padding: At both ends of an axis.
        bias: Whether both parts have biases.

    Source:
        Chollet 2017, Xception (arXiv:1610.02357), as its code has it: depthwise first.
    """
    spatial = depthwise(channels_in, kernel=kernel, stride=stride, padding=padding, bias=bias)
    return spatial, pointwise(channels, bias=bias)


def aggregated_block(
    channels_in: int,
    channels: int,
    *,
    width: int,
    cardinality: int,
    stride: int = 1,
    name: str = "",
) -> Branches:
    """Return a bottleneck whose 3 x 3 convolution has many groups, added to a shortcut.

    The shortcut is the identity, or a pointwise convolution where the stride or the channels
    change. Every convolution is followed by a norm, and has no bias.

    Args:
        channels_in: That go in.
        channels: That come out.
        width: Channels of the 3 x 3 convolution, all groups together.
        cardinality: Groups.
        stride: Of the 3 x 3 convolution, and of the shortcut.
        name: For reports and messages.

    Source:
        Xie et al. 2017, ResNeXt (arXiv:1611.05431), figure 3 c; torchvision's `Bottleneck`.
    """
    bottleneck: Stack = (
        pointwise(width, bias=False),
        Norm(),
        Conv(channels=width, kernel=3, stride=stride, padding=1, groups=cardinality, bias=False),
        Norm(),
        pointwise(channels, bias=False),
        Norm(),
    )
    shortcut: Stack = ()
    if stride != 1 or channels != channels_in:
        shortcut = (Conv(channels=channels, kernel=1, stride=stride, bias=False), Norm())
    return Branches(branches=(bottleneck, shortcut), join="add", name=name)


def dense_block(layers: int, growth: int, *, bottleneck: int = 4) -> Stack:
    """Return layers, each of which sees the input and what all layers before it made.

    A layer is norm, pointwise convolution, norm, 3 x 3 convolution; its output is appended to its
    input along channels.

    Args:
        layers: How many.
        growth: Channels that each adds.
        bottleneck: Channels of the pointwise convolution, in multiples of `growth`; 0: it and its
            norm are left out.

    Raises:
        BadInput: `layers` is not positive, or over what a stack may have; or `bottleneck` is
            negative.

    Source:
        Huang et al. 2017, DenseNet (arXiv:1608.06993), section 3; torchvision's `_DenseBlock`.
    """
    if checked(layers, "layers of a dense block") > MOST_LAYERS:
        raise BadInput(f"a dense block of {layers} layers is over {MOST_LAYERS:,}. Use fewer.")
    reduced = checked(bottleneck, "bottleneck", 0) * growth
    narrowing: Stack = (Norm(), pointwise(reduced, bias=False)) if bottleneck else ()
    grown: Stack = (*narrowing, Norm(), Conv(channels=growth, kernel=3, padding=1, bias=False))
    return (Branches(branches=((), grown), join="concat"),) * layers
