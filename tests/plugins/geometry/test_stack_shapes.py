"""Shapes and parameters of random stacks are torch's own, layer by layer."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.layers import (
    GlobalPool,
    Linear,
    Stack,
)
from boxwright_contract.geometry.stack import Shape, describe

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
AXES = st.sampled_from((1, 1, 1, 2, 2, 3))


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), axes=AXES)
def test_torch_makes_the_same_shapes_and_parameters_or_refuses_too(
    data: st.DataObject,
    axes: int,
    stacks: Callable[..., st.SearchStrategy[Stack]],
    trace: Callable[..., Any],
) -> None:
    ends: st.SearchStrategy[Stack] = st.sampled_from(
        ((), (GlobalPool(kind="max"),), (Linear(channels=3),))
    )
    stack: Stack = (*data.draw(stacks(axes, 4)), *data.draw(ends))
    sides = data.draw(st.tuples(*[st.integers(1, (40, 16, 9)[axes - 1])] * axes))
    try:
        description = describe(stack, Shape(4, sides))
    except BadInput:
        with pytest.raises((RuntimeError, ValueError)), torch.no_grad():
            trace(stack, torch.zeros(1, 4, *sides))
        return
    with torch.no_grad():
        rows, _ = trace(stack, torch.zeros(1, 4, *sides))
    told = [
        ((row.output.channels, *row.output.sides), row.parameters) for row in description.layers
    ]
    assert told == rows
