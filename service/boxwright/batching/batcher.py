"""Runs models in the lanes of one device, one batch a lane at a time."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from boxwright.batching.bucket import Bucket
from boxwright.batching.queues import Batch, Queues
from boxwright.batching.run import run
from boxwright.batching.waiting import Found, Waiting
from boxwright.deadline import Deadline, too_late_for
from boxwright.device.model import Model
from boxwright.device.runs import DeviceRuns
from boxwright.foresight import Foresight
from boxwright.telemetry.metrics import Metrics
from boxwright_contract.errors import DeadlinePassed


class Batcher:
    """Runs models in the lanes of one device: those that used it least, oldest request first."""

    def __init__(self, lanes: int, metrics: Metrics) -> None:
        self._lanes = self._free = lanes
        self._metrics = metrics
        self._queues = Queues(metrics)
        self.foresight = Foresight()
        """It learns from every run, whoever waits for it."""
        self._device = ThreadPoolExecutor(lanes, thread_name_prefix="boxwright-device")
        self._chunker = ThreadPoolExecutor(1, thread_name_prefix="boxwright-chunks")
        self._turn = asyncio.Lock()
        self._at_work: set[asyncio.Task[None]] = set()
        self._later: asyncio.Handle | None = None
        self._later_at = 0.0  # uvloop's handles do not tell

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
        answer: asyncio.Future[Found] = asyncio.get_running_loop().create_future()
        waiting = Waiting(pixels, proposals, deadline, answer)
        bucket = Bucket.of(model, pixels, proposals)
        if bucket.in_chunks:
            await self._stand_in_line(model.bundle.name, deadline)
            self._work((bucket, [waiting])).add_done_callback(lambda _: self._turn.release())
        else:
            self._queues.put(bucket, waiting)
            self._look_in(0)  # so that what comes at the same time runs together
        try:
            return await answer
        except asyncio.CancelledError:
            self._queues.leave(bucket, waiting)
            raise
        finally:
            del answer, waiting  # or an error would hold this frame, which would hold the error

    def close(self) -> None:
        """End the threads. Nothing may be waiting."""
        if self._later is not None:
            self._later.cancel()
        self._chunker.shutdown()
        self._device.shutdown()

    async def _stand_in_line(self, name: str, deadline: Deadline) -> None:
        """Wait until no other proposals are run in chunks."""
        self._metrics.waiting(name, 1)
        try:
            async with asyncio.timeout(deadline.left_s):
                await self._turn.acquire()
        except TimeoutError:
            raise too_late_for("the model ran") from None
        finally:
            self._metrics.waiting(name, -1)

    def _fill_lanes(self) -> None:
        """Give each free lane a batch, as long as there are any; look again when one is ready."""
        self._later = None
        while self._free > 0:
            now = time.perf_counter()
            found = self._queues.next_batch(now)
            if found is None:
                return
            if isinstance(found, float):
                self._look_in(found - now)
                return
            alone = self._free == self._lanes and self._queues.empty
            self._free -= 1
            self._work(found, alone).add_done_callback(lambda _: self._lane_is_free())

    def _look_in(self, seconds: float) -> None:
        """Fill the lanes after so many seconds, unless that is planned for earlier."""
        loop = asyncio.get_running_loop()
        moment = loop.time() + seconds
        if self._later is not None:
            if self._later_at <= moment:
                return
            self._later.cancel()
        self._later, self._later_at = loop.call_later(seconds, self._fill_lanes), moment

    def _lane_is_free(self) -> None:
        self._free += 1
        self._look_in(0)

    def _work(self, batch: Batch, alone: bool = False) -> "asyncio.Task[None]":
        task = asyncio.get_running_loop().create_task(self._answer(*batch, alone))
        self._at_work.add(task)  # the loop itself keeps no task alive
        task.add_done_callback(self._at_work.discard)
        return task

    async def _answer(self, bucket: Bucket, batch: list[Waiting], alone: bool) -> None:
        """Run a batch, and tell each who waits what came of it."""
        thread = self._chunker if bucket.in_chunks else self._device
        device = self._device if bucket.in_chunks else None
        runs = DeviceRuns(device, lambda: _check_wanted(batch))
        began = time.perf_counter()
        try:
            answers = await asyncio.get_running_loop().run_in_executor(
                thread, run, bucket, batch, runs, alone
            )
        except Exception as error:  # noqa: BLE001  Each caller gets it.
            _fail(batch, error)
            return
        self._learn(bucket, (time.perf_counter() - began) / len(batch), runs.spent_ms / 1e3, alone)
        self._note(bucket, batch, runs.spent_ms)
        for waiting, found in zip(batch, answers, strict=True):
            if not waiting.answer.done():
                waiting.answer.set_result(found)

    def _learn(self, bucket: Bucket, image_s: float, spent_s: float, alone: bool) -> None:
        """Tell the foresight of an image's time, and of what its batch spent on the device."""
        name = bucket.model.bundle.name
        if alone:
            self.foresight.spent_alone(name, "run", image_s)
        elif bucket.in_chunks:  # between which others run
            self.foresight.spent(name, "run", spent_s)
        else:
            self.foresight.spent(name, "run", image_s / self._lanes)

    def _note(self, bucket: Bucket, batch: list[Waiting], spent_ms: float) -> None:
        self._queues.used(bucket, spent_ms)
        height, width = bucket.sides
        used_px = sum(each.pixels.shape[0] * each.pixels.shape[1] for each in batch)
        self._metrics.ran(
            bucket.model.bundle.name, len(batch), used_px, len(batch) * height * width
        )


def _fail(batch: list[Waiting], error: Exception) -> None:
    """Give an error to all who wait, and empty the batch: the error's frames hold it."""
    while batch:
        answer = batch.pop().answer
        if not answer.done():
            answer.set_exception(error)


def _check_wanted(batch: list[Waiting]) -> None:
    """Raise DeadlinePassed if nobody waits for what is left of a batch's work."""
    if all(waiting.dropped for waiting in batch):
        raise DeadlinePassed(
            "the deadline passed before the model had looked at all of the image. Allow more time, "
            "send fewer at once, or ask for fewer proposals."
        )
