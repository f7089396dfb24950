"""Regions classified, moved, and suppressed within their class, to a fixed number of detections.

Source: Girshick 2015 (arXiv:1504.08083), section 2; every number and every order of steps from
torchvision's RoIHeads, whose parameters these are.
"""

import torch
from torch import Tensor, nn
from torchvision.models.detection.roi_heads import RoIHeads

from boxwright_plugins.graph import DROPPED
from boxwright_plugins.graph.boxes import at_least, clip
from boxwright_plugins.graph.operators import non_max_suppression, quotient
from boxwright_plugins.graph.selection import best, rows_at

MIN_SIDE_PX = 1e-2
"""Smaller detections are dropped, as torchvision's RoIHeads does."""


class RegionHeads(nn.Module):
    """Pooled regions to detections."""

    def __init__(self, heads: RoIHeads) -> None:
        super().__init__()
        self.head = heads.box_head
        self.predictor = heads.box_predictor
        self.coder = heads.box_coder
        self.min_score: float = heads.score_thresh
        self.max_iou: float = heads.nms_thresh
        self.most: int = heads.detections_per_img

    def forward(
        self, regions: Tensor, boxes: Tensor, cells: Tensor, real: Tensor, image_size: Tensor
    ) -> tuple[Tensor, ...]:
        """Return boxes (N, D, 4), scores, labels (N, D), count (N,) and cells (N, D, 3).

        They come best first.

        Args:
            regions: (N * P, C, cells, cells).
            boxes: (N, P, 4), where the regions are.
            cells: (N, P, 3), where on the feature maps they come from.
            real: (N, P) bool; the others are filling.
            image_size: (N, 2) height, width.
        """
        images, proposals, _ = boxes.shape
        logits, deltas = self.predictor(self.head(regions))  # background comes first
        classes = logits.shape[1] - 1
        found = self.coder.decode_single(deltas[:, 4:], boxes.reshape(-1, 4))
        found = clip(found.reshape(images, -1, 4), image_size)  # (N, P * K, 4)
        scores = torch.softmax(logits, dim=-1)[:, 1:].reshape(images, proposals, classes)
        large = at_least(found, MIN_SIDE_PX).reshape(images, proposals, classes)
        usable = real[..., None] & (scores > self.min_score) & large
        scores = torch.where(usable, scores, DROPPED)
        kept = non_max_suppression(  # a class of an image is a row of the batch
            found.reshape(images, proposals, classes, 4).transpose(1, 2).reshape(-1, proposals, 4),
            scores.transpose(1, 2).reshape(-1, proposals),
            self.max_iou,
            min(self.most, proposals),
        )
        kept = kept.reshape(images, classes, proposals).transpose(1, 2)
        scores, positions = best(torch.where(kept, scores, DROPPED).flatten(1), self.most)
        real = scores >= 0
        origin = rows_at(cells, quotient(positions, classes))
        return (
            torch.where(real[..., None], rows_at(found, positions), 0.0),
            torch.where(real, scores, 0.0),
            torch.where(real, positions % classes, 0).to(torch.int32),
            real.sum(dim=1).to(torch.int32),
            torch.where(real[..., None], origin, 0).to(torch.int32),
        )
