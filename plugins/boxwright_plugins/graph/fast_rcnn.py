"""Fast R-CNN in the form that is exported."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torchvision.models.detection.faster_rcnn import TwoMLPHead

from boxwright_plugins.graph.conclusion import Conclusion
from boxwright_plugins.graph.operators import roi_align, roi_max
from boxwright_plugins.graph.region_heads import RegionHeads
from boxwright_plugins.graph.regions import Operator, Pooling
from boxwright_plugins.nets.fast_rcnn import CODER
from boxwright_plugins.nets.low_rank import TruncatedLinear
from boxwright_plugins.nets.region_pooling import SAMPLES, RegionPooling

if TYPE_CHECKING:
    from boxwright_plugins.nets.fast_rcnn import FastRcnn


class ExportableFastRcnn(nn.Module):
    """Canvases and proposals to a fixed number of detections each."""

    def __init__(self, net: FastRcnn) -> None:
        super().__init__()
        self.normalize = net.normalize
        self.backbone = net.backbone
        self.pooling = pooling_as(net.pooling)
        self.region_heads = RegionHeads(as_layers(net.head), net.predictor, CODER)
        self.conclusion = Conclusion(net.options)

    def forward(
        self, image: Tensor, image_size: Tensor, proposals: Tensor, proposal_count: Tensor
    ) -> tuple[Tensor, ...]:
        """Map images and proposals to boxes, scores, labels, count and proposal.

        Args:
            image: (N, H, W, 3) uint8.
            image_size: (N, 2) int32.
            proposals: (N, P, 4), in canvas pixels.
            proposal_count: (N,) int32: rows of `proposals` at and after it are filling.
        """
        real = torch.arange(proposals.shape[1]) < proposal_count[:, None]
        proposals = torch.where(real[..., None], proposals, 0.0)
        levels = list(self.backbone(self.normalize(image, image_size)).values())
        scores, moved = self.region_heads(self.pooling(levels, proposals), proposals)
        boxes, scores, labels, count, which = self.conclusion(scores, moved, real, image_size)
        return boxes, scores, labels, count, which.to(torch.int32)


def pooling_as(pooling: RegionPooling) -> Pooling:
    """Return what answers as `pooling`."""
    operators: dict[str, Operator] = {"max": roi_max, "align": partial(roi_align, samples=SAMPLES)}
    strides = list(pooling.strides.values())
    return Pooling(strides, pooling.map_levels, pooling.cells, operators[pooling.kind])


def as_layers(head: TwoMLPHead) -> nn.Sequential:
    """Return the two fully connected layers of `head`, those of low rank as two layers each."""
    fc6, fc7 = (
        factors_of(layer) if isinstance(layer, TruncatedLinear) else layer
        for layer in (head.fc6, head.fc7)
    )
    return nn.Sequential(nn.Flatten(), fc6, nn.ReLU(), fc7, nn.ReLU())


def factors_of(layer: TruncatedLinear) -> nn.Sequential:
    """Return the factors of a layer as layers."""
    factors = layer.factors()
    down, up = (nn.Linear(factor.shape[1], factor.shape[0], bias=False) for factor in factors)
    down.weight, up.weight = (nn.Parameter(factor) for factor in factors)
    up.bias = layer.bias
    return nn.Sequential(down, up)


def exportable(net: FastRcnn) -> nn.Module:
    """Return the exportable form of a network in eval mode. It shares the parameters of `net`."""
    return ExportableFastRcnn(net).eval()
