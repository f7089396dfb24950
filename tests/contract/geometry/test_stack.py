"""Stacks that are known from papers, and what is told of them."""

from itertools import accumulate, pairwise
from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxwright_contract.geometry.blocks import dense_block, depthwise, pointwise
from boxwright_contract.geometry.closed_form import closed_form
from boxwright_contract.geometry.field import AxisField
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
from boxwright_contract.geometry.stack import LayerReport, Shape, describe, smallest_input

IMAGE = Shape(3, (224, 224))


def vgg16() -> Stack:
    layers: list[Layer] = []
    for convs, channels in ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)):
        layers += [Conv(channels=channels, kernel=3, padding=1)] * convs
        layers.append(Pool(kernel=2))
    return tuple(layers)


def mobilenet_v1() -> Stack:
    widths = (32, 64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024)
    reduced = (2, 4, 6, 12)  # the depthwise layers that have a stride of 2
    layers: list[Layer] = [Conv(channels=32, kernel=3, stride=2, padding=1, bias=False), Norm()]
    for number, (before, after) in enumerate(pairwise(widths), start=1):
        stride = 2 if number in reduced else 1
        layers += [depthwise(before, kernel=3, stride=stride, padding=1, bias=False), Norm()]
        layers += [pointwise(after, bias=False), Norm()]
    return (*layers, GlobalPool(), Linear(channels=1000))


ALEXNET: Stack = (
    Conv(channels=64, kernel=11, stride=4, padding=2),
    Pool(kernel=3, stride=2),
    Conv(channels=192, kernel=5, padding=2),
    Pool(kernel=3, stride=2),
    Conv(channels=384, kernel=3, padding=1),
    Conv(channels=256, kernel=3, padding=1),
    Conv(channels=256, kernel=3, padding=1),
    Pool(kernel=3, stride=2),
)


def unet(up: Stack) -> Stack:
    """Four levels, padded; `up` doubles the sides."""

    def level(depth: int) -> Stack:
        convs = (Conv(channels=64 << depth, kernel=3, padding=1),) * 2
        if depth == 4:
            return convs
        below = (Pool(kernel=2), *level(depth + 1), *up)
        return (*convs, Branches(branches=((), below), join="concat"), *convs)

    return level(0)


def seen(row: LayerReport) -> tuple[int, int, int]:
    """Return size, stride and padding of a field that is the same on every axis."""
    (field,) = set(row.field)
    assert field is not None
    assert field.phases == 1
    return field.sizes_px[0], int(field.stride_px), field.padding_px


def test_vgg16() -> None:
    description = describe(vgg16(), IMAGE)
    assert seen(description.layers[-2]) == (196, 16, 90)
    assert seen(description.total) == (212, 32, 90)
    assert description.total.output == Shape(512, (7, 7))
    assert description.total.parameters == 14_714_688
    classifier: Stack = (Linear(channels=4096), Linear(channels=4096), Linear(channels=1000))
    whole = describe((*vgg16(), *classifier), IMAGE).total
    assert whole.parameters == 138_357_544
    assert whole.multiply_accumulates == 15_470_264_320
    assert whole.field == (None, None)


def test_mobilenet_v1() -> None:
    description = describe(mobilenet_v1(), IMAGE)
    stages = [description.layers[0], *description.layers[4:-2:4]]
    sizes = [seen(row)[0] for row in stages]
    assert sizes == [3, 7, 11, 19, 27, 43, 59, 91, 123, 155, 187, 219, 251, 315]
    assert seen(stages[-1]) == (315, 32, 157)
    assert description.total.parameters == 4_231_976
    assert round(description.total.multiply_accumulates / 1e6) == 569


def test_alexnet() -> None:
    description = describe(ALEXNET, IMAGE)
    assert seen(description.total) == (195, 32, 66)
    assert description.total.output == Shape(256, (6, 6))
    classifier: Stack = (Linear(channels=4096), Linear(channels=4096), Linear(channels=1000))
    whole = describe((*ALEXNET, *classifier), IMAGE).total
    assert whole.parameters == 61_100_840
    assert round(whole.multiply_accumulates / 1e6) == 714


