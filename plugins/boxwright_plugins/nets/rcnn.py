"""R-CNN as a torch module: the backbone runs on each region by itself.

Source: Girshick et al. 2014 (arXiv:1311.2524). The regions are classified and moved as in Girshick
2015 (arXiv:1504.08083), section 2.3, unless the support vector machines and the ridge regression of
the first paper are asked for.

Shape shorthand in this module:

    N: images in a batch            P: proposals of an image
    R: regions of a batch           K: classes, background not counted
"""

from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor, nn
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead

from boxwright_contract.errors import BadSettings
from boxwright_contract.parts import Backbone, Batch, Detections, Losses, Truth
from boxwright_plugins.nets.coarsest_level import CoarsestLevel
from boxwright_plugins.nets.conclusion import conclude
from boxwright_plugins.nets.fast_rcnn import CODER, region_losses
from boxwright_plugins.nets.necked import Necked
from boxwright_plugins.nets.normalize import Normalize
from boxwright_plugins.nets.region_sampling import Sampling, sample
from boxwright_plugins.nets.ridge import Ridge
from boxwright_plugins.nets.svm import Svms
from boxwright_plugins.nets.warp import Quotient, Square, floored, warped
from boxwright_plugins.rcnn_options import Options


class Rcnn(nn.Module):
    """The backbone's coarsest level over a warped region, two fully connected layers, answers."""

    def __init__(self, backbone: Backbone, classes: int, options: Options) -> None:
        super().__init__()
        level = max(reversed(backbone.levels), key=lambda level: level.stride)
        side = options.region_px
        if side % level.stride or side <= 2 * options.context_px:
            raise BadSettings(
                f"regions are warped to region_px = {side} with context_px = {options.context_px} "
                f"around each. The first must be a multiple of {level.stride}, the stride of "
                f"{level.name} of {backbone.name}, and more than twice the second. Change them."
            )
        self.options = options
        self.square = Square(side_px=side, context_px=options.context_px)
        self.normalize = Normalize(backbone.preprocessing)
        self.backbone = Necked(
            backbone.build(), CoarsestLevel(level.name), (level,), level.channels
        )
        self.level = level.name
        self.sampling = Sampling(
            regions=options.regions_train,
            positive_share=options.positive_share,
            positive_iou=options.positive_iou,
            background_iou=options.background_iou,
        )
        cells = side // level.stride
        self.head = TwoMLPHead(level.channels * cells**2, options.head_channels)
        self.predictor = FastRCNNPredictor(options.head_channels, classes + 1)
        self.svms = Svms(classes, options.head_channels) if options.classifier == "svm" else None
        self.ridge = (
            Ridge(classes, level.channels, cells) if options.regression == "ridge" else None
        )

    def crops(
        self, canvas: Tensor, image_size: Tensor, boxes: Tensor, quotient: Quotient
    ) -> Tensor:
        """Return each region as the backbone is shown it, (N * P, 3, S, S).

        Args:
            canvas: (N, H, W, 3) uint8.
            image_size: (N, 2).
            boxes: (N, P, 4).
            quotient: Divides whole numbers.
        """
        pixels, inside = warped(canvas, image_size, boxes, self.square, quotient)
        return self.normalize.shown(pixels, inside)

    def seen(self, crops: Tensor) -> Tensor:
        """Map (R, 3, S, S) to the coarsest level, (R, C, cells, cells), in float32."""
        level: Tensor = self.backbone(crops)[self.level]
        return level.float()


class Answers(nn.Module):
    """What a network says of its regions: by its own layers, or by what was fitted to them."""

    def __init__(self, net: Rcnn) -> None:
        super().__init__()
        self.head = net.head
        self.predictor = net.predictor
        self.svms = net.svms if net.svms is not None and net.svms.fitted else None
        self.ridge = net.ridge if net.ridge is not None and net.ridge.fitted else None

    def forward(self, level: Tensor) -> Tensor:
        """Map (R, C, cells, cells) to (R, 5 * K): K scores in 0..1, then 4 deltas of each class."""
        hidden = self.head(level)
        logits, deltas = self.predictor(hidden)  # background comes first
        scores = self.svms(hidden) if self.svms else torch.softmax(logits, dim=-1)[:, 1:]
        moves = self.ridge(level) if self.ridge else deltas[:, 4:]
        return torch.cat((scores, moves), dim=1)


def decoded(regions: Tensor, proposals: Tensor) -> tuple[Tensor, Tensor]:
    """Return scores (R, K) and boxes (R, K, 4) of `regions` (R, 5 * K) at `proposals` (R, 4)."""
    classes = regions.shape[1] // 5
    boxes = CODER.decode_single(regions[:, classes:], proposals)
    return regions[:, :classes], boxes.reshape(-1, classes, 4)


def losses(net: Rcnn, batch: Batch, truths: list[Truth]) -> Losses:
    """Return the losses of classes and of boxes, over regions sampled from the proposals.

    Under autocast only the backbone runs in reduced precision.

    Source: Girshick 2015 (arXiv:1504.08083), equation 1.
    """
    sampled = [
        sample(proposals, truth, net.sampling)
        for proposals, truth in zip(batch.proposals, truths, strict=True)
    ]
    crops = [
        net.crops(batch.canvas[i : i + 1], batch.image_size[i : i + 1], one.boxes[None], floored)
        for i, one in enumerate(sampled)
    ]
    level = net.seen(torch.cat(crops))
    with torch.autocast(batch.canvas.device.type, enabled=False):
        logits, deltas = net.predictor(net.head(level))
        return region_losses(logits, deltas.reshape(*logits.shape, 4), sampled)


@torch.inference_mode()
def detect(net: Rcnn, batch: Batch) -> list[Detections]:
    """Return the answer for each image, best first; `net` must be in eval mode."""
    answers = Answers(net)
    classes = net.predictor.cls_score.out_features - 1
    found = []
    for i, proposals in enumerate(batch.proposals):
        levels = levels_of(net, batch.canvas[i : i + 1], batch.image_size[i : i + 1], proposals)
        regions = torch.cat([proposals.new_zeros(0, 5 * classes), *map(answers, levels)])
        found.append(concluded(net, regions, proposals, batch.image_size[i]))
    return found


@torch.inference_mode()
def concluded(net: Rcnn, regions: Tensor, proposals: Tensor, image_size: Tensor) -> Detections:
    """Return the detections of one image, best first.

    Args:
        net: What `regions` come from.
        regions: (P, 5 * K), as `Answers` gives them.
        proposals: (P, 4).
        image_size: (2,) height, width.
    """
    scores, boxes = decoded(regions, proposals)
    found, rows = conclude(scores, boxes, image_size, net.options)
    return replace(found, proposals=rows)


def levels_of(net: Rcnn, canvas: Tensor, image_size: Tensor, boxes: Tensor) -> Iterator[Tensor]:
    """Yield what the backbone makes of one image's `boxes` (P, 4), some at a time."""
    for some in boxes.split(net.options.regions_at_once):
        if len(some):
            yield net.seen(net.crops(canvas, image_size, some[None], floored))
