"""The matrix of a convolution does what torch does."""

from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch.nn import functional

from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.axis import Window
from boxwright_contract.geometry.layers import Conv, ConvTranspose
from boxwright_contract.geometry.matrix import SparseMatrix, convolution_matrix
from boxwright_contract.geometry.stack import Shape
from boxwright_contract.geometry.steps import axis_steps

MOST_ENTRIES = 1_000_000
Case: TypeAlias = tuple[Conv, ConvTranspose, int, Shape]
CONVOLVE = {1: functional.conv1d, 2: functional.conv2d, 3: functional.conv3d}
TRANSPOSE = {
    1: functional.conv_transpose1d,
    2: functional.conv_transpose2d,
    3: functional.conv_transpose3d,
}


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Draw a convolution, a transposed one with its numbers, channels that go in, and a shape."""
    axes = draw(st.integers(1, 3))
    groups, channels_in, channels_out = (draw(st.integers(1, 3)) for _ in range(3))

    def sides(least: int, most: int) -> tuple[int, ...]:
        return tuple(draw(st.integers(least, most)) for _ in range(axes))

    kernel, stride, dilation, padding = sides(1, 4), sides(1, 4), sides(1, 3), sides(0, 3)
    conv = Conv(
        channels=groups * channels_out,
        kernel=kernel,
        stride=stride,
        dilation=dilation,
        padding=padding,
        groups=groups,
    )
    most = [max(pair) - 1 for pair in zip(stride, dilation, strict=True)]
    transposed = ConvTranspose(
        channels=groups * channels_out,
        kernel=kernel,
        stride=stride,
        dilation=dilation,
        padding=padding,
        output_padding=tuple(draw(st.integers(0, limit)) for limit in most),
        groups=groups,
    )
    return conv, transposed, channels_in, Shape(groups * channels_in, sides(1, 12 // axes))


def torchs(layer: Conv | ConvTranspose, weights: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Return what torch makes of `x`; RuntimeError: it refuses."""
    numbers: dict[str, Any] = {
        "stride": layer.stride,
        "padding": layer.padding,
        "dilation": layer.dilation,
        "groups": layer.groups,
    }
    axes = x.ndim - 1
    if isinstance(layer, Conv):
        return CONVOLVE[axes](x[None], weights, **numbers)[0]
    numbers["output_padding"] = layer.output_padding
    return TRANSPOSE[axes](x[None], weights, **numbers)[0]


def check(layer: Conv | ConvTranspose, weights: torch.Tensor, input: Shape) -> None:
    """Check that the matrix does what torch does, and is refused where torch refuses."""
    x = drawn(input.channels, *input.sides)
    try:
        wanted = torchs(layer, weights, x)
    except RuntimeError:
        with pytest.raises(BadInput):
            convolution_matrix(layer, input, MOST_ENTRIES)
        return
    matrix = convolution_matrix(layer, input, MOST_ENTRIES)
    np.testing.assert_allclose(product(matrix, weights, x), wanted.numpy(), atol=1e-12)


def product(matrix: SparseMatrix, weights: torch.Tensor, x: torch.Tensor) -> np.ndarray:
    made = np.zeros(matrix.rows)
    values = weights.numpy().ravel()[matrix.weight] * x.numpy().ravel()[matrix.column]
    np.add.at(made, matrix.row, values)
    return made.reshape(matrix.output.channels, *matrix.output.sides)


def drawn(*shape: int) -> torch.Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


@settings(max_examples=200, deadline=None)
@given(cases())
def test_the_matrix_times_the_input_is_the_convolution(case: Case) -> None:
    conv, _, channels, input = case
    assert isinstance(conv.kernel, tuple)
    check(conv, drawn(conv.channels, channels, *conv.kernel), input)


@settings(max_examples=200, deadline=None)
@given(cases())
def test_the_matrix_times_the_input_is_the_transposed_convolution(case: Case) -> None:
    _, layer, _, input = case
    assert isinstance(layer.kernel, tuple)
    check(layer, drawn(input.channels, layer.channels // layer.groups, *layer.kernel), input)


@settings(max_examples=100, deadline=None)
@given(cases())
def test_the_matrix_transposed_is_the_transposed_layer_with_the_same_weights(case: Case) -> None:
    conv, transposed, channels, input = case
    try:
        matrix = convolution_matrix(conv, input, MOST_ENTRIES)
    except BadInput:
        assume(False)
        raise
    lost = lengths_lost(conv, input)
    layer = replace(transposed, channels=input.channels, output_padding=lost)
    assert isinstance(conv.kernel, tuple)
    weights = drawn(conv.channels, channels, *conv.kernel)
    y = drawn(conv.channels, *matrix.output.sides)
    values = weights.numpy().ravel()[matrix.weight] * y.numpy().ravel()[matrix.row]
    back = np.zeros(matrix.columns)
    np.add.at(back, matrix.column, values)
    wanted = torchs(layer, weights, y)
    np.testing.assert_allclose(back, wanted.numpy().ravel(), atol=1e-12)


def lengths_lost(conv: Conv, input: Shape) -> tuple[int, ...]:
    """Return the cells at the end of each axis that no window of `conv` reaches."""
    lost = []
    for side, step in zip(input.sides, axis_steps(conv, len(input.sides)), strict=True):
        assert isinstance(step, Window)
        lost.append((side + step.before + step.after - step.span) % step.stride)
    return tuple(lost)


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
def test_a_kernel_of_even_length_keeps_the_length_as_torch_does() -> None:
    conv = Conv(channels=2, kernel=(4, 3), padding="same", dilation=(1, 2))
    check(conv, drawn(2, 1, 4, 3), Shape(1, (6, 7)))
