"""Shapes of feature maps."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Literal

from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.numbers import checked


@dataclass(frozen=True)
class Shape:
    """Of a feature map, without the axis of the batch."""

    channels: int
    sides: tuple[int, ...]
    """Cells on each axis: (width), (height, width) or (depth, height, width)."""

    def __str__(self) -> str:
        return " x ".join(str(number) for number in (self.channels, *self.sides))

    @property
    def cells(self) -> int:
        """Numbers in the map."""
        return self.channels * prod(self.sides)


def check_shape(shape: Shape) -> None:
    """Refuse an input that is empty, or has not one, two or three axes.

    Raises:
        BadInput: It is or has.
    """
    check_axes(len(shape.sides))
    checked(shape.channels, "channels of the input")
    for side in shape.sides:
        checked(side, "a side of the input")


def check_axes(axes: int) -> None:
    """Refuse other numbers of axes than one, two and three.

    Raises:
        BadInput: It is another.
    """
    if axes not in (1, 2, 3):
        raise BadInput(f"the input has {axes} sides. Give 1, 2 or 3.")


def joined_channels(join: Literal["add", "concat"], channels: Sequence[int]) -> int:
    """Return the channels of joined branches that have `channels`.

    Raises:
        BadInput: There are no branches, or those that are added have different channels.
    """
    if not channels:
        raise BadInput("there are no branches. Give one at least; an empty one is the identity.")
    if join == "concat":
        return checked(sum(channels), "the sum of the channels of the branches")
    if len(set(channels)) > 1:
        told = " and ".join(str(number) for number in sorted(set(channels))[:3])
        raise BadInput(
            f"branches of {told} channels cannot be added. "
            "Give them the same channels, or concatenate them."
        )
    return channels[0]
