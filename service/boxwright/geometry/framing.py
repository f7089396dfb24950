"""An image as sent, resized, and on its canvas: the sizes, and the way between their pixels."""

from dataclasses import dataclass
from typing import TypeAlias

from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.regions import Edges
from boxwright_contract.input_rule import InputRule
from boxwright_contract.parts import Backbone, RegionLevel

Size: TypeAlias = tuple[int, int]
"""Height and width, in pixels."""
LONGEST_SIDE = 2**32 - 1
"""Sizes travel as 32-bit integers."""


@dataclass(frozen=True)
class Framing:
    """The sizes that one image has on its way into a model."""

    image: Size
    """Upright, as sent."""
    resized: Size
    canvas: Size
    """The resized image sits at its top left."""

    @classmethod
    def of(cls, rule: InputRule, height_px: int, width_px: int) -> "Framing":
        """Return the framing of an upright image of that size.

        Raises:
            BadInput: A side is not at least 1.
        """
        if height_px < 1 or width_px < 1:
            raise BadInput(
                f"the image size is {width_px} x {height_px} px. Send that of an image, at least "
                "1 x 1 px."
            )
        resized = rule.resized(height_px, width_px)
        return cls((height_px, width_px), resized, rule.canvas(*resized))

    def grid(self, level: RegionLevel) -> Size:
        """Return the rows and columns of a feature map."""
        return grid(self.canvas, level.stride)

    def to_image(self, edges: Edges) -> Edges:
        """Return edges on the canvas in pixels of the image as sent."""
        down, across = self._ratios()
        x1, y1, x2, y2 = edges
        return x1 * across, y1 * down, x2 * across, y2 * down

    def to_canvas(self, edges: Edges) -> Edges:
        """Return edges on the image as sent in pixels of the canvas."""
        down, across = self._ratios()
        x1, y1, x2, y2 = edges
        return x1 / across, y1 / down, x2 / across, y2 / down

    def _ratios(self) -> tuple[float, float]:
        """Pixels of the image for each of the canvas: down, across."""
        return self.image[0] / self.resized[0], self.image[1] / self.resized[1]


def grid(canvas: Size, stride: int) -> Size:
    """Return the rows and columns of a feature map of that stride.

    A stride that is more than the canvas is a multiple of counts a last cell that is cut off.
    """
    return -(-canvas[0] // stride), -(-canvas[1] // stride)


def checked_canvas(canvas: Size, backbone: Backbone) -> Size:
    """Return `canvas` if it is one that `backbone` takes.

    Raises:
        BadInput: A side is no multiple of the largest stride, or over 2**32 - 1.
    """
    if max(canvas) > LONGEST_SIDE:
        raise BadInput(
            f"the canvas is {canvas[1]} x {canvas[0]} px, and a side has at most {LONGEST_SIDE}. "
            "Send a smaller one."
        )
    step = max(level.stride for level in backbone.levels)
    if any(side < 1 or side % step for side in canvas):
        height, width = canvas
        raise BadInput(
            f"the canvas is {width} x {height} px, and {backbone.name} takes sides that are "
            f"multiples of {step}. Send such."
        )
    return canvas
