"""What one cell sees, drawn on the image: the rest dimmed, its boxes outlined, and a legend."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from boxwright.client.geometry_answers import CellView
from boxwright.drawing import BLACK, WHITE, Colour
from boxwright_contract.geometry.regions import Edges

Pixels = NDArray[np.uint8]

REGION: Colour = (64, 224, 255)
EFFECTIVE: Colour = (255, 176, 32)
ANCHOR: Colour = (255, 96, 192)
CELL: Colour = (160, 255, 96)
PAPER: Colour = (24, 26, 30)
DIMMED = 0.35
"""Of the brightness outside the region."""


@dataclass(frozen=True)
class Mark:
    """Boxes of one kind, and what the legend says of them."""

    text: str
    colour: Colour
    boxes: tuple[Edges, ...]
    thin: bool = False


def draw_cell(pixels: Pixels, view: CellView, own_px: Edges, title: str) -> Pixels:
    """Return a copy of `pixels` (H, W, 3) RGB with `view` drawn on it, and a legend below.

    Args:
        pixels: The upright image.
        view: What the cell sees.
        own_px: The square of the image that is the cell's own.
        title: Which cell it is.
    """
    marks = _marks(view, own_px)
    drawn = _dimmed(pixels, view.region_px)
    line_px = max(1, round(min(pixels.shape[:2]) / 200))
    for mark in marks:
        for edges in mark.boxes:
            _outline(drawn, edges, mark.colour, line_px, rim=not mark.thin)
    return _with_legend(drawn, title, marks)


def _marks(view: CellView, own_px: Edges) -> list[Mark]:
    """Return what is drawn, the last on top."""
    if view.region_px is None:
        marks = [Mark("sees nothing: it lies over padding", REGION, ())]
    else:
        besides = ", and the whole image through gates" if view.whole_besides else ""
        marks = [Mark(f"sees {_size(view.region_px)}{besides}", REGION, (view.region_px,))]
    if view.effective_px is not None:
        text = f"95 % of the gradient in {_size(view.effective_px)}"
        marks.append(Mark(text, EFFECTIVE, (view.effective_px,)))
    if view.anchors_px:
        text = "1 anchor" if len(view.anchors_px) == 1 else f"{len(view.anchors_px)} anchors"
        marks.append(Mark(text, ANCHOR, view.anchors_px, thin=True))
    return [*marks, Mark(f"the cell, {_size(own_px)}", CELL, (own_px,))]


def _size(edges: Edges) -> str:
    x1, y1, x2, y2 = edges
    return f"{x2 - x1:.0f} x {y2 - y1:.0f} px"


def _dimmed(pixels: Pixels, region_px: Edges | None) -> Pixels:
    drawn = (pixels * DIMMED).astype(np.uint8)
    if region_px is not None:
        left, top, right, bottom = (round(edge) for edge in region_px)
        drawn[top:bottom, left:right] = pixels[top:bottom, left:right]
    return drawn


def _outline(drawn: Pixels, edges: Edges, colour: Colour, line_px: int, *, rim: bool) -> None:
    """Draw a box; a dark rim makes it show on any background, without one it is thinner."""
    left, top, right, bottom = (round(edge) for edge in edges)
    corners = (left, top), (max(right - 1, left), max(bottom - 1, top))
    if rim:
        cv2.rectangle(drawn, *corners, BLACK, line_px + 2)
    cv2.rectangle(drawn, *corners, colour, line_px if rim else max(1, line_px - 1))


def _with_legend(drawn: Pixels, title: str, marks: Sequence[Mark]) -> Pixels:
    """Return the picture on a sheet that has room for the legend below."""
    height, width = drawn.shape[:2]
    text_px = max(12, round(min(height, width) / 28))
    font = ImageFont.load_default(size=text_px)
    step, pad = round(text_px * 1.5), round(text_px * 0.6)
    words = [title, *(mark.text for mark in marks)]
    indent = 2 * text_px
    sheet_width = max(width, round(max(map(font.getlength, words))) + indent + 2 * pad)
    sheet = Image.new("RGB", (sheet_width, height + step * len(words) + 2 * pad), PAPER)
    sheet.paste(Image.fromarray(drawn))
    canvas = ImageDraw.Draw(sheet)
    top = height + pad
    canvas.text((pad, top), title, font=font, fill=WHITE)
    for row, mark in enumerate(marks, start=1):
        y = top + row * step
        swatch = (pad, y + text_px // 4, pad + text_px, y + text_px)
        canvas.rectangle(swatch, outline=mark.colour, width=max(1, text_px // 6))
        canvas.text((pad + indent, y), mark.text, font=font, fill=WHITE)
    return np.asarray(sheet)
