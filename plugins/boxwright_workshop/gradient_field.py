"""Receptive fields by gradients: the check of what the analysis of graphs says.

What a cell sees is where its gradient in `linear_form` is not 0.
"""

from collections.abc import Mapping, Sequence
from itertools import count
from typing import TypeAlias

import torch
from torch import Tensor, nn

from boxwright_contract.geometry.field import AxisField, Field
from boxwright_workshop.linear_form import LinearForm, with_constant_weights

Cell: TypeAlias = tuple[int, int]
"""y, x."""
Interval: TypeAlias = tuple[int, int]
"""First and last pixel, both included; the last before the first where nothing is seen."""
Seen: TypeAlias = dict[Cell, tuple[Interval, Interval]]
"""For each cell, along y and along x."""

CORNERS: tuple[Cell, ...] = ((0, 0), (0, -1), (-1, 0), (-1, -1))


def gradient_intervals(
    net: nn.Module, canvas_px: tuple[int, int], cells: Mapping[str, Sequence[Cell]]
) -> dict[str, Seen]:
    """Return what cells of feature maps see of a canvas, gates left out.

    Args:
        net: Maps (1, 3, H, W) to a dict of feature maps (1, C, h, w); it is not changed.
        canvas_px: H and W, which `net` must take.
        cells: For each feature map those to look at; negative ones are counted from the end.

    Raises:
        BadPlugin: The network has attention, where gradients cannot tell.
    """
    image = torch.ones(1, 3, *canvas_px, dtype=torch.float64, requires_grad=True)
    with LinearForm():
        levels: Mapping[str, Tensor] = with_constant_weights(net)(image)
    found: dict[str, Seen] = {}
    for name, wanted in cells.items():
        level = levels[name][0].sum(dim=0)
        height, width = level.shape
        found[name] = {}
        for y, x in wanted:
            [gradient] = torch.autograd.grad(level[y, x], image, retain_graph=True)
            seen = (gradient[0] > 0).any(dim=0)  # (H, W)
            found[name][y % height, x % width] = (_ends(seen.any(dim=1)), _ends(seen.any(dim=0)))
    return found


def disagreements(net: nn.Module, fields: Mapping[str, Field], divisor: int) -> list[str]:
    """Return where gradients see something else than `fields` say, in words; none if they agree.

    Looked at are cells of every phase that no border cuts off, and those in the corners.

    Args:
        net: Maps (1, 3, H, W) to a dict of feature maps (1, C, h, w).
        fields: Of its feature maps, by name.
        divisor: The sides of a canvas must be multiples of it.

    Raises:
        BadPlugin: The network has attention, where gradients cannot tell.
    """
    inner = {name: [_inner_cells(axis) for axis in field.axes] for name, field in fields.items()}
    sides = []
    for k in (0, 1):
        ends = [
            axis.span(cell)[1]
            for name, field in fields.items()
            if (axis := field.axes[k])
            for cell in inner[name][k]
        ]
        sides.append(-(-(max(ends, default=0) + 1) // divisor) * divisor)
    canvas = (sides[0], sides[1])
    cells = {name: [*_paired(*axes), *CORNERS] for name, axes in inner.items()}
    return [
        f"{name}, cell {cell}: gradients see rows {rows[0]} to {rows[1]} and columns {columns[0]} "
        f"to {columns[1]} of {canvas}, the field says {_expected(fields[name], cell, canvas)}"
        for name, seen in gradient_intervals(net, canvas, cells).items()
        for cell, (rows, columns) in seen.items()
        if not _agrees(fields[name], cell, canvas, (rows, columns))
    ]


def _inner_cells(axis: AxisField | None) -> list[int]:
    """Return the first cell of each phase that reaches over no border at the start."""
    if axis is None:
        return [0]
    phases = range(axis.phases)
    return [next(cell for cell in count(i, axis.phases) if axis.span(cell)[0] >= 0) for i in phases]


def _paired(rows: list[int], columns: list[int]) -> list[Cell]:
    """Return as few cells as hold every row and every column."""
    number = max(len(rows), len(columns))
    return [(rows[i % len(rows)], columns[i % len(columns)]) for i in range(number)]


def _expected(field: Field, cell: Cell, canvas_px: tuple[int, int]) -> tuple[Interval, ...]:
    return tuple(
        (0, side - 1) if axis is None else axis.interval(u, side)
        for axis, u, side in zip(field.axes, cell, canvas_px, strict=True)
    )


def _agrees(
    field: Field, cell: Cell, canvas_px: tuple[int, int], found: tuple[Interval, ...]
) -> bool:
    expected = _expected(field, cell, canvas_px)
    if field.exact_at_border or all(
        axis is None or axis.span(u) == interval
        for axis, u, interval in zip(field.axes, cell, expected, strict=True)
    ):
        return found == expected
    return all(
        first <= low and high <= last
        for (low, high), (first, last) in zip(found, expected, strict=True)
    )


def _ends(seen: Tensor) -> Interval:
    """Return the first and the last True of a line."""
    where = seen.nonzero()
    return (int(where[0]), int(where[-1])) if len(where) else (0, -1)
