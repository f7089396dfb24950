"""Weighted box fusion: the boxes of a class that overlap become one, their weighted mean.

Source: Solovyev et al. 2021 (arXiv:1910.13302), section 3, for the boxes of one model. A fused box
scores what its best does, which the authors' code offers too, and not the mean of all. See
`boxwright_plugins.nets.suppression.weighted_fusion`.

Shape shorthand: B rows of a batch, of which each is a class of an image; M candidates of a row.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from boxwright_plugins.graph import DROPPED
from boxwright_plugins.graph.selection import rows_at
from boxwright_plugins.graph.suppression import nodes
from boxwright_plugins.graph.suppression.nodes import like
from boxwright_plugins.graph.suppression.overlap import Corners, corners, iou, with_area
from boxwright_plugins.graph.suppression.survivors import Survivors, best_survivors

SMALLEST_WEIGHT = 1e-30
"""Of a fused box. Those that no box was given to weigh nothing."""


class WeightedFusion(nn.Module):
    """Boxes given to fused boxes one by one, in steps that are written out."""

    def __init__(self, max_iou: float, candidates: int, most: int) -> None:
        super().__init__()
        self.candidates = candidates
        self.max_iou = max_iou
        self.most = most

    def forward(self, boxes: Tensor, scores: Tensor) -> Survivors:
        """Return what boxes (N, P, K, 4) that score (N, P, K) are fused to."""
        images, rows, classes = scores.shape
        more = (0, self.candidates)
        listed = functional.pad(scores.transpose(1, 2).reshape(-1, rows), more, value=DROPPED)
        spread = functional.pad(boxes.transpose(1, 2).reshape(-1, rows, 4), (0, 0, *more))
        values, places = listed.topk(self.candidates, dim=1)
        means, values = self.fuse(rows_at(spread, places), values)
        scores = torch.full_like(listed, DROPPED).scatter(1, places, values)[:, :rows]
        places = places[..., None].expand(-1, -1, 4)
        boxes = torch.zeros_like(spread).scatter(1, places, means)[:, :rows]
        return best_survivors(
            boxes.reshape(images, classes, rows, 4).transpose(1, 2),
            scores.reshape(images, classes, rows).transpose(1, 2),
            self.most,
        )

    def fuse(self, boxes: Tensor, scores: Tensor) -> tuple[Tensor, Tensor]:
        """Return the fused boxes (B, M, 4) and their scores (B, M), where the first of each was.

        Args:
            boxes: (B, M, 4), best first.
            scores: (B, M); where there is no candidate, DROPPED.
        """
        weights = scores.clamp(min=0)[None]
        boxes = boxes.permute(2, 0, 1)
        given = torch.cat((boxes * weights, weights))
        sums = torch.zeros_like(given)
        slots = torch.arange(self.candidates)[None, None]
        most, shape = torch.tensor([self.max_iou]), (1, *scores.shape)
        each = zip(nodes.singly(with_area(boxes)), nodes.singly(given), strict=True)
        for rank, (box, gift) in enumerate(each):
            value, best = nodes.greatest(iou(fused(sums), corners(box)))
            alone = torch.tensor([rank])
            slot = nodes.chosen(nodes.compared("Greater", value, most, value.shape), best, alone)
            chosen = nodes.floats(nodes.compared("Equal", slots, slot, shape))
            sums = like(sums, "Add", nodes.across("Mul", gift, chosen, sums.shape))
        weights = sums[4]
        means = sums[:4] / weights.clamp(min=SMALLEST_WEIGHT)
        return means.permute(1, 2, 0), torch.where(weights > 0, scores, DROPPED)


def fused(sums: Tensor) -> Corners:
    """Return the fused boxes of `sums` (5, B, M): weighted boxes and weights."""
    weighted, weight = nodes.parts(sums, (4, 1))
    boxes = like(weighted, "Div", like(weight, "Max", torch.tensor([SMALLEST_WEIGHT])))
    low, high = nodes.parts(boxes, (2, 2))
    return Corners(low, high, nodes.product(like(high, "Sub", low)))
