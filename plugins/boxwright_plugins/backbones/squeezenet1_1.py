"""SqueezeNet 1.1: AlexNet's accuracy with fifty times fewer parameters.

Its first convolution does not pad, and its poolings let the last window hang over the end: on a
canvas of H pixels C2 has H / 4 - 1 cells. Here the canvas gets one more row and column of zeros at
its end, and each level one more cell there, so that it has H / stride. What the other cells compute
is what the classifier computes on that larger canvas, to the last bit.

Source: Iandola et al. 2016 (arXiv:1602.07360); version 1.1: the authors' own repository.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from boxwright_contract.geometry.field import chain_field
from boxwright_contract.hookspecs import hookimpl
from boxwright_contract.parts import Backbone, Level
from boxwright_plugins.torchvision_imagenet import PREPROCESSING, imagenet
from boxwright_plugins.weight_files import from_folder

if TYPE_CHECKING:
    from torch import nn

LEVELS = (
    Level("C2", channels=128, stride=4, field=chain_field(23, 4, 8)),
    Level("C3", channels=256, stride=8, field=chain_field(63, 8, 24)),
    Level("C4", channels=512, stride=16, field=chain_field(207, 16, 88)),
)
ROWS = (4, 7, 12)  # of the module that end in these levels

WEIGHTS = imagenet(
    "SqueezeNet1_1_Weights",
    "b8a52dc049b60e4b6ab68ad0df457362afab8b6304b2febdc1650a5dab4d7e7b",
    leave_out=("classifier.",),
    trunk="features.",
    into="net.",
)

RESAVED = replace(
    WEIGHTS,
    name="imagenet_resaved",
    origin=f"{WEIGHTS.origin}, saved again as squeezenet1_1.pth",
    sha256="bc3528315d7443f5a2f9928f902f8373687f7639e66dcb86c77d69c07df02b55",
    locate=partial(from_folder, "squeezenet1_1.pth"),
)
"""The same tensors in another file."""


def build() -> nn.Module:
    """Return torchvision's module without its classifier, from (N, 3, H, W) to `LEVELS`."""
    from torch.nn import MaxPool2d
    from torchvision.models import squeezenet1_1
    from torchvision.models._utils import IntermediateLayerGetter

    from boxwright_plugins.nets.border import Bordered, CeilingMaxPool

    net = squeezenet1_1(weights=None).features
    for row, layer in enumerate(net):
        if isinstance(layer, MaxPool2d):
            net[row] = CeilingMaxPool()
    rows = {str(row): level.name for row, level in zip(ROWS, LEVELS, strict=True)}
    return Bordered(IntermediateLayerGetter(net, rows), before_px=0, after_px=1)


@hookimpl
def boxwright_backbones() -> list[Backbone]:
    """Offer SqueezeNet 1.1."""
    return [
        Backbone(
            name="squeezenet1_1",
            levels=LEVELS,
            preprocessing=PREPROCESSING,
            build=build,
            weights=(WEIGHTS, RESAVED),
            source="Iandola et al. 2016, arXiv:1602.07360",
        )
    ]
