"""What a server answered, and whether it is what the model answers without one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

SURE = 0.7
"""Where the precision is reduced, only what scores so much must be found again."""
LEAST_OVERLAP = 0.5
WORST_BOX_PX = 0.5
WORST_SCORE = 0.005


@dataclass(frozen=True)
class Answer:
    """The objects in one photo, best first."""

    boxes: NDArray[np.float32]
    """(n, 4): x1, y1, x2, y2 in pixels of the photo."""
    scores: NDArray[np.float32]
    """(n,)"""

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> "Answer":
        """Return an answer from what JSON has."""
        boxes = np.array(plain["boxes"], np.float32).reshape(-1, 4)
        return cls(boxes, np.array(plain["scores"], np.float32))


def difference(found: Answer, expected: Answer, *, exact: bool) -> str:
    """Return in what an answer differs from what is expected; empty where it does not.

    Args:
        found: What the server answered.
        expected: What the model answers at float32.
        exact: Whether the server computed at float32 too.
    """
    if not exact:
        return _missing(found, expected)
    if len(found.scores) != len(expected.scores):
        return f"{len(found.scores)} detections, not {len(expected.scores)}"
    if not len(found.scores):
        return ""
    box_px = float(np.abs(found.boxes - expected.boxes).max())
    score = float(np.abs(found.scores - expected.scores).max())
    if box_px > WORST_BOX_PX or score > WORST_SCORE:
        return f"a box is off by {box_px:.3f} px, a score by {score:.4f}"
    return ""


def _missing(found: Answer, expected: Answer) -> str:
    sure = expected.boxes[expected.scores >= SURE]
    lost = sum(_best_overlap(box, found.boxes) < LEAST_OVERLAP for box in sure)
    return f"{lost} of {len(sure)} sure detections are missing" if lost else ""


def _best_overlap(box: NDArray[np.float32], others: NDArray[np.float32]) -> float:
    if not len(others):
        return 0.0
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    common = np.prod(np.maximum(high - low, 0), axis=1)
    areas = np.prod(others[:, 2:] - others[:, :2], axis=1) + np.prod(box[2:] - box[:2])
    return float((common / (areas - common)).max())
