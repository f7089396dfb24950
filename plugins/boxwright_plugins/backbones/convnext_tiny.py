"""ConvNeXt-Tiny: a ResNet drawn towards a Swin transformer.

Source: Liu et al. 2022 (arXiv:2201.03545), section 3.
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
    Level("C2", channels=96, stride=4, field=chain_field(76, 4, 36)),
    Level("C3", channels=192, stride=8, field=chain_field(224, 8, 108)),
    Level("C4", channels=384, stride=16, field=chain_field(1096, 16, 540)),
    Level("C5", channels=768, stride=32, field=chain_field(1688, 32, 828)),
)
ROWS = (1, 3, 5, 7)  # of the module that end in these levels


def build() -> nn.Module:
    """Return torchvision's module without its classifier, from (N, 3, H, W) to `LEVELS`."""
    from torchvision.models import convnext_tiny
    from torchvision.models._utils import IntermediateLayerGetter

    net = convnext_tiny(weights=None).features
    rows = {str(row): level.name for row, level in zip(ROWS, LEVELS, strict=True)}
    return IntermediateLayerGetter(net, rows)


@hookimpl
def boxwright_backbones() -> list[Backbone]:
    """Offer ConvNeXt-Tiny."""
    return [
        Backbone(
            name="convnext_tiny",
            levels=LEVELS,
            preprocessing=PREPROCESSING,
            build=build,
            weights=(
                imagenet(
                    "ConvNeXt_Tiny_Weights",
                    "983f1562536e84ff750a1576fb08e54de751dbf2e17c0d8a4a13704341fdcd3d",
                    leave_out=("classifier.",),
                    trunk="features.",
                ),
            ),
            source="Liu et al. 2022, arXiv:2201.03545",
        )
    ]
