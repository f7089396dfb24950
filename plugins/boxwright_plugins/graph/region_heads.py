"""Regions classified and moved: scores and boxes of every class.

Source: Girshick 2015 (arXiv:1504.08083), section 2; every number and every order of steps from
torchvision's RoIHeads, whose parameters these are.
"""

import torch
from torch import Tensor, nn
from torchvision.models.detection._utils import BoxCoder


class RegionHeads(nn.Module):
    """Pooled regions to the scores and boxes that a conclusion is drawn from."""

    def __init__(self, head: nn.Module, predictor: nn.Module, coder: BoxCoder) -> None:
        super().__init__()
        self.head = head
        self.predictor = predictor
        self.coder = coder

    def forward(self, regions: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor]:
        """Return scores (N, P, K), without background, and boxes (N, P, K, 4), not clipped.

        Args:
            regions: (N * P, C, cells, cells).
            boxes: (N, P, 4), where the regions are.
        """
        images, proposals, _ = boxes.shape
        logits, deltas = self.predictor(self.head(regions))  # background comes first
        classes = logits.shape[1] - 1
        moved = self.coder.decode_single(deltas[:, 4:], boxes.reshape(-1, 4))
        scores = torch.softmax(logits, dim=-1)[:, 1:]
        return (
            scores.reshape(images, proposals, classes),
            moved.reshape(images, proposals, classes, 4),
        )
