"""Annotated photos to batches: scaled, cut, mirrored and coloured for training, plain otherwise.

Pixels come from a file and change size only by the contract's rules, as in the server.
"""

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray

from boxwright_contract.errors import BadDataset, BadImage
from boxwright_contract.input_rule import InputRule, place
from boxwright_contract.parts import Batch, Truth
from boxwright_contract.pixels import decode
from boxwright_workshop.annotations import Photo
from boxwright_workshop.recipe import Augmentation

Pixels = NDArray[np.uint8]
Example = tuple[Pixels, tuple[int, int], Truth]
"""canvas (H, W, 3), height and width of its used part, and the boxes in canvas pixels."""

MIN_SIDE_PX = 1
"""What is left of a box after scaling and cutting must be longer than this on each side."""


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
    whole = photo.boxes * ratio - [left, top, left, top]
    boxes = whole.clip(0, [width, height, width, height])
    if how.flip and rng.random() < 0.5:
        pixels = pixels[:, ::-1]
        boxes = np.stack([width - boxes[:, 2], boxes[:, 1], width - boxes[:, 0], boxes[:, 3]], 1)
    if how.colour:
        pixels = recoloured(pixels, how.colour, rng)
    seen = _sides(boxes).prod(1) > how.keep_visible * _sides(whole).prod(1)
    kept = seen & (_sides(boxes).min(1) > MIN_SIDE_PX)
    canvas = np.zeros((how.canvas_px, how.canvas_px, 3), np.uint8)
    place(pixels, canvas)
    truth = Truth(
        torch.from_numpy(boxes[kept].astype(np.float32)), torch.from_numpy(photo.labels[kept])
    )
    return canvas, (height, width), truth


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


def plain(photo: Photo, rule: InputRule) -> tuple[Batch, NDArray[np.float64]]:
    """Return `photo` as a batch of one, and (4,) what its boxes are divided by to scale back."""
    original = read_pixels(photo)
    pixels = rule.resize(original)
    size = pixels.shape[:2]
    canvas = np.zeros((*rule.canvas(*size), 3), np.uint8)
    place(pixels, canvas)
    batch = Batch(torch.from_numpy(canvas)[None], torch.tensor([size], dtype=torch.int32))
    return batch, np.tile(np.array(size[::-1]) / original.shape[1::-1], 2)


def stacked(examples: Sequence[Example]) -> tuple[Batch, list[Truth]]:
    """Return examples on canvases of one size as a batch, and their truths."""
    canvases, sizes, truths = zip(*examples, strict=True)
    canvas = torch.from_numpy(np.stack(canvases))
    return Batch(canvas, torch.tensor(sizes, dtype=torch.int32)), list(truths)


def _sides(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    return boxes[:, 2:] - boxes[:, :2]
