"""Fast R-CNN as a torch module: one pass over the image, then one head for each proposed region.

Source: Girshick 2015 (arXiv:1504.08083), section 2.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models.detection._utils import BoxCoder
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead

from boxwright_contract.errors import BadSettings
from boxwright_contract.parts import Backbone, Batch, Detections, Losses, Truth
from boxwright_plugins.fast_rcnn_levels import feature_maps
from boxwright_plugins.fast_rcnn_options import Options
from boxwright_plugins.nets.conclusion import conclude
from boxwright_plugins.nets.low_rank import TruncatedLinear
from boxwright_plugins.nets.necked import Necked
from boxwright_plugins.nets.normalize import Normalize
from boxwright_plugins.nets.region_pooling import RegionPooling
from boxwright_plugins.nets.region_sampling import Sampled, Sampling, sample

CODER = BoxCoder(weights=(10.0, 10.0, 5.0, 5.0))
"""x, y, width and height of a box from those of its region.

The weights are 1 over the deviations of these four on the paper's data.
"""


class FastRcnn(nn.Module):
    """Backbone under a neck, pooling of regions, two fully connected layers, class and box."""

    def __init__(self, backbone: Backbone, classes: int, options: Options) -> None:
        super().__init__()
        maps = feature_maps(backbone, options)
        channels = maps.pooled[0].channels
        self.options = options
        self.sampling = Sampling(
            regions=options.regions_train,
            positive_share=0.25,
            positive_iou=0.5,
            background_iou=(0.1, 0.5),
        )
        self.normalize = Normalize(backbone.preprocessing)
        self.backbone = Necked(
            backbone.build(),
            maps.neck.build(maps.below, options.neck_channels),
            maps.below,
            channels,
        )
        self.pooling = RegionPooling(
            maps.pooled, options.pooling, options.region_cells, options.canonical_side_px
        )
        self.head = region_head(channels * options.region_cells**2, options)
        self.predictor = FastRCNNPredictor(options.head_channels, classes + 1)

    def features(self, batch: Batch) -> "OrderedDict[str, Tensor]":
        """Return the levels over the canvases, in float32."""
        levels = self.backbone(self.normalize(batch.canvas, batch.image_size))
        return OrderedDict((name, level.float()) for name, level in levels.items())

    def answers(
        self, levels: "OrderedDict[str, Tensor]", boxes: Sequence[Tensor]
    ) -> tuple[Tensor, Tensor]:
        """Return logits (R, 1 + K), background first, and deltas (R, 1 + K, 4) of all regions."""
        logits, deltas = self.predictor(self.head(self.pooling(levels, boxes)))
        return logits, deltas.reshape(len(deltas), logits.shape[1], 4)


def region_head(inputs: int, options: Options) -> TwoMLPHead:
    """Return the two fully connected layers, of low rank where the options say so.

    Raises:
        BadSettings: They keep more singular values than there are, or not of both layers.
    """
    head = TwoMLPHead(inputs, options.head_channels)
    kept = options.singular_values
    if not kept:
        return head
    layers = {"fc6": head.fc6, "fc7": head.fc7}
    most = [min(layer.in_features, layer.out_features) for layer in layers.values()]
    if len(kept) != len(most) or not all(k <= m for k, m in zip(kept, most, strict=True)):
        raise BadSettings(
            f"singular_values is {list(kept)}, but the two fully connected layers have {most[0]} "
            f"and {most[1]}. Give one number for each, from 1 to that."
        )
    for (name, layer), rank in zip(layers.items(), kept, strict=True):
        setattr(head, name, TruncatedLinear(layer.in_features, layer.out_features, rank))
    return head


def losses(net: FastRcnn, batch: Batch, truths: list[Truth]) -> Losses:
    """Return the losses of classes and of boxes, over regions sampled from the proposals.

    Under autocast only the backbone and its neck run in reduced precision.

    Source: Girshick 2015 (arXiv:1504.08083), equations 1 to 3.
    """
    levels = net.features(batch)
    sampled = [
        sample(proposals, truth, net.sampling)
        for proposals, truth in zip(batch.proposals, truths, strict=True)
    ]
    with torch.autocast(batch.canvas.device.type, enabled=False):
        logits, deltas = net.answers(levels, [regions.boxes for regions in sampled])
        return region_losses(logits, deltas, sampled)


def region_losses(logits: Tensor, deltas: Tensor, sampled: Sequence[Sampled]) -> Losses:
    """Return cross entropy, and smooth L1 of the regions that show an object, per region."""
    boxes, labels, targets = (torch.cat(parts) for parts in zip(*sampled, strict=True))
    regions = max(1, len(labels))
    objects = labels > 0
    wanted = CODER.encode_single(targets[objects], boxes[objects])
    given = deltas[objects, labels[objects]]
    return {
        "loss_classifier": functional.cross_entropy(logits, labels, reduction="sum") / regions,
        "loss_box_reg": functional.smooth_l1_loss(given, wanted, reduction="sum") / regions,
    }


@torch.inference_mode()
def detect(net: FastRcnn, batch: Batch) -> list[Detections]:
    """Return the answer for each image, best first; `net` must be in eval mode."""
    logits, deltas = net.answers(net.features(batch), batch.proposals)
    proposals = torch.cat(batch.proposals)
    scores = torch.softmax(logits, dim=-1)[:, 1:]
    boxes = CODER.decode_single(deltas[:, 1:].flatten(1), proposals).reshape(*scores.shape, 4)
    each = [len(of_image) for of_image in batch.proposals]
    concluded = (
        conclude(scores_of, boxes_of, size, net.options)
        for scores_of, boxes_of, size in zip(
            scores.split(each), boxes.split(each), batch.image_size, strict=True
        )
    )
    return [replace(found, proposals=rows) for found, rows in concluded]
