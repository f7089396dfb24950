"""Requests -> batches: what waits for a model when the device becomes free runs together.

Proposals in chunks take many runs for one request. They are made from a thread of their own, one
request at a time, and between them the device does what else is waiting. The other requests of that
kind stand in line, so that who gives up there leaves at once, and takes the image along.
"""

import asyncio
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from boxwright.deadline import Deadline
from boxwright.device_runs import DeviceRuns
from boxwright.model import Model, Outputs, Proposed
from boxwright_contract.errors import DeadlinePassed
from boxwright_contract.input_rule import place

FEW = 64
"""Proposals of an image: up to so many run together; more, with no more than twice as many."""


@dataclass(frozen=True)
class Bucket:
    """What can run together, without much filling."""

    model: Model
    sides: tuple[int, int]
    """Height and width of the canvas."""
    magnitude: int
    """Binary digits of the number of proposals, at least those of `FEW`; 0 where there are none."""

    @classmethod
    def of(
        cls, model: Model, pixels: NDArray[np.uint8], proposals: NDArray[np.float32] | None
    ) -> "Bucket":
        """Return where an image (h, w, 3) and its proposals (P, 4) belong."""
        height, width = pixels.shape[:2]
        magnitude = 0 if proposals is None else (max(FEW, len(proposals)) - 1).bit_length()
        return cls(model, model.bundle.card.input.canvas(height, width), magnitude)

    @property
    def in_chunks(self) -> bool:
        """Whether the proposals of one image take many runs."""
        return self.model.bundle.card.chunk is not None


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


@dataclass(frozen=True, eq=False)
class _Waiting:
    pixels: NDArray[np.uint8]
    proposals: NDArray[np.float32] | None
    deadline: Deadline
    since: float
    answer: asyncio.Future[Found]

    @property
    def dropped(self) -> bool:
        """Whether nobody waits any more."""
        return self.answer.done() or self.deadline.passed


class Batcher:
    """Runs models on one device, one batch at a time, oldest request first."""

    def __init__(self, max_batch: int) -> None:
        self._max_batch = max_batch
        self._queues: dict[Bucket, deque[_Waiting]] = {}
        self._device = ThreadPoolExecutor(1, thread_name_prefix="boxwright-device")
        self._chunker = ThreadPoolExecutor(1, thread_name_prefix="boxwright-chunks")
        self._turn = asyncio.Lock()
        self._in_turn: asyncio.Task[None] | None = None
        self._runner: asyncio.Task[None] | None = None

    async def detect(
        self,
        model: Model,
        pixels: NDArray[np.uint8],
        deadline: Deadline,
        proposals: NDArray[np.float32] | None = None,
    ) -> Found:
        """Return what `model` finds in `pixels` (h, w, 3), resized by its rule.

        Args:
            model: What to run.
            pixels: One image.
            deadline: When nobody waits any more.
            proposals: (P, 4) in pixels of the resized image; only of a model that needs them.

        Raises:
            DeadlinePassed: The deadline passed before the run, or a chunk of it, began.
        """
        loop = asyncio.get_running_loop()
        waiting = _Waiting(pixels, proposals, deadline, time.perf_counter(), loop.create_future())
        bucket = Bucket.of(model, pixels, proposals)
        if bucket.in_chunks:
            await self._turn.acquire()
            self._in_turn = loop.create_task(self._answer(bucket, [waiting]))
            self._in_turn.add_done_callback(lambda _: self._turn.release())
            return await waiting.answer
        self._queues.setdefault(bucket, deque()).append(waiting)
        if self._runner is None or self._runner.done():
            self._runner = loop.create_task(self._run_all())
        return await waiting.answer

    def close(self) -> None:
        """End the threads. Nothing may be waiting."""
        self._chunker.shutdown()
        self._device.shutdown()

    async def _run_all(self) -> None:
        while self._queues:
            bucket, batch = self._next_batch()
            if batch:
                await self._answer(bucket, batch)

    async def _answer(self, bucket: Bucket, batch: list[_Waiting]) -> None:
        """Run a batch, and tell each who waits what came of it."""
        thread = self._chunker if bucket.in_chunks else self._device
        device = self._device if bucket.in_chunks else None
        runs = DeviceRuns(device, lambda: _check_wanted(batch))
        try:
            answers = await asyncio.get_running_loop().run_in_executor(
                thread, _run, bucket, batch, runs
            )
        except Exception as error:  # noqa: BLE001  Each caller gets it.
            for waiting in batch:
                if not waiting.answer.done():
                    waiting.answer.set_exception(error)
            return
        for waiting, found in zip(batch, answers, strict=True):
            if not waiting.answer.done():
                waiting.answer.set_result(found)

    def _next_batch(self) -> tuple[Bucket, list[_Waiting]]:
        """Take the oldest request and what can run with it, less those nobody waits for."""
        bucket = min(self._queues, key=lambda key: self._queues[key][0].since)
        queue = self._queues[bucket]
        batch: list[_Waiting] = []
        while queue and len(batch) < self._max_batch:
            waiting = queue.popleft()
            if waiting.answer.done():
                continue
            try:
                waiting.deadline.check("the model ran")
            except DeadlinePassed as error:
                waiting.answer.set_exception(error)
            else:
                batch.append(waiting)
        if not queue:
            del self._queues[bucket]
        return bucket, batch


def _check_wanted(batch: list[_Waiting]) -> None:
    """Raise DeadlinePassed if nobody waits for what is left of a batch's work."""
    if all(waiting.dropped for waiting in batch):
        raise DeadlinePassed(
            "the deadline passed before all proposals were looked at. Allow more time, or ask for "
            "fewer proposals."
        )


def _run(bucket: Bucket, batch: list[_Waiting], runs: DeviceRuns) -> list[Found]:
    canvas = np.zeros((len(batch), *bucket.sides, 3), np.uint8)
    for row, waiting in zip(canvas, batch, strict=True):
        place(waiting.pixels, row)
    sizes = np.array([waiting.pixels.shape[:2] for waiting in batch], np.int32)
    given = [waiting.proposals for waiting in batch if waiting.proposals is not None]
    outputs = bucket.model.run(canvas, sizes, Proposed.of(given) if given else None, runs)
    ended = time.perf_counter()
    return [
        _found(outputs, index, (ended - waiting.since) * 1e3, runs.spent_ms)
        for index, waiting in enumerate(batch)
    ]


def _found(outputs: Outputs, index: int, passed_ms: float, inference_ms: float) -> Found:
    rows = int(outputs.count[index])
    return Found(
        boxes=outputs.boxes[index, :rows],
        scores=outputs.scores[index, :rows],
        labels=outputs.labels[index, :rows],
        origins=None if outputs.origin is None else outputs.origin[index, :rows],
        proposals=None if outputs.proposal is None else outputs.proposal[index, :rows],
        queue_ms=passed_ms - inference_ms,
        inference_ms=inference_ms,
    )
