"""Stacks that are meant to crash, stall or bloat what measures them."""

import time
import tracemalloc
from collections.abc import Callable
from functools import partial
from random import Random

import pytest

from boxwright_contract.errors import BadInput
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
from boxwright_contract.geometry.limits import MOST_LAYERS
from boxwright_contract.geometry.stack import Shape, describe, smallest_input

HUGE = 2**63 - 1
NUMBERS = (1, 1, 1, 2, 2, 3, 4, 7, 0, -1, 64, 2047, 2**31, 2**62, HUGE, 2**70)


def hostile(random: Random, depth: int = 0) -> Layer:
    def number() -> int:
        return random.choice(NUMBERS[: random.choice((8, 8, 8, len(NUMBERS)))])

    def sides() -> int | tuple[int, ...]:
        return random.choice((number(), number(), tuple(number() for _ in range(2))))

    slide = {"kernel": sides(), "stride": sides(), "padding": sides(), "dilation": sides()}
    branches = tuple(
        tuple(hostile(random, depth + 1) for _ in range(random.randrange(3)))
        for _ in range(random.randrange(4) if depth < 3 else 0)
    )
    makes: list[Callable[[], Layer]] = [
        lambda: Conv(channels=number(), groups=number(), **slide),  # type: ignore[arg-type]
        lambda: Conv(channels=number(), kernel=sides(), padding="same", dilation=sides()),
        lambda: ConvTranspose(channels=number(), output_padding=sides(), **slide),  # type: ignore[arg-type]
        lambda: LightweightConv(kernel=sides(), heads=number()),
        lambda: Pool(ceil=random.random() < 0.5, **slide),  # type: ignore[arg-type]
        lambda: Upsample(
            factor=sides(),
            mode=random.choice(("nearest", "linear")),
            align_corners=random.random() < 0.3,
        ),
        lambda: random.choice((GlobalPool(), Linear(channels=number()), Norm())),
        lambda: Branches(branches=branches, join=random.choice(("add", "concat"))),
    ]
    return random.choice(makes)()


def refusal(ask: Callable[[], object]) -> str:
    """Return what is told of a BadInput, or nothing."""
    try:
        ask()
    except BadInput as refused:
        return str(refused)
    return ""


def test_10_000_hostile_stacks_are_answered_or_refused_soon() -> None:
    random = Random(3)
    answered = 0
    slowest_s = 0.0
    for _ in range(10_000):
        stack = tuple(hostile(random) for _ in range(random.choice((1, 2, 3, 5))))
        shape = Shape(4, tuple(random.choice((64, 999, 2**40, HUGE)) for _ in range(2)))
        start = time.process_time()
        told = (
            refusal(partial(describe, stack, shape)),
            refusal(partial(smallest_input, stack, 4, 2)),
        )
        slowest_s = max(slowest_s, time.process_time() - start)
        assert max(map(len, told)) < 500
        answered += not told[0]
    assert answered > 300
    assert slowest_s < 0.5


CUBE, LINE = Shape(1, (99,) * 3), Shape(1, (99,))
COMB = ConvTranspose(channels=1, kernel=4000, stride=45, dilation=46)
MIXED = ConvTranspose(channels=1, kernel=2000, stride=44, dilation=45)
WIDE = Branches(
    branches=tuple((Conv(channels=1, kernel=1 + n, padding=n, dilation=2),) for n in range(150)),
    join="add",
)
NEVER = Branches(branches=((), (Conv(channels=1, kernel=3),)), join="add")
WORST: dict[str, tuple[Stack, Shape]] = {
    "long": ((Conv(channels=1, kernel=3, padding=1),) * MOST_LAYERS, CUBE),
    "many phases": ((COMB, MIXED, *(Conv(channels=1, kernel=2000, dilation=3),) * 9), LINE),
    "wide": ((COMB, WIDE), LINE),
    "never fits": ((*(Conv(channels=1, kernel=1),) * 500, NEVER), CUBE),
}
"""Within the limits, or just over them, and as much work as can be."""


@pytest.mark.parametrize(("stack", "shape"), WORST.values(), ids=WORST)
def test_the_worst_stacks_cost_little_time_and_memory(stack: Stack, shape: Shape) -> None:
    asks = partial(describe, stack, shape), partial(smallest_input, stack, 1, len(shape.sides))
    for ask in asks:
        start = time.process_time()
        refusal(ask)
        assert time.process_time() - start < 0.5
        tracemalloc.start()
        refusal(ask)
        _, most_bytes = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert most_bytes < 4e6
