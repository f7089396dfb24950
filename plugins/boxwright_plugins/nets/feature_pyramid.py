"""The feature pyramid.

Source: Lin et al. 2017, "Feature Pyramid Networks for Object Detection" (arXiv:1612.03144),
section 3.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence

from torch import Tensor
from torchvision.ops import FeaturePyramidNetwork

from boxwright_contract.parts import Level


class FeaturePyramid(FeaturePyramidNetwork):
    """Torchvision's, with its parameters' names, and with names of its own for its levels."""

    def __init__(self, below: Sequence[Level], levels: Sequence[Level]) -> None:
        """Stand on `below` and make `levels`, which all have the same channels."""
        super().__init__([level.channels for level in below], levels[0].channels)
        self.below = [level.name for level in below]
        self.names = [level.name for level in levels]

    def forward(self, x: Mapping[str, Tensor]) -> "OrderedDict[str, Tensor]":
        """Map levels by name to the pyramid's, finest first."""
        maps = super().forward(OrderedDict((name, x[name]) for name in self.below))
        return OrderedDict(zip(self.names, maps.values(), strict=True))
