"""Soft suppression: a box that overlaps a better one of its class loses score, and may stay.

Source: Bodla et al. 2017 (arXiv:1704.04503), section 3. One box is taken at a time, the best that
is left, and lowers the scores of its class. Scores only fall, so the best of an image are those
that are taken first, and there are as many steps as detections.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from boxwright_plugins.graph import DROPPED
from boxwright_plugins.graph.operators import quotient
from boxwright_plugins.graph.suppression import nodes
from boxwright_plugins.graph.suppression.nodes import like
from boxwright_plugins.graph.suppression.overlap import corners, iou, with_area
from boxwright_plugins.graph.suppression.survivors import Survivors

Decay = Callable[[Tensor], Tensor]
"""IoU with a better box -> what the score is multiplied by."""


def linear(max_iou: float) -> Decay:
    """Return the decay that grows with the IoU, above `max_iou`."""

    def decay(iou: Tensor) -> Tensor:
        one, most = torch.ones(1), torch.tensor([max_iou])
        above = nodes.compared("Greater", iou, most, iou.shape)
        return nodes.chosen(above, nodes.across("Sub", one, iou, iou.shape), one)

    return decay


def gaussian(sigma: float) -> Decay:
    """Return the decay that grows smoothly with any overlap."""

    def decay(iou: Tensor) -> Tensor:
        squared = like(iou, "Mul", iou)
        return like(like(squared, "Div", torch.tensor([-sigma])), "Exp")

    return decay


class Soft(nn.Module):
    """Boxes taken one by one, in steps that are written out."""

    def __init__(self, decay: Decay, most: int) -> None:
        super().__init__()
        self.decay = decay
        self.most = most

    def forward(self, boxes: Tensor, scores: Tensor) -> Survivors:
        """Return what is taken of boxes (N, P, K, 4) that score (N, P, K)."""
        images, rows, classes = scores.shape
        table = with_area(boxes.reshape(-1, 4).T)
        left = scores.flatten(1)  # (N, P * K)
        start = torch.arange(images)[:, None] * (rows * classes)
        first = torch.arange(rows)[None] * classes
        divisor, dropped = torch.tensor([classes]), torch.tensor([DROPPED])
        values, positions = [], []
        for _ in range(self.most):
            value, position = nodes.greatest(left)
            peers = nodes.across("Add", first, like(position, "Mod", divisor), (images, rows))
            taken = corners(nodes.columns(table, like(position, "Add", start)))
            others = corners(nodes.columns(table, like(peers, "Add", start)))
            overlap = nodes.without_first(iou(others, taken))
            lowered = like(nodes.elements(left, peers), "Mul", self.decay(overlap))
            itself = nodes.compared("Equal", peers, position, peers.shape)
            left = nodes.with_elements(left, peers, nodes.chosen(itself, dropped, lowered))
            values.append(value)
            positions.append(position)
        position = torch.cat(positions, dim=1)
        return Survivors(
            nodes.columns(table, start + position)[:4].permute(1, 2, 0),
            torch.cat(values, dim=1),
            position % classes,
            quotient(position, classes),
        )
