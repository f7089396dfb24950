"""Sliding windows: a grid of boxes of many sizes and shapes, whatever the image shows.

It costs next to nothing, and finds only what happens to be shaped like a window.

Source: Viola & Jones 2001, "Rapid Object Detection using a Boosted Cascade of Simple Features",
doi 10.1109/CVPR.2001.990517, section 5 (windows at every scale, moved by a share of their side).
"""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from boxwright_contract.hookspecs import hookimpl
from boxwright_contract.parts import ProposalSource

RATIOS = (1.0, 0.5, 2.0)
"""Height over width of the windows."""
SHRINKING = 2**-0.5
"""From one size of the windows to the next."""
STEP = 0.25
"""From one window to the next, as a share of its side."""
LEAST_SIDE = 0.02
"""The smallest windows' sides, as a share of the image's longest."""


def propose(image: NDArray[np.uint8], limit: int) -> NDArray[np.float32]:
    """Return windows over an image (H, W, 3), the largest first."""
    height, width = image.shape[:2]
    found = [np.array([[0, 0, width, height]], np.float32)]
    for rows, columns in _sizes(height, width):
        if sum(map(len, found)) >= limit:
            break
        found.append(_windows(rows, columns, height, width))
    return np.concatenate(found)[:limit]


def _sizes(height: int, width: int) -> Iterator[tuple[float, float]]:
    """Yield height and width of windows smaller than the image, large ones first."""
    side, least = float(min(height, width)), max(1.0, LEAST_SIDE * max(height, width))
    while side >= min(least, height, width):
        for ratio in RATIOS:
            rows, columns = side * ratio**0.5, side * ratio**-0.5
            if rows <= height and columns <= width and (rows, columns) != (height, width):
                yield rows, columns
        side *= SHRINKING


def _windows(rows: float, columns: float, height: int, width: int) -> NDArray[np.float32]:
    """Return the windows of one size, row by row, evenly spread from edge to edge."""
    top = np.linspace(0, height - rows, 1 + math.ceil((height - rows) / (STEP * rows)))
    left = np.linspace(0, width - columns, 1 + math.ceil((width - columns) / (STEP * columns)))
    y, x = np.meshgrid(top, left, indexing="ij")
    windows = np.stack([x, y, x + columns, y + rows], axis=-1).reshape(-1, 4)
    clipped: NDArray[np.float32] = np.clip(windows, 0, [width, height] * 2).astype(np.float32)
    return clipped


@hookimpl
def boxwright_proposals() -> list[ProposalSource]:
    """Offer the sliding windows."""
    return [
        ProposalSource(
            name="sliding_window",
            propose=propose,
            source="Viola & Jones 2001, doi 10.1109/CVPR.2001.990517",
        )
    ]
