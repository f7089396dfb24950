"""Making the proposals of a request: on threads of their own, or by another model."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from boxwright.batching import Batcher
from boxwright.deadline import Deadline
from boxwright.imaging import resize
from boxwright.proposals.plan import ByModel, BySource, Plan
from boxwright.proposals.sent import Sent
from boxwright.workers import Workers
from boxwright_contract.errors import BadPlugin
from boxwright_contract.proposal_rule import propose

Pixels = NDArray[np.uint8]


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

    async def propose(self, plan: Plan, upright: Pixels, deadline: Deadline) -> Proposals:
        """Return the proposals for an upright image (H, W, 3).

        Raises:
            BadProposals: The caller's boxes are not boxes in that image.
            DeadlinePassed: It was too late before proposing.
        """
        match plan:
            case Sent():
                return Proposals(
                    boxes=plan.boxes(*upright.shape[:2]), given_by="", queue_ms=0, proposals_ms=0
                )
            case BySource():
                return await self._by_source(plan, upright, deadline)
            case ByModel():
                return await self._by_model(plan, upright, deadline)

    def close(self) -> None:
        """End the threads. Nothing may be waiting."""
        self._workers.close()

    async def _by_source(self, plan: BySource, upright: Pixels, deadline: Deadline) -> Proposals:
        done = await self._workers.do(
            lambda: _sound(propose(plan.source, upright, plan.rule), plan),
            deadline,
            "regions were proposed",
        )
        return Proposals(
            boxes=done.value,
            given_by=plan.source.name,
            queue_ms=done.waited_ms,
            proposals_ms=done.spent_ms,
        )

    async def _by_model(self, plan: ByModel, upright: Pixels, deadline: Deadline) -> Proposals:
        bundle = plan.model.bundle
        resized = await self._workers.do(
            lambda: resize(upright, bundle.card.input), deadline, "regions were proposed"
        )
        found = await self._batcher.detect(plan.model, resized.value.pixels, deadline)
        return Proposals(
            boxes=resized.value.to_image(found.boxes[: plan.limit]),
            given_by=bundle.name,
            queue_ms=resized.waited_ms + found.queue_ms,
            proposals_ms=resized.spent_ms + found.inference_ms,
        )


def _sound(boxes: NDArray[np.float32], plan: BySource) -> NDArray[np.float32]:
    """Return what a source proposed, if it kept its contract."""
    if len(boxes) > plan.rule.limit or not np.isfinite(boxes).all():
        raise BadPlugin(
            f"the proposal source '{plan.source.name}' gave {len(boxes)} boxes for a limit of "
            f"{plan.rule.limit}, or not only numbers. Run `boxwright plugins check "
            f"{plan.source.name}`."
        )
    return boxes
