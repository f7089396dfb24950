"""A backbone under a feature pyramid, as one module.

Source: Lin et al. 2017, "Feature Pyramid Networks for Object Detection" (arXiv:1612.03144),
section 3. The extra level is a stride-2 subsampling of the coarsest, for region proposals only
(section 4.1).
"""

from collections import OrderedDict
from collections.abc import Sequence

from torch import Tensor, nn
from torchvision.ops.feature_pyramid_network import FeaturePyramidNetwork, LastLevelMaxPool

from boxwright_contract.parts import Level


class Pyramid(nn.Module):
    """`body` and `fpn`, with parameters named as in torchvision's BackboneWithFPN."""

    def __init__(
        self, body: nn.Module, levels: Sequence[Level], names: Sequence[str], channels: int
    ) -> None:
        """Stand on `levels` of `body`; `names` are those of its own, the extra one's too."""
        super().__init__()
        self.levels = [level.name for level in levels]
        self.names = tuple(names)
        self.out_channels = channels
        self.body = body
        self.fpn = FeaturePyramidNetwork(
            [level.channels for level in levels], channels, extra_blocks=LastLevelMaxPool()
        )

    def forward(self, x: Tensor) -> "OrderedDict[str, Tensor]":
        """Map (N, 3, H, W) to the pyramid's levels, finest first, the extra one last."""
        features = self.body(x)
        maps = self.fpn(OrderedDict((name, features[name]) for name in self.levels))
        return OrderedDict(zip(self.names, maps.values(), strict=True))
