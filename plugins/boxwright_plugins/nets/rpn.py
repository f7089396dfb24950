"""The proposal network of Faster R-CNN, alone: what it learns and what it proposes.

Source: Ren et al. 2015 (arXiv:1506.01497), section 3.1; torchvision's RegionProposalNetwork.
"""

import torch
from torchvision.models.detection.rpn import concat_box_prediction_layers

from boxwright_contract.parts import Batch, Detections, Losses, Truth
from boxwright_plugins.nets.faster_rcnn import FasterRcnn


def losses(net: FasterRcnn, batch: Batch, truths: list[Truth]) -> Losses:
    """Return the losses of the proposal network; its region heads do not learn from them."""
    targets = [{"boxes": truth.boxes, "labels": truth.labels + 1} for truth in truths]
    _, proposal_losses = net.rpn(*net.features(batch), targets)
    return proposal_losses


@torch.inference_mode()
def detect(net: FasterRcnn, batch: Batch) -> list[Detections]:
    """Return torchvision's proposals for each image, best first; `net` must be in eval mode.

    Torchvision gives them without their scores, so its steps are taken here one by one.
    """
    images, levels = net.features(batch)
    maps = list(levels.values())
    objectness, deltas = net.rpn.head(maps)
    anchors = net.rpn.anchor_generator(images, maps)
    of_levels = [level[0].numel() for level in objectness]
    logits, moves = concat_box_prediction_layers(objectness, deltas)
    boxes = net.rpn.box_coder.decode(moves, anchors).view(len(anchors), -1, 4)
    found = net.rpn.filter_proposals(boxes, logits, images.image_sizes, of_levels)
    return [
        Detections(boxes, scores, torch.zeros_like(scores, dtype=torch.int64))
        for boxes, scores in zip(*found, strict=True)
    ]
