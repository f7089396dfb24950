"""Annotated photos to batches: scaled, cut, mirrored and coloured for training, plain otherwise."""

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray

from boxwright_contract.input_rule import InputRule, place
from boxwright_contract.parts import Batch, Truth
from boxwright_contract.pixels import Limits, decode
from boxwright_workshop.annotations import Photo
from boxwright_workshop.recipe import Augmentation

Pixels = NDArray[np.uint8]
Example = tuple[Pixels, tuple[int, int], Truth]


def read_pixels(photo: Photo) -> Pixels:
    """Return the photo's pixels (H, W, 3), RGB and upright."""
    return decode(photo.path.read_bytes(), Limits())


def varied(photo: Photo, rule: InputRule, how: Augmentation, rng: Generator) -> Example:
    """Return a random variation of `photo` on a square canvas: pixels, used size, truth."""
    pixels = read_pixels(photo)
    scale = float(np.exp(rng.uniform(*np.log(how.scale))))
    target = [max(1, round(side * scale)) for side in rule.resized(*pixels.shape[:2])]
    ratio = np.array(target) / pixels.shape[:2]
    pixels = rule.resize_to(pixels, *target)
    top, left = (int(rng.integers(0, max(1, side - how.canvas_px + 1))) for side in target)
    pixels = pixels[top : top + how.canvas_px, left : left + how.canvas_px]
    height, width = pixels.shape[:2]
    whole = photo.boxes * np.tile(ratio[::-1], 2) - [left, top, left, top]
    boxes = whole.clip(0, [width, height, width, height])
    if how.flip and rng.random() < 0.5:
        pixels = pixels[:, ::-1]
        boxes = np.stack([width - boxes[:, 2], boxes[:, 1], width - boxes[:, 0], boxes[:, 3]], 1)
    if how.colour:
        pixels = recoloured(pixels, how.colour, rng)
    kept = (_area(boxes) > how.keep_visible * _area(whole)) & (_sides(boxes).min(1, initial=9) > 1)
    canvas = np.zeros((how.canvas_px, how.canvas_px, 3), np.uint8)
    place(pixels, canvas)
    return canvas, (height, width), _truth(boxes[kept], photo.labels[kept])


def recoloured(pixels: Pixels, most: float, rng: Generator) -> Pixels:
    """Return `pixels` with brightness, contrast and saturation changed by up to `most`."""
    brightness, contrast, saturation = 1 + rng.uniform(-most, most, 3)
    grey = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY)
    mean = float(grey.mean())
    grey3 = cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB)
    vivid = cv2.addWeighted(pixels, saturation, grey3, 1 - saturation, 0)
    gain = contrast * brightness
    return cv2.convertScaleAbs(vivid, alpha=gain, beta=mean * (brightness - gain))  # type: ignore[return-value]


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


def _truth(boxes: NDArray[np.float64], labels: NDArray[np.int64]) -> Truth:
    return Truth(torch.from_numpy(boxes.astype(np.float32)), torch.from_numpy(labels))


def _sides(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    return boxes[:, 2:] - boxes[:, :2]


def _area(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    return _sides(boxes).prod(1)
