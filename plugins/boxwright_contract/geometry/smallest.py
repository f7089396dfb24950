"""The smallest input that a stack accepts, and the channels that it makes.

A single layer never makes less of more, so the least length that it needs is found backwards from
one cell at the end. Branches must make equal lengths besides, and that may hold at 16 cells, fail
at 17 and hold again at 32. From a length that fails, all that cannot help is skipped: the branch
that made the fewest cells must make as many as the others made, so that it needs a longer input.
"""

from dataclasses import dataclass
from typing import TypeAlias

from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.axis import Step, least_length, output_length
from boxwright_contract.geometry.costs import channels_out
from boxwright_contract.geometry.layers import Branches, Stack
from boxwright_contract.geometry.limits import check_extent
from boxwright_contract.geometry.numbers import checked
from boxwright_contract.geometry.places import at, place_of
from boxwright_contract.geometry.shape import check_axes, joined_channels
from boxwright_contract.geometry.steps import axis_steps

MOST_VISITS = 8_192
"""Layers that the search for equal branches may pass, again and again, on one axis."""


@dataclass(frozen=True)
class _Single:
    place: str
    step: Step


@dataclass(frozen=True)
class _Fork:
    place: str
    branches: tuple["_Path", ...]


_Path: TypeAlias = tuple[_Single | _Fork, ...]


def channels_after(stack: Stack, channels: int) -> int:
    """Return how many channels `stack` makes of `channels`.

    Raises:
        BadInput: A layer does not accept the channels that reach it.
    """
    check_extent(stack)
    return _channels(stack, checked(channels, "channels of the input"), "")


def _channels(stack: Stack, channels: int, prefix: str) -> int:
    for number, layer in enumerate(stack, start=1):
        index = f"{prefix}{number}"
        if isinstance(layer, Branches):
            made = [
                _channels(branch, channels, f"{index}.{position}.")
                for position, branch in enumerate(layer.branches, start=1)
            ]
            with at(place_of(index, layer)):
                channels = joined_channels(layer.join, made)
        else:
            with at(place_of(index, layer)):
                channels = channels_out(layer, channels)
    return channels


def smallest_input(stack: Stack, channels: int, axes: int) -> tuple[int, ...]:
    """Return the smallest sides, one for each axis, at which every layer has something to see.

    Raises:
        BadInput: The stack is impossible at every size, or at every one that was tried.

    Example:
        >>> from boxwright_contract.geometry.layers import Branches, Pool, Upsample
        >>> halves = Branches(branches=((), (Pool(kernel=2), Upsample(factor=2))), join="add")
        >>> smallest_input((halves, Pool(kernel=5)), channels=8, axes=1)
        (6,)
    """
    check_axes(axes)
    channels_after(stack, channels)
    paths = _paths(stack, axes, "")
    found: dict[_Path, int] = {}
    for path in paths:
        if path not in found:
            found[path] = _smallest(path)
    return tuple(found[path] for path in paths)


def smallest_input_found(stack: Stack, channels: int, axes: int) -> tuple[int, ...]:
    """Return `smallest_input` of a stack that is possible, or nothing where the search gave up.

    Branches of equal sides may come so rarely that it does.
    """
    try:
        return smallest_input(stack, channels, axes)
    except BadInput:
        return ()


def _paths(stack: Stack, axes: int, prefix: str) -> tuple[_Path, ...]:
    """Return what the stack does on each axis."""
    nodes: list[list[_Single | _Fork]] = [[] for _ in range(axes)]
    for number, layer in enumerate(stack, start=1):
        index = f"{prefix}{number}"
        place = place_of(index, layer)
        if isinstance(layer, Branches):
            branches = [
                _paths(branch, axes, f"{index}.{position}.")
                for position, branch in enumerate(layer.branches, start=1)
            ]
            for axis, forked in zip(nodes, zip(*branches, strict=True), strict=True):
                axis.append(_Fork(place, forked))
        else:
            with at(place):
                steps = axis_steps(layer, axes)
            for axis, step in zip(nodes, steps, strict=True):
                axis.append(_Single(place, step))
    return tuple(tuple(axis) for axis in nodes)


def _smallest(path: _Path) -> int:
    length = _least(path, 1)
    for _ in range(max(MOST_VISITS // _nodes(path), 8)):
        _, wanted = _attempt(path, length)
        if wanted == length:
            return length
        length = wanted
    raise BadInput(
        f"no side below {length} gives branches of equal sides, and longer ones were not tried. "
        "Change the paddings or strides of the branches."
    )


def _nodes(path: _Path) -> int:
    inner = (node.branches for node in path if isinstance(node, _Fork))
    return 1 + len(path) + sum(_nodes(branch) for branches in inner for branch in branches)


def _least(path: _Path, cells: int) -> int:
    """Return a length below which `path` makes fewer than `cells`, or nothing."""
    for node in reversed(path):
        if isinstance(node, _Fork):
            cells = max(_least(branch, cells) for branch in node.branches)
        else:
            with at(node.place):
                cells = least_length(node.step, cells)
    return cells


def _attempt(path: _Path, length: int) -> tuple[int, int]:
    """Return what `path` makes of `length`, and `length`; or, if branches differ, the next to try.

    No length below that next one fits.
    """
    made = length
    for position, node in enumerate(path):
        if isinstance(node, _Single):
            with at(node.place):
                made = output_length(node.step, made)
            continue
        ends = [_attempt(branch, made) for branch in node.branches]
        wanted = max(next_length for _, next_length in ends)
        if wanted == made:
            most = max(end for end, _ in ends)
            few = [
                branch for branch, (end, _) in zip(node.branches, ends, strict=True) if end < most
            ]
            wanted = max([made, *(_least(branch, most) for branch in few)])
        if wanted > made:
            return made, _least(path[:position], wanted)
        made = ends[0][0]
    return made, length
