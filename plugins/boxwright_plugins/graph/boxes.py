"""Box arithmetic over a whole batch, rows in place."""

import torch
from torch import Tensor

MIN_SIDE_PX = 1e-2
"""Smaller detections are dropped, as torchvision's RoIHeads does."""


def clip(boxes: Tensor, image_size: Tensor) -> Tensor:
    """Return boxes cut to the image that they lie in, which is not the whole canvas.

    Args:
        boxes: (N, S, 4).
        image_size: (N, 2) int32 height, width.
    """
    height, width = image_size.to(boxes.dtype).unbind(dim=1)
    limit = torch.stack((width, height, width, height), dim=1)
    return torch.minimum(boxes.clamp(min=0), limit[:, None])


def at_least(boxes: Tensor, side_px: float) -> Tensor:
    """Return which boxes (..., 4) measure `side_px` or more both ways."""
    width, height = boxes[..., 2] - boxes[..., 0], boxes[..., 3] - boxes[..., 1]
    return (width >= side_px) & (height >= side_px)
