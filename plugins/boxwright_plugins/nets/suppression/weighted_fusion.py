"""Weighted box fusion: the boxes of a class that overlap become one, their weighted mean.

Source: Solovyev et al. 2021 (arXiv:1910.13302), section 3, for the boxes of one model. A fused box
scores what its best does, which the authors' code offers too (`conf_type="max"`), and not the mean
of all. The paper fuses models whose own boxes were suppressed before: what they agree on is there.
Of one detector's boxes the lesser would drag the better down. On 293 photos of people AP was 0.225
with the mean and 0.261 with the best, AP50 0.505 and 0.546; greedy suppression had 0.263 and 0.537.
"""

import torch
from torch import Tensor
from torchvision.ops import box_iou

from boxwright_plugins.conclusion_options import ConclusionOptions
from boxwright_plugins.nets.suppression.left import Left


def weighted_fusion(boxes: Tensor, scores: Tensor, options: ConclusionOptions) -> Left:
    """Give each box, best first, to the fused box that it overlaps most, or let it begin one."""
    best_first = scores.argsort(descending=True, stable=True)[: options.fused_candidates]
    sums, weights = boxes.new_zeros(0, 4), boxes.new_zeros(0)
    began: list[int] = []
    for row in best_first.tolist():
        overlaps = box_iou(boxes[row : row + 1], sums / weights[:, None])[0]
        if began and overlaps.max() > options.suppression_iou:
            fused = int(overlaps.argmax())
        else:
            fused = len(began)
            began.append(row)
            sums = torch.cat((sums, sums.new_zeros(1, 4)))
            weights = torch.cat((weights, weights.new_zeros(1)))
        sums[fused] += scores[row] * boxes[row]
        weights[fused] += scores[row]
    rows = torch.tensor(began, dtype=torch.int64, device=boxes.device)
    return Left(sums / weights[:, None], scores[rows], rows)
