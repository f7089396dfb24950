"""What suppression leaves."""

from typing import NamedTuple

from torch import Tensor

from boxwright_plugins.graph.operators import quotient
from boxwright_plugins.graph.selection import best, rows_at


class Survivors(NamedTuple):
    """The best of each image, best first. Where there are fewer than D, rows score 0 or less."""

    boxes: Tensor
    """(N, D, 4)."""
    scores: Tensor
    """(N, D)."""
    classes: Tensor
    """(N, D) int64."""
    rows: Tensor
    """(N, D) int64: which of the P rows each comes from."""


def best_survivors(boxes: Tensor, scores: Tensor, most: int) -> Survivors:
    """Return the best of boxes (N, P, K, 4) that score (N, P, K), DROPPED if they do not survive.

    Args:
        boxes: Of each row and class.
        scores: Of the same.
        most: D.
    """
    images, _, classes = scores.shape
    values, positions = best(scores.flatten(1), most)
    return Survivors(
        rows_at(boxes.reshape(images, -1, 4), positions),
        values,
        positions % classes,
        quotient(positions, classes),
    )
