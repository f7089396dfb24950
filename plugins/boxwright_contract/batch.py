"""What detectors learn from, and what they answer.

Shape shorthand in this module:

    N: images in a batch          H, W: height and width of a canvas, in pixels
    P: proposals of an image      K: classes, background not counted
    G: true boxes of an image     D: detections of an image
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

Losses = Mapping[str, "Tensor"]


@dataclass(frozen=True)
class Batch:
    """Images on canvases of one size, as detectors take them."""

    canvas: Tensor
    """(N, H, W, 3) uint8 RGB; each image sits at the top left of its canvas, the rest is 0."""
    image_size: Tensor
    """(N, 2) int32: height and width of the used part of each canvas, in pixels."""
    proposals: tuple[Tensor, ...] = ()
    """For each image (P, 4) float32: x1, y1, x2, y2 in canvas pixels, best first, P of its own.

    None at all where the detector needs none.
    """


@dataclass(frozen=True)
class Truth:
    """The annotated boxes of one image."""

    boxes: Tensor
    """(G, 4) float32: x1, y1, x2, y2 in canvas pixels."""
    labels: Tensor
    """(G,) int64 in 0..K-1."""


@dataclass(frozen=True)
class Detections:
    """What was found in one image, best first."""

    boxes: Tensor
    """(D, 4) float32: x1, y1, x2, y2 in canvas pixels."""
    scores: Tensor
    """(D,) float32 in 0..1."""
    labels: Tensor
    """(D,) int64 in 0..K-1."""
    proposals: Tensor | None = None
    """(D,) int64 in 0..P-1: the position of the proposal that each comes from.

    None only where the detector needs no proposals.
    """
