"""Where a model's proposals come from: the one rule that training, export and serving share."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from boxwright_contract.parts import ProposalSource


@dataclass(frozen=True, kw_only=True)
class ProposalRule:
    """Which source proposes regions, how many, and how large the image is that it looks at.

    The defaults are what `tests/bench/proposals.py` found best for its time: the thorough search of
    a small image finds more objects than the fast one of an image twice as large, as quickly.
    """

    source: str = "selective_search_quality"
    """Name of a proposal source."""
    limit: int = 2000
    """The most proposals of an image."""
    longest_side_px: int = 300
    """A larger image is reduced to this before the source looks at it."""


def propose(
    source: ProposalSource, image: NDArray[np.uint8], rule: ProposalRule
) -> NDArray[np.float32]:
    """Return what `source` proposes for `image`, as `rule` says.

    Args:
        source: The source that the rule names.
        image: (H, W, 3) RGB, upright.
        rule: How many, and at which size of the image.

    Returns:
        (P, 4): x1, y1, x2, y2 in pixels of `image`, best first; P is at most the rule's limit.
    """
    height, width = image.shape[:2]
    longest = max(height, width)
    if longest > rule.longest_side_px:
        rows, columns = (max(1, side * rule.longest_side_px // longest) for side in (height, width))
        image = cv2.resize(image, (columns, rows), interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    rows, columns = image.shape[:2]
    boxes = source.propose(image, rule.limit)
    scale = np.array([width / columns, height / rows] * 2, np.float32)
    edge = np.array([width, height] * 2, np.float32)
    clipped: NDArray[np.float32] = np.clip(boxes * scale, 0, edge)
    return clipped
