"""The regions of an image that its losses are taken over.

Source: Girshick 2015 (arXiv:1504.08083), section 2.3, "mini-batch sampling".

Shape shorthand: P proposals, G true boxes, S sampled regions.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torchvision.ops import box_iou

from boxwright_contract.parts import Truth


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How many regions of an image, and which overlap makes an object or background of them."""

    regions: int
    """S, at most."""
    positive_share: float
    """Of S, at most, in 0..1. Where there are fewer positives, background takes their place."""
    positive_iou: float
    """From this IoU with a true box on, a region shows that object."""
    background_iou: tuple[float, float]
    """From the first on, and under the second, a region is background that is hard to tell."""


class Sampled(NamedTuple):
    """Regions with what is to be learnt of them, objects first."""

    boxes: Tensor
    """(S, 4) float32: x1, y1, x2, y2 in canvas pixels."""
    labels: Tensor
    """(S,) int64: 0 is background, 1 + k is class k."""
    targets: Tensor
    """(S, 4) float32: the true box of the greatest IoU; the region itself where there is none."""


def sample(proposals: Tensor, truth: Truth, how: Sampling) -> Sampled:
    """Return regions drawn at random from the proposals (P, 4) and the true boxes.

    Background that is easy to tell, of a lower IoU than `how` asks for, is drawn only where the
    hard runs out: in an image without objects there is no other.
    """
    boxes = torch.cat((truth.boxes, proposals))
    iou, labels, targets = matched(boxes, truth)
    low, high = how.background_iou
    wanted = int(how.regions * how.positive_share)
    positive = drawn(iou >= how.positive_iou, wanted)
    missing = how.regions - len(positive)
    hard = drawn((iou >= low) & (iou < high), missing)
    easy = drawn(iou < low, missing - len(hard))
    chosen = torch.cat((positive, hard, easy))
    labels = labels[chosen]
    labels[len(positive) :] = 0
    return Sampled(boxes[chosen], labels, targets[chosen])


def matched(boxes: Tensor, truth: Truth) -> tuple[Tensor, Tensor, Tensor]:
    """Return each box's greatest IoU (P,), that object's 1 + class (P,) and true box (P, 4)."""
    if not len(truth.boxes):
        return boxes.new_zeros(len(boxes)), truth.labels.new_zeros(len(boxes)), boxes
    iou, nearest = box_iou(boxes, truth.boxes).max(dim=1)
    return iou, truth.labels[nearest] + 1, truth.boxes[nearest]


def drawn(usable: Tensor, most: int) -> Tensor:
    """Return positions of up to `most` of the rows that are `usable`, drawn at random."""
    positions = usable.nonzero().flatten()
    order = torch.randperm(len(positions), device=positions.device)
    return positions[order[:most]]
