"""Regions of an image, each warped to a square of one size with some context around it.

A region is scaled about its centre so that it fills the square but for the context, rounded to
whole pixels, cut to the image and resized bilinearly, without antialiasing; what lies outside the
image stays empty. Sampling positions are whole numbers and quotients of them, so that a runtime
cannot round them otherwise. All regions of a batch are gathered from one table of its pixels: no
image is copied for a region.

Source: Girshick et al. 2014 (arXiv:1311.2524), section 2.1 and appendix A; rcnn_im_crop.m of
rbgirshick/rcnn, whose boxes end with their last pixel where ours end after it.

Shape shorthand:

    N: images      P: regions of an image      R: N * P      S: sides of the square
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

Quotient = Callable[[Tensor, Tensor], Tensor]
"""(dividend, divisor) -> their whole quotient, of int64 that are not negative."""


@dataclass(frozen=True, kw_only=True)
class Square:
    """What regions are warped to."""

    side_px: int
    context_px: int
    """Around the region, of the square."""


class Taps(NamedTuple):
    """Which pixels of an image the cells of squares blend, along one axis."""

    first: Tensor
    """(R, S) int64."""
    second: Tensor
    """(R, S) int64: the next pixel, or the same at the end."""
    share: Tensor
    """(R, S) float32: of the second, in 0..1."""
    inside: Tensor
    """(R, S) bool: whether the cell shows the image at all."""


def floored(dividend: Tensor, divisor: Tensor) -> Tensor:
    """Return the whole quotient, in eager torch."""
    return torch.div(dividend, divisor, rounding_mode="floor")


def taps(start: Tensor, end: Tensor, image_px: Tensor, square: Square, quotient: Quotient) -> Taps:
    """Return what the cells of each region's square blend, along one axis.

    Args:
        start: (R,) where regions begin, in 0..image_px.
        end: (R,) where they end, at or after their start.
        image_px: (R,) int64, the side of the image of each.
        square: What they are warped to.
        quotient: Divides whole numbers.
    """
    side = square.side_px
    half = (end - start) * (0.5 * side / (side - 2 * square.context_px))
    centre = (start + end) * 0.5
    low, high = ((edge + 0.5).floor().long() for edge in (centre - half, centre + half))
    image_px = image_px.clamp(min=1)  # a canvas may hold no image
    first = torch.minimum(low.clamp(min=0), image_px - 1)
    length = torch.maximum(torch.minimum(high, image_px) - first, torch.ones_like(first))
    whole = torch.maximum(high - low, length)
    before = quotient(2 * side * (first - low).clamp(min=0) + whole, 2 * whole)
    before = before.clamp(max=side - 1)  # cells of the square, as all that follows
    shown = quotient(2 * side * length + whole, 2 * whole).clamp(min=1)
    shown = torch.minimum(shown, side - before)[:, None]
    cell = torch.arange(side, device=start.device) - before[:, None]
    inside = (cell >= 0) & (cell < shown)
    cell = torch.minimum(cell.clamp(min=0), shown - 1)
    length = length[:, None]
    ahead = (2 * cell + 1) * length + shown  # one pixel further than the cell's centre, times ...
    unit = 2 * shown
    pixel = quotient(ahead, unit)
    share = (ahead - pixel * unit).float() / unit.float()
    near = torch.minimum((pixel - 1).clamp(min=0), length - 1)
    far = torch.minimum(pixel, length - 1)
    return Taps(first[:, None] + near, first[:, None] + far, share, inside)


def warped(
    canvas: Tensor, image_size: Tensor, boxes: Tensor, square: Square, quotient: Quotient
) -> tuple[Tensor, Tensor]:
    """Return each region on a square, and which cells of the square show the image.

    Args:
        canvas: (N, H, W, 3) uint8.
        image_size: (N, 2) height and width of the used part of each canvas.
        boxes: (N, P, 4) regions in canvas pixels; what reaches out of the image is cut off.
        square: What they are warped to.
        quotient: Divides whole numbers.

    Returns:
        (R, S, S, 3) float32 in 0..255 and (R, S, S) bool.
    """
    images, height, width, _ = canvas.shape
    side = square.side_px
    each = image_size.long()[:, None].expand(-1, boxes.shape[1], -1).reshape(-1, 2)
    limit = torch.stack((each[:, 1], each[:, 0], each[:, 1], each[:, 0]), dim=1)
    corners = torch.minimum(boxes.reshape(-1, 4).clamp(min=0), limit.to(boxes.dtype))
    across = taps(corners[:, 0], corners[:, 2], each[:, 1], square, quotient)
    down = taps(corners[:, 1], corners[:, 3], each[:, 0], square, quotient)
    image = torch.arange(images, device=canvas.device)[:, None].expand(-1, boxes.shape[1])
    top = image.reshape(-1, 1) * height
    table = canvas.reshape(-1, 3)

    def pixels(rows: Tensor, columns: Tensor) -> Tensor:
        at = ((top + rows) * width)[:, :, None] + columns[:, None, :]
        return table.index_select(0, at.flatten()).reshape(-1, side, 3 * side).float()

    rightward = across.share[:, :, None].expand(-1, -1, 3).reshape(-1, 1, 3 * side)

    def blended(rows: Tensor) -> Tensor:
        left = pixels(rows, across.first)
        return left + (pixels(rows, across.second) - left) * rightward

    upper = blended(down.first)
    mixed = upper + (blended(down.second) - upper) * down.share[:, :, None]
    inside = down.inside[:, :, None] & across.inside[:, None, :]
    return mixed.reshape(-1, side, side, 3), inside
