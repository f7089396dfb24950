"""What a query is told."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from boxwright.geometry.views import Origin
from boxwright.proposals.proposer import Proposals
from boxwright.shelf.bundle import Bundle


@dataclass(frozen=True, kw_only=True)
class StageTimes:
    """Where the time went, in milliseconds."""

    decode_ms: float
    resize_ms: float
    proposals_ms: float
    """0 where there were none to make."""
    queue_ms: float
    inference_ms: float
    total_ms: float


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The objects found in one image, best first."""

    bundle: Bundle
    """The model that answered."""
    height_px: int
    """Of the upright image."""
    width_px: int
    boxes: NDArray[np.float32]
    """(n, 4): x1, y1, x2, y2 in pixels of the upright image."""
    scores: NDArray[np.float32]
    """(n,) in 0..1"""
    labels: NDArray[np.int32]
    """(n,): positions in the card's classes."""
    origins: tuple[Origin, ...]
    """n, or none where the query asked for none, or the model needs proposals."""
    proposals: Proposals | None
    """Those that the model was given, if it needs them."""
    proposal_of: NDArray[np.int32] | None
    """(n,): the position of the proposal that each comes from, if there are proposals."""
    times: StageTimes
    batch_images: int
    """How many images the model run had, this one included."""
