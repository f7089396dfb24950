"""Annotated photos to batches: scaled, cut, mirrored and coloured for training, plain otherwise.

Pixels come from a file and change size only by the contract's rules, as in the server.
"""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor

from boxwright_contract.errors import BadDataset, BadImage
from boxwright_contract.input_rule import InputRule, place
from boxwright_contract.parts import Batch, Truth
from boxwright_contract.pixels import decode
from boxwright_workshop.annotations import Photo
from boxwright_workshop.recipe import Augmentation

Pixels = NDArray[np.uint8]
Boxes = NDArray[np.float64]

MIN_SIDE_PX = 1
"""What is left of a box after scaling and cutting must be longer than this on each side."""


class Example(NamedTuple):
    """A photo on a canvas."""

    canvas: Pixels
    """(H, W, 3)."""
    size: tuple[int, int]
    """Height and width of the used part."""
    truth: Truth
    proposals: Tensor | None
    """(P, 4) float32 in canvas pixels; None where the photo has none."""


def read_pixels(photo: Photo) -> Pixels:
    """Return the photo's pixels (H, W, 3), RGB and upright.

    Raises:
        BadDataset: The file is damaged; its header was looked at before, not all of it.
    """
    try:
        return decode(photo.path.read_bytes())
    except BadImage as error:
        raise BadDataset(
            f"{photo.path} cannot be used: {error} Or remove it from the annotations."
        ) from error


def varied(photo: Photo, rule: InputRule, how: Augmentation, rng: Generator) -> Example:
    """Return a random variation of `photo` on a square canvas of `how.canvas_px`.

    Args:
        photo: What to show.
        rule: Gives the size that is scaled.
        how: How far to go.
        rng: Decides.
    """
    pixels = read_pixels(photo)
    scale = float(np.exp(rng.uniform(*np.log(how.scale))))
    height, width = (max(1, round(side * scale)) for side in rule.resized(*pixels.shape[:2]))
    ratio = np.array([width, height] * 2) / np.tile(pixels.shape[1::-1], 2)
    pixels = rule.resize_to(pixels, height, width)
    top, left = (int(rng.integers(0, max(1, side - how.canvas_px + 1))) for side in (height, width))
    pixels = pixels[top : top + how.canvas_px, left : left + how.canvas_px]
    height, width = pixels.shape[:2]
    mirrored = how.flip and rng.random() < 0.5
    if mirrored:
        pixels = pixels[:, ::-1]
    if how.colour:
        pixels = recoloured(pixels, how.colour, rng)
    canvas = np.zeros((how.canvas_px, how.canvas_px, 3), np.uint8)
    place(pixels, canvas)

    def shown(boxes: NDArray[np.float32]) -> tuple[Tensor, NDArray[np.bool_]]:
        whole = boxes * ratio - [left, top, left, top]
        return cut(whole, height, width, how.keep_visible, mirrored=mirrored)

    boxes, kept = shown(photo.boxes)
    truth = Truth(boxes, torch.from_numpy(photo.labels[kept]))
    proposals = None if photo.proposals is None else shown(photo.proposals)[0]
    return Example(canvas, (height, width), truth, proposals)


def cut(
    whole: Boxes, height: int, width: int, keep_visible: float, *, mirrored: bool
) -> tuple[Tensor, NDArray[np.bool_]]:
    """Return what is seen of boxes, and which of them are seen.

    Args:
        whole: (B, 4) in pixels of the part that is shown, or beside it.
        height: Of that part.
        width: Of that part.
        keep_visible: Boxes of which no more than this share is left are dropped.
        mirrored: Whether left and right are exchanged.

    Returns:
        (B', 4) float32, and (B,) which of them these are.
    """
    boxes = whole.clip(0, [width, height, width, height])
    seen = _sides(boxes).prod(1) > keep_visible * _sides(whole).prod(1)
    kept = seen & (_sides(boxes).min(1) > MIN_SIDE_PX)
    if mirrored:
        boxes = np.stack([width - boxes[:, 2], boxes[:, 1], width - boxes[:, 0], boxes[:, 3]], 1)
    return torch.from_numpy(boxes[kept].astype(np.float32)), kept


def recoloured(pixels: Pixels, most: float, rng: Generator) -> Pixels:
    """Return `pixels` (H, W, 3) with saturation, contrast and brightness changed by up to `most`.

    Contrast is about the mean of the greys; what leaves 0..255 is cut off.
    """
    brightness, contrast, saturation = 1 + rng.uniform(-most, most, 3)
    pixels = np.ascontiguousarray(pixels)
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    mean = float(grey.mean())
    greys = cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB)
    vivid = cv2.addWeighted(pixels, saturation, greys, 1 - saturation, 0)
    values = brightness * (contrast * (np.arange(256) - mean) + mean)
    return cv2.LUT(vivid, values.round().clip(0, 255).astype(np.uint8))  # type: ignore[return-value]


def plain(photo: Photo, rule: InputRule) -> tuple[Batch, Truth, Boxes]:
    """Return `photo` as a batch of one, its truth, and (4,) what divides boxes to scale them back.

    Where it has proposals, all of them are kept: detections tell their position.
    """
    original = read_pixels(photo)
    pixels = rule.resize(original)
    size = pixels.shape[:2]
    ratio = np.tile(np.array(size[::-1]) / original.shape[1::-1], 2)
    canvas = np.zeros((*rule.canvas(*size), 3), np.uint8)
    place(pixels, canvas)
    truth = Truth(_scaled(photo.boxes, ratio), torch.from_numpy(photo.labels))
    proposals = None if photo.proposals is None else _scaled(photo.proposals, ratio)
    batch, _ = stacked([Example(canvas, (size[0], size[1]), truth, proposals)])
    return batch, truth, ratio


def stacked(examples: Sequence[Example]) -> tuple[Batch, list[Truth]]:
    """Return examples on canvases of one size as a batch, and their truths."""
    canvas = torch.from_numpy(np.stack([example.canvas for example in examples]))
    size = torch.tensor([example.size for example in examples], dtype=torch.int32)
    proposals = tuple(each.proposals for each in examples if each.proposals is not None)
    return Batch(canvas, size, proposals), [example.truth for example in examples]


def _scaled(boxes: NDArray[np.float32], ratio: Boxes) -> Tensor:
    return torch.from_numpy((boxes * ratio).astype(np.float32))


def _sides(boxes: Boxes) -> Boxes:
    return boxes[:, 2:] - boxes[:, :2]
