"""The feature maps of Fast R-CNN: of its backbone and of its neck."""

from dataclasses import dataclass

from boxwright_contract.parts import Backbone, Level, Neck, RegionLevel
from boxwright_plugins.fast_rcnn_options import Options
from boxwright_plugins.pooled_levels import backbone_levels, neck_levels

STRIDE = 16
"""Of the one level that the paper pools from, VGG-16's conv5_3."""


@dataclass(frozen=True, kw_only=True)
class FeatureMaps:
    """Which feature maps a Fast R-CNN has. All are finest first."""

    below: tuple[Level, ...]
    """Of the backbone: the neck stands on them."""
    neck: Neck
    pooled: tuple[Level, ...]
    """Of the neck: regions are pooled from them."""


def feature_maps(backbone: Backbone, options: Options) -> FeatureMaps:
    """Return the feature maps of Fast R-CNN on `backbone`.

    Raises:
        UnknownName: The backbone has no such level, or there is no such neck.
        BadSettings: The levels leave a stride out or differ in channels.
    """
    below = backbone_levels(backbone, options)
    neck, pooled = neck_levels(backbone, below, options)
    papers = tuple(level for level in below if level.stride == STRIDE)
    if papers and len(pooled) == 1 and not options.levels:
        below = papers
        neck, pooled = neck_levels(backbone, below, options)
    return FeatureMaps(below=below, neck=neck, pooled=pooled)


def region_levels(backbone: Backbone, options: Options) -> tuple[RegionLevel, ...]:
    """Return the levels that regions are pooled from, finest first."""
    return tuple(
        RegionLevel(name=level.name, channels=level.channels, stride=level.stride)
        for level in feature_maps(backbone, options).pooled
    )
