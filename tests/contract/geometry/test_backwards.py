"""From what is wanted back to what gives it, against the forward arithmetic."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxwright_contract.errors import BadInput
from boxwright_contract.geometry import backwards
from boxwright_contract.geometry.examples import KIM, WAVENET
from boxwright_contract.geometry.layers import (
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
from boxwright_contract.geometry.limits import LARGEST
from boxwright_contract.geometry.stack import Shape, describe

SMALL = st.integers(1, 5)
LAYERS: st.SearchStrategy[Layer] = st.one_of(
    st.builds(
        Conv,
        channels=st.just(1),
        kernel=SMALL,
        stride=SMALL,
        padding=st.integers(0, 6),
        dilation=SMALL,
    ),
    st.builds(Conv, channels=st.just(1), kernel=SMALL, padding=st.just("same"), dilation=SMALL),
    st.builds(
        ConvTranspose,
        channels=st.just(1),
        kernel=SMALL,
        stride=st.just(3),
        padding=st.integers(0, 3),
        output_padding=st.integers(0, 2),
        dilation=SMALL,
    ),
    st.builds(LightweightConv, kernel=SMALL, heads=st.just(1)),
    st.builds(
        Pool,
        kernel=st.integers(2, 5),
        stride=SMALL,
        padding=st.integers(0, 1),
        dilation=SMALL,
        ceil=st.booleans(),
    ),
    st.builds(Upsample, factor=SMALL),
    st.builds(Norm),
)
TALLEST = 60


def outputs(layers: tuple[Layer, ...], length: int) -> int | None:
    try:
        return describe(layers, Shape(1, (length,))).total.output.sides[0]
    except BadInput:
        return None


@given(st.lists(LAYERS, max_size=3).map(tuple), st.integers(1, 30))
def test_the_inputs_that_give_an_output_are_those_that_do(
    layers: tuple[Layer, ...], output: int
) -> None:
    found = backwards.inputs_giving(layers, output)
    giving = [length for length in range(1, TALLEST) if outputs(layers, length) == output]
    assert [length for length in found if length < TALLEST] == giving


def test_what_ends_in_one_cell_takes_inputs_of_any_length_that_its_layers_accept() -> None:
    conv = Conv(channels=1, kernel=5)
    assert backwards.inputs_giving([conv, GlobalPool()], 1) == range(5, LARGEST + 1)
    assert not backwards.inputs_giving([conv, Linear(channels=8)], 2)


def test_each_axis_is_asked_by_itself() -> None:
    pool = Pool(kernel=(2, 3))
    assert backwards.inputs_giving([pool], 4, axes=2, axis=0) == range(8, 10)
    assert backwards.inputs_giving([pool], 4, axes=2, axis=1) == range(12, 15)
    with pytest.raises(BadInput, match="there is no axis 2 of 2"):
        backwards.inputs_giving([pool], 4, axes=2, axis=2)


def test_a_layer_that_cannot_be_asked_is_named() -> None:
    with pytest.raises(BadInput, match=r"layer 2 \(conv 'wide'\): kernel is 0"):
        backwards.inputs_giving([Norm(), Conv(channels=1, kernel=0, name="wide")], 4)
    with pytest.raises(BadInput, match=r"layer 1 \(branches\): it joins branches"):
        backwards.inputs_giving(KIM.stack, 4)


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 50))
def test_same_padding_keeps_the_length_or_none_does(
    kernel: int, dilation: int, length: int
) -> None:
    def kept(padding: int) -> bool:
        conv = Conv(channels=1, kernel=kernel, padding=padding, dilation=dilation)
        return outputs((conv,), length) == length

    if any(map(kept, range(40))):
        assert kept(backwards.same_padding(kernel, dilation))
    else:
        with pytest.raises(BadInput, match=f"Use a kernel of {kernel + 1}, or padding 'same'"):
            backwards.same_padding(kernel, dilation)


def seen(layers: tuple[Layer, ...]) -> int:
    (field,) = describe(layers, Shape(1, (10**9,))).total.field
    assert field is not None
    return field.sizes_px[0]


@given(st.integers(1, 300), st.integers(2, 7), st.integers(1, 3), st.integers(1, 5))
def test_the_depth_is_the_least_that_reaches_a_field(
    field: int, kernel: int, stride: int, dilation: int
) -> None:
    depth = backwards.depth_reaching(field, kernel, stride, dilation)
    layer = Conv(channels=1, kernel=kernel, stride=stride, dilation=dilation)
    assert seen((layer,) * depth) >= field
    assert depth == 0 or seen((layer,) * (depth - 1)) < field


@given(st.integers(1, 10_000), st.integers(2, 7))
def test_doubled_dilations_are_the_fewest_that_reach_a_field(field: int, kernel: int) -> None:
    dilations = backwards.dilations_reaching(field, kernel)
    layers = tuple(Conv(channels=1, kernel=kernel, dilation=dilation) for dilation in dilations)
    assert seen(layers) >= field
    assert not layers or seen(layers[:-1]) < field


def test_the_dilations_of_wavenet_are_those_that_see_its_1024_samples() -> None:
    stack = WAVENET.stack
    told = tuple(layer.dilation for layer in stack if isinstance(layer, Conv))
    assert backwards.dilations_reaching(1024, kernel=2) == told


@given(st.integers(1, 300), st.integers(1, 5))
def test_the_kernel_is_the_least_that_reaches_a_field(field: int, dilation: int) -> None:
    kernel = backwards.kernel_reaching(field, dilation)
    assert seen((Conv(channels=1, kernel=kernel, dilation=dilation),)) >= field
    assert kernel == 1 or dilation * (kernel - 2) + 1 < field


def test_a_kernel_of_one_never_reaches_further() -> None:
    assert backwards.depth_reaching(1, kernel=1) == 0
    assert backwards.dilations_reaching(1, kernel=1) == ()
    for reach in (backwards.depth_reaching, backwards.dilations_reaching):
        with pytest.raises(BadInput, match="and never 2"):
            reach(2, kernel=1)


def test_the_largest_numbers_are_answered_at_once() -> None:
    assert backwards.depth_reaching(LARGEST, kernel=3) == (LARGEST - 1) // 2
    assert backwards.depth_reaching(LARGEST, kernel=2, stride=2) == 63
    assert len(backwards.dilations_reaching(LARGEST, kernel=2)) == 63
    pool = Pool(kernel=LARGEST)
    assert not backwards.inputs_giving([pool, pool], 1)
