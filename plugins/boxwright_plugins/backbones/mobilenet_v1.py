"""MobileNet, the first: depthwise separable convolutions throughout.

Source: Howard et al. 2017 (arXiv:1704.04861), table 1.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from boxwright_contract.geometry.field import chain_field
from boxwright_contract.hookspecs import hookimpl
from boxwright_contract.parts import Backbone, Level, Preprocessing, StateDict, Weights
from boxwright_plugins.timm_weights import from_hub

if TYPE_CHECKING:
    from torch import nn

LEVELS = (
    Level("C2", channels=128, stride=4, field=chain_field(19, 4, 9)),
    Level("C3", channels=256, stride=8, field=chain_field(43, 8, 21)),
    Level("C4", channels=512, stride=16, field=chain_field(219, 16, 109)),
    Level("C5", channels=1024, stride=32, field=chain_field(315, 32, 157)),
)
HUB = "timm/mobilenetv1_100.ra4_e3600_r224_in1k"


def build() -> nn.Module:
    """Return timm's module without its classifier, from (N, 3, H, W) to `LEVELS`."""
    from boxwright_plugins.nets.timm_levels import with_levels

    return with_levels("mobilenetv1_100", (1, 2, 3, 4), [level.name for level in LEVELS])


def rename(state: StateDict) -> StateDict:
    """From the classifier's keys to the module's."""
    return {
        f"net.{key}": value for key, value in state.items() if not key.startswith("classifier.")
    }


@hookimpl
def boxwright_backbones() -> list[Backbone]:
    """Offer MobileNet."""
    return [
        Backbone(
            name="mobilenet_v1",
            levels=LEVELS,
            preprocessing=Preprocessing(
                mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5), interpolation="bicubic"
            ),
            build=build,
            weights=(
                Weights(
                    name="imagenet",
                    origin=f"ImageNet-1k, trained by timm's authors, from the hub's {HUB}",
                    sha256="",
                    licence="Apache-2.0",
                    locate=partial(from_hub, HUB),
                    rename=rename,
                ),
            ),
            source="Howard et al. 2017, arXiv:1704.04861",
        )
    ]
