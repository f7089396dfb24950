"""Which cells along an axis an interpolation takes, in exact arithmetic.

Source: Keys 1981, "Cubic Convolution Interpolation for Digital Image Processing".
"""

import math
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from boxwright_contract.errors import BadInput

MOST_TAPS = 100_000
FITS_INT64 = 2**62


@dataclass(frozen=True)
class Line:
    """Places in the input: slope * i + offset for each output i of `length`."""

    slope: Fraction
    offset: Fraction
    length: int

    def moved(self, by: Fraction) -> "Line":
        """Return all places, moved."""
        return replace(self, offset=self.offset + by)

    def floors(self) -> NDArray[np.int64]:
        """Return each place, rounded down."""
        unit = math.lcm(self.slope.denominator, self.offset.denominator)
        step, begin = int(self.slope * unit), int(self.offset * unit)
        fits = abs(step) * self.length + abs(begin) + unit < FITS_INT64
        cells = np.arange(self.length, dtype=np.int64 if fits else object)
        return ((cells * step + begin) // unit).astype(np.int64)

    def ceils(self) -> NDArray[np.int64]:
        """Return each place, rounded up."""
        return -Line(-self.slope, -self.offset, self.length).floors()


def linear_taps(at: Line, radius: Fraction) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first and the last cell that the triangle weighs: those nearer than `radius`."""
    if 2 * radius > MOST_TAPS:
        raise BadInput(
            f"it blends {math.ceil(2 * radius)} cells into one, over the limit of {MOST_TAPS}."
        )
    return at.moved(-radius).floors() + 1, at.moved(radius).ceils() - 1


def cubic_taps(
    at: Line, stretch: Fraction, a: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first and the last cell that the piecewise cubic with coefficient `a` weighs.

    Its radius is 2 * `stretch`, or half of that if `a` is 0. A place on a cell takes that cell
    alone unless the kernel is stretched: the weights at whole distances are 0.
    """
    if not math.isfinite(a):
        raise BadInput(f"its cubic_coeff_a is {a}.")
    first, last = linear_taps(at, (2 if a else 1) * stretch)
    if stretch != 1:
        return first, last
    below, above = at.floors(), at.ceils()
    return np.where(below == above, below, first), np.where(below == above, below, last)
