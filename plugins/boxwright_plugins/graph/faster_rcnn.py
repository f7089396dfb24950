"""Faster R-CNN in the form that is exported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor, nn

from boxwright_plugins.graph.proposals import Proposals
from boxwright_plugins.graph.region_heads import RegionHeads
from boxwright_plugins.graph.regions import Pooling

if TYPE_CHECKING:
    from boxwright_plugins.nets.faster_rcnn import FasterRcnn


class ExportableFasterRcnn(nn.Module):
    """Canvases to a fixed number of detections each."""

    def __init__(self, net: FasterRcnn) -> None:
        super().__init__()
        pool = net.roi_heads.box_roi_pool
        self.normalize = net.normalize
        self.backbone = net.backbone
        self.proposals = Proposals(net.rpn)
        self.pooled_levels = frozenset(pool.featmap_names)
        self.pooling = Pooling(pool)
        self.region_heads = RegionHeads(net.roi_heads)

    def forward(self, image: Tensor, image_size: Tensor) -> tuple[Tensor, ...]:
        """Map (N, H, W, 3) uint8 and (N, 2) int32 to boxes, scores, labels, count and origin."""
        _, height, width, _ = image.shape
        levels = self.backbone(self.normalize(image, image_size))
        boxes, cells, real = self.proposals(list(levels.values()), (height, width), image_size)
        pooled = [level for name, level in levels.items() if name in self.pooled_levels]
        regions: Tensor = self.pooling(pooled, boxes)
        return self.region_heads(regions, boxes, cells, real, image_size)


def exportable(net: FasterRcnn) -> nn.Module:
    """Return the exportable form of a network in eval mode. It shares the parameters of `net`."""
    return ExportableFasterRcnn(net).eval()
