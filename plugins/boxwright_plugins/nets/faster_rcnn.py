"""Faster R-CNN as a torch module: torchvision's region proposal network and region heads.

Its parameters carry torchvision's names, so that torchvision's checkpoints load strictly. Its
input is a canvas of bytes: the resizing that torchvision does inside is the input rule's here.

Shape shorthand: N images, H, W canvas sides, K classes without background, D detections.
"""

from collections import OrderedDict

import torch
from torch import Tensor, nn
from torchvision.models.detection import faster_rcnn as torchvision_frcnn
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.rpn import RPNHead
from torchvision.ops import MultiScaleRoIAlign
from torchvision.ops.poolers import LevelMapper

from boxwright_contract.errors import BadSettings
from boxwright_contract.parts import (
    Backbone,
    Batch,
    Detections,
    Level,
    Losses,
    RegionLevel,
    Truth,
)
from boxwright_plugins.faster_rcnn_options import Options, backbone_levels, pyramid_names
from boxwright_plugins.nets.normalize import Normalize
from boxwright_plugins.nets.pyramid import Pyramid

CANONICAL_LEVEL = 4
"""A region of canonical size is pooled from the level whose stride is 2 ** 4."""


class FloatRpnHead(RPNHead):
    """A proposal head that may run in bfloat16 but answers in float32: boxes need it."""

    def forward(self, x: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        """Map the pyramid's levels to objectness and deltas of every anchor."""
        objectness, deltas = super().forward(x)
        return [level.float() for level in objectness], [level.float() for level in deltas]


class FasterRcnn(nn.Module):
    """Backbone under a pyramid, proposal network, region heads."""

    def __init__(self, backbone: Backbone, classes: int, options: Options) -> None:
        super().__init__()
        self.normalize = Normalize(backbone.preprocessing)
        levels = backbone_levels(backbone, options)
        names = pyramid_names(levels)
        pyramid = Pyramid(backbone.build(), levels, names, options.pyramid_channels)
        sides, ratios = anchors_of(levels, options)
        inner = torchvision_frcnn.FasterRCNN(
            pyramid,
            num_classes=None,
            rpn_anchor_generator=AnchorGenerator(sides, ratios),
            rpn_head=FloatRpnHead(pyramid.out_channels, len(sides[0]) * len(ratios[0])),
            rpn_pre_nms_top_n_train=options.candidates_train,
            rpn_pre_nms_top_n_test=options.candidates,
            rpn_post_nms_top_n_train=options.proposals_train,
            rpn_post_nms_top_n_test=options.proposals,
            rpn_score_thresh=options.min_objectness,
            box_roi_pool=region_pool(levels, names[:-1], options),
            box_head=torchvision_frcnn.TwoMLPHead(
                pyramid.out_channels * options.region_cells**2, options.head_channels
            ),
            box_predictor=torchvision_frcnn.FastRCNNPredictor(options.head_channels, classes + 1),
            box_score_thresh=options.min_score,
            box_nms_thresh=options.suppression_iou,
            box_detections_per_img=options.most_detections,
            box_batch_size_per_image=options.regions_train,
        )
        self.backbone = pyramid
        self.rpn = inner.rpn
        self.roi_heads = inner.roi_heads

    def features(self, batch: Batch) -> "tuple[ImageList, OrderedDict[str, Tensor]]":
        """Return the canvases as torchvision lists images, and the pyramid over them."""
        pixels = self.normalize(batch.canvas, batch.image_size)
        sizes = [(height, width) for height, width in batch.image_size.tolist()]
        levels = self.backbone(pixels)
        return ImageList(pixels, sizes), OrderedDict((k, v.float()) for k, v in levels.items())


def region_pool(
    levels: tuple[Level, ...], names: tuple[str, ...], options: Options
) -> MultiScaleRoIAlign:
    """Return torchvision's pooling from the named maps, told the strides of the levels under them.

    Left alone it guesses them from the first images it sees, and keeps the guess: wrong for good if
    those were much smaller than their canvas.
    """
    pool = MultiScaleRoIAlign(
        list(names),
        output_size=options.region_cells,
        sampling_ratio=2,
        canonical_scale=options.canonical_side_px,
        canonical_level=CANONICAL_LEVEL,
    )
    pool.scales = [1 / level.stride for level in levels]
    powers = [level.stride.bit_length() - 1 for level in (levels[0], levels[-1])]
    pool.map_levels = LevelMapper(*powers, pool.canonical_scale, pool.canonical_level)
    return pool


def anchors_of(
    levels: tuple[Level, ...], options: Options
) -> tuple[tuple[tuple[int, ...], ...], tuple[tuple[float, ...], ...]]:
    """Return the anchors' sides and ratios for each level of the pyramid, the extra one too."""
    steps = [level.stride for level in levels]
    sides = options.anchor_sides_px or tuple((8 * step,) for step in (*steps, 2 * steps[-1]))
    if len(sides) != len(levels) + 1:
        raise BadSettings(
            f"anchor_sides_px has {len(sides)} entries, but the pyramid has {len(levels)} levels "
            "and an extra one. Give one tuple of sides for each."
        )
    if len({len(of_level) for of_level in sides}) > 1 or not sides[0]:
        raise BadSettings(
            f"anchor_sides_px has {[len(of_level) for of_level in sides]} sides for the levels, "
            "which share one proposal head. Give each level the same number of sides."
        )
    return sides, (options.anchor_ratios,) * len(sides)


def region_levels(backbone: Backbone, options: Options) -> tuple[RegionLevel, ...]:
    """Return the pyramid's levels, finest first, with the anchors of a cell of each."""
    levels = backbone_levels(backbone, options)
    sides, ratios = anchors_of(levels, options)
    strides = [level.stride for level in levels]
    named = zip(
        pyramid_names(levels),
        (*strides, 2 * strides[-1]),
        AnchorGenerator(sides, ratios).cell_anchors,
        strict=True,
    )
    return tuple(
        RegionLevel(
            name=name,
            channels=options.pyramid_channels,
            stride=stride,
            anchors_px=tuple((x1, y1, x2, y2) for x1, y1, x2, y2 in anchors.tolist()),
        )
        for name, stride, anchors in named
    )


def losses(net: FasterRcnn, batch: Batch, truths: list[Truth]) -> Losses:
    """Return the four losses of the paper: objectness and boxes, of proposals and of regions.

    Under autocast only the pyramid and the proposal head run in reduced precision.

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
    """Return torchvision's own answer for each image, best first; `net` must be in eval mode."""
    images, levels = net.features(batch)
    proposals, _ = net.rpn(images, levels)
    answers, _ = net.roi_heads(levels, proposals, images.image_sizes)
    return [Detections(a["boxes"], a["scores"], a["labels"] - 1) for a in answers]
