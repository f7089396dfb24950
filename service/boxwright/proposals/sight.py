"""What proposes sees of an image: made as soon as it is decoded, so that it need not be kept."""

import time

from boxwright.imaging import Opened, Resized, resize
from boxwright.proposals.plan import ByModel, BySource, Plan
from boxwright.proposals.sent import Sent
from boxwright_contract.proposal_rule import reduced


def seen_by(plan: Plan | None, opened: Opened, resized: Resized) -> Resized:
    """Return what proposes looks at.

    Args:
        plan: Where the proposals come from.
        opened: The image.
        resized: The same for the model that needs the proposals. What nobody else looks at is
            this one.
    """
    match plan:
        case BySource():
            began = time.perf_counter()
            pixels = reduced(opened.pixels, plan.rule)
            spent_ms = (time.perf_counter() - began) * 1e3
            return Resized(
                pixels=pixels,
                height_px=opened.height_px,
                width_px=opened.width_px,
                resize_ms=spent_ms,
            )
        case ByModel():
            return resize(opened, plan.model.bundle.card.input)
        case Sent() | None:
            return resized
