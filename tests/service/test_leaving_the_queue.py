"""Who gives up leaves at once, and leaves nothing behind: no place, no image, no count."""

import asyncio
import gc
import threading
import weakref
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from boxwright.batching import Batcher
from boxwright.deadline import Deadline
from boxwright.device.runtime import Runtime
from boxwright.shelf import bundle
from boxwright.telemetry.metrics import Metrics
from boxwright.workers import Workers

NEVER = Deadline()


class Pixels(np.ndarray):
    """An image that can be seen to go."""


def test_an_image_whose_caller_gave_up_is_let_go_while_the_device_is_busy(
    make_bundle: Callable[..., Path], tmp_path: Path
) -> None:
    folder = make_bundle(tmp_path / "slow" / "1", multiplications=20)
    model = Runtime.open("cpu", threads=1).load(bundle.read(folder))
    metrics = Metrics()

    async def give_up() -> None:
        batcher = Batcher(1, metrics)
        image = np.zeros((64, 96, 3), np.uint8)
        running = asyncio.create_task(batcher.detect(model, image, NEVER))
        await asyncio.sleep(0.05)
        left = image.view(Pixels)
        seen = weakref.ref(left)
        leaving = asyncio.create_task(batcher.detect(model, left, NEVER))
        del left
        await asyncio.sleep(0)
        assert waiting(metrics) == 1
        leaving.cancel()
        await asyncio.wait([leaving])
        del leaving
        gc.collect()
        assert not running.done(), "the model is too fast: make it slower"
        assert seen() is None
        assert waiting(metrics) == 0
        await running
        batcher.close()

    asyncio.run(give_up())


def waiting(metrics: Metrics) -> float | None:
    return metrics.registry.get_sample_value("boxwright_queue_requests", {"model": "slow"})


def test_work_whose_caller_gave_up_is_let_go_while_all_threads_are_busy() -> None:
    async def give_up() -> None:
        workers, gate = Workers(1, "test"), threading.Event()
        busy = asyncio.create_task(workers.do(gate.wait, NEVER, "it waited"))
        large = np.zeros(1).view(Pixels)
        seen = weakref.ref(large)
        leaving = asyncio.create_task(workers.do(large.sum, NEVER, "it was added up"))
        del large
        await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.wait([leaving])
        del leaving
        gc.collect()
        assert seen() is None
        gate.set()
        await busy
        workers.close()

    asyncio.run(give_up())


@pytest.mark.parametrize("after_s", [0, 0.0005, 0.002])
def test_work_given_up_at_any_moment_disturbs_nothing(after_s: float) -> None:
    async def give_up() -> None:
        workers = Workers(2, "test")
        for _ in range(50):
            leaving = [
                asyncio.create_task(workers.do(lambda: sum(range(2000)), NEVER, "it was added up"))
                for _ in range(4)
            ]
            await asyncio.sleep(after_s)
            for each in leaving:
                each.cancel()
            await asyncio.wait(leaving)
        assert (await workers.do(lambda: 7, NEVER, "it was told")).value == 7
        workers.close()

    asyncio.run(give_up())
