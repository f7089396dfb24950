"""ResNeXt-50 32x4d: ResNet-50 with 32 transformations of 4 channels each, aggregated.

Torchvision's file name tells the first 8 digits of the weights' SHA-256, and no more.

Source: Xie et al. 2017 (arXiv:1611.05431), table 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boxwright_contract.geometry.field import chain_field
from boxwright_contract.hookspecs import hookimpl
from boxwright_contract.parts import Backbone, Level
from boxwright_plugins.torchvision_imagenet import PREPROCESSING, imagenet

if TYPE_CHECKING:
    from torch import nn

LEVELS = (
    Level("C2", channels=256, stride=4, field=chain_field(35, 4, 17)),
    Level("C3", channels=512, stride=8, field=chain_field(91, 8, 45)),
    Level("C4", channels=1024, stride=16, field=chain_field(267, 16, 133)),
    Level("C5", channels=2048, stride=32, field=chain_field(427, 32, 213)),
)


def build() -> nn.Module:
    """Return torchvision's module without its classifier, from (N, 3, H, W) to `LEVELS`."""
    from torchvision.models import resnext50_32x4d
    from torchvision.models._utils import IntermediateLayerGetter

    net = resnext50_32x4d(weights=None)
    stages = {f"layer{stage}": level.name for stage, level in enumerate(LEVELS, start=1)}
    return IntermediateLayerGetter(net, stages)


@hookimpl
def boxwright_backbones() -> list[Backbone]:
    """Offer ResNeXt-50 32x4d."""
    return [
        Backbone(
            name="resnext50_32x4d",
            levels=LEVELS,
            preprocessing=PREPROCESSING,
            build=build,
            weights=(
                imagenet(
                    "ResNeXt50_32X4D_Weights",
                    "7cdf4587",
                    leave_out=("fc.",),
                ),
            ),
            source="Xie et al. 2017, arXiv:1611.05431",
        )
    ]
