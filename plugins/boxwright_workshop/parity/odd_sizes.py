"""Images at odd sizes, several on each canvas, on which a graph is compared with torch."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from boxwright_contract.input_rule import InputRule, place
from boxwright_workshop.parity.regions import NONE, Boxes, Regions

CANVASES = 38
ON_EACH = 4  # 38 * 4 = 152 sizes
UNUSED_EVERY = 8
LONGEST_PX = 512
"""Larger images take longer and show nothing new."""

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Group:
    """Images of different sizes on canvases of one size."""

    canvas: Pixels
    """(N, H, W, 3)."""
    image_size: NDArray[np.int32]
    """(N, 2) height, width."""
    proposals: tuple[Boxes, ...] = ()
    """Of each image (P, 4) in canvas pixels; none at all where the detector needs none."""

    def alone(self, i: int) -> "Group":
        """Return image `i` by itself, on the same canvas."""
        only = slice(i, i + 1)
        return Group(self.canvas[only], self.image_size[only], self.proposals[only])

    def named(self, i: int) -> str:
        """Return the sizes of image `i` in words, and how many proposals it has."""
        (height, width), (_, rows, columns, _) = self.image_size[i], self.canvas.shape
        told = f"{width} x {height} px on a canvas of {columns} x {rows} px"
        return f"{told} with {len(self.proposals[i])} proposals" if self.proposals else told

    def feeds(self) -> dict[str, NDArray[Any]]:
        """Return what a graph is given.

        Proposals are filled up with boxes of whole canvases, which would be seen in the answers of
        a graph that takes them for proposals.
        """
        images: dict[str, NDArray[Any]] = {"image": self.canvas, "image_size": self.image_size}
        if not self.proposals:
            return images
        count = [len(boxes) for boxes in self.proposals]
        number, height, width, _ = self.canvas.shape
        filled = np.full((number, max(1, *count), 4), [0, 0, width, height], np.float32)
        for row, boxes in zip(filled, self.proposals, strict=True):
            row[: len(boxes)] = boxes
        return images | {"proposals": filled, "proposal_count": np.array(count, np.int32)}


def on_canvas(
    images: Sequence[Pixels],
    height_px: int,
    width_px: int,
    proposals: Sequence[Boxes] = (),
) -> Group:
    """Return `images` on canvases of the given size, with the proposals of each."""
    canvas = np.zeros((len(images), height_px, width_px, 3), np.uint8)
    for image, row in zip(images, canvas, strict=True):
        place(image, row)
    sizes = [image.shape[:2] for image in images]
    return Group(canvas, np.array(sizes, np.int32).reshape(-1, 2), tuple(proposals))


def groups(
    rule: InputRule, photos: Sequence[Pixels], regions: Regions | None = None
) -> Iterator[Group]:
    """Yield canvases of many sizes, each with images of odd, mutually different sizes.

    Three images fill their canvas as well as the rule's divisor allows, and the fourth is anything
    down to a third of it. Some groups end with an unused canvas, an image of 0 x 0 px.

    Args:
        rule: How images are resized.
        photos: (H, W, 3) RGB; made-up pictures where there are none.
        regions: Which proposals the images come with. None: without any.
    """
    rng = np.random.default_rng(0)
    step = rule.divisor
    most = max(2, min(rule.long_side_px, LONGEST_PX) // step)
    seen: set[tuple[int, int]] = set()
    for number in range(CANVASES):
        height, width = (int(side) * step for side in rng.integers(2, most + 1, 2))
        images: list[Pixels] = []
        proposals: list[Boxes] = []
        while len(images) < ON_EACH:
            low = 1 / 3 if len(images) == ON_EACH - 1 else None
            size = (odd_side(rng, height, step, low), odd_side(rng, width, step, low))
            if size in seen:
                continue
            seen.add(size)
            shown = len(seen) % len(photos) if photos else None
            photo = structured(rng) if shown is None else photos[shown]
            images.append(rule.resize_to(photo, *size))
            if regions:
                proposals.append(regions.of_image(len(seen), shown, *size))
        if number % UNUSED_EVERY == 0:
            images.append(np.zeros((0, 0, 3), np.uint8))
            proposals += [NONE] if regions else []
        yield on_canvas(images, height, width, proposals)


def odd_side(rng: np.random.Generator, side_px: int, step: int, low: float | None) -> int:
    """Return an odd number in the last `step` pixels up to `side_px`, or from `low` of it."""
    least = side_px - step if low is None else int(side_px * low)
    return int(rng.integers(least // 2, side_px // 2)) * 2 + 1


def structured(rng: np.random.Generator) -> Pixels:
    """Return a picture of 240 x 320 px: rectangles and blobs at many scales, and noise.

    Flat areas are avoided: there many anchors have the same score to the last bit.
    """
    picture = np.full((240, 320, 3), 110, np.float32)
    for cells in (4, 12, 40, 120):
        coarse = rng.normal(0, 25, (cells, cells, 3)).astype(np.float32)
        picture += cv2.resize(coarse, (320, 240), interpolation=cv2.INTER_CUBIC)
    for _ in range(12):
        y, x = rng.integers(0, 220), rng.integers(0, 300)
        height, width = rng.integers(8, 120, 2)
        picture[y : y + height, x : x + width] += rng.normal(0, 70, 3)
    return np.clip(picture + rng.normal(0, 6, picture.shape), 0, 255).astype(np.uint8)
