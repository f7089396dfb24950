"""The feature maps that regions are pooled from: levels of a backbone, and of the neck on them."""

from itertools import pairwise
from typing import Protocol

from boxwright_contract.catalog import Catalog
from boxwright_contract.errors import BadSettings, UnknownName
from boxwright_contract.parts import Backbone, Level, Neck


class NeckOptions(Protocol):
    """The options of a detector that say which feature maps it stands on."""

    @property
    def levels(self) -> tuple[str, ...]:
        """Names of the backbone's levels to use. Empty: the detector chooses."""

    @property
    def neck(self) -> str:
        """Name of what makes levels of these."""

    @property
    def neck_channels(self) -> int:
        """Of each level that the neck makes, if it does not keep the backbone's."""


def backbone_levels(backbone: Backbone, options: NeckOptions) -> tuple[Level, ...]:
    """Return the levels of `backbone` that are asked for, finest first.

    Without any: the deepest of each stride.

    Raises:
        UnknownName: The backbone has no such level.
    """
    known = {level.name: level for level in backbone.levels}
    for name in options.levels:
        if name not in known:
            raise UnknownName.among(f"level of {backbone.name}", name, known)
    deepest = {level.stride: name for name, level in known.items()}
    chosen = options.levels or deepest.values()
    return tuple(level for name, level in known.items() if name in chosen)


def neck_levels(
    backbone: Backbone, below: tuple[Level, ...], options: NeckOptions
) -> tuple[Neck, tuple[Level, ...]]:
    """Return the neck that stands on `below`, and its levels, finest first.

    Raises:
        UnknownName: There is no such neck.
        BadSettings: The levels leave a stride out or differ in channels.
    """
    neck = Catalog.installed().neck(options.neck)
    pooled = neck.levels(below, options.neck_channels)
    strides = [level.stride for level in pooled]
    if not _double(strides):
        raise BadSettings(
            f"on the levels {names(below)} of {backbone.name}, the neck {neck.name} makes levels "
            f"with the strides {strides}. Choose levels of which each stride is a power of 2, and "
            "the one before or its double: regions are assigned to levels by doublings of their "
            "size."
        )
    channels = [level.channels for level in pooled]
    if len(set(channels)) > 1:
        raise BadSettings(
            f"the neck {neck.name} makes levels with {channels} channels, but they share one "
            "head. Choose another neck."
        )
    return neck, pooled


def names(levels: tuple[Level, ...]) -> str:
    """Return the names of `levels`, as a message lists them."""
    return ", ".join(level.name for level in levels)


def _double(strides: list[int]) -> bool:
    powers_of_2 = all(stride & (stride - 1) == 0 for stride in strides)
    return len(strides) == 1 or (
        powers_of_2 and all(coarse in (fine, 2 * fine) for fine, coarse in pairwise(strides))
    )
