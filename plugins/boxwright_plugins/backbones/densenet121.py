"""DenseNet-121: every layer sees the outputs of all layers before it in its block.

C2 to C4 are the blocks' outputs before the transitions halve their channels; C5 is normalized.

Source: Huang et al. 2017 (arXiv:1608.06993), table 1.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from boxwright_contract.geometry.field import chain_field
from boxwright_contract.hookspecs import hookimpl
from boxwright_contract.parts import Backbone, Level, StateDict
from boxwright_plugins.torchvision_imagenet import PREPROCESSING, imagenet

if TYPE_CHECKING:
    from torch import nn

LEVELS = (
    Level("C2", channels=256, stride=4, field=chain_field(59, 4, 29)),
    Level("C3", channels=512, stride=8, field=chain_field(255, 8, 125)),
    Level("C4", channels=1024, stride=16, field=chain_field(1031, 16, 509)),
    Level("C5", channels=1024, stride=32, field=chain_field(2071, 32, 1021)),
)
ENDS = ("denseblock1", "denseblock2", "denseblock3", "norm5")  # of the module's parts

WEIGHTS = imagenet(
    "DenseNet121_Weights",
    "a639ec97d7c33b07ae66f0b5fb7d0192f95a3b11b7576c66c0126c2a727c4395",
    leave_out=("classifier.",),
    trunk="features.",
)


def build() -> nn.Module:
    """Return torchvision's module without its classifier, from (N, 3, H, W) to `LEVELS`."""
    from torchvision.models import densenet121
    from torchvision.models._utils import IntermediateLayerGetter

    ends = {end: level.name for end, level in zip(ENDS, LEVELS, strict=True)}
    return IntermediateLayerGetter(densenet121(weights=None).features, ends)


def rename(state: StateDict) -> StateDict:
    """From the file's keys to the module's: in the file, layers are numbered after a dot."""
    return {
        re.sub(r"(denselayer\d+\.(?:norm|conv))\.(\d)", r"\1\2", key): value
        for key, value in WEIGHTS.rename(state).items()
    }


@hookimpl
def boxwright_backbones() -> list[Backbone]:
    """Offer DenseNet-121."""
    return [
        Backbone(
            name="densenet121",
            levels=LEVELS,
            preprocessing=PREPROCESSING,
            build=build,
            weights=(replace(WEIGHTS, rename=rename),),
            source="Huang et al. 2017, arXiv:1608.06993",
        )
    ]
