"""Faster R-CNN as a torch module: torchvision's region proposal network and region heads.

Its parameters carry torchvision's names, so that torchvision's checkpoints load strictly. Its
input is a canvas of bytes: the resizing that torchvision does inside is the input rule's here.

Shape shorthand: N images, H, W canvas sides, K classes without background, D detections.
"""

from collections import OrderedDict
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torchvision.models.detection import faster_rcnn as torchvision_frcnn
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.rpn import RPNHead
from torchvision.ops import MultiScaleRoIAlign
from torchvision.ops.poolers import LevelMapper

from boxwright_contract.parts import (
    Backbone,
    Batch,
    Detections,
    Level,
    Losses,
    RegionLevel,
    Truth,
)
from boxwright_plugins.conclusion_options import ConclusionOptions
from boxwright_plugins.faster_rcnn_levels import FeatureMaps, feature_maps
from boxwright_plugins.faster_rcnn_options import Options
from boxwright_plugins.nets.conclusion import conclude
from boxwright_plugins.nets.necked import Necked
from boxwright_plugins.nets.normalize import Normalize

CANONICAL_LEVEL = 4
"""A region of canonical size is pooled from the level whose stride is 2 ** 4."""


class FloatRpnHead(RPNHead):
    """A proposal head that may run in bfloat16 but answers in float32: boxes need it."""

    def forward(self, x: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        """Map levels to objectness and deltas of every anchor."""
        objectness, deltas = super().forward(x)
        return [level.float() for level in objectness], [level.float() for level in deltas]


class FasterRcnn(nn.Module):
    """Backbone under a neck, proposal network, region heads."""

    def __init__(self, backbone: Backbone, classes: int, options: Options) -> None:
        super().__init__()
        self.normalize = Normalize(backbone.preprocessing)
        maps = feature_maps(backbone, options)
        channels = maps.pooled[0].channels
        anchors = anchor_generator(maps, options)
        necked = Necked(
            backbone.build(),
            maps.neck.build(maps.below, options.neck_channels),
            maps.below,
            channels,
            "".join(level.name for level in maps.extra),
        )
        inner = torchvision_frcnn.FasterRCNN(
            necked,
            num_classes=None,
            rpn_anchor_generator=anchors,
            rpn_head=FloatRpnHead(channels, anchors.num_anchors_per_location()[0]),
            rpn_pre_nms_top_n_train=options.candidates_train,
            rpn_pre_nms_top_n_test=options.candidates,
            rpn_post_nms_top_n_train=options.proposals_train,
            rpn_post_nms_top_n_test=options.proposals,
            rpn_score_thresh=options.min_objectness,
            box_roi_pool=region_pool(maps.pooled, options),
            box_head=torchvision_frcnn.TwoMLPHead(
                channels * options.region_cells**2, options.head_channels
            ),
            box_predictor=torchvision_frcnn.FastRCNNPredictor(options.head_channels, classes + 1),
            box_score_thresh=options.min_score,
            box_nms_thresh=options.suppression_iou,
            box_detections_per_img=options.most_detections,
            box_batch_size_per_image=options.regions_train,
        )
        self.conclusion: ConclusionOptions = options
        self.backbone = necked
        self.rpn = inner.rpn
        self.roi_heads = inner.roi_heads

    def features(self, batch: Batch) -> "tuple[ImageList, OrderedDict[str, Tensor]]":
        """Return the canvases as torchvision lists images, and the levels over them."""
        pixels = self.normalize(batch.canvas, batch.image_size)
        sizes = [(height, width) for height, width in batch.image_size.tolist()]
        levels = self.backbone(pixels)
        return ImageList(pixels, sizes), OrderedDict((k, v.float()) for k, v in levels.items())


def region_pool(levels: tuple[Level, ...], options: Options) -> MultiScaleRoIAlign:
    """Return torchvision's pooling from `levels`, told their strides.

    Left alone it guesses them from the first images it sees, and keeps the guess: wrong for good if
    those were much smaller than their canvas.
    """
    pool = MultiScaleRoIAlign(
        [level.name for level in levels],
        output_size=options.region_cells,
        sampling_ratio=2,
        canonical_scale=options.canonical_side_px,
        canonical_level=CANONICAL_LEVEL,
    )
    pool.scales = [1 / level.stride for level in levels]
    powers = [level.stride.bit_length() - 1 for level in (levels[0], levels[-1])]
    pool.map_levels = LevelMapper(*powers, pool.canonical_scale, pool.canonical_level)
    return pool


def anchor_generator(maps: FeatureMaps, options: Options) -> AnchorGenerator:
    """Return torchvision's anchors for the levels that proposals come from."""
    return AnchorGenerator(
        maps.anchor_sides_px, (options.anchor_ratios,) * len(maps.anchor_sides_px)
    )


def region_levels(backbone: Backbone, options: Options) -> tuple[RegionLevel, ...]:
    """Return the levels that proposals come from, finest first, with the anchors of a cell."""
    maps = feature_maps(backbone, options)
    anchors = anchor_generator(maps, options).cell_anchors
    return tuple(
        RegionLevel(
            name=level.name,
            channels=level.channels,
            stride=level.stride,
            anchors_px=tuple((x1, y1, x2, y2) for x1, y1, x2, y2 in here.tolist()),
        )
        for level, here in zip(maps.proposing, anchors, strict=True)
    )


def losses(net: FasterRcnn, batch: Batch, truths: list[Truth]) -> Losses:
    """Return the four losses of the paper: objectness and boxes, of proposals and of regions.

    Under autocast only the backbone, its neck and the proposal head run in reduced precision.

    Source: Ren et al. 2015 (arXiv:1506.01497), equation 1; Girshick 2015 (arXiv:1504.08083), 2.3.
    """
    targets = [{"boxes": truth.boxes, "labels": truth.labels + 1} for truth in truths]
    images, levels = net.features(batch)
    proposals, proposal_losses = net.rpn(images, levels, targets)
    with torch.autocast(batch.canvas.device.type, enabled=False):
        _, region_losses = net.roi_heads(levels, proposals, images.image_sizes, targets)
    return proposal_losses | region_losses


@torch.inference_mode()
def detect(net: FasterRcnn, batch: Batch) -> list[Detections]:
    """Return torchvision's own answer for each image, best first; `net` must be in eval mode.

    With another suppression than the greedy one, only what precedes it is torchvision's.
    """
    images, levels = net.features(batch)
    proposals, _ = net.rpn(images, levels)
    if net.conclusion.suppression == "greedy":
        answers, _ = net.roi_heads(levels, proposals, images.image_sizes)
        return [Detections(a["boxes"], a["scores"], a["labels"] - 1) for a in answers]
    return [
        conclude(scores, boxes, size, net.conclusion)[0]
        for (scores, boxes), size in zip(
            scored(net, images, levels, proposals), batch.image_size, strict=True
        )
    ]


def scored(
    net: FasterRcnn,
    images: ImageList,
    levels: "OrderedDict[str, Tensor]",
    proposals: list[Tensor],
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield scores (P, K) and boxes (P, K, 4) of each image, as torchvision's region heads do."""
    heads = net.roi_heads
    pooled = heads.box_roi_pool(levels, proposals, images.image_sizes)
    logits, deltas = heads.box_predictor(heads.box_head(pooled))
    scores = torch.softmax(logits, dim=-1)[:, 1:]
    boxes = heads.box_coder.decode_single(deltas, torch.cat(proposals))
    boxes = boxes.reshape(*logits.shape, 4)[:, 1:]
    each = [len(here) for here in proposals]
    return zip(scores.split(each), boxes.split(each), strict=True)
