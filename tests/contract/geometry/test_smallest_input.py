"""The smallest input, against trying every size."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.axis import output_length
from boxwright_contract.geometry.layers import (
    Branches,
    Conv,
    ConvTranspose,
    GlobalPool,
    Layer,
    Linear,
    Norm,
    Pool,
    Stack,
    Upsample,
)
from boxwright_contract.geometry.stack import channels_after, smallest_input
from boxwright_contract.geometry.steps import axis_steps

small, padding = st.integers(1, 4), st.integers(0, 2)
single: st.SearchStrategy[Layer] = st.one_of(
    st.builds(Conv, channels=st.just(1), kernel=small, stride=small, padding=padding),
    st.builds(ConvTranspose, channels=st.just(1), kernel=small, stride=small, padding=padding),
    st.builds(Pool, kernel=small, stride=small, padding=st.integers(0, 1), ceil=st.booleans()),
    st.builds(Upsample, factor=small),
)
chain: st.SearchStrategy[Stack] = st.lists(single, max_size=3).map(tuple)
forked = st.builds(
    lambda *parts: Branches(branches=parts, join="add"),
    chain,
    st.just(()) | chain,
)
stacks: st.SearchStrategy[Stack] = st.lists(single | forked, max_size=4).map(tuple)


def made(stack: Stack, side: int) -> int:
    """Return how many cells `stack` makes of `side` cells."""
    for layer in stack:
        if isinstance(layer, Branches):
            sides = {made(branch, side) for branch in layer.branches}
            if len(sides) > 1:
                raise BadInput("the branches differ")
            (side,) = sides
        else:
            (step,) = axis_steps(layer, 1)
            side = output_length(step, side)
    return side


def fits(stack: Stack, side: int) -> bool:
    try:
        return made(stack, side) > 0
    except BadInput:
        return False


@settings(max_examples=500, deadline=None)
@given(stacks)
def test_no_smaller_input_fits_and_this_one_does(stack: Stack) -> None:
    try:
        (side,) = smallest_input(stack, channels=1, axes=1)
    except BadInput:
        side = 61
    else:
        assert fits(stack, side)
    assert not any(fits(stack, smaller) for smaller in range(1, min(side, 61)))


def test_each_axis_has_its_own_side() -> None:
    conv = Conv(channels=8, kernel=(7, 3, 1), stride=2)
    assert smallest_input((conv, conv), channels=3, axes=3) == (19, 7, 1)


def test_branches_that_halve_five_times_need_a_multiple_of_32() -> None:
    inner: Stack = ()
    for _ in range(5):
        inner = (Branches(branches=((), (Pool(kernel=2), *inner, Upsample(factor=2))), join="add"),)
    assert smallest_input(inner, channels=1, axes=2) == (32, 32)
    assert smallest_input((*inner, Conv(channels=1, kernel=33)), channels=1, axes=1) == (64,)


def test_the_answer_may_be_far_away() -> None:
    layers = (Conv(channels=1, kernel=2**60), Conv(channels=1, kernel=2, stride=2**61))
    assert smallest_input(layers, channels=1, axes=1) == (2**60 + 1,)


def test_branches_that_never_fit_are_refused_soon() -> None:
    fork = Branches(branches=((), (Conv(channels=1, kernel=3),)), join="add")
    with pytest.raises(BadInput, match="gives branches of equal sides"):
        smallest_input((fork,), channels=1, axes=1)


def test_what_needs_more_than_a_global_pool_leaves_is_refused() -> None:
    with pytest.raises(BadInput, match=r"layer 2 \(global pool\): it leaves 1 cell, .* need 3"):
        smallest_input((Norm(), GlobalPool(), Conv(channels=1, kernel=3)), channels=1, axes=2)


def test_channels_are_followed_through_branches() -> None:
    fork = Branches(branches=((), (Conv(channels=5, kernel=1),)), join="concat")
    assert channels_after((fork, fork), 3) == 3 + 5 + 5
    assert channels_after((fork, Linear(channels=7)), 3) == 7
