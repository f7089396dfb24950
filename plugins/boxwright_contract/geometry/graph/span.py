"""What the elements of a tensor see along one axis of the image.

Arrays have one axis for each factor of the tensor's layout, and are of size 1 along those that
make no difference: `lo` of a map (N, C, H, W) is (1, 1, H, 1) along y. lo > hi: sees nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from boxwright_contract.geometry.graph.limits import check_elements

Cells: TypeAlias = NDArray[np.int32]
NOTHING_LO = np.int32(2**31 - 1)
NOTHING_HI = np.int32(-1)


@dataclass(frozen=True, kw_only=True, eq=False)
class Span:
    """Intervals along one axis of the image, both ends included."""

    lo: Cells
    hi: Cells
    cut: NDArray[np.bool_]
    """Where a border took part: padding, or taps that were left out."""
    whole: bool = False
    """Whether some node mixed positions along the whole of the axis."""
    fewest: int
    """Cells along the axis, in the coarsest of the maps that this one was made from."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Of each of the arrays."""
        return self.lo.shape

    @property
    def empty(self) -> NDArray[np.bool_]:
        """Where nothing is seen."""
        return self.lo > self.hi

    @cached_property
    def full(self) -> bool:
        """Whether something is seen everywhere."""
        return bool((self.hi >= 0).all())

    def varies(self, factor: int) -> bool:
        """Whether it makes a difference where along `factor` an element lies."""
        return bool(self.lo.shape[factor] > 1)

    def each(self, change: Callable[[NDArray], NDArray]) -> "Span":  # type: ignore[type-arg]
        """Return this span with each array changed in the same way."""
        return replace(self, lo=change(self.lo), hi=change(self.hi), cut=change(self.cut))

    def broadcast(self, shape: tuple[int, ...]) -> "Span":
        """Return the same with arrays of `shape`, which are read-only."""
        check_elements(shape)
        return self.each(lambda array: np.broadcast_to(array, shape))

    def without(self, gone: NDArray[np.bool_]) -> "Span":
        """Return the same, seeing nothing where `gone`, which broadcasts with it."""
        check_elements(np.broadcast_shapes(self.shape, gone.shape))
        return replace(
            self,
            lo=np.where(gone, NOTHING_LO, self.lo),
            hi=np.where(gone, NOTHING_HI, self.hi),
            cut=gone | self.cut,
        )

    def hull(self, other: "Span") -> "Span":
        """Return what the elements of either see."""
        check_elements(np.broadcast_shapes(self.shape, other.shape))
        return Span(
            lo=np.minimum(self.lo, other.lo),
            hi=np.maximum(self.hi, other.hi),
            cut=self.cut | other.cut,
            whole=self.whole,
            fewest=min(self.fewest, other.fewest),
        )

    def collapsed(self, factor: int) -> "Span":
        """Return the same with size 1 along `factor`, if it makes no difference."""
        if not self.varies(factor):
            return self
        first = (slice(None),) * factor + (slice(0, 1),)
        arrays = (self.lo, self.hi, self.cut)
        if all(np.array_equal(np.broadcast_to(a[first], a.shape), a) for a in arrays):
            return self.each(lambda array: array[first])
        return self

    def same(self, other: "Span") -> bool:
        """Whether both hold the same arrays."""
        return (
            self.whole == other.whole
            and np.array_equal(self.lo, other.lo)
            and np.array_equal(self.hi, other.hi)
            and np.array_equal(self.cut, other.cut)
        )
