"""The one primitive: hulls over runs of positions.

A convolution, a pooling, an interpolation, a slice, a pad: along an axis, each new position is made
of an arithmetic run of old ones.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from boxwright_contract.geometry.graph.limits import check_cells
from boxwright_contract.geometry.graph.span import NOTHING_HI, NOTHING_LO, Span

Positions = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Runs:
    """For each new position: first, first + step, ..., `count` of them, all inside."""

    first: Positions
    count: Positions
    """0: it is made of nothing."""
    cut: NDArray[np.bool_]
    """Where the run would have gone on beyond a border."""
    step: int = 1

    @property
    def length(self) -> int:
        """How many new positions there are."""
        return len(self.first)

    @property
    def stride(self) -> float:
        """How many old positions there are for each new one, at least 1."""
        reach = int(np.ptp(self.first)) if self.length else 0
        return max(reach / max(self.length - 1, 1), 1)

    @classmethod
    def of(cls, first: Positions, count: Positions, length: int, step: int = 1) -> "Runs":
        """Cut runs off at the ends of an axis of `length`."""
        check_cells(max(length, len(first)))
        skipped = np.minimum(np.maximum(-(first // step), 0), count)  # those before position 0
        inside = np.clip((length - 1 - first) // step + 1, 0, count)
        kept = np.maximum(inside - skipped, 0)
        begin = np.where(kept > 0, first + skipped * step, 0)
        return cls(first=begin, count=kept, cut=kept < count, step=step)

    @classmethod
    def picked(cls, positions: Positions) -> "Runs":
        """Make each new position of one old one, or of nothing where it is negative."""
        check_cells(len(positions))
        gone = positions < 0
        return cls(
            first=np.maximum(positions, 0), count=np.where(gone, 0, 1), cut=gone.astype(bool)
        )

    def uncut(self) -> "Runs":
        """Return the same where the ends of the axis are no border of the image."""
        return replace(self, cut=np.zeros_like(self.cut))

    def is_identity(self, length: int) -> bool:
        """Whether the axis stays as it is."""
        return (
            self.length == length
            and bool((self.count == 1).all())
            and bool((self.first == np.arange(length)).all())
            and not bool(self.cut.any())
        )


def over_runs(span: Span, factor: int, runs: Runs) -> Span:
    """Return what the new positions along `factor` see, if the old ones make a difference."""
    return Span(
        lo=_best(span.lo, factor, runs, np.minimum, NOTHING_LO),
        hi=_best(span.hi, factor, runs, np.maximum, NOTHING_HI),
        cut=_best(span.cut, factor, runs, np.logical_or, np.False_)
        | _along(runs.cut, span, factor),
        whole=span.whole,
        fewest=min(span.fewest, math.ceil(span.shape[factor] / runs.stride)),
    )


def _along(array: NDArray[np.bool_], span: Span, factor: int) -> NDArray[np.bool_]:
    shape = [1] * len(span.shape)
    shape[factor] = len(array)
    return array.reshape(shape)


def _best(array: NDArray, factor: int, runs: Runs, best: np.ufunc, nothing: np.generic) -> NDArray:  # type: ignore[type-arg]
    """Reduce over runs in time that does not depend on how long they are.

    A run is covered by two blocks of a power of 2, as in a sparse table for range minima.
    """
    table = np.moveaxis(array, factor, 0)
    if runs.count.size and runs.count.min() == runs.count.max() == 1:
        return np.moveaxis(table[runs.first], 0, factor)
    found = np.full((runs.length, *table.shape[1:]), nothing, array.dtype)
    power = np.frexp(runs.count.astype(np.float64))[1] - 1  # floor(log2), -1 where it is 0
    for level in range(int(power.max(initial=-1)) + 1):
        block = 2**level
        chosen = np.flatnonzero(power == level)
        if chosen.size:
            begin = runs.first[chosen]
            end = begin + (runs.count[chosen] - block) * runs.step
            found[chosen] = best(table[begin], table[end])
        reach = block * runs.step
        table = best(table[:-reach], table[reach:]) if reach < len(table) else table[:0]
    return np.moveaxis(found, 0, factor)
