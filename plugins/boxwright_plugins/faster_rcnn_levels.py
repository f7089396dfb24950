"""The feature maps of Faster R-CNN: of its backbone, of its neck, and of its own."""

from dataclasses import dataclass
from itertools import pairwise

from boxwright_contract.catalog import Catalog
from boxwright_contract.errors import BadSettings, UnknownName
from boxwright_contract.parts import Backbone, Level, Neck
from boxwright_plugins.faster_rcnn_options import Options
from boxwright_plugins.pyramid_levels import pyramid_names

SCALES, SCALES_OF_ONE = (8,), (4, 8, 16)
"""Sides of anchors over the stride: where several levels share the sizes, and on a single one."""


@dataclass(frozen=True, kw_only=True)
class FeatureMaps:
    """Which feature maps a Faster R-CNN has. All are finest first."""

    below: tuple[Level, ...]
    """Of the backbone: the neck stands on them."""
    neck: Neck
    pooled: tuple[Level, ...]
    """Of the neck: regions are pooled from them."""
    extra: tuple[Level, ...]
    """Proposals come from it too, for the largest objects; none where the neck makes one level."""
    anchor_sides_px: tuple[tuple[int, ...], ...]
    """For each of `proposing`."""

    @property
    def proposing(self) -> tuple[Level, ...]:
        """Those that proposals come from."""
        return (*self.pooled, *self.extra)


def feature_maps(backbone: Backbone, options: Options) -> FeatureMaps:
    """Return the feature maps of Faster R-CNN on `backbone`.

    Raises:
        UnknownName: The backbone has no such level, or there is no such neck.
        BadSettings: The levels leave a stride out or differ in channels, or the anchors do not
            suit them.
    """
    below = backbone_levels(backbone, options)
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
            "proposal head. Choose another neck."
        )
    extra = _extra(pooled)
    sides = _anchor_sides_px((*pooled, *extra), options)
    return FeatureMaps(below=below, neck=neck, pooled=pooled, extra=extra, anchor_sides_px=sides)


def backbone_levels(backbone: Backbone, options: Options) -> tuple[Level, ...]:
    """Return the levels of `backbone` that stand under the neck, finest first.

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


def names(levels: tuple[Level, ...]) -> str:
    """Return the names of `levels`, as a message lists them."""
    return ", ".join(level.name for level in levels)


def _double(strides: list[int]) -> bool:
    powers_of_2 = all(stride & (stride - 1) == 0 for stride in strides)
    return len(strides) == 1 or (
        powers_of_2 and all(coarse in (fine, 2 * fine) for fine, coarse in pairwise(strides))
    )


def _extra(pooled: tuple[Level, ...]) -> tuple[Level, ...]:
    if len(pooled) == 1:
        return ()
    stride = 2 * pooled[-1].stride
    [name] = pyramid_names([stride])
    return (Level(name, pooled[-1].channels, stride),)


def _anchor_sides_px(proposing: tuple[Level, ...], options: Options) -> tuple[tuple[int, ...], ...]:
    scales = SCALES if len(proposing) > 1 else SCALES_OF_ONE
    sides = options.anchor_sides_px or tuple(
        tuple(scale * level.stride for scale in scales) for level in proposing
    )
    if len(sides) != len(proposing):
        raise BadSettings(
            f"anchor_sides_px has {len(sides)} entries, but proposals come from "
            f"{len(proposing)} levels: {names(proposing)}. Give one tuple of sides for each."
        )
    if len({len(of_level) for of_level in sides}) > 1 or not sides[0]:
        raise BadSettings(
            f"anchor_sides_px has {[len(of_level) for of_level in sides]} sides for the levels, "
            "which share one proposal head. Give each level the same number of sides."
        )
    return sides
