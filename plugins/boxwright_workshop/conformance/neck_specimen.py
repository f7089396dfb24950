"""A neck under examination, on levels of several shapes that backbones may have."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import lcm

import torch
from torch import Tensor, nn

from boxwright_contract.catalog import Offer
from boxwright_contract.parts import Backbone, Level, Neck, Preprocessing
from boxwright_workshop.conformance.backbone_specimen import BackboneSpecimen
from boxwright_workshop.conformance.specimen import Specimen

FOUR = (Level("C2", 16, 4), Level("C3", 40, 8), Level("C4", 24, 16), Level("C5", 32, 32))
SKIPPING = (Level("C2", 16, 4), Level("C4", 24, 16))
REPEATING = (Level("C3", 16, 8), Level("C4_narrow", 8, 16), Level("C4", 24, 16))
SINGLE = (Level("C4", 24, 16),)
BELOW = (FOUR, SKIPPING, REPEATING, SINGLE)
"""Strides that double, skip one, repeat, and stand alone; channels in no order."""
CHANNELS = (32, 48)
"""That are asked for."""


class Strided(nn.Module):
    """What stands in for a backbone: a convolution for each level."""

    def __init__(self, levels: tuple[Level, ...]) -> None:
        super().__init__()
        self.convolutions = nn.ModuleDict(
            {lev.name: nn.Conv2d(3, lev.channels, lev.stride, lev.stride) for lev in levels}
        )

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """Map (N, 3, H, W) to the levels by name."""
        return {name: convolution(x) for name, convolution in self.convolutions.items()}


class Necked(nn.Module):
    """A neck on what stands in for a backbone."""

    def __init__(self, below: tuple[Level, ...], neck: nn.Module) -> None:
        super().__init__()
        self.body = Strided(below)
        self.neck = neck

    def forward(self, x: Tensor) -> Mapping[str, Tensor]:
        """Map (N, 3, H, W) to the levels of the neck."""
        return self.neck(self.body(x))


@dataclass(frozen=True)
class NeckedSpecimen(BackboneSpecimen):
    """A neck on such levels, which is a network as a backbone is one."""

    below: tuple[Level, ...]
    channels: int
    """That are asked for."""

    @property
    def divisor(self) -> int:
        """Sides of an image are multiples of it."""
        return lcm(*(level.stride for level in (*self.below, *self.part.levels)))

    @property
    def told(self) -> str:
        """What it stands on."""
        levels = ", ".join(f"{lev.name} {lev.channels} / {lev.stride}" for lev in self.below)
        return f"{levels}, asked for {self.channels} channels"


@dataclass(frozen=True)
class NeckSpecimen(Specimen):
    """A neck."""

    offer: Offer[Neck]

    @property
    def part(self) -> Neck:
        """The neck."""
        return self.offer.part

    @cached_property
    def necked(self) -> tuple[NeckedSpecimen, ...]:
        """It on all kinds of levels, with the first channels, then with the others."""
        return tuple(self._on(below, channels) for channels in CHANNELS for below in BELOW)

    def built(self, below: tuple[Level, ...], channels: int) -> nn.Module:
        """Return a new network, the same each time."""
        torch.manual_seed(0)
        return self.part.build(below, channels)

    def _on(self, below: tuple[Level, ...], channels: int) -> NeckedSpecimen:
        part = Backbone(
            name=self.part.name,
            levels=self.part.levels(below, channels),
            preprocessing=Preprocessing(mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)),
            build=lambda: Necked(below, self.part.build(below, channels)),
            source=self.part.source,
        )
        offer = Offer(part, self.offer.distribution, self.offer.version, self.offer.module)
        return NeckedSpecimen(offer, below, channels)
