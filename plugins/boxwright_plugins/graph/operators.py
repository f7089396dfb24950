"""The ONNX operators that torch has no export for, as they behave in torchvision.

ONNX Runtime's RoiAlign equals torchvision's bit for bit with `output_half_pixel`, which is
torchvision's aligned=False, and its MaxRoiPool equals torchvision's roi_pool. Its
NonMaxSuppression keeps the same boxes in the same order, ties and an IoU equal to the threshold
included.

How many rows NonMaxSuppression and `between` return is known only at run time. The exporter is
told the most that there can be; that bound must not stay in the file as a shape (`value_info`),
or ONNX Runtime plans its memory by it.
"""

import torch
from torch import Tensor

from boxwright_plugins.graph import DROPPED


def non_max_suppression(
    boxes: Tensor, scores: Tensor, max_iou: float, most: int, dropped: float = DROPPED
) -> Tensor:
    """Return which boxes survive greedy suppression, each row of the batch on its own.

    Args:
        boxes: (B, S, 4) x1, y1, x2, y2.
        scores: (B, S); boxes whose score is `dropped` neither survive nor suppress.
        max_iou: A box goes if its IoU with a better one is above this.
        most: Survivors of one row of the batch, at most.
        dropped: Less than half of it is no score.

    Returns:
        (B, S) bool.
    """
    rows, candidates = scores.shape
    limits = (torch.tensor([most]), torch.tensor([max_iou]), torch.tensor([dropped / 2]))
    survivors = torch.onnx.ops.symbolic(
        "NonMaxSuppression",
        (boxes, scores[:, None], *limits),
        dtype=torch.int64,
        shape=(rows * candidates, 3),
    )  # row, 0, candidate
    flat = survivors[:, 0] * candidates + survivors[:, 2]
    kept = torch.zeros(rows * candidates).scatter(0, flat, 1.0)
    return kept.reshape(rows, candidates) > 0


def roi_align(
    features: Tensor, boxes: Tensor, image: Tensor, cells: int, scale: float, samples: int
) -> Tensor:
    """Return each region of a feature map, averaged into a grid.

    Args:
        features: (N, C, h, w).
        boxes: (R, 4) in canvas pixels.
        image: (R,) int64, which of the N images each region lies in.
        cells: Rows and columns of the grid.
        scale: Cells of the feature map for each canvas pixel.
        samples: Sampling points in each grid cell, for each axis.

    Returns:
        (R, C, cells, cells).
    """
    return torch.onnx.ops.symbolic(
        "RoiAlign",
        (features, boxes, image),
        {
            "coordinate_transformation_mode": "output_half_pixel",
            "mode": "avg",
            "output_height": cells,
            "output_width": cells,
            "sampling_ratio": samples,
            "spatial_scale": scale,
        },
        dtype=features.dtype,
        shape=(boxes.shape[0], features.shape[1], cells, cells),
    )


def roi_max(features: Tensor, boxes: Tensor, image: Tensor, cells: int, scale: float) -> Tensor:
    """Return each region of a feature map, cut into a grid, the greatest of each cell.

    The arguments and the answer are those of `roi_align`.
    """
    regions = torch.cat((image[:, None].to(boxes.dtype), boxes), dim=1)  # (R, 5)
    return torch.onnx.ops.symbolic(
        "MaxRoiPool",
        (features, regions),
        {"pooled_shape": [cells, cells], "spatial_scale": scale},
        dtype=features.dtype,
        shape=(boxes.shape[0], features.shape[1], cells, cells),
    )


def between(x: Tensor, start: Tensor, end: Tensor) -> Tensor:
    """Return rows `start` (1,) to `end` (1,) of `x`, int64 that are known only at run time."""
    axis = torch.zeros(1, dtype=torch.int64)
    return torch.onnx.ops.symbolic("Slice", (x, start, end, axis), dtype=x.dtype, shape=x.shape)


def quotient(x: Tensor, divisor: int) -> Tensor:
    """Return `x` // `divisor` for int64 that is not negative.

    Torch's own division is exported in floats, which a runtime may round to bfloat16.
    """
    divisors = torch.full((1,), divisor)
    return torch.onnx.ops.symbolic("Div", (x, divisors), dtype=x.dtype, shape=x.shape)
