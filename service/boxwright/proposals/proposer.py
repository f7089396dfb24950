"""Making the proposals of a request: on threads of their own, or by another model."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from boxwright.batching import Batcher
from boxwright.deadline import Deadline
from boxwright.imaging import Resized
from boxwright.proposals.plan import ByModel, BySource, Plan
from boxwright.proposals.sent import Sent
from boxwright.workers import Workers
from boxwright_contract.proposal_rule import proposals_of


@dataclass(frozen=True, kw_only=True)
class Proposals:
    """Where a model is to look in one image."""

    boxes: NDArray[np.float32]
    """(P, 4): x1, y1, x2, y2 in pixels of the upright image, best first."""
    given_by: str
    """The source or the model. Empty: the request."""
    queue_ms: float
    proposals_ms: float


class Proposer:
    """Makes proposals beside what the device does for other requests."""

    def __init__(self, batcher: Batcher, threads: int) -> None:
        self._batcher = batcher
        self._workers = Workers(threads, "propose")

    async def propose(self, plan: Plan, seen: Resized, deadline: Deadline) -> Proposals:
        """Return the proposals for an image, of which `seen` is what proposes looks at.

        Raises:
            BadPlugin: A source failed, or gave what are no boxes.
            BadProposals: The caller's boxes are not boxes in that image.
            DeadlinePassed: It was too late before proposing.
        """
        match plan:
            case Sent():
                boxes = plan.boxes(seen.height_px, seen.width_px)
                return Proposals(boxes=boxes, given_by="", queue_ms=0, proposals_ms=0)
            case BySource():
                return await self._by_source(plan, seen, deadline)
            case ByModel():
                return await self._by_model(plan, seen, deadline)

    def close(self) -> None:
        """End the threads. Nothing may be waiting."""
        self._workers.close()

    async def _by_source(self, plan: BySource, seen: Resized, deadline: Deadline) -> Proposals:
        done = await self._workers.do(
            lambda: proposals_of(plan.source, seen.pixels, plan.rule.limit),
            deadline,
            "regions were proposed",
        )
        return Proposals(
            boxes=seen.to_image(done.value),
            given_by=plan.source.name,
            queue_ms=done.waited_ms,
            proposals_ms=seen.resize_ms + done.spent_ms,
        )

    async def _by_model(self, plan: ByModel, seen: Resized, deadline: Deadline) -> Proposals:
        found = await self._batcher.detect(plan.model, seen.pixels, deadline)
        return Proposals(
            boxes=seen.to_image(found.boxes[: plan.limit]),
            given_by=plan.model.bundle.name,
            queue_ms=found.queue_ms,
            proposals_ms=seen.resize_ms + found.inference_ms,
        )
