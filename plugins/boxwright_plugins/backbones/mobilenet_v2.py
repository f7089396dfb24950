"""MobileNetV2, up to its last bottleneck.

Source: Sandler et al. 2018 (arXiv:1801.04381), table 2.
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
    Level("C2", channels=24, stride=4, field=chain_field(19, 4, 9)),
    Level("C3", channels=32, stride=8, field=chain_field(59, 8, 29)),
    Level("C4", channels=96, stride=16, field=chain_field(267, 16, 133)),
    Level("C5", channels=320, stride=32, field=chain_field(491, 32, 245)),
)
ROWS = (3, 6, 13, 17)  # of the module that end in these levels


def build() -> nn.Module:
    """Return torchvision's module without its last 1 x 1 convolution and its classifier.

    It maps (N, 3, H, W) to `LEVELS`.
    """
    from torchvision.models import mobilenet_v2
    from torchvision.models._utils import IntermediateLayerGetter

    net = mobilenet_v2(weights=None).features
    rows = {str(row): level.name for row, level in zip(ROWS, LEVELS, strict=True)}
    return IntermediateLayerGetter(net, rows)


@hookimpl
def boxwright_backbones() -> list[Backbone]:
    """Offer MobileNetV2."""
    return [
        Backbone(
            name="mobilenet_v2",
            levels=LEVELS,
            preprocessing=PREPROCESSING,
            build=build,
            weights=(
                imagenet(
                    "MobileNet_V2_Weights",
                    "b03531047ffacf1e2488318dcd2aba1126cde36e3bfe1aa5cb07700aeeee9889",
                    leave_out=("classifier.", "features.18."),
                    trunk="features.",
                ),
            ),
            source="Sandler et al. 2018, arXiv:1801.04381",
        )
    ]
