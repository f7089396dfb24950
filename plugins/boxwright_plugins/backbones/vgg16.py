"""VGG-16, the backbone of the Fast and Faster R-CNN papers, which stand on C4, its conv5_3.

Source: Simonyan & Zisserman 2015 (arXiv:1409.1556), table 1, column D.
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
    Level("C2", channels=256, stride=4, field=chain_field(40, 4, 18)),
    Level("C3", channels=512, stride=8, field=chain_field(92, 8, 42)),
    Level("C4", channels=512, stride=16, field=chain_field(196, 16, 90)),
    Level("C5", channels=512, stride=32, field=chain_field(212, 32, 90)),
)
ROWS = (15, 22, 29, 30)  # of the module that end in these levels: conv3_3, conv4_3, conv5_3, pool5


def build() -> nn.Module:
    """Return torchvision's module without its classifier, from (N, 3, H, W) to `LEVELS`.

    Its random weights are torchvision's too. The classifier, nine tenths of the parameters, is
    never made.
    """
    from torchvision.models import vgg
    from torchvision.models._utils import IntermediateLayerGetter

    from boxwright_plugins.nets.he_initialization import with_he_weights

    net = with_he_weights(vgg.make_layers(vgg.cfgs["D"]), mode="fan_out")
    rows = {str(row): level.name for row, level in zip(ROWS, LEVELS, strict=True)}
    return IntermediateLayerGetter(net, rows)


@hookimpl
def boxwright_backbones() -> list[Backbone]:
    """Offer VGG-16."""
    return [
        Backbone(
            name="vgg16",
            levels=LEVELS,
            preprocessing=PREPROCESSING,
            build=build,
            weights=(
                imagenet(
                    "VGG16_Weights",
                    "397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
                    leave_out=("classifier.",),
                    trunk="features.",
                ),
            ),
            source="Simonyan & Zisserman 2015, arXiv:1409.1556",
        )
    ]
