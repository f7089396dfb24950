"""A backbone under examination, and what several checks of it share."""

from dataclasses import dataclass
from functools import cached_property
from math import lcm

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from boxwright_contract.catalog import Offer
from boxwright_contract.parts import Backbone
from boxwright_workshop.conformance.pictures import normalised
from boxwright_workshop.conformance.specimen import Specimen


@dataclass(frozen=True)
class BackboneSpecimen(Specimen):
    """A backbone, and its network with random weights."""

    offer: Offer[Backbone]

    @property
    def part(self) -> Backbone:
        """The backbone."""
        return self.offer.part

    @property
    def divisor(self) -> int:
        """Sides of an image are multiples of it."""
        return lcm(*(level.stride for level in self.part.levels))

    @property
    def names(self) -> list[str]:
        """Of the declared levels, finest first."""
        return [level.name for level in self.part.levels]

    def built(self) -> nn.Module:
        """Return a new network, the same each time."""
        torch.manual_seed(0)
        return self.part.build()

    @cached_property
    def net(self) -> nn.Module:
        """A network in eval mode whose normalisations have seen pictures; not to be changed."""
        net = self.built().train()
        norms = [module for module in net.modules() if isinstance(module, _BatchNorm)]
        moments = [norm.momentum for norm in norms]
        for norm in norms:
            norm.momentum = None  # the statistics become those of this one batch
        with torch.no_grad():
            net(self.pictures(4, 2, 3))
        for norm, moment in zip(norms, moments, strict=True):
            norm.momentum = moment
        return net.eval()

    def pictures(self, number: int, rows: int, columns: int) -> Tensor:
        """Return made-up pictures as the network takes them, (N, 3, rows * D, columns * D)."""
        height, width = rows * self.divisor, columns * self.divisor
        return normalised(self.part.preprocessing, number, height, width)

    def levels(self, x: Tensor) -> dict[str, Tensor]:
        """Return the declared levels of `x`, by name."""
        with torch.no_grad():
            levels = self.net(x)
        return {name: levels[name] for name in self.names}
