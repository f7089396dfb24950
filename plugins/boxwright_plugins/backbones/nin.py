"""Network in Network, as the authors have it for ImageNet, without its last layer.

Source: Lin, Chen & Yan 2014 (arXiv:1312.4400), section 3.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boxwright_contract.geometry.field import chain_field
from boxwright_contract.hookspecs import hookimpl
from boxwright_contract.parts import Backbone, Level
from boxwright_plugins.torchvision_imagenet import PREPROCESSING

if TYPE_CHECKING:
    from torch import nn

LEVELS = (
    Level("C2", channels=96, stride=4, field=chain_field(11, 4, 4)),
    Level("C3", channels=256, stride=8, field=chain_field(51, 8, 24)),
    Level("C4", channels=384, stride=16, field=chain_field(99, 16, 48)),
    Level("C5", channels=1024, stride=32, field=chain_field(195, 32, 96)),
)


def build() -> nn.Module:
    """Return the network, from (N, 3, H, W) to `LEVELS`, with random weights."""
    from boxwright_plugins.nets.nin import Nin

    return Nin()


@hookimpl
def boxwright_backbones() -> list[Backbone]:
    """Offer Network in Network."""
    return [
        Backbone(
            name="nin",
            levels=LEVELS,
            preprocessing=PREPROCESSING,
            build=build,
            source="Lin, Chen & Yan 2014, arXiv:1312.4400",
        )
    ]
