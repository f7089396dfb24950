"""U-Net's expanding path, on the levels of any encoder.

From the coarsest level up: a transposed convolution takes it to the grid of the next finer level,
the two are joined along channels, and two 3 x 3 convolutions make of both what the finer level's
channels are. The convolutions pad by 1, where the paper crops: so grids stay what they are.

Source: Ronneberger, Fischer & Brox 2015 (arXiv:1505.04597), figure 1.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from boxwright_contract.parts import Level
from boxwright_plugins.nets.he_initialization import with_he_weights


class TwoConvolutions(nn.Sequential):
    """Two 3 x 3 convolutions, each with ReLU: (N, before, H, W) to (N, after, H, W)."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__(
            nn.Conv2d(before, after, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.Conv2d(after, after, kernel_size=3, padding=1),
            nn.ReLU(),
        )


class UNetDecoder(nn.Module):
    """Levels of an encoder to levels of the same names, channels and strides."""

    def __init__(self, levels: Sequence[Level]) -> None:
        """Take the encoder's levels, finest first."""
        super().__init__()
        self.names = [level.name for level in levels]
        self.up = nn.ModuleList()
        self.join = nn.ModuleList()
        for fine, coarse in pairwise(levels):
            factor = coarse.stride // fine.stride
            self.up.append(nn.ConvTranspose2d(coarse.channels, fine.channels, factor, factor))
            self.join.append(TwoConvolutions(2 * fine.channels, fine.channels))
        with_he_weights(self)

    def forward(self, levels: Mapping[str, Tensor]) -> "OrderedDict[str, Tensor]":
        """Map the encoder's levels by name to the decoder's; the coarsest stays as it is."""
        x = levels[self.names[-1]]
        decoded = [x]
        steps = zip(self.names[:-1], self.up, self.join, strict=True)
        for name, up, join in reversed(list(steps)):
            x = join(torch.cat([levels[name], up(x)], dim=1))
            decoded.append(x)
        return OrderedDict(zip(self.names, reversed(decoded), strict=True))
