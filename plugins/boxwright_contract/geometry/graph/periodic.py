"""From what each cell along an axis sees to the form that repeats."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from boxwright_contract.geometry.field import AxisField
from boxwright_contract.geometry.limits import MOST_PHASES
from boxwright_contract.geometry.period import field_of


@dataclass(frozen=True, kw_only=True, eq=False)
class Row:
    """What the cells along one axis of a feature map see along one axis of the image."""

    lo: NDArray[np.int32]
    hi: NDArray[np.int32]
    """lo > hi where a cell sees nothing."""
    cut: NDArray[np.bool_]
    """Where a border took part."""
    fewest: int
    """Cells in the coarsest map on the way: fewer phases than cells for one of those cannot be
    told apart."""
    length_px: int
    """Of the image."""

    @property
    def phases_at_least(self) -> int:
        """How many cells lie on one cell of the coarsest map."""
        return -(-len(self.lo) // max(self.fewest, 1))


def periodic_form(row: Row, periods: int) -> AxisField | None:
    """Return the form with the fewest phases that most of the clear cells have.

    Args:
        row: What was found on a probe.
        periods: How often the form must repeat among them.

    Returns:
        None where there is none of at most `MOST_PHASES`, or too few clear cells to tell.
    """
    clear = ~row.cut
    stretch = _longest(clear)
    for phases in range(1, min(len(row.lo) // periods, MOST_PHASES) + 1):
        if _may_repeat(row, stretch, phases):
            found = _of_phases(row, clear, phases, periods)
            if found is not None:
                return found
    return None


def _may_repeat(row: Row, stretch: tuple[int, int], phases: int) -> bool:
    """Tell from a few cells whether most of a stretch of clear ones can have that many phases.

    Those that have them are more than half of it, so they include the middle, and reach as far as
    any window around the middle on one side of it at least.
    """
    begin, end = stretch
    middle, reach = (begin + end) // 2, 4 * phases
    while 2 * reach < end - begin:
        around = slice(middle - reach, middle + reach)
        lo, hi = row.lo[around], row.hi[around]
        empty = lo > hi
        step = lo[phases:] - lo[:-phases]
        nothing = empty[phases:] & empty[:-phases]
        moved = (step > 0) & (step == hi[phases:] - hi[:-phases]) & ~empty[phases:]
        fits = moved | nothing
        alike = (step[1:] == step[:-1]) | nothing[1:] | nothing[:-1]
        first, last = _longest(fits[1:] & fits[:-1] & alike)
        if last - first + 1 < reach - phases:
            return False
        reach *= 2
    return True


def _of_phases(row: Row, clear: NDArray[np.bool_], phases: int, periods: int) -> AxisField | None:
    empty = row.lo > row.hi
    step = row.lo[phases:] - row.lo[:-phases]
    usable = clear[phases:] & clear[:-phases]
    moved = usable & (step == row.hi[phases:] - row.hi[:-phases]) & ~empty[phases:] & (step > 0)
    if not moved.any():
        return None
    sizes, counts = np.unique(step[moved], return_counts=True)
    period = int(sizes[counts.argmax()])
    same = (moved & (step == period)) | (usable & empty[phases:] & empty[:-phases])
    begin, end = _longest(same)
    cells = end - begin + phases
    if cells < periods * max(phases, row.phases_at_least) or 2 * cells <= clear.sum():
        return None
    seen = []
    for phase in range(phases):
        cell = begin + (phase - begin) % phases
        back = cell // phases * period
        nothing = bool(empty[cell])
        seen.append((1, 0) if nothing else (int(row.lo[cell]) - back, int(row.hi[cell]) - back))
    return field_of(period, seen)


def _longest(flags: NDArray[np.bool_]) -> tuple[int, int]:
    """Return the begin and the end of the longest run of true ones, 0 and 0 if there is none."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    if not edges.size:
        return 0, 0
    begins, ends = edges[::2], edges[1::2]
    at = (ends - begins).argmax()
    return int(begins[at]), int(ends[at])


def exact(row: Row, field: AxisField) -> bool:
    """Tell whether the form, cut off at the borders, is what every cell sees."""
    cells = np.arange(len(row.lo))
    offset = cells // field.phases * field.period_px
    lo = np.maximum(np.array(field.first_px)[cells % field.phases] + offset, 0)
    hi = np.minimum(np.array(field.last_px)[cells % field.phases] + offset, row.length_px - 1)
    nothing = row.lo > row.hi
    alike = (lo == row.lo) & (hi == row.hi)
    return bool(np.where(nothing, lo > hi, alike).all())