@pytest.mark.parametrize(
    ("up", "sizes"),
    [
        ((ConvTranspose(channels=64, kernel=2, stride=2),), (188, 204)),
        ((Upsample(factor=2, mode="linear"), pointwise(64)), (220, 236)),
    ],
)
def test_unet_sees_more_or_less_by_phase(up: Stack, sizes: tuple[int, int]) -> None:
    (field,) = set(describe(unet(up), Shape(1, (64, 64))).total.field)
    assert field is not None
    assert (field.sizes_px, field.phases, field.period_px) == (sizes, 16, 16)
    assert smallest_input(unet(up), channels=1, axes=2) == (16, 16)


def test_densenet121_is_14_px_off_centre() -> None:
    stack: Stack = (
        Conv(channels=64, kernel=7, stride=2, padding=3, bias=False),
        Norm(),
        Pool(kernel=3, stride=2, padding=1),
    )
    channels = 64
    for layers in (6, 12, 24, 16):
        channels += layers * 32
        stack += dense_block(layers, 32)
        if layers != 16:
            channels //= 2
            stack += (Norm(), pointwise(channels, bias=False), Pool(kind="average", kernel=2))
    total = describe((*stack, Norm()), IMAGE).total
    assert seen(total) == (2071, 32, 1021)
    field = total.field[0]
    assert field is not None
    assert field.centre_px(0) == 14
    whole = describe((*stack, Norm(), GlobalPool(), Linear(channels=1000)), IMAGE).total
    assert whole.parameters == 7_978_856
    assert round(whole.multiply_accumulates / 1e6) == 2834


def test_encoder_of_lightweight_convolutions() -> None:
    kernels = [3, 7, 15, 31, 31, 31, 31]
    stack = tuple(LightweightConv(kernel=kernel, heads=16) for kernel in kernels)
    total = describe(stack, Shape(1024, (50,))).total
    assert total.field == (AxisField(1, (-71,), (71,)),)
    assert total.output == Shape(1024, (50,))
    assert total.parameters == 16 * sum(kernels)
    assert total.multiply_accumulates == 1024 * 50 * sum(kernels)


windows = st.tuples(st.integers(1, 9), st.integers(1, 4), st.integers(0, 4), st.integers(1, 3))


@given(st.lists(windows, max_size=12))
def test_the_closed_form_agrees_on_every_chain(chain: list[tuple[int, int, int, int]]) -> None:
    stack: Stack = tuple(
        Conv(channels=1, kernel=kernel, stride=stride, padding=padding, dilation=dilation)
        for kernel, stride, padding, dilation in chain
    )
    kernels = [dilation * (kernel - 1) + 1 for kernel, _, _, dilation in chain]
    strides = [stride for _, stride, _, _ in chain]
    jumps = accumulate(strides, int.__mul__, initial=1)
    padding = sum(window[2] * jump for window, jump in zip(chain, jumps, strict=False))
    size = closed_form(kernels, strides)
    (field,) = describe(stack, Shape(1, (2**40,))).total.field
    assert field == AxisField(prod(strides), (-padding,), (size - 1 - padding,))


def test_rows_stand_in_order_and_sum_to_the_total() -> None:
    inner = Branches(branches=((Norm(),), ()), join="add")
    fork = Branches(branches=((), (Conv(channels=2, kernel=1), inner)), join="concat")
    description = describe((Norm(), fork, Linear(channels=5, bias=False)), Shape(3, (4,)))
    table = [
        (row.index, row.output.channels, row.parameters, row.activation_bytes)
        for row in description.layers
    ]
    assert table == [
        ("1", 3, 6, 48),
        ("2", 5, 0, 80),
        ("2.2.1", 2, 8, 32),
        ("2.2.2", 2, 0, 32),
        ("2.2.2.1.1", 2, 4, 32),
        ("3", 5, 100, 20),
    ]
    assert description.total.parameters == 118
    assert description.total.parameters_without_bias == 3 + 6 + 2 + 100
    assert description.total.activation_bytes == 244
    assert description.total.multiply_accumulates == 2 * 3 * 4 + 100


def test_no_layers_are_the_identity() -> None:
    description = describe((), Shape(3, (7, 2**63 - 1)))
    assert description.layers == ()
    assert description.total.output == Shape(3, (7, 2**63 - 1))
    assert description.total.field == (AxisField(1, (0,), (0,)),) * 2
