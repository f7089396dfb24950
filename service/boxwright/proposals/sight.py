"""What proposes sees of an image: made as soon as it is decoded, so that it need not be kept."""

import time

import numpy as np
from numpy.typing import NDArray

from boxwright.imaging import Resized, resize
from boxwright.proposals.plan import ByModel, BySource, Plan
from boxwright.proposals.sent import Sent
from boxwright_contract.proposal_rule import reduced


def seen_by(plan: Plan | None, upright: NDArray[np.uint8], resized: Resized) -> Resized:
    """Return what proposes looks at.

    Args:
        plan: Where the proposals come from.
        upright: The image (H, W, 3).
        resized: The same for the model that needs the proposals. What nobody else looks at is
            this one.
    """
    match plan:
        case BySource():
            began = time.perf_counter()
            pixels = reduced(upright, plan.rule)
            spent_ms = (time.perf_counter() - began) * 1e3
            height, width = upright.shape[:2]
            return Resized(pixels=pixels, height_px=height, width_px=width, resize_ms=spent_ms)
        case ByModel():
            return resize(upright, plan.model.bundle.card.input)
        case Sent() | None:
            return resized
