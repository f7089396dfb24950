"""ResNet-50, with its stride in the 3 x 3 convolutions, as torchvision has it.

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
    Level("C2", channels=256, stride=4, field=chain_field(35, 4, 17)),
    Level("C3", channels=512, stride=8, field=chain_field(91, 8, 45)),
    Level("C4", channels=1024, stride=16, field=chain_field(267, 16, 133)),
    Level("C5", channels=2048, stride=32, field=chain_field(427, 32, 213)),
)


def build() -> nn.Module:
    """Return torchvision's module without its classifier, from (N, 3, H, W) to `LEVELS`."""
    from torchvision.models import resnet50
    from torchvision.models._utils import IntermediateLayerGetter

    net = resnet50(weights=None)
    stages = {f"layer{stage}": level.name for stage, level in enumerate(LEVELS, start=1)}
    return IntermediateLayerGetter(net, stages)


@hookimpl
def boxwright_backbones() -> list[Backbone]:
    """Offer ResNet-50."""
    return [
        Backbone(
            name="resnet50",
            levels=LEVELS,
            preprocessing=PREPROCESSING,
            build=build,
            weights=(
                imagenet(
                    "ResNet50_Weights",
                    "0676ba61b6795bbe1773cffd859882e5e297624d384b6993f7c9e683e722fb8a",
                    leave_out=("fc.",),
                ),
            ),
            source="He et al. 2016, arXiv:1512.03385",
        )
    ]
