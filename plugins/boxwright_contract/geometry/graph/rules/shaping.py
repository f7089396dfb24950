"""Operators that only arrange elements: reshapes, transpositions, blocks of depth and space."""

import math
from collections.abc import Sequence

from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.graph.node import Node
from boxwright_contract.geometry.graph.tensor import Seen


def reshape(node: Node) -> Seen:
    """Reshape, with 0 and -1."""
    x = node.seen(0)
    wanted = node.integers(1, "shape")
    if wanted is None:
        raise BadInput("its shape is missing.")
    if not node.number("allowzero", 0):
        kept = enumerate(wanted)
        wanted = [x.shape[x.axis(at)] if size == 0 else size for at, size in kept]
    if wanted.count(-1) > 1 or min(wanted, default=1) < -1 or 0 in wanted:
        raise BadInput(f"{list(x.shape)} cannot be reshaped to {wanted}.")
    if -1 in wanted:
        rest = -math.prod(wanted)
        wanted[wanted.index(-1)] = max(math.prod(x.shape) // rest, 1)
    return x.reshaped(wanted)


def flatten(node: Node) -> Seen:
    """Flatten to two axes."""
    x = node.seen(0)
    number = node.number("axis", 1)
    axis = x.rank if number == x.rank else x.axis(number)
    return x.reshaped((math.prod(x.shape[:axis]), math.prod(x.shape[axis:])))


def squeeze(node: Node) -> Seen:
    """Squeeze axes of length 1."""
    x = node.seen(0)
    given = node.integers(1, "axes")
    every = [axis for axis, size in enumerate(x.shape) if size == 1]
    axes = every if given is None else [x.axis(axis) for axis in given]
    if not set(axes) <= set(every):
        raise BadInput(f"axes {axes} of {list(x.shape)} are not all of length 1.")
    return x.reshaped([size for axis, size in enumerate(x.shape) if axis not in axes])


def unsqueeze(node: Node) -> Seen:
    """Insert axes of length 1."""
    x = node.seen(0)
    given = node.integers(1, "axes") or []
    rank = x.rank + len(given)
    axes = {axis % rank for axis in given if -rank <= axis < rank}
    if len(axes) != len(given):
        raise BadInput(f"its axes {given} are not axes of a tensor of rank {rank}.")
    sizes = iter(x.shape)
    return x.reshaped([1 if axis in axes else next(sizes) for axis in range(rank)])


def transpose(node: Node) -> Seen:
    """Transpose."""
    x = node.seen(0)
    return x.permuted(node.numbers("perm") or list(reversed(range(x.rank))))


def expand(node: Node) -> Seen:
    """Expand by broadcasting."""
    wanted = node.integers(1)
    if wanted is None:
        raise BadInput("its shape is missing.")
    return node.seen(0).expanded(wanted)


def tile(node: Node) -> Seen:
    """Repeat along each axis."""
    x = node.seen(0)
    repeats = node.integers(1) or []
    if len(repeats) != x.rank or min(repeats) < 1:
        raise BadInput(f"its repeats {repeats} do not fit a tensor of rank {x.rank}.")
    apart = x.reshaped([size for side in x.shape for size in (1, side)])
    wide = apart.expanded([n for each in zip(repeats, x.shape, strict=True) for n in each])
    return wide.reshaped([n * side for n, side in zip(repeats, x.shape, strict=True)])


def depth_to_space(node: Node) -> Seen:
    """Make blocks of cells of channels."""
    x, block = _blocks(node)
    batch, channels, *sides = x.shape
    if channels % block**2:
        raise BadInput(f"{channels} channels do not make blocks of {block} x {block}.")
    deep = channels // block**2
    if node.choice("mode", "DCR", "CRD") == "DCR":
        return _arranged(x, (batch, block, block, deep, *sides), (0, 3, 4, 1, 5, 2))
    return _arranged(x, (batch, deep, block, block, *sides), (0, 1, 4, 2, 5, 3))


def space_to_depth(node: Node) -> Seen:
    """Make channels of blocks of cells."""
    x, block = _blocks(node)
    batch, channels, height, width = x.shape
    if height % block or width % block:
        raise BadInput(f"{height} x {width} cells do not divide into blocks of {block}.")
    apart = (batch, channels, height // block, block, width // block, block)
    order = (0, 3, 5, 1, 2, 4)
    moved = x.reshaped(apart).permuted(order)
    return moved.reshaped((batch, block**2 * channels, height // block, width // block))


def _blocks(node: Node) -> tuple[Seen, int]:
    x, block = node.seen(0), node.number("blocksize", 0)
    if x.rank != 4 or block < 1:
        raise BadInput(f"a blocksize of {block} does not fit a tensor of rank {x.rank}.")
    return x, block


def _arranged(x: Seen, shape: Sequence[int], order: Sequence[int]) -> Seen:
    moved = x.reshaped(shape).permuted(order)
    batch, deep, height, up, width, across = moved.shape
    return moved.reshaped((batch, deep, height * up, width * across))
