"""ResNet-101, with its stride in the 3 x 3 convolutions, as torchvision has it.

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
    Level("C4", channels=1024, stride=16, field=chain_field(811, 16, 405)),
    Level("C5", channels=2048, stride=32, field=chain_field(971, 32, 485)),
)


def build() -> nn.Module:
    """Return torchvision's module without its classifier, from (N, 3, H, W) to `LEVELS`."""
    from torchvision.models import resnet101
    from torchvision.models._utils import IntermediateLayerGetter

    net = resnet101(weights=None)
    stages = {f"layer{stage}": level.name for stage, level in enumerate(LEVELS, start=1)}
    return IntermediateLayerGetter(net, stages)


@hookimpl
def boxwright_backbones() -> list[Backbone]:
    """Offer ResNet-101."""
    return [
        Backbone(
            name="resnet101",
            levels=LEVELS,
            preprocessing=PREPROCESSING,
            build=build,
            weights=(
                imagenet(
                    "ResNet101_Weights",
                    "63fe2227b86e8f1f2063f43a75c84d195911b6a0eace650907dd3dc62dd49a0a",
                    leave_out=("fc.",),
                ),
            ),
            source="He et al. 2016, arXiv:1512.03385",
        )
    ]
