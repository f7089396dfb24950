"""Kernels of interpolation, and which taps of them have a weight.

Source: Keys 1981, "Cubic Convolution Interpolation for Digital Image Processing".
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from boxwright_contract.errors import BadInput

MOST_TAPS = 100_000


@dataclass(frozen=True)
class Kernel:
    """A weight for each distance from the place that is interpolated."""

    radius: int
    """From here on it is 0."""
    weight: Callable[[Fraction], Fraction]
    stretch: Fraction = Fraction(1)
    """The kernel is wider by it, against aliasing."""

    def stretched(self, factor: Fraction) -> "Kernel":
        """Return a wider kernel."""
        return Kernel(self.radius, self.weight, factor)


def linear() -> Kernel:
    """Return the triangle."""
    return Kernel(1, lambda x: 1 - x)


def cubic(a: float) -> Kernel:
    """Return the piecewise cubic with coefficient `a`."""
    if not math.isfinite(a):
        raise BadInput(f"its cubic_coeff_a is {a}.")
    c = Fraction(a)

    def weight(x: Fraction) -> Fraction:
        if x <= 1:
            return (c + 2) * x**3 - (c + 3) * x**2 + 1
        return c * x**3 - 5 * c * x**2 + 8 * c * x - 4 * c

    return Kernel(2, weight)


def taps(at: Fraction, kernel: Kernel) -> tuple[int, int]:
    """Return the first and the last position whose weight is not 0."""
    below, beyond = _around(at % 1, kernel)
    whole = math.floor(at)
    return whole + below, whole + beyond


@lru_cache(4096)
def _around(part: Fraction, kernel: Kernel) -> tuple[int, int]:
    reach = kernel.radius * kernel.stretch
    first, last = math.ceil(part - reach), math.floor(part + reach)
    if last - first > MOST_TAPS:
        raise BadInput(f"it blends {last - first} cells into one, over the limit of {MOST_TAPS}.")
    while first < last and _weight(first, part, kernel) == 0:
        first += 1
    while last > first and _weight(last, part, kernel) == 0:
        last -= 1
    return first, last


def _weight(tap: int, part: Fraction, kernel: Kernel) -> Fraction:
    distance = abs(tap - part) / kernel.stretch
    return kernel.weight(distance) if distance < kernel.radius else Fraction(0)
