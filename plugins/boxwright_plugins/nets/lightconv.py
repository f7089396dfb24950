"""Lightweight convolutions over rows and columns, in place of attention.

A lightweight convolution is depthwise; its kernel is shared by the channels of a head, and its
weights are positive and sum to 1 (a softmax). The paper has it over the words of a sentence. Here
it runs over the rows of a feature map, and then over its columns.

Each block is the paper's: a linear map to twice the channels and a gate (GLU), the convolution, a
linear map; then a feed-forward part. Both parts are added to what came in. The normalization comes
before each part, not after the sum, so that it trains from scratch without a warm-up.

Source: Wu et al. 2019 (arXiv:1901.10430), section 3 and figure 2b.
"""

from collections import OrderedDict
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

CHANNELS_A_HEAD = 16
EXPANSION = 2
"""Channels inside the feed-forward part, as a multiple of those outside."""


class Stage(NamedTuple):
    """Blocks at one stride."""

    channels: int
    kernel: int
    blocks: int


STAGES = (Stage(64, 7, 2), Stage(128, 7, 2), Stage(256, 15, 4), Stage(384, 15, 2))
"""C2 to C5."""


class ChannelNorm(nn.LayerNorm):
    """Layer normalization over the channels of every cell."""

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to the same shape."""
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class LightweightConv(nn.Module):
    """A lightweight convolution along each row, then one along each column."""

    def __init__(self, channels: int, kernel: int) -> None:
        super().__init__()
        self.channels = channels
        heads = channels // CHANNELS_A_HEAD
        self.rows = nn.Parameter(torch.randn(heads, kernel))
        self.columns = nn.Parameter(torch.randn(heads, kernel))

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to the same shape."""
        rows, columns = (
            weight.softmax(dim=1).repeat_interleave(CHANNELS_A_HEAD, dim=0)  # (C, kernel)
            for weight in (self.rows, self.columns)
        )
        reach = self.rows.shape[1] // 2
        x = functional.conv2d(x, rows[:, None, None, :], padding=(0, reach), groups=self.channels)
        return functional.conv2d(
            x, columns[:, None, :, None], padding=(reach, 0), groups=self.channels
        )


class Gate(nn.Module):
    """Half of the channels, each scaled by the sigmoid of its partner in the other half."""

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, 2C, H, W) to (N, C, H, W)."""
        return functional.glu(x, dim=1)


class Block(nn.Module):
    """Gate, lightweight convolutions and feed-forward part, with a way round each."""

    def __init__(self, channels: int, kernel: int) -> None:
        super().__init__()
        self.mix = nn.Sequential(
            ChannelNorm(channels),
            nn.Conv2d(channels, 2 * channels, kernel_size=1),
            Gate(),
            LightweightConv(channels, kernel),
            nn.Conv2d(channels, channels, kernel_size=1),
        )
        self.feed_forward = nn.Sequential(
            ChannelNorm(channels),
            nn.Conv2d(channels, EXPANSION * channels, kernel_size=1),
            nn.ReLU(),
            nn.Conv2d(EXPANSION * channels, channels, kernel_size=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to the same shape."""
        x = x + self.mix(x)
        return x + self.feed_forward(x)


class LightConv(nn.Module):
    """A convolutional stem to a stride of 4, then the stages, each but the first halving."""

    def __init__(self) -> None:
        super().__init__()
        half = STAGES[0].channels // 2
        before = STAGES[0].channels
        self.stem = nn.Sequential(
            nn.Conv2d(3, half, kernel_size=3, stride=2, padding=1),
            ChannelNorm(half),
            nn.ReLU(),
            nn.Conv2d(half, before, kernel_size=3, stride=2, padding=1),
        )
        self.stages = nn.ModuleList()
        self.norms = nn.ModuleList()
        for channels, kernel, blocks in STAGES:
            reduction = nn.Conv2d(before, channels, kernel_size=2, stride=2)
            entrance = [] if channels == before else [ChannelNorm(before), reduction]
            self.stages.append(
                nn.Sequential(*entrance, *(Block(channels, kernel) for _ in range(blocks)))
            )
            self.norms.append(ChannelNorm(channels))
            before = channels

    def forward(self, x: Tensor) -> "OrderedDict[str, Tensor]":
        """Map (N, 3, H, W) to C2 to C5."""
        x = self.stem(x)
        levels = OrderedDict()
        for power, (stage, norm) in enumerate(zip(self.stages, self.norms, strict=True), start=2):
            x = stage(x)
            levels[f"C{power}"] = norm(x)
        return levels
