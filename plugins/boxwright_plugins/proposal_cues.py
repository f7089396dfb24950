"""What tells that a box holds a whole object: its size, its colour, the edges near its border.

Shape shorthand: P boxes; H, W height and width of the image.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

BORDER = 8
"""Inside and outside, the border of a box is one part in this many of its sides wide."""

Boxes = NDArray[np.int32]
"""(P, 4): x1, y1, x2, y2 in pixels."""
Cue = NDArray[np.float64]
"""(P,): more is better."""


def areas(boxes: Boxes) -> Cue:
    """Return the pixels of each box."""
    area: Cue = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1, dtype=np.float64)
    return area


def colour_contrast(boxes: Boxes, image: NDArray[np.uint8]) -> Cue:
    """Return how far, in Lab, the mean colour of each box is from that of its surroundings.

    Args:
        boxes: Inside the image.
        image: (H, W, 3) RGB.

    Source:
        Alexe, Deselaers & Ferrari 2012, doi 10.1109/TPAMI.2012.28, section 2.2, with means in
        place of histograms.
    """
    table = _integral(cv2.cvtColor(image, cv2.COLOR_RGB2LAB))
    outer = _grown(boxes, image)
    inside, around = areas(boxes)[:, None], (areas(outer) - areas(boxes))[:, None]
    within = _sums(table, boxes)
    means = within / inside, (_sums(table, outer) - within) / np.maximum(around, 1)
    contrast: Cue = np.where(around[:, 0] > 0, np.linalg.norm(means[0] - means[1], axis=1), 0)
    return contrast


def edges_inside(boxes: Boxes, image: NDArray[np.uint8]) -> Cue:
    """Return how much stronger edges are just inside the border of each box than just outside.

    Args:
        boxes: Inside the image.
        image: (H, W, 3) RGB.

    Source:
        Alexe, Deselaers & Ferrari 2012, doi 10.1109/TPAMI.2012.28, section 2.3 (edge density),
        less what crosses the border, as in Zitnick & Dollar 2014,
        doi 10.1007/978-3-319-10602-1_26.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    edges = cv2.magnitude(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))
    table = _integral(edges)[..., None]
    outside = _density(table, _grown(boxes, image), boxes)
    difference: Cue = _density(table, boxes, _shrunk(boxes)) - outside
    return difference


def _density(table: NDArray[np.float64], boxes: Boxes, holes: Boxes) -> Cue:
    """Return the mean of the boxes' pixels that are not in the holes; 0 where there are none."""
    sums = (_sums(table, boxes) - _sums(table, holes))[:, 0]
    density: Cue = sums / np.maximum(areas(boxes) - areas(holes), 1)
    return density


def _integral(values: Any) -> NDArray[np.float64]:  # noqa: ANN401 - OpenCV's array
    """Return the sums of all that is above and to the left, one row and one column more."""
    return np.asarray(cv2.integral(values, sdepth=cv2.CV_64F), np.float64)


def _sums(table: NDArray[np.float64], boxes: Boxes) -> NDArray[np.float64]:
    """Return the sums (P, channels) in each box, of an integral image (H + 1, W + 1, channels)."""
    x1, y1, x2, y2 = boxes.T
    sums: NDArray[np.float64] = table[y2, x2] - table[y1, x2] - table[y2, x1] + table[y1, x1]
    return sums


def _border(boxes: Boxes) -> Boxes:
    """Return the width (P, 2) of each box's border, at least 1."""
    return np.maximum((boxes[:, 2:] - boxes[:, :2]) // BORDER, 1)


def _grown(boxes: Boxes, image: NDArray[np.uint8]) -> Boxes:
    border, (height, width) = _border(boxes), image.shape[:2]
    grown = np.concatenate([boxes[:, :2] - border, boxes[:, 2:] + border], axis=1)
    return np.clip(grown, 0, [width, height] * 2).astype(np.int32)


def _shrunk(boxes: Boxes) -> Boxes:
    """Return the boxes without their borders; one that is all border keeps nothing."""
    border = _border(boxes)
    low = np.minimum(boxes[:, :2] + border, boxes[:, 2:])
    return np.concatenate([low, np.maximum(boxes[:, 2:] - border, low)], axis=1)
