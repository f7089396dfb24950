"""Greedy suppression: a box goes if it overlaps a better one of its class."""

import torch
from torch import Tensor, nn

from boxwright_plugins.graph import DROPPED
from boxwright_plugins.graph.operators import non_max_suppression
from boxwright_plugins.graph.suppression.survivors import Survivors, best_survivors


class Greedy(nn.Module):
    """ONNX's NonMaxSuppression; its answers are torchvision's."""

    def __init__(self, max_iou: float, most: int) -> None:
        super().__init__()
        self.max_iou = max_iou
        self.most = most

    def forward(self, boxes: Tensor, scores: Tensor) -> Survivors:
        """Return what survives of boxes (N, P, K, 4) that score (N, P, K)."""
        images, rows, classes = scores.shape
        kept = non_max_suppression(  # a class of an image is a row of the batch
            boxes.transpose(1, 2).reshape(-1, rows, 4),
            scores.transpose(1, 2).reshape(-1, rows),
            self.max_iou,
            self.most,
        )
        kept = kept.reshape(images, classes, rows).transpose(1, 2)
        return best_survivors(boxes, torch.where(kept, scores, DROPPED), self.most)
