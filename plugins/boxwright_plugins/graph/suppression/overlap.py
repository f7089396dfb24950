"""How much boxes overlap, without a division by zero."""

from typing import NamedTuple

import torch
from torch import Tensor

from boxwright_plugins.graph.boxes import MIN_SIDE_PX
from boxwright_plugins.graph.suppression.nodes import like, parts, product

SMALLEST_AREA = MIN_SIDE_PX**2 / 2
"""In square pixels. Boxes that count are larger."""


class Corners(NamedTuple):
    """Boxes as overlaps need them."""

    low: Tensor
    """(2, B, S) x1, y1."""
    high: Tensor
    """(2, B, S) x2, y2."""
    area: Tensor
    """(1, B, S), above 0."""


def with_area(boxes: Tensor) -> Tensor:
    """Return boxes (4, ...) with their area, (5, ...)."""
    area = (boxes[2] - boxes[0]) * (boxes[3] - boxes[1])
    return torch.cat((boxes, area.clamp(min=SMALLEST_AREA)[None]))


def corners(table: Tensor) -> Corners:
    """Return the boxes of a table (5, B, S), as `with_area` makes it."""
    return Corners(*parts(table, (2, 2, 1)))


def iou(these: Corners, others: Corners) -> Tensor:
    """Return their IoU, (1, B, S), in the shape of `these`, to which the others are broadcast."""
    side = like(like(these.high, "Min", others.high), "Sub", like(these.low, "Max", others.low))
    shared = product(like(side, "Relu"))
    return like(shared, "Div", like(like(these.area, "Add", others.area), "Sub", shared))
