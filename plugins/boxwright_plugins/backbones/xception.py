"""Xception: Inception's idea at its end, depthwise separable convolutions with a way round them.

Its first two convolutions do not pad: on a canvas of H pixels the second ends with H / 2 - 3 cells,
and C2 has one cell less than H / 4. Here the canvas has two zeros more before it and three after,
so that each level has H / stride cells, and cell 0 lies over the first pixels. What a cell computes
is what the classifier computes on that larger canvas.

Source: Chollet 2017 (arXiv:1610.02357), figure 5.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from boxwright_contract.geometry.field import chain_field
from boxwright_contract.hookspecs import hookimpl
from boxwright_contract.parts import Backbone, Level, Preprocessing, StateDict, Weights
from boxwright_plugins.weight_files import from_address

if TYPE_CHECKING:
    from torch import nn

LEVELS = (
    Level("C2", channels=128, stride=4, field=chain_field(19, 4, 8)),
    Level("C3", channels=256, stride=8, field=chain_field(43, 8, 20)),
    Level("C4", channels=728, stride=16, field=chain_field(859, 16, 428)),
    Level("C5", channels=2048, stride=32, field=chain_field(1083, 32, 540)),
)
ENDS = ("block1", "block2", "block11", "act4")  # of the module's parts
ADDRESS = (
    "https://github.com/rwightman/pytorch-image-models/releases/download/v0.1-cadene/"
    "xception-43020ad28.pth"
)


def build() -> nn.Module:
    """Return timm's module without its classifier, from (N, 3, H, W) to `LEVELS`."""
    from timm import create_model
    from torchvision.models._utils import IntermediateLayerGetter

    from boxwright_plugins.nets.border import Bordered

    ends = {end: level.name for end, level in zip(ENDS, LEVELS, strict=True)}
    net = IntermediateLayerGetter(create_model("legacy_xception"), ends)
    return Bordered(net, before_px=2, after_px=3)


def rename(state: StateDict) -> StateDict:
    """From the classifier's keys to the module's."""
    return {f"net.{key}": value for key, value in state.items() if not key.startswith("fc.")}


@hookimpl
def boxwright_backbones() -> list[Backbone]:
    """Offer Xception."""
    return [
        Backbone(
            name="xception",
            levels=LEVELS,
            preprocessing=Preprocessing(
                mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5), interpolation="bicubic"
            ),
            build=build,
            weights=(
                Weights(
                    name="imagenet",
                    origin=f"ImageNet-1k, timm's legacy_xception.tf_in1k, from {ADDRESS}",
                    sha256="43020ad28",
                    licence="Apache-2.0",
                    locate=partial(from_address, ADDRESS),
                    rename=rename,
                ),
            ),
            source="Chollet 2017, arXiv:1610.02357",
        )
    ]
