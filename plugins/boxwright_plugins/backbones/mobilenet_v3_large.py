"""MobileNetV3-Large.

Source: Howard et al. 2019 (arXiv:1905.02244), table 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boxwright_contract.geometry.field import chain_field
from boxwright_contract.hookspecs import hookimpl
from boxwright_contract.parts import Backbone, Level
from boxwright_plugins.torchvision_imagenet import PREPROCESSING, imagenet

if TYPE_CHECKING:
    from torch import nn

GATES = tuple(f"{row}.block.2.avgpool" for row in (4, 5, 6, 11, 12, 13, 14, 15))
"""The squeeze-and-excitation of these rows sees the whole image."""
LEVELS = (
    Level("C2", channels=24, stride=4, field=chain_field(19, 4, 9)),
    Level("C3", channels=40, stride=8, field=chain_field(99, 8, 49, GATES[:3])),
    Level("C4", channels=112, stride=16, field=chain_field(275, 16, 137, GATES[:5])),
    Level("C5_narrow", channels=160, stride=32, field=chain_field(339, 32, 169, GATES[:6])),
    Level("C5", channels=960, stride=32, field=chain_field(595, 32, 297, GATES)),
)
ROWS = (3, 6, 12, 13, 16)  # of the module that end in these levels
"""Torchvision's detectors stand on rows 13 and 16, both with a stride of 32."""


def build() -> nn.Module:
    """Return torchvision's module without its classifier, from (N, 3, H, W) to `LEVELS`.

    Normalisation adds 1e-5 to the variance, as in torchvision's detectors; its classifier adds
    1e-3.
    """
    from torch.nn import BatchNorm2d
    from torchvision.models import mobilenet_v3_large
    from torchvision.models._utils import IntermediateLayerGetter

    net = mobilenet_v3_large(weights=None, norm_layer=BatchNorm2d).features
    rows = {str(row): level.name for row, level in zip(ROWS, LEVELS, strict=True)}
    return IntermediateLayerGetter(net, rows)


@hookimpl
def boxwright_backbones() -> list[Backbone]:
    """Offer MobileNetV3-Large."""
    return [
        Backbone(
            name="mobilenet_v3_large",
            levels=LEVELS,
            preprocessing=PREPROCESSING,
            build=build,
            weights=(
                imagenet(
                    "MobileNet_V3_Large_Weights",
                    "8738ca797c879b547d18bbd15da5736ff2557b2036a9af72225393ca61759a04",
                    leave_out=("classifier.",),
                    trunk="features.",
                ),
            ),
            source="Howard et al. 2019, arXiv:1905.02244",
        )
    ]
