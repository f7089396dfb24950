"""How long a lane takes for one image."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Protocol


class ServiceTime(Protocol):
    """How long a lane takes for one image."""

    @property
    def mean_s(self) -> float:
        """The mean."""

    def draw(self, random: Random) -> float:
        """Return the time of one image, in seconds."""


@dataclass(frozen=True)
class Exponential:
    """That of the textbooks, which no detector has."""

    mean_s: float

    def draw(self, random: Random) -> float:
        """Return the time of one image, in seconds."""
        return random.expovariate(1 / self.mean_s)


@dataclass(frozen=True)
class Measured:
    """Times that were measured, any of them as likely as another."""

    samples_s: Sequence[float]

    @property
    def mean_s(self) -> float:
        """The mean."""
        return math.fsum(self.samples_s) / len(self.samples_s)

    def draw(self, random: Random) -> float:
        """Return the time of one image, in seconds."""
        return random.choice(self.samples_s)

    def with_mean(self, mean_s: float) -> "Measured":
        """Return the same spread about another mean."""
        ratio = mean_s / self.mean_s
        return Measured(tuple(sample * ratio for sample in self.samples_s))
