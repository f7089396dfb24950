"""The channel axis, which is axis 1: groups, and operands with one value a channel."""

from collections.abc import Sequence
from dataclasses import replace

from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.graph.factors import Factor
from boxwright_contract.geometry.graph.join import joined
from boxwright_contract.geometry.graph.node import Value
from boxwright_contract.geometry.graph.tensor import Seen


def over_channels(x: Seen, groups: int, channels: int, node: int) -> Seen:
    """Return a tensor of `channels`, each of which sees every channel of its group of `x`.

    Raises:
        BadInput: The channels cannot be divided into the groups.
    """
    held = x.shape[1]
    if groups < 1 or held % groups or channels % groups:
        raise BadInput(f"{held} and {channels} channels cannot be divided into {groups} groups.")
    batch, *sides = x.shape[0], *x.shape[2:]
    grouped = x.reshaped((batch, groups, held // groups, *sides)).over_axes([2], node)
    return widened(grouped, 2, channels // groups)


def widened(x: Seen, axis: int, size: int) -> Seen:
    """Return `x` with its `axis`, which is of length 1, repeated and joined to the one before."""
    repeated = (*(Factor(1) for _ in x.axes[axis][1:]), Factor(size))
    before = (*x.axes[axis - 1], *repeated)
    return replace(x, axes=(*x.axes[: axis - 1], before, *x.axes[axis + 1 :]))


def along_channels(x: Seen, operands: Sequence[Value | None]) -> Seen:
    """Join operands of shape (C,) or (), those that depend on the image, to the channels of `x`."""
    seen = [one for one in operands if isinstance(one, Seen) and one.terms]
    if not seen:
        return x
    ones = (1,) * (x.rank - 2)
    wide = (one.reshaped((*one.shape, *ones)) if one.rank else one for one in seen)
    return joined([x, *wide])
