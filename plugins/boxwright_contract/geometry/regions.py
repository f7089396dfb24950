"""Regions and cells: what a cell sees of a canvas, which cells see a box, which anchors sit there.

Pixels are those of the canvas. Edges are real numbers: pixel i reaches from i to i + 1.
"""

from typing import TypeAlias

from boxwright_contract.geometry.cells import (
    cell_interval,
    cells_holding,
    cells_seeing,
    pixels_between,
)
from boxwright_contract.geometry.field import Field
from boxwright_contract.parts import RegionLevel

Edges: TypeAlias = tuple[float, float, float, float]
"""x1, y1, x2, y2 in pixels."""
Sides: TypeAlias = tuple[int, int]
"""Along y, along x."""


def region_of_cell(field: Field, cell: Sides, used_px: Sides) -> Edges | None:
    """Return the edges of what the cell in row and column `cell` sees; None: it sees nothing.

    Args:
        field: Of the feature map.
        cell: Row and column, from 0.
        used_px: Height and width of the part of the canvas that the image covers, at its top left.
    """
    down, across = (
        cell_interval(axis, at, length)
        for axis, at, length in zip(field.axes, cell, used_px, strict=True)
    )
    if down is None or across is None:
        return None
    return across[0], down[0], across[1] + 1, down[1] + 1


def cells_seeing_box(
    field: Field, box_px: Edges, grid: Sides, used_px: Sides
) -> tuple[range, range] | None:
    """Return the rows and the columns of the cells that see a part of a box; None: none does.

    Args:
        field: Of the feature map.
        box_px: Cut off where it leaves the used part of the canvas.
        grid: Rows and columns of the feature map.
        used_px: Height and width of the part of the canvas that the image covers, at its top left.

    Raises:
        BadInput: The box is no box.
    """
    touched = _pixels_of_box(box_px, used_px)
    if touched is None:
        return None
    rows, columns = (
        cells_seeing(axis, *pixels, cells, length)
        for axis, pixels, cells, length in zip(field.axes, touched, grid, used_px, strict=True)
    )
    return (rows, columns) if rows and columns else None


def cells_holding_box(
    field: Field, box_px: Edges, grid: Sides, used_px: Sides
) -> tuple[range, range] | None:
    """Return the rows and the columns of the cells that see all of a box; None: none does.

    Arguments and errors are those of `cells_seeing_box`.
    """
    touched = _pixels_of_box(box_px, used_px)
    if touched is None:
        return None
    rows, columns = (
        cells_holding(axis, *pixels, cells, length)
        for axis, pixels, cells, length in zip(field.axes, touched, grid, used_px, strict=True)
    )
    return (rows, columns) if rows and columns else None


def _pixels_of_box(box_px: Edges, used_px: Sides) -> tuple[tuple[int, int], tuple[int, int]] | None:
    x1, y1, x2, y2 = box_px
    down = pixels_between(y1, y2, used_px[0])
    across = pixels_between(x1, x2, used_px[1])
    return None if down is None or across is None else (down, across)


def anchors_at(level: RegionLevel, cell: Sides, grid: Sides, canvas_px: Sides) -> tuple[Edges, ...]:
    """Return the anchors in row and column `cell`, not cut off at the borders.

    The corner of a cell is where the detector has it: cell * (canvas side // cells a side).

    Args:
        level: Whose anchors they are.
        cell: Row and column, from 0.
        grid: Rows and columns of the feature map.
        canvas_px: Height and width of the whole canvas.
    """
    top, left = (
        at * (side // cells) for at, side, cells in zip(cell, canvas_px, grid, strict=True)
    )
    return tuple((x1 + left, y1 + top, x2 + left, y2 + top) for x1, y1, x2, y2 in level.anchors_px)
