"""The feature pyramid: what the coarse levels know, brought down to the fine ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boxwright_contract.hookspecs import hookimpl
from boxwright_contract.parts import Level, Neck
from boxwright_plugins.pyramid_levels import pyramid_levels

if TYPE_CHECKING:
    from torch import nn


def build(below: tuple[Level, ...], channels: int) -> nn.Module:
    """Return torchvision's feature pyramid, from `below` by name to `pyramid_levels` by name."""
    from boxwright_plugins.nets.feature_pyramid import FeaturePyramid

    return FeaturePyramid(below, pyramid_levels(below, channels))


@hookimpl
def boxwright_necks() -> list[Neck]:
    """Offer the feature pyramid."""
    return [
        Neck(
            name="fpn",
            levels=pyramid_levels,
            build=build,
            source="Lin et al. 2017, arXiv:1612.03144",
        )
    ]
