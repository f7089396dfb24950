"""Blocks and interpolation are torchvision's and torch's own."""

import pytest
import torch
from torch import nn
from torch.nn import functional
from torchvision.models import densenet121, resnext50_32x4d

from boxwright_contract.geometry.blocks import aggregated_block, dense_block
from boxwright_contract.geometry.layers import Stack, Upsample
from boxwright_contract.geometry.stack import Shape, describe


def measured(module: nn.Module, shape: Shape) -> tuple[tuple[int, ...], int]:
    with torch.no_grad():
        output = module.eval()(torch.zeros(1, shape.channels, *shape.sides))
    return tuple(output.shape[1:]), sum(p.numel() for p in module.parameters())


def told(stack: Stack, shape: Shape) -> tuple[tuple[int, ...], int]:
    total = describe(stack, shape).total
    return (total.output.channels, *total.output.sides), total.parameters


@pytest.mark.parametrize("stage", [1, 2, 3, 4])
def test_aggregated_blocks_are_those_of_resnext50(stage: int) -> None:
    channels = 64 if stage == 1 else 128 << (stage - 1)
    layer = getattr(resnext50_32x4d(weights=None), f"layer{stage}")
    for number, block in enumerate(layer):
        ours = aggregated_block(
            channels,
            128 << stage,
            width=64 << stage,
            cardinality=32,
            stride=2 if stage > 1 and number == 0 else 1,
        )
        shape = Shape(channels, (9, 8))
        assert told((ours,), shape) == measured(block, shape)
        channels = 128 << stage


@pytest.mark.parametrize(("number", "layers", "channels"), [(1, 6, 64), (2, 12, 128)])
def test_dense_blocks_are_those_of_densenet121(number: int, layers: int, channels: int) -> None:
    theirs = getattr(densenet121(weights=None).features, f"denseblock{number}")
    shape = Shape(channels, (7, 8))
    assert told(dense_block(layers, 32), shape) == measured(theirs, shape)


@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("factor", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("length", [1, 2, 3, 5, 6, 9, 13])
def test_linear_scaling_sees_the_inputs_of_torch_s_weights(
    align_corners: bool, factor: int, length: int
) -> None:
    layer = Upsample(factor=factor, mode="linear", align_corners=align_corners)
    (field,) = describe((layer,), Shape(1, (length,))).total.field
    assert field is not None
    weights = functional.interpolate(
        torch.eye(length, dtype=torch.float64)[None],
        scale_factor=factor,
        mode="linear",
        align_corners=align_corners,
    )[0]  # (length, length * factor)
    for cell in range(length * factor):
        seen = (weights[:, cell] > 1e-9).nonzero().flatten().tolist()
        first, last = field.interval(cell, length)
        assert seen == list(range(first, last + 1))
