"""MobileNetV3-Large.

Source: Howard et al. 2019 (arXiv:1905.02244), table 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boxwright_contract.hookspecs import hookimpl
from boxwright_contract.parts import Backbone, Level, Preprocessing

if TYPE_CHECKING:
    from torch import nn

LEVELS = (
    Level("C2", channels=24, stride=4),
    Level("C3", channels=40, stride=8),
    Level("C4", channels=112, stride=16),
    Level("C5_narrow", channels=160, stride=32),
    Level("C5", channels=960, stride=32),
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
            preprocessing=Preprocessing(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)),
            build=build,
            source="Howard et al. 2019, arXiv:1905.02244",
        )
    ]
