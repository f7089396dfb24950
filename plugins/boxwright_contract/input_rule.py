"""How an image becomes a canvas: the one resize rule that training, export and serving share.

The size rule is exact integer arithmetic, because a scale that is rounded differently in two
places moves an image by a pixel and changes detections. Boxes scale back by the actual ratio of
the rounded sizes, for each axis.
"""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class InputRule:
    """What a model expects of an image's size."""

    short_side_px: int
    """The short side after resizing, unless the long side would grow past its limit."""
    long_side_px: int
    """The most that the long side may measure after resizing."""
    divisor: int
    """Canvas sides are multiples of this, the largest stride of the network."""
    interpolation: Literal["bilinear", "bicubic"] = "bilinear"
    antialias: bool = True
    """Average over the covered area when an image is reduced."""
    colour: Literal["rgb"] = "rgb"
    """Order of the channels that the graph takes; what the weights want is done inside it."""
    orientation: Literal["upright"] = "upright"
    """EXIF orientation is applied before anything else."""

    def resized(self, height_px: int, width_px: int) -> tuple[int, int]:
        """Return the height and width of an image after resizing, both at least 1.

        Example:
            >>> InputRule(short_side_px=320, long_side_px=448, divisor=32).resized(480, 640)
            (320, 426)

        Source:
            The rule of Faster R-CNN (arXiv:1506.01497, section 3.3), in integers.
        """
        short, long = sorted((height_px, width_px))
        up, down = self.short_side_px, short
        if long * up > self.long_side_px * down:
            up, down = self.long_side_px, long
        return max(1, height_px * up // down), max(1, width_px * up // down)

    def canvas(self, height_px: int, width_px: int) -> tuple[int, int]:
        """Return the sides of the smallest canvas that holds a resized image."""
        step = self.divisor
        return -(-height_px // step) * step, -(-width_px // step) * step

    def resize(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return `pixels` (H, W, 3) at the size that `resized` tells."""
        height, width = pixels.shape[:2]
        return self.resize_to(pixels, *self.resized(height, width))

    def resize_to(
        self, pixels: NDArray[np.uint8], height_px: int, width_px: int
    ) -> NDArray[np.uint8]:
        """Return `pixels` (H, W, 3) at a given size, with this rule's interpolation."""
        height, width = pixels.shape[:2]
        if (height, width) == (height_px, width_px):
            return pixels
        kernel = cv2.INTER_CUBIC if self.interpolation == "bicubic" else cv2.INTER_LINEAR
        if self.antialias and height_px <= height and width_px <= width:
            kernel = cv2.INTER_AREA
        return cv2.resize(pixels, (width_px, height_px), interpolation=kernel)  # type: ignore[return-value]


def place(pixels: NDArray[np.uint8], canvas: NDArray[np.uint8]) -> None:
    """Copy `pixels` (h, w, 3) to the top left of `canvas` (H, W, 3), which must be zero."""
    height, width = pixels.shape[:2]
    canvas[:height, :width] = pixels
