"""Receptive fields are where the gradients of layers with positive weights are.

In float64, with average pooling in place of maximum pooling and ones as input, so that every input
that a cell sees has a positive gradient. The cells are away from the borders, one of each phase.
"""

from collections.abc import Callable
from functools import partial
from itertools import chain, count, islice
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.axis import Window, output_length
from boxwright_contract.geometry.field import AxisField
from boxwright_contract.geometry.layers import Conv, Layer, Pool, Stack
from boxwright_contract.geometry.stack import Description, Shape, describe
from boxwright_contract.geometry.steps import axis_steps

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
LONGEST = {1: 1000, 2: 96}
"""Sides of the input that are tried at most, by axes."""
AFTER_NOTHING = 1e-12
"""Of the largest gradient: what rounding may leave where interpolation has a weight of 0."""


class Positive(nn.Module):
    """A layer with the same positive weight everywhere, and windows for pooling."""

    def __init__(self, inner: nn.Module, before: list[int]) -> None:
        super().__init__()
        self.inner = inner
        self.before = before
        for parameter in inner.parameters():
            nn.init.constant_(parameter, 1 / max(parameter[0].numel(), 1))

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = self.inner(nn.functional.pad(x, self.before))
        return output


def positive(
    layer: Layer, channels: int, sides: tuple[int, ...], *, make: Callable[..., nn.Module]
) -> nn.Module:
    """Return `layer` with positive weights."""
    if not isinstance(layer, Pool):
        return Positive(make(layer, channels, sides), [0, 0])
    windows = [step for step in axis_steps(layer, len(sides)) if isinstance(step, Window)]
    padded = [[w.before, end(w, side)] for w, side in zip(windows, sides, strict=True)]
    conv = Conv(
        channels=channels,
        kernel=layer.kernel,
        stride=layer.kernel if layer.stride is None else layer.stride,
        dilation=layer.dilation,
        groups=channels,
    )
    return Positive(make(conv, channels, sides), list(chain.from_iterable(reversed(padded))))


def end(window: Window, length: int) -> int:
    """Return the padding at the end with which a window that only counts if it is full counts."""
    if not window.ceil:
        return window.after
    last = (output_length(window, length) - 1) * window.stride
    return last + window.span - window.before - length


def described(stack: Stack, axes: int) -> tuple[Description, Shape, tuple[int, ...]]:
    """Return a description, an input, and an output cell all around which the input goes on."""
    for side in islice(count(24), LONGEST[axes]):
        shape = Shape(4, (side, side + 4)[-axes:])
        if max(shape.sides) > LONGEST[axes]:
            break
        try:
            description = describe(stack, shape)
        except BadInput:
            continue
        total = description.total
        cells = tuple(
            middle_cell(field, out, length)
            for field, out, length in zip(total.field, total.output.sides, shape.sides, strict=True)
        )
        if min(cells) >= 0:
            return description, shape, cells
    raise BadInput("no input is large enough")


def middle_cell(field: AxisField | None, cells: int, length_px: int) -> int:
    """Return a cell from which a whole period lies a quarter away from the borders, or -1."""
    assert field is not None
    start = (cells - field.phases) // 2
    spans = [field.span(cell) for cell in range(start, start + field.phases)]
    first, last = min(first for first, _ in spans), max(last for _, last in spans)
    if start < 0 or first < length_px // 4 or last >= length_px - length_px // 4:
        return -1
    return start


def seen(x: Tensor, output: Tensor, cell: tuple[int, ...]) -> list[tuple[int, int]] | None:
    """Return the hull of the gradient of one cell on each axis. None: there is none."""
    target = output[0].flatten(1).sum(0).view(output.shape[2:])[cell]
    (gradient,) = torch.autograd.grad(target, x, retain_graph=True)
    places = (gradient[0].sum(0) > AFTER_NOTHING * gradient.max()).nonzero()
    if not len(places):
        return None
    lows, highs = places.amin(0).tolist(), places.amax(0).tolist()
    return list(zip(lows, highs, strict=True))


def check(stack: Stack, axes: int, run: Callable[..., Any]) -> None:
    description, shape, middle = described(stack, axes)
    x = torch.ones(1, 4, *shape.sides, dtype=torch.float64, requires_grad=True)
    _, output = run(stack, x)
    fields = [field for field in description.total.field if field is not None]
    for offset in range(max(field.phases for field in fields)):
        cell = tuple(
            start + offset % field.phases for start, field in zip(middle, fields, strict=True)
        )
        spans = [field.span(place) for field, place in zip(fields, cell, strict=True)]
        empty = any(last < first for first, last in spans)
        assert seen(x, output, cell) == (None if empty else spans), (shape, cell)


@pytest.mark.parametrize(("axes", "examples"), [(1, 300), (2, 120)])
def test_random_stacks_see_what_the_gradient_says(
    axes: int,
    examples: int,
    stacks: Callable[..., st.SearchStrategy[Stack]],
    trace: Callable[..., Any],
    torch_layer: Callable[..., nn.Module],
) -> None:
    run = partial(trace, make=partial(positive, make=torch_layer))
    checked = 0

    @settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    @given(stack=stacks(axes))
    def agree(stack: Stack) -> None:
        nonlocal checked
        try:
            described(stack, axes)
        except BadInput:
            assume(False)
        check(stack, axes, run)
        checked += 1

    agree()
    assert checked >= examples
