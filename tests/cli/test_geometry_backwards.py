"""What `--reach` tells, against stacks that are made of it."""

import random
import re
from collections.abc import Callable

import pytest

from boxwright.cli.geometry.backwards import layers_for
from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.layers import Conv, ConvTranspose, Layer, Pool, Stack, Upsample
from boxwright_contract.geometry.stack import Description, Shape, describe

WHAT_IT_TAKES = re.compile(
    r"takes (\d+) more layers of kernel (\d+) .*one of kernel (\d+), .*dilations ([\d, ]+)$"
)


def described(stack: Stack) -> Description:
    return describe(stack, Shape(1, (10**6, 10**6)))


def least(stack: Stack) -> int:
    """Return the least that a cell sees, on any axis."""
    return min(axis.sizes_px[0] for axis in described(stack).total.field if axis is not None)


def conv(kernel: int, dilation: int = 1) -> Conv:
    return Conv(channels=1, kernel=kernel, dilation=dilation)


def chain(rng: random.Random, *, scales: bool) -> list[Layer]:
    def sides() -> tuple[int, int]:
        return rng.randint(1, 5), rng.randint(1, 5)

    makers: list[Callable[[], Layer]] = [
        lambda: Conv(channels=1, kernel=sides(), stride=sides(), dilation=sides()),
        lambda: Pool(kernel=sides(), stride=sides()),
    ]
    if scales:
        makers += [
            lambda: Upsample(factor=rng.randint(2, 3), mode="linear"),
            lambda: ConvTranspose(channels=1, kernel=rng.randint(2, 4), stride=2),
        ]
    return [rng.choice(makers)() for _ in range(rng.randint(1, 4))]


@pytest.mark.parametrize("seed", range(150))
def test_what_it_takes_reaches_that_far_and_no_less_does(seed: int) -> None:
    rng = random.Random(seed)
    stack = tuple(chain(rng, scales=False))
    wanted = least(stack) + rng.randint(1, 300)
    told = WHAT_IT_TAKES.search(layers_for(wanted, described(stack)))
    assert told is not None
    depth, kernel, single = (int(told[place]) for place in (1, 2, 3))
    dilated = [conv(kernel, int(dilation)) for dilation in told[4].split(", ")]
    for more, fewer in (
        ([conv(kernel)] * depth, [conv(kernel)] * (depth - 1)),
        ([conv(single)], [conv(single - 1)]),
        (dilated, dilated[:-1]),
    ):
        assert least((*stack, *fewer)) < wanted <= least((*stack, *more))


def test_where_neighbours_see_different_amounts_no_formula_is_told() -> None:
    rng = random.Random(1)
    several = 0
    for _ in range(200):
        stack = tuple(chain(rng, scales=True))
        if all(axis is None or axis.phases == 1 for axis in described(stack).total.field):
            continue
        several += 1
        told = layers_for(least(stack) + 50, described(stack))
        if "is the first" not in told:
            assert "neighbouring cells see different amounts" in told
    assert several > 50


def test_a_reach_beyond_64_bits_names_the_option() -> None:
    with pytest.raises(BadInput, match="--reach must be 1 to 9223372036854775807"):
        layers_for(2**63, described((conv(3),)))
