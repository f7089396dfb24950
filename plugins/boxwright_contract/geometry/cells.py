"""Cells and pixels along one axis: what a cell sees, and which cells see an interval.

Pixels are those of the canvas. An interval is its first and its last pixel, both included.
"""

from math import ceil, floor, isfinite

from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.field import AxisField

SLACK_PX = 1e-3
"""An edge that reaches less than this into a pixel does not touch it: it may be a float32."""


def cell_interval(field: AxisField | None, cell: int, length_px: int) -> tuple[int, int] | None:
    """Return the first and the last of `length_px` pixels that a cell sees; None: it sees none.

    Example:
        >>> cell_interval(AxisField(16, (-90,), (105,)), 3, 224)
        (0, 153)
    """
    if field is None:
        return 0, length_px - 1
    first, last = field.interval(cell, length_px)
    return (first, last) if first <= last else None


def pixels_between(low: float, high: float, length_px: int) -> tuple[int, int] | None:
    """Return the first and the last of `length_px` pixels that the edges `low` and `high` touch.

    None: they lie outside. Edges at the same place touch the pixel that they lie in.

    Raises:
        BadInput: An edge is not finite, or `high` is below `low`.

    Example:
        >>> pixels_between(7.25, 9.0, 224)
        (7, 8)
    """
    if not (isfinite(low) and isfinite(high) and low <= high):
        raise BadInput(
            f"a box cannot reach from {low} to {high} px. Send finite edges, the lower one first."
        )
    first = floor(low + SLACK_PX)
    last = max(ceil(high - SLACK_PX) - 1, first)
    first, last = max(first, 0), min(last, length_px - 1)
    return (first, last) if first <= last else None


def cells_seeing(
    field: AxisField | None, first_px: int, last_px: int, cells: int, length_px: int
) -> range:
    """Return the cells that see at least one of the pixels from `first_px` to `last_px`.

    With several phases it reaches from the first to the last such cell, and a cell between them
    may see none.

    Args:
        field: Of the feature map, along this axis.
        first_px: Of the interval.
        last_px: Of the interval, itself included.
        cells: Of the feature map along this axis.
        length_px: Pixels that there are; what lies outside them is not seen.

    Returns:
        Empty if no cell does.

    Example:
        >>> cells_seeing(AxisField(16, (-90,), (105,)), 100, 120, 14, 224)
        range(0, 14)
    """
    first_px, last_px = max(first_px, 0), min(last_px, length_px - 1)
    if first_px > last_px:
        return range(0)
    if field is None:
        return range(cells)
    found = [
        _cells_of_phase(field, phase, cells, first_px - last, last_px - first)
        for phase, (first, last) in enumerate(zip(field.first_px, field.last_px, strict=True))
        if first <= last
    ]
    return _hull(found)


def cells_holding(
    field: AxisField | None, first_px: int, last_px: int, cells: int, length_px: int
) -> range:
    """Return the cells that see all of the pixels from `first_px` to `last_px` that there are.

    Arguments, phases and the empty range are those of `cells_seeing`.

    Example:
        >>> cells_holding(AxisField(16, (-90,), (105,)), 100, 120, 14, 224)
        range(1, 12)
    """
    first_px, last_px = max(first_px, 0), min(last_px, length_px - 1)
    if first_px > last_px:
        return range(0)
    if field is None:
        return range(cells)
    found = [
        _cells_of_phase(field, phase, cells, last_px - last, first_px - first)
        for phase, (first, last) in enumerate(zip(field.first_px, field.last_px, strict=True))
    ]
    return _hull(found)


def _cells_of_phase(field: AxisField, phase: int, cells: int, least: int, most: int) -> range:
    """Return the cells of a phase that lie `least` to `most` px from its first."""
    first = max(-(-least // field.period_px), 0)
    last = min(most // field.period_px, (cells - 1 - phase) // field.phases)
    start = first * field.phases + phase
    return range(start, last * field.phases + phase + 1, field.phases)


def _hull(found: list[range]) -> range:
    seen = [cells for cells in found if cells]
    if not seen:
        return range(0)
    return range(min(cells[0] for cells in seen), max(cells[-1] for cells in seen) + 1)
