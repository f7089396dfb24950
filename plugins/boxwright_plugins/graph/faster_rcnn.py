"""Faster R-CNN in the form that is exported."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from boxwright_plugins.graph.conclusion import Conclusion
from boxwright_plugins.graph.proposals import Proposals
from boxwright_plugins.graph.region_heads import RegionHeads
from boxwright_plugins.graph.regions import aligning
from boxwright_plugins.graph.selection import rows_at

if TYPE_CHECKING:
    from boxwright_plugins.nets.faster_rcnn import FasterRcnn


class ExportableFasterRcnn(nn.Module):
    """Canvases to a fixed number of detections each."""

    def __init__(self, net: FasterRcnn) -> None:
        super().__init__()
        heads = net.roi_heads
        pool = heads.box_roi_pool
        self.normalize = net.normalize
        self.backbone = net.backbone
        self.proposals = Proposals(net.rpn)
        self.pooled_levels = frozenset(pool.featmap_names)
        self.pooling = aligning(pool)
        self.region_heads = RegionHeads(heads.box_head, heads.box_predictor, heads.box_coder)
        self.conclusion = Conclusion(net.conclusion)

    def forward(self, image: Tensor, image_size: Tensor) -> tuple[Tensor, ...]:
        """Map (N, H, W, 3) uint8 and (N, 2) int32 to boxes, scores, labels, count and origin."""
        _, height, width, _ = image.shape
        levels = self.backbone(self.normalize(image, image_size))
        proposals, cells, real = self.proposals(list(levels.values()), (height, width), image_size)
        pooled = [level for name, level in levels.items() if name in self.pooled_levels]
        scores, moved = self.region_heads(self.pooling(pooled, proposals), proposals)
        boxes, scores, labels, count, which = self.conclusion(scores, moved, real, image_size)
        found = torch.arange(which.shape[1]) < count[:, None]
        origin = torch.where(found[..., None], rows_at(cells, which), 0).to(torch.int32)
        return boxes, scores, labels, count, origin


def exportable(net: FasterRcnn) -> nn.Module:
    """Return the exportable form of a network in eval mode. It shares the parameters of `net`."""
    return ExportableFasterRcnn(net).eval()
