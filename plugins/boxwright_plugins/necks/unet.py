"""U-Net's decoder, on the levels of any backbone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boxwright_contract.hookspecs import hookimpl
from boxwright_contract.parts import Level, Neck
from boxwright_plugins.pyramid_levels import pyramid_levels

if TYPE_CHECKING:
    from torch import nn


def build(below: tuple[Level, ...], channels: int) -> nn.Module:
    """Return the decoder, from `below` by name to `pyramid_levels` by name, with random weights."""
    from boxwright_plugins.nets.unet_neck import UNetNeck

    return UNetNeck(below, pyramid_levels(below, channels))


@hookimpl
def boxwright_necks() -> list[Neck]:
    """Offer U-Net's decoder."""
    return [
        Neck(
            name="unet",
            levels=pyramid_levels,
            build=build,
            source="Ronneberger, Fischer & Brox 2015, arXiv:1505.04597",
        )
    ]
