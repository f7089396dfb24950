"""Scored boxes to detections, in eager torch: what the exported form must reproduce."""

import torch
from torch import Tensor
from torchvision.ops import clip_boxes_to_image, remove_small_boxes

from boxwright_contract.parts import Detections
from boxwright_plugins.conclusion_options import ConclusionOptions
from boxwright_plugins.nets.suppression import suppress

MIN_SIDE_PX = 1e-2
"""Smaller boxes are dropped, as torchvision's RoIHeads does."""


def conclude(
    scores: Tensor, boxes: Tensor, image_size: Tensor, options: ConclusionOptions
) -> tuple[Detections, Tensor]:
    """Return the detections of one image, best first, and the row that each comes from.

    Args:
        scores: (P, K) in 0..1, without background.
        boxes: (P, K, 4) in canvas pixels, inside the image or not.
        image_size: (2,) height, width.
        options: What to keep, and what to do about boxes that overlap.

    Returns:
        D detections, and (D,) int64 in 0..P-1.
    """
    height, width = image_size.tolist()
    parts = []
    for label in range(scores.shape[1]):
        here = clip_boxes_to_image(boxes[:, label], (height, width))
        rows = torch.where(scores[:, label] > options.min_score)[0]
        rows = rows[remove_small_boxes(here[rows], MIN_SIDE_PX)]
        left = suppress(here[rows], scores[rows, label], options)
        parts.append((*left[:2], torch.full_like(left.rows, label), rows[left.rows]))
    found, values, labels, rows = (torch.cat(part) for part in zip(*parts, strict=True))
    in_place = (rows * scores.shape[1] + labels).argsort()
    first = in_place[values[in_place].argsort(descending=True, stable=True)]
    first = first[: options.most_detections]
    return Detections(found[first], values[first], labels[first]), rows[first]
