"""U-Net's decoder as a neck.

Source: Ronneberger, Fischer & Brox 2015 (arXiv:1505.04597), figure 1.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from boxwright_contract.parts import Level
from boxwright_plugins.nets.he_initialization import with_he_weights
from boxwright_plugins.nets.unet_decoder import UNetDecoder


class UNetNeck(nn.Module):
    """The decoder, and a 1 x 1 convolution on each of its levels that needs other channels."""

    def __init__(self, below: Sequence[Level], levels: Sequence[Level]) -> None:
        """Stand on `below` and make `levels`, one on each."""
        super().__init__()
        self.names = [level.name for level in levels]
        self.decoder = UNetDecoder(below)
        self.project = nn.ModuleList(
            nn.Identity()
            if before.channels == after.channels
            else nn.Conv2d(before.channels, after.channels, kernel_size=1)
            for before, after in zip(below, levels, strict=True)
        )
        with_he_weights(self.project)

    def forward(self, x: Mapping[str, Tensor]) -> "OrderedDict[str, Tensor]":
        """Map the levels below by name to its own, finest first."""
        decoded = self.decoder(x).values()
        steps = zip(self.names, self.project, decoded, strict=True)
        return OrderedDict((name, project(level)) for name, project, level in steps)
