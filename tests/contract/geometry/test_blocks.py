"""Blocks have the parameters and the fields that their papers give them."""

import pytest

from boxwright_contract.geometry.blocks import (
    aggregated_block,
    dense_block,
    depthwise,
    depthwise_separable,
    pointwise,
)
from boxwright_contract.geometry.field import AxisField
from boxwright_contract.geometry.layers import Branches, Conv, LightweightConv, Pool, Stack
from boxwright_contract.geometry.stack import Shape, channels_after, describe

MAP = Shape(64, (28, 28))


def test_pointwise_mixes_channels_and_sees_one_cell() -> None:
    total = describe((pointwise(10),), MAP).total
    assert (total.parameters, total.parameters_without_bias) == (650, 640)
    assert total.multiply_accumulates == 640 * 28 * 28
    assert total.field == (AxisField(1, (0,), (0,)),) * 2


def test_depthwise_never_mixes_channels() -> None:
    total = describe((depthwise(64, kernel=3, padding=1, multiplier=2),), MAP).total
    assert total.output == Shape(128, (28, 28))
    assert (total.parameters, total.parameters_without_bias) == (128 * 10, 128 * 9)
    assert total.multiply_accumulates == 128 * 9 * 28 * 28


def test_depthwise_separable_costs_less_by_the_factor_of_the_paper() -> None:
    """1 / channels + 1 / kernel squared: section 3.1 of MobileNets (arXiv:1704.04861)."""
    separable = describe(depthwise_separable(64, 128, kernel=3, padding=1), MAP).total
    full = describe((Conv(channels=128, kernel=3, padding=1),), MAP).total
    assert separable.multiply_accumulates * 128 * 9 == full.multiply_accumulates * (128 + 9)
    assert (separable.output, separable.field) == (full.output, full.field)


def test_lightweight_convolution_costs_as_a_depthwise_one_with_fewer_weights() -> None:
    words = Shape(1024, (50,))
    shared = describe((LightweightConv(kernel=7, heads=16),), words).total
    single = describe((depthwise(1024, kernel=7, padding=3, bias=False),), words).total
    assert shared.multiply_accumulates == single.multiply_accumulates
    assert (shared.parameters, single.parameters) == (16 * 7, 1024 * 7)


@pytest.mark.parametrize(("stride", "projected"), [(1, False), (2, True)])
def test_an_aggregated_block_projects_its_shortcut_only_where_it_must(
    stride: int, projected: bool
) -> None:
    block = aggregated_block(64, 64, width=32, cardinality=8, stride=stride)
    assert bool(block.branches[1]) is projected
    assert describe((block,), MAP).total.output == Shape(64, (28 // stride, 28 // stride))


def test_resnext50_sees_and_costs_what_torchvision_says() -> None:
    stack: Stack = (
        Conv(channels=64, kernel=7, stride=2, padding=3, bias=False),
        Pool(kernel=3, stride=2, padding=1),
    )
    channels = 64
    for stage, blocks in enumerate((3, 4, 6, 3)):
        for block in range(blocks):
            width, stride = 128 << stage, 2 if stage and not block else 1
            out = 256 << stage
            stack += (aggregated_block(channels, out, width=width, cardinality=32, stride=stride),)
            channels = out
    total = describe(stack, Shape(3, (224, 224))).total
    field = total.field[0]
    assert field is not None
    assert field == AxisField(32, (-213,), (213,))
    assert total.output == Shape(2048, (7, 7))
    classifier, stem_norm = 2048 * 1000 + 1000, 2 * 64
    assert total.parameters + stem_norm + classifier == 25_028_904
    assert round((total.multiply_accumulates + 2048 * 1000) / 1e7) == 423


def test_a_dense_block_keeps_all_that_it_made() -> None:
    block = dense_block(6, 32)
    assert channels_after(block, 64) == 64 + 6 * 32
    assert all(isinstance(layer, Branches) for layer in block)
    assert describe(block, MAP).total.field == (AxisField(1, (-6,), (6,)),) * 2


def test_a_dense_block_without_bottleneck_has_one_convolution_a_layer() -> None:
    total = describe(dense_block(2, 12, bottleneck=0), Shape(16, (8,))).total
    assert total.parameters == (2 * 16 + 16 * 12 * 3) + (2 * 28 + 28 * 12 * 3)
