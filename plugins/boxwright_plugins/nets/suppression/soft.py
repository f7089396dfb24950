"""Soft suppression: a box that overlaps a better one of its class loses score, and may stay.

Source: Bodla et al. 2017 (arXiv:1704.04503), section 3.
"""

import torch
from torch import Tensor
from torchvision.ops import box_iou

from boxwright_plugins.conclusion_options import ConclusionOptions
from boxwright_plugins.nets.suppression.left import Left


def soft(boxes: Tensor, scores: Tensor, options: ConclusionOptions) -> Left:
    """Take the best box that is left, lower the scores of the others, and so on."""
    left, lowered = scores.clone(), scores.clone()
    taken: list[int] = []
    while len(taken) < min(options.most_detections, len(left)):
        best = int(left.argmax())
        if left[best] <= options.min_score:
            break
        taken.append(best)
        lowered[best] = left[best]
        left *= decay(box_iou(boxes[best : best + 1], boxes)[0], options)
        left[best] = -1
    rows = torch.tensor(taken, dtype=torch.int64, device=boxes.device)
    return Left(boxes[rows], lowered[rows], rows)


def decay(iou: Tensor, options: ConclusionOptions) -> Tensor:
    """Return what scores are multiplied by, from the IoU with a better box."""
    if options.suppression == "soft_gaussian":
        return torch.exp(-(iou**2) / options.soft_sigma)
    return torch.where(iou > options.suppression_iou, 1 - iou, 1.0)
