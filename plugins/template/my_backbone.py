"""my_backbone: four stages of depthwise-separable convolutions, each at half the last one's size.

Replace `LEVELS` and `build` by your own network, then run `boxwright plugins check my_backbone`.
Trained parameters go into `Backbone.weights`, a tuple of `boxwright_contract.parts.Weights`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boxwright_contract.geometry.field import AxisField, Field
from boxwright_contract.hookspecs import hookimpl
from boxwright_contract.parts import Backbone, Level, Preprocessing

if TYPE_CHECKING:
    from torch import nn


def sees(stride: int, reach: int) -> Field:
    """Return the field of a level: each cell sees `reach` pixels to every side of its centre."""
    return Field(axes=(AxisField(stride, (-reach,), (reach,)),) * 2)


LEVELS = (  # `boxwright plugins check my_backbone` says what the fields are
    Level("C2", channels=32, stride=4, field=sees(4, 7)),
    Level("C3", channels=64, stride=8, field=sees(8, 19)),
    Level("C4", channels=128, stride=16, field=sees(16, 43)),
    Level("C5", channels=256, stride=32, field=sees(32, 91)),
)


def build() -> nn.Module:
    """Return the network: (N, 3, H, W) to a dict of `LEVELS` by name."""
    import torch  # here and not above: a server loads this module and has no torch
    from torch import nn

    def convolution(
        inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1
    ) -> nn.Module:
        same = kernel // 2  # the padding with which a stride of 1 keeps the size
        conv = nn.Conv2d(inputs, outputs, kernel, stride, same, groups=groups, bias=False)
        return nn.Sequential(conv, nn.BatchNorm2d(outputs), nn.ReLU())

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem = convolution(3, 16, 3, stride=2)
            self.stages = nn.ModuleDict()
            inputs = 16
            for level in LEVELS:
                self.stages[level.name] = nn.Sequential(
                    convolution(inputs, inputs, 3, stride=2, groups=inputs),
                    convolution(inputs, level.channels, 1),
                    convolution(level.channels, level.channels, 3, groups=level.channels),
                    convolution(level.channels, level.channels, 1),
                )
                inputs = level.channels

        def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
            levels = {}
            x = self.stem(x)
            for name, stage in self.stages.items():
                levels[name] = x = stage(x)
            return levels

    return Network()


@hookimpl
def boxwright_backbones() -> list[Backbone]:
    """Offer my_backbone."""
    return [
        Backbone(
            name="my_backbone",
            levels=LEVELS,
            preprocessing=Preprocessing(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)),
            build=build,
            source="Howard et al. 2017, arXiv:1704.04861: depthwise-separable convolutions",
        )
    ]
