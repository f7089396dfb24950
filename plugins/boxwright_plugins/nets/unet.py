"""U-Net: a contracting path, and an expanding path that joins its levels on the way back up.

Source: Ronneberger, Fischer & Brox 2015 (arXiv:1505.04597), figure 1.
"""

from collections import OrderedDict
from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from boxwright_contract.parts import Level
from boxwright_plugins.nets.he_initialization import with_he_weights
from boxwright_plugins.nets.unet_decoder import TwoConvolutions, UNetDecoder

PATH = tuple(Level(f"C{power}", channels=64 << power, stride=1 << power) for power in range(5))
"""The contracting path of the paper, C0 to C4."""


class Encoder(nn.Module):
    """The contracting path: two convolutions at each level, max pooling by 2 between levels."""

    def __init__(self, image_channels: int) -> None:
        super().__init__()
        widths = (image_channels, *(level.channels for level in PATH))
        steps = pairwise(widths)
        self.stages = nn.ModuleList(TwoConvolutions(before, after) for before, after in steps)
        self.pool = nn.MaxPool2d(kernel_size=2)
        with_he_weights(self)

    def forward(self, x: Tensor) -> "OrderedDict[str, Tensor]":
        """Map (N, C, H, W) to `PATH` by name."""
        levels = OrderedDict()
        for level, stage in zip(PATH, self.stages, strict=True):
            x = stage(x if level.stride == 1 else self.pool(x))
            levels[level.name] = x
        return levels


class UNet(nn.Module):
    """Both paths, back up to the finest of `levels`."""

    def __init__(self, levels: Sequence[Level], image_channels: int = 3) -> None:
        """Take the part of `PATH` that is wanted: its last levels, finest first."""
        super().__init__()
        self.encoder = Encoder(image_channels)
        self.decoder = UNetDecoder(levels)

    def forward(self, x: Tensor) -> "OrderedDict[str, Tensor]":
        """Map (N, C, H, W) to the decoder's levels by name."""
        return self.decoder(self.encoder(x))
