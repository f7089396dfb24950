"""Proposals that came with a request: are they boxes in its image?"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from boxwright_contract.errors import BadProposals

TOLERANCE_PX = 1
"""A box that reaches this far out of the image is cut off; one that reaches farther is wrong."""

Masks = NDArray[np.bool_]


@dataclass(frozen=True)
class Sent:
    """The caller's own boxes."""

    edges_px: Sequence[float] = field(repr=False)
    """Four numbers each, in pixels of the upright image."""
    most: int
    """This server takes."""
    limit: int
    """How many are used, from the first."""

    def boxes(self, height_px: int, width_px: int) -> NDArray[np.float32]:
        """Return the boxes (P, 4) that are used, cut off at the borders of the image.

        Raises:
            BadProposals: One is not a box in an image of that size; it names the first.
        """
        boxes = np.array(self.edges_px, np.float32).reshape(-1, 4)
        edge = np.array([width_px, height_px] * 2, np.float32)
        clipped: NDArray[np.float32] = np.clip(boxes, 0, edge)
        outside = ((boxes < -TOLERANCE_PX) | (boxes > edge + TOLERANCE_PX)).any(axis=1)
        faults = {
            "has a number that is not finite": ~np.isfinite(boxes).all(axis=1),
            "is inverted or empty": ~_have_area(boxes),
            "lies outside the image": outside | ~_have_area(clipped),
        }
        bad = np.stack(list(faults.values()))
        if bad.any():
            first = int(bad.any(axis=0).argmax())
            fault = list(faults)[int(bad[:, first].argmax())]
            edges = ", ".join(f"{edge:g}" for edge in boxes[first])
            raise BadProposals(
                f"proposal {first}, ({edges}) px, {fault}. Send x_min, y_min, x_max, y_max, the "
                f"minima below the maxima, in the image of {width_px} x {height_px} px; at most "
                f"{self.most} of them."
            )
        return clipped[: self.limit]


def check_number(numbers: int, most: int) -> None:
    """Refuse numbers that are not those of boxes, or of too many.

    Raises:
        BadProposals: It tells how many came, and the limit.
    """
    boxes, rest = divmod(numbers, 4)
    if rest:
        raise BadProposals(
            f"the proposals are {numbers} numbers: proposal {boxes}, the last, has {rest}. Send 4 "
            f"for each, x_min, y_min, x_max, y_max; at most {most} proposals."
        )
    if boxes > most:
        raise BadProposals(
            f"the request has {boxes} proposals, and this server takes {most}: proposal {most} is "
            "the first too many. Send fewer, or raise the server's BOXWRIGHT_MAX_PROPOSALS."
        )


def _have_area(boxes: NDArray[np.float32]) -> Masks:
    mask: Masks = (boxes[:, 0] < boxes[:, 2]) & (boxes[:, 1] < boxes[:, 3])
    return mask
