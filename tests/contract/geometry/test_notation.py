"""The notation for stacks of layers: what is written is read back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxwright_contract.geometry import blocks
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
from boxwright_contract.geometry.limits import LARGEST
from boxwright_contract.geometry.notation import parse, write, write_layer

NUMBERS = st.integers(0, 20) | st.integers(0, LARGEST)
SIDES = NUMBERS | st.tuples(NUMBERS, NUMBERS) | st.tuples(NUMBERS, NUMBERS, NUMBERS)
PADDINGS = SIDES | st.just("same")
NAMES = st.text(max_size=8) | st.sampled_from(["conv", "x2", "1", "stem", 'a "b" \\', "a=b", "\\"])
CHAINED = st.one_of(
    st.builds(
        Conv,
        channels=st.integers(0, 2**40),
        kernel=SIDES,
        stride=SIDES,
        padding=PADDINGS,
        dilation=SIDES,
        groups=NUMBERS,
        bias=st.booleans(),
        name=NAMES,
    ),
    st.builds(
        ConvTranspose,
        channels=st.integers(0, 2**40),
        kernel=SIDES,
        stride=SIDES,
        padding=SIDES,
        output_padding=SIDES,
        dilation=SIDES,
        groups=NUMBERS,
        bias=st.booleans(),
        name=NAMES,
    ),
    st.builds(
        LightweightConv,
        kernel=SIDES,
        heads=NUMBERS,
        padding=PADDINGS,
        bias=st.booleans(),
        name=NAMES,
    ),
    st.builds(
        Pool,
        kind=st.sampled_from(["max", "average"]),
        kernel=SIDES,
        stride=st.none() | SIDES,
        padding=SIDES,
        dilation=SIDES,
        ceil=st.booleans(),
        name=NAMES,
    ),
    st.builds(GlobalPool, kind=st.sampled_from(["max", "average"]), name=NAMES),
    st.builds(
        Upsample,
        factor=SIDES,
        mode=st.sampled_from(["nearest", "linear"]),
        align_corners=st.booleans(),
        name=NAMES,
    ),
    st.builds(Norm, name=NAMES),
    st.builds(Linear, channels=st.integers(0, 2**40), bias=st.booleans(), name=NAMES),
)
LAYERS: st.SearchStrategy[Layer] = st.recursive(
    CHAINED,
    lambda inner: st.builds(
        Branches,
        branches=st.lists(st.lists(inner, max_size=3).map(tuple), min_size=1, max_size=3).map(
            tuple
        ),
        join=st.sampled_from(["add", "concat"]),
        name=NAMES,
    ),
    max_leaves=6,
)


@given(st.lists(LAYERS, min_size=1, max_size=4).map(tuple), st.integers(1, 2048))
def test_what_is_written_is_read_back(stack: Stack, channels: int) -> None:
    assert parse(write(stack), channels) == stack


@given(LAYERS, st.integers(1, 5))
def test_equal_layers_in_a_row_are_written_once(layer: Layer, times: int) -> None:
    text = write((layer,) * times)
    assert text == write_layer(layer) + (f" x{times}" if times > 1 else "")
    assert parse(text) == (layer,) * times


def test_sides_of_one_axis_are_written_as_their_number() -> None:
    assert write((Pool(kernel=(3,), stride=(2,)),)) == "pool 3/2"


def test_the_text_of_the_command_line_says_what_it_seems_to() -> None:
    assert parse("conv 7/2 p3, pool 3/2 p1, conv 3 x2") == (
        Conv(channels=3, kernel=7, stride=2, padding=3),
        Pool(kernel=3, stride=2, padding=1),
        Conv(channels=3, kernel=3),
        Conv(channels=3, kernel=3),
    )


def test_every_option_of_a_layer_can_be_said_in_any_order() -> None:
    conv = Conv(
        channels=64, kernel=(3, 5), stride=2, padding=(1, 2), dilation=2, groups=4, bias=False
    )
    assert parse("conv 3x5/2 p1x2 d2 g4 c64 nobias") == (conv,)
    assert parse("conv nobias c64 g4 /2 d2 p1x2 3x5") == (conv,)
    assert parse("tconv 4/2 p1 op1 c8") == (
        ConvTranspose(channels=8, kernel=4, stride=2, padding=1, output_padding=1),
    )
    assert parse("light 7 h16 p2 bias") == (
        LightweightConv(kernel=7, heads=16, padding=2, bias=True),
    )
    assert parse("avgpool 3/2 ceil") == (Pool(kind="average", kernel=3, stride=2, ceil=True),)
    assert parse("up 2 linear corners") == (Upsample(factor=2, mode="linear", align_corners=True),)
    assert parse("globalpool, globalpool max") == (GlobalPool(), GlobalPool(kind="max"))


def test_channels_that_are_left_out_are_those_that_came_in() -> None:
    text = "conv 3, conv 3 c8, concat( | pool 3/1 p1, conv 1 c4), add( | norm), conv 3, linear c2"
    channels = [layer.channels for layer in parse(text, 5) if isinstance(layer, Conv)]
    assert channels == [5, 8, 12]


def test_a_group_is_repeated_on_the_channels_that_reach_it() -> None:
    assert parse("(depthwise 3, pointwise c8 nobias) x2", 4) == (
        blocks.depthwise(4, kernel=3),
        blocks.pointwise(8, bias=False),
        blocks.depthwise(8, kernel=3),
        blocks.pointwise(8, bias=False),
    )


def test_blocks_are_those_of_the_papers() -> None:
    assert parse("separable 3 p1 c16", 8) == blocks.depthwise_separable(8, 16, kernel=3, padding=1)
    assert parse("aggregated c256 w128 g32 /2", 64) == (
        blocks.aggregated_block(64, 256, width=128, cardinality=32, stride=2),
    )
    assert parse("dense 6 growth32") == blocks.dense_block(6, 32)
    assert parse("dense 2 growth12 bottleneck0, pointwise") == (
        *blocks.dense_block(2, 12, bottleneck=0),
        blocks.pointwise(27),
    )


def test_a_branch_without_layers_is_the_identity() -> None:
    (join,) = parse("add(conv 3 same, norm | )")
    assert isinstance(join, Branches)
    assert join.branches[1] == ()


@pytest.mark.parametrize("text", ["stem=conv 7/2", ' "stem" = conv 7/2', "stem = conv /2 7 x1"])
def test_a_layer_can_have_a_name(text: str) -> None:
    assert parse(text) == (Conv(channels=3, kernel=7, stride=2, name="stem"),)


def test_lines_and_spaces_mean_nothing() -> None:
    assert parse("\n conv 3c8 ,norm\t".replace("3c8", "3\nc8")) == parse("conv 3 c8, norm")
