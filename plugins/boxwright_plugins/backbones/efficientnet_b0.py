"""EfficientNet-B0, up to its last bottleneck.

Source: Tan & Le 2019 (arXiv:1905.11946), table 1.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from boxwright_contract.geometry.field import chain_field
from boxwright_contract.hookspecs import hookimpl
from boxwright_contract.parts import Backbone, Level
from boxwright_plugins.torchvision_imagenet import PREPROCESSING, imagenet

if TYPE_CHECKING:
    from torch import nn

DEPTHS = (1, 2, 2, 3, 3, 4, 1)  # blocks of each stage
GATES = tuple(
    f"{stage}.{block}.block.{1 if stage == 1 else 2}.avgpool"
    for stage, depth in enumerate(DEPTHS, start=1)
    for block in range(depth)
)
"""The squeeze-and-excitation of every block sees the whole image."""

LEVELS = (
    Level("C2", channels=24, stride=4, field=chain_field(19, 4, 9, GATES[:3])),
    Level("C3", channels=40, stride=8, field=chain_field(67, 8, 33, GATES[:5])),
    Level("C4", channels=112, stride=16, field=chain_field(339, 16, 169, GATES[:11])),
    Level("C5", channels=320, stride=32, field=chain_field(851, 32, 425, GATES)),
)
ROWS = (2, 3, 5, 7)  # of the module that end in these levels


def build() -> nn.Module:
    """Return torchvision's module without its last 1 x 1 convolution and its classifier.

    It maps (N, 3, H, W) to `LEVELS`.
    """
    from torchvision.models import efficientnet_b0
    from torchvision.models._utils import IntermediateLayerGetter

    net = efficientnet_b0(weights=None).features
    rows = {str(row): level.name for row, level in zip(ROWS, LEVELS, strict=True)}
    return IntermediateLayerGetter(net, rows)


@hookimpl
def boxwright_backbones() -> list[Backbone]:
    """Offer EfficientNet-B0."""
    return [
        Backbone(
            name="efficientnet_b0",
            levels=LEVELS,
            preprocessing=replace(PREPROCESSING, interpolation="bicubic"),
            build=build,
            weights=(
                imagenet(
                    "EfficientNet_B0_Weights",
                    "7f5810bc96def8f7552d5b7e68d53c4786f81167d28291b21c0d90e1fca14934",
                    leave_out=("classifier.", "features.8."),
                    trunk="features.",
                ),
            ),
            source="Tan & Le 2019, arXiv:1905.11946",
        )
    ]
