"""What R-CNN fits to its features once the network is trained: its machines and its regression.

Of the training images the first are looked at to rescale features, then all for their true boxes;
in the last pass every region of every image goes through the network.

Source: Girshick et al. 2014 (arXiv:1311.2524), appendices B and C.

Shape shorthand: G true boxes, P proposals and R regions of an image, K classes.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor
from torchvision.ops import box_iou

from boxwright_contract.parts import Batch, Truth
from boxwright_plugins.nets import ridge, svm
from boxwright_plugins.nets.fast_rcnn import CODER
from boxwright_plugins.nets.hard_negatives import Miner
from boxwright_plugins.nets.rcnn import Rcnn, levels_of
from boxwright_plugins.nets.ridge import Ridge, Sums
from boxwright_plugins.nets.svm import Svms

Examples = Callable[[], Iterable[tuple[Batch, list[Truth]]]]
MEASURED_IMAGES = 16
"""The mean norm of features is measured on the regions of these, the first."""
NEGATIVE_IOU = 0.3
"""Regions whose IoU with every box of a class is under this are its negatives."""


class Image(NamedTuple):
    """One training image."""

    canvas: Tensor
    """(1, H, W, 3) uint8."""
    image_size: Tensor
    """(1, 2) int32."""
    proposals: Tensor
    """(P, 4)."""
    truth: Truth


class Described(NamedTuple):
    """The features of regions, each a row; none of those that nothing is fitted to."""

    head: Tensor
    """What the fully connected layers make of them, for the machines."""
    level: Tensor
    """What the coarsest level holds, for the regression."""


@torch.no_grad()
def fit(net: Rcnn, examples: Examples) -> None:
    """Fit what the options of `net` ask for, in place; nothing, if they ask for nothing."""
    if net.svms is None and net.ridge is None:
        return
    net.eval()
    rescale(net, examples)
    miners = begun(net, net.svms, examples) if net.svms is not None else []
    sums = [Sums(net.ridge.features) for _ in net.ridge.weight] if net.ridge is not None else []
    for image in images(examples):
        truth = image.truth
        boxes = torch.cat((truth.boxes, image.proposals))
        if not len(boxes):
            continue
        seen = described(net, image, boxes)
        mine(miners, seen.head[len(truth.boxes) :], image.proposals, truth)
        regress(sums, seen.level, boxes, truth)
    if net.svms is not None:
        settle_machines(net.svms, miners)
    if net.ridge is not None:
        settle_regression(net.ridge, sums)


def images(examples: Examples) -> Iterator[Image]:
    """Yield every training image."""
    for batch, truths in examples():
        for i, truth in enumerate(truths):
            one = slice(i, i + 1)
            yield Image(batch.canvas[one], batch.image_size[one], batch.proposals[i], truth)


def described(net: Rcnn, image: Image, boxes: Tensor) -> Described:
    """Return the rescaled features of an image's `boxes` (R, 4), machines and regression apart."""
    none = boxes.new_zeros(0, 0)
    head, level = [], []
    for seen in levels_of(net, image.canvas, image.image_size, boxes):
        if net.svms is not None:
            head.append(net.head(seen) * net.svms.scale)
        if net.ridge is not None:
            level.append(net.ridge.pooled(seen) * net.ridge.scale)
    return Described(torch.cat(head) if head else none, torch.cat(level) if level else none)


def rescale(net: Rcnn, examples: Examples) -> None:
    """Choose by what features are multiplied, so that their mean norm is as the methods expect."""
    for fitted in (net.svms, net.ridge):
        if fitted is not None:
            fitted.scale.fill_(1.0)
    head, level = [], []
    for image, _ in zip(images(examples), range(MEASURED_IMAGES), strict=False):
        seen = described(net, image, torch.cat((image.truth.boxes, image.proposals)))
        head.append(seen.head.norm(dim=1))
        level.append(seen.level.norm(dim=1))
    if net.svms is not None:
        net.svms.scale.copy_(factor(head, svm.MEAN_NORM))
    if net.ridge is not None:
        net.ridge.scale.copy_(factor(level, ridge.MEAN_NORM))


def factor(norms: list[Tensor], wanted: float) -> Tensor:
    """Return what features with these norms are multiplied by; 1 where there are none."""
    mean = torch.cat(norms).mean() if norms else torch.tensor(torch.nan)
    return torch.nan_to_num(wanted / mean, nan=1.0, posinf=1.0)


def begun(net: Rcnn, svms: Svms, examples: Examples) -> list[Miner]:
    """Return a miner for each class, which knows its positives: the true boxes."""
    features, labels = [svms.weight[:0]], [torch.zeros(0, dtype=torch.int64)]
    for image in images(examples):
        seen = described(net, image, image.truth.boxes)
        features += [seen.head] if len(seen.head) else []
        labels.append(image.truth.labels.cpu())
    positive, of_class = torch.cat(features).cpu(), torch.cat(labels)
    return [Miner(positive[of_class == k].numpy()) for k in range(len(svms.weight))]


def mine(miners: list[Miner], features: Tensor, proposals: Tensor, truth: Truth) -> None:
    """Show each miner the negatives of its class among an image's `proposals` (P, 4)."""
    iou = box_iou(proposals, truth.boxes)  # (P, G)
    for k, miner in enumerate(miners):
        shown = (iou[:, truth.labels == k] >= NEGATIVE_IOU).any(dim=1)
        miner.see(features[~shown].cpu().numpy())


def regress(sums: list[Sums], features: Tensor, boxes: Tensor, truth: Truth) -> None:
    """Add to the sums of each class those of an image's `boxes` (R, 4) that are near its own."""
    if not sums or not len(truth.boxes):
        return
    iou, nearest = box_iou(boxes, truth.boxes).max(dim=1)
    near = iou > ridge.MIN_IOU
    boxes, nearest, features = boxes[near], nearest[near], features[near]
    targets = CODER.encode_single(truth.boxes[nearest], boxes) / boxes.new_tensor(CODER.weights)
    for k, of_class in enumerate(sums):
        chosen = truth.labels[nearest] == k
        of_class.add(features[chosen], targets[chosen])


def settle_machines(svms: Svms, miners: list[Miner]) -> None:
    """Put what the miners have learnt into the network."""
    for k, miner in enumerate(miners):
        machine = miner.finish()
        svms.weight[k] = torch.from_numpy(machine.weight)
        svms.bias[k] = machine.bias
    svms.fitted.fill_(True)


def settle_regression(regression: Ridge, sums: list[Sums]) -> None:
    """Solve the regression of each class, and put it into the network."""
    for k, of_class in enumerate(sums):
        solved = of_class.solved() * torch.tensor(CODER.weights)[:, None]
        regression.weight[k] = solved.float()
    regression.fitted.fill_(True)
