"""Scored boxes to a fixed number of detections."""

import torch
from torch import Tensor, nn

from boxwright_plugins.conclusion_options import ConclusionOptions
from boxwright_plugins.graph import DROPPED
from boxwright_plugins.graph.boxes import MIN_SIDE_PX, at_least, clip
from boxwright_plugins.graph.suppression import suppression_of


class Conclusion(nn.Module):
    """Boxes clipped, filtered and suppressed within their class; the best of an image kept."""

    def __init__(self, options: ConclusionOptions) -> None:
        super().__init__()
        self.min_score = options.min_score
        self.suppress = suppression_of(options)

    def forward(
        self, scores: Tensor, boxes: Tensor, real: Tensor, image_size: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Return the detections of each image, best first; rows at and after count are 0.

        Args:
            scores: (N, P, K) in 0..1, without background.
            boxes: (N, P, K, 4) in canvas pixels, inside the image or not.
            real: (N, P) bool; the others are filling.
            image_size: (N, 2) height, width.

        Returns:
            (N, D, 4) boxes, (N, D) scores, (N, D) int32 labels, (N,) int32 count, (N, D) int64 the
            row of 0..P-1 that each detection comes from.
        """
        images, proposals, classes = scores.shape
        boxes = clip(boxes.reshape(images, -1, 4), image_size)
        boxes = boxes.reshape(images, proposals, classes, 4)
        usable = real[..., None] & (scores > self.min_score) & at_least(boxes, MIN_SIDE_PX)
        found = self.suppress(boxes, torch.where(usable, scores, DROPPED))
        there = found.scores > self.min_score
        return (
            torch.where(there[..., None], found.boxes, 0.0),
            torch.where(there, found.scores, 0.0),
            torch.where(there, found.classes, 0).to(torch.int32),
            there.sum(dim=1).to(torch.int32),
            torch.where(there, found.rows, 0),
        )
