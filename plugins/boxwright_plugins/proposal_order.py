"""The order of proposals: which boxes stay when a limit cuts off the rest.

Two rules. A box is as good as the sum of its places by size, by colour contrast with its
surroundings, and by how much stronger edges are inside its border than outside. And boxes that
nearly repeat a better one wait for the next round, so that the first boxes cover the image.
"""

import numpy as np
from numpy.typing import NDArray

from boxwright_plugins.proposal_cues import Boxes, Cue, areas, colour_contrast, edges_inside

REPEATS = 0.7
"""A box repeats another above this intersection over union."""


def best_first(boxes: Boxes, image: NDArray[np.uint8], limit: int) -> NDArray[np.float32]:
    """Return the best of `boxes`, in an order that depends on them and the image alone.

    Args:
        boxes: (P, 4) x1, y1, x2, y2 in pixels, each with an area, no two the same.
        image: (H, W, 3) RGB.
        limit: The most to return. A lower limit gives the first ones of a higher.
    """
    cues = areas(boxes), colour_contrast(boxes, image), edges_inside(boxes, image)
    worth = sum(_places(cue) for cue in cues)
    ranked = boxes[np.lexsort((*boxes.T, -worth))].astype(np.float32)
    return ranked[_rounds(ranked, limit)]


def _places(cue: Cue) -> NDArray[np.int64]:
    """Return the place (P,) of each value, from the least; equal ones share theirs."""
    return np.searchsorted(np.sort(cue), cue)


def _rounds(boxes: NDArray[np.float32], limit: int) -> list[int]:
    """Return positions of `boxes`: in each round those that repeat none of that round."""
    chosen: list[int] = []
    waiting = np.arange(len(boxes))
    while len(waiting) and len(chosen) < limit:
        here = boxes[waiting]
        repeated, taken = np.zeros(len(waiting), bool), np.zeros(len(waiting), bool)
        for place in range(len(waiting)):
            if not repeated[place] and len(chosen) < limit:
                chosen.append(int(waiting[place]))
                taken[place] = True
                repeated[place:] |= _overlaps(here[place], here[place:]) > REPEATS
        waiting = waiting[~taken]
    return chosen


def _overlaps(box: NDArray[np.float32], boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the intersection over union (P,) of a box (4,) with each of `boxes` (P, 4)."""
    low, high = np.maximum(boxes[:, :2], box[:2]), np.minimum(boxes[:, 2:], box[2:])
    common = np.maximum(high - low, 0).prod(axis=1)
    both = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1) + (box[2:] - box[:2]).prod()
    overlaps: NDArray[np.float32] = common / (both - common)
    return overlaps
