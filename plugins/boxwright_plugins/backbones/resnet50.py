"""ResNet-50, with its stride in the 3 x 3 convolutions, as torchvision has it.

Source: He et al. 2016 (arXiv:1512.03385), table 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boxwright_contract.hookspecs import hookimpl
from boxwright_contract.parts import Backbone, Level, Preprocessing, StateDict, Weights

if TYPE_CHECKING:
    from pathlib import Path

    from torch import nn

LEVELS = (
    Level("C2", channels=256, stride=4),
    Level("C3", channels=512, stride=8),
    Level("C4", channels=1024, stride=16),
    Level("C5", channels=2048, stride=32),
)


def build() -> nn.Module:
    """Return torchvision's module without its classifier, from (N, 3, H, W) to `LEVELS`."""
    from torchvision.models import resnet50
    from torchvision.models._utils import IntermediateLayerGetter

    net = resnet50(weights=None)
    stages = {f"layer{stage}": level.name for stage, level in enumerate(LEVELS, start=1)}
    return IntermediateLayerGetter(net, stages)


def locate() -> Path:
    """Return the weights file in torchvision's cache, fetched by torchvision if it is not there."""
    from torchvision.models import ResNet50_Weights

    from boxwright_plugins.nets.torchvision_weights import cached

    return cached(ResNet50_Weights.IMAGENET1K_V1)


def without_classifier(state: StateDict) -> StateDict:
    """Leave the classifier's keys out."""
    return {key: value for key, value in state.items() if not key.startswith("fc.")}


@hookimpl
def boxwright_backbones() -> list[Backbone]:
    """Offer ResNet-50."""
    return [
        Backbone(
            name="resnet50",
            levels=LEVELS,
            preprocessing=Preprocessing(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)),
            build=build,
            weights=(
                Weights(
                    name="imagenet",
                    origin="ImageNet-1k, torchvision's ResNet50_Weights.IMAGENET1K_V1",
                    sha256="0676ba61b6795bbe1773cffd859882e5e297624d384b6993f7c9e683e722fb8a",
                    licence="BSD-3-Clause",
                    locate=locate,
                    rename=without_classifier,
                ),
            ),
            source="He et al. 2016, arXiv:1512.03385",
        )
    ]
