"""The proposal network of Faster R-CNN, alone, in the form that is exported."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from boxwright_plugins.graph.proposals import Proposals

if TYPE_CHECKING:
    from boxwright_plugins.nets.faster_rcnn import FasterRcnn


class ExportableRpn(nn.Module):
    """Canvases to a fixed number of proposals each, as detections of the one class."""

    def __init__(self, net: FasterRcnn) -> None:
        super().__init__()
        self.normalize = net.normalize
        self.backbone = net.backbone
        self.proposals = Proposals(net.rpn)

    def forward(self, image: Tensor, image_size: Tensor) -> tuple[Tensor, ...]:
        """Map (N, H, W, 3) uint8 and (N, 2) int32 to boxes, scores, labels, count and origin."""
        _, height, width, _ = image.shape
        levels = list(self.backbone(self.normalize(image, image_size)).values())
        boxes, cells, scores = self.proposals.scored(levels, (height, width), image_size)
        real = scores >= 0
        return (
            torch.where(real[..., None], boxes, 0.0),
            torch.where(real, scores, 0.0),
            torch.zeros_like(scores, dtype=torch.int32),
            real.sum(dim=1).to(torch.int32),
            torch.where(real[..., None], cells, 0).to(torch.int32),
        )


def exportable(net: FasterRcnn) -> nn.Module:
    """Return the exportable form of a network in eval mode. It shares the parameters of `net`."""
    return ExportableRpn(net).eval()
