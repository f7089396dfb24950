"""Axes of tensors as products of factors, outermost first.

Flattening (H, W) into tokens keeps two factors on one axis, so what a token sees stays two short
arrays; splitting an axis into windows splits a factor.
"""

import math
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np

from boxwright_contract.geometry.graph.limits import check_elements
from boxwright_contract.geometry.graph.span import Span


class Factor(NamedTuple):
    """A part of an axis."""

    size: int
    positional: bool = False
    """Whether different places of the image lie along it, as along H and W but not C."""


Axis = tuple[Factor, ...]


def length(axis: Axis) -> int:
    """Return the size of the whole axis."""
    return math.prod(factor.size for factor in axis)


def flat(axes: Iterable[Axis]) -> Axis:
    """Return the factors of all axes in a row."""
    return tuple(chain.from_iterable(axes))


def matched(one: Sequence[int], other: Sequence[int]) -> list[tuple[list[int], list[int]]]:
    """Split two lists of sizes, of the same product, into the smallest runs of equal product.

    Both are without sizes of 1.

    Example:
        >>> matched([2, 6, 4], [3, 4, 4])
        [([2, 6], [3, 4]), ([4], [4])]
    """
    runs: list[tuple[list[int], list[int]]] = []
    left, right = list(reversed(one)), list(reversed(other))
    while left:
        before, after = [left.pop()], [right.pop()]
        while (difference := math.prod(before) - math.prod(after)) != 0:
            if difference < 0:
                before.append(left.pop())
            else:
                after.append(right.pop())
        runs.append((before, after))
    return runs


def pieces(old: Sequence[int], new: Sequence[int]) -> list[list[int]]:
    """Return for each new size the factors to make it of: as fine as `old` allows.

    Both are without sizes of 1. Where sizes do not divide one another, factors are not kept.

    Example:
        >>> pieces([8, 6, 5], [4, 2, 30])
        [[4], [2], [6, 5]]
    """
    made: list[list[int]] = []
    for before, after in matched(old, new):
        made += _common(before, after) or [[size] for size in after]
    return made


def _common(before: Sequence[int], after: Sequence[int]) -> list[list[int]] | None:
    waiting = list(reversed(before))
    made: list[list[int]] = []
    for size in after:
        made.append([])
        rest = size
        while rest > 1:
            factor = waiting.pop()
            piece = min(factor, rest)
            if factor % piece or rest % piece:
                return None
            if factor > piece:
                waiting.append(factor // piece)
            made[-1].append(piece)
            rest //= piece
    return made


def placed(old: Sequence[Factor], sizes: list[list[int]]) -> tuple[Axis, ...]:
    """Return factors of `sizes`, positional where they come from one that is."""
    ends: list[tuple[int, bool]] = []
    product = 1
    for factor in old:
        product *= factor.size
        ends.append((product, factor.positional))
    axes: list[Axis] = []
    product, at = 1, 0
    for axis in sizes:
        made = []
        for size in axis:
            begin = at
            product *= size
            while at < len(ends) - 1 and ends[at][0] < product:
                at += 1
            positional = size > 1 and any(flag for _, flag in ends[begin : at + 1])
            made.append(Factor(size, positional))
            if ends and ends[at][0] == product:
                at = min(at + 1, len(ends) - 1)
        axes.append(tuple(made))
    return tuple(axes)


def regrouped(span: Span, old: Sequence[int], new: Sequence[int]) -> Span:
    """Return the same with factors of sizes `new`, which have the product of `old`."""
    if tuple(old) == tuple(new):
        return span
    shape = [size for size, whole in zip(span.shape, old, strict=True) if whole > 1]
    source: list[int] = []
    target: list[int] = []
    for before, after in matched(_large(old), _large(new)):
        here = shape[len(source) : len(source) + len(before)]
        varies = max(here) > 1
        source += here if before == after else before if varies else here
        target += here if before == after else after if varies else [1] * len(after)
    check_elements(source)
    sizes = iter(target)
    final = [next(sizes) if size > 1 else 1 for size in new]
    changed = span.each(lambda array: np.broadcast_to(array.reshape(shape), source).reshape(final))
    for factor in range(len(final)):
        changed = changed.collapsed(factor)
    return changed


def _large(sizes: Iterable[int]) -> list[int]:
    return [size for size in sizes if size > 1]
