"""R-CNN in the form that is exported: one graph for some regions, one for the detections of all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from boxwright_plugins.graph.conclusion import Conclusion
from boxwright_plugins.nets.rcnn import Answers, decoded

if TYPE_CHECKING:
    from boxwright_plugins.nets.rcnn import Rcnn


class ExportableRegions(nn.Module):
    """Canvases and proposals to what the network says of each: run on some of them at a time."""

    def __init__(self, net: Rcnn) -> None:
        super().__init__()
        self.net = net
        self.answers = Answers(net)

    def forward(
        self, image: Tensor, image_size: Tensor, proposals: Tensor, proposal_count: Tensor
    ) -> Tensor:
        """Return (N, P, 5 * K): the scores of each class, then its deltas.

        Args:
            image: (N, H, W, 3) uint8.
            image_size: (N, 2) int32.
            proposals: (N, P, 4) float32.
            proposal_count: (N,) int32, how many of an image are no filling.
        """
        images, most, _ = proposals.shape
        boxes = torch.where(real(proposals, proposal_count)[..., None], proposals, 0.0)
        level = self.net.seen(self.net.crops(image, image_size, boxes, quotient))
        return self.answers(level).reshape(images, most, -1)


class ExportableConclusion(nn.Module):
    """What the network says of all regions to a fixed number of detections for each image."""

    def __init__(self, net: Rcnn) -> None:
        super().__init__()
        self.conclusion = Conclusion(net.options)

    def forward(
        self, regions: Tensor, proposals: Tensor, proposal_count: Tensor, image_size: Tensor
    ) -> tuple[Tensor, ...]:
        """Return boxes, scores, labels, count and proposal.

        Args:
            regions: (N, P, 5 * K) float32.
            proposals: (N, P, 4) float32.
            proposal_count: (N,) int32.
            image_size: (N, 2) int32.
        """
        images, most, numbers = regions.shape
        there = real(proposals, proposal_count)
        proposals = torch.where(there[..., None], proposals, 0.0)
        scores, boxes = decoded(regions.reshape(-1, numbers), proposals.reshape(-1, 4))
        classes = numbers // 5
        *found, rows = self.conclusion(
            scores.reshape(images, most, classes),
            boxes.reshape(images, most, classes, 4),
            there,
            image_size,
        )
        return (*found, rows.to(torch.int32))


def real(proposals: Tensor, count: Tensor) -> Tensor:
    """Return which rows of `proposals` (N, P, 4) come before `count` (N,): (N, P) bool."""
    return torch.arange(proposals.shape[1]) < count[:, None]


def quotient(dividend: Tensor, divisor: Tensor) -> Tensor:
    """Return the whole quotient of int64 that are not negative.

    Torch's own division is exported in floats, which a runtime may round to bfloat16.
    """
    shape = torch.broadcast_shapes(dividend.shape, divisor.shape)
    return torch.onnx.ops.symbolic("Div", (dividend, divisor), dtype=dividend.dtype, shape=shape)


def exportable(net: Rcnn) -> nn.Module:
    """Return the graph of the regions of a network in eval mode. It shares its parameters."""
    return ExportableRegions(net).eval()


def conclusion(net: Rcnn) -> nn.Module:
    """Return the graph of the detections of all regions."""
    return ExportableConclusion(net).eval()
