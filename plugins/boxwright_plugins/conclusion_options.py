"""What the end of every detector can be told: from scored boxes to detections."""

from dataclasses import dataclass
from typing import Literal

from boxwright_contract.bounds import Above0, Count, Share, check_bounds

Suppression = Literal["greedy", "soft_linear", "soft_gaussian", "weighted_fusion"]


@dataclass(frozen=True, kw_only=True)
class ConclusionOptions:
    """How the scored boxes of an image become its detections. No parameter depends on it."""

    min_score: Share = 0.05
    """Detections score above this."""
    suppression: Suppression = "greedy"
    """What is done about several boxes of one class on one object.

    "greedy" drops every box that overlaps a better one, "soft_linear" and "soft_gaussian" lower its
    score instead, and "weighted_fusion" makes one of those that overlap, with the best's score.
    """
    suppression_iou: Share = 0.5
    """Boxes overlap if their IoU is above this. "soft_gaussian" does without it."""
    soft_sigma: Above0 = 0.5
    """Of "soft_gaussian": the greater, the less a score is lowered."""
    fused_candidates: Count = 200
    """Of "weighted_fusion": boxes of a class in an image that it looks at, best first.

    Each is a step in the exported graph, as is each detection of the soft ones.
    """
    most_detections: Count = 100
    """Of an image, the best."""

    def __post_init__(self) -> None:
        check_bounds(self)
