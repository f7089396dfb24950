"""timm's networks as maps from images to levels by name."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import timm
import torch
from torch import nn

from boxwright_plugins.nets.levels import NamedLevels
from boxwright_plugins.nets.same_padding import pads_by_size, with_constant_padding


@dataclass(frozen=True)
class FeatureMap:
    """One of the feature maps that timm lists for a network."""

    index: int
    channels: int
    stride: int


@dataclass(frozen=True)
class Features:
    """What timm tells of a network."""

    maps: tuple[FeatureMap, ...]
    pads_by_size: tuple[str, ...]
    """Its layers whose padding depends on the size of the image, and cannot be made constant."""


def features_of(model: str) -> Features:
    """Return what timm tells of `model`, without weights of any size.

    Raises:
        RuntimeError: timm cannot build it as features.
    """
    with torch.device("meta"):
        net = timm.create_model(model, features_only=True)
    info: Any = net.feature_info
    maps = map(FeatureMap, info.out_indices, info.channels(), info.reduction())
    return Features(tuple(maps), pads_by_size(with_constant_padding(net)))


def with_levels(model: str, indices: Sequence[int], names: Sequence[str]) -> nn.Module:
    """Return timm's `model` without its classifier, from (N, 3, H, W) to levels by name.

    Args:
        model: timm's name.
        indices: Which of the feature maps that timm lists.
        names: What the levels are called.
    """
    net = timm.create_model(model, features_only=True, out_indices=tuple(indices))
    return NamedLevels(with_constant_padding(net), names)
