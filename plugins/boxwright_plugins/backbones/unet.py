"""U-Net: the levels are those of its decoder.

The way back up ends at a stride of 4. The paper goes on to every pixel; a detector that looks for
regions at all of them costs more than the network.

Source: Ronneberger, Fischer & Brox 2015 (arXiv:1505.04597), figure 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boxwright_contract.geometry.field import AxisField, Field, chain_field
from boxwright_contract.hookspecs import hookimpl
from boxwright_contract.parts import Backbone, Level
from boxwright_plugins.torchvision_imagenet import PREPROCESSING

if TYPE_CHECKING:
    from torch import nn

C2 = AxisField(16, first_px=(-94, -94, -78, -78), last_px=(93, 93, 109, 109))
C3 = AxisField(16, first_px=(-78, -78), last_px=(93, 93))
"""Along each axis. Transposed convolutions have phases: some neighbours see the same."""

LEVELS = (
    Level("C2", channels=256, stride=4, field=Field(axes=(C2, C2))),
    Level("C3", channels=512, stride=8, field=Field(axes=(C3, C3))),
    Level("C4", channels=1024, stride=16, field=chain_field(140, 16, 62)),
)


def build() -> nn.Module:
    """Return the network, from (N, 3, H, W) to `LEVELS`, with random weights."""
    from boxwright_plugins.nets.unet import UNet

    return UNet(LEVELS)


@hookimpl
def boxwright_backbones() -> list[Backbone]:
    """Offer U-Net."""
    return [
        Backbone(
            name="unet",
            levels=LEVELS,
            preprocessing=PREPROCESSING,
            build=build,
            source="Ronneberger, Fischer & Brox 2015, arXiv:1505.04597",
        )
    ]
