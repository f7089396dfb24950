"""MobileNetV3-Small.

Source: Howard et al. 2019 (arXiv:1905.02244), table 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boxwright_contract.geometry.field import chain_field
from boxwright_contract.hookspecs import hookimpl
from boxwright_contract.parts import Backbone, Level
from boxwright_plugins.torchvision_imagenet import PREPROCESSING, imagenet

if TYPE_CHECKING:
    from torch import nn

GATES = ("1.block.1.avgpool", *(f"{row}.block.2.avgpool" for row in range(4, 12)))
"""The squeeze-and-excitation of these rows sees the whole image."""

LEVELS = (
    Level("C2", channels=16, stride=4, field=chain_field(7, 4, 3, GATES[:1])),
    Level("C3", channels=24, stride=8, field=chain_field(31, 8, 15, GATES[:1])),
    Level("C4", channels=48, stride=16, field=chain_field(319, 16, 159, GATES[:6])),
    Level("C5_narrow", channels=96, stride=32, field=chain_field(639, 32, 319, GATES)),
    Level("C5", channels=576, stride=32, field=chain_field(639, 32, 319, GATES)),
)
ROWS = (1, 3, 8, 11, 12)  # of the module that end in these levels


def build() -> nn.Module:
    """Return torchvision's module without its classifier, from (N, 3, H, W) to `LEVELS`."""
    from torchvision.models import mobilenet_v3_small
    from torchvision.models._utils import IntermediateLayerGetter

    net = mobilenet_v3_small(weights=None).features
    rows = {str(row): level.name for row, level in zip(ROWS, LEVELS, strict=True)}
    return IntermediateLayerGetter(net, rows)


@hookimpl
def boxwright_backbones() -> list[Backbone]:
    """Offer MobileNetV3-Small."""
    return [
        Backbone(
            name="mobilenet_v3_small",
            levels=LEVELS,
            preprocessing=PREPROCESSING,
            build=build,
            weights=(
                imagenet(
                    "MobileNet_V3_Small_Weights",
                    "047dcff4addef86ea5bc2eff13c9614dc11f47ab1160d0a71a25e7db994f4e1f",
                    leave_out=("classifier.",),
                    trunk="features.",
                ),
            ),
            source="Howard et al. 2019, arXiv:1905.02244",
        )
    ]
