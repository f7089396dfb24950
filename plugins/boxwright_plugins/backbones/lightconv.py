"""LightConv: lightweight convolutions over rows and columns, in place of attention.

The network is ours; its blocks are the paper's.

Source: Wu et al. 2019 (arXiv:1901.10430), section 3.
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
    Level("C2", channels=64, stride=4, field=chain_field(55, 4, 27)),
    Level("C3", channels=128, stride=8, field=chain_field(155, 8, 75)),
    Level("C4", channels=256, stride=16, field=chain_field(1059, 16, 523)),
    Level("C5", channels=384, stride=32, field=chain_field(1971, 32, 971)),
)


def build() -> nn.Module:
    """Return the network, from (N, 3, H, W) to `LEVELS`, with random weights."""
    from boxwright_plugins.nets.lightconv import LightConv

    return LightConv()


@hookimpl
def boxwright_backbones() -> list[Backbone]:
    """Offer LightConv."""
    return [
        Backbone(
            name="lightconv",
            levels=LEVELS,
            preprocessing=PREPROCESSING,
            build=build,
            source="Wu et al. 2019, arXiv:1901.10430",
        )
    ]
