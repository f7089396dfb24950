"""Every impossible stack is refused, and the message names the layer, its index and the numbers."""

from collections.abc import Callable

import pytest

from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.blocks import aggregated_block, dense_block
from boxwright_contract.geometry.layers import (
    Branches,
    Conv,
    ConvTranspose,
    Layer,
    LightweightConv,
    Linear,
    Norm,
    Pool,
    Stack,
    Upsample,
)
from boxwright_contract.geometry.limits import DEEPEST, MOST_LAYERS
from boxwright_contract.geometry.stack import Shape, describe, smallest_input

INPUT = Shape(6, (8, 9))
HUGE = 2**63 - 1

IMPOSSIBLE: dict[str, Layer] = {
    r"layer 2 \(conv 'stem'\): axis y: a kernel of 11 is larger than the padded input of 10 "
    r"\(8 with padding 1 \+ 1\)\. Send a larger input": Conv(
        channels=1, kernel=11, padding=1, name="stem"
    ),
    "a kernel of 3 spread over 9 by a dilation of 4 is larger than the padded input of 8": Conv(
        channels=1, kernel=3, dilation=4
    ),
    r"axis y: a kernel of 10 is larger than the padded input of 8": Pool(kernel=10),
    "6 channels cannot be divided among 4 groups": Conv(channels=4, kernel=1, groups=4),
    "7 channels cannot be divided among 3 groups": Conv(channels=7, kernel=1, groups=3),
    r"layer 2 \(transposed conv\): 6 channels cannot be divided among 5 groups": ConvTranspose(
        channels=5, kernel=1, groups=5
    ),
    r"layer 2 \(lightweight conv\): 6 channels cannot be divided among 4 heads": LightweightConv(
        kernel=3, heads=4
    ),
    "kernel has 3 numbers for an input of 2 axes": Conv(channels=1, kernel=(1, 1, 1)),
    "stride has 1 numbers for an input of 2 axes": Pool(kernel=2, stride=(1,)),
    "padding has 0 numbers": Pool(kernel=2, padding=()),
    "kernel is 0, but must be 1 to": Conv(channels=1, kernel=0),
    "stride is -2, but must be 1 to": Conv(channels=1, kernel=1, stride=(1, -2)),
    "padding is -1, but must be 0 to": Conv(channels=1, kernel=1, padding=-1),
    "dilation is 0": Pool(kernel=1, dilation=0),
    "groups is 0": Conv(channels=1, kernel=1, groups=0),
    "heads is 0": LightweightConv(kernel=1, heads=0),
    "channels is 0": Linear(channels=0),
    "factor is 0": Upsample(factor=0),
    "channels must be 1 to 9223372036854775807": Linear(channels=10**5000),
    "output_padding 2 must be smaller than the stride 2 or the dilation 1": ConvTranspose(
        channels=1, kernel=3, stride=2, output_padding=2
    ),
    "8 cells spread over 8, and a padding of 4 takes them all away": ConvTranspose(
        channels=1, kernel=1, padding=4
    ),
    "padding that keeps the length needs a stride of 1, not 2": Conv(
        channels=1, kernel=3, stride=2, padding="same"
    ),
    "padding 2 is over half of the kernel, which covers 3: .* Use 1 or less": Pool(
        kernel=3, padding=2
    ),
    "align_corners is of the linear mode": Upsample(factor=2, align_corners=True),
    "branches of 3 and 6 channels cannot be added": Branches(
        branches=((), (Conv(channels=3, kernel=1),)), join="add"
    ),
    r"layer 2 \(branches\): branch 1 makes 6 x 8 x 9 and branch 2 6 x 4 x 4, .* equal "
    "sides": Branches(branches=((), (Pool(kernel=2),)), join="concat"),
    r"layer 2\.2\.1 \(conv\): axis y: a kernel of 99": Branches(
        branches=((), (Conv(channels=1, kernel=99),)), join="add"
    ),
    "there are no branches": Branches(branches=(), join="add"),
    "the branches move over the input by 1 and 2 px": Branches(
        branches=((Conv(channels=1, kernel=5),), (Conv(channels=1, kernel=(1, 5), stride=(2, 1)),)),
        join="add",
    ),
    "repeats only after": Upsample(factor=5000),
    "the output would be over 9223372036854775807 cells long": Upsample(factor=HUGE),
    "parameters are over 9223372036854775807": Linear(channels=HUGE),
    r"1\.2e\+20 multiply-accumulates are over 9223372036854775807": Conv(channels=2**58, kernel=1),
}


@pytest.mark.parametrize(("message", "layer"), IMPOSSIBLE.items(), ids=range(len(IMPOSSIBLE)))
def test_an_impossible_layer_is_named_with_its_numbers(message: str, layer: Layer) -> None:
    with pytest.raises(BadInput, match=message) as caught:
        describe((Norm(), layer), INPUT)
    assert str(caught.value).startswith("layer 2")


@pytest.mark.parametrize(
    "shape", [Shape(0, (5,)), Shape(3, ()), Shape(3, (5,) * 4), Shape(3, (5, 0)), Shape(3, (-1,))]
)
def test_an_impossible_input_is_refused(shape: Shape) -> None:
    with pytest.raises(BadInput):
        describe((), shape)


def nested(depth: int) -> Stack:
    stack: Stack = ()
    for _ in range(depth):
        stack = (Branches(branches=(stack, stack), join="add"),)
    return stack


@pytest.mark.parametrize("ask", [lambda s: describe(s, INPUT), lambda s: smallest_input(s, 6, 2)])
def test_too_many_and_too_deep_are_refused_at_once(ask: Callable[[Stack], object]) -> None:
    norm = Norm()
    ask((norm,) * MOST_LAYERS)
    with pytest.raises(BadInput, match="over 1,024 layers"):
        ask((norm,) * (MOST_LAYERS + 1))
    with pytest.raises(BadInput, match="over 1,024 layers"):
        ask((Branches(branches=((),) * MOST_LAYERS, join="add"),))
    with pytest.raises(BadInput, match="over 1,024 layers"):
        ask(nested(30))
    deep: Stack = ()
    for _ in range(DEEPEST):
        deep = (Branches(branches=(deep,), join="add"),)
    ask(deep)
    for _ in range(5000):
        deep = (Branches(branches=(deep,), join="add"),)
    with pytest.raises(BadInput, match="nested over 32 deep"):
        ask(deep)


def test_hostile_numbers_in_blocks_are_refused() -> None:
    for layers in (0, -1, HUGE):
        with pytest.raises(BadInput):
            dense_block(layers, 32)
    with pytest.raises(BadInput, match="is -1"):
        dense_block(2, 32, bottleneck=-1)
    with pytest.raises(BadInput, match=r"layer 1\.1\.1 \(conv\): channels is 0"):
        describe((aggregated_block(6, -4, width=0, cardinality=0, stride=-1),), INPUT)
