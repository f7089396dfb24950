"""The feature maps of Faster R-CNN: of its backbone, of its neck, and of its own."""

from dataclasses import dataclass

from boxwright_contract.errors import BadSettings
from boxwright_contract.parts import Backbone, Level, Neck
from boxwright_plugins.faster_rcnn_options import Options
from boxwright_plugins.pooled_levels import backbone_levels, names, neck_levels
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
    neck, pooled = neck_levels(backbone, below, options)
    extra = _extra(pooled)
    sides = _anchor_sides_px((*pooled, *extra), options)
    return FeatureMaps(below=below, neck=neck, pooled=pooled, extra=extra, anchor_sides_px=sides)


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
