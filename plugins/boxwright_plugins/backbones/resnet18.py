"""ResNet-18.

Source: He et al. 2016 (arXiv:1512.03385), table 1.
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
    Level("C2", channels=64, stride=4, field=chain_field(43, 4, 21)),
    Level("C3", channels=128, stride=8, field=chain_field(99, 8, 49)),
    Level("C4", channels=256, stride=16, field=chain_field(211, 16, 105)),
    Level("C5", channels=512, stride=32, field=chain_field(435, 32, 217)),
)


def build() -> nn.Module:
    """Return torchvision's module without its classifier, from (N, 3, H, W) to `LEVELS`."""
    from torchvision.models import resnet18
    from torchvision.models._utils import IntermediateLayerGetter

    net = resnet18(weights=None)
    stages = {f"layer{stage}": level.name for stage, level in enumerate(LEVELS, start=1)}
    return IntermediateLayerGetter(net, stages)


@hookimpl
def boxwright_backbones() -> list[Backbone]:
    """Offer ResNet-18."""
    return [
        Backbone(
            name="resnet18",
            levels=LEVELS,
            preprocessing=PREPROCESSING,
            build=build,
            weights=(
                imagenet(
                    "ResNet18_Weights",
                    "f37072fd47e89c5e827621c5baffa7500819f7896bbacec160b1a16c560e07ec",
                    leave_out=("fc.",),
                ),
            ),
            source="He et al. 2016, arXiv:1512.03385",
        )
    ]
