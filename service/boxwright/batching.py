"""Requests -> batches: what waits for a model when the device becomes free runs together."""

import asyncio
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from boxwright.deadline import Deadline
from boxwright.runtime import Model, Outputs
from boxwright_contract.errors import DeadlinePassed
from boxwright_contract.input_rule import place

Bucket = tuple[Model, tuple[int, int]]
"""A model and the height and width of a canvas: what can run together."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a model found in one image, best first."""

    boxes: NDArray[np.float32]
    """(n, 4): x1, y1, x2, y2 in pixels of the resized image."""
    scores: NDArray[np.float32]
    """(n,)"""
    labels: NDArray[np.int32]
    """(n,)"""
    origins: NDArray[np.int32]
    """(n, 3): which of the card's levels, y, x."""
    queue_ms: float
    """From asking to the start of the run."""
    inference_ms: float
    """The run, of the whole batch."""


@dataclass(frozen=True, eq=False)
class _Waiting:
    pixels: NDArray[np.uint8]
    deadline: Deadline
    since: float
    answer: asyncio.Future[Found]


class Batcher:
    """Runs models on one device, one batch at a time, oldest request first."""

    def __init__(self, max_batch: int) -> None:
        self._max_batch = max_batch
        self._queues: dict[Bucket, deque[_Waiting]] = {}
        self._device = ThreadPoolExecutor(1, thread_name_prefix="boxwright-device")
        self._runner: asyncio.Task[None] | None = None

    async def detect(self, model: Model, pixels: NDArray[np.uint8], deadline: Deadline) -> Found:
        """Return what `model` finds in `pixels` (h, w, 3), resized by its rule.

        Raises:
            DeadlinePassed: The deadline passed before the run began.
        """
        loop = asyncio.get_running_loop()
        height, width = pixels.shape[:2]
        waiting = _Waiting(pixels, deadline, time.perf_counter(), loop.create_future())
        bucket = (model, model.bundle.card.input.canvas(height, width))
        self._queues.setdefault(bucket, deque()).append(waiting)
        if self._runner is None or self._runner.done():
            self._runner = loop.create_task(self._run_all())
        return await waiting.answer

    def close(self) -> None:
        """End the device's thread. Nothing may be waiting."""
        self._device.shutdown()

    async def _run_all(self) -> None:
        loop = asyncio.get_running_loop()
        while self._queues:
            bucket, batch = self._next_batch()
            if not batch:
                continue
            try:
                answers = await loop.run_in_executor(self._device, _run, bucket, batch)
            except Exception as error:  # noqa: BLE001  Each caller gets it.
                for waiting in batch:
                    if not waiting.answer.done():
                        waiting.answer.set_exception(error)
                continue
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


def _run(bucket: Bucket, batch: list[_Waiting]) -> list[Found]:
    started = time.perf_counter()
    model, sides = bucket
    canvas = np.zeros((len(batch), *sides, 3), np.uint8)
    for row, waiting in zip(canvas, batch, strict=True):
        place(waiting.pixels, row)
    sizes = np.array([waiting.pixels.shape[:2] for waiting in batch], np.int32)
    outputs = model.run(canvas, sizes)
    inference_ms = (time.perf_counter() - started) * 1e3
    return [
        _found(outputs, index, (started - waiting.since) * 1e3, inference_ms)
        for index, waiting in enumerate(batch)
    ]


def _found(outputs: Outputs, index: int, queue_ms: float, inference_ms: float) -> Found:
    rows = int(outputs.count[index])
    return Found(
        boxes=outputs.boxes[index, :rows],
        scores=outputs.scores[index, :rows],
        labels=outputs.labels[index, :rows],
        origins=outputs.origin[index, :rows],
        queue_ms=queue_ms,
        inference_ms=inference_ms,
    )
