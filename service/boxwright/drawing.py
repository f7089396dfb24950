"""Detections drawn on an image: a box for each, and a tag with its label and score."""

import colorsys
from collections.abc import Iterable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from boxwright.client.answers import Detection
from boxwright_contract.geometry.regions import Edges

Colour = tuple[int, int, int]
"""Red, green, blue, each 0 to 255."""

BLACK: Colour = (0, 0, 0)
WHITE: Colour = (255, 255, 255)
FIRST_HUE = 0.42
GOLDEN_RATIO = (5**0.5 - 1) / 2
"""Steps of this part of the circle keep any number of hues apart."""


def draw(pixels: NDArray[np.uint8], detections: Sequence[Detection]) -> NDArray[np.uint8]:
    """Return a copy of `pixels` (H, W, 3) RGB with `detections`, best first, drawn on it."""
    drawn = np.ascontiguousarray(pixels).copy()
    short_side_px = min(drawn.shape[:2])
    line_px = max(1, round(short_side_px / 180))
    for found in reversed(detections):
        _outline(drawn, found, line_px)
    image = Image.fromarray(drawn)
    font = ImageFont.load_default(size=max(11, round(short_side_px / 30)))
    for found in reversed(detections):
        _tag(ImageDraw.Draw(image), found, font, line_px)
    return np.asarray(image)


def outline(
    pixels: NDArray[np.uint8], regions: Iterable[tuple[Edges, Colour]]
) -> NDArray[np.uint8]:
    """Return a copy of `pixels` (H, W, 3) RGB with `regions` drawn on it, lightly, in order."""
    drawn = np.ascontiguousarray(pixels).copy()
    for edges, its_colour in regions:
        x_min, y_min, x_max, y_max = (round(edge) for edge in edges)
        corners = (x_min, y_min), (x_max - 1, y_max - 1)
        cv2.rectangle(drawn, *corners, its_colour, 1)
    blended: NDArray[np.uint8] = cv2.addWeighted(drawn, 0.5, pixels, 0.5, 0)  # type: ignore[assignment]
    return blended


def colour(class_index: int) -> Colour:
    """Return the colour of a class: always the same, and far from those of its neighbours."""
    hue = (FIRST_HUE + class_index * GOLDEN_RATIO) % 1
    red, green, blue = colorsys.hsv_to_rgb(hue, 0.85, 0.95)
    return round(red * 255), round(green * 255), round(blue * 255)


def ink(paper: Colour) -> Colour:
    """Return black or white, whichever reads better on `paper`.

    Source:
        Relative luminance and contrast of WCAG 2.1; both contrasts are equal at 0.179.
    """
    red, green, blue = (_linear(part / 255) for part in paper)
    return BLACK if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 else WHITE


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def _outline(drawn: NDArray[np.uint8], found: Detection, line_px: int) -> None:
    """Draw the box, with a dark rim so that it shows on a background of its own colour."""
    x_min, y_min, x_max, y_max = (round(edge) for edge in found.box_px)
    corners = (x_min, y_min), (x_max - 1, y_max - 1)
    cv2.rectangle(drawn, *corners, BLACK, line_px + 2)
    cv2.rectangle(drawn, *corners, colour(found.class_index), line_px)


def _tag(
    canvas: ImageDraw.ImageDraw,
    found: Detection,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    line_px: int,
) -> None:
    """Write label and score over the box, or inside it where the image ends above."""
    text = f"{found.label} {found.score:.2f}"
    left, top, right, bottom = canvas.textbbox((0, 0), text, font=font)
    pad = line_px + 1
    width, height = right - left + 2 * pad, bottom - top + 2 * pad
    image_width, image_height = canvas.im.size
    x = min(found.box_px[0] - line_px / 2, image_width - width)
    y = found.box_px[1] - height if found.box_px[1] >= height else found.box_px[1]
    x, y = max(0, x), max(0, min(y, image_height - height))
    paper = colour(found.class_index)
    canvas.rectangle((x, y, x + width - 1, y + height - 1), fill=paper)
    canvas.text((x + pad - left, y + pad - top), text, font=font, fill=ink(paper))
