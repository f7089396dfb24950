"""A request that waits for a model run, and what it is told after it."""

import asyncio
import time
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from boxwright.deadline import Deadline
from boxwright.device.model import Outputs
from boxwright_contract.errors import DeadlinePassed


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a model found in one image, best first."""

    boxes: NDArray[np.float32]
    """(n, 4): x1, y1, x2, y2 in pixels of the resized image."""
    scores: NDArray[np.float32]
    """(n,)"""
    labels: NDArray[np.int32]
    """(n,)"""
    origins: NDArray[np.int32] | None
    """(n, 3): which of the card's levels, y, x; of models that need no proposals."""
    proposals: NDArray[np.int32] | None
    """(n,): the position of the proposal that each comes from; of models that need them."""
    queue_ms: float
    """Waiting for the device."""
    inference_ms: float
    """On the device, of the whole batch."""
    batch_images: int
    """How many images the batch had."""

    @classmethod
    def of(cls, outputs: Outputs, index: int, passed_ms: float, inference_ms: float) -> "Found":
        """Return what a run found in the image at `index`, asked `passed_ms` ago."""
        rows = int(outputs.count[index])
        return cls(
            boxes=outputs.boxes[index, :rows],
            scores=outputs.scores[index, :rows],
            labels=outputs.labels[index, :rows],
            origins=None if outputs.origin is None else outputs.origin[index, :rows],
            proposals=None if outputs.proposal is None else outputs.proposal[index, :rows],
            queue_ms=passed_ms - inference_ms,
            inference_ms=inference_ms,
            batch_images=len(outputs.count),
        )


@dataclass(frozen=True, eq=False)
class Waiting:
    """A request that waits for a model run."""

    pixels: NDArray[np.uint8]
    """(h, w, 3), resized."""
    proposals: NDArray[np.float32] | None
    """(P, 4) in pixels of the resized image."""
    deadline: Deadline
    answer: "asyncio.Future[Found]"
    since: float = field(default_factory=time.perf_counter)

    @property
    def dropped(self) -> bool:
        """Whether nobody waits any more."""
        return self.answer.done() or self.deadline.passed

    def may_run(self) -> bool:
        """Return whether somebody still waits; tell who does not, that it is too late."""
        if self.answer.done():
            return False
        try:
            self.deadline.check("the model ran")
        except DeadlinePassed as error:
            self.answer.set_exception(error.with_traceback(None))  # its frames hold the answer
            return False
        return True
